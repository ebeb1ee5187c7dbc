//! Contexts: what a trace carries from one service to the next.

use super::guard::guard;
use super::handles::{ddtrace_context, ddtrace_span};
use super::outcome::{of_handle, status};
use super::status::*;
use super::text;
use super::types::*;
use super::view::with_view_of_context;
use crate::context::{Decision, TraceState};
use crate::span::{ContextView, context_of_span, drop_context, drop_view, new_context, reference_context};
use crate::tracer::with_thread;
use std::ffi::c_char;

/// Makes a context from ids, for a trace that was continued by other means than headers.
///
/// @param ids                 borrowed; `parent_id` is ignored; zero trace or span id answers DDTRACE_ERR_INVALID
/// @param priority_or_null    the sampling priority, if it is decided
/// @param origin, origin_len  copied; may be NULL with 0; characters that no header carries: DDTRACE_ERR_INVALID
/// @param out                 receives the context, owned by the caller: free it with `ddtrace_context_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_new(
    ids: *const ddtrace_span_ids,
    priority_or_null: *const i32,
    origin: *const c_char,
    origin_len: usize,
    out: *mut *mut ddtrace_context,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if ids.is_null() || out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            let ids = *ids;
            text::optional_text(origin, origin_len).and_then(|origin| {
                let trace_id = (u128::from(ids.trace_id_high) << 64) | u128::from(ids.trace_id_low);
                if trace_id == 0 || ids.span_id == 0 {
                    return Err(DDTRACE_ERR_INVALID);
                }
                let handle = with_thread(|thread| {
                    let state = TraceState::new(&mut thread.parts.states, trace_id).ok_or(DDTRACE_ERR_LIMIT)?;
                    if !priority_or_null.is_null() {
                        state.decide(&Decision::inherited(*priority_or_null));
                    }
                    let origin = origin.filter(|origin| !origin.is_empty());
                    let fits = origin.is_none_or(|origin| state.change_tags(|tags| tags.set_origin(&origin)) == Some(true));
                    let view = ContextView { state, span_id: ids.span_id, span: None, is_remote: false };
                    if !fits {
                        drop_view(&mut thread.parts, &view);
                        return Err(DDTRACE_ERR_INVALID);
                    }
                    new_context(&mut thread.parts, view).ok_or(DDTRACE_ERR_LIMIT)
                })?;
                out.write(handle.cast());
                Ok(())
            })
        })
    })
}

/// The context of a span: its ids, and a view of the state that it shares with its whole local trace. It may outlive the span's handle.
///
/// @param span  borrowed; may be finished
/// @param out   receives the context, owned by the caller: free it with `ddtrace_context_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_context(span: *mut ddtrace_span, out: *mut *mut ddtrace_context) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        match with_thread(|thread| unsafe { context_of_span(&mut thread.parts, span.cast()) }) {
            Ok(Some(context)) => {
                // SAFETY: as above.
                unsafe { out.write(context.cast()) };
                DDTRACE_OK
            }
            Ok(None) => DDTRACE_ERR_LIMIT,
            Err(error) => of_handle(error),
        }
    })
}

/// Adds a reference to a context.
///
/// @param context  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_ref(context: *mut ddtrace_context) -> *mut ddtrace_context {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rules for pointers.
        match unsafe { reference_context(context.cast()) } {
            Ok(()) => context,
            Err(_) => std::ptr::null_mut(),
        }
    })
}

/// Frees a reference to a context.
///
/// @param context  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any; no other thread may use this reference meanwhile. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_free(context: *mut ddtrace_context) {
    // SAFETY: the header's rules for pointers. A handle that is none has nothing to free.
    guard((), || with_thread(|thread| unsafe { drop_context(&mut thread.parts, context.cast()) }.unwrap_or(())));
}

/// The ids of a context; `parent_id` is 0.
///
/// @param context  borrowed
/// @param out      receives the ids; all 0 for an empty context
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_ids(context: *const ddtrace_context, out: *mut ddtrace_span_ids) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_context(context, |_, view| {
                let trace_id = view.state.trace_id();
                out.write(ddtrace_span_ids {
                    trace_id_high: (trace_id >> 64) as u64,
                    trace_id_low: trace_id as u64,
                    span_id: view.span_id,
                    parent_id: 0,
                });
                Ok(())
            })
        })
    })
}

