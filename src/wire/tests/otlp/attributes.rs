//! What tags of spans become.

use super::*;
use crate::record::{TagEntry, flag};
use crate::wire::otlp::messages::Value;

#[test]
fn the_attributes_of_a_span_are_what_it_says_and_its_tags() {
    let span = span_of(failed().float("ratio", 0.5).int("rows", 7));
    let texts =
        ["operation.name", "span.type", "resource.name", "http.status_code", "error.message"].map(|key| span.text(key).unwrap());
    assert_eq!(texts, ["web.request", "web", "GET /users/{id}", "500", "boom"]);
    assert_eq!(span.value("_dd.measured"), Some(&Value::Int(1)));
    assert_eq!((span.value("ratio"), span.value("rows")), (Some(&Value::Double(0.5)), Some(&Value::Int(7))));
    assert_eq!(span.value("service.name"), None, "it is the resource's");
    assert_eq!(span.dropped_attributes_count, 0);
}

#[test]
fn another_service_is_named() {
    assert_eq!(span_of(RecordBuilder::new().field(Field::Service, "db")).text("service.name"), Some("db"));
    assert_eq!(span_of(RecordBuilder::new().field(Field::Service, "shop")).value("service.name"), None);
    assert_eq!(span_of(RecordBuilder::new()).value("span.type"), None, "a type that is not set");
}

#[test]
fn numbers_of_all_sizes_arrive() {
    for value in [0, 1, -1, 127, 128, -128, 1 << 40, i64::MAX, i64::MIN] {
        assert_eq!(span_of(RecordBuilder::new().int("n", value)).value("n"), Some(&Value::Int(value)));
    }
    for value in [0.25, -1e300, f64::MIN_POSITIVE, 1e19] {
        assert_eq!(span_of(RecordBuilder::new().float("n", value)).value("n"), Some(&Value::Double(value)));
    }
    assert_eq!(span_of(RecordBuilder::new().float("n", -3.0)).value("n"), Some(&Value::Int(-3)));
}

#[test]
fn tags_of_the_library_are_added() {
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod"), TagEntry::text("team", "blue")];
    library.version = Some(TagEntry::text("version", "1.2"));
    library.local_root_texts = vec![TagEntry::text("runtime-id", "abc")];
    library.local_root_numbers = vec![TagEntry::number("process_id", 42.0)];
    let facts = ChunkFacts { trace_id: (0xbeef << 64) | 1, ..kept(&library) };
    let root = RecordBuilder::new().flags(flag::LOCAL_ROOT | flag::TOP_LEVEL | flag::VERSION).text("team", "red");
    let spans = spans_of(&facts, &process(), &[root.build(), RecordBuilder::new().build()]);
    let texts = ["env", "team", "version", "runtime-id", "_dd.p.tid", "_dd.p.dm"].map(|key| spans[0].text(key));
    assert_eq!(texts, ["prod", "red", "1.2", "abc", "000000000000beef", "-0"].map(Some));
    for (key, value) in [("process_id", 42), ("_dd.top_level", 1), ("_sampling_priority_v1", 1)] {
        assert_eq!(spans[0].value(key), Some(&Value::Int(value)), "{key}");
    }
    assert_eq!((spans[1].text("env"), spans[1].text("team"), spans[1].value("version")), (Some("prod"), Some("blue"), None));
}

#[test]
fn structured_tags_are_bytes() {
    let document = vec![0x81, 0xa1, 0x61, 0xff];
    let record = || RecordBuilder::new().extra(|extra| _ = extra.set_meta_struct("doc".to_owned(), document.clone()));
    assert_eq!(span_of(record()).value("doc"), Some(&Value::Bytes(document.clone())));
    let json = json_span_of(record());
    let attribute = json["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == "doc").unwrap();
    assert_eq!(attribute["value"], serde_json::json!({"bytesValue": "gaFh/w=="}));
}

#[test]
fn of_very_many_attributes_the_rest_is_counted() {
    let record = || {
        let record = (0..150).fold(RecordBuilder::new(), |record, index| record.text(&format!("key{index}"), "v"));
        let record = (0..20).fold(record, |record, index| record.int(&format!("n{index}"), index));
        // Beyond the limit, and looked at nevertheless.
        record.text("span.kind", "server").text("error.message", "late").flags(flag::ERROR)
    };
    let span = span_of(record());
    let all = span.attributes.len() as u32 + span.dropped_attributes_count;
    assert_eq!(span.attributes.len(), 128);
    // Name and resource; texts; numbers; two tags of the first span of a chunk besides the priority.
    assert_eq!(all, 2 + 152 + 20 + 3);
    assert_eq!((span.kind, span.status.map(|status| status.message)), (2, Some("late".to_owned())));
    assert_eq!(span.attributes[1].key, "resource.name", "what only Datadog knows comes first");
    let json = json_span_of(record());
    assert_eq!(json["attributes"].as_array().unwrap().len(), 128);
    assert_eq!(json["droppedAttributesCount"], all - 128);
}

#[test]
fn pure_attributes_are_those_of_opentelemetry() {
    let process = OtlpFacts { pure_attributes: true, ..process() };
    let library = library();
    let record = failed().field(Field::Service, "db").text("span.kind", "client").text("error.msg", "short");
    let span = &spans_of(&kept(&library), &process, &[record.build()])[0];
    for key in ["service.name", "operation.name", "span.type", "resource.name", "error.message", "error.msg", "span.kind"] {
        assert_eq!(span.value(key), None, "{key}");
    }
    assert_eq!(span.text("http.status_code"), Some("500"));
    assert_eq!((span.kind, span.status.as_ref().map(|status| status.message.as_str())), (3, Some("short")));
}
