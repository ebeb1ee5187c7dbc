//! `/v0.4/traces`.

use super::decoded::{decode_v04, map_of, string};
use super::records::RecordBuilder;
use super::*;
use crate::record::{AttributeValue, Field, SpanEvent, SpanLink, flag};
use crate::wire::V04;
use rmpv::Value;

#[test]
fn a_span_has_the_values_of_the_golden_bytes() {
    let golden = bytes_of(
        "919189a773657276696365a3737663a46e616d65a26f70a87265736f75726365a3726573a874726163655f6964cf0000000000000001
         a77370616e5f6964cf0000000000000002a57374617274d317979cfe362a0000a86475726174696f6ecd03e8a46d65746181a16ba176
         a76d65747269637381a16dcb3ff0000000000000",
    );
    let golden = decoded::read_whole(&golden);
    let golden = map_of(&golden[0][0], string, Value::clone);
    let record = RecordBuilder::new()
        .field(Field::Service, "svc")
        .field(Field::Resource, "res")
        .head(|head| (head.start_ns, head.duration_ns) = (1_700_000_000_000_000_000, 1_000))
        .text("k", "v")
        .float("m", 1.0);
    let library = LibraryTags::new("svc", "cpp");
    let payload = decoded::read_whole(&encode(&mut V04::default(), &facts(&library), &[record.build()]));
    let mut span = map_of(&payload[0][0], string, Value::clone);
    // What every span says besides, and the one tag of every chunk root.
    assert_eq!((span.remove("parent_id"), span.remove("error")), (Some(0.into()), Some(0.into())));
    let metrics = span.get_mut("metrics").and_then(|metrics| if let Value::Map(pairs) = metrics { Some(pairs) } else { None });
    metrics.unwrap().retain(|(key, _)| string(key) != "_dd.tracer_kr");
    assert_eq!(span, golden);
}

#[test]
fn all_fields_arrive() {
    let record = RecordBuilder::new()
        .head(|head| {
            (head.span_id, head.parent_id, head.start_ns, head.duration_ns) = (u64::MAX, 1 << 63, -1, i64::MAX);
        })
        .flags(flag::ERROR)
        .field(Field::Type, "web")
        .int("int", -(1 << 53))
        .float("float", -0.5);
    let library = library();
    let facts = ChunkFacts { trace_id: (7 << 64) | 0xffff_ffff_ffff_fffe, ..facts(&library) };
    let span = &decode_v04(&encode(&mut V04::default(), &facts, &[record.build()]))[0][0];
    assert_eq!((span.trace_id, span.span_id, span.parent_id), (u64::MAX - 1, u64::MAX, 1 << 63));
    assert_eq!((span.start, span.duration, span.error), (-1, i64::MAX, 1));
    assert_eq!(span.span_type.as_deref(), Some("web"));
    assert_eq!((span.number("int"), span.number("float")), (Some(-9_007_199_254_740_992.0), Some(-0.5)));
    assert!(span.others.is_empty());
}

#[test]
fn what_is_not_set_falls_back_or_is_left_out() {
    let bare = RecordBuilder::new().head(|head| head.duration_ns = -5).build();
    let nameless = RecordBuilder::new().field(Field::Name, "").build();
    let library = library();
    let spans = decode_v04(&encode(&mut V04::default(), &facts(&library), &[bare, nameless])).remove(0);
    assert_eq!((spans[0].service.as_str(), spans[0].name.as_str(), spans[0].resource.as_str()), ("web", "op", "op"));
    assert_eq!((spans[0].span_type.as_ref(), spans[0].duration), (None, 0));
    assert_eq!((spans[1].name.as_str(), spans[1].resource.as_str()), ("", ""));
    assert!(spans[1].meta.is_empty() && spans[1].metrics.is_empty());
}

#[test]
fn texts_of_every_length_arrive() {
    let lengths = [0, 1, 31, 32, 255, 256, 25_000, 65_535, 65_536, 100_000];
    for len in lengths {
        let text = "x".repeat(len);
        let record = RecordBuilder::new().field(Field::Resource, &text).text("key", &text).text(&format!("k{text}"), "");
        let library = library();
        let span = &decode_v04(&encode(&mut V04::default(), &facts(&library), &[record.build()]))[0][0];
        assert_eq!(span.resource, if len == 0 { "op" } else { text.as_str() });
        assert_eq!((span.text("key"), span.text(&format!("k{text}"))), (Some(text.as_str()), Some("")));
    }
}

#[test]
fn links_say_whether_their_flags_are_set() {
    let full = SpanLink {
        trace_id: (5 << 64) | 6,
        span_id: 7,
        tracestate: "dd=s:1,other=2".to_owned(),
        flags: Some(1),
        attributes: vec![("k.0".to_owned(), "v".to_owned())],
    };
    let unsampled = SpanLink { trace_id: 6, span_id: 8, flags: Some(0), ..SpanLink::default() };
    let pointer = SpanLink::default();
    let record = RecordBuilder::new().extra(|extra| extra.links = vec![full, unsampled, pointer]);
    let library = library();
    let span = &decode_v04(&encode(&mut V04::default(), &facts(&library), &[record.build()]))[0][0];
    let links: Vec<_> = span.list("span_links").iter().map(|link| map_of(link, string, Value::clone)).collect();
    let ids = |link: usize| ["trace_id", "trace_id_high", "span_id"].map(|key| links[link][key].as_u64());
    assert_eq!(ids(0), [Some(6), Some(5), Some(7)]);
    assert_eq!(links[0]["flags"].as_u64(), Some(0x8000_0001));
    assert_eq!(links[0]["tracestate"].as_str(), Some("dd=s:1,other=2"));
    assert_eq!(map_of(&links[0]["attributes"], string, string)["k.0"], "v");
    assert_eq!(ids(1), [Some(6), Some(0), Some(8)]);
    assert_eq!((links[1]["flags"].as_u64(), links[1].len()), (Some(0x8000_0000), 4));
    assert_eq!((ids(2), links[2].len()), ([Some(0); 3], 3));
}

