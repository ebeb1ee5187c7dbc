//! The start-up line: one line of JSON with the settings in effect, which tells support and tests what a process runs with.
//!
//! It reads `DATADOG TRACER CONFIGURATION - {…}`, as that of Datadog's other tracers, with their names of fields. Fields that this library has
//! nothing to say about are left out. Values of sensitive settings are not among them, and URLs have neither user nor password.

use super::snapshot::runtime_id;
use super::system::System;
use crate::config::{Config, ExporterChoice, LogInjection, Origin, PropagationStyle, ReportedValue};
use crate::export::agent::agent_error;
use crate::log::date_text;
use crate::record::unix_ns;
use crate::transport::AgentInfo;
use serde::Serialize;
use std::collections::BTreeMap;

const NANOSECONDS: i64 = 1_000_000_000;

#[derive(Serialize)]
struct Facts<'a> {
    date: String,
    os_name: String,
    os_version: String,
    architecture: String,
    version: &'static str,
    lang: &'a str,
    lang_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    vm: &'a str,
    runtime_id: String,
    env: Option<&'a str>,
    service: &'a str,
    dd_version: Option<&'a str>,
    enabled: bool,
    debug: bool,
    agent_url: Option<String>,
    /// Why it could not be reached, where it was asked already.
    agent_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_features: Option<AgentFeatures>,
    sample_rate: Option<f64>,
    sample_rate_limit: f64,
    sampling_rules: serde_json::Value,
    sampling_rules_error: Option<&'a str>,
    span_sampling_rules: serde_json::Value,
    span_sampling_rules_error: Option<&'a str>,
    tags: BTreeMap<&'a str, &'a str>,
    service_mappings: BTreeMap<&'a str, &'a str>,
    partial_flush_enabled: bool,
    partial_flush_min_spans: usize,
    propagation_style_inject: Vec<&'static str>,
    propagation_style_extract: Vec<&'static str>,
    baggage: Baggage,
    analytics_enabled: bool,
    log_injection_enabled: bool,
    apm_tracing_enabled: bool,
    telemetry_enabled: Option<bool>,
    remote_config_enabled: Option<bool>,
    runtime_metrics_enabled: Option<bool>,
    health_metrics_enabled: Option<bool>,
    profiling_enabled: Option<bool>,
    appsec_enabled: Option<bool>,
    data_streams_enabled: Option<bool>,
    crashtracking_enabled: Option<bool>,
    otlp_traces_export_enabled: bool,
    otlp_metrics_export_enabled: Option<bool>,
    otlp_logs_export_enabled: Option<bool>,
    dogstatsd_address: Option<String>,
    exporter: Option<String>,
    /// Those that set something.
    environment_variables: BTreeMap<&'a str, String>,
}

/// What an agent that was asked already says that it can do.
#[derive(Serialize)]
struct AgentFeatures {
    version: String,
    endpoints: Vec<String>,
    client_drop_p0s: bool,
    span_events: bool,
    feature_flags: Vec<String>,
    statsd_port: Option<u16>,
}

impl AgentFeatures {
    fn of_info(info: &AgentInfo) -> Self {
        AgentFeatures {
            version: info.version.clone(),
            endpoints: info.endpoints.clone(),
            client_drop_p0s: info.client_drop_p0s,
            span_events: info.span_events,
            feature_flags: info.feature_flags.clone(),
            statsd_port: info.statsd_port,
        }
    }
}

#[derive(Serialize)]
struct Baggage {
    max_items: usize,
    max_bytes: usize,
}

/// The line, with its end.
pub(super) fn line(config: &Config) -> String {
    format!("DATADOG TRACER CONFIGURATION - {}\n", json(config, None))
}

/// The settings as the line has them, with what the agent has said about itself.
pub fn json(config: &Config, agent: Option<&AgentInfo>) -> String {
    // Nothing in the facts can fail to be written.
    serde_json::to_string(&facts(config, agent)).unwrap_or_default()
}

fn facts<'a>(config: &'a Config, agent: Option<&AgentInfo>) -> Facts<'a> {
    let settings = &config.settings;
    let system = System::detect();
    let propagation = &settings.propagation;
    Facts {
        date: date_text(unix_ns().div_euclid(NANOSECONDS)),
        os_name: system.name,
        os_version: system.release,
        architecture: system.architecture,
        version: env!("CARGO_PKG_VERSION"),
        lang: &settings.runtime.language,
        lang_version: &settings.runtime.language_version,
        vm: &settings.runtime.interpreter,
        runtime_id: runtime_id(),
        env: settings.identity.env.as_deref(),
        service: &settings.identity.service,
        dd_version: settings.identity.version.as_deref(),
        enabled: settings.enabled,
        debug: settings.logging.debug,
        agent_url: config.value_text("DD_TRACE_AGENT_URL"),
        agent_error: agent_error(&settings.agent.url.to_string()),
        agent_features: agent.map(AgentFeatures::of_info),
        sample_rate: settings.sampling.sample_rate,
        sample_rate_limit: settings.sampling.rate_limit,
        sampling_rules: rules(config, "DD_TRACE_SAMPLING_RULES"),
        sampling_rules_error: error_of(config, "DD_TRACE_SAMPLING_RULES"),
        span_sampling_rules: rules(config, "DD_SPAN_SAMPLING_RULES"),
        span_sampling_rules_error: error_of(config, "DD_SPAN_SAMPLING_RULES"),
        tags: map(&settings.identity.global_tags),
        service_mappings: map(&settings.content.service_mapping),
        partial_flush_enabled: settings.partial_flush.enabled,
        partial_flush_min_spans: settings.partial_flush.min_spans,
        propagation_style_inject: names(&propagation.inject),
        propagation_style_extract: names(&propagation.extract),
        analytics_enabled: false,
        log_injection_enabled: settings.logging.injection != LogInjection::Off,
        apm_tracing_enabled: settings.apm_tracing_enabled,
        telemetry_enabled: flag(config, "DD_INSTRUMENTATION_TELEMETRY_ENABLED"),
        remote_config_enabled: flag(config, "DD_REMOTE_CONFIGURATION_ENABLED"),
        runtime_metrics_enabled: flag(config, "DD_RUNTIME_METRICS_ENABLED"),
        health_metrics_enabled: flag(config, "DD_TRACE_HEALTH_METRICS_ENABLED"),
        profiling_enabled: flag(config, "DD_PROFILING_ENABLED"),
        appsec_enabled: flag(config, "DD_APPSEC_ENABLED"),
        data_streams_enabled: flag(config, "DD_DATA_STREAMS_ENABLED"),
        crashtracking_enabled: flag(config, "DD_CRASHTRACKING_ENABLED"),
        otlp_traces_export_enabled: settings.exporter == ExporterChoice::Otlp,
        otlp_metrics_export_enabled: flag(config, "DD_METRICS_OTEL_ENABLED"),
        otlp_logs_export_enabled: flag(config, "DD_LOGS_OTEL_ENABLED"),
        dogstatsd_address: config.value_text("DD_DOGSTATSD_URL"),
        exporter: config.value_text("LIBDDTRACE_EXPORTER"),
        environment_variables: environment_variables(config),
        baggage: Baggage { max_items: propagation.baggage_max_items, max_bytes: propagation.baggage_max_bytes },
    }
}

