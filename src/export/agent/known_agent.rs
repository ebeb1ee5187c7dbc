//! What is known of the agent: written by the sender, read by whoever asks the tracer.

use crate::lock::{Condvar, Mutex};
use crate::transport::AgentInfo;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the agent said about itself last.
#[derive(Clone, Debug, Default)]
pub enum Knowledge {
    /// Nothing yet: it was not asked, or there was no answer.
    #[default]
    Unknown,
    /// It does not know the question: an old one, which takes traces and nothing else.
    Old,
    /// Its answer.
    Info(Arc<AgentInfo>),
}

impl Knowledge {
    /// The agent's answer, if there is one.
    pub fn info(&self) -> Option<&Arc<AgentInfo>> {
        if let Knowledge::Info(info) = self { Some(info) } else { None }
    }

    fn says_the_same(&self, other: &Knowledge) -> bool {
        match (self, other) {
            (Knowledge::Unknown, Knowledge::Unknown) | (Knowledge::Old, Knowledge::Old) => true,
            (Knowledge::Info(one), Knowledge::Info(other)) => one == other,
            _ => false,
        }
    }
}

/// How waiting for an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// The agent answered: with information, or that it has none.
    Answered,
    /// There was no usable answer.
    Failed,
    /// The time was over.
    TimedOut,
    /// Nobody asks this agent any more.
    Ended,
}

/// Shared knowledge of one agent.
#[derive(Debug, Default)]
pub struct KnownAgent {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    knowledge: Knowledge,
    /// Grows with every change of the knowledge.
    epoch: u64,
    /// Looks that somebody wants, and those that are done.
    wanted: u64,
    done: u64,
    last_look_succeeded: bool,
    has_ended: bool,
}

impl KnownAgent {
    /// The knowledge, and a number that changes with it.
    pub fn knowledge(&self) -> (u64, Knowledge) {
        let state = self.state.lock();
        (state.epoch, state.knowledge.clone())
    }

    /// Asks for a new look. The number is for [`KnownAgent::wait`].
    pub fn want_look(&self) -> u64 {
        let mut state = self.state.lock();
        state.wanted += 1;
        state.wanted
    }

    /// The newest look that is wanted, if it is not done.
    pub fn wanted_look(&self) -> Option<u64> {
        let state = self.state.lock();
        (state.wanted > state.done).then_some(state.wanted)
    }

    /// How many looks were asked for so far: what one that begins now answers.
    pub fn looks_wanted(&self) -> u64 {
        self.state.lock().wanted
    }

    /// A look has ended, which began when `wanted` were asked for. `None`: it failed, and what was known stays.
    pub fn note(&self, wanted: u64, found: Option<Knowledge>) {
        let mut state = self.state.lock();
        state.done = state.done.max(wanted);
        state.last_look_succeeded = found.is_some();
        let replaced = match found {
            Some(found) if !found.says_the_same(&state.knowledge) => {
                state.epoch += 1;
                Some(std::mem::replace(&mut state.knowledge, found))
            }
            _ => None,
        };
        drop(state);
        drop(replaced);
        self.answered.notify_all();
    }

    /// Nobody will look any more.
    pub fn end(&self) {
        self.state.lock().has_ended = true;
        self.answered.notify_all();
    }

    /// Waits until the look of this number is done.
    pub fn wait(&self, wanted: u64, deadline: Instant) -> Looked {
        let mut state = self.state.lock();
        loop {
            if state.done >= wanted {
                return if state.last_look_succeeded { Looked::Answered } else { Looked::Failed };
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.has_ended {
                return Looked::Ended;
            }
            if left == Duration::ZERO {
                return Looked::TimedOut;
            }
            state = self.answered.wait_timeout(state, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str) -> Option<Knowledge> {
        Some(Knowledge::Info(Arc::new(AgentInfo { version: version.to_owned(), ..AgentInfo::default() })))
    }

    #[test]
    fn the_epoch_tells_of_changes_and_a_failure_changes_nothing() {
        let known = KnownAgent::default();
        let epoch = || known.knowledge().0;
        assert_eq!(epoch(), 0);
        known.note(0, None);
        assert_eq!(epoch(), 0);
        known.note(0, info("7.1.0"));
        known.note(0, info("7.1.0"));
        known.note(0, None);
        assert_eq!(epoch(), 1);
        assert!(known.knowledge().1.info().is_some());
        known.note(0, Some(Knowledge::Old));
        known.note(0, Some(Knowledge::Old));
        assert_eq!(epoch(), 2);
    }

    #[test]
    fn who_waits_is_told_how_the_look_ended_that_began_later() {
        let known = KnownAgent::default();
        let begun = known.looks_wanted();
        let wanted = known.want_look();
        known.note(begun, info("7.1.0"));
        assert_eq!(known.wait(wanted, Instant::now()), Looked::TimedOut, "that look had begun before");
        assert_eq!(known.wanted_look(), Some(wanted));
        known.note(known.looks_wanted(), None);
        assert_eq!(known.wait(wanted, Instant::now()), Looked::Failed);
        assert_eq!(known.wanted_look(), None);
        let wanted = known.want_look();
        known.end();
        assert_eq!(known.wait(wanted, Instant::now() + Duration::from_secs(60)), Looked::Ended);
    }
}
