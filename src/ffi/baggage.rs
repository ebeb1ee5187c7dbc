//! Baggage. Spans and contexts have the same five calls.

use super::guard::guard;
use super::handles::{ddtrace_context, ddtrace_span};
use super::outcome::status;
use super::status::*;
use super::text;
use super::types::*;
use super::view::{decide_view, with_view_of_context, with_view_of_span};
use crate::context::{Baggage, TraceState};
use crate::span::{ContextView, drop_view, new_context};
use crate::tracer::Thread;
use std::ffi::{c_char, c_void};

/// Called with each baggage item; the texts are valid during the call.
pub type ddtrace_baggage_visitor = Option<unsafe extern "C" fn(user_data: *mut c_void, key: ddtrace_str, value: ddtrace_str)>;

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
    unsafe { set_baggage((key, key_len), (value, value_len), |set| with_view_of_span(span, set)) }
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
    unsafe { get_baggage((key, key_len), buf, cap, |get| with_view_of_span(span, get)) }
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
    // SAFETY: the header's rules for pointers.
    unsafe { unset_baggage((key, key_len), |unset| with_view_of_span(span, unset)) }
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
    guard(DDTRACE_ERR_PANIC, || status(unsafe { with_view_of_span(span, |_, view| change_baggage(view, Baggage::clear)) }))
}

/// Sets all baggage at once, in place of what was there: what attaching a context of the OpenTelemetry API does.
///
/// @param span        borrowed; may be finished
/// @param items, len  copied: keys and string values; an item without a key, or of another kind, answers DDTRACE_ERR_INVALID, and nothing
///                    changes
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT for too much baggage
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_replace_baggage(
    span: *mut ddtrace_span,
    items: *const ddtrace_tag,
    len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            baggage_of(items, len).and_then(|baggage| with_view_of_span(span, |_, view| replace_all(view, baggage)))
        })
    })
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
        status(unsafe {
            with_view_of_span(span, |_, view| Ok(items(view))).and_then(|items| each_item(&items, visit, user_data))
        })
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
    unsafe { set_baggage((key, key_len), (value, value_len), |set| with_view_of_context(context, set)) }
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
    unsafe { get_baggage((key, key_len), buf, cap, |get| with_view_of_context(context, get)) }
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
    // SAFETY: the header's rules for pointers.
    unsafe { unset_baggage((key, key_len), |unset| with_view_of_context(context, unset)) }
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
    guard(DDTRACE_ERR_PANIC, || status(unsafe { with_view_of_context(context, |_, view| change_baggage(view, Baggage::clear)) }))
}

/// Sets all baggage at once, in place of what was there: what attaching a context of the OpenTelemetry API does.
///
/// @param context     borrowed
/// @param items, len  copied: keys and string values; an item without a key, or of another kind, answers DDTRACE_ERR_INVALID, and nothing
///                    changes
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT for too much baggage
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_replace_baggage(
    context: *mut ddtrace_context,
    items: *const ddtrace_tag,
    len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            baggage_of(items, len).and_then(|baggage| with_view_of_context(context, |_, view| replace_all(view, baggage)))
        })
    })
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
        status(unsafe {
            with_view_of_context(context, |_, view| Ok(items(view))).and_then(|items| each_item(&items, visit, user_data))
        })
    })
}

/// Makes a copy of a context with one baggage item more. The copy has a state of its own: what is changed there is not seen by the original.
///
/// @param context           borrowed
/// @param key, key_len      copied
/// @param value, value_len  copied
/// @param out               receives the copy, owned by the caller: free it with `ddtrace_context_free`
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
                with_view_of_context(context, |thread, view| {
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

/// # Safety
/// The pointers follow the header's rules.
unsafe fn unset_baggage(
    key: (*const c_char, usize),
    with: impl FnOnce(&mut dyn FnMut(&mut Thread, &ContextView) -> Result<(), ddtrace_status>) -> Result<(), ddtrace_status>,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: passed on.
        status(unsafe {
            text::text(key.0, key.1).and_then(|key| {
                with(&mut |_, view| {
                    change_baggage(view, |all| {
                        all.remove(&key);
                    })
                })
            })
        })
    })
}

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
/// The items and what they point to are readable.
unsafe fn baggage_of(items: *const ddtrace_tag, len: usize) -> Result<Baggage, ddtrace_status> {
    let mut baggage = Baggage::new();
    // SAFETY: passed on; the kind says that the member `string` was written.
    for item in unsafe { text::array(items, len) }? {
        if item.kind != DDTRACE_TAG_STRING {
            return Err(DDTRACE_ERR_INVALID);
        }
        // SAFETY: as above.
        let (key, value) = unsafe { (text::optional_str(item.key)?, text::optional_str(item.value.string)?) };
        let key = key.filter(|key| !key.is_empty()).ok_or(DDTRACE_ERR_INVALID)?;
        if !baggage.set(&key, &value.unwrap_or_default()) {
            return Err(DDTRACE_ERR_LIMIT);
        }
    }
    Ok(baggage)
}

fn replace_all(view: &ContextView, baggage: Baggage) -> Result<(), ddtrace_status> {
    if baggage.is_empty() {
        return change_baggage(view, Baggage::clear);
    }
    view.state.change_tags(|tags| *tags.baggage_mut() = baggage).ok_or(DDTRACE_ERR_FORKED)
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
