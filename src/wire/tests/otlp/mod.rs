//! OTLP. Payloads in protobuf are read by `prost`, those in JSON by `serde_json`; both must say the same.

mod as_json;
mod attributes;
mod fields;
mod request;

use super::records::{BuiltRecord, RecordBuilder};
use super::{TraceEncoder, encode, facts};
use crate::context::Decision;
use crate::record::{Field, LibraryTags};
use crate::wire::ChunkFacts;
use crate::wire::otlp::{OtlpFacts, OtlpJson, OtlpProtobuf};
use request::{Request, Span};
use serde_json::Value as Json;

const KEPT: Decision = Decision { priority: 1, mechanism: Some(0), rate: None, limit_rate: None };

fn library() -> LibraryTags {
    LibraryTags::new("shop", "cpp")
}

fn kept(library: &LibraryTags) -> ChunkFacts<'_> {
    ChunkFacts { decision: Some(KEPT), ..facts(library) }
}

fn process() -> OtlpFacts {
    OtlpFacts {
        service: "shop".to_owned(),
        attributes: vec![("telemetry.sdk.name", "datadog".to_owned())],
        ..OtlpFacts::default()
    }
}

/// The spans of a chunk, as protobuf says them.
fn spans_of(facts: &ChunkFacts<'_>, process: &OtlpFacts, records: &[BuiltRecord]) -> Vec<Span> {
    Request::read(&encode(&mut OtlpProtobuf::new(process), facts, records)).2
}

/// The only span of a chunk, as protobuf says it.
fn span_of(record: RecordBuilder) -> Span {
    let mut spans = spans_of(&kept(&library()), &process(), &[record.build()]);
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

/// A payload in JSON.
fn json_of(facts: &ChunkFacts<'_>, process: &OtlpFacts, records: &[BuiltRecord]) -> Json {
    serde_json::from_slice(&encode(&mut OtlpJson::new(process), facts, records)).unwrap()
}

/// The only span of a chunk, in JSON.
fn json_span_of(record: RecordBuilder) -> Json {
    let payload = json_of(&kept(&library()), &process(), &[record.build()]);
    let mut spans = payload["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

/// A span that failed on a server.
fn failed() -> RecordBuilder {
    RecordBuilder::new()
        .field(Field::Name, "web.request")
        .field(Field::Resource, "GET /users/{id}")
        .field(Field::Type, "web")
        .flags(crate::record::flag::ERROR)
        .head(|head| {
            (head.span_id, head.start_ns, head.duration_ns) = (0x162e, 1_700_000_000_000_000_000, 50_000_000);
        })
        .text("http.status_code", "500")
        .text("error.message", "boom")
        .float("_dd.measured", 1.0)
}
