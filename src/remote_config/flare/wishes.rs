//! What the files of both products ask for together, and what is to be sent because of it.

use super::level_file::CollectLevel;
use super::task::FlareTask;
use crate::lock::Mutex;
use crate::log::{self, Collected, Level, log_debug, log_warn};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A collection that nobody asked to be sent ends after this time.
const LONGEST_COLLECTION: Duration = Duration::from_secs(20 * 60);
/// No more flares wait to be sent.
const MOST_DUE: usize = 4;
/// What is collected where nobody said so before.
const USUAL_LEVEL: CollectLevel = CollectLevel::UpTo(Level::Debug);
/// No more files can be added.
pub const MOST_EXTRA_FILES: usize = 32;
/// The most bytes of all files that are added.
pub const MOST_EXTRA_BYTES: usize = 8 * 1024 * 1024;
const LONGEST_NAME: usize = 255;

/// The flare of a process.
#[derive(Default)]
pub struct Flare {
    state: Mutex<State>,
    awaken: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

#[derive(Default)]
struct State {
    /// What the files of this response ask for.
    wanted_level: Option<CollectLevel>,
    wanted_end: bool,
    wanted_flares: Vec<FlareTask>,
    collecting: Option<(CollectLevel, Instant)>,
    due: VecDeque<DueFlare>,
    extra: Vec<(String, Arc<[u8]>)>,
}

/// A flare that waits to be sent.
pub(super) struct DueFlare {
    pub(super) task: FlareTask,
    pub(super) level: CollectLevel,
    pub(super) messages: Arc<Collected>,
    pub(super) extra: Vec<(String, Arc<[u8]>)>,
}

/// Why a file was not added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlareError {
    /// The name is none that is safe in an archive.
    Name(String),
    /// There are [`MOST_EXTRA_FILES`], or their bytes are more than [`MOST_EXTRA_BYTES`].
    Limit,
}

impl fmt::Display for FlareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlareError::Name(name) => {
                write!(
                    f,
                    "name: {name:?}: expected 1 to {LONGEST_NAME} letters, digits, dots, dashes and underscores, no dot first"
                )
            }
            FlareError::Limit => write!(f, "expected {MOST_EXTRA_FILES} files of {MOST_EXTRA_BYTES} bytes together at most"),
        }
    }
}

impl Flare {
    /// Names what lets the uploader run at once.
    pub fn set_awakener(&self, awaken: impl Fn() + Send + Sync + 'static) {
        let _ = self.awaken.set(Box::new(awaken));
    }

    /// Lets the uploader run.
    pub fn awake(&self) {
        if let Some(awaken) = self.awaken.get() {
            awaken();
        }
    }

    /// Adds a file to every flare from now on, in place of one with the same name.
    pub fn add_file(&self, name: &str, content: &[u8]) -> Result<(), FlareError> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > LONGEST_NAME || name.starts_with('.') || !name.bytes().all(is_safe) {
            return Err(FlareError::Name(name.chars().take(64).collect()));
        }
        let mut state = self.state.lock();
        let others = state.extra.iter().filter(|(known, _)| known != name);
        let (count, bytes) = others.fold((0, 0), |(count, bytes), (_, content)| (count + 1, bytes + content.len()));
        if count >= MOST_EXTRA_FILES || content.len() > MOST_EXTRA_BYTES - bytes {
            return Err(FlareError::Limit);
        }
        state.extra.retain(|(known, _)| known != name);
        state.extra.push((name.to_owned(), content.into()));
        Ok(())
    }

    pub(super) fn want_level(&self, level: CollectLevel) {
        let mut state = self.state.lock();
        state.wanted_level = state.wanted_level.max(Some(level));
    }

    pub(super) fn want_end(&self) {
        self.state.lock().wanted_end = true;
    }

    pub(super) fn want_flare(&self, task: FlareTask) {
        let mut state = self.state.lock();
        if state.wanted_flares.len() + state.due.len() >= MOST_DUE {
            log_warn!("a flare is not sent: {MOST_DUE} wait already");
            return;
        }
        state.wanted_flares.push(task);
    }

    /// Does what a response asks for: sending counts more than collecting, that more than ending.
    pub(super) fn act(&self) {
        let mut state = self.state.lock();
        let (level, end) = (state.wanted_level.take(), std::mem::take(&mut state.wanted_end));
        let tasks = std::mem::take(&mut state.wanted_flares);
        if !tasks.is_empty() {
            let (level, _) = state.collecting.take().unwrap_or_else(|| {
                collect(USUAL_LEVEL);
                (USUAL_LEVEL, Instant::now())
            });
            drop(state);
            log_debug!("{} flares are sent", tasks.len());
            let messages = Arc::new(log::end_collecting());
            let mut state = self.state.lock();
            let extra = state.extra.clone();
            state.due.extend(tasks.into_iter().map(|task| DueFlare {
                task,
                level,
                messages: Arc::clone(&messages),
                extra: extra.clone(),
            }));
            drop(state);
            self.awake();
        } else if let Some(level) = level.filter(|_| state.collecting.is_none() && !end) {
            state.collecting = Some((level, Instant::now()));
            collect(level);
        } else if end && state.collecting.take().is_some() {
            drop(log::end_collecting());
        }
    }

    /// Ends a collection that nobody wants any more.
    pub(super) fn expire(&self) {
        let mut state = self.state.lock();
        if state.collecting.is_some_and(|(_, since)| since.elapsed() > LONGEST_COLLECTION) {
            state.collecting = None;
            drop(log::end_collecting());
        }
    }

    pub(super) fn take_due(&self) -> Option<DueFlare> {
        self.state.lock().due.pop_front()
    }

    /// The level that is collected.
    #[cfg(test)]
    pub(super) fn collecting(&self) -> Option<CollectLevel> {
        self.state.lock().collecting.map(|(level, _)| level)
    }
}

