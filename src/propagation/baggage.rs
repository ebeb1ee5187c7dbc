//! The `baggage` header of W3C Baggage (<https://www.w3.org/TR/baggage/>), and the legacy `ot-baggage-<key>` headers.
//!
//! Keys and values are percent-encoded UTF-8. Limits in both directions: by default 64 items and 8192 bytes; what comes
//! after the first item that exceeds them is left out. One malformed member discards the whole header. Metadata of members
//! (after `;`) is not kept.

use super::headers::{OT_BAGGAGE_PREFIX, trim_blanks};
use super::report::{ExtractReport, InjectReport};
use super::sink::{HeaderSink, ValueBuffer};
use crate::context::Baggage;
use std::borrow::Cow;

const HEADER: &str = "baggage";
/// The longest header that a bare stack buffer takes.
const SHORT_HEADER: usize = 512;
/// The longest legacy header, name and value each.
const MAX_LEGACY: usize = 1024;

/// How much baggage travels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) items: usize,
    pub(super) bytes: usize,
}

/// The header is to be discarded.
pub(super) struct Malformed;

/// Reads the header into `baggage`.
#[inline(never)]
pub(super) fn read(header: &[u8], limits: Limits, baggage: &mut Baggage, report: &mut ExtractReport) -> Result<(), Malformed> {
    let (accepted, exceeded) = within_limits(header, limits);
    report.baggage_items_exceeded |= matches!(exceeded, Some(Exceeded::Items));
    report.baggage_bytes_exceeded |= matches!(exceeded, Some(Exceeded::Bytes));
    let members = || accepted.split(|byte| *byte == b',').filter(|_| !accepted.is_empty());
    if !members().all(|member| split_member(member).is_some()) {
        return Err(Malformed);
    }
    for (key, value) in members().filter_map(split_member) {
        baggage.set(&decode(key), &decode(value));
    }
    Ok(())
}

/// Takes one legacy header, as it is.
pub(super) fn read_legacy(key: &[u8], value: &[u8], limits: Limits, baggage: &mut Baggage) {
    let value = trim_blanks(value);
    let has_place = baggage.len() < limits.items && key.len() + value.len() <= limits.bytes;
    if has_place && !value.is_empty() {
        baggage.set(&String::from_utf8_lossy(key).to_ascii_lowercase(), &String::from_utf8_lossy(value));
    }
}

/// Writes the header; whether there was anything to write.
pub(super) fn write<S: HeaderSink + ?Sized>(baggage: &Baggage, limits: Limits, report: &mut InjectReport, sink: &mut S) -> bool {
    let (count, len) = measure(baggage, limits, report);
    let items = || sendable(baggage).take(count);
    match len {
        0 => return false,
        1..=SHORT_HEADER => {
            let mut value = ValueBuffer::<SHORT_HEADER>::new();
            encode_all(items(), &mut |bytes| {
                value.push(bytes);
            });
            sink.header(HEADER, value.as_bytes());
        }
        _ => {
            let mut value = Vec::with_capacity(len);
            encode_all(items(), &mut |bytes| value.extend_from_slice(bytes));
            sink.header(HEADER, &value);
        }
    }
    true
}

/// Writes one legacy header per item whose key and value a header can hold as they are.
pub(super) fn write_legacy<S: HeaderSink + ?Sized>(baggage: &Baggage, limits: Limits, sink: &mut S) {
    let mut items = sendable(baggage).take(limits.items);
    while let Some((key, value)) = items.next() {
        // Names of headers have no case, so the item that was set last stands for all that differ in nothing else.
        if items.clone().any(|(later, _)| later.eq_ignore_ascii_case(key)) {
            continue;
        }
        let is_plain = key.bytes().all(is_token) && value.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        let mut name = ValueBuffer::<MAX_LEGACY>::new();
        let fits = is_plain && name.push(OT_BAGGAGE_PREFIX.as_bytes()) && name.push(key.as_bytes());
        if let (true, true, Ok(name)) = (fits, value.len() <= MAX_LEGACY, std::str::from_utf8(name.as_bytes())) {
            sink.header(name, value.as_bytes());
        }
    }
}

