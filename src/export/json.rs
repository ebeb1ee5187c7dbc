//! A span as JSON, for people and for tests.
//!
//! Every span has the same fields in the same order: `trace_id` (32 hex digits), `span_id` and `parent_id` (16, or null
//! for a root), `name`, `service`, `resource`, `type`, `kind`, `status` (`code`, `description`), `start`, `end` and
//! `duration` (nanoseconds), `error`, `meta`, `metrics`, `events`, `links`, `baggage`, `sampled` (null while undecided). Only
//! `meta_struct` is left out when empty; it names its keys with the length of each document. Integers stay integers.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::record::{AttributeValue, Number, SpanData, SpanEvent, SpanLink};

/// The span as a JSON document. Whether it is sampled is read from its own tags.
pub fn span_json(span: &SpanData) -> SpanJson<'_> {
    let priority = span.metrics.iter().find(|(key, _)| key == "_sampling_priority_v1");
    let sampled = priority.map(|(_, value)| as_f64(*value) > 0.0);
    SpanJson { span, sampled: sampled_alone(span).or(sampled) }
}

/// The span as a JSON document, sampled by the priority of its chunk or by a rule for single spans.
pub fn span_json_with_priority(span: &SpanData, priority: Option<i32>) -> SpanJson<'_> {
    SpanJson { span, sampled: sampled_alone(span).or(priority.map(|priority| priority > 0)) }
}

/// A span that serializes as described above.
#[derive(Clone, Copy, Debug)]
pub struct SpanJson<'a> {
    span: &'a SpanData,
    sampled: Option<bool>,
}

/// A span that a single-span rule keeps, whatever happens to its trace.
fn sampled_alone(span: &SpanData) -> Option<bool> {
    let has_rule = span.metrics.iter().any(|(key, _)| key == "_dd.span_sampling.mechanism");
    has_rule.then_some(true)
}

fn as_f64(number: Number) -> f64 {
    match number {
        Number::Int(value) => value as f64,
        Number::Float(value) => value,
    }
}

impl Serialize for SpanJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let span = self.span;
        let duration = span.duration_ns.max(0);
        let mut fields = serializer.serialize_struct("span", 20)?;
        fields.serialize_field("trace_id", &TraceId(span.trace_id))?;
        fields.serialize_field("span_id", &SpanId(span.span_id))?;
        let parent = (span.parent_id != 0).then_some(SpanId(span.parent_id));
        fields.serialize_field("parent_id", &parent)?;
        fields.serialize_field("name", &span.name)?;
        fields.serialize_field("service", &span.service)?;
        fields.serialize_field("resource", &span.resource)?;
        fields.serialize_field("type", &span.span_type)?;
        fields.serialize_field("kind", kind(span))?;
        fields.serialize_field("status", &Status(span))?;
        fields.serialize_field("start", &span.start_ns)?;
        fields.serialize_field("end", &span.start_ns.saturating_add(duration))?;
        fields.serialize_field("duration", &duration)?;
        fields.serialize_field("error", &i32::from(span.error))?;
        fields.serialize_field("meta", &Pairs(&span.meta, String::as_str))?;
        fields.serialize_field("metrics", &Pairs(&span.metrics, NumberJson))?;
        if !span.meta_struct.is_empty() {
            fields.serialize_field("meta_struct", &Pairs(&span.meta_struct, Vec::len))?;
        }
        fields.serialize_field("events", &List(&span.events, EventJson))?;
        fields.serialize_field("links", &List(&span.links, LinkJson))?;
        fields.serialize_field("baggage", &Pairs(&span.baggage, String::as_str))?;
        fields.serialize_field("sampled", &self.sampled)?;
        fields.end()
    }
}

/// The kind, by the tag `span.kind`. What is not there or not known is internal.
fn kind(span: &SpanData) -> &'static str {
    let value = text_tag(span, "span.kind").unwrap_or_default();
    ["server", "client", "producer", "consumer"].into_iter().find(|known| value.eq_ignore_ascii_case(known)).unwrap_or("internal")
}

fn text_tag<'a>(span: &'a SpanData, key: &str) -> Option<&'a str> {
    span.meta.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// The status as far as a finished span has one: success is not kept apart from "unset".
struct Status<'a>(&'a SpanData);

impl Serialize for Status<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let description = text_tag(self.0, "error.message").filter(|_| self.0.error);
        let mut fields = serializer.serialize_struct("status", 2)?;
        fields.serialize_field("code", if self.0.error { "ERROR" } else { "UNSET" })?;
        fields.serialize_field("description", &description)?;
        fields.end()
    }
}

pub(super) struct EventJson<'a>(pub(super) &'a SpanEvent);

impl Serialize for EventJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("name", &event.name)?;
        fields.serialize_entry("time_unix_nano", &event.time_unix_nano)?;
        if !event.attributes.is_empty() {
            fields.serialize_entry("attributes", &Pairs(&event.attributes, AttributeJson))?;
        }
        fields.end()
    }
}

struct AttributeJson<'a>(&'a AttributeValue);

impl Serialize for AttributeJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            AttributeValue::String(text) => serializer.serialize_str(text),
            AttributeValue::Bool(truth) => serializer.serialize_bool(*truth),
            AttributeValue::Int(number) => serializer.serialize_i64(*number),
            AttributeValue::Double(number) => serializer.serialize_f64(*number),
            AttributeValue::Array(items) => serializer.collect_seq(items.iter().map(AttributeJson)),
        }
    }
}

pub(super) struct LinkJson<'a>(pub(super) &'a SpanLink);

impl Serialize for LinkJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let link = self.0;
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("trace_id", &TraceId(link.trace_id))?;
        fields.serialize_entry("span_id", &SpanId(link.span_id))?;
        if !link.tracestate.is_empty() {
            fields.serialize_entry("tracestate", &link.tracestate)?;
        }
        if let Some(flags) = link.flags {
            fields.serialize_entry("flags", &flags)?;
        }
        if !link.attributes.is_empty() {
            fields.serialize_entry("attributes", &Pairs(&link.attributes, String::as_str))?;
        }
        fields.end()
    }
}

pub(super) struct NumberJson<'a>(pub(super) &'a Number);

impl Serialize for NumberJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Number::Int(value) => serializer.serialize_i64(*value),
            Number::Float(value) => serializer.serialize_f64(*value),
        }
    }
}

struct TraceId(u128);

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", self.0))
    }
}

struct SpanId(u64);

impl Serialize for SpanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

/// Keys with values as a JSON object, each value shown as `1` makes it.
pub(super) struct Pairs<'a, T, F>(pub(super) &'a [(String, T)], pub(super) F);

impl<'a, T, F, V> Serialize for Pairs<'a, T, F>
where
    F: Fn(&'a T) -> V,
    V: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, (self.1)(value))))
    }
}

/// Items as a JSON array, each shown as `1` makes it.
pub(super) struct List<'a, T, F>(pub(super) &'a [T], pub(super) F);

impl<'a, T, F, V> Serialize for List<'a, T, F>
where
    F: Fn(&'a T) -> V,
    V: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

impl fmt::Display for SpanJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
