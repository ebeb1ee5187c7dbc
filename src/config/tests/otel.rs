use super::*;
use crate::config::{Origin, OtelFinding, OtelProblem};
use crate::log::Level;

fn findings(config: &Config) -> Vec<(OtelProblem, &'static str, &'static str)> {
    let shown = |finding: &OtelFinding| match &finding.otel {
        std::borrow::Cow::Borrowed(otel) => (finding.problem, *otel, finding.datadog.unwrap_or_default()),
        std::borrow::Cow::Owned(otel) => panic!("{otel} is not known"),
    };
    config.otel_findings().iter().map(shown).collect()
}

#[test]
fn each_variable_sets_its_setting() {
    for (variables, name, value) in [
        (&[("OTEL_SERVICE_NAME", " Shop ")][..], "DD_SERVICE", "Shop"),
        (&[("OTEL_LOG_LEVEL", "INFO")], "DD_TRACE_LOG_LEVEL", "info"),
        (&[("OTEL_PROPAGATORS", "b3,tracecontext")], "DD_TRACE_PROPAGATION_STYLE", "b3,tracecontext"),
        (&[("OTEL_PROPAGATORS", "TraceContext, baggage,tracecontext")], "DD_TRACE_PROPAGATION_STYLE", "tracecontext,baggage"),
        (&[("OTEL_PROPAGATORS", "none")], "DD_TRACE_PROPAGATION_STYLE", "none"),
        (&[("OTEL_TRACES_SAMPLER", "parentbased_always_on")], "DD_TRACE_SAMPLE_RATE", "1.0"),
        (&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")], "DD_TRACE_SAMPLE_RATE", "0.0"),
        (&[("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")], "DD_TRACE_SAMPLE_RATE", "1.0"),
        (
            &[("OTEL_TRACES_SAMPLER", "ParentBased_TraceIdRatio"), ("OTEL_TRACES_SAMPLER_ARG", "0.1")],
            "DD_TRACE_SAMPLE_RATE",
            "0.1",
        ),
        (&[("OTEL_TRACES_EXPORTER", "none")], "DD_TRACE_ENABLED", "false"),
        (&[("OTEL_TRACES_EXPORTER", "otlp")], "DD_TRACE_ENABLED", "true"),
        (&[("OTEL_SDK_DISABLED", "TRUE")], "DD_TRACE_OTEL_ENABLED", "false"),
        (&[("OTEL_SDK_DISABLED", "false")], "DD_TRACE_OTEL_ENABLED", "true"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "foo=bar,baz=qux")], "DD_TAGS", "foo:bar,baz:qux"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=dev")], "DD_ENV", "dev"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "service.version=7")], "DD_VERSION", "7"),
    ] {
        let config = with_env(variables);
        assert_eq!(text(&config, name), value, "{variables:?}");
        assert!(findings(&config).is_empty(), "{variables:?}");
    }
    assert_eq!(with_env(&[("OTEL_SERVICE_NAME", "shop")]).origin("DD_SERVICE"), Some(Origin::OtelEnvVar));
}

