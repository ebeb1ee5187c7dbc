use super::*;
use crate::config::{
    AgentUrl, AttributeSchema, CardinalityLimits, ExporterChoice, Origin, PropagationSettings, ResourceRenaming, SETTINGS,
    SamplingSettings, TraceApiVersion,
};
use crate::log::Level;
use std::time::Duration;

#[test]
fn nothing_set_means_the_documented_defaults() {
    let config = with_env(&[]);
    let settings = &config.settings;
    assert!(settings.enabled && settings.apm_tracing_enabled && settings.generate_128_bit_trace_ids);
    assert_eq!(settings.sampling, SamplingSettings::default());
    assert_eq!(settings.propagation, PropagationSettings::default());
    assert_eq!(settings.exporter, ExporterChoice::Agent);
    assert_eq!(settings.agent.url, AgentUrl::http("localhost", 8126));
    assert_eq!(settings.agent.timeout, Duration::from_secs(2));
    assert_eq!((settings.agent.api_version, settings.agent.api_version_is_set), (TraceApiVersion::V04, false));
    assert_eq!((settings.agent.stats_computation, settings.agent.stats_for_any_version), (None, false));
    assert_eq!((settings.stats.limits, settings.stats.additional_tags.len()), (CardinalityLimits::default(), 0));
    assert_eq!(settings.content.resource_renaming, ResourceRenaming::Off);
    assert_eq!(settings.writer.interval, Duration::from_secs(2));
    assert_eq!((settings.writer.buffer_size, settings.writer.max_payload_size), (20_971_520, 20_971_520));
    assert_eq!((settings.partial_flush.enabled, settings.partial_flush.min_spans), (true, 300));
    assert_eq!((settings.logging.level, settings.logging.debug), (Some(Level::Warn), false));
    assert_eq!(settings.logging.rate_limit, Duration::from_secs(60));
    assert_eq!(settings.content.schema, AttributeSchema::V0);
    assert!(settings.content.http_server_errors.contains(500) && !settings.content.http_server_errors.contains(499));
    assert!(settings.content.http_client_errors.contains(404) && !settings.content.http_client_errors.contains(500));
    assert_eq!(settings.runtime.language, "cpp");
    assert_eq!(settings.lifecycle.shutdown_timeout, Duration::from_secs(5));
    assert_eq!(settings.lifecycle.max_live_spans, 65536);
    assert!(settings.lifecycle.flush_at_exit && !settings.lifecycle.host_driven);
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
}

#[test]
fn every_default_shows_as_it_is_written_or_as_its_number() {
    let config = with_env(&[]);
    for setting in SETTINGS.iter().filter(|setting| config.origin(setting.name) == Some(Origin::Default)) {
        let written = setting.default.map(|text| text.strip_suffix(".0").unwrap_or(text).to_owned());
        assert_eq!(config.value_text(setting.name), written, "{}", setting.name);
    }
}

