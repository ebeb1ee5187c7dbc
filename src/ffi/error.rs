//! Error objects: why a call on a cold path failed, in words.

use std::borrow::Cow;
use std::ffi::c_char;
use std::fmt::Display;
use std::sync::Arc;

use super::guard::{guard, guard_status};
use super::handles::ddtrace_error;
use super::status::{
    DDTRACE_ERR_INVALID, DDTRACE_ERR_IO, DDTRACE_ERR_LIMIT, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_NULL, DDTRACE_ERR_SHUTDOWN,
    DDTRACE_ERR_STATE, DDTRACE_OK, ddtrace_status, text_of,
};
use super::text;
use super::types::ddtrace_str;
use crate::config::ConfigError;
use crate::export::ExportError;
use crate::slot::cold::{self, Cold, cold_class};
use crate::slot::{HandleError, Kind, SlotClass};
use crate::tracer::ConfigureError;
use crate::tracer::build::BuildError;

static CLASS: SlotClass = cold_class(Kind::Error);

/// Why a call failed: a status for programs, a message for people that names the thing, the value seen and what was expected.
#[derive(Debug)]
pub(crate) struct Failure {
    status: ddtrace_status,
    message: String,
}

impl Cold for Failure {
    const KIND: Kind = Kind::Error;
    const CLASS: &'static SlotClass = &CLASS;
}

impl Failure {
    pub(crate) fn new(status: ddtrace_status, message: impl Display) -> Self {
        Failure { status, message: message.to_string() }
    }

    /// The argument `name` was refused.
    pub(crate) fn of_argument(name: &str, status: impl Into<ddtrace_status>) -> Self {
        let status = status.into();
        Failure::new(status, format_args!("{name}: {}", text_of(status).to_string_lossy()))
    }

    /// Memory is out.
    pub(crate) fn out_of_memory() -> Self {
        Failure::new(DDTRACE_ERR_LIMIT, "memory is out")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let status = match error {
            ConfigError::UnknownName { .. } => DDTRACE_ERR_NOT_FOUND,
            ConfigError::InvalidValue { .. } => DDTRACE_ERR_INVALID,
        };
        Failure::new(status, error)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let status = match error {
            BuildError::Exporter(_) => DDTRACE_ERR_IO,
            BuildError::Transport(_) | BuildError::LongName(_) => DDTRACE_ERR_INVALID,
            BuildError::Fixed(_) => DDTRACE_ERR_STATE,
            BuildError::OutOfMemory | BuildError::TooManyNames => DDTRACE_ERR_LIMIT,
        };
        Failure::new(status, error)
    }
}

impl From<ConfigureError> for Failure {
    fn from(error: ConfigureError) -> Self {
        match error {
            ConfigureError::Handle(error) => Failure::of_argument("tracer", error),
            ConfigureError::Build(error) => error.into(),
            ConfigureError::ShutDown => Failure::of_argument("tracer", DDTRACE_ERR_SHUTDOWN),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        Failure::new(DDTRACE_ERR_IO, error)
    }
}

/// Runs the body of an entry point that explains its failures: `error` gets an error object, or NULL when there is nothing to explain.
///
/// # Safety
///
/// `error` is NULL or a place for a pointer.
pub(crate) unsafe fn guard_explained(
    error: *mut *mut ddtrace_error,
    body: impl FnOnce() -> Result<(), Failure>,
) -> ddtrace_status {
    let explain = |handle: *mut ddtrace_error| {
        if !error.is_null() {
            // SAFETY: the caller's place; alignment is not relied on.
            unsafe { error.write_unaligned(handle) };
        }
    };
    explain(std::ptr::null_mut());
    guard_status(|| {
        let Err(failure) = body() else { return Ok(()) };
        let status = failure.status;
        if !error.is_null() {
            explain(cold::create(Arc::new(failure)).unwrap_or(std::ptr::null_mut()));
        }
        Err(status)
    })
}

/// The status that the failed call answered as well.
///
/// @param error  borrowed
/// @return one of DDTRACE_ERR_*; DDTRACE_ERR_NULL for NULL, and DDTRACE_ERR_HANDLE for a handle that is no error, or not any more
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_error_code(error: *const ddtrace_error) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let failure = unsafe { cold::get::<Failure, _>(error) }?;
        if failure.status == DDTRACE_OK { Ok(()) } else { Err(failure.status) }
    })
}

