use super::*;
use crate::config::{Origin, PropagationStyle};
use std::sync::Arc;

#[test]
fn code_wins_over_the_environment_and_that_over_the_default() {
    let config = with_code(&[("DD_ENV", "code")], &[("DD_ENV", "env"), ("DD_VERSION", "1"), ("DD_TRACE_RATE_LIMIT", "5")]);
    assert_eq!((text(&config, "DD_ENV").as_str(), config.origin("DD_ENV")), ("code", Some(Origin::Code)));
    assert_eq!((text(&config, "DD_VERSION").as_str(), config.origin("DD_VERSION")), ("1", Some(Origin::EnvVar)));
    assert_eq!(
        (text(&config, "DD_TRACE_RATE_LIMIT").as_str(), config.origin("DD_TRACE_RATE_LIMIT")),
        ("5", Some(Origin::EnvVar))
    );
    assert!(config.settings.sampling.rate_limit_is_set);
    assert_eq!(config.origin("DD_TRACE_SAMPLE_RATE"), Some(Origin::Default));
}

#[test]
fn an_alias_counts_where_the_name_itself_is_absent_or_empty() {
    assert_eq!(text(&with_env(&[("DD_SERVICE_NAME", "old")]), "DD_SERVICE"), "old");
    assert_eq!(text(&with_env(&[("DD_SERVICE_NAME", "old"), ("DD_SERVICE", "new")]), "DD_SERVICE"), "new");
    assert_eq!(text(&with_env(&[("DD_SERVICE_NAME", "old"), ("DD_SERVICE", "")]), "DD_SERVICE"), "old");
    let tags = [("DATADOG_TAGS", "c:3"), ("DD_TRACE_GLOBAL_TAGS", "b:2"), ("DD_TRACE_TAGS", "a:1")];
    assert_eq!(text(&with_env(&tags), "DD_TAGS"), "a:1");
}

#[test]
fn an_alias_is_no_second_try_for_a_bad_value() {
    let config = with_env(&[("DD_TRACE_LOG_LEVEL", "loud"), ("DD_LOG_LEVEL", "error")]);
    assert_eq!(text(&config, "DD_TRACE_LOG_LEVEL"), "warn");
}

#[test]
fn a_deprecated_name_is_warned_about() {
    let config = with_env(&[("DD_SERVICE_NAME", "old"), ("DD_LOG_LEVEL", "error")]);
    assert_eq!(config.warnings(), ["environment variable DD_SERVICE_NAME is deprecated: use DD_SERVICE"]);
}

#[test]
fn every_name_works_in_code_too() {
    let config = with_code(&[("DD_SERVICE_NAME", "shop"), ("DD_LOG_LEVEL", "debug")], &[]);
    assert_eq!((text(&config, "DD_SERVICE").as_str(), text(&config, "DD_SERVICE_NAME").as_str()), ("shop", "shop"));
    assert_eq!(text(&config, "DD_TRACE_LOG_LEVEL"), "debug");
}

#[test]
fn empty_counts_as_unset() {
    let names =
        ["DD_SERVICE", "DD_ENV", "DD_TRACE_AGENT_URL", "DD_AGENT_HOST", "DD_TRACE_ENABLED", "DD_TRACE_SAMPLE_RATE", "DD_TAGS"];
    let plain = with_env(&[]);
    for name in names {
        for empty in ["", "  "] {
            let config = with_env(&[(name, empty)]);
            assert_eq!(config.value_text(name), plain.value_text(name), "{name}");
            assert!(config.warnings().is_empty(), "{:?}", config.warnings());
        }
    }
}

#[test]
fn empty_baggage_tag_keys_mean_none() {
    assert!(with_env(&[("DD_TRACE_BAGGAGE_TAG_KEYS", "")]).settings.propagation.baggage_tag_keys.is_empty());
    assert!(
        with_code(&[("DD_TRACE_BAGGAGE_TAG_KEYS", "")], &[("DD_TRACE_BAGGAGE_TAG_KEYS", "a")])
            .settings
            .propagation
            .baggage_tag_keys
            .is_empty()
    );
    assert_eq!(with_env(&[("DD_TRACE_BAGGAGE_TAG_KEYS", " a ,*,,b")]).settings.propagation.baggage_tag_keys, ["a", "*", "b"]);
}