#[test]
fn every_setting_reaches_its_field() {
    let config = with_env(&[
        ("DD_TRACE_ENABLED", "false"),
        ("DD_APM_TRACING_ENABLED", "0"),
        ("DD_TRACE_128_BIT_TRACEID_GENERATION_ENABLED", "false"),
        ("DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED", "false"),
        ("DD_TRACE_STARTUP_LOGS", "false"),
        ("DD_TRACE_STATS_COMPUTATION_IGNORE_AGENT_VERSION", "true"),
        ("DD_TRACE_STATS_ADDITIONAL_TAGS", "region,tenant"),
        ("DD_TRACE_STATS_CARDINALITY_LIMIT", "1"),
        ("DD_TRACE_STATS_RESOURCE_CARDINALITY_LIMIT", "2"),
        ("DD_TRACE_STATS_HTTP_ENDPOINT_CARDINALITY_LIMIT", "3"),
        ("DD_TRACE_STATS_PEER_TAGS_CARDINALITY_LIMIT", "4"),
        ("DD_TRACE_STATS_ADDITIONAL_TAGS_CARDINALITY_LIMIT", "5"),
        ("DD_TRACE_RESOURCE_RENAMING_ENABLED", "true"),
        ("DD_TRACE_RESOURCE_RENAMING_ALWAYS_SIMPLIFIED_ENDPOINT", "true"),
        ("DD_TRACE_LOGGING_RATE", "0"),
        ("DD_TRACE_REPORT_HOSTNAME", "1"),
        ("DD_TRACE_SOURCE_HOSTNAME", "weak"),
        ("DD_HOSTNAME", "strong"),
        ("DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED", "false"),
        ("DD_TRACE_GIT_METADATA_ENABLED", "false"),
        ("DD_TRACE_AGENT_TIMEOUT_SECONDS", "0.5"),
        ("DD_TRACE_WRITER_INTERVAL_SECONDS", "0.1"),
        ("DD_TRACE_WRITER_BUFFER_SIZE_BYTES", "1000"),
        ("DD_TRACE_WRITER_MAX_PAYLOAD_SIZE_BYTES", "2000"),
        ("DD_TRACE_PARTIAL_FLUSH_ENABLED", "false"),
        ("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "5"),
        ("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", "X-Datadog-Test-Session-Token:abc"),
        ("DD_SERVICE_MAPPING", "a:b"),
        ("DD_TRACE_PEER_SERVICE_MAPPING", "c:d,e:f"),
        ("DD_TRACE_SPAN_ATTRIBUTE_SCHEMA", "V1"),
        ("DD_TRACE_HTTP_SERVER_ERROR_STATUSES", "250-200"),
        ("DD_TRACE_HTTP_CLIENT_ERROR_STATUSES", "418"),
        ("DD_TRACE_NATIVE_SPAN_EVENTS", "1"),
        ("DD_TRACE_SPAN_TRACEBACK_MAX_SIZE", "7"),
        ("DD_TRACE_STATS_COMPUTATION_ENABLED", "false"),
        ("DD_EXTERNAL_ENV", "it-false,cn-web"),
        ("DD_ENTITY_ID", "pod"),
    ]);
    let settings = &config.settings;
    assert!(!settings.enabled && !settings.apm_tracing_enabled && !settings.generate_128_bit_trace_ids);
    assert!(!settings.logging.show_128_bit_trace_ids && !settings.logging.startup_logs);
    assert_eq!(settings.logging.rate_limit, Duration::ZERO);
    assert!(settings.identity.report_hostname && settings.identity.process_tags.is_none() && !settings.identity.git_metadata);
    assert_eq!(settings.identity.hostname.as_deref(), Some("strong"));
    assert_eq!(settings.agent.timeout, Duration::from_millis(500));
    assert_eq!(settings.writer.interval, Duration::from_millis(100));
    assert_eq!((settings.writer.buffer_size, settings.writer.max_payload_size), (1000, 2000));
    assert_eq!((settings.partial_flush.enabled, settings.partial_flush.min_spans), (false, 5));
    assert_eq!(*settings.agent.extra_headers, [("X-Datadog-Test-Session-Token".to_owned(), "abc".to_owned())]);
    assert_eq!(settings.content.service_mapping, [("a".to_owned(), "b".to_owned())]);
    assert_eq!(settings.content.peer_service_mapping.len(), 2);
    assert_eq!((settings.content.schema, settings.content.peer_service_defaults), (AttributeSchema::V1, true));
    assert!(settings.content.http_server_errors.contains(225) && settings.content.http_client_errors.contains(418));
    assert!(settings.content.native_span_events);
    assert_eq!(settings.content.traceback_max_size, 7);
    assert_eq!((settings.agent.stats_computation, settings.agent.stats_for_any_version), (Some(false), true));
    let limits = CardinalityLimits { keys: 1, resources: 2, http_endpoints: 3, peer_tags: 4, additional_tags: 5 };
    assert_eq!((settings.stats.limits, settings.stats.additional_tags.concat()), (limits, "regiontenant".to_owned()));
    assert_eq!(settings.content.resource_renaming, ResourceRenaming::Always);
    assert_eq!(settings.agent.external_env.as_deref(), Some("it-false,cn-web"));
    assert_eq!(settings.agent.entity_id.as_deref(), Some("pod"));
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
}

#[test]
fn settings_of_this_library_reach_their_fields() {
    let config = with_code(
        &[
            ("LIBDDTRACE_EXPORTER", "file:/tmp/spans.json"),
            ("LIBDDTRACE_LANGUAGE", "python"),
            ("LIBDDTRACE_LANGUAGE_VERSION", "3.13"),
            ("LIBDDTRACE_INTERPRETER", "CPython"),
            ("LIBDDTRACE_SHUTDOWN_TIMEOUT_MS", "10"),
            ("LIBDDTRACE_MAX_LIVE_SPANS", "1"),
            ("LIBDDTRACE_HOST_DRIVEN", "true"),
        ],
        &[],
    );
    let settings = &config.settings;
    assert_eq!(settings.exporter, ExporterChoice::File("/tmp/spans.json".to_owned()));
    assert_eq!((settings.runtime.language.as_str(), settings.runtime.language_version.as_str()), ("python", "3.13"));
    assert_eq!(settings.runtime.interpreter, "CPython");
    assert_eq!(settings.lifecycle.shutdown_timeout, Duration::from_millis(10));
    assert_eq!(settings.lifecycle.max_live_spans, 1);
    assert!(settings.lifecycle.host_driven);
    assert!(!settings.lifecycle.flush_at_exit, "a host-driven tracer never flushes at exit");
}

#[test]
fn the_trace_format_is_v04_unless_another_is_asked_for() {
    use TraceApiVersion::{V04, V05, V10};
    for (variables, format, is_set) in [
        (&[("DD_TRACE_API_VERSION", "v0.5")][..], V05, true),
        (&[("DD_TRACE_AGENT_PROTOCOL_VERSION", "0.5")], V05, true),
        (&[("DD_TRACE_API_VERSION", "v0.4"), ("DD_TRACE_AGENT_PROTOCOL_VERSION", "0.5")], V04, true),
        (&[("DD_TRACE_API_VERSION", "v0.3")], V04, false),
        (&[("DD_TRACE_API_VERSION", "v0.7")], V04, false),
        (&[("DD_TRACE_AGENT_PROTOCOL_VERSION", "v1")], V10, true),
        (&[("DD_TRACE_AGENT_PROTOCOL_VERSION", "1.0")], V10, true),
        (&[("DD_TRACE_API_VERSION", "v1.0")], V10, true),
    ] {
        let agent = with_env(variables).settings.agent;
        assert_eq!((agent.api_version, agent.api_version_is_set), (format, is_set), "{variables:?}");
    }
    for unsupported in ["v0.3", "v0.7", "2"] {
        let config = with_env(&[("DD_TRACE_API_VERSION", unsupported)]);
        assert!(config.warnings()[0].starts_with("environment variable DD_TRACE_API_VERSION"), "{unsupported}");
    }
}

#[test]
fn log_levels() {
    for (variables, level, shown) in [
        (&[("DD_TRACE_LOG_LEVEL", "off")][..], None, "off"),
        (&[("DD_TRACE_LOG_LEVEL", "WARNING")], Some(Level::Warn), "warn"),
        (&[("DD_LOG_LEVEL", "error")], Some(Level::Error), "error"),
        (&[("DD_TRACE_LOG_LEVEL", "loud")], Some(Level::Warn), "warn"),
        (&[("DD_TRACE_DEBUG", "true")], Some(Level::Debug), "debug"),
        (&[("DD_TRACE_DEBUG", "true"), ("DD_TRACE_LOG_LEVEL", "error")], Some(Level::Error), "error"),
        (&[("DD_TRACE_DEBUG", "true"), ("DD_TRACE_LOG_LEVEL", "warn")], Some(Level::Warn), "warn"),
    ] {
        let config = with_env(variables);
        assert_eq!(config.settings.logging.level, level, "{variables:?}");
        assert_eq!(text(&config, "DD_TRACE_LOG_LEVEL"), shown, "{variables:?}");
    }
}

#[test]
fn small_and_large_numbers_stay_within_their_bounds() {
    let config = with_env(&[
        ("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "0"),
        ("DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH", "-5"),
        ("DD_TRACE_WRITER_INTERVAL_SECONDS", "1e-300"),
        ("DD_TRACE_AGENT_TIMEOUT_SECONDS", "1e300"),
    ]);
    assert_eq!(config.settings.partial_flush.min_spans, 1);
    assert_eq!(config.settings.propagation.tags_max_length, 0);
    assert_eq!(config.settings.writer.interval, Duration::from_millis(1));
    assert_eq!(config.settings.agent.timeout, Duration::from_secs(2));
    assert_eq!(config.warnings().len(), 3);
    assert_eq!(with_env(&[("DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH", "4096")]).settings.propagation.tags_max_length, 512);
}

#[test]
fn a_real_process_resolves() {
    let config = ConfigBuilder::new().resolve();
    assert!(!config.settings.identity.service.is_empty());
    assert_eq!(config.origin("LIBDDTRACE_EXPORTER"), Some(Origin::Default));
}
