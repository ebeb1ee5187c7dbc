//! From settings to trace statistics.

use super::build::{BuildError, Parts};
use super::links::{OwnTransport, link};
use super::otlp;
use super::snapshot::{hostname, runtime_id};
use crate::config::{Settings, SpanMetricsSettings};
use crate::export::SpanMetricsSender;
use crate::record::unix_ns;
use crate::stats::{Concentrator, SpanMetrics};
use crate::wire::StatsFacts;
use crate::wire::otlp::messages::{AnyValue, ArrayValue, KeyValue, Value};

/// Trace statistics for the agent, nothing counted yet. `now_ns`: Unix time in nanoseconds.
pub fn make_concentrator(settings: &Settings, now_ns: i64) -> Concentrator {
    let stats = &settings.stats;
    Concentrator::with_interval(stats.interval, stats_facts(settings), stats.additional_tags.clone(), stats.limits, now_ns)
}

fn stats_facts(settings: &Settings) -> StatsFacts {
    let identity = &settings.identity;
    // A name that was given is reported in any case; the system's only if it is to be.
    let hostname = if identity.report_hostname { hostname(identity) } else { identity.hostname.clone() };
    StatsFacts {
        hostname: hostname.unwrap_or_default(),
        env: identity.env.clone().unwrap_or_default(),
        version: identity.version.clone().unwrap_or_default(),
        service: identity.service.clone(),
        language: settings.runtime.language.clone(),
        tracer_version: env!("CARGO_PKG_VERSION").to_owned(),
        runtime_id: runtime_id(),
        git_commit_sha: identity.git_commit_sha.clone().filter(|_| identity.git_metadata).unwrap_or_default(),
        process_tags: identity.process_tags.clone().unwrap_or_default(),
    }
}

/// Span metrics for OTLP, nothing counted yet.
pub fn make_span_metrics(settings: &Settings, metrics: &SpanMetricsSettings, now_ns: i64) -> SpanMetrics {
    let interval_ns = u64::try_from(metrics.interval.as_nanos()).unwrap_or(u64::MAX);
    let stats = &settings.stats;
    SpanMetrics::new(metrics_resource(settings), interval_ns, stats.additional_tags.clone(), stats.limits, now_ns)
}

/// What sends them, if they are wanted, and its transport.
pub(super) fn span_metrics_sender(parts: &Parts) -> Result<Option<(SpanMetricsSender, OwnTransport)>, BuildError> {
    let settings = &parts.config.settings;
    let Some(wanted) = &settings.span_metrics else { return Ok(None) };
    let (link, transport) = link(parts, || otlp::open_transport(settings, &wanted.otlp))?;
    let metrics = make_span_metrics(settings, wanted, unix_ns());
    crate::log::log_debug!("metrics of spans go to {} by OTLP ({})", wanted.otlp.endpoint, wanted.otlp.protocol);
    Ok(Some((SpanMetricsSender::new(wanted, metrics, link), transport)))
}

/// What all points have in common.
fn metrics_resource(settings: &Settings) -> Vec<KeyValue> {
    let identity = &settings.identity;
    let reported_hostname = if identity.report_hostname { hostname(identity) } else { None };
    let texts = [
        ("service.name", identity.service.clone()),
        ("service.version", identity.version.clone().unwrap_or_default()),
        ("deployment.environment.name", identity.env.clone().unwrap_or_default()),
        ("telemetry.sdk.name", "datadog".to_owned()),
        ("telemetry.sdk.language", otlp::language(&settings.runtime.language).to_owned()),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("host.name", reported_hostname.unwrap_or_default()),
        ("datadog.runtime_id", runtime_id()),
    ];
    let process_tags = identity.process_tags.iter().flat_map(|tags| tags.split(',')).map(str::to_owned).collect();
    let lists = [("datadog.process_tags", process_tags), ("datadog.tracer_tags", tracer_tags(&identity.global_tags))];
    let texts = texts.iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| KeyValue::text(key, text));
    let lists = lists.into_iter().filter(|(_, items)| !items.is_empty()).map(|(key, items)| list(key, items));
    texts.chain(lists).collect()
}

fn list(key: &str, items: Vec<String>) -> KeyValue {
    let values: Vec<AnyValue> = items.into_iter().map(|item| Value::String(item).into()).collect();
    KeyValue::new(key, Value::Array(ArrayValue { values }))
}

/// The global tags, `key:value` each, without those that the resource has anyway.
fn tracer_tags(tags: &[(String, String)]) -> Vec<String> {
    const KNOWN: [&str; 5] = ["service", "env", "version", "runtime_id", "runtime-id"];
    let is_known = |key: &str| KNOWN.iter().any(|known| known.eq_ignore_ascii_case(key));
    let shown = tags.iter().filter(|(key, value)| !value.is_empty() && !is_known(key));
    let mut tags: Vec<String> = shown.map(|(key, value)| format!("{key}:{value}")).collect();
    tags.sort();
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;
    use std::sync::Arc;

    fn shown(settings: &[(&str, &str)]) -> Vec<(String, Option<Value>)> {
        let mut builder = ConfigBuilder::new();
        builder.set_env_lookup(Arc::new(|_| None));
        settings.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
        let resource = metrics_resource(&builder.resolve().settings);
        resource.into_iter().map(|pair| (pair.key, pair.value.and_then(|value| value.value))).collect()
    }

    fn value(shown: &[(String, Option<Value>)], key: &str) -> Option<Value> {
        shown.iter().find(|(known, _)| known == key).and_then(|(_, value)| value.clone())
    }

    #[test]
    fn the_resource_of_metrics() {
        let tags = "b:2,a:1,Env:x,RUNTIME_ID:y,empty:,runtime-id:z";
        let settings = [
            ("DD_SERVICE", "web"),
            ("DD_ENV", "prod"),
            ("DD_VERSION", "1.2"),
            ("DD_HOSTNAME", "host"),
            ("DD_TAGS", tags),
            ("LIBDDTRACE_LANGUAGE", "nodejs"),
            ("DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED", "false"),
        ];
        let resource = shown(&settings);
        let text = |text: &str| Some(Value::String(text.to_owned()));
        for (key, expected) in [
            ("service.name", "web"),
            ("service.version", "1.2"),
            ("deployment.environment.name", "prod"),
            ("telemetry.sdk.name", "datadog"),
            ("telemetry.sdk.language", "nodejs"),
        ] {
            assert_eq!(value(&resource, key), text(expected), "{key}");
        }
        assert_eq!(value(&resource, "host.name"), None, "it is not to be reported");
        assert_eq!(value(&resource, "datadog.process_tags"), None);
        let expected = list("datadog.tracer_tags", vec!["a:1".to_owned(), "b:2".to_owned()]);
        assert_eq!(value(&resource, "datadog.tracer_tags"), expected.value.and_then(|value| value.value));
        assert!(!resource.iter().any(|(key, _)| key.starts_with("dd.") || key == "env" || key == "service"));
        let reported = shown(&[&settings[..6], &[("DD_TRACE_REPORT_HOSTNAME", "true")]].concat());
        assert_eq!(value(&reported, "host.name"), text("host"));
        assert!(matches!(value(&reported, "datadog.process_tags"), Some(Value::Array(_))));
    }
}
