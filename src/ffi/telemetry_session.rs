//! Sessions of telemetry: what processes that this one starts should know of it.

use std::ffi::c_void;

use super::guard::guard_status;
use super::handles::ddtrace_tracer;
use super::status::{DDTRACE_ERR_NULL, ddtrace_status};
use super::telemetry::telemetry_of;
use super::types::ddtrace_str;

/// Called with a name and a value, which are valid during the call.
pub type ddtrace_variable_visitor = Option<unsafe extern "C" fn(user_data: *mut c_void, name: ddtrace_str, value: ddtrace_str)>;

/// Calls `visit` with the environment variables that a process should have which this one starts with another program, so that Datadog knows
/// that the two belong together: `_DD_ROOT_CPP_SESSION_ID` and `_DD_PARENT_CPP_SESSION_ID`, by the language of the binding. They are for the
/// environment of that process alone; the library never changes its own. Forked children need nothing of the kind.
///
/// Where telemetry is off nothing is visited: what this process got itself is right for its children, too.
///
/// @param tracer     borrowed
/// @param visit      called on this thread; no lock is held meanwhile
/// @param user_data  its first argument
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED; DDTRACE_ERR_SHUTDOWN
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_each_session_variable(
    tracer: *const ddtrace_tracer,
    visit: ddtrace_variable_visitor,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let telemetry = unsafe { telemetry_of(tracer) }?;
        let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
        for (name, value) in telemetry.iter().flat_map(|telemetry| telemetry.session_variables()) {
            // SAFETY: the host's function, with the data that it gave; the texts outlive the call.
            unsafe { visit(user_data, ddtrace_str::new(&name), ddtrace_str::new(&value)) };
        }
        Ok(())
    })
}
