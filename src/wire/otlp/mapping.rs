//! From records to spans of OTLP: what of a span goes where, whatever the encoding.

use super::OtlpFacts;
use super::messages::{Event, Link};
use crate::record::msgpack::{NUMBER_SIZE, decode_number, split_str};
use crate::record::{Extra, Number, RecordRef, SharedTags, flag};
use crate::wire::added_tags::TagSink;
use crate::wire::{AddedTags, ChunkFacts};

/// Further attributes and events of a span are counted only.
pub(super) const MAX_ATTRIBUTES: u32 = 128;
pub(super) const MAX_EVENTS: usize = 128;

/// What a span of OTLP is written to. For each span the calls come in the order of the methods; those for attributes, of any number, in any.
pub(super) trait SpanWriter {
    /// Begins a span.
    fn begin(&mut self, span: &Beginning<'_>);
    /// An attribute.
    fn text(&mut self, key: &[u8], value: &[u8]);
    /// An attribute.
    fn int(&mut self, key: &[u8], value: i64);
    /// An attribute.
    fn double(&mut self, key: &[u8], value: f64);
    /// An attribute.
    fn bytes(&mut self, key: &[u8], value: &[u8]);
    /// Ends the attributes; so many more were left out.
    fn end_attributes(&mut self, dropped: u32);
    /// Events, and how many more were left out; once at most.
    fn events(&mut self, events: &mut dyn Iterator<Item = Event>, dropped: usize);
    /// Links; once at most.
    fn links(&mut self, links: &mut dyn Iterator<Item = Link>);
    /// Ends the span.
    fn end(&mut self, span: &End<'_>);
}

/// What is known of a span before its tags are looked at.
pub(super) struct Beginning<'a> {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    /// 0 for none.
    pub(super) parent_id: u64,
    pub(super) name: &'a [u8],
    /// Unix time in nanoseconds.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// What is known of it afterwards.
pub(super) struct End<'a> {
    pub(super) kind: u8,
    pub(super) trace_state: &'a [u8],
    pub(super) is_error: bool,
    /// Why it is one; may be empty.
    pub(super) message: &'a [u8],
    pub(super) is_sampled: bool,
}

/// Values of `SpanKind`.
mod kind {
    pub const UNSPECIFIED: u8 = 0;
    pub const INTERNAL: u8 = 1;
    pub const SERVER: u8 = 2;
    pub const CLIENT: u8 = 3;
    pub const PRODUCER: u8 = 4;
    pub const CONSUMER: u8 = 5;
}

/// Walks over the records of chunks. Holds memory for the next one.
#[derive(Default)]
pub(super) struct Mapping {
    service: Vec<u8>,
    pure_attributes: bool,
    added: AddedTags,
    /// The tracestate of the next chunk.
    trace_state: String,
}

impl Mapping {
    pub(super) fn new(facts: &OtlpFacts) -> Self {
        Mapping { service: facts.service.clone().into(), pure_attributes: facts.pure_attributes, ..Mapping::default() }
    }

    /// Takes the tracestate of the next chunk.
    pub(super) fn trace_state(&mut self, members: &str) {
        self.trace_state.clear();
        self.trace_state.push_str(members);
    }

