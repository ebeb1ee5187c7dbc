//! `/v0.4/traces`: an array of chunks, each an array of span maps, in MessagePack.
//!
//! String and numeric tags move as whole runs, one copy each; only headers and the library's own tags are written here.

use super::added_tags::has_tag;
use super::appender::Appender;
use super::buffer::{array_header, map_header, restart};
use super::{AddedTags, ChunkFacts, TraceEncoder, events_json};
use crate::record::msgpack::append_str as text;
use crate::record::{AttributeValue, Extra, RecordRef, SpanEvent, SpanLink, flag};

/// Builds v0.4 payloads in one buffer.
#[derive(Default)]
pub struct V04 {
    payload: Vec<u8>,
    chunks: u32,
    added: AddedTags,
}

/// Bit 31 of a link's flags says that the others mean something.
const FLAGS_ARE_SET: u32 = 1 << 31;

impl TraceEncoder for V04 {
    fn begin(&mut self) {
        restart(&mut self.payload);
        self.payload.extend_from_slice(&[0xdd, 0, 0, 0, 0]);
        self.chunks = 0;
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        self.chunks += 1;
        array_header(&mut self.payload, records.len());
        let mut out = Appender::new(&mut self.payload);
        for (index, record) in records.iter().enumerate() {
            span(&mut out, facts, record, index == 0, &mut self.added);
        }
    }

    fn finish(&mut self) -> &[u8] {
        if let Some(count) = self.payload.get_mut(1..5) {
            count.copy_from_slice(&self.chunks.to_be_bytes());
        }
        &self.payload
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.payload)
    }

    fn reuse(&mut self, buffer: Vec<u8>) {
        self.payload = buffer;
    }
}

#[inline(always)]
fn span(out: &mut Appender<'_>, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, added: &mut AddedTags) {
    let (head, runs) = (record.head, &record.runs);
    let extra = record.extra();
    let [service, name, resource, span_type] = runs.encoded_fields(head);
    let service = if service.is_empty() { &facts.library.encoded_service } else { service };
    out.named(b"\x80\xa7service", service)[0] |= 11 + u8::from(!span_type.is_empty()) + optional_keys(facts, extra);
    out.named(b"\xa4name", or_empty(name));
    out.named(b"\xa8resource", or_empty(if resource.is_empty() { name } else { resource }));
    if !span_type.is_empty() {
        out.named(b"\xa4type", span_type);
    }
    let (map, fields) = out.begin_map(FIXED_FIELDS);
    fill_in(fields, facts, record);
    out.text(runs.texts);
    let mut count = head.text_count + added.texts(facts, record, is_chunk_root, out);
    let as_json = |extra: &&Extra| !facts.native_events && !extra.events.is_empty() && !has_tag(facts, record, b"events");
    if let Some(extra) = extra.filter(as_json) {
        out.with_vec(|out| {
            text(out, b"events");
            text(out, events_json(&extra.events).as_bytes());
        });
        count += 1;
    }
    out.end_map(map, count);
    let (map, _) = out.begin_map(b"\xa7metrics\xde\0\0");
    out.text(runs.numbers);
    let count = head.number_count + added.numbers(facts, record, is_chunk_root, out);
    out.end_map(map, count);
    if let Some(extra) = extra {
        out.with_vec(|out| put_extra(out, facts, extra));
    }
}

fn put_extra(out: &mut Vec<u8>, facts: &ChunkFacts<'_>, extra: &Extra) {
    if !extra.meta_struct.is_empty() {
        out.extend_from_slice(b"\xabmeta_struct");
        map_header(out, extra.meta_struct.len());
        for (key, document) in &extra.meta_struct {
            text(out, key.as_bytes());
            binary(out, document);
        }
    }
    if !extra.links.is_empty() {
        out.extend_from_slice(b"\xaaspan_links");
        array_header(out, extra.links.len());
        extra.links.iter().for_each(|entry| link(out, entry));
    }
    if facts.native_events && !extra.events.is_empty() {
        out.extend_from_slice(b"\xabspan_events");
        array_header(out, extra.events.len());
        extra.events.iter().for_each(|entry| event(out, entry));
    }
}

/// How many of `meta_struct`, `span_links` and `span_events` the span has.
fn optional_keys(facts: &ChunkFacts<'_>, extra: Option<&Extra>) -> u8 {
    let Some(extra) = extra else { return 0 };
    u8::from(!extra.meta_struct.is_empty())
        + u8::from(!extra.links.is_empty())
        + u8::from(facts.native_events && !extra.events.is_empty())
}