enum Exceeded {
    Items,
    Bytes,
}

/// The beginning of a header that keeps the limits, whole members only, and which limit cut it.
fn within_limits(header: &[u8], limits: Limits) -> (&[u8], Option<Exceeded>) {
    if limits.items == 0 {
        return (&[], Some(Exceeded::Items));
    }
    let commas = || header.iter().enumerate().filter(|(_, byte)| **byte == b',').map(|(place, _)| place);
    let by_items = commas().nth(limits.items - 1);
    let in_items = by_items.map_or(header, |end| header.get(..end).unwrap_or_default());
    if in_items.len() <= limits.bytes {
        return (in_items, by_items.map(|_| Exceeded::Items));
    }
    let end = commas().take_while(|place| *place <= limits.bytes).last().unwrap_or(0);
    (header.get(..end).unwrap_or_default(), Some(Exceeded::Bytes))
}

/// Key and value of a member, still encoded.
fn split_member(member: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = member.iter().position(|byte| *byte == b'=')?;
    let (key, rest) = member.split_at_checked(equals)?;
    let value = rest.get(1..)?.split(|byte| *byte == b';').next()?;
    let (key, value) = (trim_blanks(key), trim_blanks(value));
    (!key.is_empty() && !value.is_empty()).then_some((key, value))
}

/// Undoes percent-encoding. A `%` without two digits stays; invalid UTF-8 is replaced.
fn decode(text: &[u8]) -> Cow<'_, str> {
    if !text.contains(&b'%') {
        return String::from_utf8_lossy(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.split_first_chunk::<2>().filter(|_| byte == b'%');
        let value = escaped.and_then(|(digits, after)| Some((super::digits::parse_hex(digits)? as u8, after)));
        let (byte, after) = value.unwrap_or((byte, after));
        decoded.push(byte);
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// Items that a receiver takes. An empty key or value would make it discard the whole header.
fn sendable(baggage: &Baggage) -> impl Iterator<Item = (&str, &str)> + Clone {
    baggage.iter().map(|(key, value)| (key.trim(), value.trim())).filter(|(key, value)| !key.is_empty() && !value.is_empty())
}

/// How many items fit, and how many bytes they take with their commas.
fn measure(baggage: &Baggage, limits: Limits, report: &mut InjectReport) -> (usize, usize) {
    let (mut count, mut len) = (0, 0);
    for (key, value) in sendable(baggage) {
        if count == limits.items {
            report.baggage_items_exceeded = true;
            break;
        }
        let added = usize::from(count > 0) + encoded_len(key, is_token) + 1 + encoded_len(value, is_value_char);
        if len + added > limits.bytes {
            report.baggage_bytes_exceeded = true;
            break;
        }
        count += 1;
        len += added;
    }
    (count, len)
}

fn encode_all<'a>(items: impl Iterator<Item = (&'a str, &'a str)>, push: &mut impl FnMut(&[u8])) {
    for (index, (key, value)) in items.enumerate() {
        if index > 0 {
            push(b",");
        }
        encode(key, is_token, push);
        push(b"=");
        encode(value, is_value_char, push);
    }
}

fn encode(text: &str, is_plain: fn(u8) -> bool, push: &mut impl FnMut(&[u8])) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if is_plain(byte) {
            push(&[byte]);
        } else {
            push(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0x0f)]]);
        }
    }
}

fn encoded_len(text: &str, is_plain: fn(u8) -> bool) -> usize {
    text.bytes().map(|byte| if is_plain(byte) { 1 } else { 3 }).sum()
}

/// Characters of an RFC 7230 token, but `%`, which begins an escape.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte)
}

/// What a value may hold as it is.
fn is_value_char(byte: u8) -> bool {
    is_token(byte) || b"()/:<>?@[]{}".contains(&byte)
}
