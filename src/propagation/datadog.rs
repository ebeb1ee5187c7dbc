//! The Datadog style: ids in decimal, priority, origin and tags in headers of their own.
//!
//! `x-datadog-trace-id` holds the low half of the trace id; the high half travels in `x-datadog-tags` as `_dd.p.tid`.

use super::datadog_tags;
use super::digits::{Decimal, parse_decimal, parse_decimal_i32};
use super::extract::{Ids, Malformed};
use super::headers::{Header, Headers};
use super::outgoing::Outgoing;
use super::sink::{HeaderSink, Push, Scratch, ValueBuffer, put};
use crate::context::Extracted;

/// Reads the whole context.
#[inline(never)]
pub(super) fn read(headers: &Headers<'_>, tags_enabled: bool, into: &mut Extracted) -> Result<Option<Ids>, Malformed> {
    let Some((low, span_id)) = read_low_ids(headers)? else { return Ok(None) };
    into.priority = read_priority(headers);
    if let Some(origin) = headers.get(Header::Origin).and_then(|value| std::str::from_utf8(value).ok()) {
        into.tags.set_origin(origin);
    }
    let tags = headers.get(Header::Tags);
    let high = tags.map_or(0, |header| datadog_tags::read(header, tags_enabled, &mut into.tags));
    Ok(Some(Ids::new(high, low, span_id)))
}

/// Reads nothing but the ids.
pub(super) fn read_ids(headers: &Headers<'_>, tags_enabled: bool) -> Result<Option<Ids>, Malformed> {
    let Some((low, span_id)) = read_low_ids(headers)? else { return Ok(None) };
    let high = headers.get(Header::Tags).map_or(0, |header| datadog_tags::read_trace_id_high(header, tags_enabled));
    Ok(Some(Ids::new(high, low, span_id)))
}

/// Reads nothing but the sampling priority.
pub(super) fn read_priority(headers: &Headers<'_>) -> Option<i32> {
    headers.get(Header::SamplingPriority).and_then(parse_decimal_i32)
}

/// Writes the headers; why the tags were left out, if they were.
pub(super) fn write<S: HeaderSink + ?Sized>(
    outgoing: &Outgoing<'_>,
    tags_max_length: usize,
    sink: &mut S,
) -> Option<&'static str> {
    let (trace_id, span_id) = (Decimal::new(outgoing.trace_id as u64), Decimal::new(outgoing.span_id));
    sink.header(Header::TraceId.name(), trace_id.as_bytes());
    sink.header(Header::ParentId.name(), span_id.as_bytes());
    if let Some(priority) = outgoing.priority {
        let mut value = ValueBuffer::<16>::new();
        push_priority(&mut value, priority);
        sink.header(Header::SamplingPriority.name(), value.as_bytes());
    }
    if let Some(origin) = outgoing.tags.origin() {
        sink.header(Header::Origin.name(), origin.as_bytes());
    }
    let mut error = None;
    put(sink, Header::Tags.name(), |list| {
        error = collect_tags(outgoing, tags_max_length, list);
        error.is_none() && list.len() > 0
    });
    error
}

fn collect_tags(outgoing: &Outgoing<'_>, max_length: usize, list: &mut Scratch<'_>) -> Option<&'static str> {
    let known_error = outgoing.tags.propagation_error();
    if known_error.is_some_and(datadog_tags::is_outgoing_error) {
        return None;
    }
    datadog_tags::write(outgoing, max_length, list).err()
}

/// Appends a priority in decimal; whether it fitted.
#[inline]
pub(super) fn push_priority(text: &mut impl Push, priority: i32) -> bool {
    if let digit @ 0..=9 = priority {
        return text.push(&[b'0' + digit as u8]);
    }
    push_long_priority(text, priority)
}

#[cold]
fn push_long_priority(text: &mut impl Push, priority: i32) -> bool {
    let has_sign = priority > 0 || text.push(b"-");
    has_sign && text.push(Decimal::new(u64::from(priority.unsigned_abs())).as_bytes())
}

#[inline]
fn read_low_ids(headers: &Headers<'_>) -> Result<Option<(u64, u64)>, Malformed> {
    let Some(trace_id) = headers.get(Header::TraceId) else { return Ok(None) };
    let low = parse_decimal(trace_id).filter(|id| *id != 0).ok_or(Malformed)?;
    let span_id = headers.get(Header::ParentId).map_or(Some(0), parse_decimal).ok_or(Malformed)?;
    Ok(Some((low, span_id)))
}
