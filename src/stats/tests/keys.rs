//! What tells groups apart.

use super::*;
use crate::context::TraceTags;
use crate::record::TagEntry;

#[test]
fn fields_are_those_that_the_agent_sees() {
    let group = group_of(root().field(Field::Type, "web").text("span.kind", "server").text("http.method", "GET"));
    let fields = ["Service", "Name", "Resource", "Type", "SpanKind", "HTTPMethod", "HTTPEndpoint", "DBType", "srv_src"];
    assert_eq!(fields.map(|key| group.text(key)), ["web", "op", "GET /", "web", "server", "GET", "", "", ""]);
    let without_resource = RecordBuilder::new().flags(flag::TOP_LEVEL);
    assert_eq!(group_of(without_resource).text("Resource"), "op");
}

#[test]
fn fields_are_cut_between_characters() {
    let long = "\u{fc}".repeat(10_000);
    let span =
        || root().field(Field::Service, &long).field(Field::Name, &long).field(Field::Resource, &long).field(Field::Type, &long);
    let lengths = |group: &DecodedGroup| ["Service", "Name", "Resource", "Type"].map(|key| group.text(key).len());
    assert_eq!(lengths(&group_of(span())), [100, 100, 5_000, 100]);
    let odd = root().field(Field::Name, &format!("x{long}")).field(Field::Resource, &format!("x{long}"));
    assert_eq!(lengths(&group_of(odd)), [3, 99, 4_999, 0]);
    let mut concentrator = concentrator();
    concentrator.configure(&Features { big_resource: true, ..Features::default() });
    add(&mut concentrator, [span()]);
    assert_eq!(lengths(&flushed(&mut concentrator).into_groups()[0]), [100, 100, 15_000, 100]);
}

#[test]
fn http_status_is_a_number_in_either_form() {
    let status = |span: RecordBuilder| group_of(span).number("HTTPStatusCode");
    assert_eq!(status(root().int("http.status_code", 404)), 404);
    assert_eq!(status(root().float("http.status_code", 503.0)), 503);
    assert_eq!(status(root().text("http.status_code", "200")), 200);
    for bad in ["", "x", "-1", "20x", "99999999999"] {
        assert_eq!(status(root().text("http.status_code", bad)), 0, "{bad}");
    }
    assert_eq!(status(root().int("http.status_code", -5)), 0);
    assert_eq!(status(root().float("http.status_code", f64::NAN)), 0);
}

#[test]
fn grpc_status_of_every_tag_and_form() {
    let status = |span: RecordBuilder| group_of(span).text("GRPCStatusCode").to_owned();
    for key in ["rpc.grpc.status_code", "grpc.code", "rpc.grpc.status.code", "grpc.status.code"] {
        assert_eq!(status(root().text(key, "StatusCode.NOT_FOUND")), "5", "{key}");
        assert_eq!(status(root().int(key, 0)), "0", "{key}");
    }
    assert_eq!(status(root()), "");
    assert_eq!(status(root().text("grpc.code", "nonsense")), "");
    assert_eq!(status(root().text("grpc.code", "ok").text("rpc.grpc.status_code", "7")), "7");
    assert_eq!(status(root().text("grpc.status.code", "1").int("rpc.grpc.status_code", 7)), "1", "strings come first");
    assert_eq!(status(root().text("rpc.grpc.status_code", "").text("grpc.code", "Canceled")), "1");
}

#[test]
fn the_endpoint_comes_before_the_route() {
    let endpoint = |span: RecordBuilder| group_of(span).text("HTTPEndpoint").to_owned();
    assert_eq!(endpoint(root().text("http.route", "/a/:id")), "/a/:id");
    assert_eq!(endpoint(root().text("http.route", "/a/:id").text("http.endpoint", "/a/{param:int}")), "/a/{param:int}");
}

