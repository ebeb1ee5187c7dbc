//! What exceeds a limit is counted under `tracer_blocked_value`, and nothing is lost.

use super::*;
use crate::stats::BLOCKED;

fn hits(groups: &[DecodedGroup]) -> u64 {
    groups.iter().map(|group| group.number("Hits")).sum()
}

fn with_limits(change: impl FnOnce(&mut CardinalityLimits)) -> Concentrator {
    let mut limits = CardinalityLimits::default();
    change(&mut limits);
    let mut concentrator = concentrator_with(&["tenant"], limits);
    concentrator.configure(&Features { peer_tags: vec!["out.host".to_owned()], ..Features::default() });
    concentrator
}

#[test]
fn the_defaults() {
    let expected = CardinalityLimits { keys: 7000, resources: 1024, http_endpoints: 512, peer_tags: 512, additional_tags: 100 };
    assert_eq!(CardinalityLimits::default(), expected);
}

#[test]
fn overflow_is_counted_under_the_blocked_value() {
    let mut concentrator = with_limits(|limits| limits.keys = 3);
    for round in 0..2 {
        for number in 0..10 {
            let span = root().field(Field::Name, &format!("op{number}")).text("grpc.code", "5").int("http.status_code", 200);
            add(&mut concentrator, [if round == 0 { span } else { span.flags(flag::ERROR) }]);
        }
    }
    let groups = flushed(&mut concentrator).into_groups();
    assert_eq!((groups.len(), hits(&groups)), (4, 20));
    let overflow = groups.iter().find(|group| group.text("Name") == BLOCKED).unwrap();
    let texts = ["Service", "Name", "Resource", "Type", "SpanKind", "HTTPMethod", "HTTPEndpoint", "srv_src"];
    assert!(texts.iter().all(|key| overflow.text(key) == BLOCKED));
    assert_eq!((overflow.list("PeerTags"), overflow.list("AdditionalMetricTags")), (vec![BLOCKED], vec![BLOCKED]));
    assert_eq!((overflow.text("GRPCStatusCode"), overflow.number("HTTPStatusCode"), overflow.number("IsTraceRoot")), ("", 0, 0));
    assert!(!overflow.flag("Synthetics"));
    assert_eq!((overflow.counts(), overflow.number("Duration")), ([14, 7, 14], 14 * SECOND as u64));
    assert_eq!(Vec::from_iter(overflow.sketch("OkSummary").bins), [(2675, 7.0)]);
}

/// Adds spans that differ in one part, and returns how often each of its values was counted, with the number of other names.
fn counted(
    change: impl FnOnce(&mut CardinalityLimits),
    part: impl Fn(RecordBuilder, &str) -> RecordBuilder,
    key: &str,
) -> Vec<(String, u64)> {
    let mut concentrator = with_limits(change);
    for number in 0..5 {
        add(&mut concentrator, [part(root(), &format!("v{number}"))]);
        add(&mut concentrator, [part(root(), "v0")]);
    }
    let groups = flushed(&mut concentrator).into_groups();
    assert!(groups.iter().all(|group| group.text("Service") == "web"), "the other parts stay");
    let shown = |group: &DecodedGroup| if key.ends_with("Tags") { group.list(key).concat() } else { group.text(key).to_owned() };
    let mut seen: Vec<_> = groups.iter().map(|group| (shown(group), group.number("Hits"))).collect();
    seen.sort();
    seen
}

#[test]
fn each_part_has_a_limit_of_its_own() {
    let pairs = |expected: [(&str, u64); 3]| expected.map(|(text, hits)| (text.to_owned(), hits)).to_vec();
    let resource = counted(|limits| limits.resources = 2, |span, value| span.field(Field::Resource, value), "Resource");
    assert_eq!(resource, pairs([(BLOCKED, 3), ("v0", 6), ("v1", 1)]));
    let endpoint = counted(|limits| limits.http_endpoints = 2, |span, value| span.text("http.route", value), "HTTPEndpoint");
    assert_eq!(endpoint, pairs([(BLOCKED, 3), ("v0", 6), ("v1", 1)]));
    let client = |span: RecordBuilder, value: &str| span.text("span.kind", "client").text("out.host", value);
    let peers = counted(|limits| limits.peer_tags = 2, client, "PeerTags");
    assert_eq!(peers, pairs([("out.host:v0", 6), ("out.host:v1", 1), (BLOCKED, 3)]));
    let additional =
        counted(|limits| limits.additional_tags = 2, |span, value| span.text("tenant", value), "AdditionalMetricTags");
    assert_eq!(additional, pairs([("tenant:v0", 6), ("tenant:v1", 1), (BLOCKED, 3)]));
}

#[test]
fn nothing_is_no_value_that_could_be_one_too_many() {
    let mut concentrator = with_limits(|limits| (limits.http_endpoints, limits.peer_tags, limits.additional_tags) = (0, 0, 0));
    add(&mut concentrator, [root()]);
    let groups = flushed(&mut concentrator).into_groups();
    assert_eq!(groups[0].text("HTTPEndpoint"), "");
    assert!(groups[0].list("PeerTags").is_empty() && groups[0].list("AdditionalMetricTags").is_empty());
}

#[test]
fn the_next_bucket_begins_anew() {
    let mut concentrator = with_limits(|limits| limits.resources = 1);
    for resource in ["a", "b"] {
        add(&mut concentrator, [root().field(Field::Resource, resource)]);
    }
    assert_eq!(flushed(&mut concentrator).into_groups().len(), 2);
    add(&mut concentrator, [root().field(Field::Resource, "b")]);
    assert_eq!(flushed(&mut concentrator).into_groups()[0].text("Resource"), "b");
}

#[test]
fn memory_is_bounded_whatever_the_limits() {
    let mut concentrator = with_limits(|limits| (limits.keys, limits.resources) = (usize::MAX, usize::MAX));
    let large = "x".repeat(4_900);
    let library = library();
    let rounds = 5_000;
    for number in 0..rounds {
        let record = root().field(Field::Resource, &format!("{number} {large}")).build();
        concentrator.add(&facts(&library), &[record.get()], NOW);
    }
    let payload = concentrator.flush(NOW, true).remove(0).body;
    assert!(payload.len() < 32 << 20, "{}", payload.len());
    let groups = decode(&payload).into_groups();
    assert!(groups.len() > 1_000 && groups.len() < rounds, "{}", groups.len());
    assert_eq!(hits(&groups), rounds as u64);
    add(&mut concentrator, [root()]);
    assert_eq!(flushed(&mut concentrator).into_groups()[0].text("Resource"), "GET /", "there is room again");
}
