//! Spans of the OpenTelemetry API, by the tables of their rules.

use crate::record::{Number, SpanData, flag};
use crate::segment::test_tracer::{NONE, TestTracer, number, text};
use crate::span::{EndTime, Parent, SpanKind, SpanStatus, Started, TagSink, TagValue, lock_recording};

/// Sets tags on a new span.
fn fill(started: &mut Started<'_>, kind: SpanKind, tags: &[(&str, TagValue<'_>)]) {
    started.body.head.flags |= flag::OTEL;
    let semantics = started.snapshot.config.settings.otel_api.semantics;
    started.body.head.set_flag(flag::OTEL_SEMANTICS, semantics);
    started.body.set_kind(kind).unwrap();
    for (key, value) in tags {
        let mut sink = TagSink { body: started.body, snapshot: Some(started.snapshot), state: started.state };
        sink.set(key.as_bytes(), *value).unwrap();
    }
}

fn sent_with(settings: &[(&str, &str)], kind: SpanKind, tags: &[(&str, TagValue<'_>)]) -> SpanData {
    let mut tracer = TestTracer::new(settings);
    let span = tracer.start_with(Parent::None, "", 0, |started| fill(started, kind, tags));
    tracer.end(span);
    tracer.send().remove(0).spans.remove(0)
}

fn sent(kind: SpanKind, tags: &[(&str, TagValue<'_>)]) -> SpanData {
    sent_with(&[], kind, tags)
}

fn name_of(kind: SpanKind, tags: &[(&str, &str)]) -> String {
    let tags: Vec<_> = tags.iter().map(|(key, value)| (*key, TagValue::Text(value.as_bytes()))).collect();
    sent(kind, &tags).name
}

#[test]
fn operation_names_follow_the_table() {
    use SpanKind::{Client, Consumer, Internal, Producer, Server, Unspecified};
    for (kind, tags, name) in [
        (Server, &[("http.request.method", "GET")][..], "http.server.request"),
        (Client, &[("http.request.method", "GET")], "http.client.request"),
        (Client, &[("http.method", "GET")], "http.client.request"),
        (Producer, &[("http.request.method", "GET")], "producer"),
        (Client, &[("db.system", "Redis")], "redis.query"),
        (Server, &[("db.system", "redis")], "server.request"),
        (Consumer, &[("messaging.system", "Kafka"), ("messaging.operation", "Receive")], "kafka.receive"),
        (Producer, &[("messaging.system", "Kafka"), ("messaging.operation", "Publish")], "kafka.publish"),
        (Internal, &[("messaging.system", "Kafka"), ("messaging.operation", "Publish")], "internal"),
        (Consumer, &[("messaging.system", "Kafka")], "consumer"),
        (Client, &[("rpc.system", "aws-api"), ("rpc.service", "S3")], "aws.s3.request"),
        (Client, &[("rpc.system", "aws-api")], "aws.client.request"),
        (Client, &[("rpc.system", "GRPC"), ("rpc.service", "x")], "grpc.client.request"),
        (Server, &[("rpc.system", "gRPC")], "grpc.server.request"),
        (Client, &[("faas.invoked_provider", "aws"), ("faas.invoked_name", "My-Function")], "aws.my-function.invoke"),
        (Server, &[("faas.trigger", "Datasource")], "datasource.invoke"),
        (Internal, &[("graphql.operation.type", "query")], "graphql.server.request"),
        (Server, &[("network.protocol.name", "Amqp")], "amqp.server.request"),
        (Server, &[], "server.request"),
        (Client, &[("network.protocol.name", "Amqp")], "amqp.client.request"),
        (Client, &[], "client.request"),
        (Producer, &[], "producer"),
        (Consumer, &[], "consumer"),
        (Internal, &[], "internal"),
        (Unspecified, &[], "internal"),
        (Client, &[("db.system", "GR\u{dc}N")], "gr\u{fc}n.query"),
        (Client, &[("db.system", "x"), ("operation.name", "My Name")], "My Name"),
    ] {
        assert_eq!(name_of(kind, tags), name, "{kind:?} {tags:?}");
    }
    let long = "X".repeat(200);
    assert_eq!(name_of(Client, &[("db.system", &long)]), format!("{}.query", long.to_lowercase()));
}

#[test]
fn the_operation_name_is_computed_at_the_end() {
    let mut tracer = TestTracer::new(&[]);
    let span = tracer.start_with(Parent::None, "", 0, |started| fill(started, SpanKind::Client, &[]));
    // SAFETY: a live span.
    let name = |span| unsafe { lock_recording(span) }.unwrap().unwrap().field(crate::record::Field::Name).to_vec();
    assert_eq!(name(span), b"client.request", "rules may ask for it before");
    // SAFETY: as above.
    unsafe { lock_recording(span) }.unwrap().unwrap().set_text(b"db.system", b"MySQL").unwrap();
    tracer.finish(span, EndTime::Now, false);
    assert_eq!(name(span), b"mysql.query");
    tracer.free(span);
}

#[test]
fn reserved_attributes_are_not_left_in_meta() {
    let tags = [
        ("operation.name", TagValue::Text(b"op")),
        ("service.name", TagValue::Text(b"other")),
        ("resource.name", TagValue::Text(b"res")),
        ("span.type", TagValue::Text(b"web")),
        ("http.response.status_code", TagValue::Int(418)),
    ];
    let span = sent(SpanKind::Server, &tags);
    assert_eq!((&*span.name, &*span.service, &*span.resource, &*span.span_type), ("op", "other", "res", "web"));
    assert_eq!(text(&span, "http.status_code"), Some("418"));
    for (key, _) in tags {
        assert_eq!(text(&span, key), None, "{key}");
        assert_eq!(number(&span, key), None, "{key}");
    }
}

#[test]
fn analytics_event_case_rules() {
    let cases: [(TagValue<'_>, Option<f64>); 14] = [
        (TagValue::Bool(true), Some(1.0)),
        (TagValue::Bool(false), Some(0.0)),
        (TagValue::Text(b"true"), Some(1.0)),
        (TagValue::Text(b"TRUE"), Some(1.0)),
        (TagValue::Text(b"True"), Some(1.0)),
        (TagValue::Text(b"t"), Some(1.0)),
        (TagValue::Text(b"1"), Some(1.0)),
        (TagValue::Text(b"f"), Some(0.0)),
        (TagValue::Text(b"FALSE"), Some(0.0)),
        (TagValue::Text(b"0"), Some(0.0)),
        (TagValue::Text(b"trUe"), None),
        (TagValue::Text(b"fAlse"), None),
        (TagValue::Text(b"2"), None),
        (TagValue::Text(b""), None),
    ];
    for (value, rate) in cases {
        let span = sent(SpanKind::Internal, &[("analytics.event", value)]);
        assert_eq!(number(&span, "_dd1.sr.eausr"), rate, "{value:?}");
        assert_eq!(text(&span, "analytics.event"), None, "{value:?}");
    }
}

#[test]
fn numbers_stay_numbers_and_types_replace_one_another() {
    let tags = [
        ("int", TagValue::Int(0)),
        ("float", TagValue::Float(1.0)),
        ("empty", TagValue::Text(b"")),
        ("bool", TagValue::Bool(true)),
        ("twice", TagValue::Text(b"text")),
        ("twice", TagValue::Int(2)),
        ("gone", TagValue::Int(2)),
        ("gone", TagValue::Null),
    ];
    let span = sent(SpanKind::Internal, &tags);
    assert_eq!((number(&span, "int"), number(&span, "float"), number(&span, "twice")), (Some(0.0), Some(1.0), Some(2.0)));
    assert_eq!((text(&span, "empty"), text(&span, "bool"), text(&span, "twice")), (Some(""), Some("true"), None));
    assert!(text(&span, "gone").is_none() && number(&span, "gone").is_none());
    assert!(span.metrics.iter().any(|(key, value)| key == "int" && *value == Number::Int(0)));
}

#[test]
fn internal_kind_is_not_stored() {
    for (kind, stored) in [(SpanKind::Internal, None), (SpanKind::Unspecified, None), (SpanKind::Consumer, Some("consumer"))] {
        assert_eq!(text(&sent(kind, &[]), "span.kind"), stored);
    }
}

#[test]
fn with_pure_semantics_attributes_stay_as_they_are() {
    let settings = [("DD_TRACE_OTEL_SEMANTICS_ENABLED", "true"), ("DD_ENV", "prod"), ("DD_VERSION", "7")];
    let tags =
        [("service.name", "other"), ("operation.name", "op"), ("http.response.status_code", "200"), ("analytics.event", "true")];
    let given = tags.map(|(key, value)| (key, TagValue::Text(value.as_bytes())));
    let span = sent_with(&settings, SpanKind::Server, &given);
    for (key, value) in tags {
        assert_eq!(text(&span, key), Some(value));
    }
    assert_eq!((&*span.service, &*span.name), ("web", "server.request"));
    assert_eq!((text(&span, "env"), text(&span, "version")), (None, None));
}

#[test]
fn a_status_of_ok_is_final_and_clears_an_error() {
    let mut tracer = TestTracer::new(&[]);
    let span = tracer.start_with(Parent::None, "", 0, |started| fill(started, SpanKind::Internal, &[]));
    {
        // SAFETY: a live span.
        let mut body = unsafe { lock_recording(span) }.unwrap().unwrap();
        body.set_status(SpanStatus::Error, b"first").unwrap();
        body.set_status(SpanStatus::Error, b"second").unwrap();
        body.set_status(SpanStatus::Unset, b"").unwrap();
        assert_eq!(body.text(b"error.message", None), Some(&b"second"[..]));
        body.set_status(SpanStatus::Ok, b"ignored").unwrap();
        body.set_status(SpanStatus::Error, b"late").unwrap();
        assert_eq!((body.status(), body.text(b"error.message", None)), (SpanStatus::Ok, None));
    }
    tracer.end(span);
    let span = tracer.send().remove(0).spans.remove(0);
    assert!(!span.error);
}

#[test]
fn a_light_span_takes_everything() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_ENABLED", "false")]);
    let span = tracer.start(NONE, "off");
    // SAFETY: a live span.
    assert!(unsafe { lock_recording(span) }.unwrap().is_none());
    tracer.end(span);
}
