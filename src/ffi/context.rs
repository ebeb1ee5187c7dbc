//! Contexts, and what spans and contexts share: the sampling decision, baggage.

use super::guard::guard;
use super::handles::{ddtrace_context, ddtrace_span, ddtrace_tracer};
use super::outcome::{of_handle, status};
use super::status::*;
use super::text;
use super::types::*;
use crate::context::{Baggage, Decision, TraceState};
use crate::slot::HandleError;
use crate::span::{
    AnySpan, ContextView, Parts, context_of_span, decide_segment, drop_context, drop_view, lock_span, new_context,
    reference_context, share_view,
};
use crate::tracer::{Thread, decide_before_fork, resolve_tracer, with_thread};
use std::ffi::{c_char, c_void};

/// Makes a context from ids, for a trace that was continued by other means than headers.
///
/// @param ids                  borrowed; `parent_id` is ignored; zero trace or span id answers DDTRACE_ERR_INVALID
/// @param priority_or_null     the sampling priority, if it is decided
/// @param origin, origin_len   copied; may be NULL with 0; characters that no header carries: DDTRACE_ERR_INVALID
/// @param out                  receives the context, owned by the caller: free it with `ddtrace_context_free`
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
/// @return the same handle, or NULL if it is none
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

/// Calls `use_it` with a view of a context that lives as long as the call.
pub(super) unsafe fn with_view<R>(
    context: *const ddtrace_context,
    use_it: impl FnOnce(&mut Thread, &ContextView) -> Result<R, ddtrace_status>,
) -> Result<R, ddtrace_status> {
    // SAFETY: passed on.
    let view = unsafe { share_view(context.cast()) }.map_err(of_handle)?;
    with_thread(|thread| {
        let result = use_it(thread, &view);
        drop_view(&mut thread.parts, &view);
        result
    })
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
            with_view(context, |_, view| {
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
    guard(true, || unsafe { with_view(context, |_, view| Ok(view.state.trace_id() == 0)) }.unwrap_or(true))
}

/// Whether a context came from another process.
///
/// @param context  borrowed; false for NULL and handles that were freed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_is_remote(context: *const ddtrace_context) -> bool {
    // SAFETY: the header's rules for pointers.
    guard(false, || unsafe { with_view(context, |_, view| Ok(view.is_remote)) }.unwrap_or(false))
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
            with_view(context, |_, view| {
                out.write(view.state.decision().ok_or(DDTRACE_ERR_NOT_FOUND)?.priority);
                Ok(())
            })
        })
    })
}

/// Sets the sampling priority of a context's trace by hand, over any decision. What was sent already keeps the old one.
///
/// @param context   borrowed
/// @param priority  above 0: keep
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_set_priority(context: *mut ddtrace_context, priority: i32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view(context, |_, view| {
                view.state.override_priority(priority);
                Ok(())
            })
        })
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
            let origin =
                with_view(context, |_, view| Ok(view.state.read_tags(|tags| tags.origin().map(str::to_owned)).flatten()));
            text::copy_out_optional(origin.ok().flatten().as_deref(), buf, cap)
        }
    })
}

/// Copies something that a context's trace carries out: a propagated tag (`_dd.p.…`), `_dd.parent_id`, or `tracestate`, the whole of what came in.
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
                with_view(context, |_, view| {
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

/// Makes a copy of a context with one baggage item more. The copy has a state of its own: what is changed there is not seen by the original.
///
/// @param context           borrowed
/// @param key, key_len      copied
/// @param value, value_len  copied
/// @param out               receives the copy, owned by the caller
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID for an empty key, DDTRACE_ERR_LIMIT
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_with_baggage_item(
    context: *const ddtrace_context,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    out: *mut *mut ddtrace_context,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::text(key, key_len).and_then(|key| {
                let value = text::text(value, value_len)?;
                with_view(context, |thread, view| {
                    decide_view(thread, view);
                    let state = view.state.fork(&mut thread.parts.states).ok_or(DDTRACE_ERR_LIMIT)?;
                    let copy = ContextView { state, span: None, ..*view };
                    if let Err(status) = set_item(state, &key, &value) {
                        drop_view(&mut thread.parts, &copy);
                        return Err(status);
                    }
                    let handle = new_context(&mut thread.parts, copy).ok_or(DDTRACE_ERR_LIMIT)?;
                    out.write(handle.cast());
                    Ok(())
                })
            })
        })
    })
}

