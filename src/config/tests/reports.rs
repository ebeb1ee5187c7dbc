use super::*;
use crate::config::{Evaluation, Origin, ReportedValue, SETTINGS};

fn records<'a>(config: &'a Config, name: &str) -> Vec<&'a Evaluation> {
    config.records().iter().filter(|record| record.name == name).collect()
}

fn summary(config: &Config, name: &str) -> Vec<(Origin, ReportedValue)> {
    records(config, name).into_iter().map(|record| (record.origin, record.value.clone())).collect()
}

fn given(text: &str) -> ReportedValue {
    ReportedValue::Text(text.to_owned())
}

#[test]
fn all_values_of_a_setting_are_recorded_weakest_first() {
    let config = with_code(&[("DD_TRACE_ENABLED", "true")], &[("DD_TRACE_ENABLED", "0"), ("OTEL_TRACES_EXPORTER", "none")]);
    let expected = [
        (Origin::Default, ReportedValue::Bool(true)),
        (Origin::OtelEnvVar, given("none")),
        (Origin::EnvVar, ReportedValue::Bool(false)),
        (Origin::Code, ReportedValue::Bool(true)),
    ];
    assert_eq!(summary(&config, "DD_TRACE_ENABLED"), expected);
}

#[test]
fn numbers_rise_and_the_last_record_is_in_effect() {
    let config =
        with_code(&[("DD_ENV", "code")], &[("DD_ENV", "env"), ("DD_TRACE_RATE_LIMIT", "abc"), ("DD_TAGS", "env:tag,version:1")]);
    assert!(config.records().windows(2).all(|pair| pair[0].seq_id < pair[1].seq_id));
    for setting in SETTINGS.iter().filter(|setting| !setting.sensitive) {
        let last = records(&config, setting.name).pop().unwrap();
        assert_eq!(Some(last.origin), config.origin(setting.name), "{}", setting.name);
        assert_eq!(last.error, None, "{}", setting.name);
    }
    let next = with_env(&[]);
    assert!(config.records().last().unwrap().seq_id < next.records()[0].seq_id);
}

#[test]
fn the_default_is_always_recorded() {
    for setting in SETTINGS.iter().filter(|setting| !setting.sensitive) {
        let config = with_env(&[(setting.name, "1")]);
        assert!(records(&config, setting.name).iter().any(|record| record.origin == Origin::Default), "{}", setting.name);
    }
}

#[test]
fn a_refused_value_is_recorded_with_its_error_before_the_one_in_effect() {
    let config = with_env(&[("DD_TRACE_SAMPLE_RATE", "1.5"), ("OTEL_TRACES_SAMPLER", "parentbased_always_on")]);
    let records = records(&config, "DD_TRACE_SAMPLE_RATE");
    assert_eq!(records[0].error.as_deref(), Some("expected a number from 0 to 1"));
    assert_eq!((records[0].origin, &records[0].value), (Origin::EnvVar, &given("1.5")));
    assert_eq!((records[2].origin, &records[2].value), (Origin::OtelEnvVar, &given("parentbased_always_on")));
}

#[test]
fn how_values_are_reported() {
    let config = with_env(&[
        ("DD_TRACE_DEBUG", "1"),
        ("DD_TRACE_HTTP_SERVER_ERROR_STATUSES", "250-200"),
        ("DD_TRACE_RATE_LIMIT", "10.0"),
        ("DD_TRACE_LOG_LEVEL", "ERROR"),
    ]);
    let last = |name| summary(&config, name).pop().map(|(_, value)| value).unwrap();
    assert_eq!(last("DD_TRACE_DEBUG"), ReportedValue::Bool(true));
    assert_eq!(last("DD_TRACE_HTTP_SERVER_ERROR_STATUSES"), given("250-200"));
    assert_eq!(text(&config, "DD_TRACE_HTTP_SERVER_ERROR_STATUSES"), "200-250");
    assert_eq!(last("DD_TRACE_RATE_LIMIT"), given("10.0"));
    assert_eq!(last("DD_TRACE_LOG_LEVEL"), given("ERROR"));
    assert_eq!(last("DD_ENV"), ReportedValue::Null);
    assert_eq!(last("DD_TRACE_SAMPLE_RATE"), ReportedValue::Null);
    assert_eq!((last("DD_TAGS"), last("DD_TRACE_SAMPLING_RULES")), (given(""), given("")));
    assert_eq!(summary(&config, "DD_TRACE_RATE_LIMIT")[0], (Origin::Default, ReportedValue::Int(100)));
    assert_eq!(last("DD_TRACE_PROPAGATION_STYLE"), given("datadog,tracecontext,baggage"));
}

#[test]
fn values_as_text() {
    let config = with_env(&[
        ("DD_TRACE_RATE_LIMIT", "100.0"),
        ("DD_TRACE_SAMPLE_RATE", "1e-06"),
        ("DD_TRACE_ENABLED", "FALSE"),
        ("DD_TAGS", "k1:v1 k2:v2"),
        ("DD_TRACE_PROPAGATION_STYLE", " Datadog , b3"),
    ]);
    for (name, expected) in [
        ("DD_TRACE_RATE_LIMIT", "100"),
        ("DD_TRACE_SAMPLE_RATE", "0.000001"),
        ("DD_TRACE_ENABLED", "false"),
        ("DD_TAGS", "k1:v1,k2:v2"),
        ("DD_TRACE_PROPAGATION_STYLE", "datadog,b3"),
        ("DD_ENV", "(unset)"),
    ] {
        assert_eq!(text(&config, name), expected, "{name}");
    }
}

#[test]
fn sensitive_values_are_nowhere_but_in_their_field() {
    let name = "_DD_TRACE_WRITER_ADDITIONAL_HEADERS";
    let config = with_code(
        &[(name, "X-Key:hunter2"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=hunter2")],
        &[(name, "bad name:hunter2")],
    );
    assert_eq!(config.settings.agent.extra_headers.len(), 1);
    assert_eq!((text(&config, name).as_str(), config.origin(name)), ("<redacted>", Some(Origin::Code)));
    assert!(records(&config, name).is_empty());
    assert_eq!(config.settings.otlp_traces.headers[0].1, "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
    let mut builder = ConfigBuilder::new();
    builder.set(name, "X-Key:hunter2").unwrap();
    assert!(!format!("{builder:?}").contains("hunter2"));
}

#[test]
fn warnings_cannot_break_a_line() {
    let config = with_env(&[("DD_TRACE_ENABLED", "no\n[dd.trace] forged")]);
    assert!(config.warnings()[0].contains("\\n") && !config.warnings()[0].contains('\n'));
}

#[test]
fn a_warning_is_new_once_in_a_process() {
    let variables = [("DD_TRACE_SPAN_TRACEBACK_MAX_SIZE", "told-once")];
    assert_eq!(with_env(&variables).new_warnings().len(), 1);
    let again = with_env(&variables);
    assert!(again.new_warnings().is_empty());
    assert_eq!(again.warnings().len(), 1);
}
