//! Links and events as JSON texts, for formats that have no lists of their own for them.

use crate::record::{AttributeValue, SpanEvent, SpanLink};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// The value of the tag `events`.
pub fn events_json(events: &[SpanEvent]) -> String {
    let events: Vec<EventJson<'_>> = events.iter().map(EventJson).collect();
    serde_json::to_string(&events).unwrap_or_default()
}

/// The value of the tag `_dd.span_links`.
pub fn links_json(links: &[SpanLink]) -> String {
    let links: Vec<LinkJson<'_>> = links.iter().map(LinkJson).collect();
    serde_json::to_string(&links).unwrap_or_default()
}

struct EventJson<'a>(&'a SpanEvent);

impl Serialize for EventJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("time_unix_nano", &self.0.time_unix_nano)?;
        if !self.0.attributes.is_empty() {
            map.serialize_entry("attributes", &EventAttributes(&self.0.attributes))?;
        }
        map.end()
    }
}

struct EventAttributes<'a>(&'a [(String, AttributeValue)]);

impl Serialize for EventAttributes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, ValueJson(value))))
    }
}

struct ValueJson<'a>(&'a AttributeValue);

impl Serialize for ValueJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            AttributeValue::String(value) => to.serialize_str(value),
            AttributeValue::Bool(value) => to.serialize_bool(*value),
            AttributeValue::Int(value) => to.serialize_i64(*value),
            AttributeValue::Double(value) => to.serialize_f64(*value),
            AttributeValue::Array(values) => {
                let mut list = to.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&ValueJson(value))?;
                }
                list.end()
            }
        }
    }
}

struct LinkJson<'a>(&'a SpanLink);

impl Serialize for LinkJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let link = self.0;
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("trace_id", &format!("{:032x}", link.trace_id))?;
        map.serialize_entry("span_id", &format!("{:016x}", link.span_id))?;
        if !link.tracestate.is_empty() {
            map.serialize_entry("tracestate", &link.tracestate)?;
        }
        if let Some(flags) = link.flags {
            map.serialize_entry("flags", &flags)?;
        }
        if !link.attributes.is_empty() {
            map.serialize_entry("attributes", &Attributes(&link.attributes))?;
        }
        map.end()
    }
}

struct Attributes<'a>(&'a [(String, String)]);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