    /// Writes all spans of a chunk.
    pub(super) fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>], to: &mut impl SpanWriter) {
        for (index, record) in records.iter().enumerate() {
            self.span(facts, record, index == 0, to);
        }
        self.trace_state.clear();
    }

    #[inline]
    fn span(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, to: &mut impl SpanWriter) {
        let head = record.head;
        let [service, name, resource, span_type] = record.runs.encoded_fields(head).map(text_of);
        let resource = if resource.is_empty() { name } else { resource };
        to.begin(&Beginning {
            trace_id: facts.trace_id,
            span_id: head.span_id,
            parent_id: head.parent_id,
            name: resource,
            start: head.start_ns.max(0) as u64,
            end: head.start_ns.saturating_add(head.duration_ns.max(0)).max(0) as u64,
        });
        let mut attributes = Attributes { to, left: MAX_ATTRIBUTES, dropped: 0, is_pure: self.pure_attributes };
        if !attributes.is_pure {
            if !service.is_empty() && service != self.service {
                attributes.text(b"service.name", service);
            }
            for (key, value) in [(&b"operation.name"[..], name), (b"span.type", span_type), (b"resource.name", resource)] {
                if !value.is_empty() {
                    attributes.text(key, value);
                }
            }
        }
        let mut noticed = Noticed::default();
        for (key, value) in record.runs.each_text() {
            noticed.look_at(key, value);
            attributes.tag_text(key, value);
        }
        self.added.texts(facts, record, is_chunk_root, &mut attributes);
        for (key, value) in record.runs.each_number() {
            attributes.number(key, value);
        }
        self.added.numbers(facts, record, is_chunk_root, &mut attributes);
        let extra = record.extra();
        if let Some(extra) = extra {
            extra.meta_struct.iter().for_each(|(key, document)| attributes.bytes(key.as_bytes(), document));
        }
        let dropped = attributes.dropped;
        to.end_attributes(dropped);
        if let Some(extra) = extra {
            events_and_links(extra, to);
        }
        to.end(&End {
            kind: noticed.kind.unwrap_or_else(|| kind_of_type(span_type)),
            trace_state: noticed.trace_state.unwrap_or(self.trace_state.as_bytes()),
            is_error: head.has(flag::ERROR),
            message: noticed.short_message.or(noticed.message).unwrap_or_default(),
            is_sampled: facts.decision.is_some_and(|decision| decision.is_kept()),
        });
    }
}

#[cold]
fn events_and_links(extra: &Extra, to: &mut impl SpanWriter) {
    if !extra.events.is_empty() {
        let dropped = extra.events.len().saturating_sub(MAX_EVENTS);
        to.events(&mut extra.events.iter().take(MAX_EVENTS).map(Event::from), dropped);
    }
    if !extra.links.is_empty() {
        to.links(&mut extra.links.iter().map(Link::from));
    }
}

/// The text of an encoded field; empty if it is not set.
#[inline]
fn text_of(encoded: &[u8]) -> &[u8] {
    split_str(encoded).map_or(&[], |(text, _)| text)
}

/// Tags that stand for fields of the span, too.
#[derive(Default)]
struct Noticed<'a> {
    kind: Option<u8>,
    trace_state: Option<&'a [u8]>,
    short_message: Option<&'a [u8]>,
    message: Option<&'a [u8]>,
}

impl<'a> Noticed<'a> {
    #[inline]
    fn look_at(&mut self, key: &[u8], value: &'a [u8]) {
        // Only few keys have one of these lengths.
        match key.len() {
            9 if key == b"span.kind" => self.kind = Some(kind_of_tag(value)),
            9 if key == b"error.msg" => self.short_message = Some(value),
            10 if key == b"tracestate" => self.trace_state = Some(value),
            13 if key == b"error.message" => self.message = Some(value),
            _ => {}
        }
    }
}

/// Tags that say what kind, status and the like say.
fn is_repeated(key: &[u8]) -> bool {
    match key.len() {
        9 => key == b"span.kind" || key == b"error.msg",
        13 => key == b"error.message",
        _ => false,
    }
}

fn kind_of_tag(value: &[u8]) -> u8 {
    let kinds: [(&[u8], u8); 5] = [
        (b"server", kind::SERVER),
        (b"client", kind::CLIENT),
        (b"internal", kind::INTERNAL),
        (b"producer", kind::PRODUCER),
        (b"consumer", kind::CONSUMER),
    ];
    kinds.iter().find(|(name, _)| value.eq_ignore_ascii_case(name)).map_or(kind::UNSPECIFIED, |(_, kind)| *kind)
}

