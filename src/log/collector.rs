//! Messages that are kept for a while, for whoever looks for a fault from afar: as lines of JSON, within bounds, whatever is shown meanwhile.

use super::Level;
use crate::lock::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The most that is kept, in bytes; beyond it the oldest messages go.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The least urgent level that is collected; 0: nothing is.
static LEVEL: AtomicI32 = AtomicI32::new(0);
static LINES: Mutex<Lines> = Mutex::new(Lines { lines: VecDeque::new(), bytes: 0, dropped: 0 });
/// Messages that came while the lock could not be had.
static MISSED: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct Lines {
    lines: VecDeque<String>,
    bytes: usize,
    dropped: u64,
}

/// What was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Lines of JSON, each with its end.
    pub lines: Vec<String>,
    /// How many more there were.
    pub dropped: u64,
}

/// Collects messages of this level and more urgent ones from now on.
pub fn begin_collecting(level: Level) {
    LEVEL.store(level as i32, Ordering::Relaxed);
}

/// Ends the collecting.
pub fn end_collecting() -> Collected {
    LEVEL.store(0, Ordering::Relaxed);
    let missed = MISSED.swap(0, Ordering::Relaxed);
    let Some(lines) = try_lines(std::mem::take) else { return Collected { lines: Vec::new(), dropped: missed } };
    Collected { lines: lines.lines.into(), dropped: lines.dropped + missed }
}

/// Whether messages of this level are collected.
#[inline]
pub(super) fn wants(level: Level) -> bool {
    level as i32 <= LEVEL.load(Ordering::Relaxed)
}

pub(super) fn add(level: Level, module: &str, text: &str) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_millis() as f64 / 1000.0);
    let message = text.strip_prefix(module).and_then(|text| text.strip_prefix(": ")).unwrap_or(text);
    let line = serde_json::json!({"timestamp": seconds, "level": level.name(), "logger": module, "message": message});
    let line = format!("{line}\n");
    if try_lines(|lines| lines.add(line)).is_none() {
        MISSED.fetch_add(1, Ordering::Relaxed);
    }
}

impl Lines {
    fn add(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes > MOST_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len();
            self.dropped += 1;
        }
    }
}

/// Never waits for long: in a forked child the lock may belong to a thread that is gone.
fn try_lines<R>(use_it: impl FnOnce(&mut Lines) -> R) -> Option<R> {
    LINES.lock_soon().map(|mut lines| use_it(&mut lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_messages_go_first_and_are_counted() {
        let mut lines = Lines::default();
        let long = "x".repeat(MOST_BYTES / 4);
        (0..6).for_each(|number| lines.add(format!("{number}{}", &long[1..])));
        assert_eq!((lines.lines.len(), lines.dropped, lines.bytes), (4, 2, MOST_BYTES));
        assert!(lines.lines[0].starts_with('2'));
        lines.add("y".repeat(MOST_BYTES + 1));
        assert_eq!((lines.lines.len(), lines.dropped, lines.bytes), (0, 7, 0));
    }
}
