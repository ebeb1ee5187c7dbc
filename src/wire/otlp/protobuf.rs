//! OTLP as protobuf. The lengths in front of messages are the difficulty: those of attributes follow from their texts; a span's gets room
//! for its usual size, and is moved if that was wrong; those of the whole payload are put in front of it at the end.

use super::OtlpFacts;
use super::mapping::{Beginning, End, Mapping, SpanWriter};
use super::messages::{Event, Link};
use crate::record::RecordRef;
use crate::wire::appender::Appender;
use crate::wire::buffer::restart;
use crate::wire::{ChunkFacts, TraceEncoder};
use prost::{Message, encode_length_delimiter, length_delimiter_len};

/// Builds payloads of the content type `application/x-protobuf`.
pub struct OtlpProtobuf {
    payload: Vec<u8>,
    /// Where the payload begins in its buffer, once it is finished.
    start: usize,
    /// The field `resource` of a `ResourceSpans`, encoded.
    resource: Vec<u8>,
    /// The field `scope` of a `ScopeSpans`, encoded.
    scope: Vec<u8>,
    mapping: Mapping,
}

/// `resource_spans` of the request, `resource` of a `ResourceSpans`, `scope` of a `ScopeSpans`: field 1, a message.
const FIRST: u8 = 0x0a;
/// `scope_spans` of a `ResourceSpans`, `spans` of a `ScopeSpans`: field 2, a message.
const SECOND: u8 = 0x12;
/// The most that a length takes.
const MAX_LENGTH_SIZE: usize = 10;

impl OtlpProtobuf {
    /// An encoder for the payloads of one process.
    pub fn new(facts: &OtlpFacts) -> Self {
        OtlpProtobuf {
            payload: Vec::new(),
            start: 0,
            resource: first_field(&facts.resource()),
            scope: first_field(&facts.scope()),
            mapping: Mapping::new(facts),
        }
    }

    /// What stands in front of the spans, at most.
    fn front_size(&self) -> usize {
        2 * (1 + MAX_LENGTH_SIZE) + self.resource.len() + self.scope.len()
    }
}

fn first_field(message: &impl Message) -> Vec<u8> {
    let mut encoded = vec![FIRST];
    append_message(&mut encoded, message);
    encoded
}

/// Length and message. A `Vec` takes as much as there is memory for.
fn append_message(to: &mut Vec<u8>, message: &impl Message) {
    let _ = message.encode_length_delimited(to);
}

fn append_length(to: &mut Vec<u8>, length: usize) {
    let _ = encode_length_delimiter(length, to);
}

impl TraceEncoder for OtlpProtobuf {
    fn begin(&mut self) {
        restart(&mut self.payload);
        self.payload.resize(self.front_size(), 0);
        self.start = 0;
    }

    fn trace_state(&mut self, members: &str) {
        self.mapping.trace_state(members);
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        let mut spans = Spans { to: Appender::new(&mut self.payload), span_at: 0 };
        self.mapping.chunk(facts, records, &mut spans);
    }

    fn finish(&mut self) -> &[u8] {
        let spans_at = self.front_size();
        let spans = self.payload.len().saturating_sub(spans_at);
        let scope_spans = self.scope.len() + spans;
        let mut front = Vec::with_capacity(spans_at);
        front.push(FIRST);
        append_length(&mut front, self.resource.len() + 1 + length_delimiter_len(scope_spans) + scope_spans);
        front.extend_from_slice(&self.resource);
        front.push(SECOND);
        append_length(&mut front, scope_spans);
        front.extend_from_slice(&self.scope);
        self.start = spans_at.saturating_sub(front.len());
        if let Some(place) = self.payload.get_mut(self.start..spans_at) {
            place.copy_from_slice(&front);
        }
        self.payload.get(self.start..).unwrap_or_default()
    }

    fn take(&mut self) -> Vec<u8> {
        let mut payload = std::mem::take(&mut self.payload);
        payload.drain(..self.start.min(payload.len()));
        payload
    }

    fn reuse(&mut self, buffer: Vec<u8>) {
        self.payload = buffer;
    }
}

