//! `/v0.5/traces`: a table of all strings of the payload, then chunks of spans of twelve elements that name strings by index.
//!
//! Links and events travel as JSON in tags; structured tags cannot be sent in this format.

use super::added_tags::{TagSink, has_tag};
use super::appender::Appender;
use super::buffer::restart;
use super::remembered::Remembered;
use super::string_table::{Role, StringTable};
use super::{AddedTags, ChunkFacts, TraceEncoder, events_json, links_json};
use crate::record::msgpack::{NUMBER_SIZE, append_str, decode_number, encode_f64, is_number};
use crate::record::{Extra, Number, RecordRef, SharedTags, flag};

/// Builds v0.5 payloads.
#[derive(Default)]
pub struct V05 {
    strings: StringTable,
    /// The beginning of the payload: headers, then the strings.
    payload: Vec<u8>,
    chunks: Vec<u8>,
    chunk_count: u32,
    remembered: Remembered<()>,
    added: AddedTags,
}

impl TraceEncoder for V05 {
    fn begin(&mut self) {
        self.strings.clear(0);
        restart(&mut self.payload);
        self.payload.extend_from_slice(HEADERS);
        self.remembered.clear();
        restart(&mut self.chunks);
        self.chunks.extend_from_slice(&[0xdd, 0, 0, 0, 0]);
        self.chunk_count = 0;
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        self.chunk_count += 1;
        let V05 { strings, payload, chunks, remembered, added, .. } = self;
        let mut out = Out { to: Appender::new(chunks), strings, texts: payload, remembered, last_key: 0 };
        out.to.bytes(b"\xdd\0\0\0\0")[1..].copy_from_slice(&(records.len() as u32).to_be_bytes());
        for (index, record) in records.iter().enumerate() {
            out.span(facts, record, index == 0, added);
        }
    }

    fn finish(&mut self) -> &[u8] {
        if let Some(count) = self.chunks.get_mut(1..5) {
            count.copy_from_slice(&self.chunk_count.to_be_bytes());
        }
        if let Some(count) = self.payload.get_mut(2..6) {
            count.copy_from_slice(&(self.strings.len() as u32).to_be_bytes());
        }
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

/// The payload is an array of two, of which the first is an array of strings; their number follows, and the first of them.
const HEADERS: &[u8; 7] = b"\x92\xdd\0\0\0\0\xa0";

/// Ids, times and error, and the header of the string tags.
const FIXED_FIELDS: &[u8; 49] = b"\xcf01234567\xcf01234567\xcf01234567\xd301234567\xd301234567\x00\xde\0\0";
/// Where the numbers stand.
const FIXED_NUMBERS: [usize; 5] = [1, 10, 19, 28, 37];
const ERROR_AT: usize = 45;

/// Where the spans of a chunk go.
struct Out<'a> {
    to: Appender<'a>,
    strings: &'a mut StringTable,
    texts: &'a mut Vec<u8>,
    remembered: &'a mut Remembered<()>,
    /// Index of the key, or what else it is, after which the next key comes.
    last_key: u32,
}

impl Out<'_> {
    fn span(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, added: &mut AddedTags) {
        let head = record.head;
        let [service, name, resource, span_type] = record.runs.encoded_fields(head);
        self.to.bytes(&[0x9c]);
        let service = if service.is_empty() { &facts.library.encoded_service } else { service };
        let service = self.field(0, Role::Next, service);
        self.last_key = self.field(service, Role::Next, name);
        self.field(self.last_key, Role::Value, if resource.is_empty() { name } else { resource });
        let (map, fields) = self.to.begin_map(FIXED_FIELDS);
        let numbers = [facts.trace_id as u64, head.span_id, head.parent_id, head.start_ns as u64, head.duration_ns.max(0) as u64];
        for (at, number) in FIXED_NUMBERS.into_iter().zip(numbers) {
            fields[at..at + 8].copy_from_slice(&number.to_be_bytes());
        }
        fields[ERROR_AT] = u8::from(head.has(flag::ERROR));
        self.tags(record.runs.texts);
        let mut count = head.text_count + added.texts(facts, record, is_chunk_root, self);
        if let Some(extra) = record.extra() {
            count += self.extra(facts, record, extra);
        }
        self.to.end_map(map, count);
        let (map, _) = self.to.begin_map(b"\xde\0\0");
        self.tags(record.runs.numbers);
        let count = head.number_count + added.numbers(facts, record, is_chunk_root, self);
        self.to.end_map(map, count);
        self.field(service, Role::Value, span_type);
    }