impl Drop for Flare {
    fn drop(&mut self) {
        if self.state.lock().collecting.is_some() {
            drop(log::end_collecting());
        }
    }
}

fn collect(level: CollectLevel) {
    if let CollectLevel::UpTo(level) = level {
        log::begin_collecting(level);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LevelFiles, Tasks};
    use super::*;
    use crate::remote_config::{ApplyState, Change, Consumer, Operation};

    fn change(operation: Operation, content: &str) -> Change {
        Change {
            operation,
            path: "datadog/2/P/id/name".into(),
            product: "P".into(),
            config_id: "id".into(),
            version: 1,
            content: content.as_bytes().into(),
            sha256: "".into(),
        }
    }

    fn deliver(consumer: &impl Consumer, changes: &[Change]) -> Vec<i32> {
        let mut results = vec![ApplyState::Acknowledged; changes.len()];
        consumer.deliver(changes, &mut results);
        results.iter().map(ApplyState::number).collect()
    }

    const DEBUG: &str = r#"{"name":"flare-log-level.debug","config":{"log_level":"debug"}}"#;
    const INFO: &str = r#"{"name":"flare-log-level.info","config":{"log_level":"info"}}"#;
    const TASK: &str = r#"{"task_type":"tracer_flare","uuid":"u","args":{"case_id":"12","hostname":"h","user_handle":"a@b"}}"#;

    // One test, because the messages are collected once in the process.
    #[test]
    fn a_flare_is_collected_then_sent_once() {
        let flare = Arc::new(Flare::default());
        let (levels, tasks) = (LevelFiles(Arc::clone(&flare)), Tasks(Arc::clone(&flare)));
        let add = |content: &str| change(Operation::Add, content);
        assert_eq!(deliver(&levels, &[add(INFO), add(DEBUG), add("{\"name\":\"x\"}")]), [2, 2, 2]);
        assert_eq!(flare.collecting(), None, "until all is delivered");
        levels.batch_ended();
        assert_eq!(flare.collecting().map(CollectLevel::name), Some("debug"), "the more verbose one counts");
        log_debug!("this is collected");
        deliver(&levels, &[add(INFO)]);
        levels.batch_ended();
        assert_eq!(flare.collecting().map(CollectLevel::name), Some("debug"), "a second wish changes nothing");
        assert_eq!(deliver(&tasks, &[add(TASK)]), [2]);
        deliver(&levels, &[change(Operation::Remove, "")]);
        levels.batch_ended();
        tasks.batch_ended();
        assert_eq!(flare.collecting(), None);
        let due = flare.take_due().unwrap();
        assert_eq!((due.task.case_id.as_str(), due.level.name()), ("12", "debug"));
        assert!(due.messages.lines.iter().any(|line| line.contains("this is collected")));
        assert!(flare.take_due().is_none());

        // Without a collection before, the usual level.
        deliver(&tasks, &[add(TASK)]);
        tasks.batch_ended();
        assert_eq!(flare.take_due().map(|due| due.level.name()), Some("debug"));

        // Removal ends a collection, and so does what cannot be read.
        for (content, operation) in [("", Operation::Remove), ("{}", Operation::Add), ("{", Operation::Add)] {
            deliver(&levels, &[add(INFO)]);
            levels.batch_ended();
            assert_eq!(flare.collecting().map(CollectLevel::name), Some("info"));
            let states = deliver(&levels, &[change(operation, content)]);
            assert_eq!(states, [if content == "{" { 3 } else { 2 }]);
            levels.batch_ended();
            assert_eq!(flare.collecting(), None, "{content}");
        }

        for _ in 0..10 {
            deliver(&tasks, &[add(TASK)]);
            tasks.batch_ended();
        }
        assert_eq!(std::iter::from_fn(|| flare.take_due()).count(), MOST_DUE);
    }

    #[test]
    fn files_are_added_within_limits() {
        let flare = Flare::default();
        for name in ["", ".hidden", "a/b", "a\\b", "ü", "a\nb", &"x".repeat(256)] {
            assert!(matches!(flare.add_file(name, b"x"), Err(FlareError::Name(_))), "{name}");
        }
        assert_eq!(flare.add_file("big", &vec![0; MOST_EXTRA_BYTES]), Ok(()));
        assert_eq!(flare.add_file("more", b"x"), Err(FlareError::Limit));
        assert_eq!(flare.add_file("big", b"x"), Ok(()));
        (1..MOST_EXTRA_FILES).for_each(|number| flare.add_file(&number.to_string(), b"x").unwrap());
        assert_eq!(flare.add_file("more", b"x"), Err(FlareError::Limit));
        assert_eq!(flare.add_file("1", b"again"), Ok(()));
    }
}
