//! Statuses: what every call that can fail answers.
//!
//! The numbers are part of the ABI. They are never changed or used again; new ones go to the end.

use std::ffi::{CStr, c_char};

use super::guard::guard;

/// The outcome of a call: DDTRACE_OK, or one of the DDTRACE_ERR_* values. A later library may answer values that this header does
/// not know; `ddtrace_status_text` has a text for all of its own.
pub type ddtrace_status = i32;

/// The call did what was asked.
pub const DDTRACE_OK: ddtrace_status = 0;
/// A required pointer was NULL, or a text had a length but no bytes.
pub const DDTRACE_ERR_NULL: ddtrace_status = 1;
/// The handle is of another kind, or was freed.
pub const DDTRACE_ERR_HANDLE: ddtrace_status = 2;
/// The span is finished: it can be read, not written.
pub const DDTRACE_ERR_FINISHED: ddtrace_status = 3;
/// An argument is outside of its range.
pub const DDTRACE_ERR_INVALID: ddtrace_status = 4;
/// A struct is newer than this library and sets fields that the library does not know.
pub const DDTRACE_ERR_UNSUPPORTED: ddtrace_status = 5;
/// There is no such thing.
pub const DDTRACE_ERR_NOT_FOUND: ddtrace_status = 6;
/// The caller's buffer is too small; the size needed was written.
pub const DDTRACE_ERR_BUFFER: ddtrace_status = 7;
/// A limit of the library is reached.
pub const DDTRACE_ERR_LIMIT: ddtrace_status = 8;
/// The object was busy in a thread that did not survive `fork`.
pub const DDTRACE_ERR_FORKED: ddtrace_status = 9;
/// The call is not allowed in the state that the object is in.
pub const DDTRACE_ERR_STATE: ddtrace_status = 10;
/// The tracer is shut down.
pub const DDTRACE_ERR_SHUTDOWN: ddtrace_status = 11;
/// Time ran out before the work was done.
pub const DDTRACE_ERR_TIMEOUT: ddtrace_status = 12;
/// Input or output failed.
pub const DDTRACE_ERR_IO: ddtrace_status = 13;
/// A fault inside the library was contained; the call may have done nothing or a part of its work.
pub const DDTRACE_ERR_PANIC: ddtrace_status = 14;
/// A listener to an event failed.
pub const DDTRACE_ERR_LISTENER: ddtrace_status = 15;

/// In the order of the statuses' numbers.
const TEXTS: [&CStr; 16] = [
    c"ok",
    c"a required pointer is NULL",
    c"the handle is of another kind or was freed",
    c"the span is finished",
    c"an argument is outside of its range",
    c"a struct is newer than the library and sets unknown fields",
    c"not found",
    c"the buffer is too small",
    c"a limit is reached",
    c"the object was busy in a thread that did not survive fork",
    c"not allowed in this state",
    c"the tracer is shut down",
    c"time ran out",
    c"input or output failed",
    c"a fault inside the library was contained",
    c"a listener to an event failed",
];

/// Describes a status in a few English words.
///
/// @param status  any number
/// @return a static text, never NULL and never freed; `"unknown status"` for a number that this library does not use
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_status_text(status: ddtrace_status) -> *const c_char {
    guard(c"unknown status".as_ptr(), || text_of(status).as_ptr())
}

/// A status in words.
pub(crate) fn text_of(status: ddtrace_status) -> &'static CStr {
    let text = usize::try_from(status).ok().and_then(|index| TEXTS.get(index));
    text.copied().unwrap_or(c"unknown status")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(status: ddtrace_status) -> &'static str {
        // SAFETY: the function returns static NUL-terminated text.
        unsafe { CStr::from_ptr(ddtrace_status_text(status)) }.to_str().unwrap()
    }

    #[test]
    fn each_status_has_a_text_of_its_own() {
        let mut texts: Vec<_> = (DDTRACE_OK..=DDTRACE_ERR_LISTENER).map(shown).collect();
        assert_eq!(shown(DDTRACE_OK), "ok");
        assert_eq!(shown(DDTRACE_ERR_TIMEOUT), "time ran out");
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), TEXTS.len());
    }

    #[test]
    fn numbers_that_are_no_status_have_a_text_too() {
        for number in [-1, i32::MIN, i32::MAX, DDTRACE_ERR_LISTENER + 1] {
            assert_eq!(shown(number), "unknown status");
        }
    }
}
