//! Metrics of the library: all series of a session, and what a window makes of them.

use super::input::{self, Refusal};
use super::message::{Kind, Message};
use super::payloads::{DistributionPoints, DistributionsPayload, MetricPoints, MetricsPayload};
use super::series::{MetricKind, Series};
use crate::export::Counter;
use crate::lock::Mutex;
use crate::log::log_debug;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// No more series of a namespace are told apart in a window.
const MOST_SERIES: usize = 2000;

/// Which series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetricKey {
    pub(super) namespace: &'static str,
    pub(super) name: String,
    pub(super) kind: MetricKind,
    pub(super) tags: Vec<String>,
    /// Whether all languages have this metric.
    pub(super) common: bool,
}

impl MetricKey {
    /// The series of these words, cleaned; an error says what cannot be used.
    pub fn new<'a>(
        namespace: &str,
        name: &str,
        kind: MetricKind,
        tags: impl Iterator<Item = &'a str>,
        common: bool,
    ) -> Result<Self, Refusal> {
        let (namespace, name) = (input::namespace(namespace)?, input::metric_name(name)?);
        Ok(MetricKey { namespace, name, kind, tags: input::tags(tags), common })
    }

    /// A metric of the tracer that all languages have; its tags, or nothing, with commas between them.
    pub(super) fn own(namespace: &'static str, name: &str, kind: MetricKind, tag: &str) -> Self {
        MetricKey { namespace, name: name.to_owned(), kind, tags: input::tags(tag.split(',')), common: true }
    }
}

#[derive(Default)]
pub(super) struct Metrics {
    series: Mutex<HashMap<MetricKey, Arc<Series>>>,
    pub(super) dropped: Counter,
}

impl Metrics {
    /// The series of a key.
    pub(super) fn series(&self, key: &MetricKey) -> Result<Arc<Series>, Refusal> {
        let mut all = self.series.lock();
        if let Some(known) = all.get(key) {
            return Ok(Arc::clone(known));
        }
        let mut in_namespace = 0;
        for (other, series) in all.iter().filter(|(other, _)| other.namespace == key.namespace) {
            in_namespace += 1;
            if other.name == key.name && series.kind() != key.kind {
                log_debug!("the metric {} is a {}, not a {}", key.name, series.kind().name(), key.kind.name());
                return Err(Refusal::Kind);
            }
        }
        if in_namespace >= MOST_SERIES {
            self.dropped.add_shared(1);
            return Err(Refusal::Full);
        }
        let fresh = Arc::new(Series::new(key.kind));
        all.insert(key.clone(), Arc::clone(&fresh));
        Ok(fresh)
    }

    pub(super) fn record(&self, key: &MetricKey, value: f64) -> Result<(), Refusal> {
        self.note(self.series(key)?.record(value))
    }

    pub(super) fn note(&self, recorded: Result<bool, Refusal>) -> Result<(), Refusal> {
        if recorded? {
            self.dropped.add_shared(1);
        }
        Ok(())
    }

    /// Whether there is anything but metrics of telemetry itself.
    pub(super) fn has_news(&self) -> bool {
        self.series.lock().iter().any(|(key, series)| key.namespace != "telemetry" && series.has_any())
    }

    /// Ends a window. `now`: Unix time in seconds.
    pub(super) fn end_window(&self, now: i64, window_seconds: f64) -> Vec<Message> {
        let mut points: BTreeMap<&'static str, Vec<MetricPoints>> = BTreeMap::new();
        let mut distributions: BTreeMap<&'static str, Vec<DistributionPoints>> = BTreeMap::new();
        let mut all = self.series.lock();
        // What nobody holds and nobody recorded is forgotten.
        all.retain(|key, series| {
            let mut is_used = Arc::strong_count(series) > 1;
            if key.kind == MetricKind::Distribution {
                let values = series.take_points();
                if !values.is_empty() {
                    is_used = true;
                    distributions.entry(key.namespace).or_default().push(DistributionPoints::new(key, values));
                }
            } else if let Some(value) = series.take_value(window_seconds) {
                is_used = true;
                points.entry(key.namespace).or_default().push(MetricPoints::new(key, now, value, window_seconds));
            }
            is_used
        });
        drop(all);
        let mut messages = Vec::new();
        // That of the tracers is the first one: some readers look no further.
        for (namespace, series) in tracers_first(points) {
            messages.push(Message::new(Kind::Metrics, &MetricsPayload { namespace, series }));
        }
        for (namespace, series) in tracers_first(distributions) {
            messages.push(Message::new(Kind::Distributions, &DistributionsPayload { namespace, series }));
        }
        messages
    }
}

