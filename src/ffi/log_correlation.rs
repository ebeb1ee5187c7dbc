//! What a log line says to be found with its trace.

use super::guard::guard;
use super::handles::{ddtrace_context, ddtrace_span, ddtrace_tracer};
use super::outcome::{of_handle, status};
use super::status::*;
use super::types::ddtrace_str;
use crate::active::LogCorrelation;
use crate::export::Snapshot;
use crate::propagation::{BufferSink, HeaderSink};
use crate::span::{trace_and_span_id, with_context};
use crate::tracer::{resolve_tracer, with_thread};
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Takes one field of a log line; the texts are valid during the call, and have no NUL at their end.
pub type ddtrace_log_field = Option<unsafe extern "C" fn(user_data: *mut c_void, name: ddtrace_str, value: ddtrace_str)>;

/// Hands out what a log line needs to be found with its trace: `dd.trace_id`, `dd.span_id`, `dd.service`, `dd.version`, `dd.env`, in this
/// order.
///
/// A trace id of more than 64 bits is 32 lowercase hexadecimal digits, any other decimal; with DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED off
/// it is the lower half, decimal. Without span and context, or with tracing disabled, both ids are `0`. Service, version and environment are
/// those of the settings, empty if not set. Whether log lines get these fields (DD_LOGS_INJECTION) is for the caller to look at.
///
/// @param tracer           borrowed
/// @param span_or_null     borrowed: the span to be found
/// @param context_or_null  borrowed: a context to be found, where there is no span; at most one of the two is given
/// @param field            called on this thread, five times; no lock is held meanwhile
/// @param user_data        its first argument
/// @return DDTRACE_OK; DDTRACE_ERR_NULL for the tracer or `field`; DDTRACE_ERR_HANDLE for what is no tracer, span or context;
///         DDTRACE_ERR_INVALID if both span and context are given; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_log_correlation(
    tracer: *const ddtrace_tracer,
    span_or_null: *const ddtrace_span,
    context_or_null: *const ddtrace_context,
    field: ddtrace_log_field,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let Some(field) = field else { return DDTRACE_ERR_NULL };
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            each_field(tracer, span_or_null, context_or_null, |name, value| {
                field(user_data, ddtrace_str::new(name), ddtrace_str::new(value));
            })
        })
    })
}

/// Writes the fields of `ddtrace_log_correlation` into a buffer: `name\0value\0name\0value\0…`.
///
/// @param tracer           borrowed
/// @param span_or_null     borrowed
/// @param context_or_null  borrowed
/// @param buf, cap         receives the fields; 512 bytes are enough unless service, version or environment are long
/// @param needed           receives the size of all fields
/// @return as `ddtrace_log_correlation`; DDTRACE_ERR_BUFFER if `cap` is less than `needed`: nothing useful was written, call again with more
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_log_correlation_buffer(
    tracer: *const ddtrace_tracer,
    span_or_null: *const ddtrace_span,
    context_or_null: *const ddtrace_context,
    buf: *mut c_char,
    cap: usize,
    needed: *mut usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if needed.is_null() || (buf.is_null() && cap > 0) {
            return DDTRACE_ERR_NULL;
        }
        if cap > isize::MAX.unsigned_abs() {
            return DDTRACE_ERR_INVALID;
        }
        // SAFETY: not NULL, and writable by the header's rules.
        let buffer = if cap == 0 { &mut [][..] } else { unsafe { std::slice::from_raw_parts_mut(buf.cast::<u8>(), cap) } };
        let mut sink = BufferSink::new(buffer);
        // SAFETY: the header's rules for pointers.
        let written =
            unsafe { each_field(tracer, span_or_null, context_or_null, |name, value| sink.header(name, value.as_bytes())) };
        status(written.and_then(|()| {
            // SAFETY: as above.
            unsafe { needed.write(sink.needed()) };
            if sink.needed() > cap { Err(DDTRACE_ERR_BUFFER) } else { Ok(()) }
        }))
    })
}

unsafe fn each_field(
    tracer: *const ddtrace_tracer,
    span: *const ddtrace_span,
    context: *const ddtrace_context,
    field: impl FnMut(&str, &str),
) -> Result<(), ddtrace_status> {
    if !span.is_null() && !context.is_null() {
        return Err(DDTRACE_ERR_INVALID);
    }
    // SAFETY: passed on.
    let tracer = unsafe { resolve_tracer(tracer.cast()) }.map_err(of_handle)?;
    let (snapshot, ids) = with_thread(|thread| {
        let snapshot = thread.tracers.local(tracer).map(|local| Arc::clone(&local.snapshot));
        // SAFETY: passed on.
        let ids = unsafe {
            match (span.is_null(), context.is_null()) {
                (false, _) => trace_and_span_id(&mut thread.parts, span.cast()).map(Some),
                (_, false) => with_context(context.cast(), |view| Some((view.state.trace_id(), view.span_id))),
                _ => Ok(None),
            }
        };
        (snapshot, ids)
    });
    let snapshot: Arc<Snapshot> = snapshot.ok_or(DDTRACE_ERR_HANDLE)?;
    LogCorrelation::new(&snapshot.config.settings, ids.map_err(of_handle)?).each(field);
    Ok(())
}
