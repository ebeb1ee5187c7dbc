//! Tags of a span.

use super::guard::guard;
use super::handles::ddtrace_span;
use super::outcome::{of_handle, of_tag, status};
use super::status::*;
use super::tag_input::{set_packed_tags, set_tags};
use super::text;
use super::types::{DDTRACE_ABSENT, ddtrace_tag};
use crate::export::Snapshot;
use crate::record::Number;
use crate::span::{SpanGuard, SpecialKey, TagSink, TagValue, lock_recording};
use crate::tracer::with_thread;
use std::ffi::c_char;
use std::sync::Arc;

/// The settings of a span's tracer, while it lives. The span may be locked: this takes no lock of spans.
pub(super) fn snapshot_of(span: &SpanGuard) -> Option<Arc<Snapshot>> {
    let link = span.slot().segment()?.lock().ok()?.tracer;
    with_thread(|thread| thread.tracers.local_of_link(link).map(|local| Arc::clone(&local.snapshot)))
}

/// Calls `change` with a span that can still be changed. A span that records nothing takes everything and keeps nothing.
///
/// # Safety
/// The handle is NULL or was given out by this library.
#[inline]
pub(super) unsafe fn change(
    span: *const ddtrace_span,
    change: impl FnOnce(&mut SpanGuard) -> Result<(), ddtrace_status>,
) -> Result<(), ddtrace_status> {
    // SAFETY: passed on.
    match unsafe { lock_recording(span.cast()) }.map_err(of_handle)? {
        None => Ok(()),
        Some(span) if span.is_finished => Err(DDTRACE_ERR_FINISHED),
        Some(mut span) => change(&mut span),
    }
}

/// Calls `use_it` with a sink for tags whose keys may be special.
pub(super) fn with_sink<R>(span: &mut SpanGuard, use_it: impl FnOnce(&mut TagSink<'_>) -> R) -> Result<R, ddtrace_status> {
    let snapshot = snapshot_of(span);
    let state = span.trace_state().ok_or(DDTRACE_ERR_HANDLE)?;
    Ok(use_it(&mut TagSink { body: span, snapshot: snapshot.as_deref(), state }))
}

#[inline]
unsafe fn set(span: *mut ddtrace_span, key: *const c_char, key_len: usize, value: TagValue<'_>) -> Result<(), ddtrace_status> {
    // SAFETY: passed on.
    unsafe {
        let key = text::raw(key, key_len)?;
        change(span, |span| match SpecialKey::of(key, span.head.flags) {
            None => span.set_plain_tag(key, value).map_err(of_tag),
            Some(_) => with_sink(span, |sink| sink.set(key, value))?.map_err(of_tag),
        })
    }
}

/// Sets a string tag, in place of whatever the key held.
///
/// Some keys mean more: `manual.keep` and `manual.drop` decide the trace, `service.name`, `resource.name` and `span.type` set those fields,
/// `http.status_code` is always a string, `service.version` sets `version` too, `_dd.measured` becomes a number. An empty key is ignored.
/// Values beyond 25,000 characters are cut.
///
/// @param span              borrowed
/// @param key, key_len      copied
/// @param value, value_len  copied; bytes that are not UTF-8 are replaced
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_LIMIT if the span has as many tags as it may
///         have
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_tag(
    span: *mut ddtrace_span,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { text::raw(value, value_len).and_then(|value| set(span, key, key_len, TagValue::Text(value))) })
    })
}

/// Sets a numeric tag.
///
/// @param span          borrowed
/// @param key, key_len  copied
/// @param value         a finite number; DDTRACE_ERR_INVALID otherwise, and nothing changes
/// @return as `ddtrace_span_set_tag`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_tag_f64(
    span: *mut ddtrace_span,
    key: *const c_char,
    key_len: usize,
    value: f64,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { set(span, key, key_len, TagValue::Float(value)) })
    })
}

/// Sets an integer tag. Beyond 2^53 either way it becomes a string, because readers take numbers as doubles.
///
/// @param span          borrowed
/// @param key, key_len  copied
/// @param value         the integer
/// @return as `ddtrace_span_set_tag`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_tag_i64(
    span: *mut ddtrace_span,
    key: *const c_char,
    key_len: usize,
    value: i64,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { set(span, key, key_len, TagValue::Int(value)) })
    })
}

/// Sets a truth value, as the string `true` or `false`.
///
/// @param span          borrowed
/// @param key, key_len  copied
/// @param value         0: false, anything else: true
/// @return as `ddtrace_span_set_tag`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_tag_bool(
    span: *mut ddtrace_span,
    key: *const c_char,
    key_len: usize,
    value: i32,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { set(span, key, key_len, TagValue::Bool(value != 0)) })
    })
}