/// Whether a context names no trace. It may carry baggage and links all the same.
///
/// @param context  borrowed; true for NULL and handles that were freed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_is_empty(context: *const ddtrace_context) -> bool {
    // SAFETY: the header's rules for pointers.
    guard(true, || unsafe { with_view_of_context(context, |_, view| Ok(view.state.trace_id() == 0)) }.unwrap_or(true))
}

/// Whether a context came from another process.
///
/// @param context  borrowed; false for NULL and handles that were freed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_is_remote(context: *const ddtrace_context) -> bool {
    // SAFETY: the header's rules for pointers.
    guard(false, || unsafe { with_view_of_context(context, |_, view| Ok(view.is_remote)) }.unwrap_or(false))
}

/// The sampling priority of a context's trace. It makes no decision.
///
/// @param context  borrowed
/// @param out      receives the priority: above 0 the trace is kept
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND while it is not decided; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_priority(context: *const ddtrace_context, out: *mut i32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_context(context, |_, view| {
                out.write(view.state.decision().ok_or(DDTRACE_ERR_NOT_FOUND)?.priority);
                Ok(())
            })
        })
    })
}

/// Sets the sampling priority of a context's trace by hand, over any decision. What was sent already keeps the old one.
///
/// @param context   borrowed
/// @param priority  any number, which is kept as it is; above 0: keep
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_set_priority(context: *mut ddtrace_context, priority: i32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_context(context, |_, view| {
                view.state.set_priority(Some(priority));
                Ok(())
            })
        })
    })
}

/// Takes the sampling decision of a context's trace back: it is made anew when it is needed next.
///
/// @param context  borrowed
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_unset_priority(context: *mut ddtrace_context) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_context(context, |_, view| {
                view.state.set_priority(None);
                Ok(())
            })
        })
    })
}

/// Sets the id of the user on whose behalf a context's trace runs. It travels with the trace to other services.
///
/// @param context  borrowed
/// @param id, len  copied; empty removes it
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT for too long an id, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_set_user_id(
    context: *mut ddtrace_context,
    id: *const c_char,
    len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::text(id, len).and_then(|id| {
                with_view_of_context(context, |_, view| match view.state.change_tags(|tags| tags.set_user_id(&id)) {
                    Some(true) => Ok(()),
                    Some(false) => Err(DDTRACE_ERR_LIMIT),
                    None => Err(DDTRACE_ERR_FORKED),
                })
            })
        })
    })
}

/// Copies the id of the user on whose behalf a context's trace runs out.
///
/// @param context   borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if there is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_user_id(context: *const ddtrace_context, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for pointers.
        unsafe {
            let id = with_view_of_context(context, |_, view| Ok(view.state.read_tags(|tags| tags.user_id()).flatten()));
            text::copy_out_optional(id.ok().flatten().as_deref(), buf, cap)
        }
    })
}

/// Copies the origin of a context's trace out (`synthetics`, `rum`, …).
///
/// @param context   borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if there is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_origin(context: *const ddtrace_context, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for pointers.
        unsafe {
            let origin = with_view_of_context(context, |_, view| {
                Ok(view.state.read_tags(|tags| tags.origin().map(str::to_owned)).flatten())
            });
            text::copy_out_optional(origin.ok().flatten().as_deref(), buf, cap)
        }
    })
}

/// Copies something that a context's trace carries out: a propagated tag (`_dd.p.…`), `_dd.parent_id`, `_dd.propagation_error`, or
/// `tracestate`, the whole of what came in.
///
/// @param context       borrowed
/// @param key, key_len  borrowed
/// @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if there is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_tag(
    context: *const ddtrace_context,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for pointers.
        unsafe {
            let value = text::text(key, key_len).and_then(|key| {
                with_view_of_context(context, |_, view| {
                    let value = view.state.read_tags(|tags| {
                        let value = match &*key {
                            "tracestate" => tags.tracestate(),
                            "_dd.parent_id" => tags.last_parent_id(),
                            "_dd.propagation_error" => tags.propagation_error(),
                            key => tags.get(key),
                        };
                        value.map(str::to_owned)
                    });
                    Ok(value.flatten())
                })
            });
            text::copy_out_optional(value.ok().flatten().as_deref(), buf, cap)
        }
    })
}
