//! `/v0.5/traces`.

use super::decoded::decode_v05;
use super::records::RecordBuilder;
use super::*;
use crate::record::{Field, SpanEvent, SpanLink, TagEntry, flag};
use crate::wire::V05;
use std::collections::BTreeSet;

#[test]
fn a_span_has_the_values_of_the_golden_bytes() {
    let golden = bytes_of(
        "9297a0a3737663a26f70a3726573a16ba176a16d91919c010203cf0000000000000001cf0000000000000002cf0000000000000000
         d317979cfe362a0000d300000000000003e8008104058106cb3ff000000000000000",
    );
    let (golden, golden_table) = decode_v05(&golden);
    let record = RecordBuilder::new()
        .field(Field::Service, "svc")
        .field(Field::Resource, "res")
        .head(|head| (head.start_ns, head.duration_ns) = (1_700_000_000_000_000_000, 1_000))
        .text("k", "v")
        .float("m", 1.0);
    let library = LibraryTags::new("svc", "cpp");
    let (mut chunks, mut table) = decode_v05(&encode(&mut V05::default(), &facts(&library), &[record.build()]));
    assert_eq!(chunks[0][0].metrics.remove("_dd.tracer_kr"), Some(1.0));
    table.retain(|text| text != "_dd.tracer_kr");
    assert_eq!((chunks, table), (golden, golden_table));
}

#[test]
fn all_fields_arrive() {
    let record = RecordBuilder::new()
        .head(|head| {
            (head.span_id, head.parent_id, head.start_ns, head.duration_ns) = (u64::MAX, 1 << 63, -1, i64::MAX);
        })
        .flags(flag::ERROR)
        .field(Field::Type, "web");
    let library = library();
    let facts = ChunkFacts { trace_id: (7 << 64) | 0xffff_ffff_ffff_fffe, ..facts(&library) };
    let span = &decode_v05(&encode(&mut V05::default(), &facts, &[record.build()])).0[0][0];
    assert_eq!((span.trace_id, span.span_id, span.parent_id), (u64::MAX - 1, u64::MAX, 1 << 63));
    assert_eq!((span.start, span.duration, span.error), (-1, i64::MAX, 1));
    assert_eq!(span.span_type.as_deref(), Some("web"));
    assert_eq!(span.text("_dd.p.tid"), Some("0000000000000007"));
}

#[test]
fn what_is_not_set_falls_back_or_is_empty() {
    let bare = RecordBuilder::new().head(|head| head.duration_ns = -5).build();
    let library = library();
    let span = &decode_v05(&encode(&mut V05::default(), &facts(&library), &[bare])).0[0][0];
    assert_eq!((span.service.as_str(), span.name.as_str(), span.resource.as_str()), ("web", "op", "op"));
    assert_eq!((span.span_type.as_deref(), span.duration), (Some(""), 0));
}

#[test]
fn integers_are_float64() {
    let record = RecordBuilder::new().int("int", -(1 << 53)).int("zero", 0).float("float", 0.25);
    let library = library();
    // The decoder accepts nothing but float64 here.
    let span = &decode_v05(&encode(&mut V05::default(), &facts(&library), &[record.build()])).0[0][0];
    let seen = ["int", "zero", "float"].map(|key| span.number(key));
    assert_eq!(seen, [Some(-9_007_199_254_740_992.0), Some(0.0), Some(0.25)]);
}

#[test]
fn the_table_has_every_string_once_for_the_whole_payload() {
    let library = library();
    let mut format = V05::default();
    for round in 0..2 {
        format.begin();
        for chunk in 0..200 {
            let record = RecordBuilder::new().text("k", "op").text(&format!("round{round}"), &format!("value{chunk}"));
            format.chunk(&facts(&library), &[record.build().get()]);
        }
        let (chunks, table) = decode_v05(format.finish());
        assert_eq!(chunks.len(), 200);
        assert_eq!(chunks[199][0].text(&format!("round{round}")), Some("value199"));
        assert_eq!(table.iter().collect::<BTreeSet<_>>().len(), table.len());
        assert!(!table.contains(&format!("round{}", 1 - round)), "the strings of the last payload are gone");
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
    let mut format = V05::default();
    for _ in 0..2 {
        format.begin();
        for library in libraries.iter().chain(&libraries) {
            let records = [flag::VERSION, 0, flag::VERSION].map(|flags| RecordBuilder::new().flags(flags).build());
            format.chunk(&facts(library), &[records[0].get(), records[1].get(), records[2].get()]);
        }
        let (chunks, _) = decode_v05(format.finish());
        for (chunk, number) in chunks.iter().zip((0..20).chain(0..20)) {
            let (env, version) = (format!("env{number}"), number.to_string());
            for (span, version) in chunk.iter().zip([Some(version.as_str()), None, Some(version.as_str())]) {
                assert_eq!((span.text("env"), span.text("team"), span.text("version")), (Some(env.as_str()), Some("a"), version));
            }
        }
    }
}

#[test]
fn indexes_of_every_width_arrive() {
    let library = library();
    let mut format = V05::default();
    format.begin();
    for hundred in 0..700 {
        let record = (0..100).fold(RecordBuilder::new(), |record, key| {
            record.text(&format!("key{key}"), &format!("value {}", 100 * hundred + key))
        });
        format.chunk(&facts(&library), &[record.build().get()]);
    }
    let (chunks, table) = decode_v05(format.finish());
    assert!(table.len() > 0x1_0000);
    for index in [0, 100, 200, 1_000, 65_000, 69_999] {
        let span = &chunks[index / 100][0];
        assert_eq!(span.text(&format!("key{}", index % 100)), Some(format!("value {index}").as_str()));
    }
}

#[test]
fn links_and_events_are_json_in_tags_and_structured_tags_are_left_out() {
    let link = SpanLink {
        trace_id: (5 << 64) | 6,
        span_id: 7,
        tracestate: "dd=s:1".to_owned(),
        flags: Some(1),
        attributes: vec![("k".to_owned(), "\"v\"".to_owned())],
    };
    let bare = SpanLink { trace_id: 1, span_id: 2, ..SpanLink::default() };
    let record = RecordBuilder::new().extra(|extra| {
        extra.links = vec![link, bare];
        extra.events = vec![SpanEvent { name: "e".to_owned(), time_unix_nano: 3, attributes: Vec::new() }];
        extra.set_meta_struct("appsec".to_owned(), vec![0x80]);
    });
    let library = library();
    let span = &decode_v05(&encode(&mut V05::default(), &facts(&library), &[record.build()])).0[0][0];
    let links = concat!(
        r#"[{"trace_id":"00000000000000050000000000000006","span_id":"0000000000000007","#,
        r#""tracestate":"dd=s:1","flags":1,"attributes":{"k":"\"v\""}},"#,
        r#"{"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002"}]"#
    );
    assert_eq!(span.text("_dd.span_links"), Some(links));
    assert_eq!(span.text("events"), Some(r#"[{"name":"e","time_unix_nano":3}]"#));
    assert_eq!(span.meta.len(), 2);
}
