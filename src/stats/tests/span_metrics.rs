//! Span metrics: points and their attributes.

use super::*;
use crate::context::TraceTags;
use crate::stats::SpanMetrics;
use crate::wire::otlp::messages::{KeyValue, Value};
use crate::wire::otlp::metrics::{DELTA, HistogramPoint};

const INTERVAL: i64 = 2 * SECOND;

fn metrics() -> SpanMetrics {
    let resource = vec![KeyValue::text("service.name", "web")];
    let additional = vec!["tenant".to_owned(), "span.kind".to_owned()];
    let mut metrics = SpanMetrics::new(resource, INTERVAL as u64, additional, CardinalityLimits::default(), NOW);
    metrics.configure(&Features { peer_tags: vec!["db.name".to_owned(), "out.host".to_owned()], ..Features::default() });
    metrics
}

fn add_metrics(metrics: &mut SpanMetrics, facts: &ChunkFacts<'_>, chunk: impl IntoIterator<Item = RecordBuilder>) {
    let records: Vec<BuiltRecord> = chunk.into_iter().map(RecordBuilder::build).collect();
    let records: Vec<RecordRef<'_>> = records.iter().map(BuiltRecord::get).collect();
    metrics.add(facts, &records, NOW);
}

/// All points, those of fewer attributes first.
fn points(metrics: &mut SpanMetrics) -> Vec<HistogramPoint> {
    let mut request = metrics.flush(NOW, true).unwrap();
    let resource = request.resource_metrics.remove(0);
    assert_eq!(resource.resource.unwrap().attributes, [KeyValue::text("service.name", "web")]);
    let metric = &resource.scope_metrics[0].metrics[0];
    assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("traces.span.sdk.metrics.duration", "s"));
    let histogram = metric.histogram.as_ref().unwrap();
    assert_eq!(histogram.aggregation_temporality, DELTA);
    let mut points = histogram.data_points.clone();
    points.sort_by_key(|point| (point.attributes.len(), shown(point)));
    points
}

/// `name=value` of each attribute, sorted.
fn shown(point: &HistogramPoint) -> Vec<String> {
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Array(array) => {
            let items = array.values.iter().map(|item| match &item.value {
                Some(Value::String(text)) => text.clone(),
                other => panic!("{other:?}"),
            });
            format!("[{}]", items.collect::<Vec<_>>().join(" "))
        }
        other => panic!("{other:?}"),
    };
    let pair = |pair: &KeyValue| format!("{}={}", pair.key, value(pair.value.as_ref().unwrap().value.as_ref().unwrap()));
    let mut all: Vec<String> = point.attributes.iter().map(pair).collect();
    all.sort();
    all
}

fn points_of(span: RecordBuilder) -> Vec<HistogramPoint> {
    let mut metrics = metrics();
    add_metrics(&mut metrics, &facts(&library()), [span]);
    points(&mut metrics)
}

#[test]
fn a_plain_span_has_what_every_point_has() {
    let points = points_of(root());
    assert_eq!(points.len(), 1);
    let expected = [
        "datadog.is_trace_root=true",
        "datadog.operation.name=op",
        "datadog.span.top_level=true",
        "service.name=web",
        "span.kind=SPAN_KIND_INTERNAL",
        "span.name=GET /",
        "status.code=STATUS_CODE_OK",
    ];
    assert_eq!(shown(&points[0]), expected);
    let point = &points[0];
    assert_eq!((point.start_time_unix_nano as i64, point.time_unix_nano as i64), (NOW, NOW + INTERVAL));
    assert_eq!((point.count, point.sum, point.min, point.max), (1, Some(1.0), Some(1.0), Some(1.0)));
    let bounds = [0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.4, 2.0, 5.0, 10.0, 15.0];
    assert_eq!((point.explicit_bounds.as_slice(), point.bucket_counts.len()), (bounds.as_slice(), 17));
    assert_eq!(
        point.bucket_counts.iter().position(|count| *count == 1),
        Some(10),
        "one second belongs to the range that it bounds"
    );
}

#[test]
fn everything_that_tells_spans_apart_is_an_attribute() {
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("synthetics-browser"));
    let library = library();
    let facts = ChunkFacts { tags: Some(&tags), ..facts(&library) };
    let span = child()
        .field(Field::Service, "db")
        .field(Field::Type, "http")
        .flags(flag::SERVICE_GIVEN)
        .text("span.kind", "Client")
        .text("http.method", "GET")
        .text("http.status_code", "404")
        .text("http.route", "/a")
        .text("grpc.code", "NOT_FOUND")
        .text("out.host", "10.0.0.1")
        .text("db.name", "orders")
        .text("tenant", "a");
    let mut metrics = metrics();
    add_metrics(&mut metrics, &facts, [span]);
    let expected = [
        "datadog.is_trace_root=false",
        "datadog.operation.name=op",
        "datadog.origin=synthetics",
        "datadog.peer_tags=[db.name:orders out.host:blocked-ip-address]",
        "datadog.span.top_level=false",
        "datadog.span.type=http",
        "datadog.svc_src=m",
        "http.request.method=GET",
        "http.response.status_code=404",
        "http.route=/a",
        "rpc.response.status_code=NOT_FOUND",
        "service.name=db",
        "span.kind=SPAN_KIND_CLIENT",
        "span.name=GET /",
        "status.code=STATUS_CODE_ERROR",
        "tenant=a",
    ];
    let failed = |points: &[HistogramPoint]| points.iter().map(shown).collect::<Vec<_>>();
    let ok = failed(&points(&mut metrics));
    assert_eq!(
        ok[0].iter().filter(|pair| !expected.contains(&pair.as_str())).collect::<Vec<_>>(),
        ["status.code=STATUS_CODE_OK"]
    );
    assert_eq!(ok[0].len(), expected.len(), "an additional tag does not replace an attribute");
}

#[test]
fn errors_and_top_level_spans_have_points_of_their_own() {
    let mut metrics = metrics();
    let measured = || child().int("_dd.measured", 1).head(|head| head.parent_id = 0);
    add_metrics(&mut metrics, &facts(&library()), [root(), root().flags(flag::ERROR), root(), measured()]);
    let points = points(&mut metrics);
    let mut seen: Vec<_> = points
        .iter()
        .map(|point| {
            let has = |text: &str| shown(point).iter().any(|pair| pair == text);
            (has("status.code=STATUS_CODE_ERROR"), has("datadog.span.top_level=true"), point.count)
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [(false, false, 1), (false, true, 2), (true, true, 1)]);
}

#[test]
fn rpc_status_zero_is_ok_and_unknown_ones_stay_numbers() {
    for (code, shown_as) in [(0, "OK"), (16, "UNAUTHENTICATED"), (17, "17")] {
        let points = points_of(root().int("grpc.code", code));
        assert!(shown(&points[0]).contains(&format!("rpc.response.status_code={shown_as}")), "{code}");
    }
}

#[test]
fn nothing_counted_makes_no_request() {
    let mut metrics = metrics();
    assert!(metrics.flush(NOW, true).is_none());
    add_metrics(&mut metrics, &facts(&library()), [child()]);
    assert!(metrics.flush(NOW, true).is_none());
    add_metrics(&mut metrics, &facts(&library()), [root()]);
    assert!(metrics.flush(NOW + INTERVAL, false).is_none(), "the two newest intervals stay");
    assert!(metrics.flush(NOW + 2 * INTERVAL, false).is_some());
    assert!(metrics.flush(NOW + 2 * INTERVAL, true).is_none(), "once");
}