#[test]
fn the_datadog_variable_wins_and_hides_the_other() {
    let hidden = OtelProblem::Hidden;
    for (variables, name, value, found) in [
        (
            &[("OTEL_SERVICE_NAME", "otel"), ("DD_SERVICE", "dd")][..],
            "DD_SERVICE",
            "dd",
            &[(hidden, "OTEL_SERVICE_NAME", "DD_SERVICE")][..],
        ),
        (
            &[("OTEL_LOG_LEVEL", "debug"), ("DD_LOG_LEVEL", "error")],
            "DD_TRACE_LOG_LEVEL",
            "error",
            &[(hidden, "OTEL_LOG_LEVEL", "DD_LOG_LEVEL")],
        ),
        (
            &[("OTEL_SDK_DISABLED", "true"), ("DD_TRACE_OTEL_ENABLED", "true")],
            "DD_TRACE_OTEL_ENABLED",
            "true",
            &[(hidden, "OTEL_SDK_DISABLED", "DD_TRACE_OTEL_ENABLED")],
        ),
        (
            &[("OTEL_PROPAGATORS", "b3"), ("DD_TRACE_PROPAGATION_STYLE", "datadog")],
            "DD_TRACE_PROPAGATION_STYLE",
            "datadog",
            &[(hidden, "OTEL_PROPAGATORS", "DD_TRACE_PROPAGATION_STYLE")],
        ),
        (
            &[("OTEL_TRACES_SAMPLER", "always_on"), ("OTEL_TRACES_SAMPLER_ARG", "0.1"), ("DD_TRACE_SAMPLE_RATE", "1.0")],
            "DD_TRACE_SAMPLE_RATE",
            "1.0",
            &[
                (hidden, "OTEL_TRACES_SAMPLER_ARG", "DD_TRACE_SAMPLE_RATE"),
                (hidden, "OTEL_TRACES_SAMPLER", "DD_TRACE_SAMPLE_RATE"),
            ],
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "none"), ("DD_TRACE_ENABLED", "true")],
            "DD_TRACE_ENABLED",
            "true",
            &[(hidden, "OTEL_TRACES_EXPORTER", "DD_TRACE_ENABLED")],
        ),
        (
            &[("OTEL_RESOURCE_ATTRIBUTES", "a=otel,b=otel"), ("DD_TAGS", "a:dd")],
            "DD_TAGS",
            "a:dd",
            &[(hidden, "OTEL_RESOURCE_ATTRIBUTES", "DD_TAGS")],
        ),
    ] {
        let config = with_env(variables);
        assert_eq!(text(&config, name), value, "{variables:?}");
        assert_eq!(findings(&config), found, "{variables:?}");
        assert_eq!(config.warnings().len(), found.len(), "{:?}", config.warnings());
    }
}

#[test]
fn values_that_cannot_be_translated_are_ignored() {
    let invalid = OtelProblem::Invalid;
    for (variables, found) in [
        (&[("OTEL_LOG_LEVEL", "loud")][..], &[(invalid, "OTEL_LOG_LEVEL", "DD_LOG_LEVEL")][..]),
        (&[("OTEL_LOG_LEVEL", "off")], &[(invalid, "OTEL_LOG_LEVEL", "DD_LOG_LEVEL")]),
        (&[("OTEL_PROPAGATORS", "jaeger")], &[(invalid, "OTEL_PROPAGATORS", "DD_TRACE_PROPAGATION_STYLE")]),
        (&[("OTEL_TRACES_EXPORTER", "console")], &[(invalid, "OTEL_TRACES_EXPORTER", "DD_TRACE_ENABLED")]),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "foo")], &[(invalid, "OTEL_RESOURCE_ATTRIBUTES", "DD_TAGS")]),
        (
            &[("OTEL_TRACES_SAMPLER", "foo"), ("OTEL_TRACES_SAMPLER_ARG", "foo")],
            &[
                (invalid, "OTEL_TRACES_SAMPLER_ARG", "DD_TRACE_SAMPLE_RATE"),
                (invalid, "OTEL_TRACES_SAMPLER", "DD_TRACE_SAMPLE_RATE"),
            ],
        ),
        (
            &[("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")],
            &[(invalid, "OTEL_TRACES_SAMPLER_ARG", "DD_TRACE_SAMPLE_RATE")],
        ),
    ] {
        let config = with_env(variables);
        assert_eq!(findings(&config), found, "{variables:?}");
        assert_eq!(config.warnings().len(), found.len(), "{:?}", config.warnings());
    }
    let config = with_env(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off"), ("OTEL_TRACES_SAMPLER_ARG", "not needed")]);
    assert!(findings(&config).is_empty());
    let config = with_env(&[("OTEL_PROPAGATORS", "jaeger")]);
    assert_eq!(text(&config, "DD_TRACE_PROPAGATION_STYLE"), "datadog,tracecontext,baggage");
}

