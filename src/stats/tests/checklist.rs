//! What statistics must do at least, item by item.

use super::*;
use crate::context::{Decision, TraceTags};
use std::collections::BTreeSet;

#[test]
fn seven_distinct_keys_make_seven_groups() {
    let mut synthetic = TraceTags::default();
    assert!(synthetic.set_origin("synthetics-browser"));
    let mut concentrator = concentrator();
    for _ in 0..2 {
        add(&mut concentrator, [root()]);
        add(
            &mut concentrator,
            [RecordBuilder::new().field(Field::Name, "other").field(Field::Resource, "GET /").head(times).flags(TOP)],
        );
        add(&mut concentrator, [root().field(Field::Resource, "GET /other")]);
        add(&mut concentrator, [root().field(Field::Service, "other")]);
        add(&mut concentrator, [root().field(Field::Type, "web")]);
        add_to(&mut concentrator, &ChunkFacts { tags: Some(&synthetic), ..facts(&library()) }, [root()]);
        add(&mut concentrator, [root().text("http.status_code", "404")]);
    }
    let groups = flushed(&mut concentrator).into_groups();
    assert_eq!(groups.len(), 7);
    assert!(groups.iter().all(|group| group.counts() == [2, 0, 2]));
    let different = |key: &str| groups.iter().map(|group| group.text(key)).collect::<BTreeSet<_>>().len();
    assert_eq!(["Name", "Resource", "Service", "Type"].map(different), [2; 4]);
    assert_eq!(groups.iter().filter(|group| group.flag("Synthetics")).count(), 1);
    assert_eq!(groups.iter().filter(|group| group.number("HTTPStatusCode") == 404).count(), 1);
}

const TOP: u32 = flag::LOCAL_ROOT | flag::TOP_LEVEL;

fn times(head: &mut crate::record::Head) {
    (head.start_ns, head.duration_ns) = (NOW - SECOND, SECOND);
}

#[test]
fn measured_children_are_counted_with_no_top_level_hits() {
    let groups = groups_of([root(), child().int("_dd.measured", 1).field(Field::Resource, "measured"), child()]);
    let mut seen: Vec<_> = groups.iter().map(|group| (group.text("Resource"), group.counts())).collect();
    seen.sort_unstable();
    assert_eq!(seen, [("GET /", [1, 0, 1]), ("measured", [1, 0, 0])]);
    assert!(groups_of([child().int("_dd.measured", 0), child().text("_dd.measured", "1")]).is_empty());
}

#[test]
fn errors_are_separated() {
    let slow = |seconds| root().head(|head| (head.start_ns, head.duration_ns) = (NOW - seconds * SECOND, seconds * SECOND));
    let group = {
        let mut groups = groups_of([root(), slow(60).flags(flag::ERROR), root()]);
        assert_eq!(groups.len(), 1);
        groups.remove(0)
    };
    assert_eq!((group.counts(), group.number("Duration")), ([3, 1, 3], 62 * SECOND as u64));
    assert_eq!(Vec::from_iter(group.sketch("OkSummary").bins), [(2675, 2.0)]);
    assert_eq!(Vec::from_iter(group.sketch("ErrorSummary").bins), [(2939, 1.0)]);
}

#[test]
fn a_group_without_errors_has_an_empty_sketch_with_its_mapping() {
    assert_eq!(group_of(root()).sketch("ErrorSummary"), Default::default());
}

#[test]
fn dropped_traces_are_counted_like_others() {
    let library = library();
    for priority in [-1, 0, 1, 2] {
        let facts = ChunkFacts { decision: Some(Decision::inherited(priority)), ..facts(&library) };
        assert_eq!(groups_with(&facts, [root()])[0].counts(), [1, 0, 1], "{priority}");
    }
}

