//! The codec of `x-datadog-tags`: `key=value` pairs with commas between them.
//!
//! Keys are 0x21–0x7E without `,` and `=`, values 0x20–0x7E without `,`; both have at least one character, and blanks around
//! a value do not count. One trailing comma is tolerated. Only keys `_dd.p.…` travel. Inbound limit: 512 bytes; outbound:
//! `DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH`, at most 512. A list that is too long is left out as a whole.

use super::digits::{parse_decimal, parse_lower_hex};
use super::outgoing::Outgoing;
use super::scan::{find, is_printable, split};
use super::sink::{Scratch, ValueBuffer};
use crate::context::{PROPAGATED_PREFIX, TraceTags, trim_blanks};

/// The longest list, in either direction.
pub(super) const MAX_LENGTH: usize = 512;

/// Propagation errors that concern the outgoing list: once one is known, the list is not tried again.
pub(super) const DISABLED: &str = "disabled";
const INJECT_MAX_SIZE: &str = "inject_max_size";
const ENCODING_ERROR: &str = "encoding_error";

const EXTRACT_MAX_SIZE: &str = "extract_max_size";
const DECODING_ERROR: &str = "decoding_error";

/// The header breaks the grammar.
struct Malformed;

/// Reads the header into `tags` and returns the trace id's high half, 0 if there is none.
pub(super) fn read(header: &[u8], enabled: bool, tags: &mut TraceTags) -> u64 {
    match decode(header, enabled) {
        Ok(pairs) => store(pairs, tags),
        Err(error) => {
            tags.set_propagation_error(error);
            0
        }
    }
}

/// Reads nothing but the trace id's high half.
pub(super) fn read_trace_id_high(header: &[u8], enabled: bool) -> u64 {
    let Ok(mut pairs) = decode(header, enabled) else { return 0 };
    let mut high = 0;
    let is_valid = pairs.all(|pair| match pair {
        Ok(("_dd.p.tid", value)) => {
            high = parse_trace_id_high(value).unwrap_or(0);
            true
        }
        other => other.is_ok(),
    });
    if is_valid { high } else { 0 }
}

/// Stores a tag that came in, unless it is one that nobody uses any more. A decision maker must be one.
pub(super) fn store_tag(name: &str, value: &str, tags: &mut TraceTags) {
    match name {
        "upstream_services" => {}
        "dm" if !is_decision_maker(value) => set_first_error(tags, DECODING_ERROR),
        _ => {
            tags.set_named(name, value);
        }
    }
}

/// Writes the list into `list`, which is empty; with nothing to write it stays so.
pub(super) fn write(outgoing: &Outgoing<'_>, max_length: usize, list: &mut Scratch) -> Result<(), &'static str> {
    if max_length == 0 {
        return if outgoing.has_tags() { Err(DISABLED) } else { Ok(()) };
    }
    for tag in outgoing.stored_tags() {
        if !tag.fits_datadog() {
            return Err(ENCODING_ERROR);
        }
        append(list, &[tag.pair()])?;
    }
    if let Some(mechanism) = outgoing.decision_maker {
        append(list, &[b"_dd.p.dm=", mechanism.as_bytes()])?;
    }
    if let Some(rate) = outgoing.rate {
        append(list, &[b"_dd.p.ksr=", rate.as_bytes()])?;
    }
    if let Some(high) = outgoing.trace_id_high_hex() {
        append(list, &[b"_dd.p.tid=", high])?;
    }
    if list.len() > max_length { Err(INJECT_MAX_SIZE) } else { Ok(()) }
}

/// Whether an error tells that the outgoing list was tried already.
pub(super) fn is_outgoing_error(error: &str) -> bool {
    matches!(error, DISABLED | INJECT_MAX_SIZE | ENCODING_ERROR)
}

fn store<'a>(pairs: impl Iterator<Item = Result<(&'a str, &'a str), Malformed>>, tags: &mut TraceTags) -> u64 {
    let mut high = 0;
    for pair in pairs {
        let Ok((key, value)) = pair else {
            tags.clear_tags();
            tags.set_propagation_error(DECODING_ERROR);
            return 0;
        };
        match key.strip_prefix(PROPAGATED_PREFIX) {
            Some("tid") => high = trace_id_high(value, tags),
            Some(name) => store_tag(name, value, tags),
            None => {}
        }
    }
    high
}

fn decode(header: &[u8], enabled: bool) -> Result<impl Iterator<Item = Result<(&str, &str), Malformed>>, &'static str> {
    if !enabled && !header.is_empty() {
        return Err(DISABLED);
    }
    if header.len() > MAX_LENGTH {
        return Err(EXTRACT_MAX_SIZE);
    }
    if !is_printable(header) {
        return Err(DECODING_ERROR);
    }
    let text = std::str::from_utf8(header).map_err(|_| DECODING_ERROR)?;
    let list = (!text.is_empty()).then(|| text.strip_suffix(',').unwrap_or(text));
    Ok(list.into_iter().flat_map(pairs))
}

fn pairs(list: &str) -> impl Iterator<Item = Result<(&str, &str), Malformed>> {
    let mut start = 0;
    split(list.as_bytes(), b',').map(move |pair| {
        let end = start + pair.len();
        let parts = find(pair, b'=').map(|equals| (list.get(start..start + equals), list.get(start + equals + 1..end)));
        start = end + 1;
        let Some((Some(key), Some(value))) = parts else { return Err(Malformed) };
        let value = trim_blanks(value);
        let is_valid = !key.is_empty() && find(key.as_bytes(), b' ').is_none() && !value.is_empty();
        if is_valid { Ok((key, value)) } else { Err(Malformed) }
    })
}

fn trace_id_high(value: &str, tags: &mut TraceTags) -> u64 {
    if let Some(high) = parse_trace_id_high(value) {
        return high;
    }
    let mut error = ValueBuffer::<{ MAX_LENGTH + 16 }>::new();
    let is_complete = error.push(b"malformed_tid ") && error.push(value.as_bytes());
    if let (true, Ok(error)) = (is_complete, std::str::from_utf8(error.as_bytes())) {
        set_first_error(tags, error);
    }
    0
}

fn parse_trace_id_high(value: &str) -> Option<u64> {
    let digits = <&[u8; 16]>::try_from(value.as_bytes()).ok()?;
    parse_lower_hex(digits).filter(|high| *high != 0)
}

/// `-` and a mechanism from 0 to 255 without leading zeros, known or not.
fn is_decision_maker(value: &str) -> bool {
    let Some(digits) = value.strip_prefix('-') else { return false };
    let is_canonical = digits == "0" || !digits.starts_with('0');
    is_canonical && parse_decimal(digits.as_bytes()).is_some_and(|mechanism| mechanism <= 255)
}

fn set_first_error(tags: &mut TraceTags, error: &str) {
    if tags.propagation_error().is_none() {
        tags.set_propagation_error(error);
    }
}

#[inline]
fn append(list: &mut Scratch, pieces: &[&[u8]]) -> Result<(), &'static str> {
    let fits = (list.len() == 0 || list.push(b",")) && pieces.iter().all(|piece| list.push(piece));
    if fits { Ok(()) } else { Err(INJECT_MAX_SIZE) }
}