/// Makes the decision of a context's trace if it is of a local span and open.
pub(super) fn decide_view(thread: &mut Thread, view: &ContextView) {
    let Some(segment) = view.span.and_then(|span| span.segment()) else { return };
    if view.state.decision().is_some() {
        return;
    }
    let Some(link) = segment.lock().ok().map(|segment| segment.tracer) else { return };
    if let Some(local) = thread.tracers.local_of_link(link) {
        decide_segment(&mut thread.parts, segment, view.state, local);
    }
}

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
            with_state(span, |_, view| {
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
                with_state(span, |thread, view| {
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

/// Calls `use_it` with the view of a span.
pub(super) unsafe fn with_state<R>(
    span: *const ddtrace_span,
    use_it: impl FnOnce(&mut Thread, &ContextView) -> Result<R, ddtrace_status>,
) -> Result<R, ddtrace_status> {
    with_thread(|thread| {
        // SAFETY: passed on.
        let view = unsafe { view_of_span(&mut thread.parts, span.cast()) }.map_err(of_handle)?;
        let result = use_it(thread, &view);
        drop_view(&mut thread.parts, &view);
        result
    })
}

/// A view of a span with references of its own.
unsafe fn view_of_span(parts: &mut Parts, span: *const c_void) -> Result<ContextView, HandleError> {
    // SAFETY: passed on.
    unsafe { crate::span::view_of_span(parts, span) }?.ok_or(HandleError::Stale)
}

// Baggage. Spans and contexts have the same five calls.

fn set_item(state: &TraceState, key: &str, value: &str) -> Result<(), ddtrace_status> {
    if key.is_empty() {
        return Err(DDTRACE_ERR_INVALID);
    }
    match state.change_tags(|tags| tags.baggage_mut().set(key, value)) {
        Some(true) => Ok(()),
        Some(false) => Err(DDTRACE_ERR_LIMIT),
        None => Err(DDTRACE_ERR_FORKED),
    }
}

/// # Safety
/// The pointers follow the header's rules.
unsafe fn set_baggage(
    key: (*const c_char, usize),
    value: (*const c_char, usize),
    with: impl FnOnce(&mut dyn FnMut(&mut Thread, &ContextView) -> Result<(), ddtrace_status>) -> Result<(), ddtrace_status>,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: passed on.
        status(unsafe {
            text::text(key.0, key.1).and_then(|key| {
                let value = text::text(value.0, value.1)?;
                with(&mut |_, view| set_item(view.state, &key, &value))
            })
        })
    })
}

/// # Safety
/// The pointers follow the header's rules.
unsafe fn get_baggage(
    key: (*const c_char, usize),
    buf: *mut c_char,
    cap: usize,
    with: impl FnOnce(&mut dyn FnMut(&mut Thread, &ContextView) -> Result<(), ddtrace_status>) -> Result<(), ddtrace_status>,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: passed on.
        unsafe {
            let Ok(key) = text::text(key.0, key.1) else { return text::copy_out_optional(None, buf, cap) };
            let mut value = None;
            let _ = with(&mut |_, view| {
                value = view.state.read_tags(|tags| tags.baggage().get(&key).map(str::to_owned)).flatten();
                Ok(())
            });
            text::copy_out_optional(value.as_deref(), buf, cap)
        }
    })
}

fn change_baggage(view: &ContextView, change: impl FnOnce(&mut Baggage)) -> Result<(), ddtrace_status> {
    if view.state.has_tags() {
        view.state.change_tags(|tags| change(tags.baggage_mut())).ok_or(DDTRACE_ERR_FORKED)?;
    }
    Ok(())
}

fn items(view: &ContextView) -> Vec<(String, String)> {
    let items = view.state.read_tags(|tags| tags.baggage().iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect());
    items.unwrap_or_default()
}

/// Called with each baggage item; the texts are valid during the call.
pub type ddtrace_baggage_visitor = Option<unsafe extern "C" fn(user_data: *mut c_void, key: ddtrace_str, value: ddtrace_str)>;