/// Appends spans.
struct Spans<'a> {
    to: Appender<'a>,
    /// Where the span under way begins, behind its length.
    span_at: usize,
}

/// The bytes that a span's length gets in advance: right for 128 bytes to 16 KiB.
const USUAL_LENGTH_SIZE: usize = 2;

/// The tags of a span's fields: number, and how it is encoded.
mod field {
    pub const TRACE_STATE: u8 = 0x1a;
    pub const PARENT_SPAN_ID: u8 = 0x22;
    pub const NAME: u8 = 0x2a;
    pub const KIND: u8 = 0x30;
    pub const ATTRIBUTE: u8 = 0x4a;
    pub const DROPPED_ATTRIBUTES: u8 = 0x50;
    pub const EVENT: u8 = 0x5a;
    pub const DROPPED_EVENTS: u8 = 0x60;
    pub const LINK: u8 = 0x6a;
    pub const STATUS: u8 = 0x7a;
    pub const FLAGS: [u8; 2] = [0x85, 0x01];
}

/// The tags of an attribute's fields.
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;
const TEXT_VALUE: u8 = 0x0a;
const INT_VALUE: u8 = 0x18;
const DOUBLE_VALUE: u8 = 0x21;
const BYTES_VALUE: u8 = 0x3a;
/// The tags of a status's fields.
const MESSAGE: u8 = 0x12;
const CODE: u8 = 0x18;
const ERROR: u8 = 2;

/// The largest length, or number, that takes one byte.
const ONE_BYTE: usize = 0x7f;

/// Trace and span id, and the length in front of them.
const IDS: &[u8; 31] = b"\x12\0\0\x0a\x100123456701234567\x12\x0801234567";
/// Start and end.
const TIMES: &[u8; 18] = b"\x3901234567\x4101234567";

impl Spans<'_> {
    /// A number, or a length, in as many bytes as it needs.
    #[inline]
    fn varint(&mut self, value: u64) {
        let mut rest = value;
        while rest > ONE_BYTE as u64 {
            self.to.bytes(&[rest as u8 | 0x80]);
            rest >>= 7;
        }
        self.to.bytes(&[rest as u8]);
    }

    /// A field with a length.
    #[inline]
    fn text_field(&mut self, tag: u8, text: &[u8]) {
        match u8::try_from(text.len()) {
            Ok(len) if usize::from(len) <= ONE_BYTE => {
                self.to.named(&[tag, len], text);
            }
            _ => {
                self.to.bytes(&[tag]);
                self.varint(text.len() as u64);
                self.to.text(text);
            }
        }
    }

    /// An attribute whose value is of this length with its tag; the value is to follow.
    #[inline]
    fn begin_attribute(&mut self, key: &[u8], value_len: usize) {
        let len = field_len(key.len()) + field_len(value_len);
        self.to.bytes(&[field::ATTRIBUTE]);
        self.varint(len as u64);
        self.text_field(KEY, key);
        self.to.bytes(&[VALUE]);
        self.varint(value_len as u64);
    }

    fn counted(&mut self, tag: u8, count: usize) {
        if count > 0 {
            self.to.bytes(&[tag]);
            self.varint(count as u64);
        }
    }

    /// Says how long the span was.
    #[inline]
    fn end_span(&mut self) {
        let len = self.to.len() - self.span_at;
        if len > ONE_BYTE && len < 1 << 14 {
            self.to.overwrite(self.span_at - USUAL_LENGTH_SIZE, [len as u8 | 0x80, (len >> 7) as u8]);
            return;
        }
        let length_at = self.span_at - USUAL_LENGTH_SIZE;
        self.to.with_vec(|payload| {
            let mut length = Vec::new();
            append_length(&mut length, len);
            payload.splice(length_at..length_at + USUAL_LENGTH_SIZE, length);
        });
    }
}

/// Size of a field whose tag takes a byte and whose content is of this length.
#[inline]
fn field_len(len: usize) -> usize {
    if len <= ONE_BYTE { 2 + len } else { 1 + length_delimiter_len(len) + len }
}