fn kind_of_type(span_type: &[u8]) -> u8 {
    match span_type {
        b"server" | b"web" | b"http" => kind::SERVER,
        b"client" => kind::CLIENT,
        b"producer" => kind::PRODUCER,
        b"consumer" => kind::CONSUMER,
        _ => kind::INTERNAL,
    }
}

/// Attributes on their way to a span, as long as there is room.
struct Attributes<'a, W> {
    to: &'a mut W,
    left: u32,
    dropped: u32,
    is_pure: bool,
}

impl<W: SpanWriter> Attributes<'_, W> {
    #[inline]
    fn has_room(&mut self) -> bool {
        if self.left == 0 {
            self.dropped += 1;
            return false;
        }
        self.left -= 1;
        true
    }

    #[inline]
    fn text(&mut self, key: &[u8], value: &[u8]) {
        if self.has_room() {
            self.to.text(key, value);
        }
    }

    /// A tag of the span.
    #[inline]
    fn tag_text(&mut self, key: &[u8], value: &[u8]) {
        if !(self.is_pure && is_repeated(key)) {
            self.text(key, value);
        }
    }

    /// Whole numbers are integers, however they were given.
    #[inline]
    fn number(&mut self, key: &[u8], value: Number) {
        if !self.has_room() {
            return;
        }
        match value {
            Number::Int(value) => self.to.int(key, value),
            Number::Float(value) => match as_int(value) {
                Some(whole) => self.to.int(key, whole),
                None => self.to.double(key, value),
            },
        }
    }

    fn bytes(&mut self, key: &[u8], value: &[u8]) {
        if self.has_room() {
            self.to.bytes(key, value);
        }
    }

    /// Key and value as MessagePack, one or several of them.
    #[inline]
    fn encoded(&mut self, tags: &[u8]) {
        let mut rest = tags;
        while let Some((key, value)) = split_str(rest) {
            if let Some(number) = decode_number(value) {
                self.number(key, number);
                rest = value.get(NUMBER_SIZE..).unwrap_or_default();
            } else if let Some((text, tail)) = split_str(value) {
                self.tag_text(key, text);
                rest = tail;
            } else {
                return;
            }
        }
    }
}

impl<W: SpanWriter> TagSink for Attributes<'_, W> {
    #[inline]
    fn tag(&mut self, encoded: &[u8]) {
        self.encoded(encoded);
    }

    #[inline]
    fn shared(&mut self, tags: &SharedTags) {
        self.encoded(tags.encoded());
    }
}

/// The integer that a number is, if it is one of 64 bits.
#[inline]
fn as_int(value: f64) -> Option<i64> {
    /// The first number beyond.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let whole = value as i64;
    ((-END..END).contains(&value) && whole as f64 == value).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_integers_where_they_fit() {
        let ints = [(0.0, 0), (-0.0, 0), (1.0, 1), (-9_223_372_036_854_775_808.0, i64::MIN), (4_503_599_627_370_496.0, 1 << 52)];
        for (value, expected) in ints {
            assert_eq!(as_int(value), Some(expected));
        }
        for value in [0.5, -1.25, 1e-300, 9_223_372_036_854_775_808.0, -1e19, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(as_int(value), None, "{value}");
        }
    }

    #[test]
    fn kind_is_the_tag_s_or_follows_from_the_type() {
        let by_tag = [("server", 2), ("CLIENT", 3), ("Producer", 4), ("consumer", 5), ("internal", 1), ("other", 0), ("", 0)];
        for (value, expected) in by_tag {
            assert_eq!(kind_of_tag(value.as_bytes()), expected, "{value}");
        }
        let by_type =
            [("server", 2), ("web", 2), ("http", 2), ("client", 3), ("producer", 4), ("consumer", 5), ("sql", 1), ("", 1)];
        for (value, expected) in by_type {
            assert_eq!(kind_of_type(value.as_bytes()), expected, "{value}");
        }
    }
}
