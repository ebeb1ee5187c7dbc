//! What fields of spans become.

use super::*;
use crate::record::{AttributeValue, RecordRef, SpanEvent, SpanLink, flag};
use crate::wire::otlp::messages::{KeyValue, Value};

#[test]
fn a_payload_names_resource_and_scope_once() {
    let process = OtlpFacts {
        attributes: vec![("service.version", "1.2".to_owned()), ("host.name", String::new())],
        version: "0.9".to_owned(),
        ..process()
    };
    let library = library();
    let records = [RecordBuilder::new().build(), RecordBuilder::new().build()];
    let payload = encode(&mut OtlpProtobuf::new(&process), &kept(&library), &records);
    let (resource, scope, spans) = Request::read(&payload);
    assert_eq!(resource.attributes, [KeyValue::text("service.name", "shop"), KeyValue::text("service.version", "1.2")]);
    assert_eq!((scope.name.as_str(), scope.version.as_str(), spans.len()), ("libddtrace", "0.9", 2));
}

#[test]
fn ids_and_times_arrive() {
    let record = RecordBuilder::new().head(|head| {
        (head.span_id, head.parent_id, head.start_ns, head.duration_ns) = (u64::MAX, 1 << 63, 1_700_000_000_000_000_001, 999);
    });
    let library = library();
    let facts = ChunkFacts { trace_id: (0xab << 120) | 5, ..kept(&library) };
    let span = &spans_of(&facts, &process(), &[record.build()])[0];
    assert_eq!(span.trace_id, [0xab, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
    assert_eq!(
        (span.span_id.as_slice(), span.parent_span_id.as_slice()),
        ([0xff; 8].as_slice(), [0x80, 0, 0, 0, 0, 0, 0, 0].as_slice())
    );
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (1_700_000_000_000_000_001, 1_700_000_000_000_001_000));
}

#[test]
fn every_span_has_all_of_the_trace_id() {
    let library = library();
    let facts = ChunkFacts { trace_id: (1 << 64) | 2, ..kept(&library) };
    let records = [RecordBuilder::new().build(), RecordBuilder::new().build()];
    let spans = spans_of(&facts, &process(), &records);
    let expected = facts.trace_id.to_be_bytes();
    assert!(spans.iter().all(|span| span.trace_id == expected));
}

#[test]
fn a_root_has_no_parent_and_times_are_never_negative() {
    let span = span_of(RecordBuilder::new().head(|head| (head.start_ns, head.duration_ns) = (-5, 3)));
    assert!(span.parent_span_id.is_empty());
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (0, 0));
    let span = span_of(RecordBuilder::new().head(|head| (head.start_ns, head.duration_ns) = (i64::MAX, i64::MAX)));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (i64::MAX as u64, i64::MAX as u64));
    let span = span_of(RecordBuilder::new().head(|head| (head.start_ns, head.duration_ns) = (7, -3)));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (7, 7));
}

#[test]
fn the_name_is_the_resource() {
    assert_eq!(span_of(failed()).name, "GET /users/{id}");
    assert_eq!(span_of(RecordBuilder::new()).name, "op");
}

#[test]
fn kind_is_that_of_the_tag_or_the_type() {
    assert_eq!(span_of(RecordBuilder::new().field(Field::Type, "web").text("span.kind", "Client")).kind, 3);
    assert_eq!(span_of(RecordBuilder::new().field(Field::Type, "web").text("span.kind", "?")).kind, 0);
    assert_eq!(span_of(RecordBuilder::new().field(Field::Type, "web")).kind, 2);
    assert_eq!(span_of(RecordBuilder::new()).kind, 1);
}

#[test]
fn only_errors_have_a_status() {
    let status = |record: RecordBuilder| span_of(record).status.map(|status| (status.code, status.message));
    let plain = RecordBuilder::new;
    assert_eq!(status(plain().text("error.message", "not an error")), None);
    assert_eq!(status(plain().flags(flag::ERROR)), Some((2, String::new())));
    assert_eq!(status(plain().flags(flag::ERROR).text("error.message", "long")), Some((2, "long".to_owned())));
    let both = plain().flags(flag::ERROR).text("error.message", "long").text("error.msg", "short");
    assert_eq!(status(both), Some((2, "short".to_owned())));
    let long = "x".repeat(20_000);
    assert_eq!(status(plain().flags(flag::ERROR).text("error.message", &long)), Some((2, long)));
}

#[test]
fn flags_say_whether_the_trace_is_kept() {
    let library = library();
    for (priority, flags) in [(None, 0), (Some(-1), 0), (Some(0), 0), (Some(1), 1), (Some(2), 1)] {
        let decision = priority.map(|priority| Decision { priority, ..KEPT });
        let facts = ChunkFacts { decision, ..kept(&library) };
        assert_eq!(spans_of(&facts, &process(), &[RecordBuilder::new().build()])[0].flags, flags, "{priority:?}");
    }
}

#[test]
fn trace_state_is_that_of_the_span_or_of_the_chunk() {
    let mut format = OtlpProtobuf::new(&process());
    let library = library();
    let (plain, own) = (RecordBuilder::new().build(), RecordBuilder::new().text("tracestate", "own=1").build());
    format.begin();
    format.trace_state("ot=th:0,foo=1");
    format.chunk(&kept(&library), &[plain.get(), own.get()]);
    format.chunk(&kept(&library), &[plain.get()]);
    let spans = Request::read(format.finish()).2;
    let states: Vec<_> = spans.iter().map(|span| span.trace_state.as_str()).collect();
    assert_eq!(states, ["ot=th:0,foo=1", "own=1", ""]);
}