/// Ids, times and error, with their keys, and the key and header of the string tags.
const FIXED_FIELDS: &[u8; 102] = b"\xa8trace_id\xcf01234567\xa7span_id\xcf01234567\xa9parent_id\xcf01234567\
\xa5start\xd301234567\xa8duration\xd301234567\xa5error\x00\xa4meta\xde\0\0";
/// Where the numbers stand.
const FIXED_NUMBERS: [usize; 5] = [10, 27, 46, 61, 79];
const ERROR_AT: usize = 93;

/// Fills in the numbers. Their width is fixed, because that is quicker than the shortest form.
#[inline]
fn fill_in(to: &mut [u8; FIXED_FIELDS.len()], facts: &ChunkFacts<'_>, record: &RecordRef<'_>) {
    let head = record.head;
    let numbers = [facts.trace_id as u64, head.span_id, head.parent_id, head.start_ns as u64, head.duration_ns.max(0) as u64];
    for (at, number) in FIXED_NUMBERS.into_iter().zip(numbers) {
        to[at..at + 8].copy_from_slice(&number.to_be_bytes());
    }
    to[ERROR_AT] = u8::from(head.has(flag::ERROR));
}

fn or_empty(field: &[u8]) -> &[u8] {
    if field.is_empty() { b"\xa0" } else { field }
}

fn binary(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(0xc6);
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn unsigned(out: &mut Vec<u8>, value: u64) {
    out.push(0xcf);
    out.extend_from_slice(&value.to_be_bytes());
}

fn link(out: &mut Vec<u8>, link: &SpanLink) {
    let optional = [!link.attributes.is_empty(), !link.tracestate.is_empty(), link.flags.is_some()];
    map_header(out, 3 + optional.into_iter().filter(|is_there| *is_there).count());
    text(out, b"trace_id");
    unsigned(out, link.trace_id as u64);
    text(out, b"trace_id_high");
    unsigned(out, (link.trace_id >> 64) as u64);
    text(out, b"span_id");
    unsigned(out, link.span_id);
    if !link.attributes.is_empty() {
        text(out, b"attributes");
        map_header(out, link.attributes.len());
        for (key, value) in &link.attributes {
            text(out, key.as_bytes());
            text(out, value.as_bytes());
        }
    }
    if !link.tracestate.is_empty() {
        text(out, b"tracestate");
        text(out, link.tracestate.as_bytes());
    }
    if let Some(flags) = link.flags {
        text(out, b"flags");
        unsigned(out, u64::from(flags | FLAGS_ARE_SET));
    }
}

fn event(out: &mut Vec<u8>, event: &SpanEvent) {
    out.push(0x82 + u8::from(!event.attributes.is_empty()));
    text(out, b"time_unix_nano");
    unsigned(out, event.time_unix_nano);
    text(out, b"name");
    text(out, event.name.as_bytes());
    if event.attributes.is_empty() {
        return;
    }
    text(out, b"attributes");
    map_header(out, event.attributes.len());
    for (key, value) in &event.attributes {
        text(out, key.as_bytes());
        event_value(out, value);
    }
}

/// `{"type": t, "<kind>_value": v}`.
fn event_value(out: &mut Vec<u8>, value: &AttributeValue) {
    out.push(0x82);
    text(out, b"type");
    match value {
        AttributeValue::String(value) => {
            out.push(0);
            text(out, b"string_value");
            text(out, value.as_bytes());
        }
        AttributeValue::Bool(value) => {
            out.push(1);
            text(out, b"bool_value");
            out.push(if *value { 0xc3 } else { 0xc2 });
        }
        AttributeValue::Int(value) => {
            out.push(2);
            text(out, b"int_value");
            out.push(0xd3);
            out.extend_from_slice(&value.to_be_bytes());
        }
        AttributeValue::Double(value) => {
            out.push(3);
            text(out, b"double_value");
            out.push(0xcb);
            out.extend_from_slice(&value.to_be_bytes());
        }
        AttributeValue::Array(values) => {
            out.push(4);
            text(out, b"array_value");
            out.push(0x81);
            text(out, b"values");
            array_header(out, values.len());
            values.iter().for_each(|value| event_value(out, value));
        }
    }
}
