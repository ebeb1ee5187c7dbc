//! Traces that sampling rejected, in front of an agent that takes statistics.

use super::*;
use crate::export::agent::agent_double::{ABLE, AgentDouble, flush};
use crate::export::agent::{StatsWish, TraceFormat};
use crate::segment::test_tracer::{NONE, TestTracer};
use crate::span::Parent;

const NONE_KEPT: (&str, &str) = ("DD_TRACE_SAMPLE_RATE", "0");
const ONE_SPAN_KEPT: (&str, &str) = ("DD_SPAN_SAMPLING_RULES", r#"[{"name":"kept"}]"#);
const TRACES: &str = "/v0.4/traces";

/// A trace of a root and spans below it; those named "failed" failed.
fn trace(tracer: &mut TestTracer, names: &[&str]) {
    let root = tracer.start(NONE, names[0]);
    for name in &names[1..] {
        let fail = |started: &mut crate::span::Started<'_>| started.body.head.set_flag(flag::ERROR, *name == "failed");
        let span = tracer.start_with(Parent::Span(root), name, 0, fail);
        tracer.end(span);
    }
    tracer.end(root);
}

#[test]
fn item_08_drop_p0_an_error_keeps_its_chunk_and_counters_tell_of_the_others() {
    let agent = AgentDouble::new(ABLE);
    let mut tracer = agent.plain_tracer(&[NONE_KEPT]);
    trace(&mut tracer, &["root", "child"]);
    trace(&mut tracer, &["root"]);
    tracer.send();
    assert!(agent.seen(TRACES).is_empty(), "nothing is left to send");
    let totals = tracer.totals();
    assert_eq!((totals.chunks_rejected, totals.spans_rejected), (2, 3));
    assert_eq!((totals.chunks_sent, totals.chunks_dropped, totals.spans_dropped), (0, 0, 0));
    assert_eq!(tracer.booked(), 0);
    trace(&mut tracer, &["root", "failed"]);
    agent.answer(&[(TRACES, 503)]);
    tracer.send();
    std::thread::sleep(std::time::Duration::from_millis(120));
    tracer.send();
    let [first, second] = &agent.seen(TRACES)[..] else { panic!("two attempts") };
    for request in [first, second] {
        assert_eq!(request.header("Datadog-Client-Dropped-P0-Traces"), Some("2"), "told until a request arrives");
        assert_eq!(request.header("Datadog-Client-Dropped-P0-Spans"), Some("3"));
        assert_eq!(request.header("Datadog-Client-Computed-Stats"), Some("yes"));
        assert_eq!(request.names(), [["root", "failed"]], "with an error it is sent whole");
    }
    trace(&mut tracer, &["root", "failed"]);
    tracer.send();
    let [third] = &agent.seen(TRACES)[..] else { panic!("one request") };
    assert_eq!(third.header("Datadog-Client-Dropped-P0-Traces"), None);
}

#[test]
fn item_08_drop_p0_a_chunk_is_reduced_to_what_a_rule_for_single_spans_keeps() {
    let agent = AgentDouble::new(ABLE);
    let mut tracer = agent.plain_tracer(&[NONE_KEPT, ONE_SPAN_KEPT]);
    trace(&mut tracer, &["root", "child", "kept", "child", "kept"]);
    trace(&mut tracer, &["kept"]);
    trace(&mut tracer, &["root"]);
    tracer.send();
    let [request] = &agent.seen(TRACES)[..] else { panic!("one request") };
    assert_eq!(request.names(), [vec!["kept", "kept"], vec!["kept"]]);
    assert_eq!(request.header("X-Datadog-Trace-Count"), Some("2"));
    assert_eq!(request.header("Datadog-Client-Dropped-P0-Traces"), Some("1"));
    assert_eq!(request.header("Datadog-Client-Dropped-P0-Spans"), Some("4"));
    let chunk = &request.value()[0];
    let metric = |span: usize, key: &str| chunk[span]["metrics"][key].as_f64();
    assert_eq!(metric(0, "_sampling_priority_v1"), Some(-1.0));
    assert_eq!(metric(1, "_sampling_priority_v1"), None);
    assert_eq!((metric(0, "_dd.span_sampling.mechanism"), metric(1, "_dd.span_sampling.mechanism")), (Some(8.0), Some(8.0)));
    assert_eq!(chunk[0]["meta"]["language"].as_str(), Some("cpp"));
    let totals = tracer.totals();
    assert_eq!((totals.chunks_sent, totals.spans_sent, totals.chunks_rejected, totals.spans_rejected), (2, 3, 1, 4));
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn analysed_spans_and_those_marked_by_hand_are_kept() {
    let agent = AgentDouble::new(ABLE);
    let mut tracer = agent.plain_tracer(&[NONE_KEPT]);
    let root = tracer.start(NONE, "root");
    for (key, value) in [("_dd1.sr.eausr", 1.0), ("_dd.span_sampling.mechanism", 8.0), ("_dd.span_sampling.mechanism", 7.0)] {
        let mark = |started: &mut crate::span::Started<'_>| {
            started.body.set_plain_tag(key.as_bytes(), crate::span::TagValue::Float(value)).unwrap();
        };
        let span = tracer.start_with(Parent::Span(root), key, 0, mark);
        tracer.end(span);
    }
    tracer.end(root);
    tracer.send();
    assert_eq!(agent.traces(), [["_dd1.sr.eausr", "_dd.span_sampling.mechanism"]]);
}

#[test]
fn links_and_events_of_spans_that_go_are_freed_and_those_that_stay_arrive() {
    let agent = AgentDouble::new(ABLE);
    let mut tracer = agent.plain_tracer(&[NONE_KEPT, ONE_SPAN_KEPT]);
    let link = |started: &mut crate::span::Started<'_>| {
        let link = crate::record::SpanLink { trace_id: 1, span_id: 2, ..Default::default() };
        started.body.extra_mut().add_link(link);
    };
    let root = tracer.start_with(Parent::None, "root", 0, link);
    for name in ["child", "kept"] {
        let span = tracer.start_with(Parent::Span(root), name, 0, link);
        tracer.end(span);
    }
    tracer.end(root);
    tracer.send();
    let [request] = &agent.seen(TRACES)[..] else { panic!("one request") };
    assert_eq!(request.value()[0][0]["span_links"][0]["span_id"].as_u64(), Some(2));
    assert_eq!(request.names(), [["kept"]]);
}