#[test]
fn the_payload_says_who_sends_it_and_leaves_the_agents_fields_empty() {
    let mut concentrator = concentrator();
    add(&mut concentrator, [root()]);
    let payload = flushed(&mut concentrator);
    let expected = [
        ("AgentAggregation", ""),
        ("ContainerID", ""),
        ("Env", "prod"),
        ("GitCommitSha", "abc"),
        ("Hostname", ""),
        ("ImageTag", ""),
        ("Lang", "cpp"),
        ("ProcessTags", ""),
        ("RuntimeID", "id"),
        ("Service", "web"),
        ("TracerVersion", "0.1.0"),
        ("Version", "1.2"),
    ];
    for (key, text) in expected {
        assert_eq!(payload.text(key), text, "{key}");
    }
    assert_eq!(payload.keys["Sequence"].as_u64(), Some(0));
    assert_eq!(payload.keys["ProcessTagsHash"].as_u64(), Some(0));
    assert_eq!(payload.keys["Tags"].as_array().map(Vec::len), Some(0));
    assert_eq!(payload.keys.len(), expected.len() + 3);
    add(&mut concentrator, [root()]);
    assert_eq!(flushed(&mut concentrator).keys["Sequence"].as_u64(), Some(1));
}

#[test]
fn no_environment_has_a_name() {
    let mut concentrator = Concentrator::new(StatsFacts::default(), Vec::new(), CardinalityLimits::default(), NOW);
    add(&mut concentrator, [root()]);
    let payload = flushed(&mut concentrator);
    assert_eq!((payload.text("Env"), payload.text("Version"), payload.text("Hostname")), ("unknown-env", "", ""));
}

#[test]
fn every_key_of_a_group_is_there() {
    let group = group_of(root());
    let keys = [
        "AdditionalMetricTags",
        "DBType",
        "Duration",
        "ErrorSummary",
        "Errors",
        "GRPCStatusCode",
        "HTTPEndpoint",
        "HTTPMethod",
        "HTTPStatusCode",
        "Hits",
        "IsTraceRoot",
        "Name",
        "OkSummary",
        "PeerTags",
        "Resource",
        "Service",
        "SpanDerivedPrimaryTags",
        "SpanKind",
        "Synthetics",
        "TopLevelHits",
        "Type",
        "srv_src",
    ];
    assert_eq!(group.names(), keys);
    assert!(group.list("SpanDerivedPrimaryTags").is_empty());
}

#[test]
fn snapshots_of_unfinished_spans_are_excluded() {
    for version in [0, 1] {
        assert!(groups_of([root().int("_dd.partial_version", version)]).is_empty());
    }
    assert_eq!(groups_of([root().int("_dd.partial_version", -1)]).len(), 1);
    assert_eq!(groups_of([root().text("_dd.partial_version", "0")]).len(), 1);
}

#[test]
fn only_spans_between_services_count_by_their_kind() {
    let of_kind = |kind: &str| groups_of([child().text("span.kind", kind)]).len();
    for kind in ["server", "client", "producer", "consumer", "Client", "SERVER"] {
        assert_eq!(of_kind(kind), 1, "{kind}");
    }
    for kind in ["internal", "", "clients", "unspecified"] {
        assert_eq!(of_kind(kind), 0, "{kind}");
    }
    let mut concentrator = concentrator();
    concentrator.configure(&Features { span_kinds: Some(vec!["Internal".to_owned()]), ..Features::default() });
    add(&mut concentrator, [child().text("span.kind", "internal"), child().text("span.kind", "client")]);
    assert_eq!(flushed(&mut concentrator).into_groups()[0].text("SpanKind"), "internal");
}

#[test]
fn what_a_span_says_of_being_top_level_counts() {
    assert!(groups_of([root().int("_dd.top_level", 0)]).is_empty());
    assert_eq!(groups_of([child().float("_dd.top_level", 1.0)])[0].counts(), [1, 0, 1]);
    assert_eq!(groups_of([child().int("_top_level", 1)])[0].counts(), [1, 0, 1]);
    assert!(groups_of([child()]).is_empty());
}
