//! `/v0.5/traces`: a table of all strings of the payload, then chunks of spans of twelve elements that name strings by index.
//!
//! Links and events travel as JSON in tags; structured tags cannot be sent in this format.

use super::added_tags::has_tag;
use super::buffer::{begin_map, end_map, restart};
use super::{AddedTags, ChunkFacts, TraceEncoder, events_json, links_json};
use crate::record::msgpack::{decode_number, split_str, str_size, write_str};
use crate::record::{Field, Number, RecordRef, flag, text_hash};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Builds v0.5 payloads.
#[derive(Default)]
pub struct V05 {
    strings: StringTable,
    chunks: Vec<u8>,
    chunk_count: u32,
    payload: Vec<u8>,
    added: AddedTags,
}

impl TraceEncoder for V05 {
    fn begin(&mut self) {
        self.strings.clear();
        restart(&mut self.chunks);
        self.chunk_count = 0;
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        self.chunk_count += 1;
        self.chunks.push(0xdd);
        self.chunks.extend_from_slice(&(records.len() as u32).to_be_bytes());
        for (index, record) in records.iter().enumerate() {
            self.span(facts, record, index == 0);
        }
    }

    fn finish(&mut self) -> &[u8] {
        restart(&mut self.payload);
        self.payload.extend_from_slice(&[0x92, 0xdd]);
        self.payload.extend_from_slice(&self.strings.len().to_be_bytes());
        self.payload.extend_from_slice(&self.strings.encoded);
        self.payload.push(0xdd);
        self.payload.extend_from_slice(&self.chunk_count.to_be_bytes());
        self.payload.extend_from_slice(&self.chunks);
        &self.payload
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.payload)
    }

    fn reuse(&mut self, buffer: Vec<u8>) {
        self.payload = buffer;
    }
}

impl V05 {
    fn span(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool) {
        let head = &record.head;
        let service = record.field(Field::Service);
        let name = record.field(Field::Name);
        let resource = record.field(Field::Resource);
        let service = if service.is_empty() { facts.library.service.as_bytes() } else { service };
        let resource = if resource.is_empty() { name } else { resource };
        self.chunks.push(0x9c);
        for text in [service, name, resource] {
            let index = self.strings.index(text);
            put_index(&mut self.chunks, index);
        }
        for id in [facts.trace_id as u64, head.span_id, head.parent_id] {
            put(&mut self.chunks, 0xcf, id);
        }
        put(&mut self.chunks, 0xd3, head.start_ns as u64);
        put(&mut self.chunks, 0xd3, head.duration_ns.max(0) as u64);
        self.chunks.push(u8::from(head.has(flag::ERROR)));
        self.texts(facts, record, is_chunk_root);
        self.numbers(facts, record, is_chunk_root);
        let index = self.strings.index(record.field(Field::Type));
        put_index(&mut self.chunks, index);
    }

    fn texts(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool) {
        let (out, strings) = (&mut self.chunks, &mut self.strings);
        let at = begin_map(out);
        let mut count = record.head.text_count;
        for (key, value) in record.runs.each_text() {
            strings.put_pair(out, key, value);
        }
        count += self.added.texts(facts, record, is_chunk_root, &mut |tag: &[u8]| {
            let pair = split_str(tag).and_then(|(key, rest)| Some((key, split_str(rest)?.0)));
            if let Some((key, value)) = pair {
                strings.put_pair(out, key, value);
            }
        });
        if let Some(extra) = record.extra() {
            if !extra.events.is_empty() && !has_tag(facts, record, b"events") {
                strings.put_pair(out, b"events", events_json(&extra.events).as_bytes());
                count += 1;
            }
            if !extra.links.is_empty() && !has_tag(facts, record, b"_dd.span_links") {
                strings.put_pair(out, b"_dd.span_links", links_json(&extra.links).as_bytes());
                count += 1;
            }
        }
        end_map(out, at, count);
    }

    fn numbers(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool) {
        let (out, strings) = (&mut self.chunks, &mut self.strings);
        let at = begin_map(out);
        let mut count = record.head.number_count;
        let mut pair = |key: &[u8], number: Number| {
            let index = strings.index(key);
            put_index(out, index);
            let value = match number {
                Number::Int(value) => value as f64,
                Number::Float(value) => value,
            };
            put(out, 0xcb, value.to_bits());
        };
        for (key, number) in record.runs.each_number() {
            pair(key, number);
        }
        count += self.added.numbers(facts, record, is_chunk_root, &mut |tag: &[u8]| {
            if let Some((key, number)) = split_str(tag).and_then(|(key, rest)| Some((key, decode_number(rest)?))) {
                pair(key, number);
            }
        });
        end_map(out, at, count);
    }
}

/// The strings of a payload in the order of their indexes; the empty one is always the first.
#[derive(Default)]
struct StringTable {
    indexes: HashMap<Box<[u8]>, u32, BuildHasherDefault<TextHasher>>,
    encoded: Vec<u8>,
}

/// Strings that a payload leaves in the table's memory for the next one; more are freed.
const KEPT_STRINGS: usize = 16 * 1024;

impl StringTable {
    fn clear(&mut self) {
        if self.indexes.len() > KEPT_STRINGS {
            self.indexes = HashMap::default();
        }
        self.indexes.clear();
        restart(&mut self.encoded);
        self.index(b"");
    }

    fn len(&self) -> u32 {
        self.indexes.len() as u32
    }

    #[inline]
    fn index(&mut self, text: &[u8]) -> u32 {
        if let Some(index) = self.indexes.get(text) {
            return *index;
        }
        let index = self.len();
        let at = self.encoded.len();
        self.encoded.resize(at + str_size(text.len()), 0);
        write_str(self.encoded.get_mut(at..).unwrap_or_default(), text);
        self.indexes.insert(text.into(), index);
        index
    }

    #[inline]
    fn put_pair(&mut self, out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
        let (key, value) = (self.index(key), self.index(value));
        put_index(out, key);
        put_index(out, value);
    }
}

/// A quick hash for short texts. The table is bounded by the payload, and a flood of collisions costs time in the background only.
#[derive(Default)]
struct TextHasher(u64);

impl Hasher for TextHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0 = text_hash(bytes);
    }
    /// The length, which the text's own hash has in it already.
    fn write_usize(&mut self, _: usize) {}
    fn finish(&self) -> u64 {
        self.0
    }
}

#[inline]
fn put_index(out: &mut Vec<u8>, index: u32) {
    match index {
        0..=0x7f => out.push(index as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, index as u8]),
        0x100..=0xffff => {
            let [high, low] = (index as u16).to_be_bytes();
            out.extend_from_slice(&[0xcd, high, low]);
        }
        _ => {
            out.push(0xce);
            out.extend_from_slice(&index.to_be_bytes());
        }
    }
}

#[inline]
fn put(out: &mut Vec<u8>, marker: u8, value: u64) {
    let mut bytes = [marker; 9];
    bytes[1..].copy_from_slice(&value.to_be_bytes());
    out.extend_from_slice(&bytes);
}
