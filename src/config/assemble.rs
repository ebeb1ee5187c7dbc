//! Resolved values become typed settings. Where two settings speak of one thing, this is where they meet.

use super::agent_endpoint;
use super::agent_url::AgentUrl;
use super::agentless;
use super::dogstatsd;
use super::exporter_choice::ExporterChoice;
use super::identity;
use super::otlp;
use super::process::Surroundings;
use super::process_tags;
use super::propagation_settings::{ExtractBehavior, OrgGuardSettings, PropagationSettings, PropagationStyle};
use super::proxies::{DirectHosts, ProxySettings};
use super::remote_settings;
use super::resolution::Resolution;
use super::sampling_settings::{RemoteSampling, SamplingSettings};
use super::settings::{
    AgentSettings, AttributeSchema, ContentSettings, DbmMode, DbmSettings, IdentitySettings, LifecycleSettings, LogInjection,
    LoggingSettings, NetworkSettings, OtelApiSettings, PartialFlushSettings, RuntimeSettings, Settings, TraceApiVersion,
    WriterSettings,
};
use super::stats_settings::{CardinalityLimits, ResourceRenaming, SpanMetricsSettings, StatsSettings};
use super::status_ranges::StatusRanges;
use super::telemetry_settings;
use super::value::Value;
use super::web_settings;
use crate::log::{Level, LogFile};
use std::path::PathBuf;
use std::time::Duration;

/// Shortest baggage header that can say anything: `a=b`.
const SHORTEST_BAGGAGE: i64 = 3;

/// The shortest bucket of trace statistics.
const SHORTEST_STATS_INTERVAL: Duration = Duration::from_millis(100);

/// All settings.
pub(super) fn settings(resolution: &mut Resolution, service_is_user_set: bool, surroundings: &Surroundings) -> Settings {
    let api_version = api_version(resolution);
    let exporter = match resolution.value("LIBDDTRACE_EXPORTER") {
        Value::Exporter(choice) => choice.clone(),
        _ => Default::default(),
    };
    let agent_url = agent_endpoint::url(resolution);
    let otlp_traces = otlp::settings(resolution, &otlp::TRACES, &agent_url, exporter == ExporterChoice::Otlp);
    let span_metrics = span_metrics(resolution, &agent_url, exporter == ExporterChoice::Otlp);
    let agentless = agentless::settle(resolution);
    let telemetry = telemetry_settings::settings(resolution, agentless.as_ref(), surroundings);
    let mut identity = identity_settings(resolution, service_is_user_set);
    if resolution.flag("DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED") {
        let inferred = (!service_is_user_set).then_some(identity.service.as_str());
        identity.process_tags = Some(process_tags::text(surroundings, inferred));
    }
    Settings {
        enabled: resolution.flag("DD_TRACE_ENABLED"),
        apm_tracing_enabled: resolution.flag("DD_APM_TRACING_ENABLED"),
        generate_128_bit_trace_ids: resolution.flag("DD_TRACE_128_BIT_TRACEID_GENERATION_ENABLED"),
        identity,
        logging: logging(resolution),
        agent: agent(resolution, api_version),
        agentless,
        network: network(resolution),
        otlp_traces,
        stats: stats(resolution),
        span_metrics,
        dogstatsd: dogstatsd::settings(resolution, surroundings.has_dogstatsd_socket),
        own_metrics: dogstatsd::own_metrics(resolution),
        writer: writer(resolution),
        partial_flush: PartialFlushSettings {
            enabled: resolution.flag("DD_TRACE_PARTIAL_FLUSH_ENABLED"),
            min_spans: resolution.count("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS"),
        },
        content: content(resolution),
        web: web_settings::settings(resolution),
        otel_api: OtelApiSettings {
            enabled: resolution.optional_flag("DD_TRACE_OTEL_ENABLED"),
            semantics: resolution.flag("DD_TRACE_OTEL_SEMANTICS_ENABLED"),
        },
        sampling: sampling(resolution),
        propagation: propagation(resolution),
        remote_config: remote_settings::settings(resolution),
        exporter,
        telemetry,
        runtime: RuntimeSettings {
            language: resolution.text("LIBDDTRACE_LANGUAGE").unwrap_or_default(),
            language_version: resolution.text("LIBDDTRACE_LANGUAGE_VERSION").unwrap_or_default(),
            interpreter: resolution.text("LIBDDTRACE_INTERPRETER").unwrap_or_default(),
        },
        lifecycle: lifecycle(resolution, surroundings),
    }
}

