//! What a span's tags mean at its end.

use super::{SERVICE_SOURCE, SERVICE_SOURCE_BIT};
use crate::record::{SpanData, key_bit};
use crate::segment::test_tracer::{NONE, TestTracer, number, text};
use crate::span::{Parent, SpanKind, SpanStatus, Started, TagSink, TagValue, lock_recording};
use std::ffi::c_void;

fn start(tracer: &mut TestTracer, parent: *const c_void, service: &str, tags: &[(&str, &str)]) -> *const c_void {
    let parent = if parent.is_null() { Parent::None } else { Parent::Span(parent) };
    tracer.start_with(parent, "op", 0, |started: &mut Started<'_>| {
        if !service.is_empty() {
            started.body.set_service(Some(started.snapshot), service.as_bytes()).unwrap();
        }
        for (key, value) in tags {
            let mut sink = TagSink { body: started.body, snapshot: Some(started.snapshot), state: started.state };
            sink.set(key.as_bytes(), TagValue::Text(value.as_bytes())).unwrap();
        }
    })
}

/// The spans of one trace: `(service, tags)` of each, every span a child of the first.
fn trace(settings: &[(&str, &str)], spans: &[(&str, &[(&str, &str)])]) -> Vec<SpanData> {
    let mut tracer = TestTracer::new(settings);
    let mut handles = Vec::new();
    for (service, tags) in spans {
        let parent = handles.first().copied().unwrap_or(NONE);
        handles.push(start(&mut tracer, parent, service, tags));
    }
    handles.iter().rev().for_each(|span| tracer.end(*span));
    tracer.send().remove(0).spans
}

fn one(settings: &[(&str, &str)], tags: &[(&str, &str)]) -> SpanData {
    trace(settings, &[("", tags)]).remove(0)
}

#[test]
fn the_filter_bit_is_that_of_the_key() {
    assert_eq!(key_bit(SERVICE_SOURCE), SERVICE_SOURCE_BIT);
}

#[test]
fn peer_service_given_by_the_user_has_its_source() {
    let span = one(&[], &[("peer.service", "db"), ("out.host", "h")]);
    assert_eq!(text(&span, "_dd.peer.service.source"), Some("peer.service"));
    assert_eq!(text(&span, "_dd.peer.service.remapped_from"), None);
}

#[test]
fn peer_service_follows_from_tags_only_where_it_is_wanted() {
    let tags = [("span.kind", "client"), ("out.host", "h")];
    assert_eq!(text(&one(&[], &tags), "peer.service"), None);
    for settings in [("DD_TRACE_PEER_SERVICE_DEFAULTS_ENABLED", "true"), ("DD_TRACE_SPAN_ATTRIBUTE_SCHEMA", "v1")] {
        let span = one(&[settings], &tags);
        assert_eq!((text(&span, "peer.service"), text(&span, "_dd.peer.service.source")), (Some("h"), Some("out.host")));
        let server = one(&[settings], &[("span.kind", "server"), ("out.host", "h")]);
        assert_eq!(text(&server, "peer.service"), None);
    }
}

#[test]
fn a_peer_service_is_renamed_and_remembers_its_old_name() {
    let settings = [("DD_TRACE_PEER_SERVICE_MAPPING", "h:host,db:database")];
    let span = one(&settings, &[("peer.service", "db")]);
    let tags = ["peer.service", "_dd.peer.service.source", "_dd.peer.service.remapped_from"].map(|key| text(&span, key));
    assert_eq!(tags, [Some("database"), Some("peer.service"), Some("db")]);
}

#[test]
fn statuses_that_are_errors_mark_server_spans() {
    let server = |status| [("span.kind", "server"), ("http.status_code", status)];
    assert!(one(&[], &server("500")).error && one(&[], &server("599")).error);
    assert!(!one(&[], &server("499")).error && !one(&[], &server("abc")).error);
    assert!(!one(&[], &[("span.kind", "client"), ("http.status_code", "500")]).error);
    let settings = [("DD_TRACE_HTTP_SERVER_ERROR_STATUSES", "404,250-200")];
    assert!(
        one(&settings, &server("225")).error && one(&settings, &server("404")).error && !one(&settings, &server("500")).error
    );
    let span = one(&[], &server("500"));
    assert!(!span.meta.iter().any(|(key, _)| key.starts_with("error.")), "{span:?}");
}

#[test]
fn a_status_of_ok_is_not_overruled_by_http() {
    let mut tracer = TestTracer::new(&[]);
    let span = start(&mut tracer, NONE, "", &[("http.status_code", "500")]);
    {
        // SAFETY: a live span.
        let mut body = unsafe { lock_recording(span) }.unwrap().unwrap();
        body.set_kind(SpanKind::Server).unwrap();
        body.set_status(SpanStatus::Ok, b"").unwrap();
    }
    tracer.end(span);
    assert!(!tracer.send()[0].spans[0].error);
}

