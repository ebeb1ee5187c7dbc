//! The B3 styles of Zipkin (<https://github.com/openzipkin/b3-propagation>): `x-b3-*` headers, and the single header `b3`.
//!
//! Ids are read in either case, of up to 32 and 16 digits, and written with 32 or 16 and with 16 lowercase digits. A zero id
//! counts as absent. The sampling states 0, 1 and debug are the priorities 0, 1 and 2.

use super::digits::{parse_hex, parse_hex128};
use super::extract::{Ids, Malformed};
use super::headers::{Header, Headers};
use super::outgoing::Outgoing;
use super::sink::{HeaderSink, ValueBuffer};

const DEBUG_PRIORITY: i32 = 2;

/// Ids and sampling priority of one context.
type Context = (Ids, Option<i32>);

/// Reads the `x-b3-*` headers.
#[inline(never)]
pub(super) fn read_multi(headers: &Headers<'_>) -> Result<Option<Context>, Malformed> {
    let Some(trace_id) = headers.get(Header::B3TraceId) else { return Ok(None) };
    let trace_id = parse_hex128(trace_id).filter(|id| *id != 0).ok_or(Malformed)?;
    let span_id = headers.get(Header::B3SpanId).map_or(Some(0), parse_hex).ok_or(Malformed)?;
    let priority = match (headers.get(Header::B3Flags), headers.get(Header::B3Sampled)) {
        (Some(b"1"), _) => Some(DEBUG_PRIORITY),
        (_, Some(b"1")) => Some(1),
        (_, Some(b"0")) => Some(0),
        _ => None,
    };
    Ok(Some((Ids::of_trace(trace_id, span_id), priority)))
}

/// Reads the `b3` header. A lone sampling state is valid, but no context.
#[inline(never)]
pub(super) fn read_single(headers: &Headers<'_>) -> Result<Option<Context>, Malformed> {
    let Some(value) = headers.get(Header::B3) else { return Ok(None) };
    let mut parts = value.split(|byte| *byte == b'-');
    let (Some(trace_id), Some(span_id)) = (parts.next(), parts.next()) else { return Ok(None) };
    let trace_id = parse_hex128(trace_id).filter(|id| *id != 0).ok_or(Malformed)?;
    let span_id = parse_hex(span_id).filter(|id| *id != 0).ok_or(Malformed)?;
    let priority = match parts.next() {
        Some(b"0") => Some(0),
        Some(b"1") => Some(1),
        Some(b"d") => Some(DEBUG_PRIORITY),
        _ => None,
    };
    Ok(Some((Ids::of_trace(trace_id, span_id), priority)))
}

/// Writes the `x-b3-*` headers.
pub(super) fn write_multi<S: HeaderSink + ?Sized>(outgoing: &Outgoing<'_>, sink: &mut S) {
    sink.header(Header::B3TraceId.name(), short_trace_id(outgoing));
    sink.header(Header::B3SpanId.name(), &outgoing.span_id_hex);
    match outgoing.priority {
        Some(DEBUG_PRIORITY..) => sink.header(Header::B3Flags.name(), b"1"),
        Some(1) => sink.header(Header::B3Sampled.name(), b"1"),
        Some(_) => sink.header(Header::B3Sampled.name(), b"0"),
        None => {}
    }
}

/// Writes the `b3` header.
pub(super) fn write_single<S: HeaderSink + ?Sized>(outgoing: &Outgoing<'_>, sink: &mut S) {
    let mut value = ValueBuffer::<64>::new();
    value.push(short_trace_id(outgoing));
    value.push(b"-");
    value.push(&outgoing.span_id_hex);
    value.push(match outgoing.priority {
        Some(DEBUG_PRIORITY..) => b"-d",
        Some(1) => b"-1",
        Some(_) => b"-0",
        None => b"",
    });
    sink.header(Header::B3.name(), value.as_bytes());
}

/// All digits of a 128-bit id, the low half of others.
fn short_trace_id<'a>(outgoing: &'a Outgoing<'_>) -> &'a [u8] {
    let digits = &outgoing.trace_id_hex;
    if outgoing.trace_id >> 64 == 0 { digits.last_chunk::<16>().map_or(digits, |low| low) } else { digits }
}