impl SpanWriter for Spans<'_> {
    #[inline]
    fn begin(&mut self, span: &Beginning<'_>) {
        let ids = self.to.bytes(IDS);
        ids[5..21].copy_from_slice(&span.trace_id.to_be_bytes());
        ids[23..].copy_from_slice(&span.span_id.to_be_bytes());
        self.span_at = self.to.len() - (IDS.len() - 3);
        if span.parent_id != 0 {
            self.to.bytes(&[field::PARENT_SPAN_ID, 8]);
            self.to.bytes(&span.parent_id.to_be_bytes());
        }
        self.text_field(field::NAME, span.name);
        let times = self.to.bytes(TIMES);
        times[1..9].copy_from_slice(&span.start.to_le_bytes());
        times[10..].copy_from_slice(&span.end.to_le_bytes());
    }

    #[inline]
    fn text(&mut self, key: &[u8], value: &[u8]) {
        // What stands beside key and value takes six bytes while all lengths are short.
        let len = 6 + key.len() + value.len();
        if len <= ONE_BYTE {
            self.to.named(&[field::ATTRIBUTE, len as u8, KEY, key.len() as u8], key);
            self.to.named(&[VALUE, 2 + value.len() as u8, TEXT_VALUE, value.len() as u8], value);
            return;
        }
        self.begin_attribute(key, field_len(value.len()));
        self.text_field(TEXT_VALUE, value);
    }

    #[inline]
    fn int(&mut self, key: &[u8], value: i64) {
        let value = value as u64;
        self.begin_attribute(key, 1 + varint_len(value));
        self.to.bytes(&[INT_VALUE]);
        self.varint(value);
    }

    #[inline]
    fn double(&mut self, key: &[u8], value: f64) {
        self.begin_attribute(key, 9);
        self.to.bytes(&[DOUBLE_VALUE]);
        self.to.bytes(&value.to_le_bytes());
    }

    fn bytes(&mut self, key: &[u8], value: &[u8]) {
        self.begin_attribute(key, field_len(value.len()));
        self.text_field(BYTES_VALUE, value);
    }

    #[inline]
    fn end_attributes(&mut self, dropped: u32) {
        self.counted(field::DROPPED_ATTRIBUTES, dropped as usize);
    }

    fn events(&mut self, events: &mut dyn Iterator<Item = Event>, dropped: usize) {
        self.to.with_vec(|payload| {
            for event in events {
                payload.push(field::EVENT);
                append_message(payload, &event);
            }
        });
        self.counted(field::DROPPED_EVENTS, dropped);
    }

    fn links(&mut self, links: &mut dyn Iterator<Item = Link>) {
        self.to.with_vec(|payload| {
            for link in links {
                payload.push(field::LINK);
                append_message(payload, &link);
            }
        });
    }

    #[inline]
    fn end(&mut self, span: &End<'_>) {
        if !span.trace_state.is_empty() {
            self.text_field(field::TRACE_STATE, span.trace_state);
        }
        self.to.bytes(&[field::KIND, span.kind]);
        if span.is_error {
            let message_len = if span.message.is_empty() { 0 } else { field_len(span.message.len()) };
            self.to.bytes(&[field::STATUS]);
            self.varint((message_len + 2) as u64);
            if message_len > 0 {
                self.text_field(MESSAGE, span.message);
            }
            self.to.bytes(&[CODE, ERROR]);
        }
        if span.is_sampled {
            self.to.bytes(&field::FLAGS);
            self.to.bytes(&1_u32.to_le_bytes());
        }
        self.end_span();
    }
}

#[inline]
fn varint_len(value: u64) -> usize {
    // Seven bits to a byte, and one byte for 0.
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut payload = Vec::new();
                let mut spans = Spans { to: Appender::new(&mut payload), span_at: 0 };
                spans.varint(value);
                drop(spans);
                assert_eq!(payload.len(), varint_len(value), "{value}");
                assert_eq!(prost::decode_length_delimiter(payload.as_slice()).map(|read| read as u64), Ok(value));
            }
        }
    }
}