#[test]
fn agents_that_take_no_stats_get_everything() {
    for info in ["{}", &ABLE.replace("7.65.0", "test"), &ABLE.replace("/v0.6/stats", "/stats"), "no JSON"] {
        let agent = AgentDouble::new(info);
        let mut tracer = agent.plain_tracer(&[NONE_KEPT]);
        trace(&mut tracer, &["root"]);
        tracer.send();
        let [request] = &agent.seen(TRACES)[..] else { panic!("one request for {info}") };
        assert_eq!(request.header("Datadog-Client-Computed-Stats"), None, "{info}");
        assert_eq!(request.names(), [["root"]]);
    }
}

#[test]
fn stats_count_all_spans_and_are_sent_once() {
    let agent = AgentDouble::new(ABLE);
    let mut tracer = agent.plain_tracer(&[NONE_KEPT]);
    (0..5).for_each(|_| trace(&mut tracer, &["root", "child"]));
    flush(&mut tracer);
    flush(&mut tracer);
    assert!(agent.seen(TRACES).is_empty());
    let [stats] = &agent.seen("/v0.6/stats")[..] else { panic!("one payload of stats") };
    assert_eq!(stats.header("Content-Type"), Some("application/msgpack"));
    assert_eq!(stats.header("X-Datadog-Trace-Count"), None);
    let group = &stats.value()["Stats"][0]["Stats"][0];
    assert_eq!((group["Name"].as_str(), group["Hits"].as_u64()), (Some("root"), Some(5)));
}

#[test]
fn an_agent_that_refuses_stats_gets_all_traces_until_it_says_something_else() {
    let agent = AgentDouble::new(ABLE);
    let mut tracer = agent.plain_tracer(&[NONE_KEPT]);
    trace(&mut tracer, &["first"]);
    agent.answer(&[("/info", 200), ("/v0.6/stats", 404)]);
    flush(&mut tracer);
    assert!(agent.traces().is_empty());
    trace(&mut tracer, &["second"]);
    flush(&mut tracer);
    let [request] = &agent.seen(TRACES)[..] else { panic!("one request") };
    assert_eq!(request.names(), [["second"]]);
    assert_eq!(request.header("Datadog-Client-Computed-Stats"), None);
    agent.say(&ABLE.replace("7.65.0", "7.66.0"));
    tracer.sender.known_agent().unwrap().want_look();
    trace(&mut tracer, &["third"]);
    flush(&mut tracer);
    assert!(agent.traces().is_empty());
    assert_eq!(agent.seen("/v0.6/stats").len(), 2);
}

#[test]
fn stats_that_fail_are_not_sent_again() {
    let agent = AgentDouble::new(ABLE);
    let mut tracer = agent.plain_tracer(&[NONE_KEPT]);
    trace(&mut tracer, &["root"]);
    agent.answer(&[("/info", 200), ("/v0.6/stats", 500)]);
    flush(&mut tracer);
    flush(&mut tracer);
    assert_eq!(agent.seen("/v0.6/stats").len(), 1);
}

#[test]
fn settings_decide_whether_stats_are_computed() {
    let computes = |wish: StatsWish, info: &str| {
        let agent = AgentDouble::new(info);
        let mut tracer = agent.tracer(wish, TraceFormat::V04, &[]);
        trace(&mut tracer, &["root"]);
        flush(&mut tracer);
        (agent.seen("/v0.6/stats").len(), agent.traces().len())
    };
    let old = ABLE.replace("7.65.0", "7.64.0");
    assert_eq!(computes(StatsWish { enabled: Some(false), any_version: true }, ABLE), (0, 1));
    assert_eq!(computes(StatsWish { enabled: Some(true), any_version: false }, &old), (1, 1));
    assert_eq!(computes(StatsWish { enabled: None, any_version: true }, &old), (1, 1));
    assert_eq!(computes(StatsWish::default(), &old), (0, 1));
}

#[test]
fn a_receiver_that_wants_no_rejected_traces_gets_none_of_their_spans() {
    let decided = |priority| Some(Decision { priority, mechanism: None, rate: None, limit_rate: None });
    let (rejected, kept) = (decided(0), decided(1));
    assert_eq!(RejectedTraces::Dropped.fate(rejected, &[]), Fate::Drop);
    assert_eq!(RejectedTraces::Sent.fate(rejected, &[]), Fate::Keep);
    for rule in [RejectedTraces::Sent, RejectedTraces::Reduced, RejectedTraces::Dropped] {
        assert_eq!((rule.fate(kept, &[]), rule.fate(None, &[])), (Fate::Keep, Fate::Keep));
    }
}
