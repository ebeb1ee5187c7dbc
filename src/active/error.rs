//! Why a provider refused a call.

use crate::slot::{HandleError, Vanished};
use std::fmt;

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActiveError {
    /// What is to be activated is no span or context.
    Handle(HandleError),
    /// The token is not of an open scope of the calling unit's slot.
    Token(u64),
    /// The provider has tasks, and the calling thread has entered none, or one that was left.
    NoTask,
    /// The number is no task's.
    TaskKey(u64),
    /// Too many tasks are entered.
    TooManyTasks(usize),
    /// The provider does not keep tasks.
    NotTasks,
    /// The thread is ending, and has no slots any more.
    ThreadEnds,
}

impl fmt::Display for ActiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActiveError::Handle(HandleError::Null) => write!(f, "the handle is NULL, expected a span or a context"),
            ActiveError::Handle(HandleError::Stale) => {
                write!(f, "the handle is of another kind or was freed, expected a span or a context")
            }
            ActiveError::Handle(HandleError::Forked) => write!(f, "the handle was busy in a thread that did not survive fork"),
            ActiveError::Token(token) => write!(f, "token {token}: expected that of an open scope of this thread or task"),
            ActiveError::NoTask => write!(f, "no task is entered on this thread"),
            ActiveError::TaskKey(task) => write!(f, "task {task}: expected a number other than 0"),
            ActiveError::TooManyTasks(limit) => write!(f, "{limit} tasks are entered, expected fewer"),
            ActiveError::NotTasks => write!(f, "the provider does not keep tasks"),
            ActiveError::ThreadEnds => write!(f, "the thread is ending"),
        }
    }
}

impl From<HandleError> for ActiveError {
    fn from(error: HandleError) -> Self {
        ActiveError::Handle(error)
    }
}

impl From<Vanished> for ActiveError {
    fn from(_: Vanished) -> Self {
        ActiveError::Handle(HandleError::Forked)
    }
}