/// What went wrong, in English: the thing, the value that was seen, and what was expected. Secrets are not repeated.
///
/// @param error  borrowed
/// @return text that is valid until the error is freed, not NUL-terminated; DDTRACE_STR_NONE for NULL and for other handles
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_error_message(error: *const ddtrace_error) -> ddtrace_str {
    guard(ddtrace_str::NONE, || {
        // SAFETY: the header's rule for handles.
        let failure = unsafe { cold::get::<Failure, _>(error) };
        // The handle keeps the text alive.
        failure.map_or(ddtrace_str::NONE, |failure| ddtrace_str::new(&failure.message))
    })
}

/// Frees an error object, and with it its message.
///
/// @param error  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_error_free(error: *mut ddtrace_error) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Failure, _>(error) };
    });
}

/// A text that the caller must give.
///
/// # Safety
///
/// As for [`text::text`].
pub(crate) unsafe fn required_text<'a>(pointer: *const c_char, len: usize, name: &str) -> Result<Cow<'a, str>, Failure> {
    // SAFETY: the caller's promise.
    unsafe { text::text(pointer, len) }.map_err(|status| Failure::of_argument(name, status))
}

/// The place for an output that the caller must give.
pub(crate) fn required<T>(out: *mut T, name: &str) -> Result<*mut T, Failure> {
    if out.is_null() { Err(Failure::of_argument(name, DDTRACE_ERR_NULL)) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    fn text_of_message(message: ddtrace_str) -> String {
        // SAFETY: the messages of the tests live.
        unsafe { crate::ffi::text::text(message.ptr, message.len) }.unwrap().into_owned()
    }

    #[test]
    fn failures_become_objects_with_status_and_message() {
        let mut error = ptr::dangling_mut();
        // SAFETY: a place for the error, and handles of this library.
        unsafe {
            let failed = || Err(Failure::of_argument("path", DDTRACE_ERR_NULL));
            assert_eq!(guard_explained(&raw mut error, failed), DDTRACE_ERR_NULL);
            assert_eq!(ddtrace_error_code(error), DDTRACE_ERR_NULL);
            assert_eq!(text_of_message(ddtrace_error_message(error)), "path: a required pointer is NULL");
            ddtrace_error_free(error);
            assert_eq!(ddtrace_error_code(error), crate::ffi::status::DDTRACE_ERR_HANDLE);
            assert!(ddtrace_error_message(error).ptr.is_null());
            ddtrace_error_free(error);
        }
    }

    #[test]
    fn success_and_panics_leave_nothing_to_free() {
        let mut error = ptr::dangling_mut();
        // SAFETY: a place for the error, and NULL.
        unsafe {
            assert_eq!(guard_explained(&raw mut error, || Ok(())), DDTRACE_OK);
            assert!(error.is_null());
            error = ptr::dangling_mut();
            assert_eq!(guard_explained(&raw mut error, || panic!("text")), crate::ffi::status::DDTRACE_ERR_PANIC);
            assert!(error.is_null());
            assert_eq!(guard_explained(ptr::null_mut(), || Err(Failure::out_of_memory())), DDTRACE_ERR_LIMIT);
        }
    }

    #[test]
    fn null_is_no_error() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert_eq!(ddtrace_error_code(ptr::null()), DDTRACE_ERR_NULL);
            assert!(ddtrace_error_message(ptr::null()).ptr.is_null());
            ddtrace_error_free(ptr::null_mut());
        }
    }
}