/// A switch; `None`: it is not set, or this library has none of this name.
fn flag(config: &Config, name: &str) -> Option<bool> {
    config.value_text(name)?.parse().ok()
}

/// Settings that the environment gave, by the settings' names; without those that are secret.
fn environment_variables(config: &Config) -> BTreeMap<&str, String> {
    let given = config.records().iter().filter(|record| matches!(record.origin, Origin::EnvVar | Origin::OtelEnvVar));
    let text = |value: &ReportedValue| match value {
        ReportedValue::Bool(value) => Some(value.to_string()),
        ReportedValue::Int(value) => Some(value.to_string()),
        ReportedValue::Float(value) => Some(value.to_string()),
        ReportedValue::Text(text) => Some(text.clone()),
        ReportedValue::Null => None,
    };
    given.filter_map(|record| Some((record.name.as_ref(), text(&record.value)?))).collect()
}

/// Rules as the JSON that they were given as.
fn rules(config: &Config, name: &str) -> serde_json::Value {
    let text = config.value_text(name);
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Why a value of the setting was not used.
fn error_of<'a>(config: &'a Config, name: &str) -> Option<&'a str> {
    config.records().iter().filter(|record| record.name == name).find_map(|record| record.error.as_deref())
}

fn map(pairs: &[(String, String)]) -> BTreeMap<&str, &str> {
    pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

fn names(styles: &[PropagationStyle]) -> Vec<&'static str> {
    styles.iter().map(|style| style.name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;

    fn read(settings: &[(&str, &str)]) -> (String, serde_json::Value) {
        let mut builder = ConfigBuilder::new();
        builder.set_env_lookup(std::sync::Arc::new(|_| None));
        settings.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
        let line = line(&builder.resolve());
        let json = line.strip_prefix("DATADOG TRACER CONFIGURATION - ").unwrap();
        let value = serde_json::from_str(json).unwrap();
        (line, value)
    }

    #[test]
    fn the_line_tells_the_settings() {
        let (_, facts) = read(&[
            ("DD_SERVICE", "shop"),
            ("DD_ENV", "staging"),
            ("DD_TAGS", "team:blue"),
            ("DD_TRACE_AGENT_URL", "http://user:secret@agent:9126"),
            ("DD_TRACE_SAMPLING_RULES", r#"[{"service":"a*","sample_rate":0.5}]"#),
            ("DD_TRACE_PROPAGATION_STYLE", "tracecontext"),
        ]);
        assert_eq!(facts["service"], "shop");
        assert_eq!(facts["env"], "staging");
        assert_eq!(facts["dd_version"], serde_json::Value::Null);
        assert_eq!(facts["tags"]["team"], "blue");
        assert_eq!(facts["agent_url"], "http://agent:9126");
        assert_eq!(facts["sampling_rules"][0]["sample_rate"], 0.5);
        assert_eq!(facts["propagation_style_inject"], serde_json::json!(["tracecontext"]));
        assert_eq!(facts["partial_flush_min_spans"], 300);
        assert_eq!(facts["version"], env!("CARGO_PKG_VERSION"));
        assert!(!facts["architecture"].as_str().unwrap().is_empty());
    }

    #[test]
    fn hostile_values_stay_on_the_line() {
        let (line, facts) = read(&[("DD_ENV", "two\nlines\u{0}\u{1b}")]);
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(facts["env"], "two\nlines\u{0}\u{1b}");
    }

    #[test]
    fn rules_that_cannot_be_read_are_an_error() {
        let mut builder = ConfigBuilder::new();
        let given = |name: &str| (name == "DD_TRACE_SAMPLING_RULES").then(|| "[{".to_owned());
        builder.set_env_lookup(std::sync::Arc::new(given));
        let config = builder.resolve();
        assert!(error_of(&config, "DD_TRACE_SAMPLING_RULES").is_some());
        assert_eq!(error_of(&config, "DD_SPAN_SAMPLING_RULES"), None);
        assert!(rules(&config, "DD_TRACE_SAMPLING_RULES").is_null());
    }
}
