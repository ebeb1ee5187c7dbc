//! OTLP as JSON: ids in hexadecimal, integers of 64 bits and times as texts, enumerations as numbers, and nothing that has its default.

use super::OtlpFacts;
use super::json_forms::base64;
use super::mapping::{Beginning, End, Mapping, SpanWriter};
use super::messages::{Event, Link};
use crate::record::RecordRef;
use crate::wire::buffer::restart;
use crate::wire::{ChunkFacts, TraceEncoder};
use serde::Serialize;
use std::io::Write;

/// Builds payloads of the content type `application/json`.
pub struct OtlpJson {
    payload: Vec<u8>,
    is_closed: bool,
    /// Everything in front of the spans.
    front: Vec<u8>,
    mapping: Mapping,
}

impl OtlpJson {
    /// An encoder for the payloads of one process.
    pub fn new(facts: &OtlpFacts) -> Self {
        let mut front = br#"{"resourceSpans":[{"resource":"#.to_vec();
        append(&mut front, &facts.resource());
        front.extend_from_slice(br#","scopeSpans":[{"scope":"#);
        append(&mut front, &facts.scope());
        front.extend_from_slice(br#","spans":["#);
        OtlpJson { payload: Vec::new(), is_closed: false, front, mapping: Mapping::new(facts) }
    }
}

/// A `Vec` takes everything, and nothing in the messages can fail to be written.
fn append(to: &mut Vec<u8>, value: &impl Serialize) {
    let _ = serde_json::to_writer(to, value);
}

impl TraceEncoder for OtlpJson {
    fn begin(&mut self) {
        restart(&mut self.payload);
        self.payload.extend_from_slice(&self.front);
        self.is_closed = false;
    }

    fn trace_state(&mut self, members: &str) {
        self.mapping.trace_state(members);
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        self.mapping.chunk(facts, records, &mut Spans { to: &mut self.payload });
    }

    fn finish(&mut self) -> &[u8] {
        if !std::mem::replace(&mut self.is_closed, true) {
            end_list(&mut self.payload);
            self.payload.extend_from_slice(b"}]}]}");
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

/// Ends a list, each item of which was written with a comma behind it.
fn end_list(to: &mut Vec<u8>) {
    if to.last() == Some(&b',') {
        to.pop();
    }
    to.push(b']');
}

/// Appends spans, each with a comma behind it.
struct Spans<'a> {
    to: &'a mut Vec<u8>,
}

const ATTRIBUTES: &[u8] = br#","attributes":["#;

impl Spans<'_> {
    fn text_value(&mut self, text: &[u8]) {
        match std::str::from_utf8(text) {
            Ok(text) => append(self.to, &text),
            // Records hold valid text.
            Err(_) => append(self.to, &String::from_utf8_lossy(text)),
        }
    }

    /// Writes by a format; a `Vec` takes everything.
    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.to.write_fmt(text);
    }

    fn begin_attribute(&mut self, key: &[u8], kind: &[u8]) {
        self.to.extend_from_slice(br#"{"key":"#);
        self.text_value(key);
        self.to.extend_from_slice(br#","value":{""#);
        self.to.extend_from_slice(kind);
        self.to.extend_from_slice(br#"":"#);
    }

    fn end_attribute(&mut self) {
        self.to.extend_from_slice(b"}},");
    }

    fn list(&mut self, key: &[u8], items: &mut dyn Iterator<Item = impl Serialize>) {
        self.to.extend_from_slice(key);
        for item in items {
            append(self.to, &item);
            self.to.push(b',');
        }
        end_list(self.to);
    }
}

impl SpanWriter for Spans<'_> {
    fn begin(&mut self, span: &Beginning<'_>) {
        self.write(format_args!(r#"{{"traceId":"{:032x}","spanId":"{:016x}""#, span.trace_id, span.span_id));
        if span.parent_id != 0 {
            self.write(format_args!(r#","parentSpanId":"{:016x}""#, span.parent_id));
        }
        if !span.name.is_empty() {
            self.to.extend_from_slice(br#","name":"#);
            self.text_value(span.name);
        }
        for (key, time) in [("startTimeUnixNano", span.start), ("endTimeUnixNano", span.end)] {
            if time != 0 {
                self.write(format_args!(r#","{key}":"{time}""#));
            }
        }
        self.to.extend_from_slice(ATTRIBUTES);
    }

    fn text(&mut self, key: &[u8], value: &[u8]) {
        self.begin_attribute(key, b"stringValue");
        self.text_value(value);
        self.end_attribute();
    }

    fn int(&mut self, key: &[u8], value: i64) {
        self.begin_attribute(key, b"intValue");
        self.write(format_args!("\"{value}\""));
        self.end_attribute();
    }

    fn double(&mut self, key: &[u8], value: f64) {
        self.begin_attribute(key, b"doubleValue");
        if value.is_finite() {
            append(self.to, &value);
        } else {
            // JSON has no such numbers; protobuf's JSON has these texts.
            let name = if value.is_nan() { "NaN" } else { ["Infinity", "-Infinity"][usize::from(value < 0.0)] };
            append(self.to, &name);
        }
        self.end_attribute();
    }

    fn bytes(&mut self, key: &[u8], value: &[u8]) {
        self.begin_attribute(key, b"bytesValue");
        append(self.to, &base64(value));
        self.end_attribute();
    }

    fn end_attributes(&mut self, dropped: u32) {
        match self.to.ends_with(ATTRIBUTES) {
            true => self.to.truncate(self.to.len() - ATTRIBUTES.len()),
            false => end_list(self.to),
        }
        if dropped > 0 {
            self.write(format_args!(r#","droppedAttributesCount":{dropped}"#));
        }
    }

    fn events(&mut self, events: &mut dyn Iterator<Item = Event>, dropped: usize) {
        self.list(br#","events":["#, events);
        if dropped > 0 {
            self.write(format_args!(r#","droppedEventsCount":{dropped}"#));
        }
    }

    fn links(&mut self, links: &mut dyn Iterator<Item = Link>) {
        self.list(br#","links":["#, links);
    }

    fn end(&mut self, span: &End<'_>) {
        if !span.trace_state.is_empty() {
            self.to.extend_from_slice(br#","traceState":"#);
            self.text_value(span.trace_state);
        }
        if span.kind != 0 {
            self.write(format_args!(r#","kind":{}"#, span.kind));
        }
        if span.is_error {
            self.to.extend_from_slice(br#","status":{"#);
            if !span.message.is_empty() {
                self.to.extend_from_slice(br#""message":"#);
                self.text_value(span.message);
                self.to.push(b',');
            }
            self.to.extend_from_slice(br#""code":2}"#);
        }
        if span.is_sampled {
            self.to.extend_from_slice(br#","flags":1"#);
        }
        self.to.extend_from_slice(b"},");
    }
}
