//! Pins: service and tags that belong to one object of the program.

use super::guard::{guard, guard_status};
use super::handles::{ddtrace_pin, ddtrace_span};
use super::outcome::{of_full, of_tag};
use super::span_tags::{change, snapshot_of};
use super::status::{DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT, DDTRACE_ERR_NULL, ddtrace_status};
use super::tag_input::scalar;
use super::text;
use super::types::{DDTRACE_ABSENT, ddtrace_tag};
use crate::instrument::{Pin, PinValue};
use crate::record::Number;
use crate::slot::{HandleError, cold};
use crate::span::TagValue;
use std::ffi::c_char;
use std::sync::Arc;

/// Makes a pin: what an integration is to say of the spans of one object, such as a client of a database. It never changes, and threads share
/// it freely. Which object has which pin is for the binding to know.
///
/// @param service, len     copied; `(NULL, 0)`: the usual service
/// @param tags, tags_len   copied; no arrays and no maps; may be NULL with 0
/// @param out              receives the pin, owned by the caller: free it with `ddtrace_pin_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_INVALID for a tag of another kind; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pin_new(
    service: *const c_char,
    len: usize,
    tags: *const ddtrace_tag,
    tags_len: usize,
    out: *mut *mut ddtrace_pin,
) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe {
        let (service, tags) = (given_service(service, len)?, given_tags(tags, tags_len)?);
        give_out(Pin::default().with(service, Some(tags)), out)
    })
}

/// Makes a copy of a pin with another service, other tags, or both.
///
/// @param pin             borrowed
/// @param service, len    copied; `(NULL, 0)`: the same service
/// @param tags, tags_len  copied, in place of all tags; NULL: the same tags; not NULL with 0: none
/// @param out             receives the copy, owned by the caller: free it with `ddtrace_pin_free`
/// @return as `ddtrace_pin_new`; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pin_copy(
    pin: *const ddtrace_pin,
    service: *const c_char,
    len: usize,
    tags: *const ddtrace_tag,
    tags_len: usize,
    out: *mut *mut ddtrace_pin,
) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe {
        let pin = cold::get::<Pin, _>(pin)?;
        let service = given_service(service, len)?;
        let has_tags = !tags.is_null() || tags_len > 0;
        let tags = if has_tags { Some(given_tags(tags, tags_len)?) } else { None };
        give_out(pin.with(service, tags), out)
    })
}

/// Adds a reference to a pin.
///
/// @param pin  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pin_ref(pin: *mut ddtrace_pin) -> *mut ddtrace_pin {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rule for handles.
        let added = unsafe { cold::add_reference::<Pin, _>(pin) };
        if added.is_ok() { pin } else { std::ptr::null_mut() }
    })
}

/// Gives a reference back.
///
/// @param pin  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pin_free(pin: *mut ddtrace_pin) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Pin, _>(pin) };
    });
}

/// Copies the service of a pin out.
///
/// @param pin       borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT if the pin has none, and for handles that are no pin
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pin_get_service(pin: *const ddtrace_pin, buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rules for pointers.
    guard(DDTRACE_ABSENT, || unsafe {
        let pin = cold::get::<Pin, _>(pin).ok();
        let service = pin.as_ref().map(|pin| pin.service.as_str()).filter(|service| !service.is_empty());
        text::copy_out_optional(service, buf, cap)
    })
}

/// Copies a tag of a pin out; a number in decimal.
///
/// @param pin           borrowed
/// @param key, key_len  borrowed
/// @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT if there is no such tag, and for handles that are no pin
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pin_get_tag(
    pin: *const ddtrace_pin,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    // SAFETY: the header's rules for pointers.
    guard(DDTRACE_ABSENT, || unsafe {
        let found = cold::get::<Pin, _>(pin).ok().zip(text::text(key, key_len).ok());
        let value = found.and_then(|(pin, key)| pin.tag(&key).map(shown));
        text::copy_out_optional(value.as_deref(), buf, cap)
    })
}

/// Sets the service and the tags of a pin on a span.
///
/// @param pin   borrowed
/// @param span  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_FINISHED; DDTRACE_ERR_LIMIT for tags that were left out; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pin_apply(pin: *const ddtrace_pin, span: *mut ddtrace_span) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe {
        let pin = cold::get::<Pin, _>(pin)?;
        change(span, |span| {
            let mut outcome = Ok(());
            if !pin.service.is_empty() {
                let snapshot = snapshot_of(span);
                outcome = span.set_service(snapshot.as_deref(), pin.service.as_bytes()).map_err(of_full);
            }
            for (key, value) in &pin.tags {
                let value = match value {
                    PinValue::Text(text) => TagValue::Text(text.as_bytes()),
                    PinValue::Number(Number::Int(value)) => TagValue::Int(*value),
                    PinValue::Number(Number::Float(value)) => TagValue::Float(*value),
                };
                outcome = outcome.and(span.set_plain_tag(key.as_bytes(), value).map_err(of_tag));
            }
            outcome
        })
    })
}

/// # Safety
///
/// The header's rule for text.
unsafe fn given_service(service: *const c_char, len: usize) -> Result<Option<String>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { text::optional_text(service, len) }?.map(|service| service.into_owned()))
}

/// # Safety
///
/// The header's rules for tags.
unsafe fn given_tags(tags: *const ddtrace_tag, len: usize) -> Result<Vec<(String, PinValue)>, ddtrace_status> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // SAFETY: the caller's promise.
    let tags = unsafe { text::array(tags, len) }?;
    tags.iter()
        .map(|tag| {
            // SAFETY: the caller's promise.
            let (key, value) = unsafe { (text::raw_str(tag.key)?, scalar(tag)?) };
            let value = match value.ok_or(DDTRACE_ERR_INVALID)? {
                TagValue::Text(text) => PinValue::Text(lossy(text)),
                TagValue::Int(value) => PinValue::Number(Number::Int(value)),
                TagValue::Float(value) if value.is_finite() => PinValue::Number(Number::Float(value)),
                TagValue::Bool(value) => PinValue::Text(value.to_string()),
                TagValue::Float(_) | TagValue::Null => return Err(DDTRACE_ERR_INVALID),
            };
            Ok((lossy(key), value))
        })
        .collect()
}

/// # Safety
///
/// `out` is NULL or a place for a pointer.
unsafe fn give_out(pin: Pin, out: *mut *mut ddtrace_pin) -> Result<(), ddtrace_status> {
    if out.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    let handle = cold::create(Arc::new(pin)).ok_or(DDTRACE_ERR_LIMIT)?;
    // SAFETY: the caller's place.
    unsafe { out.write(handle) };
    Ok(())
}

fn shown(value: &PinValue) -> String {
    match value {
        PinValue::Text(text) => text.clone(),
        PinValue::Number(Number::Int(value)) => value.to_string(),
        PinValue::Number(Number::Float(value)) => value.to_string(),
    }
}