fn identity_settings(resolution: &Resolution, service_is_user_set: bool) -> IdentitySettings {
    IdentitySettings {
        service: resolution.text("DD_SERVICE").unwrap_or_default(),
        service_is_user_set,
        env: resolution.text("DD_ENV"),
        version: resolution.text("DD_VERSION"),
        global_tags: identity::global_tags(resolution),
        git_metadata: resolution.flag("DD_TRACE_GIT_METADATA_ENABLED"),
        git_repository_url: resolution.text("DD_GIT_REPOSITORY_URL"),
        git_commit_sha: resolution.text("DD_GIT_COMMIT_SHA"),
        report_hostname: resolution.flag("DD_TRACE_REPORT_HOSTNAME"),
        hostname: resolution.text("DD_HOSTNAME").or_else(|| resolution.text("DD_TRACE_SOURCE_HOSTNAME")),
        process_tags: None,
    }
}

fn logging(resolution: &Resolution) -> LoggingSettings {
    LoggingSettings {
        debug: resolution.flag("DD_TRACE_DEBUG"),
        level: level(resolution, "DD_TRACE_LOG_LEVEL"),
        rate_limit: Duration::from_secs(resolution.unsigned("DD_TRACE_LOGGING_RATE")),
        file: log_file(resolution),
        stderr: resolution.flag("DD_TRACE_LOG_STREAM_HANDLER"),
        startup_logs: resolution.flag("DD_TRACE_STARTUP_LOGS"),
        no_color: resolution.text("NO_COLOR").is_some(),
        show_128_bit_trace_ids: resolution.flag("DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED"),
        injection: match resolution.value("DD_LOGS_INJECTION") {
            Value::Bool(true) => LogInjection::On,
            Value::Choice(_) => LogInjection::Structured,
            _ => LogInjection::Off,
        },
    }
}

fn level(resolution: &Resolution, name: &str) -> Option<Level> {
    match resolution.choice(name) {
        "off" => None,
        "error" => Some(Level::Error),
        "info" => Some(Level::Info),
        "debug" => Some(Level::Debug),
        "trace" => Some(Level::Trace),
        _ => Some(Level::Warn),
    }
}

/// The file that is named, or one of this process in the directory that is named.
fn log_file(resolution: &Resolution) -> Option<LogFile> {
    let path = resolution.text("DD_TRACE_LOG_FILE").map(PathBuf::from).or_else(|| {
        let language = resolution.text("LIBDDTRACE_LANGUAGE").unwrap_or_default().replace(['/', '\0'], "_");
        let name = format!("ddtrace_{language}_{}.log", std::process::id());
        Some(PathBuf::from(resolution.text("DD_TRACE_LOG_DIRECTORY")?).join(name))
    })?;
    let max_bytes = resolution.unsigned("DD_TRACE_LOG_FILE_SIZE_BYTES");
    Some(LogFile { path, level: level(resolution, "DD_TRACE_LOG_FILE_LEVEL"), max_bytes })
}

fn agent(resolution: &Resolution, api_version: (TraceApiVersion, bool)) -> AgentSettings {
    AgentSettings {
        url: agent_endpoint::url(resolution),
        timeout: resolution.seconds("DD_TRACE_AGENT_TIMEOUT_SECONDS"),
        api_version: api_version.0,
        api_version_is_set: api_version.1,
        extra_headers: resolution.tags("_DD_TRACE_WRITER_ADDITIONAL_HEADERS").into(),
        external_env: resolution.text("DD_EXTERNAL_ENV"),
        entity_id: resolution.text("DD_ENTITY_ID"),
        stats_computation: resolution.optional_flag("DD_TRACE_STATS_COMPUTATION_ENABLED"),
        stats_for_any_version: resolution.flag("DD_TRACE_STATS_COMPUTATION_IGNORE_AGENT_VERSION"),
    }
}

