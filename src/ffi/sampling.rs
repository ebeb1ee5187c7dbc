//! The sampling decision of a trace: taken now, or by hand.

use super::guard::guard;
use super::handles::{ddtrace_span, ddtrace_tracer};
use super::outcome::{of_handle, status};
use super::status::*;
use super::view::{decide_view, with_view_of_span};
use crate::span::{AnySpan, lock_span};
use crate::tracer::{decide_before_fork, resolve_tracer};

/// Decides a trace by hand, over any decision: `manual.keep` and `manual.drop` as a call. What was sent already keeps the old decision.
///
/// @param span      borrowed: any span of the trace
/// @param priority  above 0: keep, else drop
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_override_sampling(span: *mut ddtrace_span, priority: i32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_span(span, |_, view| {
                view.state.override_priority(priority);
                Ok(())
            })
        })
    })
}

/// Makes the sampling decision of a span's trace now, on its local root. From here on only a manual override changes it.
///
/// @param tracer  borrowed
/// @param span    borrowed: any span of the trace
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_sample(tracer: *mut ddtrace_tracer, span: *mut ddtrace_span) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve_tracer(tracer.cast()).map_err(of_handle).and_then(|_| {
                with_view_of_span(span, |thread, view| {
                    decide_view(thread, view);
                    Ok(())
                })
            })
        })
    })
}

/// To be called before `fork` by a binding that keeps the active span itself: decides the span's trace, so that both processes agree.
///
/// @param active_or_null  borrowed: any span of the trace
/// @return DDTRACE_OK, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_before_fork(active_or_null: *mut ddtrace_span) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if active_or_null.is_null() {
            return DDTRACE_OK;
        }
        // SAFETY: the header's rules for pointers.
        let segment = match unsafe { lock_span(active_or_null.cast()) } {
            Ok(AnySpan::Recording(span)) => span.slot().segment(),
            Ok(AnySpan::Light(_)) => None,
            Err(error) => return of_handle(error),
        };
        if let Some(segment) = segment {
            decide_before_fork(segment);
        }
        DDTRACE_OK
    })
}
