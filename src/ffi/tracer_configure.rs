//! Other settings for a tracer that runs.

use super::config::tracer_parts;
use super::error::{Failure, guard_explained};
use super::handles::{ddtrace_config, ddtrace_error, ddtrace_tracer};
use super::status::{DDTRACE_ERR_UNSUPPORTED, ddtrace_status};
use super::tracer::{find, outcome, timeout};
use crate::events::{Dispatch, Value, event, hub};
use crate::tracer::OpenTraces;

/// For `ddtrace_tracer_configure`: traces that are open are given up. Their spans go on to propagate and are never sent.
pub const DDTRACE_CONFIGURE_GIVE_UP_OPEN_TRACES: u32 = 1;

/// Lets a tracer work with other settings: all of a configuration, as if the tracer were made from it now. Handles stay valid, spans that are
/// open go on, and what they say of the settings (service, environment, global tags) is said by the new ones when they are finished.
///
/// What is finished by now goes to the former exporter. What that does not take in time goes to the new one. Processors and filters that the
/// former configuration brought are replaced by those of this one; the others stay. Counters go on, and so do sampling rates of the agent
/// unless settings of sampling differ.
///
/// @param tracer          borrowed
/// @param config_or_null  the settings as they are now; the caller may change or free it afterwards. NULL: the environment decides
/// @param flags           0, or DDTRACE_CONFIGURE_GIVE_UP_OPEN_TRACES
/// @param timeout_ms      how long to wait for the former exporter
/// @param err_or_null     receives an error if the settings are not used, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT or DDTRACE_ERR_IO: the settings are in force, but not all that was finished was taken, or some was
///         dropped. All others change nothing: DDTRACE_ERR_STATE: the mode `LIBDDTRACE_HOST_DRIVEN` is another one; DDTRACE_ERR_SHUTDOWN;
///         DDTRACE_ERR_UNSUPPORTED: unknown flags; and those of `ddtrace_tracer_new`. Only those give an error object.
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_configure(
    tracer: *mut ddtrace_tracer,
    config_or_null: *const ddtrace_config,
    flags: u32,
    timeout_ms: u32,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let mut delivered = Ok(());
    let body = || {
        let handle = tracer as usize;
        // SAFETY: the header's rules for handles.
        let tracer = unsafe { find(tracer) }.map_err(|status| Failure::of_argument("tracer", status))?;
        let open = match flags {
            0 => OpenTraces::Keep,
            DDTRACE_CONFIGURE_GIVE_UP_OPEN_TRACES => OpenTraces::GiveUp,
            _ => return Err(Failure::of_argument("flags", DDTRACE_ERR_UNSUPPORTED)),
        };
        // SAFETY: as above.
        let parts = unsafe { tracer_parts(config_or_null) }?;
        delivered = outcome(tracer.configure(parts, open, timeout(timeout_ms))?);
        // Listeners' errors are theirs here.
        let _ = hub().dispatch(event::TRACER_CONFIGURED, &[Value::Handle(handle)], Dispatch::Contained);
        Ok(())
    };
    // SAFETY: the header's rule for outputs.
    let status = unsafe { guard_explained(err_or_null, body) };
    super::outcome::status(if status == super::status::DDTRACE_OK { delivered } else { Err(status) })
}
