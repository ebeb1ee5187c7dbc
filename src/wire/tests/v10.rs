//! `/v1.0/traces`.

use super::decoded::{map_of, read_whole, string};
use super::decoded_v10::{DecodedPayload, decode_v10};
use super::records::RecordBuilder;
use super::*;
use crate::context::{Decision, TraceTags, mechanism};
use crate::record::{AttributeValue, Field, SpanEvent, SpanLink, TagEntry, flag};
use crate::wire::{PayloadFacts, V10};
use rmpv::Value;

const GOLDEN: &str =
    "8203a36370700b918406c410640cfd8d0000000000000000000000010101070004918801a373766302a26f7003a372657304cf0000000000000002
    06cf17979cfe362a000007cd03e80996a16b0102a16d03cb3ff00000000000001001";

fn cpp() -> V10 {
    V10::new(PayloadFacts { language: "cpp".to_owned(), ..PayloadFacts::default() })
}

fn decoded(facts: &ChunkFacts<'_>, records: impl IntoIterator<Item = RecordBuilder>) -> DecodedPayload {
    let records: Vec<BuiltRecord> = records.into_iter().map(RecordBuilder::build).collect();
    decode_v10(&encode(&mut cpp(), facts, &records))
}

fn by(priority: i32, mechanism: u8) -> Option<Decision> {
    Some(Decision { priority, mechanism: Some(mechanism), rate: None, limit_rate: None })
}

#[test]
fn a_span_has_the_values_of_the_golden_bytes() {
    let golden = decode_v10(&bytes_of(GOLDEN));
    let record = RecordBuilder::new()
        .field(Field::Service, "svc")
        .field(Field::Resource, "res")
        .head(|head| (head.start_ns, head.duration_ns) = (1_700_000_000_000_000_000, 1_000))
        .text("k", "svc")
        .float("m", 1.0);
    let library = LibraryTags::new("svc", "cpp");
    let facts = ChunkFacts { trace_id: (0x640c_fd8d << 96) | 1, decision: by(1, mechanism::DEFAULT), ..facts(&library) };
    let mut seen = decoded(&facts, [record]);
    let span = &mut seen.chunks[0].spans[0];
    // What the first span of every chunk says besides.
    assert_eq!((span.metrics.remove("_dd.tracer_kr"), span.metrics.remove("_sampling_priority_v1")), (Some(1.0), Some(1.0)));
    assert_eq!(span.meta.remove("_dd.p.dm").as_deref(), Some("-0"));
    assert_eq!((seen.chunks, seen.texts, seen.meta), (golden.chunks, golden.texts, golden.meta));
    assert!(seen.strings.starts_with(&golden.strings[..5]), "{:?} {:?}", seen.strings, golden.strings);
}

#[test]
fn the_payload_says_what_is_known_of_the_process() {
    let all = PayloadFacts {
        container_id: "container".to_owned(),
        language: "cpp".to_owned(),
        language_version: "17".to_owned(),
        tracer_version: "1.2.3".to_owned(),
        runtime_id: "id".to_owned(),
        env: "prod".to_owned(),
        hostname: "host".to_owned(),
        app_version: "1.2.3".to_owned(),
        attributes: vec![("_dd.git.commit.sha".to_owned(), "abc".to_owned()), ("_dd.apm_mode".to_owned(), "cpp".to_owned())],
    };
    let library = library();
    let mut format = V10::new(all);
    for round in 0..2 {
        let seen = decode_v10(&encode(&mut format, &facts(&library), &[RecordBuilder::new().text("env", "prod").build()]));
        let texts: Vec<(u64, &str)> = seen.texts.iter().map(|(key, text)| (*key, text.as_str())).collect();
        let expected = [(2, "container"), (3, "cpp"), (4, "17"), (5, "1.2.3"), (6, "id"), (7, "prod"), (8, "host"), (9, "1.2.3")];
        assert_eq!(texts, expected, "round {round}");
        assert_eq!((seen.meta["_dd.git.commit.sha"].as_str(), seen.meta["_dd.apm_mode"].as_str()), ("abc", "cpp"));
        assert_eq!((seen.chunks.len(), seen.chunks[0].spans[0].text("env")), (1, Some("prod")));
    }
    let nothing = decode_v10(&encode(&mut V10::default(), &facts(&library), &[]));
    assert!(nothing.texts.is_empty() && nothing.meta.is_empty() && nothing.chunks[0].spans.is_empty());
}

