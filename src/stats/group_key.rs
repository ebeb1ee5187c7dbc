//! What the spans of a group have in common, as bytes: put together for each span in one buffer, compared and kept as they are.

use crate::record::msgpack::{append_str, split_encoded_str};
use std::ops::Range;

/// Parts of which a bucket takes so many different ones only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum LimitedPart {
    Resource = 0,
    HttpEndpoint = 1,
    PeerTags = 2,
    AdditionalTags = 3,
}

impl LimitedPart {
    pub const ALL: [LimitedPart; 4] =
        [LimitedPart::Resource, LimitedPart::HttpEndpoint, LimitedPart::PeerTags, LimitedPart::AdditionalTags];
}

/// The key of one span.
#[derive(Debug, Default)]
pub(super) struct KeyBuffer {
    bytes: Vec<u8>,
    parts: [Range<usize>; 4],
}

/// The numbers of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyNumbers {
    /// HTTP status, 0 if there is none.
    pub http_status: u32,
    /// Whether a synthetic test made the request.
    pub is_synthetic: bool,
    /// Whether the spans are roots of traces; `None`: not known.
    pub is_trace_root: Option<bool>,
    /// Whether the spans are top-level, where that is part of the key.
    pub is_top_level: bool,
}

const NUMBERS_SIZE: usize = 5;
/// `tracer_blocked_value` as MessagePack, which as tags is one.
const BLOCKED_TEXT: &[u8] = b"\xb4tracer_blocked_value";
const BLOCKED_TAGS: &[u8] = b"\x01\0\xb4tracer_blocked_value";

impl KeyBuffer {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn begin(&mut self, numbers: KeyNumbers) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&numbers.to_bytes());
    }

    /// A text, cut to `longest` bytes.
    #[inline]
    pub fn text(&mut self, text: &[u8], longest: usize) {
        append_str(&mut self.bytes, cut(text, longest));
    }

    /// Texts that are MessagePack already.
    pub fn encoded(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    /// A part that is limited.
    #[inline]
    pub fn limited(&mut self, part: LimitedPart, append: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        append(self);
        self.set_part(part, start..self.bytes.len());
    }

    /// Tags: `append` writes them and says how many.
    #[inline]
    pub fn tags(&mut self, part: LimitedPart, append: impl FnOnce(&mut Vec<u8>) -> u16) {
        self.limited(part, |key| {
            let at = key.bytes.len();
            key.bytes.extend_from_slice(&[0, 0]);
            let count = append(&mut key.bytes).to_le_bytes();
            key.bytes.iter_mut().skip(at).zip(count).for_each(|(to, byte)| *to = byte);
        });
    }

    /// A limited part; `None` if it is empty, which is no value that could be one too many.
    pub fn part(&self, part: LimitedPart) -> Option<&[u8]> {
        let bytes = self.bytes.get(self.parts.get(part as usize)?.clone())?;
        (!matches!(bytes, b"\xa0" | b"\0\0")).then_some(bytes)
    }

    /// Puts `tracer_blocked_value` in place of a part.
    pub fn block(&mut self, part: LimitedPart) {
        let is_text = matches!(part, LimitedPart::Resource | LimitedPart::HttpEndpoint);
        let replacement = if is_text { BLOCKED_TEXT } else { BLOCKED_TAGS };
        let Some(place) = self.parts.get(part as usize).cloned() else { return };
        if place.end > self.bytes.len() {
            return;
        }
        self.bytes.splice(place.clone(), replacement.iter().copied());
        let end = place.start + replacement.len();
        for other in self.parts.iter_mut().filter(|other| other.start >= place.end) {
            *other = other.start - place.end + end..other.end - place.end + end;
        }
        self.set_part(part, place.start..end);
    }

    /// Makes this the key of everything for which there is no room.
    pub fn block_all(&mut self) {
        self.begin(KeyNumbers::default());
        // The four fields, kind, method, endpoint.
        for _ in 0..7 {
            self.encoded(BLOCKED_TEXT);
        }
        self.text(b"", 0);
        self.encoded(BLOCKED_TEXT);
        self.encoded(BLOCKED_TAGS);
        self.encoded(BLOCKED_TAGS);
    }

    fn set_part(&mut self, part: LimitedPart, place: Range<usize>) {
        if let Some(known) = self.parts.get_mut(part as usize) {
            *known = place;
        }
    }
}

impl KeyNumbers {
    fn to_bytes(self) -> [u8; NUMBERS_SIZE] {
        let root = self.is_trace_root.map_or(0, |is_root| if is_root { 1 } else { 2 });
        let flags = u8::from(self.is_synthetic) | u8::from(self.is_top_level) << 1 | root << 2;
        let [a, b, c, d] = self.http_status.to_le_bytes();
        [a, b, c, d, flags]
    }

    fn from_bytes(bytes: &[u8; NUMBERS_SIZE]) -> Self {
        let [a, b, c, d, flags] = *bytes;
        KeyNumbers {
            http_status: u32::from_le_bytes([a, b, c, d]),
            is_synthetic: flags & 1 != 0,
            is_top_level: flags & 2 != 0,
            is_trace_root: match flags >> 2 {
                1 => Some(true),
                2 => Some(false),
                _ => None,
            },
        }
    }
}