#[test]
fn the_endpoint_made_of_the_url_counts_and_is_sent() {
    let mut library = library();
    library.resource_renaming = crate::config::ResourceRenaming::WithoutRoute;
    let facts = facts(&library);
    let request = || root().field(Field::Type, "web").text("http.url", "http://h/users/42");
    let endpoint = |span: RecordBuilder| groups_with(&facts, [span])[0].text("HTTPEndpoint").to_owned();
    assert_eq!(endpoint(request()), "/users/{param:int}");
    assert_eq!(endpoint(request().text("http.route", "/users/:id")), "/users/:id");
    assert_eq!(endpoint(request().text("http.endpoint", "/mine")), "/mine");
}

#[test]
fn roots_of_traces_are_told_from_others() {
    let is_root = |span: RecordBuilder| group_of(span).number("IsTraceRoot");
    assert_eq!(is_root(root()), 1);
    assert_eq!(is_root(root().head(|head| head.parent_id = 9)), 2);
}

#[test]
fn synthetics_are_known_by_their_origin() {
    let library = library();
    for (origin, is_synthetic) in [("synthetics", true), ("synthetics-browser", true), ("rum", false)] {
        let mut tags = TraceTags::default();
        assert!(tags.set_origin(origin));
        let facts = ChunkFacts { tags: Some(&tags), ..facts(&library) };
        assert_eq!(groups_with(&facts, [root()])[0].flag("Synthetics"), is_synthetic, "{origin}");
        assert!(!groups_with(&facts, [root().text("_dd.origin", "mine")])[0].flag("Synthetics"), "its own tag wins");
    }
}

#[test]
fn tags_that_the_library_adds_count_as_the_spans_own() {
    let mut library = library();
    library.every_span =
        vec![TagEntry::text("span.kind", "client"), TagEntry::text("http.method", "PUT"), TagEntry::number("_dd.measured", 1.0)];
    let facts = facts(&library);
    let given = child().field(Field::Service, "db").flags(flag::SERVICE_GIVEN).text("http.method", "GET");
    let group = &groups_with(&facts, [given])[0];
    assert_eq!(["SpanKind", "HTTPMethod", "srv_src"].map(|key| group.text(key)), ["client", "GET", "m"]);
    let copied = child().flags(flag::LIBRARY_TAGS_COPIED);
    assert!(groups_with(&facts, [copied]).is_empty(), "what was removed from a span is not there");
    let group = &groups_with(&facts, [child().text("_dd.measured", "no").int("http.method", 1)])[0];
    assert_eq!(group.text("HTTPMethod"), "", "the span has the key, as a number");
    let own = root().field(Field::Service, "db").flags(flag::SERVICE_GIVEN).text("_dd.svc_src", "redis");
    assert_eq!(group_of(own).text("srv_src"), "redis");
}

fn peer_features() -> Features {
    let keys = ["peer.service", "db.instance", "_dd.base_service", "out.host", "team"];
    Features { peer_tags: keys.map(str::to_owned).to_vec(), ..Features::default() }
}

fn peer_tags_with(facts: &ChunkFacts<'_>, span: RecordBuilder) -> Vec<String> {
    let mut concentrator = concentrator();
    concentrator.configure(&peer_features());
    add_to(&mut concentrator, facts, [span]);
    let groups = flushed(&mut concentrator).into_groups();
    groups[0].list("PeerTags").into_iter().map(str::to_owned).collect()
}

#[test]
fn peer_tags_of_outgoing_spans() {
    let library = library();
    let facts = facts(&library);
    let span = |kind: &str| child().text("span.kind", kind).text("out.host", "10.0.0.1:5432").text("db.instance", "orders");
    for kind in ["client", "producer", "CONSUMER"] {
        let tags = peer_tags_with(&facts, span(kind).text("other", "x").text("peer.service", ""));
        assert_eq!(tags, ["db.instance:orders", "out.host:blocked-ip-address:5432"], "{kind}");
    }
    assert!(peer_tags_with(&facts, span("server")).is_empty());
    let tags = peer_tags_with(&facts, span("client").field(Field::Service, "db").text("peer.service", "pg"));
    assert_eq!(tags, ["peer.service:pg", "db.instance:orders", "_dd.base_service:web", "out.host:blocked-ip-address:5432"]);
}