#[test]
fn the_chunk_says_what_holds_for_the_trace_and_the_root_repeats_it() {
    let library = library();
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("synthetics") && tags.set("_dd.p.usr.id", "u"));
    let facts = ChunkFacts { trace_id: (7 << 64) | 9, decision: by(2, mechanism::MANUAL), tags: Some(&tags), ..facts(&library) };
    let chunk = &decoded(&facts, [RecordBuilder::new(), RecordBuilder::new().head(|head| head.parent_id = 2)]).chunks[0];
    assert_eq!((chunk.trace_id, chunk.priority, chunk.mechanism), ((7 << 64) | 9, Some(2), Some(4)));
    assert_eq!(chunk.origin.as_deref(), Some("synthetics"));
    let root = &chunk.spans[0];
    assert_eq!((root.text("_dd.origin"), root.text("_dd.p.dm")), (Some("synthetics"), Some("-4")));
    assert_eq!((root.number("_sampling_priority_v1"), root.text("_dd.p.usr.id")), (Some(2.0), Some("u")));
    assert_eq!(root.text("_dd.p.tid"), None, "the chunk has the whole trace id");
    assert_eq!(chunk.spans[1].meta.keys().collect::<Vec<_>>(), ["span.kind"]);
}

#[test]
fn priorities_of_every_size_arrive_and_an_undecided_chunk_has_none() {
    let library = library();
    for priority in [0, 1, 2, -1, -32, -33, 127, 128, i32::MIN, i32::MAX] {
        let facts = ChunkFacts { decision: Some(Decision::inherited(priority)), ..facts(&library) };
        let chunk = &decoded(&facts, [RecordBuilder::new()]).chunks[0];
        assert_eq!((chunk.priority, chunk.mechanism), (Some(i64::from(priority)), None));
    }
    let chunk = &decoded(&facts(&library), [RecordBuilder::new()]).chunks[0];
    assert_eq!((chunk.priority, chunk.mechanism, chunk.origin.as_ref(), chunk.trace_id), (None, None, None, 1));
}

#[test]
fn the_mechanism_is_that_of_the_decision_maker_tag() {
    let library = library();
    let tags = |maker: &str| {
        let mut tags = TraceTags::default();
        assert!(tags.set("_dd.p.dm", maker));
        tags
    };
    let seen = |decision, tags: Option<&TraceTags>, record| {
        decoded(&ChunkFacts { decision, tags, ..facts(&library) }, [record]).chunks[0].mechanism
    };
    assert_eq!(seen(by(1, mechanism::DEFAULT), None, RecordBuilder::new()), Some(0));
    assert_eq!(seen(by(1, mechanism::REMOTE_DYNAMIC_RULE), Some(&tags("-3")), RecordBuilder::new()), Some(12));
    assert_eq!(seen(by(1, 255), None, RecordBuilder::new()), Some(255));
    let inherited = Some(Decision::inherited(1));
    assert_eq!(seen(inherited, Some(&tags("-3")), RecordBuilder::new()), Some(3));
    assert_eq!(seen(inherited, Some(&tags("-934086a6-4")), RecordBuilder::new()), Some(4));
    assert_eq!(seen(inherited, Some(&tags("-x")), RecordBuilder::new()), None);
    assert_eq!(seen(by(1, 3), None, RecordBuilder::new().text("_dd.p.dm", "-9")), Some(9), "a tag of the span's own wins");
}