/// The trace format, and whether it was asked for.
fn api_version(resolution: &mut Resolution) -> (TraceApiVersion, bool) {
    let names = ["DD_TRACE_API_VERSION", "DD_TRACE_AGENT_PROTOCOL_VERSION"];
    let Some(name) = names.into_iter().find(|name| resolution.is_set(name)) else {
        return (TraceApiVersion::V04, false);
    };
    match resolution.choice(name) {
        "v0.5" => (TraceApiVersion::V05, true),
        "v1.0" => (TraceApiVersion::V10, true),
        _ => (TraceApiVersion::V04, true),
    }
}

fn network(resolution: &Resolution) -> NetworkSettings {
    let proxy = |name: &str| match resolution.value(name) {
        Value::Proxy(proxy) => Some(proxy.clone()),
        _ => None,
    };
    NetworkSettings {
        proxies: ProxySettings {
            https: proxy("DD_PROXY_HTTPS"),
            http: proxy("DD_PROXY_HTTP"),
            direct: DirectHosts::parse(&resolution.text("DD_PROXY_NO_PROXY").unwrap_or_default()),
        },
        certificate_file: resolution.text("SSL_CERT_FILE").map(Into::into),
        certificate_directory: resolution.text("SSL_CERT_DIR").map(Into::into),
    }
}

fn stats(resolution: &Resolution) -> StatsSettings {
    StatsSettings {
        interval: resolution.seconds("_DD_TRACE_STATS_WRITER_INTERVAL").max(SHORTEST_STATS_INTERVAL),
        additional_tags: resolution.list("DD_TRACE_STATS_ADDITIONAL_TAGS"),
        limits: CardinalityLimits {
            keys: resolution.count("DD_TRACE_STATS_CARDINALITY_LIMIT"),
            resources: resolution.count("DD_TRACE_STATS_RESOURCE_CARDINALITY_LIMIT"),
            http_endpoints: resolution.count("DD_TRACE_STATS_HTTP_ENDPOINT_CARDINALITY_LIMIT"),
            peer_tags: resolution.count("DD_TRACE_STATS_PEER_TAGS_CARDINALITY_LIMIT"),
            additional_tags: resolution.count("DD_TRACE_STATS_ADDITIONAL_TAGS_CARDINALITY_LIMIT"),
        },
    }
}

/// Unless it is said, spans have metrics where both traces and metrics go out by OTLP.
fn span_metrics(resolution: &mut Resolution, agent: &AgentUrl, traces_are_otlp: bool) -> Option<SpanMetricsSettings> {
    let both_are_otlp = traces_are_otlp && resolution.flag("DD_METRICS_OTEL_ENABLED");
    let wanted = resolution.optional_flag("OTEL_TRACES_SPAN_METRICS_ENABLED").unwrap_or(both_are_otlp);
    let is_on = wanted && resolution.flag("DD_TRACE_ENABLED") && resolution.flag("DD_APM_TRACING_ENABLED");
    is_on.then(|| SpanMetricsSettings {
        otlp: otlp::settings(resolution, &otlp::METRICS, agent, true),
        interval: Duration::from_millis(resolution.unsigned("_DD_TRACE_METRICS_OTEL_FLUSH_INTERVAL")),
    })
}

/// `ALWAYS_…` says something only where renaming is on.
fn resource_renaming(resolution: &Resolution) -> ResourceRenaming {
    match ["DD_TRACE_RESOURCE_RENAMING_ENABLED", "DD_TRACE_RESOURCE_RENAMING_ALWAYS_SIMPLIFIED_ENDPOINT"]
        .map(|name| resolution.flag(name))
    {
        [false, _] => ResourceRenaming::Off,
        [true, false] => ResourceRenaming::WithoutRoute,
        [true, true] => ResourceRenaming::Always,
    }
}

fn writer(resolution: &Resolution) -> WriterSettings {
    WriterSettings {
        interval: resolution.seconds("DD_TRACE_WRITER_INTERVAL_SECONDS"),
        buffer_size: resolution.count("DD_TRACE_WRITER_BUFFER_SIZE_BYTES"),
        max_payload_size: resolution.count("DD_TRACE_WRITER_MAX_PAYLOAD_SIZE_BYTES"),
        is_synchronous: resolution.flag("LIBDDTRACE_SYNCHRONOUS"),
    }
}

