//! Fields of a span: name, service, resource, type, start, kind, status, error.

use super::guard::guard;
use super::handles::ddtrace_span;
use super::outcome::{of_full, of_tag, status};
use super::span_tags::{change, snapshot_of};
use super::status::*;
use super::text;
use super::types::DDTRACE_ABSENT;
use crate::record::{Field, flag};
use crate::span::{SpanGuard, SpanKind, SpanStatus, lock_recording};
use std::ffi::c_char;

unsafe fn set_field(span: *mut ddtrace_span, field: Field, value: *const c_char, len: usize) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: passed on.
        status(unsafe {
            text::raw(value, len).and_then(|value| {
                change(span, |span| match field {
                    Field::Service => {
                        let snapshot = snapshot_of(span);
                        span.set_service(snapshot.as_deref(), value).map_err(of_full)
                    }
                    Field::Name => span.set_name(value).map_err(of_full),
                    field => span.set_field(field, value).map_err(of_full),
                })
            })
        })
    })
}

unsafe fn get_field(span: *const ddtrace_span, field: Field, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: passed on.
        unsafe {
            let Ok(Some(span)) = lock_recording(span.cast()) else { return text::copy_out_optional(None, buf, cap) };
            let snapshot = snapshot_of(&span);
            let own = std::str::from_utf8(span.field(field)).unwrap_or_default();
            let shown = match field {
                Field::Service if own.is_empty() => snapshot.as_ref().map_or("", |snapshot| &snapshot.library.service),
                Field::Resource if own.is_empty() => std::str::from_utf8(span.field(Field::Name)).unwrap_or_default(),
                _ => own,
            };
            text::copy_out_optional(Some(shown), buf, cap)
        }
    })
}

/// Sets the operation name.
///
/// @param span        borrowed
/// @param value, len  copied; bytes that are not UTF-8 are replaced
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_LIMIT
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_name(span: *mut ddtrace_span, value: *const c_char, len: usize) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { set_field(span, Field::Name, value, len) }
}

/// Sets the service, in place of the parent's or the configured one; empty: the configured one again. `DD_SERVICE_MAPPING` applies.
///
/// @param span        borrowed
/// @param value, len  copied
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_service(span: *mut ddtrace_span, value: *const c_char, len: usize) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { set_field(span, Field::Service, value, len) }
}

/// Sets the resource; empty: the operation name.
///
/// @param span        borrowed
/// @param value, len  copied
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_resource(span: *mut ddtrace_span, value: *const c_char, len: usize) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { set_field(span, Field::Resource, value, len) }
}

/// Sets the type (`web`, `http`, `db`, `cache`, `queue`, …).
///
/// @param span        borrowed
/// @param value, len  copied
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_type(span: *mut ddtrace_span, value: *const c_char, len: usize) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    unsafe { set_field(span, Field::Type, value, len) }
}

/// Copies the operation name out.
///
/// @param span      borrowed; may be finished
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none, or a span that records nothing
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_name(span: *const ddtrace_span, buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { get_field(span, Field::Name, buf, cap) }
}

/// Copies the effective service out.
///
/// @param span      borrowed; may be finished
/// @param buf, cap  as for `ddtrace_span_get_name`
/// @return as `ddtrace_span_get_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_service(span: *const ddtrace_span, buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { get_field(span, Field::Service, buf, cap) }
}

/// Copies the effective resource out.
///
/// @param span      borrowed; may be finished
/// @param buf, cap  as for `ddtrace_span_get_name`
/// @return as `ddtrace_span_get_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_resource(span: *const ddtrace_span, buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { get_field(span, Field::Resource, buf, cap) }
}

/// Copies the type out.
///
/// @param span      borrowed; may be finished
/// @param buf, cap  as for `ddtrace_span_get_name`
/// @return as `ddtrace_span_get_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_type(span: *const ddtrace_span, buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rules for pointers.
    unsafe { get_field(span, Field::Type, buf, cap) }
}

/// Sets the start. The duration is then the end minus this, by the wall clock.
///
/// @param span      borrowed
/// @param start_ns  Unix time in nanoseconds
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_start(span: *mut ddtrace_span, start_ns: i64) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            change(span, |span| {
                span.head.start_ns = start_ns;
                span.head.set_flag(flag::START_GIVEN, true);
                Ok(())
            })
        })
    })
}

/// Calls `read` with a span that records.
unsafe fn read<R>(span: *const ddtrace_span, otherwise: R, read: impl FnOnce(&SpanGuard) -> R) -> R {
    // SAFETY: passed on.
    match unsafe { lock_recording(span.cast()) } {
        Ok(Some(span)) => read(&span),
        _ => otherwise,
    }
}

