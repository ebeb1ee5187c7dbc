use super::*;
use crate::config::{OtlpProtocol, SpanMetricsSettings};
use std::time::Duration;

fn span_metrics(env: &[(&str, &str)]) -> Option<SpanMetricsSettings> {
    with_env(env).settings.span_metrics
}

const ON: (&str, &str) = ("OTEL_TRACES_SPAN_METRICS_ENABLED", "true");
const OTLP: (&str, &str) = ("OTEL_TRACES_EXPORTER", "otlp");
const METRICS: (&str, &str) = ("DD_METRICS_OTEL_ENABLED", "true");

#[test]
fn spans_have_metrics_where_it_is_said_or_both_signals_go_by_otlp() {
    let off = ("OTEL_TRACES_SPAN_METRICS_ENABLED", "false");
    for (env, expected) in [
        (&[][..], false),
        (&[OTLP][..], false),
        (&[METRICS][..], false),
        (&[OTLP, METRICS][..], true),
        (&[OTLP, METRICS, off][..], false),
        (&[ON][..], true),
        (&[ON, OTLP][..], true),
        (&[ON, ("DD_TRACE_ENABLED", "false")][..], false),
        (&[ON, ("DD_APM_TRACING_ENABLED", "false")][..], false),
        (&[ON, ("DD_TRACE_STATS_COMPUTATION_ENABLED", "false")][..], true),
    ] {
        assert_eq!(span_metrics(env).is_some(), expected, "{env:?}");
    }
}

#[test]
fn metrics_have_settings_of_their_own() {
    let defaults = span_metrics(&[ON, ("DD_AGENT_HOST", "agent")]).unwrap();
    assert_eq!(defaults.otlp.endpoint.to_string(), "http://agent:4318/v1/metrics");
    assert_eq!((defaults.otlp.protocol, defaults.interval), (OtlpProtocol::HttpJson, Duration::from_secs(10)));
    let general = [
        ON,
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:1/base/"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=b"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "7"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1"),
        ("_DD_TRACE_METRICS_OTEL_FLUSH_INTERVAL", "250"),
    ];
    let settings = span_metrics(&general).unwrap();
    assert_eq!(settings.otlp.endpoint.to_string(), "http://collector:1/base/v1/metrics");
    assert_eq!((settings.otlp.protocol, settings.otlp.headers.len()), (OtlpProtocol::HttpProtobuf, 1));
    assert_eq!((settings.otlp.timeout, settings.interval), (Duration::from_millis(7), Duration::from_millis(250)));
    let own = [
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics:2/verbatim/"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "c=d,e=f"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "8"),
    ];
    let settings = span_metrics(&[&general[..], &own].concat()).unwrap();
    assert_eq!(settings.otlp.endpoint.to_string(), "http://metrics:2/verbatim/");
    assert_eq!((settings.otlp.protocol, settings.otlp.headers.len()), (OtlpProtocol::HttpJson, 2));
    assert_eq!(settings.otlp.timeout, Duration::from_millis(8));
}
