//! Events, exceptions, links and pointers of a span, and the span as JSON.

use super::guard::guard;
use super::handles::{ddtrace_context, ddtrace_span};
use super::outcome::{of_handle, of_tag, status};
use super::span_tags::{change, snapshot_of};
use super::status::*;
use super::tag_input::{clean_text, event_attributes, link_attributes};
use super::types::*;
use super::{sized, text};
use crate::context::{TraceState, TraceTags};
use crate::export::span_json;
use crate::propagation::tracestate_of;
use crate::record::{AttributeValue, Field, SpanData, SpanEvent, SpanLink, flag, unix_ns};
use crate::span::{AnySpan, SpanGuard, drop_view, lock_recording, lock_span, share_view};
use crate::tracer::with_thread;
use std::ffi::c_char;

/// Adds an event.
///
/// @param span                        borrowed
/// @param name, name_len              copied
/// @param time_ns                     Unix time in nanoseconds; 0: now; a negative time counts as the beginning of 1970
/// @param attributes, attributes_len  copied: strings, truth values, integers, finite numbers, arrays of one of these; others are left out
///                                    with a warning
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_INVALID for an attribute of unknown kind,
///         DDTRACE_ERR_LIMIT for more than 4,096 events
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_add_event(
    span: *mut ddtrace_span,
    name: *const c_char,
    name_len: usize,
    time_ns: i64,
    attributes: *const ddtrace_tag,
    attributes_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::raw(name, name_len).and_then(|name| {
                let attributes = event_attributes(text::array(attributes, attributes_len)?)?;
                add_event(span, clean_text(name), time_ns, attributes)
            })
        })
    })
}

unsafe fn add_event(
    span: *mut ddtrace_span,
    name: String,
    time_ns: i64,
    attributes: Vec<(String, AttributeValue)>,
) -> Result<(), ddtrace_status> {
    let event = event_at(time_ns, name, attributes);
    // SAFETY: passed on.
    unsafe { change(span, |span| push_event(span, event)) }
}

fn event_at(time_ns: i64, name: String, attributes: Vec<(String, AttributeValue)>) -> SpanEvent {
    let time = if time_ns == 0 { unix_ns() } else { time_ns };
    SpanEvent { name, time_unix_nano: u64::try_from(time).unwrap_or(0), attributes }
}

fn push_event(span: &mut SpanGuard, event: SpanEvent) -> Result<(), ddtrace_status> {
    let fits = span.extra().is_none_or(|extra| extra.events.len() < crate::record::MAX_ENTRIES);
    if fits && span.extra_mut().add_event(event) { Ok(()) } else { Err(DDTRACE_ERR_LIMIT) }
}

/// Adds an event `exception` with the attributes `exception.type`, `exception.message` and `exception.stacktrace`; given attributes of the
/// same names replace them. It does not mark the span as failed: `ddtrace_span_set_exception` does.
///
/// On a span of the OpenTelemetry API (DDTRACE_SPAN_FLAG_OTEL) the event also has `exception.escaped` (`False` unless it is given), and the tags
/// `error.type`, `error.message` and `error.stack` show what the event says; what it does not say is empty, or the language's name for any
/// exception.
///
/// @param span                        borrowed
/// @param type, type_len              copied; may be NULL with 0
/// @param message, message_len        copied; may be NULL with 0
/// @param stack, stack_len            copied; may be NULL with 0
/// @param attributes, attributes_len  as for `ddtrace_span_add_event`
/// @return as `ddtrace_span_add_event`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_record_exception(
    span: *mut ddtrace_span,
    r#type: *const c_char,
    type_len: usize,
    message: *const c_char,
    message_len: usize,
    stack: *const c_char,
    stack_len: usize,
    attributes: *const ddtrace_tag,
    attributes_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let parts = [
            ("exception.type", r#type, type_len),
            ("exception.message", message, message_len),
            ("exception.stacktrace", stack, stack_len),
        ];
        // SAFETY: the header's rules for pointers.
        let recorded = unsafe {
            text::array(attributes, attributes_len).and_then(|attributes| event_attributes(attributes)).and_then(|given| {
                let mut all = Vec::new();
                for (key, part, len) in parts {
                    let Some(part) = text::optional_text(part, len)? else { continue };
                    if !given.iter().any(|(given, _)| given == key) {
                        all.push((key.to_owned(), AttributeValue::String(clean_text(part.as_bytes()))));
                    }
                }
                all.extend(given);
                let mut event = event_at(0, "exception".to_owned(), all);
                change(span, |span| {
                    if span.head.has(flag::OTEL) {
                        let snapshot = snapshot_of(span);
                        let language = snapshot.as_deref().map_or("", |snapshot| &snapshot.config.settings.runtime.language);
                        span.note_exception(&mut event, language).map_err(of_tag)?;
                    }
                    push_event(span, event)
                })
            })
        };
        status(recorded)
    })
}

