//! Which tags the library adds to which spans.

use super::decoded::{DecodedSpan, decode_v04};
use super::records::RecordBuilder;
use super::*;
use crate::context::{Decision, TraceTags, mechanism};
use crate::record::{Field, SpanEvent, TagEntry, flag};
use crate::wire::{SpanRule, V04, V05};

const ROOT: u32 = flag::LOCAL_ROOT | flag::TOP_LEVEL | flag::VERSION;

/// With one tag of each sort.
fn full_library() -> LibraryTags {
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod"), TagEntry::text("team", "a")];
    library.version = Some(TagEntry::text("version", "1.2"));
    library.local_root_texts = vec![TagEntry::text("runtime-id", "id")];
    library.local_root_numbers = vec![TagEntry::number("process_id", 7.0)];
    library.trace_root_texts = vec![TagEntry::text("_dd.hostname", "host")];
    library.chunk_root_texts = vec![TagEntry::text("language", "cpp")];
    library
}

fn root() -> RecordBuilder {
    RecordBuilder::new().flags(ROOT)
}

fn child() -> RecordBuilder {
    RecordBuilder::new().head(|head| (head.span_id, head.parent_id) = (3, 2)).flags(flag::VERSION)
}

fn spans(facts: &ChunkFacts<'_>, records: impl IntoIterator<Item = RecordBuilder>) -> Vec<DecodedSpan> {
    let records: Vec<BuiltRecord> = records.into_iter().map(RecordBuilder::build).collect();
    decode_v04(&encode(&mut V04::default(), facts, &records)).remove(0)
}

fn keys(span: &DecodedSpan) -> Vec<&str> {
    span.meta.keys().chain(span.metrics.keys()).map(String::as_str).collect()
}

fn by_rule(priority: i32) -> Option<Decision> {
    Some(Decision { priority, mechanism: Some(mechanism::LOCAL_RULE), rate: Some(0.25), limit_rate: Some(0.5) })
}