#[test]
fn all_fields_arrive() {
    let record = RecordBuilder::new()
        .head(|head| {
            (head.span_id, head.parent_id, head.start_ns, head.duration_ns) = (u64::MAX, 1 << 63, i64::MAX, i64::MAX);
        })
        .flags(flag::ERROR)
        .field(Field::Type, "web")
        .int("int", -(1 << 53))
        .float("float", -0.5);
    let library = library();
    let facts = ChunkFacts { trace_id: u128::MAX - 1, ..facts(&library) };
    let chunk = &decoded(&facts, [record]).chunks[0];
    let span = &chunk.spans[0];
    assert_eq!((chunk.trace_id, span.span_id, span.parent_id), (u128::MAX - 1, u64::MAX, 1 << 63));
    assert_eq!((span.start, span.duration, span.error), (i64::MAX, i64::MAX, 1));
    assert_eq!((span.service.as_str(), span.resource.as_str(), span.span_type.as_deref()), ("web", "op", Some("web")));
    assert_eq!((span.number("int"), span.number("float")), (Some(-9_007_199_254_740_992.0), Some(-0.5)));
    assert!(span.others.is_empty());
}

#[test]
fn integers_stay_integers() {
    let library = library();
    let record = RecordBuilder::new().int("int", i64::MIN).build();
    let payload = read_whole(&encode(&mut cpp(), &facts(&library), &[record]));
    let attribute = |value: &Value| value.as_array().is_some_and(|list| list.contains(&Value::from(i64::MIN)));
    let chunk = map_of(&map_of(&payload, u64_of, Value::clone)[&11][0], u64_of, Value::clone);
    let span = map_of(&chunk[&4][0], u64_of, Value::clone);
    assert!(attribute(&span[&9]), "{span:?}");
}