/// Adds a link to a span of any trace. A second link to the same span replaces the first.
///
/// @param span  borrowed
/// @param link  borrowed, copied; zero ids answer DDTRACE_ERR_INVALID
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_INVALID, DDTRACE_ERR_UNSUPPORTED,
///         DDTRACE_ERR_LIMIT for more than 4,096 links
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_add_link(span: *mut ddtrace_span, link: *const ddtrace_link) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            sized::read(link).and_then(|link| {
                let attributes = link_attributes(text::array(link.attributes, link.attributes_len)?)?;
                let tracestate = clean_text(text::raw_str(link.tracestate)?);
                let trace_id = (u128::from(link.trace_id_high) << 64) | u128::from(link.trace_id_low);
                let flags = (link.has_flags != 0).then_some(link.flags & !(1 << 31));
                add_link(span, SpanLink { trace_id, span_id: link.span_id, tracestate, flags, attributes })
            })
        })
    })
}

unsafe fn add_link(span: *mut ddtrace_span, link: SpanLink) -> Result<(), ddtrace_status> {
    let has_ids = link.trace_id != 0 && link.span_id != 0;
    let has_content = !link.attributes.is_empty() || !link.tracestate.is_empty();
    // SAFETY: passed on.
    let outcome = unsafe {
        change(span, |span| {
            // The OpenTelemetry API keeps a link that says something, wherever it leads.
            let is_wanted = has_ids || (has_content && span.head.has(flag::OTEL));
            if !is_wanted {
                return Err(DDTRACE_ERR_INVALID);
            }
            if span.extra_mut().add_link(link) { Ok(()) } else { Err(DDTRACE_ERR_LIMIT) }
        })
    };
    if outcome == Err(DDTRACE_ERR_INVALID) {
        crate::log::log_warn!("a span link is left out: its trace id or span id is 0");
    }
    outcome
}

unsafe fn push_link(span: *mut ddtrace_span, link: SpanLink) -> Result<(), ddtrace_status> {
    // SAFETY: passed on.
    unsafe {
        change(span, |span| {
            let fits = span.extra_mut().add_link(link);
            if fits { Ok(()) } else { Err(DDTRACE_ERR_LIMIT) }
        })
    }
}

/// A link to a place in a trace of this process, or of one that came in.
fn link_to(state: &TraceState, span_id: u64, is_local: bool, attributes: Vec<(String, String)>) -> SpanLink {
    let decision = state.decision();
    let received = state.read_tags(|tags| tags.tracestate().map(str::to_owned)).flatten();
    // Where none came in, what would be injected, if there is something to say.
    let own = || decision.and_then(|_| tracestate_of(state, span_id, is_local));
    SpanLink {
        trace_id: state.trace_id(),
        span_id,
        tracestate: received.or_else(own).unwrap_or_default(),
        flags: decision.map(|decision| u32::from(decision.is_kept())),
        attributes,
    }
}

/// Adds a link to another span of this process.
///
/// @param span                        borrowed
/// @param other                       borrowed; may be finished
/// @param attributes, attributes_len  copied; all values become strings, lists one attribute per leaf
/// @return as `ddtrace_span_add_link`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_link_span(
    span: *mut ddtrace_span,
    other: *const ddtrace_span,
    attributes: *const ddtrace_tag,
    attributes_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::array(attributes, attributes_len).and_then(|attributes| {
                let attributes = link_attributes(attributes)?;
                let link = with_thread(|thread| match lock_span(other.cast()).map_err(of_handle)? {
                    AnySpan::Light(mut light) => {
                        let state = light.state(&mut thread.parts).ok_or(DDTRACE_ERR_LIMIT)?;
                        Ok::<SpanLink, ddtrace_status>(link_to(state, light.span_id(&mut thread.parts), true, attributes))
                    }
                    AnySpan::Recording(other) => {
                        let state = other.trace_state().ok_or(DDTRACE_ERR_HANDLE)?;
                        Ok(link_to(state, other.head.span_id, true, attributes))
                    }
                })?;
                add_link(span, link)
            })
        })
    })
}