fn event() -> SpanEvent {
    let strings = vec![AttributeValue::String("a".to_owned()), AttributeValue::String(String::new())];
    let attributes = [
        ("string", AttributeValue::String("s".to_owned())),
        ("bool", AttributeValue::Bool(false)),
        ("int", AttributeValue::Int(i64::MIN)),
        ("double", AttributeValue::Double(0.0)),
        ("array", AttributeValue::Array(strings)),
    ];
    SpanEvent {
        name: "event".to_owned(),
        time_unix_nano: u64::MAX,
        attributes: attributes.map(|(key, value)| (key.to_owned(), value)).to_vec(),
    }
}

#[test]
fn events_arrive_with_the_types_of_their_attributes() {
    let span = span_of(RecordBuilder::new().extra(|extra| extra.events = vec![event(), SpanEvent::default()]));
    let seen = &span.events[0];
    assert_eq!((seen.name.as_str(), seen.time_unix_nano), ("event", u64::MAX));
    let values: Vec<_> =
        seen.attributes.iter().map(|attribute| attribute.value.clone().and_then(|any| any.value).unwrap()).collect();
    assert_eq!(values[..4], [Value::String("s".to_owned()), Value::Bool(false), Value::Int(i64::MIN), Value::Double(0.0)]);
    let Value::Array(array) = &values[4] else { panic!("{values:?}") };
    assert_eq!(array.values.len(), 2);
    assert_eq!((span.events.len(), span.dropped_events_count), (2, 0));
    assert!(span.value("events").is_none(), "they are no tag");
}

#[test]
fn of_very_many_events_the_rest_is_counted() {
    let span = span_of(RecordBuilder::new().extra(|extra| extra.events = vec![event(); 300]));
    assert_eq!((span.events.len(), span.dropped_events_count), (128, 172));
    let json = json_span_of(RecordBuilder::new().extra(|extra| extra.events = vec![event(); 300]));
    assert_eq!((json["events"].as_array().map(Vec::len), json["droppedEventsCount"].as_u64()), (Some(128), Some(172)));
}

#[test]
fn links_arrive() {
    let link = SpanLink {
        trace_id: (5 << 64) | 6,
        span_id: 7,
        tracestate: "dd=s:1,other=2".to_owned(),
        flags: Some(1),
        attributes: vec![("k.0".to_owned(), "v".to_owned())],
    };
    let bare = SpanLink { trace_id: 6, span_id: 8, ..SpanLink::default() };
    let span = span_of(RecordBuilder::new().extra(|extra| extra.links = vec![link, bare]));
    let [link, bare] = span.links.as_slice() else { panic!("{:?}", span.links) };
    assert_eq!(
        (link.trace_id.as_slice(), link.span_id.as_slice()),
        (((5_u128 << 64) | 6).to_be_bytes().as_slice(), 7_u64.to_be_bytes().as_slice())
    );
    // The mark that Datadog's own formats put on flags that are known is not of this protocol.
    assert_eq!((link.trace_state.as_str(), link.flags), ("dd=s:1,other=2", 1));
    assert_eq!(link.attributes, [KeyValue::text("k.0", "v")]);
    assert_eq!((bare.flags, bare.attributes.len(), bare.trace_state.as_str()), (0, 0, ""));
}

#[test]
fn spans_of_every_length_arrive() {
    for len in [0, 1, 30, 31, 60, 100, 127, 128, 1_000, 16_000, 16_300, 16_383, 16_384, 70_000, 200_000] {
        let text = "x".repeat(len);
        let library = library();
        let process = OtlpFacts { pure_attributes: true, ..process() };
        let records = [
            RecordBuilder::new().build(),
            RecordBuilder::new().field(Field::Resource, &text).build(),
            RecordBuilder::new().text("key", &text).text(&format!("k{text}"), "v").build(),
        ];
        let spans = spans_of(&kept(&library), &process, &records);
        assert_eq!(spans[1].name, if len == 0 { "op" } else { text.as_str() });
        assert_eq!((spans[2].text("key"), spans[2].text(&format!("k{text}"))), (Some(text.as_str()), Some("v")));
    }
}

#[test]
fn a_payload_without_spans_is_one() {
    let mut format = OtlpProtobuf::new(&process());
    format.begin();
    assert!(Request::read(format.finish()).2.is_empty());
    let mut format = OtlpJson::new(&process());
    format.begin();
    let payload: Json = serde_json::from_slice(format.finish()).unwrap();
    assert_eq!(payload["resourceSpans"][0]["scopeSpans"][0]["spans"], serde_json::json!([]));
}

#[test]
fn a_new_payload_begins_empty_and_one_that_was_taken_is_whole() {
    fn check(format: &mut dyn TraceEncoder, count: &dyn Fn(&[u8]) -> usize) {
        let library = library();
        for chunks in [3, 1, 40] {
            let record = failed().build();
            let records: Vec<RecordRef<'_>> = vec![record.get(); 5];
            format.begin();
            (0..chunks).for_each(|_| format.chunk(&kept(&library), &records));
            assert_eq!(count(format.finish()), 5 * chunks);
            assert_eq!(count(format.finish()), 5 * chunks, "it can be asked for again");
            let payload = format.take();
            assert_eq!(count(&payload), 5 * chunks);
            format.reuse(payload);
        }
    }
    check(&mut OtlpProtobuf::new(&process()), &|payload| Request::read(payload).2.len());
    let count_json = |payload: &[u8]| {
        let payload: Json = serde_json::from_slice(payload).unwrap();
        payload["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len()
    };
    check(&mut OtlpJson::new(&process()), &count_json);
}