/// # Safety
/// The pointers follow the header's rules.
unsafe fn each_item(
    items: &[(String, String)],
    visit: ddtrace_baggage_visitor,
    user_data: *mut c_void,
) -> Result<(), ddtrace_status> {
    let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
    for (key, value) in items {
        // SAFETY: the host's function, with the data that it gave.
        unsafe { visit(user_data, ddtrace_str::new(key), ddtrace_str::new(value)) };
    }
    Ok(())
}

/// Sets a baggage item: it travels with the trace to other services, and is seen by all spans of this local trace.
///
/// @param span              borrowed; may be finished
/// @param key, key_len      copied; empty: DDTRACE_ERR_INVALID
/// @param value, value_len  copied
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT for too much baggage
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_baggage(
    span: *mut ddtrace_span,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { set_baggage((key, key_len), (value, value_len), |set| with_state(span, set)) }
}

/// Copies a baggage item out.
///
/// @param span          borrowed; may be finished
/// @param key, key_len  borrowed
/// @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if there is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_baggage(
    span: *const ddtrace_span,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { get_baggage((key, key_len), buf, cap, |get| with_state(span, get)) }
}

/// Removes a baggage item.
///
/// @param span          borrowed; may be finished
/// @param key, key_len  borrowed
/// @return DDTRACE_OK, also if there was none; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_unset_baggage(
    span: *mut ddtrace_span,
    key: *const c_char,
    key_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::text(key, key_len).and_then(|key| {
                with_state(span, |_, view| {
                    change_baggage(view, |all| {
                        all.remove(&key);
                    })
                })
            })
        })
    })
}

/// Removes all baggage.
///
/// @param span  borrowed; may be finished
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_clear_baggage(span: *mut ddtrace_span) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    guard(DDTRACE_ERR_PANIC, || status(unsafe { with_state(span, |_, view| change_baggage(view, Baggage::clear)) }))
}

/// Calls `visit` with every baggage item, in the order in which they were set. No lock is held meanwhile.
///
/// @param span       borrowed; may be finished
/// @param visit      called on this thread
/// @param user_data  its first argument
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_each_baggage(
    span: *const ddtrace_span,
    visit: ddtrace_baggage_visitor,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { with_state(span, |_, view| Ok(items(view))).and_then(|items| each_item(&items, visit, user_data)) })
    })
}

/// Sets a baggage item of a context's trace; spans and contexts that share its state see it.
///
/// @param context           borrowed
/// @param key, key_len      copied; empty: DDTRACE_ERR_INVALID
/// @param value, value_len  copied
/// @return as `ddtrace_span_set_baggage`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_set_baggage(
    context: *mut ddtrace_context,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { set_baggage((key, key_len), (value, value_len), |set| with_view(context, set)) }
}

/// Copies a baggage item out.
///
/// @param context       borrowed
/// @param key, key_len  borrowed
/// @param buf, cap      as for `ddtrace_span_get_baggage`
/// @return as `ddtrace_span_get_baggage`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_get_baggage(
    context: *const ddtrace_context,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { get_baggage((key, key_len), buf, cap, |get| with_view(context, get)) }
}

/// Removes a baggage item.
///
/// @param context       borrowed
/// @param key, key_len  borrowed
/// @return as `ddtrace_span_unset_baggage`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_unset_baggage(
    context: *mut ddtrace_context,
    key: *const c_char,
    key_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::text(key, key_len).and_then(|key| {
                with_view(context, |_, view| {
                    change_baggage(view, |all| {
                        all.remove(&key);
                    })
                })
            })
        })
    })
}

/// Removes all baggage.
///
/// @param context  borrowed
/// @return as `ddtrace_span_clear_baggage`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_clear_baggage(context: *mut ddtrace_context) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    guard(DDTRACE_ERR_PANIC, || status(unsafe { with_view(context, |_, view| change_baggage(view, Baggage::clear)) }))
}

/// Calls `visit` with every baggage item, in the order in which they were set. No lock is held meanwhile.
///
/// @param context    borrowed
/// @param visit      called on this thread
/// @param user_data  its first argument
/// @return as `ddtrace_span_each_baggage`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_each_baggage(
    context: *const ddtrace_context,
    visit: ddtrace_baggage_visitor,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { with_view(context, |_, view| Ok(items(view))).and_then(|items| each_item(&items, visit, user_data)) })
    })
}
