//! The library's own errors, each one once per flush with the number of times that it happened.

use super::input::cut;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum LogLevel {
    /// Something does not work.
    #[serde(rename = "ERROR")]
    Error,
    /// Something was replaced or ignored.
    #[serde(rename = "WARN")]
    Warn,
    /// Worth knowing.
    #[serde(rename = "INFO")]
    Info,
    /// For whoever looks for a fault; told only where telemetry is for debugging.
    #[serde(rename = "DEBUG")]
    Debug,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// A constant text, without anything of the user's.
    pub message: String,
    /// How bad it is.
    pub level: LogLevel,
    /// How often it happened.
    pub count: u64,
    /// Where, without frames of the user's.
    pub stack_trace: Option<String>,
    /// `key:value`, with commas between them.
    pub tags: String,
    /// Unix time in seconds.
    pub tracer_time: i64,
    /// Whether it may have something of the user's.
    #[serde(skip_serializing_if = "is_false")]
    pub is_sensitive: bool,
    /// Whether it is the report of a crash.
    #[serde(skip_serializing_if = "is_false")]
    pub is_crash: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// No more different ones are kept until they are sent.
const MOST: usize = 256;
const LONGEST_MESSAGE: usize = 2048;
const LONGEST_STACK: usize = 8 * 1024;
const LONGEST_TAGS: usize = 1024;
const OVERFLOW: &str = "telemetry: log count exceeded maximum, dropping log";

#[derive(Default)]
pub(super) struct Logs {
    entries: Vec<LogEntry>,
    overflowed: u64,
    pub(super) dropped: u64,
}

impl Logs {
    /// Adds a message, or counts it where it is there already.
    pub(super) fn add(&mut self, mut entry: LogEntry) {
        entry.message = cut(without_skipped(&entry.message), LONGEST_MESSAGE).to_owned();
        entry.stack_trace = entry.stack_trace.map(|stack| cut(&stack, LONGEST_STACK).to_owned());
        entry.tags = cut(&entry.tags, LONGEST_TAGS).to_owned();
        let is_same = |known: &&mut LogEntry| {
            (known.level, &known.message, &known.tags, &known.stack_trace, known.is_crash)
                == (entry.level, &entry.message, &entry.tags, &entry.stack_trace, entry.is_crash)
        };
        if let Some(known) = self.entries.iter_mut().find(is_same) {
            known.count = known.count.saturating_add(entry.count);
        } else if self.entries.len() < MOST {
            self.entries.push(entry);
        } else {
            self.overflowed += 1;
            self.dropped += 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All of them; nothing is left. `now`: Unix time in seconds.
    pub(super) fn take(&mut self, now: i64) -> Vec<LogEntry> {
        let mut entries = std::mem::take(&mut self.entries);
        let overflowed = std::mem::take(&mut self.overflowed);
        if overflowed > 0 {
            entries.push(LogEntry {
                message: OVERFLOW.to_owned(),
                level: LogLevel::Error,
                count: overflowed,
                stack_trace: None,
                tags: String::new(),
                tracer_time: now,
                is_sensitive: false,
                is_crash: false,
            });
        }
        entries
    }
}

/// The message without what the rate limit of messages put behind it: ` [N skipped]`.
fn without_skipped(message: &str) -> &str {
    let number = message.strip_suffix(" skipped]").and_then(|rest| rest.rsplit_once(" ["));
    match number {
        Some((plain, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => plain,
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &str, level: LogLevel) -> LogEntry {
        LogEntry {
            message: message.to_owned(),
            level,
            count: 1,
            stack_trace: None,
            tags: String::new(),
            tracer_time: 7,
            is_sensitive: false,
            is_crash: false,
        }
    }

    #[test]
    fn the_same_message_is_there_once() {
        let mut logs = Logs::default();
        logs.add(entry("a", LogLevel::Error));
        logs.add(entry("a [12 skipped]", LogLevel::Error));
        logs.add(entry("a", LogLevel::Warn));
        logs.add(LogEntry { tags: "b:c".to_owned(), ..entry("a", LogLevel::Error) });
        let taken = logs.take(0);
        assert_eq!(taken.iter().map(|entry| entry.count).collect::<Vec<_>>(), [2, 1, 1]);
        assert!(logs.take(0).is_empty());
    }

    #[test]
    fn too_many_become_a_number() {
        let mut logs = Logs::default();
        (0..MOST + 44).for_each(|n| logs.add(entry(&format!("message {n}"), LogLevel::Error)));
        let taken = logs.take(0);
        assert_eq!(taken.len(), MOST + 1);
        assert_eq!((taken[MOST].message.as_str(), taken[MOST].count), (OVERFLOW, 44));
        assert_eq!(logs.dropped, 44);
    }

    #[test]
    fn only_the_rate_limit_s_words_go() {
        for (message, expected) in
            [("x [3 skipped]", "x"), ("x [ skipped]", "x [ skipped]"), ("x [y skipped]", "x [y skipped]"), ("x", "x")]
        {
            assert_eq!(without_skipped(message), expected);
        }
    }

    #[test]
    fn entries_read_as_the_intake_wants_them() {
        let json = serde_json::to_value(entry("a", LogLevel::Warn)).unwrap();
        let expected =
            serde_json::json!({"message": "a", "level": "WARN", "count": 1, "stack_trace": null, "tags": "", "tracer_time": 7});
        assert_eq!(json, expected);
    }
}
