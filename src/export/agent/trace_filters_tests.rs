//! 8. Filters: every rule.

use super::*;
use crate::export::agent::agent_double::AgentDouble;
use crate::segment::test_tracer::TestTracer;
use crate::span::Parent;
use crate::span::TagValue;

fn info(filters: &str) -> String {
    let able = r#""version":"7.65.0","endpoints":["/v0.6/stats"],"client_drop_p0s":true"#;
    format!("{{{able},{filters}}}")
}

/// A trace whose root has these string tags and a resource.
fn trace(tracer: &mut TestTracer, name: &str, resource: &str, tags: &[(&str, &str)]) {
    let root = tracer.start_with(Parent::None, name, 0, |started| {
        started.body.set_field(Field::Resource, resource.as_bytes()).unwrap();
        tags.iter().for_each(|(key, value)| started.body.set_text(key.as_bytes(), value.as_bytes()).unwrap());
        started.body.set_plain_tag(b"size", TagValue::Int(10)).unwrap();
        started.body.set_plain_tag(b"share", TagValue::Float(0.5)).unwrap();
    });
    let child = tracer.start(root, "child");
    tracer.end(child);
    tracer.end(root);
}

/// Whether a trace with these tags passes these filters.
fn passes(filters: &str, resource: &str, tags: &[(&str, &str)]) -> bool {
    let agent = AgentDouble::new(&info(filters));
    let mut tracer = agent.plain_tracer(&[("DD_ENV", "Prod Env")]);
    trace(&mut tracer, "op", resource, tags);
    tracer.send();
    let arrived = agent.traces().len() == 1;
    let totals = tracer.totals();
    assert_eq!((totals.chunks_filtered_by_agent, totals.spans_filtered_by_agent), if arrived { (0, 0) } else { (1, 2) });
    assert_eq!((totals.chunks_sent, totals.chunks_dropped), (u64::from(arrived), 0));
    assert_eq!(tracer.booked(), 0);
    arrived
}

#[test]
fn resources_are_ignored_by_patterns_that_match_anywhere() {
    let filters = r#""ignore_resources":["^GET /health","secret","("]"#;
    assert!(!passes(filters, "GET /healthz", &[]));
    assert!(!passes(filters, "POST /a/secret/b", &[]));
    assert!(passes(filters, "POST /health", &[]));
    assert!(!passes(r#""ignore_resources":["^op$"]"#, "", &[]), "without a resource it is the name");
}

#[test]
fn one_match_rejects() {
    let filters = r#""filter_tags":{"reject":["debug"," team : blue ","url:http://x:1"]}"#;
    assert!(passes(filters, "r", &[]));
    assert!(!passes(filters, "r", &[("debug", "")]));
    assert!(!passes(filters, "r", &[("debug", "any")]));
    assert!(!passes(filters, "r", &[("team", "blue")]));
    assert!(passes(filters, "r", &[("team", "Blue")]));
    assert!(passes(filters, "r", &[("team", "blues")]));
    assert!(!passes(filters, "r", &[("url", "http://x:1")]), "split at the first colon");
    let blank = r#""filter_tags":{"reject":["team: ",":value",""]}"#;
    assert!(!passes(blank, "r", &[("team", "red")]), "a blank value is any value");
    assert!(passes(blank, "r", &[("", "value")]), "an empty key is no filter");
}

#[test]
fn patterns_reject_by_parts_of_values() {
    let filters = r#""filter_tags_regex":{"reject":["team:^b.*e$","id:\\d{3}","broken:(","any"]}"#;
    assert!(!passes(filters, "r", &[("team", "blue")]));
    assert!(passes(filters, "r", &[("team", "blues")]));
    assert!(!passes(filters, "r", &[("id", "a123b")]));
    assert!(passes(filters, "r", &[("id", "a12b")]));
    assert!(passes(filters, "r", &[("broken", "(")]), "a pattern that cannot be read is ignored");
    assert!(!passes(filters, "r", &[("any", "thing")]));
}

#[test]
fn all_that_is_required_has_to_match() {
    let filters = r#""filter_tags":{"require":["team:blue","debug"]}"#;
    assert!(passes(filters, "r", &[("team", "blue"), ("debug", "1")]));
    assert!(!passes(filters, "r", &[("team", "blue")]));
    assert!(!passes(filters, "r", &[("team", "red"), ("debug", "1")]));
    let patterns = r#""filter_tags_regex":{"require":["team:^b","id:[0-9]"]}"#;
    assert!(passes(patterns, "r", &[("team", "blue"), ("id", "7")]));
    assert!(!passes(patterns, "r", &[("team", "blue")]));
    let both = r#""filter_tags":{"require":["team"],"reject":["team:red"]}"#;
    assert!(!passes(both, "r", &[("team", "red")]));
    assert!(passes(both, "r", &[("team", "blue")]));
}

#[test]
fn tags_are_those_that_the_agent_sees() {
    assert!(!passes(r#""filter_tags":{"reject":["env:prod_env"]}"#, "r", &[]), "added by the library, in the agent's form");
    assert!(passes(r#""filter_tags":{"reject":["env:Prod Env"]}"#, "r", &[]));
    assert!(!passes(r#""filter_tags":{"reject":["language:cpp"]}"#, "r", &[]));
    assert!(!passes(r#""filter_tags":{"reject":["_dd.top_level:1"]}"#, "r", &[]));
    assert!(!passes(r#""filter_tags":{"reject":["size:10"]}"#, "r", &[]));
    assert!(!passes(r#""filter_tags":{"reject":["share:0.5"]}"#, "r", &[]));
    let status = r#""filter_tags":{"reject":["http.status_code"]}"#;
    assert!(!passes(status, "r", &[("http.status_code", "404")]));
    for absent in ["99", "600", "", "ok", "-200"] {
        assert!(passes(status, "r", &[("http.status_code", absent)]), "{absent}");
    }
}

#[test]
fn only_the_root_is_looked_at_and_nothing_of_the_trace_is_counted() {
    let agent = AgentDouble::new(&info(r#""ignore_resources":["child"],"filter_tags":{"reject":["bad"]}"#));
    let mut tracer = agent.plain_tracer(&[]);
    trace(&mut tracer, "good", "r", &[]);
    trace(&mut tracer, "bad", "r", &[("bad", "1")]);
    crate::export::agent::agent_double::flush(&mut tracer);
    assert_eq!(agent.traces(), [["good", "child"]]);
    let [stats] = &agent.seen("/v0.6/stats")[..] else { panic!("one payload of stats") };
    let text = String::from_utf8_lossy(&stats.body).into_owned();
    assert!(text.contains("good") && !text.contains("bad"), "{text}");
}

#[test]
fn without_stats_of_ours_the_agent_filters() {
    let agent = AgentDouble::new(&info(r#""filter_tags":{"reject":["bad"]}"#).replace("7.65.0", "7.64.0"));
    let mut tracer = agent.plain_tracer(&[]);
    trace(&mut tracer, "op", "r", &[("bad", "1")]);
    tracer.send();
    assert_eq!(agent.traces().len(), 1);
}

#[test]
fn the_environment_is_brought_into_the_form_of_tags() {
    for (given, expected) in
        [("Prod Env", "prod_env"), ("  a  b  ", "a_b"), ("ÉTÉ/1.2-x:y", "été/1.2-x:y"), ("a__b", "a_b"), ("!!", ""), ("", "")]
    {
        assert_eq!(normalized_env(given), expected);
    }
    assert_eq!(normalized_env(&"é".repeat(300)).len(), 200);
}