#[test]
fn a_bad_value_is_skipped_with_one_warning_that_names_it() {
    for (name, value, expected) in [
        ("DD_TRACE_SAMPLE_RATE", "1.5", "a number from 0 to 1"),
        ("DD_TRACE_SAMPLE_RATE", "NaN", "a number from 0 to 1"),
        ("DD_TRACE_ENABLED", "yes", "true, false, 1 or 0"),
        ("DD_TRACE_AGENT_PORT", "99999", "a whole number from 1 to 65535"),
        ("DD_TRACE_WRITER_INTERVAL_SECONDS", "0", "a number of seconds above 0 and up to 31536000"),
        ("DD_TRACE_AGENT_TIMEOUT_SECONDS", "10s", "a number of seconds above 0 and up to 31536000"),
        ("DD_TRACE_SPAN_ATTRIBUTE_SCHEMA", "v7", "v0 or v1"),
        ("DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT", "stop", "continue, restart or ignore"),
        ("DD_TRACE_HTTP_SERVER_ERROR_STATUSES", "abc", "HTTP statuses such as 500-599 or 404,418"),
        ("DD_TRACE_PROPAGATION_STYLE", "jaeger", "datadog, tracecontext, b3, b3multi, baggage or none, separated by commas"),
        ("LIBDDTRACE_EXPORTER", "stdout", "agent, otlp, console, console-pretty, tree, file:PATH, log, memory or null"),
        ("LIBDDTRACE_LANGUAGE", "a\nb", "text without control characters"),
    ] {
        let config = with_env(&[(name, value)]);
        let shown = value.escape_debug();
        assert_eq!(config.warnings(), [format!("environment variable {name}: \"{shown}\" is ignored: expected {expected}")]);
        assert_eq!(config.value_text(name), with_env(&[]).value_text(name), "{name}");
        assert_eq!(config.origin(name), Some(Origin::Default), "{name}");
    }
}

#[test]
fn a_variable_that_is_not_utf8_is_ignored_with_a_warning() {
    let config = ConfigBuilder::new().resolve_in(&Surroundings::with_variables(&[]).with_undecodable("DD_ENV"));
    assert_eq!(config.value_text("DD_ENV"), None);
    assert_eq!(config.warnings(), ["environment variable DD_ENV is not UTF-8 and is ignored"]);
}

#[test]
fn setting_an_unknown_name_fails_and_suggests_a_known_one() {
    let error = refusal("DD_SERVCE", "x");
    assert_eq!(error.to_string(), "unknown setting \"DD_SERVCE\"; did you mean DD_SERVICE?");
    assert_eq!(refusal("NOTHING_LIKE_IT", "x").to_string(), "unknown setting \"NOTHING_LIKE_IT\"");
    assert_eq!(
        ConfigBuilder::new().unset("DD_NOPE"),
        Err(ConfigError::UnknownName { name: "DD_NOPE".to_owned(), suggestion: None })
    );
    let config = with_env(&[]);
    assert_eq!((config.value_text("DD_NOPE"), config.origin("DD_NOPE")), (None, None));
}

#[test]
fn setting_a_bad_value_fails_and_keeps_the_previous_one() {
    let mut builder = ConfigBuilder::new();
    builder.set("DD_TRACE_SAMPLE_RATE", "0.5").unwrap();
    let error = builder.set("DD_TRACE_SAMPLE_RATE", "2").unwrap_err();
    assert_eq!(error.to_string(), "DD_TRACE_SAMPLE_RATE: \"2\" is not valid: expected a number from 0 to 1");
    let config = builder.resolve_in(&Surroundings::with_variables(&[]));
    assert_eq!(config.settings.sampling.sample_rate, Some(0.5));
    assert!(matches!(refusal("DD_ENV", &"x".repeat(1 << 21)), ConfigError::InvalidValue { name: "DD_ENV", .. }));
}