#[test]
fn each_tag_goes_where_it_belongs() {
    let library = full_library();
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("synthetics") && tags.set("_dd.p.usr.id", "abc"));
    tags.set_propagation_error("inject_max_size");
    let facts = ChunkFacts { trace_id: 1 << 64, decision: by_rule(2), tags: Some(&tags), keep_rate: 0.75, ..facts(&library) };
    let spans = spans(&facts, [root(), child()]);
    let everywhere = ["_dd.origin", "env", "team", "version"];
    assert_eq!(keys(&spans[1]), everywhere);
    assert_eq!(spans[1].text("_dd.origin"), Some("synthetics"));
    let texts: Vec<(&str, &str)> = spans[0].meta.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let expected = [
        ("_dd.hostname", "host"),
        ("_dd.origin", "synthetics"),
        ("_dd.p.dm", "-3"),
        ("_dd.p.ksr", "0.25"),
        ("_dd.p.tid", "0000000000000001"),
        ("_dd.p.usr.id", "abc"),
        ("_dd.propagation_error", "inject_max_size"),
        ("env", "prod"),
        ("language", "cpp"),
        ("runtime-id", "id"),
        ("team", "a"),
        ("version", "1.2"),
    ];
    assert_eq!(texts, expected);
    let numbers: Vec<(&str, f64)> = spans[0].metrics.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    let expected = [
        ("_dd.limit_psr", 0.5),
        ("_dd.rule_psr", 0.25),
        ("_dd.top_level", 1.0),
        ("_dd.tracer_kr", 0.75),
        ("_sampling_priority_v1", 2.0),
        ("process_id", 7.0),
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn a_chunk_without_the_local_root_carries_the_decision_but_not_its_rates() {
    let library = full_library();
    let facts = ChunkFacts { trace_id: 1 << 64, decision: by_rule(-1), partial_spans: 2, ..facts(&library) };
    let spans = spans(&facts, [child(), child()]);
    let first = ["_dd.p.dm", "_dd.p.ksr", "_dd.p.tid", "env", "language", "team", "version"];
    let numbers = ["_dd.cpp.partial_flush", "_dd.tracer_kr", "_sampling_priority_v1"];
    assert_eq!(keys(&spans[0]), [&first[..], &numbers[..]].concat());
    assert_eq!((spans[0].number("_dd.cpp.partial_flush"), spans[0].number("_sampling_priority_v1")), (Some(2.0), Some(-1.0)));
    assert_eq!(keys(&spans[1]), ["env", "team", "version"]);
}

#[test]
fn a_local_root_behind_the_first_span_has_the_rates() {
    let library = full_library();
    let facts = ChunkFacts { decision: by_rule(2), ..facts(&library) };
    let spans = spans(&facts, [child(), root()]);
    assert_eq!((spans[0].number("_dd.rule_psr"), spans[1].number("_dd.rule_psr")), (None, Some(0.25)));
    assert_eq!((spans[0].text("_dd.p.dm"), spans[1].text("_dd.p.dm")), (Some("-3"), None));
    assert_eq!(spans[1].text("runtime-id"), Some("id"));
}

#[test]
fn a_span_that_enters_another_service_is_top_level_wherever_it_stands() {
    let library = full_library();
    let entering = child().flags(flag::VERSION | flag::TOP_LEVEL);
    let spans = spans(&facts(&library), [root(), child(), entering]);
    assert_eq!([0, 1, 2].map(|index| spans[index].number("_dd.top_level")), [Some(1.0), None, Some(1.0)]);
    assert_eq!(keys(&spans[2]), ["env", "team", "version", "_dd.top_level"]);
}

#[test]
fn the_span_s_own_tags_win_in_either_form() {
    let library = full_library();
    let facts = ChunkFacts { decision: by_rule(2), ..facts(&library) };
    let own = root().text("env", "mine").int("language", 1).text("_dd.p.dm", "-9").text("process_id", "x").int("_dd.rule_psr", 3);
    let own = own.float("_dd.tracer_kr", 0.125).int("_dd.top_level", 0);
    let span = &spans(&facts, [own])[0];
    assert_eq!((span.text("env"), span.text("_dd.p.dm"), span.text("process_id")), (Some("mine"), Some("-9"), Some("x")));
    assert_eq!((span.text("language"), span.number("language"), span.number("process_id")), (None, Some(1.0), None));
    assert_eq!((span.number("_dd.rule_psr"), span.number("_dd.tracer_kr")), (Some(3.0), Some(0.125)));
    assert_eq!(span.number("_dd.top_level"), Some(0.0));
}

#[test]
fn a_global_tag_of_the_same_key_is_there_once() {
    let mut library = full_library();
    let global = ["language", "runtime-id", "_dd.base_service", "_dd.p.dm", "process_id", "_sampling_priority_v1"];
    library.every_span.extend(global.map(|key| TagEntry::text(key, "mine")));
    let facts = ChunkFacts { decision: by_rule(2), ..facts(&library) };
    let records = || [root().field(Field::Service, "other")];
    // The decoders refuse duplicate keys.
    let span = &spans(&facts, records())[0];
    assert!(global.iter().all(|key| span.text(key) == Some("mine") && span.number(key).is_none()), "{span:?}");
    let records = records().map(RecordBuilder::build);
    let chunks = super::decoded::decode_v05(&encode(&mut V05::default(), &facts, &records)).0;
    assert_eq!(chunks[0][0].meta, span.meta);
}

#[test]
fn tags_for_links_and_events_that_the_user_set_are_there_once() {
    let library = library();
    let facts = ChunkFacts { native_events: false, ..facts(&library) };
    let record = || {
        let record = root().text("events", "mine").text("_dd.span_links", "mine");
        record.extra(|extra| {
            extra.add_event(SpanEvent::default());
            extra.add_link(Default::default());
        })
    };
    let spans = spans(&facts, [record()]);
    let chunks = super::decoded::decode_v05(&encode(&mut V05::default(), &facts, &[record().build()])).0;
    for span in [&spans[0], &chunks[0][0]] {
        assert_eq!((span.text("events"), span.text("_dd.span_links")), (Some("mine"), Some("mine")));
    }
}

#[test]
fn copied_library_tags_are_not_added_again() {
    let library = full_library();
    let span = &spans(&facts(&library), [root().flags(flag::LIBRARY_TAGS_COPIED).text("env", "prod")])[0];
    assert_eq!((span.text("env"), span.text("team"), span.text("version")), (Some("prod"), None, None));
}

#[test]
fn the_service_tells_its_source_and_what_it_replaces() {
    let library = full_library();
    let given = |service: &str| child().field(Field::Service, service).flags(flag::SERVICE_GIVEN);
    let default = child().field(Field::Service, "redis");
    let spans = spans(&facts(&library), [child(), given("web"), given("WEB"), given("db"), default]);
    let seen: Vec<_> = spans.iter().map(|span| (span.text("_dd.svc_src"), span.text("_dd.base_service"))).collect();
    let given = Some("m");
    assert_eq!(seen, [(None, None), (given, None), (given, None), (given, Some("web")), (None, Some("web"))]);
}

#[test]
fn the_version_is_on_spans_that_it_applies_to() {
    let library = full_library();
    let foreign = child().head(|head| head.flags &= !flag::VERSION);
    let spans = spans(&facts(&library), [child(), foreign]);
    assert_eq!((spans[0].text("version"), spans[1].text("version")), (Some("1.2"), None));
}

#[test]
fn a_remote_parent_leaves_no_hostname() {
    let library = full_library();
    let span = &spans(&facts(&library), [root().head(|head| head.parent_id = 9)])[0];
    assert_eq!((span.text("_dd.hostname"), span.text("runtime-id")), (None, Some("id")));
}

#[test]
fn every_decision_names_its_maker_and_its_rate() {
    let library = library();
    let cases = [
        (Some(mechanism::DEFAULT), "-0", None, None),
        (Some(mechanism::AGENT_RATE), "-1", Some("_dd.agent_psr"), Some("0.25")),
        (Some(mechanism::LOCAL_RULE), "-3", Some("_dd.rule_psr"), Some("0.25")),
        (Some(mechanism::MANUAL), "-4", None, None),
        (Some(mechanism::APPSEC), "-5", None, None),
        (Some(mechanism::REMOTE_USER_RULE), "-11", Some("_dd.rule_psr"), Some("0.25")),
        (Some(mechanism::REMOTE_DYNAMIC_RULE), "-12", Some("_dd.rule_psr"), Some("0.25")),
        (Some(255), "-255", None, None),
    ];
    for (mechanism, maker, rate_key, ksr) in cases {
        let decision = Some(Decision { priority: 1, mechanism, rate: Some(0.25), limit_rate: None });
        let span = &spans(&ChunkFacts { decision, ..facts(&library) }, [root()])[0];
        assert_eq!((span.text("_dd.p.dm"), span.text("_dd.p.ksr")), (Some(maker), ksr));
        let rates = ["_dd.agent_psr", "_dd.rule_psr", "_dd.limit_psr"].into_iter().filter(|key| span.number(key).is_some());
        assert_eq!(rates.collect::<Vec<_>>(), Vec::from_iter(rate_key), "{maker}");
    }
}

#[test]
fn an_inherited_decision_keeps_what_came_with_it() {
    let library = library();
    let mut tags = TraceTags::default();
    assert!(tags.set("_dd.p.dm", "-2") && tags.set("_dd.p.ksr", "1.000000"));
    let facts = ChunkFacts { decision: Some(Decision::inherited(i32::MIN)), tags: Some(&tags), ..facts(&library) };
    let span = &spans(&facts, [root()])[0];
    assert_eq!((span.text("_dd.p.dm"), span.text("_dd.p.ksr")), (Some("-2"), Some("1.000000")));
    assert_eq!(span.number("_sampling_priority_v1"), Some(-2_147_483_648.0));
    let facts = ChunkFacts { decision: by_rule(2), ..facts };
    let span = &spans(&facts, [root()])[0];
    assert_eq!((span.text("_dd.p.dm"), span.text("_dd.p.ksr")), (Some("-3"), Some("0.25")));
}

#[test]
fn an_undecided_chunk_has_no_priority() {
    let library = library();
    let span = &spans(&facts(&library), [root()])[0];
    assert_eq!((span.number("_sampling_priority_v1"), span.text("_dd.p.dm")), (None, None));
}

#[test]
fn spans_kept_by_a_rule_of_their_own_say_which() {
    let library = library();
    let rules = [SpanRule { rate: 0.5, max_per_second: None }, SpanRule { rate: 1.0, max_per_second: Some(2.5) }];
    let facts = ChunkFacts { span_rules: &rules, ..facts(&library) };
    let by = |rule| child().head(move |head| head.span_rule = rule);
    let spans = spans(&facts, [by(0), by(1), by(2), by(3), by(u32::MAX)]);
    let seen: Vec<_> = spans
        .iter()
        .map(|span| ["mechanism", "rule_rate", "max_per_second"].map(|key| span.number(&format!("_dd.span_sampling.{key}"))))
        .collect();
    let none = [None; 3];
    assert_eq!(seen, [none, [Some(8.0), Some(0.5), None], [Some(8.0), Some(1.0), Some(2.5)], none, none]);
}

#[test]
fn web_requests_get_an_endpoint_where_resources_are_renamed() {
    let mut library = library();
    let request = || root().field(Field::Type, "web").text("http.url", "http://h/users/42");
    assert_eq!(spans(&facts(&library), [request()])[0].text("http.endpoint"), None);
    library.resource_renaming = crate::config::ResourceRenaming::Always;
    let facts = facts(&library);
    let spans = spans(&facts, [request(), request().text("http.endpoint", "/mine"), child().field(Field::Type, "web")]);
    let seen = [0, 1, 2].map(|index| spans[index].text("http.endpoint"));
    assert_eq!(seen, [Some("/users/{param:int}"), Some("/mine"), None]);
}
