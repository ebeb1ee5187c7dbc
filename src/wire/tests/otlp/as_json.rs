//! The JSON form.

use super::*;
use crate::record::{AttributeValue, SpanEvent, SpanLink};
use serde_json::json;
use std::collections::BTreeMap;

/// What the protocol's own example says about such a span.
const GOLDEN: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"telemetry.sdk.name","value":{"stringValue":"datadog"}}]},
 "scopeSpans":[{"scope":{"name":"libddtrace"},"spans":[{"traceId":"000000000000000000000000000004d2","spanId":"000000000000162e","name":"GET /users/{id}","kind":2,
  "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000050000000",
  "attributes":[{"key":"operation.name","value":{"stringValue":"web.request"}},{"key":"span.type","value":{"stringValue":"web"}},{"key":"resource.name","value":{"stringValue":"GET /users/{id}"}},
   {"key":"http.status_code","value":{"stringValue":"500"}},{"key":"_dd.measured","value":{"intValue":"1"}}],
  "status":{"code":2,"message":"boom"},"flags":1}]}]}]}"#;

#[test]
fn a_payload_has_the_values_of_the_golden_one() {
    let library = library();
    let mut payload = json_of(&ChunkFacts { trace_id: 0x4d2, ..kept(&library) }, &process(), &[failed().build()]);
    let span = &mut payload["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    let attributes = span["attributes"].as_array_mut().unwrap();
    // What the first span of every chunk says, and the tag that the status repeats.
    let besides = ["_dd.p.dm", "_dd.tracer_kr", "_sampling_priority_v1", "error.message"];
    let count = attributes.len();
    attributes.retain(|attribute| !besides.iter().any(|key| attribute["key"] == *key));
    assert_eq!(count - attributes.len(), besides.len());
    assert_eq!(payload, serde_json::from_str::<Json>(GOLDEN).unwrap());
}

#[test]
fn what_has_its_default_is_not_written() {
    let span = json_span_of(RecordBuilder::new().field(Field::Name, "").text("span.kind", "unknown"));
    let mut keys: Vec<_> = span.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["attributes", "flags", "spanId", "traceId"]);
    let library = library();
    let unsampled = ChunkFacts { decision: None, ..kept(&library) };
    let process = OtlpFacts { pure_attributes: true, ..process() };
    let second = &json_of(&unsampled, &process, &[RecordBuilder::new().build(), RecordBuilder::new().build()])["resourceSpans"]
        [0]["scopeSpans"][0]["spans"][1];
    let expected = json!({"traceId": format!("{:032x}", 1), "spanId": format!("{:016x}", 2), "name": "op", "kind": 1});
    assert_eq!(*second, expected);
}

#[test]
fn texts_are_escaped() {
    let hostile = "quote\" backslash\\ line\n nul\0 grün € \u{1f600} \u{2028} </script>";
    let span = json_span_of(RecordBuilder::new().field(Field::Resource, hostile).text(hostile, hostile));
    assert_eq!(span["name"], hostile);
    let attributes = span["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"key": hostile, "value": {"stringValue": hostile}})));
}

#[test]
fn numbers_that_json_has_not_are_texts() {
    let record =
        RecordBuilder::new().float("a", f64::NAN).float("b", f64::INFINITY).float("c", f64::NEG_INFINITY).float("d", 1.5);
    let span = json_span_of(record);
    let values: Vec<_> = ["a", "b", "c", "d"].map(|key| value_of(&span["attributes"], key)["doubleValue"].clone()).to_vec();
    assert_eq!(values, [json!("NaN"), json!("Infinity"), json!("-Infinity"), json!(1.5)]);
}

fn value_of(attributes: &Json, key: &str) -> Json {
    attributes.as_array().unwrap().iter().find(|attribute| attribute["key"] == key).unwrap()["value"].clone()
}

#[test]
fn links_and_events_follow_the_same_rules() {
    let link = SpanLink {
        trace_id: 0xabcd,
        span_id: 0xef,
        tracestate: "a=1".to_owned(),
        flags: Some(1),
        attributes: vec![("k".to_owned(), "v".to_owned())],
    };
    let values = vec![AttributeValue::Int(1), AttributeValue::Int(-2)];
    let attributes = vec![
        ("list".to_owned(), AttributeValue::Array(values)),
        ("yes".to_owned(), AttributeValue::Bool(true)),
        ("half".to_owned(), AttributeValue::Double(0.5)),
    ];
    let event = SpanEvent { name: "e".to_owned(), time_unix_nano: 7, attributes };
    let span = json_span_of(RecordBuilder::new().extra(|extra| {
        extra.links = vec![link, SpanLink::default()];
        extra.events = vec![event, SpanEvent::default()];
    }));
    let attribute = json!([{"key": "k", "value": {"stringValue": "v"}}]);
    let first = json!({"traceId": format!("{:032x}", 0xabcd), "spanId": format!("{:016x}", 0xef), "traceState": "a=1", "flags": 1, "attributes": attribute});
    assert_eq!(span["links"][0], first);
    assert_eq!(span["links"][1], json!({"traceId": "0".repeat(32), "spanId": "0".repeat(16)}));
    let attributes = json!([
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"intValue": "-2"}]}}},
        {"key": "yes", "value": {"boolValue": true}},
        {"key": "half", "value": {"doubleValue": 0.5}},
    ]);
    assert_eq!(span["events"], json!([{"timeUnixNano": "7", "name": "e", "attributes": attributes}, {}]));
}

#[test]
fn both_forms_say_the_same() {
    let record = || {
        failed()
            .head(|head| head.parent_id = 9)
            .field(Field::Service, "other")
            .text("tracestate", "x=y")
            .text("long", &"l".repeat(1_000))
            .int("big", i64::MIN)
            .float("part", 0.125)
            .extra(|extra| _ = extra.set_meta_struct("doc".to_owned(), vec![0, 1, 255]))
    };
    let (span, json) = (span_of(record()), json_span_of(record()));
    let attributes = |list: Json| -> BTreeMap<String, Json> {
        let pairs = list.as_array().unwrap().iter().map(|item| (item["key"].as_str().unwrap().to_owned(), item["value"].clone()));
        pairs.collect()
    };
    let of_protobuf = attributes(serde_json::to_value(&span.attributes).unwrap());
    assert_eq!(of_protobuf.len(), span.attributes.len());
    assert_eq!(of_protobuf, attributes(json["attributes"].clone()));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        [&json["traceId"], &json["spanId"], &json["parentSpanId"]],
        [hex(&span.trace_id), hex(&span.span_id), hex(&span.parent_span_id)].each_ref()
    );
    assert_eq!(
        [&json["name"], &json["traceState"], &json["status"]["message"]],
        [&span.name, &span.trace_state, &span.status.unwrap().message]
    );
    assert_eq!(
        [&json["startTimeUnixNano"], &json["endTimeUnixNano"]],
        [span.start_time_unix_nano, span.end_time_unix_nano].map(|time| time.to_string()).each_ref()
    );
    assert_eq!((json["kind"].as_i64(), json["flags"].as_u64()), (Some(i64::from(span.kind)), Some(u64::from(span.flags))));
}