#[test]
fn a_bad_datadog_value_gives_way_to_the_other_variable() {
    let config = with_env(&[("DD_TRACE_SAMPLE_RATE", "abc"), ("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    assert_eq!(config.settings.sampling.sample_rate, Some(0.0));
    assert!(findings(&config).is_empty());
}

#[test]
fn log_level_and_debug_mode_together() {
    for (variables, level, debug) in [
        (&[("OTEL_LOG_LEVEL", "error"), ("DD_TRACE_DEBUG", "true")][..], Level::Error, true),
        (&[("OTEL_LOG_LEVEL", "debug")], Level::Debug, true),
        (&[("OTEL_LOG_LEVEL", "debug"), ("DD_TRACE_DEBUG", "false")], Level::Debug, false),
        (&[("OTEL_LOG_LEVEL", "debug"), ("DD_TRACE_LOG_LEVEL", "error"), ("DD_TRACE_DEBUG", "false")], Level::Error, false),
        (&[("OTEL_LOG_LEVEL", "debug"), ("DD_LOG_LEVEL", "error")], Level::Error, false),
    ] {
        let logging = with_env(variables).settings.logging;
        assert_eq!((logging.level, logging.debug), (Some(level), debug), "{variables:?}");
    }
}

#[test]
fn a_sampler_that_ignores_parents_is_coerced_and_reported() {
    for (sampler, rate, ignores_parent) in
        [("always_on", 1.0, true), ("always_off", 0.0, true), ("traceidratio", 1.0, true), ("parentbased_always_on", 1.0, false)]
    {
        let config = with_env(&[("OTEL_TRACES_SAMPLER", sampler)]);
        assert_eq!(config.settings.sampling.sample_rate, Some(rate));
        assert_eq!(text(&config, "DD_TRACE_SAMPLE_IGNORE_PARENT"), ignores_parent.to_string());
        assert_eq!(config.warnings().len(), usize::from(ignores_parent), "{:?}", config.warnings());
    }
    assert_eq!(text(&with_env(&[("OTEL_TRACES_SAMPLER", "foo")]), "DD_TRACE_SAMPLE_IGNORE_PARENT"), "false");
}

#[test]
fn empty_variables_count_as_unset() {
    let config = with_env(&[("OTEL_TRACES_SAMPLER", ""), ("OTEL_SERVICE_NAME", " "), ("OTEL_PROPAGATORS", "")]);
    assert!(config.warnings().is_empty() && findings(&config).is_empty());
    assert_eq!(text(&config, "DD_SERVICE"), "shop");
}

#[test]
fn code_wins_without_a_finding() {
    let config = with_code(&[("DD_SERVICE", "code")], &[("OTEL_SERVICE_NAME", "otel")]);
    assert_eq!(text(&config, "DD_SERVICE"), "code");
    assert!(config.warnings().is_empty() && findings(&config).is_empty());
}

#[test]
fn variables_that_say_nothing_here_are_found() {
    let config = with_env(&[
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_WEATHER", "sunny"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://x"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "10"),
    ]);
    let found: Vec<_> =
        config.otel_findings().iter().map(|finding| (finding.problem, finding.otel.as_ref(), finding.datadog)).collect();
    let unsupported = OtelProblem::Unsupported;
    assert_eq!(found, [(unsupported, "OTEL_BSP_MAX_QUEUE_SIZE", None), (unsupported, "OTEL_WEATHER", None)]);
    let config = with_env(&[("OTEL_LOGS_EXPORTER", "kafka")]);
    let finding = OtelFinding { problem: OtelProblem::Invalid, otel: "OTEL_LOGS_EXPORTER".into(), datadog: None };
    assert_eq!((config.otel_findings(), config.warnings().len()), (&[finding][..], 1));
}
