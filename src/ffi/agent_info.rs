//! What the agent says about itself.

use std::ffi::c_char;

use super::guard::{guard, guard_status};
use super::handles::ddtrace_tracer;
use super::status::{DDTRACE_ERR_IO, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_SHUTDOWN, DDTRACE_ERR_TIMEOUT, ddtrace_status};
use super::text;
use super::tracer::{find, timeout};
use super::types::DDTRACE_ABSENT;
use crate::export::agent::Looked;

/// Asks the agent what it can do and what it wants (`GET /info`), and waits for the answer. The tracer does so by itself before the first trace
/// leaves, every five minutes, and when the agent's configuration changes; this is for those who cannot wait for that.
///
/// In host-driven mode it starts the asking on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes it at once.
///
/// @param tracer      borrowed
/// @param timeout_ms  how long to wait; the asking goes on afterwards
/// @return DDTRACE_OK: the agent answered, be it that it has no such information; DDTRACE_ERR_IO: there was no usable answer, and what was
///         known stays; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_NOT_FOUND: the spans do not go to an agent; DDTRACE_ERR_SHUTDOWN;
///         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_refresh_agent_info(tracer: *mut ddtrace_tracer, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let pipeline = unsafe { find(tracer) }?.pipeline()?;
        if !pipeline.accepts() {
            return Err(DDTRACE_ERR_SHUTDOWN);
        }
        match pipeline.refresh_agent_info(timeout(timeout_ms)) {
            Some(Looked::Answered) => Ok(()),
            Some(Looked::Failed) => Err(DDTRACE_ERR_IO),
            Some(Looked::TimedOut) => Err(DDTRACE_ERR_TIMEOUT),
            Some(Looked::Ended) => Err(DDTRACE_ERR_SHUTDOWN),
            None => Err(DDTRACE_ERR_NOT_FOUND),
        }
    })
}

/// Copies out what the agent said about itself last: the JSON object that it answered to `GET /info`.
///
/// @param tracer    borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT if the agent has said nothing yet or is too old to, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_get_agent_info(tracer: *const ddtrace_tracer, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let pipeline = find(tracer).and_then(|tracer| Ok(tracer.pipeline()?)).ok();
            let known = pipeline.and_then(|pipeline| pipeline.known_agent());
            let knowledge = known.map(|known| known.knowledge().1);
            let info = knowledge.as_ref().and_then(|knowledge| knowledge.info());
            text::copy_out_optional(info.map(|info| info.json.as_str()), buf, cap)
        }
    })
}
