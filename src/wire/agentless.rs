//! What Datadog's intake takes without an agent: a JSON object per chunk, which says where the spans come from and holds them
//! with the keys of v0.4.
//!
//! The intake does what an agent would do otherwise, so the spans say more: which are roots and of the top level, and that statistics are
//! still to be computed. Ids are hexadecimal; links and events are tags; structured tags are base64 of their MessagePack.

use super::added_tags::{TagSink, has_tag};
use super::buffer::restart;
use super::{AddedTags, ChunkFacts, TraceEncoder, events_json, links_json};
use crate::record::msgpack::{decode_number, split_str};
use crate::record::{Extra, Field, Number, RecordRef, SharedTags, flag};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use std::borrow::Cow;
use std::io::Write;

/// Builds payloads for the intake in one buffer.
pub struct AgentlessJson {
    payload: Vec<u8>,
    /// The beginning of each chunk: `{"key":"value",…,"spans":[`.
    chunk_start: Vec<u8>,
    added: AddedTags,
}

impl AgentlessJson {
    /// An encoder whose chunks say this of the process. Texts that are not known are empty, and left out.
    pub fn new(process: &[(&str, &str)]) -> Self {
        let mut chunk_start = b"{".to_vec();
        for (key, value) in process.iter().filter(|(_, value)| !value.is_empty()) {
            member(&mut chunk_start, key, value);
            chunk_start.push(b',');
        }
        chunk_start.extend_from_slice(b"\"spans\":[");
        AgentlessJson { payload: Vec::new(), chunk_start, added: AddedTags::default() }
    }
}

impl TraceEncoder for AgentlessJson {
    fn begin(&mut self) {
        restart(&mut self.payload);
        self.payload.extend_from_slice(b"{\"traces\":[");
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        let out = &mut self.payload;
        separate(out);
        out.extend_from_slice(&self.chunk_start);
        for (index, record) in records.iter().enumerate() {
            separate(out);
            span(out, facts, record, index == 0, &mut self.added);
        }
        out.extend_from_slice(b"]}");
    }

    fn finish(&mut self) -> &[u8] {
        self.payload.extend_from_slice(b"]}");
        &self.payload
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.payload)
    }

    fn reuse(&mut self, buffer: Vec<u8>) {
        self.payload = buffer;
    }
}

fn span(out: &mut Vec<u8>, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, added: &mut AddedTags) {
    let head = record.head;
    let first = |text, other| if <[u8]>::is_empty(text) { other } else { text };
    let name = record.field(Field::Name);
    out.push(b'{');
    for (key, value) in [
        ("service", first(record.field(Field::Service), facts.library.service.as_bytes())),
        ("name", name),
        ("resource", first(record.field(Field::Resource), name)),
        ("type", record.field(Field::Type)),
    ] {
        member(out, key, text_of(value));
        out.push(b',');
    }
    for (key, id) in [("trace_id", facts.trace_id as u64), ("span_id", head.span_id), ("parent_id", head.parent_id)] {
        // A `Vec` takes everything.
        let _ = write!(out, "\"{key}\":\"{id:016x}\",");
    }
    let (duration, error) = (head.duration_ns.max(0), u8::from(head.has(flag::ERROR)));
    let _ = write!(out, "\"start\":{},\"duration\":{duration},\"error\":{error},\"meta\":{{", head.start_ns);
    texts(out, facts, record, is_chunk_root, added);
    out.extend_from_slice(b"},\"metrics\":{");
    numbers(out, facts, record, is_chunk_root, added);
    out.push(b'}');
    if let Some(extra) = record.extra().filter(|extra| !extra.meta_struct.is_empty()) {
        out.extend_from_slice(b",\"meta_struct\":{");
        for (key, document) in &extra.meta_struct {
            separate(out);
            member(out, key, BASE64_STANDARD.encode(document));
        }
        out.push(b'}');
    }
    out.push(b'}');
}

fn texts(out: &mut Vec<u8>, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, added: &mut AddedTags) {
    for (key, value) in record.runs.each_text() {
        text(out, key, value);
    }
    added.texts(facts, record, is_chunk_root, &mut Texts(&mut *out));
    let mut add = |key: &str, value: &str| {
        if !has_tag(facts, record, key.as_bytes()) {
            text(out, key.as_bytes(), value.as_bytes());
        }
    };
    if let Some(Extra { links, events, .. }) = record.extra() {
        if !events.is_empty() {
            add("events", &events_json(events));
        }
        if !links.is_empty() {
            add("_dd.span_links", &links_json(links));
        }
    }
    if is_chunk_root {
        add("_dd.compute_stats", "1");
    }
}

fn numbers(out: &mut Vec<u8>, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, added: &mut AddedTags) {
    for (key, value) in record.runs.each_number() {
        number(out, key, value);
    }
    added.numbers(facts, record, is_chunk_root, &mut Numbers(&mut *out));
    for (key, applies) in [("_trace_root", record.head.parent_id == 0), ("_top_level", record.head.has(flag::TOP_LEVEL))] {
        if applies && !has_tag(facts, record, key.as_bytes()) {
            number(out, key.as_bytes(), Number::Int(1));
        }
    }
}

/// Takes the string tags that the library adds.
struct Texts<'a>(&'a mut Vec<u8>);

impl TagSink for Texts<'_> {
    fn tag(&mut self, encoded: &[u8]) {
        if let Some((key, value)) = split_str(encoded).and_then(|(key, rest)| Some((key, split_str(rest)?.0))) {
            text(self.0, key, value);
        }
    }

    fn shared(&mut self, tags: &SharedTags) {
        tags.each().for_each(|tag| self.tag(tag));
    }
}

/// Takes the numeric tags that the library adds.
struct Numbers<'a>(&'a mut Vec<u8>);

impl TagSink for Numbers<'_> {
    fn tag(&mut self, encoded: &[u8]) {
        if let Some((key, value)) = split_str(encoded).and_then(|(key, rest)| Some((key, decode_number(rest)?))) {
            number(self.0, key, value);
        }
    }

    fn shared(&mut self, tags: &SharedTags) {
        tags.each().for_each(|tag| self.tag(tag));
    }
}

fn text(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    separate(out);
    member(out, &text_of(key), text_of(value));
}

/// JSON has no infinities and the like: they are left out.
fn number(out: &mut Vec<u8>, key: &[u8], value: Number) {
    let key = text_of(key);
    match value {
        Number::Int(value) => {
            separate(out);
            member(out, &key, value);
        }
        Number::Float(value) if value.is_finite() => {
            separate(out);
            member(out, &key, value);
        }
        Number::Float(_) => {}
    }
}

fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// A comma, unless an object or array has just begun.
fn separate(out: &mut Vec<u8>) {
    if !out.ends_with(b"{") && !out.ends_with(b"[") {
        out.push(b',');
    }
}

fn member(out: &mut Vec<u8>, key: &str, value: impl Serialize) {
    // Writing into memory does not fail, and neither does serializing a text or a number.
    let _ = serde_json::to_writer(&mut *out, key);
    out.push(b':');
    let _ = serde_json::to_writer(&mut *out, &value);
}