#[test]
fn the_source_of_a_service_is_said_and_inherited() {
    let spans = trace(&[], &[("shop", &[]), ("", &[]), ("other", &[])]);
    assert_eq!(spans.iter().map(|span| text(span, "_dd.svc_src")).collect::<Vec<_>>(), [Some("m"); 3]);
    assert_eq!(text(&one(&[], &[]), "_dd.svc_src"), None, "the configured service has no source");
    let spans = trace(&[], &[("cache", &[("_dd.svc_src", "opt.split_by_tag")]), ("", &[]), ("mine", &[])]);
    let sources: Vec<_> = spans.iter().map(|span| text(span, "_dd.svc_src")).collect();
    assert_eq!(sources, [Some("opt.split_by_tag"), Some("opt.split_by_tag"), Some("m")]);
}

#[test]
fn the_source_of_an_integrations_service_is_its_component() {
    let mut tracer = TestTracer::new(&[]);
    let mut integration = |tags: &[(&str, &str)]| {
        let span = tracer.start_with(Parent::None, "op", 0, |started| {
            started.body.set_service(Some(started.snapshot), b"redis").unwrap();
            started.body.mark_integration_service();
            tags.iter().for_each(|(key, value)| started.body.set_text(key.as_bytes(), value.as_bytes()).unwrap());
        });
        let child = start(&mut tracer, span, "", &[]);
        tracer.end(child);
        tracer.end(span);
        let spans = tracer.send().remove(0).spans;
        [0, 1].map(|place| text(&spans[place], "_dd.svc_src").map(str::to_owned))
    };
    assert_eq!(integration(&[]), [None, None]);
    let component = Some("redis-py".to_owned());
    assert_eq!(integration(&[("component", "redis-py")]), [component.clone(), component.clone()]);
    let option = Some("opt.name".to_owned());
    assert_eq!(integration(&[("component", "redis-py"), ("_dd.svc_src", "opt.name")]), [option.clone(), option]);
    assert_eq!(integration(&[("component", "redis-py"), ("_dd.svc_src", "m")])[0], component);
}

#[test]
fn base_service_absent_for_default_service_present_otherwise_version_absent_for_foreign_services() {
    let settings = [("DD_VERSION", "1.2")];
    let spans = trace(&settings, &[("", &[]), ("web", &[]), ("WEB", &[]), ("other", &[])]);
    let base: Vec<_> = spans.iter().map(|span| text(span, "_dd.base_service")).collect();
    assert_eq!(base, [None, None, None, Some("web")]);
    let versions: Vec<_> = spans.iter().map(|span| text(span, "version")).collect();
    assert_eq!(versions, [Some("1.2"), Some("1.2"), None, None]);
    let spans = trace(&settings, &[("other", &[]), ("web", &[])]);
    assert!(spans.iter().all(|span| text(span, "version").is_none()), "the root has another service");
    let span = trace(&settings, &[("other", &[("version", "9")])]).remove(0);
    assert_eq!(text(&span, "version"), Some("9"));
}

#[test]
fn a_service_that_is_set_after_the_start_counts_like_one_that_was_given() {
    let mut tracer = TestTracer::new(&[("DD_VERSION", "1.2")]);
    let root = start(&mut tracer, NONE, "", &[]);
    let spans = [start(&mut tracer, root, "", &[]), start(&mut tracer, root, "", &[]), start(&mut tracer, root, "other", &[])];
    let set_service = |span, service: &str| {
        let snapshot = tracer.local.snapshot.clone();
        // SAFETY: the handle is live.
        let mut body = unsafe { lock_recording(span) }.unwrap().unwrap();
        body.set_service(Some(&snapshot), service.as_bytes()).unwrap();
    };
    set_service(spans[0], "other");
    set_service(spans[2], "web");
    let below_other = start(&mut tracer, spans[0], "", &[]);
    for span in [below_other, spans[2], spans[1], spans[0], root] {
        tracer.end(span);
    }
    let sent = tracer.send().remove(0).spans;
    let seen: Vec<_> =
        sent.iter().map(|span| (span.service.as_str(), number(span, "_dd.top_level"), text(span, "version"))).collect();
    let expected = [
        ("web", Some(1.0), Some("1.2")),
        ("other", Some(1.0), None),
        ("web", None, Some("1.2")),
        ("web", None, Some("1.2")),
        ("other", None, None),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn services_of_spans_are_remembered() {
    let mut tracer = TestTracer::new(&[]);
    for service in ["", "web", "a", "b", "a"] {
        let span = start(&mut tracer, NONE, service, &[]);
        tracer.end(span);
    }
    assert_eq!(tracer.pipeline.extra_services.all(), ["a", "b"]);
}
