//! Finished spans in slots again, so that callbacks read and change them with the calls that they know.
//!
//! They stand in a segment of their own, which is nobody's: spans in it count for no trace, a child of one starts a segment of its own, and
//! finishing one does nothing, as it is with spans of a parent process.

use super::body::SpanBody;
use super::parts::Parts;
use super::slot::{Links, SpanSlot};
use super::tags::TagValue;
use crate::context::TraceState;
use crate::export::Snapshot;
use crate::record::{Extra, Field, Number, RecordRef, SpanData, flag};
use crate::segment::{Segment, TracerLink};
use crate::slot::Slot;
use std::ffi::c_void;

/// The fork generation of the segments of thawed spans: no process has it.
const NOBODY: u32 = u32::MAX;

/// A segment for thawed spans, with one reference. Takes over the reference to `state`.
pub(super) fn thawed_segment(parts: &mut Parts, tracer: TracerLink, state: &'static TraceState) -> Option<&'static Segment> {
    let segment = Segment::new(&mut parts.segments, NOBODY, tracer, 0, state);
    if segment.is_none() {
        state.release(&mut parts.states);
    }
    segment
}

/// A span that may still be changed, from its record.
pub(super) fn thaw_record(
    parts: &mut Parts,
    segment: &'static Segment,
    record: &RecordRef<'_>,
    snapshot: &Snapshot,
) -> Option<*mut c_void> {
    thaw(parts, segment, |body| {
        let is_loaded = body.load(record.head, record.runs, record.extra());
        body.is_settled = true;
        add_base_service(body, snapshot);
        is_loaded
    })
}

/// A span that is only to be read.
pub(super) fn thaw_data(parts: &mut Parts, segment: &'static Segment, number: u32, data: &SpanData) -> Option<*mut c_void> {
    thaw(parts, segment, |body| {
        let head = &mut body.head;
        (head.span_id, head.parent_id, head.start_number) = (data.span_id, data.parent_id, number);
        (head.start_ns, head.duration_ns) = (data.start_ns, data.duration_ns);
        head.flags = flag::LIBRARY_TAGS_COPIED | flag::SERVICE_GIVEN;
        head.set_flag(flag::ERROR, data.error);
        let fields = [
            (Field::Service, &data.service),
            (Field::Name, &data.name),
            (Field::Resource, &data.resource),
            (Field::Type, &data.span_type),
        ];
        let mut fits = fields.iter().all(|(field, text)| body.set_field(*field, text.as_bytes()).is_ok());
        fits &= data.meta.iter().all(|(key, value)| body.set_text(key.as_bytes(), value.as_bytes()).is_ok());
        fits &= data.metrics.iter().all(|(key, value)| body.set_plain_tag(key.as_bytes(), tag_value(*value)).is_ok());
        if !(data.links.is_empty() && data.events.is_empty() && data.meta_struct.is_empty()) {
            let (links, events, meta_struct) = (data.links.clone(), data.events.clone(), data.meta_struct.clone());
            *body.extra_mut() = Extra { links, events, meta_struct };
        }
        body.is_finished = true;
        fits
    })
}

fn tag_value(number: Number) -> TagValue<'static> {
    match number {
        Number::Int(value) => TagValue::Int(value),
        Number::Float(value) => TagValue::Float(value),
    }
}

/// `None`: memory is out, or `fill` says that the span does not fit.
fn thaw(parts: &mut Parts, segment: &'static Segment, fill: impl FnOnce(&mut SpanBody) -> bool) -> Option<*mut c_void> {
    let slot: &'static SpanSlot = parts.spans.take(usize::MAX)?;
    // SAFETY: the slot is fresh from this thread's list.
    let body = unsafe { SpanBody::reset(slot.body_cell()) };
    if !fill(body) {
        body.clear();
        parts.spans.give(slot);
        return None;
    }
    // SAFETY: the slot is still this thread's alone.
    unsafe { *slot.links() = Links { handles: 1, inner: 0, is_closed: true, parent: None } };
    slot.set_segment(segment);
    let Ok(mut guard) = segment.lock() else {
        body.clear();
        parts.spans.give(slot);
        return None;
    };
    guard.references += 1;
    if body.head.has(flag::LOCAL_ROOT) {
        guard.root = slot.header();
    }
    drop(guard);
    slot.header().open_handle();
    Some(slot.header().handle())
}

/// Which the encoders add otherwise, later.
fn add_base_service(body: &mut SpanBody, snapshot: &Snapshot) {
    let (base, configured) = (&snapshot.library.base_service, snapshot.library.service.as_bytes());
    let is_foreign = body.head.service_hash != 0 && !body.field(Field::Service).eq_ignore_ascii_case(configured);
    if is_foreign && base.is_absent(&body.head, &body.runs()) {
        // A span that is full goes without.
        let _ = body.set_text(base.key(), configured);
    }
}
