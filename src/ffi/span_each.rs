//! All tags of a span, one after the other.

use super::guard::guard_status;
use super::handles::ddtrace_span;
use super::outcome::of_handle;
use super::span_tags::snapshot_of;
use super::status::{DDTRACE_ERR_NULL, ddtrace_status};
use super::types::{DDTRACE_TAG_F64, DDTRACE_TAG_I64, DDTRACE_TAG_STRING, ddtrace_str, ddtrace_tag, ddtrace_tag_value};
use crate::record::Number;
use crate::span::{SpanGuard, lock_recording};
use std::ffi::c_void;

enum Value {
    Text(String),
    Number(Number),
}

/// Shows every tag that a span has now, those that the library adds to every span among them: text first, then numbers. A truth value is text,
/// a list or a map has a tag for each of its items.
///
/// @param span       borrowed; may be finished
/// @param visit      called on this thread, once per tag, which is of the kind DDTRACE_TAG_STRING, DDTRACE_TAG_F64 or DDTRACE_TAG_I64 and is
///                   valid during the call. The span is not locked: what the function changes is not shown any more
/// @param user_data  passed to `visit`
/// @return DDTRACE_OK, also for a span that records nothing; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_each_tag(
    span: *const ddtrace_span,
    visit: Option<unsafe extern "C" fn(user_data: *mut c_void, tag: *const ddtrace_tag)>,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard_status(|| {
        let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
        // SAFETY: the header's rule for handles.
        let Some(locked) = unsafe { lock_recording(span.cast()) }.map_err(of_handle)? else { return Ok(()) };
        let tags = tags_of(&locked);
        drop(locked);
        for (key, value) in &tags {
            let (kind, value) = match value {
                Value::Text(text) => (DDTRACE_TAG_STRING, ddtrace_tag_value { string: ddtrace_str::new(text) }),
                Value::Number(Number::Int(value)) => (DDTRACE_TAG_I64, ddtrace_tag_value { i64: *value }),
                Value::Number(Number::Float(value)) => (DDTRACE_TAG_F64, ddtrace_tag_value { f64: *value }),
            };
            let tag = ddtrace_tag { key: ddtrace_str::new(key), kind, reserved: 0, value };
            // SAFETY: the caller gave the two together, and the texts outlive the call.
            unsafe { visit(user_data, &raw const tag) };
        }
        Ok(())
    })
}

fn tags_of(span: &SpanGuard) -> Vec<(String, Value)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let snapshot = snapshot_of(span);
    let runs = span.runs();
    let mut tags: Vec<_> = runs.each_text().map(|(key, value)| (text(key), Value::Text(text(value)))).collect();
    for entry in snapshot.iter().flat_map(|snapshot| snapshot.library.of_span(&span.head)) {
        if entry.is_absent(&span.head, &runs) {
            tags.push((text(entry.key()), Value::Text(entry.value_text().unwrap_or_default().to_owned())));
        }
    }
    tags.extend(runs.each_number().map(|(key, value)| (text(key), Value::Number(value))));
    tags
}