#[test]
fn unset_and_empty_give_way_to_the_environment() {
    for take_back in
        [|builder: &mut ConfigBuilder| builder.unset("DD_ENV"), |builder: &mut ConfigBuilder| builder.set("DD_ENV", "")]
    {
        let mut builder = ConfigBuilder::new();
        builder.set("DD_ENV", "code").unwrap();
        take_back(&mut builder).unwrap();
        let config = builder.resolve_in(&Surroundings::with_variables(&[("DD_ENV", "env")]));
        assert_eq!(text(&config, "DD_ENV"), "env");
    }
}

#[test]
fn the_host_may_provide_the_environment() {
    let mut builder = ConfigBuilder::new();
    builder.set_env_lookup(Arc::new(|name| (name == "DD_SERVICE").then(|| "from-host".to_owned())));
    let config = builder.clone().resolve();
    assert_eq!((text(&config, "DD_SERVICE").as_str(), config.origin("DD_SERVICE")), ("from-host", Some(Origin::EnvVar)));
}

/// Variables, and the styles for extraction and injection that they make.
type StyleCase = (&'static [(&'static str, &'static str)], &'static [PropagationStyle], &'static [PropagationStyle]);

#[test]
fn propagation_styles_by_direction() {
    use PropagationStyle::{B3, B3Multi, Baggage, Datadog, TraceContext};
    let cases: &[StyleCase] = &[
        (&[("DD_TRACE_PROPAGATION_STYLE", "b3,tracecontext")], &[B3, TraceContext], &[B3, TraceContext]),
        (&[("DD_TRACE_PROPAGATION_STYLE", "b3"), ("DD_TRACE_PROPAGATION_STYLE_EXTRACT", "B3Multi")], &[B3Multi], &[B3]),
        (&[("DD_TRACE_PROPAGATION_STYLE_INJECT", "none")], &[Datadog, TraceContext, Baggage], &[]),
        (&[("DD_PROPAGATION_STYLE_INJECT", "b3")], &[Datadog, TraceContext, Baggage], &[B3]),
        (&[("DD_PROPAGATION_STYLE_INJECT", "b3"), ("DD_TRACE_PROPAGATION_STYLE", "datadog")], &[Datadog], &[Datadog]),
        (&[("DD_TRACE_PROPAGATION_STYLE", "jaeger,b3")], &[B3], &[B3]),
        (&[("DD_TRACE_PROPAGATION_STYLE", "jaeger")], &[Datadog, TraceContext, Baggage], &[Datadog, TraceContext, Baggage]),
        (&[("DD_TRACE_BAGGAGE_MAX_ITEMS", "0")], &[Datadog, TraceContext], &[Datadog, TraceContext]),
        (&[("DD_TRACE_BAGGAGE_MAX_BYTES", "2")], &[Datadog, TraceContext], &[Datadog, TraceContext]),
        (&[("DD_TRACE_BAGGAGE_MAX_ITEMS", "-1")], &[Datadog, TraceContext], &[Datadog, TraceContext]),
    ];
    for (variables, extract, inject) in cases {
        let propagation = with_env(variables).settings.propagation;
        assert_eq!((propagation.extract.as_slice(), propagation.inject.as_slice()), (*extract, *inject), "{variables:?}");
    }
}

#[test]
fn a_huge_variable_is_ignored_and_many_bad_parts_make_few_warnings() {
    let huge = "x".repeat((1 << 20) + 1);
    let config = with_env(&[("DD_ENV", &huge), ("OTEL_SERVICE_NAME", &huge)]);
    assert_eq!(config.value_text("DD_ENV"), None);
    assert_eq!(text(&config, "DD_SERVICE"), "shop");
    assert_eq!(config.warnings().len(), 2, "{:?}", config.warnings());
    let bad_parts = "x,".repeat(400_000) + "500";
    let config = with_env(&[("DD_TRACE_HTTP_SERVER_ERROR_STATUSES", &bad_parts)]);
    assert!(config.settings.content.http_server_errors.contains(500));
    assert!(config.warnings().len() < 20);
}