fn event_of_all_types() -> SpanEvent {
    let strings = vec![AttributeValue::String("a".to_owned()), AttributeValue::String(String::new())];
    let attributes = [
        ("string", AttributeValue::String("s".to_owned())),
        ("bool", AttributeValue::Bool(true)),
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
fn native_events_name_the_type_of_each_attribute() {
    let bare = SpanEvent { name: "bare".to_owned(), ..SpanEvent::default() };
    let record = RecordBuilder::new().extra(|extra| extra.events = vec![event_of_all_types(), bare]);
    let library = library();
    let span = &decode_v04(&encode(&mut V04::default(), &facts(&library), &[record.build()]))[0][0];
    let events: Vec<_> = span.list("span_events").iter().map(|event| map_of(event, string, Value::clone)).collect();
    assert_eq!((events[0]["name"].as_str(), events[0]["time_unix_nano"].as_u64()), (Some("event"), Some(u64::MAX)));
    let attributes = map_of(&events[0]["attributes"], string, |value| map_of(value, string, Value::clone));
    let expected = [
        ("string", 0, "string_value", Value::from("s")),
        ("bool", 1, "bool_value", Value::from(true)),
        ("int", 2, "int_value", Value::from(i64::MIN)),
        ("double", 3, "double_value", Value::F64(0.0)),
    ];
    for (key, kind, field, value) in expected {
        let attribute = &attributes[key];
        assert_eq!((attribute["type"].as_u64(), &attribute[field], attribute.len()), (Some(kind), &value, 2), "{key}");
    }
    let array = &attributes["array"];
    assert_eq!(array["type"].as_u64(), Some(4));
    let values = map_of(&array["array_value"], string, Value::clone).remove("values").unwrap();
    let values: Vec<_> = values.as_array().unwrap().iter().map(|value| map_of(value, string, Value::clone)).collect();
    assert_eq!((values[0]["string_value"].as_str(), values[1]["string_value"].as_str()), (Some("a"), Some("")));
    assert_eq!(events[1].len(), 2, "no attributes, no key for them");
    assert_eq!(span.text("events"), None);
}

#[test]
fn events_without_native_support_are_json_in_a_tag() {
    let record = RecordBuilder::new().extra(|extra| extra.events = vec![event_of_all_types()]);
    let library = library();
    let facts = ChunkFacts { native_events: false, ..facts(&library) };
    let span = &decode_v04(&encode(&mut V04::default(), &facts, &[record.build()]))[0][0];
    let expected = concat!(
        r#"[{"name":"event","time_unix_nano":18446744073709551615,"attributes":"#,
        r#"{"string":"s","bool":true,"int":-9223372036854775808,"double":0.0,"array":["a",""]}}]"#
    );
    assert_eq!(span.text("events"), Some(expected));
    assert!(span.others.is_empty());
}

#[test]
fn structured_tags_are_binary() {
    let record = RecordBuilder::new().extra(|extra| {
        for index in 0..20 {
            extra.set_meta_struct(format!("key{index}"), vec![0x81, 0xa1, 0x61, index]);
        }
    });
    let library = library();
    let span = &decode_v04(&encode(&mut V04::default(), &facts(&library), &[record.build()]))[0][0];
    let tags = map_of(&span.others["meta_struct"], string, Value::clone);
    assert_eq!((tags.len(), &tags["key7"]), (20, &Value::Binary(vec![0x81, 0xa1, 0x61, 7])));
}

#[test]
fn more_attributes_than_sixteen_bits_can_count_arrive() {
    let attributes: Vec<(String, String)> = (0..70_000).map(|index| (index.to_string(), String::new())).collect();
    let events: Vec<_> = attributes.iter().map(|(key, _)| (key.clone(), AttributeValue::Bool(false))).collect();
    let record = RecordBuilder::new().extra(|extra| {
        extra.links = vec![SpanLink { attributes, ..SpanLink::default() }];
        extra.events = vec![SpanEvent { attributes: events, ..SpanEvent::default() }];
    });
    let library = library();
    let span = &decode_v04(&encode(&mut V04::default(), &facts(&library), &[record.build()]))[0][0];
    for list in ["span_links", "span_events"] {
        let entry = map_of(&span.list(list)[0], string, Value::clone);
        assert_eq!(entry["attributes"].as_map().map(Vec::len), Some(70_000), "{list}");
    }
}

#[test]
fn many_chunks_and_spans_are_counted_and_a_new_payload_begins_empty() {
    let library = library();
    let mut format = V04::default();
    for (chunks, spans) in [(0, 0), (1, 1), (15, 16), (300, 20), (2, 1)] {
        let records: Vec<BuiltRecord> = (0..spans).map(|_| RecordBuilder::new().build()).collect();
        let records: Vec<RecordRef<'_>> = records.iter().map(BuiltRecord::get).collect();
        format.begin();
        (0..chunks).for_each(|_| format.chunk(&facts(&library), &records));
        let payload = decode_v04(format.finish());
        assert_eq!((payload.len(), payload.iter().map(Vec::len).sum::<usize>()), (chunks, chunks * spans));
    }
}
