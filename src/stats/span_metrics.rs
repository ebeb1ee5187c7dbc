//! Trace statistics as a metric of OTLP: one histogram of durations, in seconds, for each group and whether its spans failed.

use super::aggregator::{Aggregator, Options};
use super::bucket::Bucket;
use super::group_key::KeyView;
use super::histogram::{BOUNDS, Histogram};
use super::{Features, grpc_status_name};
use crate::config::CardinalityLimits;
use crate::record::RecordRef;
use crate::record::msgpack::split_str;
use crate::wire::ChunkFacts;
use crate::wire::otlp::messages::{AnyValue, ArrayValue, KeyValue, Value};
use crate::wire::otlp::metrics::{HistogramPoint, MetricsRequest};

const NAME: &str = "traces.span.sdk.metrics.duration";
const UNIT: &str = "s";

/// Counts spans, and makes requests of what was counted.
#[derive(Debug)]
pub struct SpanMetrics {
    resource: Vec<KeyValue>,
    spans: Aggregator<Histogram>,
}

impl SpanMetrics {
    /// Nothing is counted yet. `now_ns`: Unix time in nanoseconds, as everywhere here.
    pub fn new(
        resource: Vec<KeyValue>,
        interval_ns: u64,
        additional_tags: Vec<String>,
        limits: CardinalityLimits,
        now_ns: i64,
    ) -> Self {
        let options = Options { interval_ns, by_top_level: true, additional_tags, limits };
        SpanMetrics { resource, spans: Aggregator::new(&options, now_ns) }
    }

    /// Takes what the agent says from now on. Cheap if it is the same as before.
    pub fn configure(&mut self, features: &Features) {
        self.spans.configure(features);
    }

    /// Counts the spans of a chunk, whether the trace is kept or not.
    pub fn add(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>], now_ns: i64) {
        self.spans.add(facts, records, now_ns);
    }

    /// Takes the intervals that are complete; with `force`, all. `None`: there is nothing to send.
    pub fn flush(&mut self, now_ns: i64, force: bool) -> Option<MetricsRequest> {
        let interval_ns = self.spans.interval_ns();
        let mut buckets = self.spans.take(now_ns, force);
        buckets.sort_unstable_by_key(|bucket| bucket.start_ns);
        let points: Vec<HistogramPoint> = buckets.iter().flat_map(|bucket| points_of(bucket, interval_ns)).collect();
        (!points.is_empty()).then(|| MetricsRequest::of_histogram(self.resource.clone(), NAME, UNIT, points))
    }
}

fn points_of(bucket: &Bucket<Histogram>, interval_ns: u64) -> impl Iterator<Item = HistogramPoint> {
    bucket.groups().flat_map(move |(key, group)| {
        let both = [(&group.ok, false), (&group.failed, true)].into_iter().filter(|(histogram, _)| histogram.count() > 0);
        both.map(move |(histogram, is_error)| point(bucket.start_ns, interval_ns, &key, histogram, is_error))
    })
}

fn point(start_ns: u64, interval_ns: u64, key: &KeyView<'_>, histogram: &Histogram, is_error: bool) -> HistogramPoint {
    let [sum, min, max] = histogram.sum_min_max().map(Some);
    HistogramPoint {
        start_time_unix_nano: start_ns,
        time_unix_nano: start_ns.saturating_add(interval_ns),
        count: histogram.count(),
        sum,
        bucket_counts: histogram.counts().to_vec(),
        explicit_bounds: BOUNDS.to_vec(),
        attributes: attributes(key, is_error),
        min,
        max,
    }
}

fn attributes(key: &KeyView<'_>, is_error: bool) -> Vec<KeyValue> {
    let numbers = key.numbers;
    let [service, name, resource, span_type] = key.fields.map(text_of);
    let texts = [
        ("service.name", service),
        ("span.name", resource),
        ("span.kind", kind_of(&text_of(key.kind)).to_owned()),
        ("status.code", if is_error { "STATUS_CODE_ERROR" } else { "STATUS_CODE_OK" }.to_owned()),
        ("http.request.method", text_of(key.http_method)),
        ("http.route", text_of(key.http_endpoint)),
        ("rpc.response.status_code", rpc_status(&text_of(key.grpc_status))),
        ("datadog.operation.name", name),
        ("datadog.span.type", span_type),
        ("datadog.origin", if numbers.is_synthetic { "synthetics" } else { "" }.to_owned()),
        ("datadog.svc_src", text_of(key.service_source)),
    ];
    let is_shown = |(name, value): &(&str, String)| *name == "service.name" || !value.is_empty();
    let mut attributes: Vec<KeyValue> =
        texts.iter().filter(|pair| is_shown(pair)).map(|(name, value)| KeyValue::text(name, value)).collect();
    if numbers.http_status != 0 {
        attributes.push(KeyValue::new("http.response.status_code", Value::Int(i64::from(numbers.http_status))));
    }
    attributes.push(KeyValue::new("datadog.span.top_level", Value::Bool(numbers.is_top_level)));
    if let Some(is_root) = numbers.is_trace_root {
        attributes.push(KeyValue::new("datadog.is_trace_root", Value::Bool(is_root)));
    }
    let peers: Vec<AnyValue> = tags_of(key.peer_tags).map(|tag| Value::String(tag).into()).collect();
    if !peers.is_empty() {
        attributes.push(KeyValue::new("datadog.peer_tags", Value::Array(ArrayValue { values: peers })));
    }
    for tag in tags_of(key.additional_tags) {
        // What stands for tags beyond the limit has no name.
        let (name, value) = tag.split_once(':').unwrap_or((&tag, &tag));
        if !attributes.iter().any(|known| known.key == name) {
            attributes.push(KeyValue::text(name, value));
        }
    }
    attributes
}

fn kind_of(kind: &str) -> &'static str {
    let kinds = [
        ("server", "SPAN_KIND_SERVER"),
        ("client", "SPAN_KIND_CLIENT"),
        ("producer", "SPAN_KIND_PRODUCER"),
        ("consumer", "SPAN_KIND_CONSUMER"),
    ];
    kinds.iter().find(|(known, _)| known.eq_ignore_ascii_case(kind)).map_or("SPAN_KIND_INTERNAL", |(_, name)| name)
}

/// The name of a status, or its number if it has none.
fn rpc_status(digits: &str) -> String {
    let name = digits.parse().ok().and_then(grpc_status_name);
    name.unwrap_or(digits).to_owned()
}

fn tags_of((_, tags): (usize, &[u8])) -> impl Iterator<Item = String> {
    let mut rest = tags;
    std::iter::from_fn(move || {
        let (tag, tail) = split_str(rest)?;
        rest = tail;
        Some(String::from_utf8_lossy(tag).into_owned())
    })
}

fn text_of(encoded: &[u8]) -> String {
    split_str(encoded).map(|(text, _)| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
}
