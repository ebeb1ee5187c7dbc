//! Copies of contexts, whether two are the same, and contexts as JSON.

use super::guard::guard;
use super::handles::ddtrace_context;
use super::outcome::{of_handle, status};
use super::status::*;
use super::text;
use super::types::DDTRACE_ABSENT;
use super::view::with_view_of_context;
use crate::context::{Extracted, TraceTags};
use crate::span::{ContextView, extracted_context, lock_slot, new_context, share_view};
use crate::tracer::with_thread;
use serde_json::{Map, Value, json};
use std::ffi::c_char;

/// Makes a context of another span in the same trace: it shares decision, origin, propagated tags and baggage with the original.
///
/// @param context  borrowed
/// @param span_id  the span; 0: that of the original
/// @param out      receives the copy, owned by the caller: free it with `ddtrace_context_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_copy(
    context: *const ddtrace_context,
    span_id: u64,
    out: *mut *mut ddtrace_context,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_context(context, |thread, view| {
                let copy = match span_id {
                    0 => share_view(context.cast()).map_err(of_handle)?,
                    _ => ContextView { state: view.state.add_reference(), span_id, span: None, is_remote: view.is_remote },
                };
                let handle = new_context(&mut thread.parts, copy).ok_or(DDTRACE_ERR_LIMIT)?;
                out.write(handle.cast());
                Ok(())
            })
        })
    })
}

/// Whether two contexts say the same of a trace: its id, decision, origin, propagated tags, tracestate, links and baggage, and whether it came
/// from another process. The spans that they name may differ.
///
/// @param one    borrowed
/// @param other  borrowed
/// @return false for NULL and handles that were freed, too
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_equals(one: *const ddtrace_context, other: *const ddtrace_context) -> bool {
    guard(false, || {
        // One after the other: never the locks of both at the same time.
        let facts = |context| {
            // SAFETY: the header's rules for pointers.
            unsafe {
                with_view_of_context(context, |_, view| {
                    let priority = view.state.decision().map(|decision| decision.priority);
                    let tags = view.state.read_tags(TraceTags::clone).unwrap_or_default();
                    Ok((view.state.trace_id(), priority, tags, view.is_remote))
                })
            }
        };
        matches!((facts(one), facts(other)), (Ok(one), Ok(other)) if one == other)
    })
}

/// Copies a context out as a JSON object: `trace_id` and `span_id`, `parent_span_id` or null, in hexadecimal; `sampled`, null while the trace is
/// undecided; `baggage`.
///
/// @param context   borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_to_json(context: *const ddtrace_context, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for pointers.
        unsafe {
            let json = with_view_of_context(context, |_, view| Ok(json_of(view).to_string()));
            text::copy_out_optional(json.ok().as_deref(), buf, cap)
        }
    })
}

/// Makes a context of what `ddtrace_context_to_json` wrote, in this process or another. `sampled` becomes the priority 1 or 0. What is missing is
/// not set, and what is not known is passed over.
///
/// @param json, len  borrowed
/// @param out        receives the context, owned by the caller: free it with `ddtrace_context_free`
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID for a text that is no JSON object, or has ids that are none; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_context_from_json(
    json: *const c_char,
    len: usize,
    out: *mut *mut ddtrace_context,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::text(json, len).and_then(|json| {
                let mut extracted = extracted_of(&json).ok_or(DDTRACE_ERR_INVALID)?;
                let handle =
                    with_thread(|thread| extracted_context(&mut thread.parts, &mut extracted)).ok_or(DDTRACE_ERR_LIMIT)?;
                out.write(handle.cast());
                Ok(())
            })
        })
    })
}

fn json_of(view: &ContextView) -> Value {
    let parent_id = view.span.and_then(lock_slot).map_or(0, |span| span.head.parent_id);
    let baggage: Map<String, Value> = view
        .state
        .read_tags(|tags| tags.baggage().iter().map(|(key, value)| (key.to_owned(), value.into())).collect())
        .unwrap_or_default();
    json!({
        "trace_id": format!("{:032x}", view.state.trace_id()),
        "span_id": format!("{:016x}", view.span_id),
        "parent_span_id": (parent_id != 0).then(|| format!("{parent_id:016x}")),
        "sampled": view.state.decision().map(|decision| decision.is_kept()),
        "baggage": baggage,
    })
}

fn extracted_of(json: &str) -> Option<Extracted> {
    let Value::Object(map) = serde_json::from_str(json).ok()? else { return None };
    let mut extracted = Extracted { is_remote: true, ..Extracted::default() };
    extracted.trace_id = id(map.get("trace_id"))?;
    extracted.span_id = u64::try_from(id(map.get("span_id"))?).ok()?;
    extracted.priority = map.get("sampled").and_then(Value::as_bool).map(i32::from);
    for (key, value) in map.get("baggage").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = value.as_str() {
            extracted.tags.baggage_mut().set(key, value);
        }
    }
    Some(extracted)
}

/// An id: hexadecimal digits, or a number. 0 if it is missing.
fn id(value: Option<&Value>) -> Option<u128> {
    match value {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(digits)) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            u128::from_str_radix(digits, 16).ok()
        }
        Some(Value::Number(number)) => number.as_u64().map(u128::from),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_digits_or_numbers() {
        let read = |json: &str| extracted_of(json).map(|context| (context.trace_id, context.span_id, context.priority));
        assert_eq!(read(r#"{"trace_id":"0a","span_id":11,"sampled":false}"#), Some((10, 11, Some(0))));
        assert_eq!(read("{}"), Some((0, 0, None)));
        for json in
            ["", "[]", r#"{"trace_id":"x"}"#, r#"{"trace_id":-1}"#, r#"{"span_id":"11112222333344445"}"#, r#"{"trace_id":"+1"}"#]
        {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