/// The start of a span.
///
/// @param span  borrowed; may be finished
/// @return Unix time in nanoseconds; 0 for a handle that is none, or a span that records nothing
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_start(span: *const ddtrace_span) -> i64 {
    // SAFETY: the header's rules for pointers.
    guard(0, || unsafe { read(span, 0, |span| span.head.start_ns) })
}

/// The duration of a finished span.
///
/// @param span  borrowed
/// @return nanoseconds; -1 while the span is open, for a handle that is none, and for a span that records nothing
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_duration(span: *const ddtrace_span) -> i64 {
    // SAFETY: the header's rules for pointers.
    guard(-1, || unsafe { read(span, -1, |span| if span.is_finished || span.is_settled { span.head.duration_ns } else { -1 }) })
}

/// Sets the kind, which becomes the tag `span.kind`; internal and unspecified spans have none.
///
/// @param span  borrowed
/// @param kind  DDTRACE_SPAN_KIND_*; DDTRACE_ERR_INVALID otherwise
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_kind(span: *mut ddtrace_span, kind: i32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let Some(kind) = SpanKind::from_number(kind) else { return DDTRACE_ERR_INVALID };
        // SAFETY: the header's rules for pointers.
        status(unsafe { change(span, |span| span.set_kind(kind).map_err(of_tag)) })
    })
}

/// The kind of a span.
///
/// @param span  borrowed; may be finished
/// @return DDTRACE_SPAN_KIND_*
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_kind(span: *const ddtrace_span) -> i32 {
    // SAFETY: the header's rules for pointers.
    guard(0, || unsafe { read(span, 0, |span| span.kind() as i32) })
}

/// Sets the status by OpenTelemetry's rules: OK is final and clears an earlier error, UNSET changes nothing, a description stays only with
/// ERROR, where it becomes the tag `error.message`.
///
/// @param span              borrowed
/// @param span_status       DDTRACE_SPAN_STATUS_*; DDTRACE_ERR_INVALID otherwise
/// @param description, len  copied; may be NULL with 0
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_status(
    span: *mut ddtrace_span,
    span_status: i32,
    description: *const c_char,
    len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let Some(wanted) = SpanStatus::from_number(span_status) else { return DDTRACE_ERR_INVALID };
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::optional_text(description, len).and_then(|description| {
                let description = description.unwrap_or_default();
                change(span, |span| span.set_status(wanted, description.as_bytes()).map_err(of_tag))
            })
        })
    })
}

/// The status that was set.
///
/// @param span  borrowed; may be finished
/// @return DDTRACE_SPAN_STATUS_*
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_status(span: *const ddtrace_span) -> i32 {
    // SAFETY: the header's rules for pointers.
    guard(0, || unsafe { read(span, 0, |span| span.status() as i32) })
}

/// Marks a span as failed or not; not failed removes `error.message` and `error.type`.
///
/// @param span   borrowed
/// @param error  0: not failed, anything else: failed
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_error(span: *mut ddtrace_span, error: i32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            change(span, |span| {
                span.set_error(error != 0);
                Ok(())
            })
        })
    })
}

/// Whether a span is marked as failed.
///
/// @param span  borrowed; may be finished
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_is_error(span: *const ddtrace_span) -> bool {
    // SAFETY: the header's rules for pointers.
    guard(false, || unsafe { read(span, false, |span| span.head.has(flag::ERROR)) })
}

/// Marks a span as failed and sets `error.type`, `error.message` and `error.stack`, each where it is given.
///
/// @param span                  borrowed
/// @param type, type_len        copied; may be NULL with 0
/// @param message, message_len  copied; may be NULL with 0
/// @param stack, stack_len      copied; may be NULL with 0
/// @return as `ddtrace_span_set_name`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_exception(
    span: *mut ddtrace_span,
    r#type: *const c_char,
    type_len: usize,
    message: *const c_char,
    message_len: usize,
    stack: *const c_char,
    stack_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            let parts = [(r#type, type_len), (message, message_len), (stack, stack_len)];
            let [error_type, message, stack] = parts.map(|(text, len)| text::optional_text(text, len));
            error_type.and_then(|error_type| {
                let (message, stack) = (message?, stack?);
                let [error_type, message, stack] = [&error_type, &message, &stack].map(|text| text.as_deref().map(str::as_bytes));
                change(span, |span| span.set_exception(error_type, message, stack).map_err(of_tag))
            })
        })
    })
}