/// A key that is kept, to read. Texts are MessagePack.
#[derive(Clone, Copy, Debug)]
pub struct KeyView<'a> {
    /// What is not text.
    pub numbers: KeyNumbers,
    /// Service, name, resource, type.
    pub fields: [&'a [u8]; 4],
    /// `span.kind`.
    pub kind: &'a [u8],
    /// `http.method`.
    pub http_method: &'a [u8],
    /// `http.endpoint` or `http.route`.
    pub http_endpoint: &'a [u8],
    /// Status of the call in decimal digits, or empty.
    pub grpc_status: &'a [u8],
    /// `_dd.svc_src`.
    pub service_source: &'a [u8],
    /// How many `key:value` texts, and the texts.
    pub peer_tags: (usize, &'a [u8]),
    /// As `peer_tags`.
    pub additional_tags: (usize, &'a [u8]),
}

impl<'a> KeyView<'a> {
    /// Reads what a [`KeyBuffer`] made.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (numbers, mut rest) = bytes.split_first_chunk::<NUMBERS_SIZE>()?;
        let mut texts = [[].as_slice(); 9];
        for text in &mut texts {
            (*text, rest) = split_encoded_str(rest)?;
        }
        let [service, name, resource, span_type, kind, http_method, http_endpoint, grpc_status, service_source] = texts;
        let (peer_tags, rest) = split_tags(rest)?;
        let (additional_tags, _) = split_tags(rest)?;
        Some(KeyView {
            numbers: KeyNumbers::from_bytes(numbers),
            fields: [service, name, resource, span_type],
            kind,
            http_method,
            http_endpoint,
            grpc_status,
            service_source,
            peer_tags,
            additional_tags,
        })
    }
}

type Tags<'a> = (usize, &'a [u8]);

fn split_tags(bytes: &[u8]) -> Option<(Tags<'_>, &[u8])> {
    let (count, tags) = bytes.split_first_chunk::<2>()?;
    let count = usize::from(u16::from_le_bytes(*count));
    let mut rest = tags;
    for _ in 0..count {
        (_, rest) = split_encoded_str(rest)?;
    }
    Some(((count, tags.get(..tags.len() - rest.len())?), rest))
}

/// The first `longest` bytes at most, without a part of a character.
fn cut(text: &[u8], longest: usize) -> &[u8] {
    if text.len() <= longest {
        return text;
    }
    let is_inside = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (0..=longest).rev().find(|at| !is_inside(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut(b"abc", 3), b"abc");
        assert_eq!(cut(b"abcd", 3), b"abc");
        let umlauts = "\u{fc}\u{fc}\u{fc}";
        assert_eq!(cut(umlauts.as_bytes(), 5), "\u{fc}\u{fc}".as_bytes());
        assert_eq!(cut(umlauts.as_bytes(), 1), b"");
        assert_eq!(cut(&[0x80; 9], 4), b"", "no character at all");
    }

    #[test]
    fn numbers_come_back() {
        for is_trace_root in [None, Some(true), Some(false)] {
            for (is_synthetic, is_top_level) in [(false, true), (true, false), (true, true)] {
                let numbers = KeyNumbers { http_status: 599, is_synthetic, is_trace_root, is_top_level };
                assert_eq!(KeyNumbers::from_bytes(&numbers.to_bytes()), numbers);
            }
        }
    }

    #[test]
    fn blocked_parts_leave_the_others_in_place() {
        let mut key = KeyBuffer::default();
        key.begin(KeyNumbers { http_status: 200, ..KeyNumbers::default() });
        for text in ["svc", "op"] {
            key.text(text.as_bytes(), 100);
        }
        key.limited(LimitedPart::Resource, |key| key.text(b"GET /a", 100));
        for text in ["web", "server", "GET"] {
            key.text(text.as_bytes(), 100);
        }
        key.limited(LimitedPart::HttpEndpoint, |key| key.text(b"/a", 100));
        key.text(b"0", 100);
        key.text(b"m", 100);
        key.tags(LimitedPart::PeerTags, |to| {
            append_str(to, b"out.host:a");
            append_str(to, b"db:b");
            2
        });
        key.tags(LimitedPart::AdditionalTags, |_| 0);
        assert_eq!(key.part(LimitedPart::AdditionalTags), None);
        let read = KeyView::read(key.bytes()).unwrap();
        assert_eq!((read.peer_tags, read.additional_tags), ((2, &b"\xaaout.host:a\xa4db:b"[..]), (0, &b""[..])));
        key.block(LimitedPart::PeerTags);
        key.block(LimitedPart::Resource);
        key.block(LimitedPart::AdditionalTags);
        key.block(LimitedPart::HttpEndpoint);
        let read = KeyView::read(key.bytes()).unwrap();
        assert_eq!(read.fields, [b"\xa3svc", b"\xa2op", BLOCKED_TEXT, b"\xa3web"] as [&[u8]; 4]);
        assert_eq!((read.http_endpoint, read.grpc_status, read.service_source), (BLOCKED_TEXT, &b"\xa10"[..], &b"\xa1m"[..]));
        assert_eq!((read.peer_tags, read.additional_tags), ((1, BLOCKED_TEXT), (1, BLOCKED_TEXT)));
        assert_eq!(read.numbers.http_status, 200);
    }
}
