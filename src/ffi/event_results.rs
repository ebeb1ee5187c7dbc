//! What listeners to an event answered.

use super::guard::{guard, guard_status};
use super::handles::ddtrace_event_results;
use super::hub_value::ddtrace_value;
use super::status::{DDTRACE_ERR_NULL, ddtrace_status};
use super::text;
use super::types::ddtrace_str;
use crate::events::{ListenerId, Outcome, Results};
use crate::slot::{HandleError, cold};
use std::ffi::c_char;

/// Answer of a listener: there is no such listener.
pub const DDTRACE_RESULT_UNDEFINED: i32 = -1;
/// Answer of a listener: it answered.
pub const DDTRACE_RESULT_OK: i32 = 0;
/// Answer of a listener: it failed.
pub const DDTRACE_RESULT_EXCEPTION: i32 = 1;

/// What one listener answered. Its layout never changes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_event_result {
    /// DDTRACE_RESULT_*
    pub response: i32,
    /// 0
    pub reserved: u32,
    /// The answer of a listener that did not fail
    pub value: ddtrace_value,
    /// Why it failed; `ptr` is NULL if it did not
    pub error: ddtrace_str,
}

/// Looks up what the listener of a name answered. For one that is not there the answer is DDTRACE_RESULT_UNDEFINED.
///
/// @param results    borrowed
/// @param name, len  the listener's name
/// @param out        receives the answer; its text is valid until the results are freed
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_event_results_get(
    results: *const ddtrace_event_results,
    name: *const c_char,
    len: usize,
    out: *mut ddtrace_event_result,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles, text and places.
    guard_status(|| unsafe {
        let name = text::text(name, len)?;
        give_out(results, out, |results| results.get(&name))
    })
}

/// Looks up what the listener of a number answered.
///
/// @param results  borrowed
/// @param id       the number of the listener
/// @param out      receives the answer; its text is valid until the results are freed
/// @return as `ddtrace_event_results_get`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_event_results_get_id(
    results: *const ddtrace_event_results,
    id: u64,
    out: *mut ddtrace_event_result,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and places.
    guard_status(|| unsafe { give_out(results, out, |results| results.get_id(ListenerId(id))) })
}

/// How many listeners were called; 0 for NULL and handles that were freed, too.
///
/// @param results  borrowed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_event_results_count(results: *const ddtrace_event_results) -> usize {
    // SAFETY: the header's rule for handles.
    guard(0, || unsafe { cold::get::<Results, _>(results) }.map_or(0, |results| results.len()))
}

/// Frees answers.
///
/// @param results  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_event_results_free(results: *mut ddtrace_event_results) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Results, _>(results) };
    });
}

/// # Safety
///
/// The header's rules for handles and places.
unsafe fn give_out(
    results: *const ddtrace_event_results,
    out: *mut ddtrace_event_result,
    find: impl FnOnce(&Results) -> &Outcome,
) -> Result<(), ddtrace_status> {
    if out.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    // SAFETY: the caller's promise. The handle keeps what the answer's text points to.
    let results = unsafe { cold::get::<Results, _>(results) }?;
    let undefined = ddtrace_event_result {
        response: DDTRACE_RESULT_UNDEFINED,
        reserved: 0,
        value: ddtrace_value::null(),
        error: ddtrace_str::NONE,
    };
    let result = match find(&results) {
        Outcome::Ok(value) => ddtrace_event_result { response: DDTRACE_RESULT_OK, value: ddtrace_value::of(value), ..undefined },
        Outcome::Exception(error) => {
            ddtrace_event_result { response: DDTRACE_RESULT_EXCEPTION, error: ddtrace_str::new(&error.0), ..undefined }
        }
        Outcome::Undefined => undefined,
    };
    // SAFETY: the caller's place.
    unsafe { out.write(result) };
    Ok(())
}