    /// A field by its index, which is returned. One that is not set is the empty string.
    #[inline]
    fn field(&mut self, before: u32, role: Role, text: &[u8]) -> u32 {
        if text.is_empty() {
            self.to.bytes(&[0]);
            return 0;
        }
        self.string(before, role, text).map_or(0, |(index, _)| index)
    }

    /// The string at the beginning of `from`, by its index. Returns this, and the rest.
    #[inline(always)]
    fn string<'f>(&mut self, before: u32, role: Role, from: &'f [u8]) -> Option<(u32, &'f [u8])> {
        let (index, rest) = match self.strings.expected(self.texts, before, role, from) {
            Some(found) => found,
            None => self.other_string(before, role, from)?,
        };
        match index {
            0..=0x7f => {
                self.to.bytes(&[index as u8]);
            }
            0x80..=0xff => {
                self.to.bytes(&[0xcc, index as u8]);
            }
            0x100..=0xffff => {
                let [high, low] = (index as u16).to_be_bytes();
                self.to.bytes(&[0xcd, high, low]);
            }
            _ => {
                self.to.bytes(b"\xce\0\0\0\0")[1..].copy_from_slice(&index.to_be_bytes());
            }
        }
        Some((index, rest))
    }

    #[inline(never)]
    fn other_string<'f>(&mut self, before: u32, role: Role, from: &'f [u8]) -> Option<(u32, &'f [u8])> {
        let (found, text, rest) = self.strings.find(self.texts, from)?;
        if found.is_new {
            self.texts.extend_from_slice(text);
        }
        self.strings.follow(before, role, found.index);
        Some((found.index, rest))
    }

    /// Keys and values of a run.
    #[inline(never)]
    fn tags(&mut self, run: &[u8]) {
        let mut rest = run;
        while !rest.is_empty() {
            let Some((key, value)) = self.string(self.last_key, Role::Next, rest) else { return };
            self.last_key = key;
            if let Some((number, tail)) = value.split_first_chunk().filter(|(number, _)| is_number(number)) {
                self.number(number);
                rest = tail;
            } else {
                let Some((_, tail)) = self.string(key, Role::Value, value) else { return };
                rest = tail;
            }
        }
    }

    /// Every number is a float in this format.
    #[inline]
    fn number(&mut self, encoded: &[u8; NUMBER_SIZE]) {
        match decode_number(encoded) {
            Some(Number::Int(value)) => self.to.bytes(&encode_f64(value as f64)),
            _ => self.to.bytes(encoded),
        };
    }

    #[inline(never)]
    fn remember(&mut self, tags: &SharedTags) {
        let start = self.to.len();
        self.tags(tags.encoded());
        self.remembered.put(tags.identity(), self.to.since(start), ());
    }

    #[cold]
    fn extra(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, extra: &Extra) -> u32 {
        let mut count = 0;
        if !extra.events.is_empty() && !has_tag(facts, record, b"events") {
            self.json(b"\xa6events", &events_json(&extra.events));
            count += 1;
        }
        if !extra.links.is_empty() && !has_tag(facts, record, b"_dd.span_links") {
            self.json(b"\xae_dd.span_links", &links_json(&extra.links));
            count += 1;
        }
        count
    }

    fn json(&mut self, key: &[u8], json: &str) {
        let mut tag = key.to_vec();
        append_str(&mut tag, json.as_bytes());
        self.tags(&tag);
    }
}

impl TagSink for Out<'_> {
    #[inline]
    fn tag(&mut self, encoded: &[u8]) {
        self.tags(encoded);
    }

    #[inline(always)]
    fn shared(&mut self, tags: &SharedTags) {
        match self.remembered.get(tags.identity()) {
            Some((bytes, ())) => self.to.text(bytes),
            None => self.remember(tags),
        }
    }
}
