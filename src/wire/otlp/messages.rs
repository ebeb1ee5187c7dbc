//! Messages of OTLP as structs, with the field numbers and names of its protocol definitions.
//!
//! One definition serves both encodings: protobuf by `prost`, JSON by `serde` with the forms of `json_forms`. Spans themselves are not
//! among them: they are written without an owned message in between.

use super::json_forms::{as_base64, as_hex, as_text, is_default, read_json};
use crate::record::{AttributeValue, SpanEvent, SpanLink};
use prost::{Message, Oneof};
use serde::{Deserialize, Serialize};

/// What the telemetry comes from.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// What describes it.
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<KeyValue>,
    /// Attributes that were left out.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub dropped_attributes_count: u32,
}

/// The library that made the telemetry.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Its name.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Its version.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub version: String,
    /// What describes it.
    #[prost(message, repeated, tag = "3")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<KeyValue>,
    /// Attributes that were left out.
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub dropped_attributes_count: u32,
}

/// An attribute.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct KeyValue {
    /// Its key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<AnyValue>,
}

/// A value of any type.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(transparent)]
pub struct AnyValue {
    /// The value.
    #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub value: Option<Value>,
}

/// The types of [`AnyValue`].
#[derive(Clone, PartialEq, Oneof, Serialize)]
pub enum Value {
    /// Text.
    #[prost(string, tag = "1")]
    #[serde(rename = "stringValue")]
    String(String),
    /// A truth value.
    #[prost(bool, tag = "2")]
    #[serde(rename = "boolValue")]
    Bool(bool),
    /// An integer.
    #[prost(int64, tag = "3")]
    #[serde(rename = "intValue", serialize_with = "as_text")]
    Int(i64),
    /// Another number.
    #[prost(double, tag = "4")]
    #[serde(rename = "doubleValue")]
    Double(f64),
    /// Several values.
    #[prost(message, tag = "5")]
    #[serde(rename = "arrayValue")]
    Array(ArrayValue),
    /// Values with keys.
    #[prost(message, tag = "6")]
    #[serde(rename = "kvlistValue")]
    KeyValueList(KeyValueList),
    /// Bytes.
    #[prost(bytes = "vec", tag = "7")]
    #[serde(rename = "bytesValue", serialize_with = "as_base64")]
    Bytes(Vec<u8>),
}

/// Several values.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct ArrayValue {
    /// The values.
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<AnyValue>,
}

/// Values with keys.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct KeyValueList {
    /// The values.
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<KeyValue>,
}

/// Something that happened at a moment of a span.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unix time.
    #[prost(fixed64, tag = "1")]
    #[serde(serialize_with = "as_text", skip_serializing_if = "is_default")]
    pub time_unix_nano: u64,
    /// What happened.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// What describes it.
    #[prost(message, repeated, tag = "3")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<KeyValue>,
    /// Attributes that were left out.
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub dropped_attributes_count: u32,
}

/// A reference to another span.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Its trace: 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    #[serde(serialize_with = "as_hex")]
    pub trace_id: Vec<u8>,
    /// Its id: 8 bytes.
    #[prost(bytes = "vec", tag = "2")]
    #[serde(serialize_with = "as_hex")]
    pub span_id: Vec<u8>,
    /// Its W3C tracestate.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub trace_state: String,
    /// What describes the reference.
    #[prost(message, repeated, tag = "4")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<KeyValue>,
    /// Attributes that were left out.
    #[prost(uint32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub dropped_attributes_count: u32,
    /// Its W3C trace flags.
    #[prost(fixed32, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub flags: u32,
}

/// The answer to a request.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExportResponse {
    /// There if not everything was taken, or if there is something to say.
    #[prost(message, optional, tag = "1")]
    pub partial_success: Option<PartialSuccess>,
}

/// What was not taken.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PartialSuccess {
    /// How many spans were refused, or points of metrics.
    #[prost(int64, tag = "1")]
    #[serde(rename = "rejectedSpans", alias = "rejectedDataPoints", deserialize_with = "super::json_forms::int_or_text")]
    pub rejected: i64,
    /// Why; if nothing was refused, a warning.
    #[prost(string, tag = "2")]
    pub error_message: String,
}

impl KeyValue {
    /// An attribute with a text.
    pub fn text(key: &str, value: &str) -> Self {
        KeyValue::new(key, Value::String(value.to_owned()))
    }

    /// An attribute.
    pub fn new(key: &str, value: Value) -> Self {
        KeyValue { key: key.to_owned(), value: Some(value.into()) }
    }
}

impl From<Value> for AnyValue {
    fn from(value: Value) -> Self {
        AnyValue { value: Some(value) }
    }
}

impl From<&AttributeValue> for Value {
    fn from(value: &AttributeValue) -> Self {
        match value {
            AttributeValue::String(text) => Value::String(text.clone()),
            AttributeValue::Bool(value) => Value::Bool(*value),
            AttributeValue::Int(value) => Value::Int(*value),
            AttributeValue::Double(value) => Value::Double(*value),
            AttributeValue::Array(values) => {
                Value::Array(ArrayValue { values: values.iter().map(|value| Value::from(value).into()).collect() })
            }
        }
    }
}

impl From<&SpanEvent> for Event {
    fn from(event: &SpanEvent) -> Self {
        let attributes = event.attributes.iter().map(|(key, value)| KeyValue::new(key, value.into()));
        Event {
            time_unix_nano: event.time_unix_nano,
            name: event.name.clone(),
            attributes: attributes.collect(),
            dropped_attributes_count: 0,
        }
    }
}

impl From<&SpanLink> for Link {
    fn from(link: &SpanLink) -> Self {
        Link {
            trace_id: link.trace_id.to_be_bytes().to_vec(),
            span_id: link.span_id.to_be_bytes().to_vec(),
            trace_state: link.tracestate.clone(),
            attributes: link.attributes.iter().map(|(key, value)| KeyValue::text(key, value)).collect(),
            dropped_attributes_count: 0,
            flags: link.flags.unwrap_or(0),
        }
    }
}

impl ExportResponse {
    /// Reads an answer of the given content type; what is no answer says nothing.
    pub fn read(content_type: &str, body: &[u8]) -> Self {
        let read = match content_type.contains("json") {
            true => read_json(body),
            false => ExportResponse::decode(body).ok(),
        };
        read.unwrap_or_default()
    }
}