fn tracers_first<T>(mut by_namespace: BTreeMap<&'static str, T>) -> impl Iterator<Item = (&'static str, T)> {
    let tracers = by_namespace.remove_entry("tracers");
    tracers.into_iter().chain(by_namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::facts::Facts;
    use crate::telemetry::message::body;
    use serde_json::{Value, json};

    fn key(namespace: &str, name: &str, kind: MetricKind, tags: &[&str]) -> MetricKey {
        MetricKey::new(namespace, name, kind, tags.iter().copied(), true).unwrap()
    }

    fn told(metrics: &Metrics) -> Vec<Value> {
        let messages = metrics.end_window(1_700_000_000, 10.0);
        let one = |message: Message| serde_json::from_str(&body(&[message], &Facts::default(), 1, 0)).unwrap();
        messages.into_iter().map(one).collect()
    }

    #[test]
    fn a_window_tells_each_namespace_with_the_tracers_first() {
        let metrics = Metrics::default();
        metrics.record(&key("general", "logs_created", MetricKind::Count, &["level:warn"]), 2.0).unwrap();
        metrics.record(&key("tracers", "spans_created", MetricKind::Count, &["b:2", "A:1"]), 3.0).unwrap();
        metrics.record(&key("tracers", "spans_created", MetricKind::Count, &["a:1", "b:2"]), 4.0).unwrap();
        metrics.record(&key("appsec", "load", MetricKind::Gauge, &[]), 0.5).unwrap();
        metrics.record(&key("telemetry", "telemetry_api.ms", MetricKind::Distribution, &[]), 1.5).unwrap();
        let told = told(&metrics);
        let types: Vec<_> = told.iter().map(|message| message["request_type"].as_str().unwrap()).collect();
        assert_eq!(types, ["generate-metrics", "generate-metrics", "generate-metrics", "distributions"]);
        let expected = json!({"namespace": "tracers", "series": [{
            "metric": "spans_created", "points": [[1_700_000_000, 7]], "type": "count", "tags": ["a:1", "b:2"], "common": true,
            "interval": 10,
        }]});
        assert_eq!(told[0]["payload"], expected);
        assert_eq!(told[1]["payload"]["namespace"], "appsec");
        assert_eq!(told[1]["payload"]["series"][0]["points"], json!([[1_700_000_000, 0.5]]));
        let points = json!({"namespace": "telemetry", "series": [
            {"metric": "telemetry_api.ms", "points": [1.5], "tags": [], "common": true}
        ]});
        assert_eq!(told[3]["payload"], points);
        assert_eq!(metrics.end_window(0, 10.0).len(), 0, "what was told is not told again");
    }

    #[test]
    fn a_metric_is_of_one_kind() {
        let metrics = Metrics::default();
        metrics.record(&key("tracers", "x", MetricKind::Count, &[]), 1.0).unwrap();
        assert_eq!(metrics.record(&key("tracers", "x", MetricKind::Gauge, &["a:b"]), 1.0), Err(Refusal::Kind));
        metrics.record(&key("general", "x", MetricKind::Gauge, &[]), 1.0).unwrap();
    }

    #[test]
    fn series_are_bounded_and_forgotten() {
        let metrics = Metrics::default();
        let numbered = |n: usize| key("tracers", &format!("m{n}"), MetricKind::Count, &[]);
        for n in 0..MOST_SERIES {
            metrics.record(&numbered(n), 1.0).unwrap();
        }
        assert_eq!(metrics.record(&numbered(MOST_SERIES), 1.0), Err(Refusal::Full));
        assert_eq!(metrics.dropped.get(), 1);
        metrics.end_window(0, 10.0);
        metrics.end_window(0, 10.0);
        metrics.record(&numbered(MOST_SERIES), 1.0).unwrap();
    }

    #[test]
    fn only_telemetry_about_telemetry_is_no_news() {
        let metrics = Metrics::default();
        metrics.record(&key("telemetry", "telemetry_api.requests", MetricKind::Count, &[]), 1.0).unwrap();
        assert!(!metrics.has_news());
        metrics.record(&key("general", "logs_created", MetricKind::Count, &[]), 1.0).unwrap();
        assert!(metrics.has_news());
        metrics.end_window(0, 10.0);
        assert!(!metrics.has_news());
    }
}