/// Sets many tags in one call. Lists and maps become one tag per leaf: `key.0`, `key.sub`.
///
/// @param span       borrowed
/// @param tags, len  borrowed; copied before the call returns
/// @return as `ddtrace_span_set_tag`, or DDTRACE_ERR_INVALID for an unknown kind; the status of the first tag that was left out, the others
///         are set
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_tags(span: *mut ddtrace_span, tags: *const ddtrace_tag, len: usize) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::array(tags, len).and_then(|tags| change(span, |span| with_sink(span, |sink| set_tags(sink, tags))?))
        })
    })
}

/// Sets many tags from one buffer, for layers that cannot pass an array of structs: records of kind (1 byte, DDTRACE_TAG_*), key length and
/// value length (4 bytes each, little endian), key, value. F64 and I64 have 8 bytes, little endian; BOOL has 1; NULL has none.
///
/// @param span         borrowed
/// @param packed, len  borrowed; copied before the call returns
/// @return as `ddtrace_span_set_tags`; DDTRACE_ERR_INVALID where the buffer does not hold whole records: those in front of the fault are set
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_packed_tags(span: *mut ddtrace_span, packed: *const u8, len: usize) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::bytes(packed, len)
                .and_then(|packed| change(span, |span| with_sink(span, |sink| set_packed_tags(sink, packed))?))
        })
    })
}

/// Removes a tag of either kind, also one that the library adds from the settings (`env`, `version`, global tags).
///
/// @param span          borrowed
/// @param key, key_len  borrowed
/// @return DDTRACE_OK, also if there was none; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_unset_tag(span: *mut ddtrace_span, key: *const c_char, key_len: usize) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::raw(key, key_len).and_then(|key| {
                change(span, |span| match snapshot_of(span) {
                    Some(snapshot) => span.unset_tag(key, &snapshot).map(drop).map_err(of_tag),
                    None => span.set_plain_tag(key, TagValue::Null).map_err(of_tag),
                })
            })
        })
    })
}

/// Copies a string tag out, the span's own or one that the library adds from the settings.
///
/// @param span          borrowed; may be finished
/// @param key, key_len  borrowed
/// @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if there is no such string tag, or the handle is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_tag(
    span: *const ddtrace_span,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for pointers.
        unsafe {
            let (Ok(key), Ok(Some(span))) = (text::raw(key, key_len), lock_recording(span.cast())) else {
                return text::copy_out_optional(None, buf, cap);
            };
            let snapshot = snapshot_of(&span);
            let value = span.text(key, snapshot.as_deref()).and_then(|value| std::str::from_utf8(value).ok());
            text::copy_out_optional(value, buf, cap)
        }
    })
}

/// Copies a numeric tag out.
///
/// @param span          borrowed; may be finished
/// @param key, key_len  borrowed
/// @param out           receives the number
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if there is no such numeric tag; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_tag_f64(
    span: *const ddtrace_span,
    key: *const c_char,
    key_len: usize,
    out: *mut f64,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::raw(key, key_len).and_then(|key| {
                let span = lock_recording(span.cast()).map_err(of_handle)?;
                let number = span.and_then(|span| span.number(key)).ok_or(DDTRACE_ERR_NOT_FOUND)?;
                out.write(match number {
                    Number::Int(value) => value as f64,
                    Number::Float(value) => value,
                });
                Ok(())
            })
        })
    })
}

/// Sets a structured tag: a MessagePack document, sent as it is. Formats that cannot carry it (v0.5) leave it out.
///
/// @param span          borrowed
/// @param key, key_len  copied
/// @param msgpack, len  copied; 1 MiB at most
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_LIMIT for too many or too large ones
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_meta_struct(
    span: *mut ddtrace_span,
    key: *const c_char,
    key_len: usize,
    msgpack: *const u8,
    len: usize,
) -> ddtrace_status {
    const LARGEST: usize = 1024 * 1024;
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::raw(key, key_len).and_then(|key| {
                let document = text::bytes(msgpack, len)?;
                if document.len() > LARGEST {
                    return Err(DDTRACE_ERR_LIMIT);
                }
                let key = super::tag_input::clean_text(key);
                change(span, |span| {
                    let fits = key.is_empty() || span.extra_mut().set_meta_struct(key, document.to_vec());
                    if fits { Ok(()) } else { Err(DDTRACE_ERR_LIMIT) }
                })
            })
        })
    })
}