/// Adds a link to the place that a context names, with its tracestate and, if its trace is decided, its sampled flag.
///
/// @param span                        borrowed
/// @param other                       borrowed
/// @param attributes, attributes_len  copied; all values become strings, lists one attribute per leaf
/// @return as `ddtrace_span_add_link`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_link_context(
    span: *mut ddtrace_span,
    other: *const ddtrace_context,
    attributes: *const ddtrace_tag,
    attributes_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::array(attributes, attributes_len).and_then(|attributes| {
                let attributes = link_attributes(attributes)?;
                let view = share_view(other.cast()).map_err(of_handle)?;
                let link = link_to(view.state, view.span_id, !view.is_remote, attributes);
                with_thread(|thread| drop_view(&mut thread.parts, &view));
                add_link(span, link)
            })
        })
    })
}

/// Adds a span pointer: a link not to a span but to an object that another span touched too.
///
/// @param span            borrowed
/// @param kind, kind_len  copied: `aws.s3.object`, `aws.dynamodb.item`, …
/// @param direction       0: upstream, anything else: downstream
/// @param hash, hash_len  copied: the object's hash
/// @return as `ddtrace_span_add_link`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_add_pointer(
    span: *mut ddtrace_span,
    kind: *const c_char,
    kind_len: usize,
    direction: i32,
    hash: *const c_char,
    hash_len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::raw(kind, kind_len).and_then(|kind| {
                let hash = clean_text(text::raw(hash, hash_len)?);
                let direction = if direction == 0 { "u" } else { "d" };
                let attributes = [
                    ("link.kind", "span-pointer".to_owned()),
                    ("ptr.kind", clean_text(kind)),
                    ("ptr.dir", direction.to_owned()),
                    ("ptr.hash", hash),
                ];
                let attributes = attributes.map(|(key, value)| (key.to_owned(), value)).to_vec();
                push_link(span, SpanLink { attributes, ..SpanLink::default() })
            })
        })
    })
}

/// Copies a span out as JSON, as the console exporter writes it, without the tags that only finished chunks get.
///
/// @param span      borrowed; may be finished
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none, or a span that records nothing
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_to_json(span: *const ddtrace_span, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for pointers.
        unsafe {
            let Ok(Some(span)) = lock_recording(span.cast()) else { return text::copy_out_optional(None, buf, cap) };
            let snapshot = snapshot_of(&span);
            let state = span.trace_state();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let runs = span.runs();
            let or = |own: String, other: String| if own.is_empty() { other } else { own };
            let service = snapshot.as_ref().map_or_else(String::new, |snapshot| snapshot.library.service.clone());
            let mut data = SpanData {
                trace_id: state.map_or(0, |state| state.trace_id()),
                span_id: span.head.span_id,
                parent_id: span.head.parent_id,
                name: text(span.field(Field::Name)),
                service: or(text(span.field(Field::Service)), service),
                resource: or(text(span.field(Field::Resource)), text(span.field(Field::Name))),
                span_type: text(span.field(Field::Type)),
                start_ns: span.head.start_ns,
                duration_ns: span.head.duration_ns,
                error: span.head.has(flag::ERROR),
                meta: runs.each_text().map(|(key, value)| (text(key), text(value))).collect(),
                metrics: runs.each_number().map(|(key, value)| (text(key), value)).collect(),
                ..SpanData::default()
            };
            if let Some(extra) = span.extra() {
                data.links.clone_from(&extra.links);
                data.events.clone_from(&extra.events);
                data.meta_struct.clone_from(&extra.meta_struct);
            }
            let baggage =
                |tags: &TraceTags| tags.baggage().iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            data.baggage = state.and_then(|state| state.read_tags(baggage)).unwrap_or_default();
            for entry in snapshot.iter().flat_map(|snapshot| snapshot.library.of_span(&span.head)) {
                if entry.is_absent(&span.head, &runs) {
                    data.meta.push((text(entry.key()), entry.value_text().unwrap_or_default().to_owned()));
                }
            }
            drop(span);
            text::copy_out_optional(Some(&span_json(&data).to_string()), buf, cap)
        }
    })
}
