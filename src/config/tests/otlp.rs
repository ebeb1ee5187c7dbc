//! Traces by OTLP: when, where to, and how.

use super::*;
use crate::config::{ExporterChoice, OtelFinding, OtelProblem, OtlpProtocol, OtlpSettings};
use std::time::Duration;

const OTLP: (&str, &str) = ("OTEL_TRACES_EXPORTER", "otlp");

fn traces(variables: &[(&str, &str)]) -> OtlpSettings {
    with_env(variables).settings.otlp_traces
}

#[test]
fn the_variable_of_opentelemetry_chooses_the_exporter() {
    for value in ["otlp", " OTLP "] {
        let config = with_env(&[("OTEL_TRACES_EXPORTER", value)]);
        assert_eq!((config.settings.exporter.clone(), config.settings.enabled), (ExporterChoice::Otlp, true));
        assert!(config.warnings().is_empty(), "{:?}", config.warnings());
        assert_eq!(config.value_text("LIBDDTRACE_EXPORTER").as_deref(), Some("otlp"));
    }
    assert_eq!(with_env(&[("LIBDDTRACE_EXPORTER", "otlp")]).settings.exporter, ExporterChoice::Otlp);
    assert_eq!(with_env(&[]).settings.exporter, ExporterChoice::Agent);
}

#[test]
fn tracing_that_is_off_stays_off() {
    let config = with_env(&[OTLP, ("DD_TRACE_ENABLED", "false")]);
    assert_eq!((config.settings.exporter, config.settings.enabled), (ExporterChoice::Otlp, false));
}

#[test]
fn a_format_of_the_agent_or_another_exporter_wins_with_a_warning() {
    for (name, value) in [("DD_TRACE_AGENT_PROTOCOL_VERSION", "0.4"), ("LIBDDTRACE_EXPORTER", "agent")] {
        let config = with_env(&[OTLP, (name, value)]);
        assert_eq!(config.settings.exporter, ExporterChoice::Agent);
        assert_eq!(config.warnings(), [format!("environment variable OTEL_TRACES_EXPORTER is ignored: {name} is set too")]);
        let hidden = OtelFinding { problem: OtelProblem::Hidden, otel: "OTEL_TRACES_EXPORTER".into(), datadog: Some(name) };
        assert_eq!(config.otel_findings(), [hidden]);
    }
    // The format that is only preferred stands in nobody's way.
    assert_eq!(with_env(&[OTLP, ("DD_TRACE_API_VERSION", "v0.5")]).settings.exporter, ExporterChoice::Otlp);
}

#[test]
fn the_endpoint_of_traces_is_taken_as_it_is_and_the_general_one_gets_a_path() {
    let (own, general) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT");
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "http://localhost:4318/v1/traces"),
        (&[("DD_AGENT_HOST", "agent")], "http://agent:4318/v1/traces"),
        (&[("DD_TRACE_AGENT_URL", "https://agent:9000/base")], "http://agent:4318/v1/traces"),
        (&[("DD_TRACE_AGENT_URL", "unix:///a/b")], "http://localhost:4318/v1/traces"),
        (&[(general, "http://c:1")], "http://c:1/v1/traces"),
        (&[(general, "http://c:1/x/")], "http://c:1/x/v1/traces"),
        (&[(own, "http://c:1/x/")], "http://c:1/x/"),
        (&[(own, "https://own"), (general, "http://general")], "https://own/"),
        (&[(own, "nonsense"), (general, "http://general")], "http://general/v1/traces"),
    ];
    for (variables, expected) in cases {
        assert_eq!(traces(variables).endpoint.to_string(), *expected, "{variables:?}");
    }
}

#[test]
fn the_protocol_is_protobuf_unless_it_is_json() {
    let (own, general) = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
    let (protobuf, json) = (OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson);
    type Case<'a> = (&'a [(&'a str, &'a str)], OtlpProtocol, usize);
    let cases: &[Case<'_>] = &[
        (&[], protobuf, 0),
        (&[(general, "http/json")], json, 0),
        (&[(general, "HTTP/Protobuf")], protobuf, 0),
        (&[(own, "http/protobuf"), (general, "http/json")], protobuf, 0),
        (&[(own, "http/json"), (general, "grpc")], json, 0),
        (&[(general, "grpc")], protobuf, 1),
        (&[(own, "grpc"), (general, "http/json")], protobuf, 1),
        (&[(general, "carrier pigeon")], protobuf, 1),
        (&[(own, "carrier pigeon"), (general, "http/json")], protobuf, 1),
    ];
    for (variables, expected, warnings) in cases {
        let config = with_env(&[&[OTLP], *variables].concat());
        assert_eq!(config.settings.otlp_traces.protocol, *expected, "{variables:?}");
        assert_eq!(config.warnings().len(), *warnings, "{:?}", config.warnings());
    }
    assert!(with_env(&[(general, "grpc")]).warnings().is_empty(), "nothing is sent by it");
}

#[test]
fn headers_and_timeout_of_traces_replace_the_general_ones() {
    let general = [("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=2%2C3"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "500")];
    let own = [("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "Api-Key=x"), ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "70")];
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let of = |variables: &[(&str, &str)]| {
        let settings = traces(variables);
        (settings.headers.to_vec(), settings.timeout)
    };
    assert_eq!(of(&[]), (Vec::new(), Duration::from_secs(10)));
    assert_eq!(of(&general), (pairs(&[("a", "1"), ("b", "2,3")]), Duration::from_millis(500)));
    assert_eq!(of(&[general, own].concat()), (pairs(&[("Api-Key", "x")]), Duration::from_millis(70)));
    for bad in ["0", "-1", "ten"] {
        assert_eq!(traces(&[("OTEL_EXPORTER_OTLP_TIMEOUT", bad)]).timeout, Duration::from_secs(10));
    }
}

#[test]
fn pairs_that_are_no_headers_are_left_out() {
    let config = with_env(&[("OTEL_EXPORTER_OTLP_HEADERS", "good=1,bad name=hunter2,smuggled=a%0d%0ab: c")]);
    assert_eq!(*config.settings.otlp_traces.headers, [("good".to_owned(), "1".to_owned())]);
    let warnings = config.warnings().concat();
    assert!(warnings.contains("2 of the pairs") && !warnings.contains("hunter2"), "{warnings}");
}

#[test]
fn endpoints_and_headers_are_shown_nowhere() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:hunter2@c"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c?key=hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=hunter2"),
    ];
    let config = with_env(&variables);
    for (name, _) in variables {
        assert_eq!(config.value_text(name).as_deref(), Some("<redacted>"), "{name}");
    }
    assert!(!format!("{:?} {:?}", config.records(), config.warnings()).contains("hunter2"));
    let refused = with_env(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "hunter2")]);
    assert!(refused.warnings().len() == 1 && !refused.warnings()[0].contains("hunter2"), "{:?}", refused.warnings());
}
