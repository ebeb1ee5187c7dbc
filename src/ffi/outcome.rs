//! From the errors of the rooms below to statuses.

use super::status::*;
use crate::slot::{HandleError, Vanished};
use crate::span::{Finish, SpanFull, StartError, TagError};

/// The status of a refused handle.
#[inline]
pub fn of_handle(error: HandleError) -> ddtrace_status {
    match error {
        HandleError::Null => DDTRACE_ERR_NULL,
        HandleError::Stale => DDTRACE_ERR_HANDLE,
        HandleError::Forked => DDTRACE_ERR_FORKED,
    }
}

/// The status of a tag that was not set.
#[inline]
pub fn of_tag(error: TagError) -> ddtrace_status {
    match error {
        TagError::Full => DDTRACE_ERR_LIMIT,
        TagError::NotFinite => DDTRACE_ERR_INVALID,
    }
}

/// The status of a span that is full.
#[inline]
pub fn of_full(_: SpanFull) -> ddtrace_status {
    DDTRACE_ERR_LIMIT
}

/// The status of a span that was not started.
#[inline]
pub fn of_start(error: StartError) -> ddtrace_status {
    match error {
        StartError::Parent(error) => of_handle(error),
        StartError::Limit => DDTRACE_ERR_LIMIT,
    }
}

/// The status of a finish.
#[inline]
pub fn of_finish(finish: Finish) -> ddtrace_status {
    match finish {
        Finish::Done | Finish::Send | Finish::Inherited | Finish::Announce => DDTRACE_OK,
        Finish::Already => DDTRACE_ERR_FINISHED,
    }
}

/// The status of a call whose steps are results.
#[inline]
pub fn status(result: Result<(), ddtrace_status>) -> ddtrace_status {
    match result {
        Ok(()) => DDTRACE_OK,
        Err(status) => status,
    }
}

impl From<HandleError> for ddtrace_status {
    #[inline]
    fn from(error: HandleError) -> Self {
        of_handle(error)
    }
}

impl From<Vanished> for ddtrace_status {
    fn from(_: Vanished) -> Self {
        DDTRACE_ERR_FORKED
    }
}