fn content(resolution: &Resolution) -> ContentSettings {
    let schema = match resolution.choice("DD_TRACE_SPAN_ATTRIBUTE_SCHEMA") {
        "v1" => AttributeSchema::V1,
        _ => AttributeSchema::V0,
    };
    ContentSettings {
        service_mapping: resolution.tags("DD_SERVICE_MAPPING"),
        peer_service_mapping: resolution.tags("DD_TRACE_PEER_SERVICE_MAPPING"),
        peer_service_defaults: resolution.flag("DD_TRACE_PEER_SERVICE_DEFAULTS_ENABLED") || schema == AttributeSchema::V1,
        one_service: resolution.flag("DD_TRACE_REMOVE_INTEGRATION_SERVICE_NAMES_ENABLED"),
        schema,
        http_server_errors: resolution.statuses("DD_TRACE_HTTP_SERVER_ERROR_STATUSES"),
        http_client_errors: resolution.statuses("DD_TRACE_HTTP_CLIENT_ERROR_STATUSES"),
        native_span_events: resolution.flag("DD_TRACE_NATIVE_SPAN_EVENTS"),
        traceback_max_size: resolution.count("DD_TRACE_SPAN_TRACEBACK_MAX_SIZE"),
        dbm: DbmSettings {
            mode: match resolution.choice("DD_DBM_PROPAGATION_MODE") {
                "service" => DbmMode::Service,
                "dynamic_service" => DbmMode::DynamicService,
                "full" => DbmMode::Full,
                _ => DbmMode::Disabled,
            },
            with_base_hash: resolution.flag("DD_DBM_INJECT_SQL_BASEHASH"),
        },
        resource_renaming: resource_renaming(resolution),
    }
}

fn sampling(resolution: &Resolution) -> SamplingSettings {
    SamplingSettings {
        rules: match resolution.value("DD_TRACE_SAMPLING_RULES") {
            Value::Rules(rules, _) => rules.clone(),
            _ => Vec::new(),
        },
        sample_rate: match resolution.value("DD_TRACE_SAMPLE_RATE") {
            Value::Rate(rate) => Some(*rate),
            _ => None,
        },
        rate_limit: resolution.number("DD_TRACE_RATE_LIMIT"),
        rate_limit_is_set: resolution.is_set("DD_TRACE_RATE_LIMIT"),
        span_rules: match resolution.value("DD_SPAN_SAMPLING_RULES") {
            Value::SpanRules(rules, _) => rules.clone(),
            _ => Vec::new(),
        },
        remote: RemoteSampling::default(),
        apm_tracing: resolution.flag("DD_APM_TRACING_ENABLED"),
    }
}

fn propagation(resolution: &Resolution) -> PropagationSettings {
    let max_items = resolution.integer("DD_TRACE_BAGGAGE_MAX_ITEMS");
    let max_bytes = resolution.integer("DD_TRACE_BAGGAGE_MAX_BYTES");
    let has_baggage = max_items > 0 && max_bytes >= SHORTEST_BAGGAGE;
    let styles = |dedicated: &str, old: &str| {
        let mut styles = propagation_styles(resolution, dedicated, old);
        styles.retain(|style| has_baggage || *style != PropagationStyle::Baggage);
        styles
    };
    PropagationSettings {
        extract: styles("DD_TRACE_PROPAGATION_STYLE_EXTRACT", "DD_PROPAGATION_STYLE_EXTRACT"),
        inject: styles("DD_TRACE_PROPAGATION_STYLE_INJECT", "DD_PROPAGATION_STYLE_INJECT"),
        extract_first: resolution.flag("DD_TRACE_PROPAGATION_EXTRACT_FIRST"),
        behavior: match resolution.choice("DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT") {
            "restart" => ExtractBehavior::Restart,
            "ignore" => ExtractBehavior::Ignore,
            _ => ExtractBehavior::Continue,
        },
        tags_max_length: resolution.count("DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH"),
        baggage_max_items: resolution.count("DD_TRACE_BAGGAGE_MAX_ITEMS"),
        baggage_max_bytes: resolution.count("DD_TRACE_BAGGAGE_MAX_BYTES"),
        baggage_tag_keys: resolution.list("DD_TRACE_BAGGAGE_TAG_KEYS"),
        http_baggage: resolution.flag("DD_TRACE_PROPAGATION_HTTP_BAGGAGE_ENABLED"),
        org_guard: OrgGuardSettings {
            enabled: resolution.flag("DD_TRACE_ORG_GUARD_ENABLED"),
            strict: resolution.flag("DD_TRACE_ORG_GUARD_STRICT"),
            trusted: resolution.list("DD_TRACE_ORG_GUARD_TRUSTED_OPMS"),
        },
        apm_tracing: resolution.flag("DD_APM_TRACING_ENABLED"),
    }
}