#[test]
fn other_spans_have_their_base_service_only() {
    let library = library();
    let other = |span: RecordBuilder| peer_tags_with(&facts(&library), span.text("db.instance", "orders"));
    assert!(other(root()).is_empty());
    assert_eq!(other(root().field(Field::Service, "db")), ["_dd.base_service:web"]);
    assert_eq!(other(root().text("_dd.base_service", "mine")), ["_dd.base_service:mine"]);
    assert!(other(root().text("span.kind", "server").field(Field::Service, "WEB")).is_empty());
}

#[test]
fn peer_tags_may_come_from_global_tags() {
    let mut library = library();
    library.every_span = vec![TagEntry::text("team", "a")];
    let tags = peer_tags_with(&facts(&library), child().text("span.kind", "client").text("db.instance", "orders"));
    assert_eq!(tags, ["db.instance:orders", "team:a"]);
}

#[test]
fn without_keys_from_the_agent_there_are_no_peer_tags() {
    assert!(group_of(child().text("span.kind", "client").text("db.instance", "orders")).list("PeerTags").is_empty());
}

#[test]
fn additional_tags_are_sorted_and_limited() {
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod")];
    library.chunk_root_texts = vec![TagEntry::text("language", "cpp")];
    let tags_of = |keys: &[&str], span: RecordBuilder| {
        let mut concentrator = concentrator_with(keys, CardinalityLimits::default());
        add_to(&mut concentrator, &facts(&library), [span]);
        let groups = flushed(&mut concentrator).into_groups();
        groups[0].list("AdditionalMetricTags").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let span = || root().text("region", "eu").text("tenant", "a").text("empty", "").int("number", 1);
    assert_eq!(tags_of(&["tenant", " region ", "tenant", "empty", ""], span()), ["region:eu", "tenant:a"]);
    assert_eq!(tags_of(&["z", "tenant", "y", "region", "x"], span()), ["region:eu", "tenant:a"], "the first four by name");
    assert_eq!(tags_of(&["a", "b", "c", "d", "region"], span()), [""; 0]);
    assert_eq!(tags_of(&["env", "language", "number"], span()), ["env:prod", "language:cpp"]);
    let long = root().text("tenant", &"\u{fc}".repeat(200)).text("region", &"x".repeat(201));
    let tags = tags_of(&["tenant", "region"], long);
    assert_eq!((tags[0].as_str(), tags[1].chars().count()), ("region:tracer_blocked_value", 7 + 200));
}

#[test]
fn resources_are_obfuscated_when_the_agent_follows_the_same_rules() {
    let sql = || root().field(Field::Type, "sql").field(Field::Resource, "SELECT * FROM t WHERE id IN (1, 2)");
    let of_version = |obfuscation_version| {
        let mut concentrator = concentrator();
        concentrator.configure(&Features { obfuscation_version, ..Features::default() });
        add(&mut concentrator, [sql(), root()]);
        let payloads = concentrator.flush(NOW, true);
        assert_eq!(payloads.len(), 1);
        let mut resources: Vec<String> =
            decode(&payloads[0].body).into_groups().iter().map(|group| group.text("Resource").to_owned()).collect();
        resources.sort();
        (payloads[0].is_obfuscated, resources.pop().unwrap())
    };
    assert_eq!(of_version(1), (true, "SELECT * FROM t WHERE id IN ( ? )".to_owned()));
    for other in [0, 2] {
        assert_eq!(of_version(other), (false, "SELECT * FROM t WHERE id IN (1, 2)".to_owned()));
    }
}

#[test]
fn buckets_of_before_and_after_a_change_of_the_rules_travel_apart() {
    let mut concentrator = concentrator();
    add(&mut concentrator, [root()]);
    concentrator.configure(&Features { obfuscation_version: 1, ..Features::default() });
    add(&mut concentrator, [root(), root()]);
    let payloads = concentrator.flush(NOW, true);
    let seen: Vec<_> =
        payloads.iter().map(|payload| (payload.is_obfuscated, decode(&payload.body).into_groups()[0].number("Hits"))).collect();
    assert_eq!(seen, [(false, 1), (true, 2)]);
    assert_eq!(
        payloads.iter().map(|payload| decode(&payload.body).keys["Sequence"].as_u64()).collect::<Vec<_>>(),
        [Some(0), Some(1)]
    );
}