fn u64_of(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn what_is_empty_is_left_out() {
    let bare = RecordBuilder::new().head(|head| (head.start_ns, head.duration_ns) = (-5, -5));
    let nameless =
        RecordBuilder::new().field(Field::Name, "").text("component", "").text("env", "").text("other", "").text("", "x");
    let library = library();
    let before = crate::record::unix_ns();
    let spans = decoded(&facts(&library), [RecordBuilder::new(), bare, nameless]).chunks.remove(0).spans;
    // Reading fails on empty fields, on numbers that are 0 and on attributes that are an empty list.
    assert_eq!((spans[1].service.as_str(), spans[1].resource.as_str(), spans[1].duration), ("web", "op", 0));
    assert!(spans[1].start >= before && spans[1].start <= crate::record::unix_ns(), "a negative start means now");
    assert_eq!(spans[1].meta.len(), 1);
    assert_eq!((spans[2].name.as_str(), spans[2].resource.as_str()), ("", ""));
    assert_eq!((spans[2].text("component"), spans[2].text("other"), spans[2].text("")), (None, Some(""), Some("x")));
}

#[test]
fn promoted_tags_are_fields_whoever_sets_them() {
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod"), TagEntry::text("component", "net"), TagEntry::text("team", "a")];
    library.version = Some(TagEntry::text("version", "1"));
    let records = || {
        let versioned = || RecordBuilder::new().flags(flag::VERSION);
        let own = versioned().text("env", "mine").text("span.kind", "server").text("x", "component");
        let numeric = versioned().float("version", 2.0).float("span.kind", 3.0);
        [versioned(), RecordBuilder::new(), own, numeric].map(RecordBuilder::build)
    };
    let mut format = cpp();
    format.begin();
    for _ in 0..3 {
        let records = records();
        format.chunk(&facts(&library), &records.each_ref().map(BuiltRecord::get));
    }
    // Reading fails on a promoted tag that is an attribute.
    for chunk in decode_v10(format.finish()).chunks {
        let seen = |span: usize| ["env", "version", "component", "span.kind", "team"].map(|key| chunk.spans[span].text(key));
        assert_eq!(seen(0), [Some("prod"), Some("1"), Some("net"), Some("internal"), Some("a")]);
        assert_eq!(seen(1), [Some("prod"), None, Some("net"), Some("internal"), Some("a")]);
        assert_eq!(seen(2), [Some("mine"), Some("1"), Some("net"), Some("server"), Some("a")]);
        assert_eq!(seen(3), [Some("prod"), None, Some("net"), Some("internal"), Some("a")]);
        assert_eq!(chunk.spans[2].text("x"), Some("component"));
        assert_eq!((chunk.spans[3].number("version"), chunk.spans[3].number("span.kind")), (Some(2.0), Some(3.0)));
    }
}

#[test]
fn promoted_keys_that_were_sent_for_another_reason_are_promoted_all_the_same() {
    let library = library();
    // Each becomes a string with an id: as service and name, as a key with a number, as a kind that the format does not know.
    let records = || {
        let plain = || RecordBuilder::new().text("first", "1");
        let as_fields = plain().field(Field::Service, "first").field(Field::Name, "component").field(Field::Resource, "version");
        let as_number = plain().float("component", 1.0).float("env", 1.0);
        let unknown = plain().text("span.kind", "job").text("version", "7");
        let usual = plain()
            .text("component", "c")
            .text("span.kind", "CLIENT")
            .text("version", "7")
            .text("env", "e")
            .text("last", "version");
        [as_fields, as_number, unknown, usual].map(RecordBuilder::build)
    };
    let mut format = cpp();
    format.begin();
    for _ in 0..3 {
        let records = records();
        format.chunk(&facts(&library), &records.each_ref().map(BuiltRecord::get));
    }
    for chunk in decode_v10(format.finish()).chunks {
        assert_eq!((chunk.spans[0].name.as_str(), chunk.spans[0].resource.as_str()), ("component", "version"));
        assert_eq!(chunk.spans[2].text("span.kind"), Some("job"), "a kind without a number is kept as it is");
        let seen = ["env", "version", "component", "span.kind", "last"].map(|key| chunk.spans[3].text(key));
        assert_eq!(seen, [Some("e"), Some("7"), Some("c"), Some("client"), Some("version")]);
    }
}

#[test]
fn ids_of_every_width_arrive_and_each_string_is_sent_once() {
    let library = library();
    let mut format = cpp();
    for round in 0..2 {
        format.begin();
        for hundred in 0..700 {
            let record = (0..100).fold(RecordBuilder::new(), |record, key| {
                record.text(&format!("key{key}"), &format!("value {}", 100 * hundred + key))
            });
            format.chunk(&facts(&library), &[record.build().get(), RecordBuilder::new().text("key7", "value 7").build().get()]);
        }
        // Reading fails on a string that is sent twice.
        let payload = decode_v10(format.finish());
        assert!(payload.strings.len() > 0x1_0000, "round {round}");
        for index in [0, 100, 200, 1_000, 65_000, 69_999] {
            let spans = &payload.chunks[index / 100].spans;
            assert_eq!(spans[0].text(&format!("key{}", index % 100)), Some(format!("value {index}").as_str()));
            assert_eq!(spans[1].text("key7"), Some("value 7"));
        }
    }
}

#[test]
fn texts_of_every_length_arrive() {
    for len in [0, 1, 31, 32, 255, 256, 25_000, 65_535, 65_536, 100_000] {
        let text = "x".repeat(len);
        let record = RecordBuilder::new().field(Field::Resource, &text).text("key", &text).text(&format!("k{text}"), "");
        let library = library();
        let span = &decoded(&facts(&library), [record.text("component", &text)]).chunks[0].spans[0];
        assert_eq!(span.resource, if len == 0 { "op" } else { text.as_str() });
        assert_eq!((span.text("key"), span.text(&format!("k{text}"))), (Some(text.as_str()), Some("")));
        assert_eq!(span.text("component"), Some(text.as_str()).filter(|text| !text.is_empty()));
    }
}

#[test]
fn tags_of_several_configurations_are_not_mixed_up() {
    let libraries: Vec<LibraryTags> = (0..20)
        .map(|number| {
            let mut library = library();
            library.every_span = vec![TagEntry::text("env", &format!("env{number}")), TagEntry::text("team", "a")];
            library.version = Some(TagEntry::text("version", &number.to_string()));
            library
        })
        .collect();
    let mut format = cpp();
    for _ in 0..2 {
        format.begin();
        for library in libraries.iter().chain(&libraries).chain(&libraries) {
            let records = [flag::VERSION, 0, flag::VERSION].map(|flags| RecordBuilder::new().flags(flags).build());
            format.chunk(&facts(library), &records.each_ref().map(BuiltRecord::get));
        }
        let chunks = decode_v10(format.finish()).chunks;
        for (chunk, number) in chunks.iter().zip((0..20).chain(0..20).chain(0..20)) {
            let (env, version) = (format!("env{number}"), number.to_string());
            for (span, version) in chunk.spans.iter().zip([Some(version.as_str()), None, Some(version.as_str())]) {
                assert_eq!((span.text("env"), span.text("team"), span.text("version")), (Some(env.as_str()), Some("a"), version));
            }
        }
    }
}

fn link(attributes: Vec<(String, String)>) -> SpanLink {
    SpanLink { trace_id: (5 << 64) | 6, span_id: 7, tracestate: "dd=s:1,other=2".to_owned(), flags: Some(1), attributes }
}

#[test]
fn links_and_events_have_lists_of_their_own() {
    let texts = vec![AttributeValue::String("a".to_owned()), AttributeValue::String(String::new())];
    let attributes = [
        ("string", AttributeValue::String("s".to_owned())),
        ("bool", AttributeValue::Bool(true)),
        ("int", AttributeValue::Int(i64::MIN)),
        ("double", AttributeValue::Double(0.0)),
        ("array", AttributeValue::Array(texts)),
        ("numbers", AttributeValue::Array(vec![AttributeValue::Int(1), AttributeValue::Int(-1)])),
    ];
    let attributes = attributes.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let record = || {
        RecordBuilder::new().extra(|extra| {
            extra.links = vec![link(vec![("k".to_owned(), "v".to_owned())]), SpanLink::default()];
            extra.events = vec![
                SpanEvent { name: "event".to_owned(), time_unix_nano: u64::MAX, attributes: attributes.clone() },
                SpanEvent { name: "bare".to_owned(), ..SpanEvent::default() },
            ];
        })
    };
    let library = library();
    let facts = ChunkFacts { native_events: false, ..facts(&library) };
    let span = &decoded(&facts, [record()]).chunks[0].spans[0];
    let native = ChunkFacts { native_events: true, ..facts };
    let expected = super::decoded::decode_v04(&encode(&mut crate::wire::V04::default(), &native, &[record().build()]));
    let expected = &expected[0][0].others;
    assert_eq!(span.others["span_events"], expected["span_events"]);
    let entries =
        |list: &Value| list.as_array().unwrap().iter().map(|link| map_of(link, string, Value::clone)).collect::<Vec<_>>();
    assert_eq!(entries(&span.others["span_links"]), entries(&expected["span_links"]));
    assert_eq!(entries(&expected["span_links"])[0]["flags"].as_u64(), Some(0x8000_0001));
    assert_eq!(span.meta.len(), 1, "none of them is a tag");
}

#[test]
fn a_span_with_everything_has_a_longer_header() {
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod")];
    library.version = Some(TagEntry::text("version", "1"));
    let record = RecordBuilder::new()
        .head(|head| (head.parent_id, head.start_ns, head.duration_ns) = (1, 2, 3))
        .flags(flag::ERROR | flag::VERSION)
        .field(Field::Type, "web")
        .text("component", "c")
        .extra(|extra| {
            extra.links = vec![link(Vec::new())];
            extra.events = vec![SpanEvent { name: "e".to_owned(), ..SpanEvent::default() }];
            extra.set_meta_struct("appsec".to_owned(), vec![0x80]);
        })
        .build();
    let payload = encode(&mut cpp(), &facts(&library), &[record]);
    let chunk = map_of(&map_of(&read_whole(&payload), u64_of, Value::clone)[&11][0], u64_of, Value::clone);
    assert_eq!(chunk[&4][0].as_map().map(Vec::len), Some(16));
    let span = &decode_v10(&payload).chunks[0].spans[0];
    assert_eq!((span.list("span_links").len(), span.list("span_events").len(), span.error), (1, 1, 1));
    assert_eq!(span.others["meta_struct"], Value::Map(vec![("appsec".into(), Value::Binary(vec![0x80]))]));
}

#[test]
fn more_attributes_than_sixteen_bits_can_count_arrive() {
    let attributes: Vec<(String, String)> = (0..30_000).map(|index| (index.to_string(), String::new())).collect();
    let events: Vec<_> = attributes.iter().map(|(key, _)| (key.clone(), AttributeValue::Bool(false))).collect();
    let record = RecordBuilder::new().extra(|extra| {
        extra.links = vec![link(attributes)];
        extra.events = vec![SpanEvent { attributes: events, ..SpanEvent::default() }];
    });
    let library = library();
    let span = &decoded(&facts(&library), [record]).chunks[0].spans[0];
    for list in ["span_links", "span_events"] {
        let entry = map_of(&span.list(list)[0], string, Value::clone);
        assert_eq!(entry["attributes"].as_map().map(Vec::len), Some(30_000), "{list}");
    }
}

#[test]
fn many_global_tags_are_counted_with_the_others() {
    let mut library = library();
    library.every_span = (0..25_000).map(|index| TagEntry::text(&format!("g{index}"), "v")).collect();
    let spans = decoded(&facts(&library), [RecordBuilder::new(), RecordBuilder::new()]).chunks.remove(0).spans;
    assert!(spans.iter().all(|span| span.text("g24999") == Some("v") && span.meta.len() == 25_001));
}

#[test]
fn a_partial_chunk_says_so_on_its_first_span() {
    let library = library();
    let facts = ChunkFacts { partial_spans: 2, decision: by(1, 3), ..facts(&library) };
    let child = || RecordBuilder::new().head(|head| head.parent_id = 9);
    let chunk = &decoded(&facts, [child(), child()]).chunks[0];
    assert_eq!((chunk.priority, chunk.mechanism), (Some(1), Some(3)));
    let seen =
        [0, 1].map(|span: usize| ["_dd.cpp.partial_flush", "_sampling_priority_v1"].map(|key| chunk.spans[span].number(key)));
    assert_eq!(seen, [[Some(2.0), Some(1.0)], [None, None]]);
}

#[test]
fn many_chunks_and_spans_are_counted_and_a_new_payload_begins_empty() {
    let library = library();
    let mut format = cpp();
    for (chunks, spans) in [(0, 0), (1, 1), (15, 16), (300, 20), (2, 1)] {
        let records: Vec<BuiltRecord> = (0..spans).map(|_| RecordBuilder::new().build()).collect();
        let records: Vec<RecordRef<'_>> = records.iter().map(BuiltRecord::get).collect();
        format.begin();
        (0..chunks).for_each(|_| format.chunk(&facts(&library), &records));
        let payload = decode_v10(format.finish());
        assert_eq!((payload.chunks.len(), payload.chunks.iter().map(|chunk| chunk.spans.len()).sum()), (chunks, chunks * spans));
        let buffer = format.take();
        format.reuse(buffer);
    }
}