/// The styles of one direction: its own setting, else the one for both, else its old name, else the default.
fn propagation_styles(resolution: &Resolution, dedicated: &str, old: &str) -> Vec<PropagationStyle> {
    let general = "DD_TRACE_PROPAGATION_STYLE";
    let name = [dedicated, general, old].into_iter().find(|name| resolution.is_set(name)).unwrap_or(general);
    match resolution.value(name) {
        Value::Styles(styles) => styles.clone(),
        _ => Vec::new(),
    }
}

fn lifecycle(resolution: &Resolution, surroundings: &Surroundings) -> LifecycleSettings {
    let host_driven = resolution.flag("LIBDDTRACE_HOST_DRIVEN");
    LifecycleSettings {
        host_driven,
        flush_at_exit: resolution.flag("LIBDDTRACE_FLUSH_AT_EXIT") && !host_driven,
        is_restored: surroundings.environment.get_non_empty("AWS_LAMBDA_MICROVM_IMAGE_ARN").is_some(),
        listeners_raise: resolution.flag("DD_TESTING_RAISE"),
        shares_context: resolution.flag("LIBDDTRACE_SHARE_CONTEXT"),
        shutdown_timeout: Duration::from_millis(resolution.unsigned("LIBDDTRACE_SHUTDOWN_TIMEOUT_MS")),
        max_live_spans: resolution.count("LIBDDTRACE_MAX_LIVE_SPANS"),
    }
}

/// Typed reading. Settings with a default always have a value of their type, which the tests of the table guarantee.
impl Resolution {
    pub(super) fn flag(&self, name: &str) -> bool {
        *self.value(name) == Value::Bool(true)
    }

    pub(super) fn optional_flag(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Value::Bool(enabled) => Some(*enabled),
            _ => None,
        }
    }

    fn integer(&self, name: &str) -> i64 {
        match self.value(name) {
            Value::Int(number) => *number,
            _ => 0,
        }
    }

    pub(super) fn unsigned(&self, name: &str) -> u64 {
        self.integer(name).try_into().unwrap_or(0)
    }

    /// A size or a number of things; negative ones are none.
    pub(super) fn count(&self, name: &str) -> usize {
        usize::try_from(self.unsigned(name)).unwrap_or(usize::MAX)
    }

    fn number(&self, name: &str) -> f64 {
        match self.value(name) {
            Value::Number(number) => *number,
            _ => 0.0,
        }
    }

    /// A time, at least a millisecond: nothing here may spin.
    pub(super) fn seconds(&self, name: &str) -> Duration {
        Duration::try_from_secs_f64(self.number(name)).unwrap_or_default().max(Duration::from_millis(1))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    pub(super) fn choice(&self, name: &str) -> &'static str {
        match self.value(name) {
            Value::Choice(word) => word,
            _ => "",
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Value::List(items) => items.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn tags(&self, name: &str) -> Vec<(String, String)> {
        match self.value(name) {
            Value::Tags(tags) => tags.clone(),
            _ => Vec::new(),
        }
    }

    fn statuses(&self, name: &str) -> StatusRanges {
        match self.value(name) {
            Value::Statuses(ranges) => ranges.clone(),
            _ => StatusRanges::default(),
        }
    }
}
