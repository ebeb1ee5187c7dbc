//! The W3C Trace Context style (Level 2, <https://www.w3.org/TR/trace-context-2/>): `traceparent`, here, and `tracestate`.
//!
//! `traceparent` is read strictly: lowercase digits, no zero ids, version `ff` is invalid, `00` has exactly 55 characters,
//! and later versions may have more after a `-`. Written is version `00`. Of the flags, `sampled` alone is used.

use super::digits::{parse_lower_hex, parse_lower_hex_byte};
use super::extract::{Ids, Malformed};
use super::headers::{Header, Headers};
use super::outgoing::Outgoing;
use super::report::ExtractReport;
use super::sink::{HeaderSink, put};
use super::tracestate::{self, MemberList};
use crate::context::{DECISION_MAKER, Extracted};

const LENGTH: usize = 55;
const SAMPLED: u8 = 1;
/// The origin of browser sessions, which may leave the decision to us.
const RUM: &str = "rum";

/// Reads the whole context.
#[inline(never)]
pub(super) fn read(headers: &Headers<'_>, into: &mut Extracted, report: &mut ExtractReport) -> Result<Option<Ids>, Malformed> {
    let Some((ids, is_sampled)) = read_traceparent(headers)? else { return Ok(None) };
    let list = headers.get(Header::TraceState).and_then(MemberList::parse);
    let state = list.map(|list| tracestate::store(&list, &mut into.tags, report)).and_then(|items| items.priority);
    into.priority = resolve_priority(is_sampled, state, into.tags.origin());
    match into.priority {
        Some(priority) if Some(priority) == state => {}
        // The flag was turned on or off by someone else than the decision maker.
        Some(1..) => {
            into.tags.set(DECISION_MAKER, "-0");
        }
        Some(_) => {
            into.tags.remove(DECISION_MAKER);
        }
        None => {}
    }
    Ok(Some(ids))
}

/// Reads nothing but the ids.
pub(super) fn read_ids(headers: &Headers<'_>) -> Result<Option<Ids>, Malformed> {
    Ok(read_traceparent(headers)?.map(|(ids, _)| ids))
}

/// Reads nothing but the sampling priority.
pub(super) fn read_priority(headers: &Headers<'_>) -> Option<i32> {
    let (_, is_sampled) = read_traceparent(headers).ok()??;
    let list = headers.get(Header::TraceState).and_then(MemberList::parse);
    let items = list.map(|list| tracestate::read_items(&list)).unwrap_or_default();
    resolve_priority(is_sampled, items.priority, items.origin)
}

/// Takes over what another style's context of the same trace cannot have: other vendors' members and unknown items.
/// Returns the last Datadog parent, if the tracestate names it.
pub(super) fn merge<'a>(headers: &'a Headers<'_>, into: &mut Extracted, report: &mut ExtractReport) -> Option<&'a str> {
    let list = headers.get(Header::TraceState).and_then(MemberList::parse)?;
    tracestate::store_foreign(&list, &mut into.tags, report).parent_id
}

/// The whole tracestate, if it is valid.
pub(super) fn full_state<'a>(headers: &'a Headers<'_>) -> Option<&'a str> {
    headers.get(Header::TraceState).and_then(MemberList::parse).map(|list| list.text())
}

/// Writes both headers.
pub(super) fn write<S: HeaderSink + ?Sized>(outgoing: &Outgoing<'_>, sink: &mut S) {
    sink.header(Header::TraceParent.name(), &format_traceparent(outgoing));
    put(sink, Header::TraceState.name(), |list| {
        tracestate::write(outgoing, list);
        list.len() > 0
    });
}

fn format_traceparent(outgoing: &Outgoing<'_>) -> [u8; LENGTH] {
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
    text[3..35].copy_from_slice(&outgoing.trace_id_hex);
    text[36..52].copy_from_slice(&outgoing.span_id_hex);
    if outgoing.priority.is_some_and(|priority| priority > 0) {
        text[54] = b'1';
    }
    text
}

/// The `sampled` flag and the priority of the tracestate must agree; where they do not, the flag counts.
fn resolve_priority(is_sampled: bool, state: Option<i32>, origin: Option<&str>) -> Option<i32> {
    let is_rum = origin == Some(RUM);
    match state {
        None if is_rum => None,
        Some(0) if is_rum => Some(0),
        Some(priority) if (priority > 0) == is_sampled => Some(priority),
        _ => Some(i32::from(is_sampled)),
    }
}

fn read_traceparent(headers: &Headers<'_>) -> Result<Option<(Ids, bool)>, Malformed> {
    headers.get(Header::TraceParent).map(|value| parse_traceparent(value).ok_or(Malformed)).transpose()
}

fn parse_traceparent(value: &[u8]) -> Option<(Ids, bool)> {
    let (fields, rest) = value.split_first_chunk::<LENGTH>()?;
    let (version, fields) = fields.split_first_chunk::<2>()?;
    let (high, fields) = fields.strip_prefix(b"-")?.split_first_chunk::<16>()?;
    let (low, fields) = fields.split_first_chunk::<16>()?;
    let (span_id, fields) = fields.strip_prefix(b"-")?.split_first_chunk::<16>()?;
    let flags = fields.strip_prefix(b"-")?.first_chunk::<2>()?;
    let has_valid_end = match version {
        b"00" => rest.is_empty(),
        b"ff" => false,
        _ => parse_lower_hex_byte(version).is_some() && (rest.is_empty() || rest.starts_with(b"-")),
    };
    let ids = Ids::new(parse_lower_hex(high)?, parse_lower_hex(low)?, parse_lower_hex(span_id)?);
    let is_sampled = match flags {
        b"00" => false,
        b"01" => true,
        _ => parse_lower_hex_byte(flags)? & SAMPLED != 0,
    };
    (has_valid_end && ids.trace_id() != 0 && ids.span_id != 0).then_some((ids, is_sampled))
}
