//! The context of a span as the OpenTelemetry API shows it.

use super::guard::guard;
use super::handles::{ddtrace_context, ddtrace_span};
use super::status::*;
use super::text;
use super::types::DDTRACE_ABSENT;
use super::view::{decide_view, with_view_of_context, with_view_of_span};
use crate::propagation::tracestate_of;
use crate::span::{AnySpan, ContextView, lock_span};
use crate::tracer::Thread;
use std::ffi::c_char;

/// W3C trace flag: the trace is kept.
const SAMPLED: u8 = 1;

/// Whether a span takes what is set on it: it records, and is not finished.
///
/// @param span  borrowed; false for NULL and handles that were freed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_is_recording(span: *const ddtrace_span) -> bool {
    guard(false, || {
        // SAFETY: the header's rules for pointers.
        match unsafe { lock_span(span.cast()) } {
            Ok(AnySpan::Recording(span)) => !span.is_finished,
            _ => false,
        }
    })
}

/// The W3C trace flags of a span: bit 0 says that its trace is kept. Makes the trace's sampling decision if that is open.
///
/// @param span  borrowed; may be finished
/// @param out   receives the flags
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_trace_flags(span: *mut ddtrace_span, out: *mut u8) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { give_flags(out, |read| with_view_of_span(span, read)) }
}

/// Copies the W3C tracestate of a span out, as it would be injected: our own member (`dd=`), then those of others. Makes the trace's sampling
/// decision if that is open.
///
/// @param span      borrowed; may be finished
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_tracestate(span: *mut ddtrace_span, buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { give_tracestate(buf, cap, |read| with_view_of_span(span, read)) }
}

/// The W3C trace flags of a context, as `ddtrace_span_get_trace_flags`. Of a trace that came in undecided, they say 0.
///
/// @param context  borrowed
/// @param out      receives the flags
/// @return as `ddtrace_span_get_trace_flags`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_trace_flags(context: *mut ddtrace_context, out: *mut u8) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { give_flags(out, |read| with_view_of_context(context, read)) }
}

/// Copies the W3C tracestate of a context out, as it would be injected. What came in is `ddtrace_context_get_tag` of `tracestate`.
///
/// @param context   borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return as `ddtrace_span_get_tracestate`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_tracestate(context: *mut ddtrace_context, buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { give_tracestate(buf, cap, |read| with_view_of_context(context, read)) }
}

type Read<'a, R> = &'a mut dyn FnMut(&mut Thread, &ContextView) -> Result<R, ddtrace_status>;

/// # Safety
/// `out` is NULL or writable.
unsafe fn give_flags(out: *mut u8, with: impl FnOnce(Read<'_, u8>) -> Result<u8, ddtrace_status>) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        let flags = with(&mut |thread, view| {
            decide_view(thread, view);
            Ok(if view.state.decision().is_some_and(|decision| decision.is_kept()) { SAMPLED } else { 0 })
        });
        match flags {
            Ok(flags) => {
                // SAFETY: by the contract.
                unsafe { out.write(flags) };
                DDTRACE_OK
            }
            Err(status) => status,
        }
    })
}

/// # Safety
/// `buf` is NULL or has `cap` writable bytes.
unsafe fn give_tracestate(
    buf: *mut c_char,
    cap: usize,
    with: impl FnOnce(Read<'_, String>) -> Result<String, ddtrace_status>,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        let tracestate = with(&mut |thread, view| {
            decide_view(thread, view);
            Ok(tracestate_of(view.state, view.span_id, !view.is_remote).unwrap_or_default())
        });
        // SAFETY: by the contract.
        unsafe { text::copy_out_optional(tracestate.ok().as_deref(), buf, cap) }
    })
}
