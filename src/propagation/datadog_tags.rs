//! The codec of `x-datadog-tags`: `key=value` pairs with commas between them.
//!
//! Keys are 0x21–0x7E without `,` and `=`, values 0x20–0x7E without `,`; both have at least one character, and blanks around
//! a value do not count. One trailing comma is tolerated. Only keys `_dd.p.…` travel. Inbound limit: 512 bytes; outbound:
//! `DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH`, at most 512. A list that is too long is left out as a whole.

use super::digits::{parse_decimal, parse_lower_hex};
use super::outgoing::Outgoing;
use super::scan::find_any;
use super::sink::{Scratch, ValueBuffer};
use crate::context::{PROPAGATED_PREFIX, TraceTags, printable, trim_blanks};

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
pub(super) fn write(outgoing: &Outgoing<'_>, max_length: usize, list: &mut Scratch<'_>) -> Result<(), &'static str> {
    if max_length == 0 {
        return if outgoing.has_tags() { Err(DISABLED) } else { Ok(()) };
    }
    for tag in outgoing.stored_tags() {
        if !tag.fits_datadog() {
            return Err(ENCODING_ERROR);
        }
        append(list, &[tag.pair()])?;
    }
    if let Some(marker) = outgoing.marker {
        append(list, &[b"_dd.p.opm=", marker.as_bytes()])?;
    }
    if let Some(mechanism) = outgoing.decision_maker {
        append(list, &[b"_dd.p.dm=", mechanism])?;
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

fn store(pairs: Pairs<'_>, tags: &mut TraceTags) -> u64 {
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

#[inline]
fn decode(header: &[u8], enabled: bool) -> Result<Pairs<'_>, &'static str> {
    if !enabled && !header.is_empty() {
        return Err(DISABLED);
    }
    if header.len() > MAX_LENGTH {
        return Err(EXTRACT_MAX_SIZE);
    }
    let text = printable(header).ok_or(DECODING_ERROR)?;
    Ok(Pairs { list: text.strip_suffix(',').unwrap_or(text), next: (!text.is_empty()).then_some(0) })
}

/// The pairs of a list, up to the first that is none.
struct Pairs<'a> {
    list: &'a str,
    /// Where the next pair begins, if there is one.
    next: Option<usize>,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, &'a str), Malformed>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next?;
        let text = self.list.as_bytes();
        let equals = match text.get(start..).unwrap_or_default() {
            // The tags that nearly every list has.
            pair if pair.starts_with(b"_dd.p.dm=") => start + 8,
            pair if pair.starts_with(b"_dd.p.tid=") => start + 9,
            _ => find_any(text, start, [b'=', b' ', b',']),
        };
        let end = find_any(text, equals, [b',']);
        self.next = (end < text.len()).then_some(end + 1);
        let value = trim_blanks(self.list.get(equals + 1..end).unwrap_or_default());
        let is_valid = equals > start && text.get(equals) == Some(&b'=') && !value.is_empty();
        Some(if is_valid { Ok((self.list.get(start..equals).unwrap_or_default(), value)) } else { Err(Malformed) })
    }
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
    match value.as_bytes() {
        [b'-', digit] => digit.is_ascii_digit(),
        [b'-', b'0', ..] => false,
        [b'-', digits @ ..] => parse_decimal(digits).is_some_and(|mechanism| mechanism <= 255),
        _ => false,
    }
}

fn set_first_error(tags: &mut TraceTags, error: &str) {
    if tags.propagation_error().is_none() {
        tags.set_propagation_error(error);
    }
}

#[inline]
fn append(list: &mut Scratch<'_>, pieces: &[&[u8]]) -> Result<(), &'static str> {
    let fits = (list.len() == 0 || list.push(b",")) && pieces.iter().all(|piece| list.push(piece));
    if fits { Ok(()) } else { Err(INJECT_MAX_SIZE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the grammar says of one pair.
    fn expected_pair(pair: &str) -> Option<(&str, &str)> {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim_matches(' ');
        (!key.is_empty() && !key.contains(' ') && !value.is_empty()).then_some((key, value))
    }

    #[test]
    fn pairs_are_those_of_the_general_split() {
        const PIECES: [&str; 8] = ["_dd.p.dm", "_dd.p.tid", "_dd.p.", "a", "=", ",", " ", "0123456789"];
        for number in 0..8usize.pow(5) {
            let list: String = (0..5).map(|place| PIECES[number >> (3 * place) & 7]).collect();
            let text = list.strip_suffix(',').unwrap_or(&list);
            let expected: Vec<_> = text.split(',').map(expected_pair).collect();
            let pairs: Vec<_> = decode(list.as_bytes(), true).unwrap().map(Result::ok).collect();
            assert_eq!(pairs, expected, "{list}");
        }
    }
}
