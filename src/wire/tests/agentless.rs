//! What the intake gets, read by another JSON implementation's rules: serde_json refuses what is not JSON.

use super::records::RecordBuilder;
use super::*;
use crate::context::{Decision, TraceTags};
use crate::record::{AttributeValue, Field, SpanEvent, SpanLink, TagEntry, flag};
use crate::wire::AgentlessJson;
use serde_json::{Value, json};

const PROCESS: [(&str, &str); 3] = [("hostname", "host \"one\""), ("env", ""), ("languageName", "cpp")];

fn payload(facts: &ChunkFacts<'_>, records: &[BuiltRecord]) -> Value {
    serde_json::from_slice(&encode(&mut AgentlessJson::new(&PROCESS), facts, records)).unwrap()
}

fn spans(facts: &ChunkFacts<'_>, records: &[BuiltRecord]) -> Vec<Value> {
    payload(facts, records)["traces"][0]["spans"].as_array().unwrap().clone()
}

#[test]
fn a_span_with_everything() {
    let library = library();
    let high = u128::from(u64::MAX) << 64;
    let facts = ChunkFacts { trace_id: high | 0xabc, decision: Some(Decision::inherited(2)), ..facts(&library) };
    let link = SpanLink { trace_id: 1, span_id: 2, tracestate: "a=b".to_owned(), flags: Some(1), attributes: Vec::new() };
    let event = SpanEvent {
        name: "e".to_owned(),
        time_unix_nano: 7,
        attributes: vec![("k".to_owned(), AttributeValue::Array(vec![AttributeValue::Int(1)]))],
    };
    let record = RecordBuilder::new()
        .head(|head| {
            (head.span_id, head.start_ns, head.duration_ns, head.flags) =
                (u64::MAX, 1_700_000_000_000_000_000, 1000, flag::ERROR | flag::TOP_LEVEL)
        })
        .field(Field::Name, "op")
        .field(Field::Resource, "GET /")
        .field(Field::Type, "web")
        .text("k\"\u{1}", "v\\\u{1f600}\n")
        .int("big", i64::MAX)
        .float("half", 0.5)
        .float("nan", f64::NAN)
        .extra(|extra| {
            extra.add_link(link);
            extra.add_event(event);
            extra.set_meta_struct("doc".to_owned(), vec![0x81, 0xa1, b'a', 1]);
        })
        .build();
    let payload = payload(&facts, &[record]);
    assert_eq!(payload["traces"].as_array().unwrap().len(), 1);
    let chunk = payload["traces"][0].as_object().unwrap();
    assert_eq!((&chunk["hostname"], &chunk["languageName"]), (&json!("host \"one\""), &json!("cpp")));
    assert!(!chunk.contains_key("env"));
    let span = &chunk["spans"][0];
    for (key, value) in [
        ("service", json!("web")),
        ("name", json!("op")),
        ("resource", json!("GET /")),
        ("type", json!("web")),
        ("trace_id", json!("0000000000000abc")),
        ("span_id", json!("ffffffffffffffff")),
        ("parent_id", json!("0000000000000000")),
        ("start", json!(1_700_000_000_000_000_000_i64)),
        ("duration", json!(1000)),
        ("error", json!(1)),
        ("meta_struct", json!({"doc": "gaFhAQ=="})),
    ] {
        assert_eq!(span[key], value, "{key}");
    }
    let (meta, metrics) = (&span["meta"], &span["metrics"]);
    assert_eq!(meta["k\"\u{1}"], "v\\\u{1f600}\n");
    assert_eq!(meta["_dd.p.tid"], "ffffffffffffffff");
    assert_eq!(meta["_dd.compute_stats"], "1");
    assert_eq!((&metrics["big"], &metrics["half"], metrics.get("nan")), (&json!(i64::MAX), &json!(0.5), None));
    assert_eq!(
        (&metrics["_trace_root"], &metrics["_top_level"], &metrics["_sampling_priority_v1"]),
        (&json!(1), &json!(1), &json!(2.0))
    );
    let inner = |key: &str| serde_json::from_str::<Value>(meta[key].as_str().unwrap()).unwrap();
    assert_eq!(inner("events"), json!([{"name": "e", "time_unix_nano": 7, "attributes": {"k": [1]}}]));
    assert_eq!(inner("_dd.span_links")[0]["span_id"], "0000000000000002");
}

#[test]
fn the_first_span_and_the_roots_say_what_they_are() {
    let library = library();
    let child = |id| RecordBuilder::new().head(|head| (head.span_id, head.parent_id) = (id, 1));
    let service = child(3).flags(flag::TOP_LEVEL).build();
    let spans = spans(&facts(&library), &[RecordBuilder::new().build(), child(2).build(), service]);
    let marks = |span: &Value| {
        let there = |kind: &str, key: &str| span[kind].get(key).is_some();
        [there("meta", "_dd.compute_stats"), there("metrics", "_trace_root"), there("metrics", "_top_level")]
    };
    assert_eq!(spans.iter().map(marks).collect::<Vec<_>>(), [[true, true, false], [false; 3], [false, false, true]]);
}

#[test]
fn marks_that_are_there_stay() {
    let library = library();
    let record = RecordBuilder::new()
        .flags(flag::TOP_LEVEL)
        .text("_dd.compute_stats", "0")
        .int("_trace_root", 0)
        .int("_top_level", 0)
        .text("events", "mine")
        .extra(|extra| assert!(extra.add_event(SpanEvent::default())))
        .build();
    let span = &spans(&facts(&library), &[record])[0];
    assert_eq!((&span["meta"]["_dd.compute_stats"], &span["meta"]["events"]), (&json!("0"), &json!("mine")));
    assert_eq!((&span["metrics"]["_trace_root"], &span["metrics"]["_top_level"]), (&json!(0), &json!(0)));
}

#[test]
fn chunks_and_payloads_follow_one_another() {
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod"), TagEntry::text("k", "global")];
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("rum"));
    let facts = ChunkFacts { tags: Some(&tags), ..facts(&library) };
    let records = [RecordBuilder::new().text("k", "own").build(), RecordBuilder::new().build()];
    let mut format = AgentlessJson::new(&[]);
    for chunks in [0, 1, 3] {
        format.begin();
        let refs: Vec<RecordRef<'_>> = records.iter().map(BuiltRecord::get).collect();
        (0..chunks).for_each(|_| format.chunk(&facts, &refs));
        let text = String::from_utf8(format.finish().to_vec()).unwrap();
        let payload: Value = serde_json::from_str(&text).unwrap();
        let traces = payload["traces"].as_array().unwrap();
        assert_eq!(traces.len(), chunks);
        for trace in traces {
            assert_eq!(trace["spans"][0]["meta"]["k"], "own");
            assert_eq!(trace["spans"][1]["meta"]["k"], "global");
            assert_eq!(
                (&trace["spans"][1]["meta"]["env"], &trace["spans"][1]["meta"]["_dd.origin"]),
                (&json!("prod"), &json!("rum"))
            );
        }
        assert_eq!(text.matches("\"k\":").count(), 2 * chunks, "no key is there twice");
    }
}
