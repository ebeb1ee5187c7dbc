//! The settings as the rest of the library reads them: plain and typed.

use super::agent_url::AgentUrl;
use super::agentless::AgentlessSettings;
use super::dogstatsd::{DogstatsdSettings, OwnMetricsSettings};
use super::exporter_choice::ExporterChoice;
use super::header_list::HeaderList;
use super::otlp::OtlpSettings;
use super::propagation_settings::PropagationSettings;
use super::proxies::ProxySettings;
use super::remote_settings::RemoteConfigSettings;
use super::sampling_settings::SamplingSettings;
use super::stats_settings::{ResourceRenaming, SpanMetricsSettings, StatsSettings};
use super::status_ranges::StatusRanges;
use super::telemetry_settings::TelemetrySettings;
use super::web_settings::WebSettings;
use crate::log::{Level, LogFile};
use std::path::PathBuf;
use std::time::Duration;

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DD_TRACE_ENABLED`: off, spans propagate but are not recorded.
    pub enabled: bool,
    /// `DD_APM_TRACING_ENABLED`.
    pub apm_tracing_enabled: bool,
    /// `DD_TRACE_128_BIT_TRACEID_GENERATION_ENABLED`.
    pub generate_128_bit_trace_ids: bool,
    /// Who the traces come from.
    pub identity: IdentitySettings,
    /// The library's own messages.
    pub logging: LoggingSettings,
    /// Where the agent is and how to talk to it.
    pub agent: AgentSettings,
    /// Sending without an agent; `None`: with one, or elsewhere.
    pub agentless: Option<AgentlessSettings>,
    /// The way to other machines.
    pub network: NetworkSettings,
    /// How traces are sent by OTLP, if they are.
    pub otlp_traces: OtlpSettings,
    /// Trace statistics.
    pub stats: StatsSettings,
    /// Metrics of spans over OTLP; `None`: there are none.
    pub span_metrics: Option<SpanMetricsSettings>,
    /// Metrics by DogStatsD.
    pub dogstatsd: DogstatsdSettings,
    /// Metrics that the library itself sends.
    pub own_metrics: OwnMetricsSettings,
    /// Memory and rhythm of sending.
    pub writer: WriterSettings,
    /// Sending parts of unfinished traces.
    pub partial_flush: PartialFlushSettings,
    /// What is put on spans.
    pub content: ContentSettings,
    /// What is put on spans of web requests.
    pub web: WebSettings,
    /// Spans of the OpenTelemetry API.
    pub otel_api: OtelApiSettings,
    /// Which traces are kept.
    pub sampling: SamplingSettings,
    /// Which headers are read and written.
    pub propagation: PropagationSettings,
    /// Remote configuration.
    pub remote_config: RemoteConfigSettings,
    /// Where finished spans go.
    pub exporter: ExporterChoice,
    /// What the library tells of itself.
    pub telemetry: TelemetrySettings,
    /// The language of the binding.
    pub runtime: RuntimeSettings,
    /// Threads, exit, limits.
    pub lifecycle: LifecycleSettings,
}

/// Who the traces come from.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// The service, never empty.
    pub service: String,
    /// Whether the user named the service; otherwise it was derived from the process.
    pub service_is_user_set: bool,
    /// The environment.
    pub env: Option<String>,
    /// The version of the service.
    pub version: Option<String>,
    /// Tags of every span, without those that stand for a setting.
    pub global_tags: Vec<(String, String)>,
    /// Whether repository and commit are reported.
    pub git_metadata: bool,
    /// The repository, without credentials.
    pub git_repository_url: Option<String>,
    /// The commit.
    pub git_commit_sha: Option<String>,
    /// Whether the host's name is reported.
    pub report_hostname: bool,
    /// A host name to use instead of the detected one.
    pub hostname: Option<String>,
    /// Tags that describe the process, `key:value` with commas between them; `None`: they are not reported.
    pub process_tags: Option<String>,
}

/// The library's own messages.
#[derive(Clone, Debug)]
pub struct LoggingSettings {
    /// Whether debug mode is on.
    pub debug: bool,
    /// The least urgent level that is shown; `None`: nothing is.
    pub level: Option<Level>,
    /// Time in which a message is not repeated; zero: no limit.
    pub rate_limit: Duration,
    /// A file for messages.
    pub file: Option<LogFile>,
    /// Whether messages go to stderr, too.
    pub stderr: bool,
    /// Whether the configuration is logged at start.
    pub startup_logs: bool,
    /// `NO_COLOR`: the console exporters use no colour.
    pub no_color: bool,
    /// Whether log correlation shows all 128 bits of trace ids.
    pub show_128_bit_trace_ids: bool,
    /// Whether log lines of the program name their trace.
    pub injection: LogInjection,
}

/// Whether log lines of the program name their trace; bindings see to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogInjection {
    /// They do not.
    #[default]
    Off,
    /// They do.
    On,
    /// Those of structured loggers do.
    Structured,
}

/// A trace format of the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceApiVersion {
    /// `/v0.4/traces`.
    #[default]
    V04,
    /// `/v0.5/traces`.
    V05,
    /// `/v1.0/traces`.
    V10,
}

/// Where the agent is and how to talk to it.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// Where the agent is.
    pub url: AgentUrl,
    /// Time limit of one request.
    pub timeout: Duration,
    /// The trace format asked for.
    pub api_version: TraceApiVersion,
    /// Whether the format was asked for explicitly.
    pub api_version_is_set: bool,
    /// Further headers of every request.
    pub extra_headers: HeaderList,
    /// `DD_EXTERNAL_ENV`.
    pub external_env: Option<String>,
    /// `DD_ENTITY_ID`.
    pub entity_id: Option<String>,
    /// Whether trace statistics are computed here; `None`: if the agent can take them.
    pub stats_computation: Option<bool>,
    /// Whether they are computed for any version of the agent.
    pub stats_for_any_version: bool,
}

/// The way to other machines.
#[derive(Clone, Debug, Default)]
pub struct NetworkSettings {
    /// HTTP proxies; not for the agent.
    pub proxies: ProxySettings,
    /// A file with the certificates of trusted authorities.
    pub certificate_file: Option<PathBuf>,
    /// A directory with the certificates of trusted authorities.
    pub certificate_directory: Option<PathBuf>,
}

/// Memory and rhythm of sending.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// Time between two payloads.
    pub interval: Duration,
    /// Memory for records that wait, in bytes.
    pub buffer_size: usize,
    /// Largest payload in bytes.
    pub max_payload_size: usize,
    /// Whether traces are sent before the end of a span returns.
    pub is_synchronous: bool,
}

/// Sending parts of unfinished traces.
#[derive(Clone, Debug)]
pub struct PartialFlushSettings {
    /// Whether it happens.
    pub enabled: bool,
    /// Finished spans that make it happen; at least 1.
    pub min_spans: usize,
}

/// A naming schema of integrations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttributeSchema {
    /// Names by integration.
    #[default]
    V0,
    /// Uniform names.
    V1,
}

/// Spans of the OpenTelemetry API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtelApiSettings {
    /// Whether they are recorded; `None`: by programs that ask for them.
    pub enabled: Option<bool>,
    /// Whether attributes stay as they are: none stands for a field, `env` and `version` are no tags, exceptions are events alone.
    pub semantics: bool,
}

/// What is put on spans.
#[derive(Clone, Debug)]
pub struct ContentSettings {
    /// New names of services.
    pub service_mapping: Vec<(String, String)>,
    /// New names of peer services.
    pub peer_service_mapping: Vec<(String, String)>,
    /// Whether `peer.service` is derived from other tags.
    pub peer_service_defaults: bool,
    /// Whether integrations name no services of their own.
    pub one_service: bool,
    /// The naming schema.
    pub schema: AttributeSchema,
    /// HTTP statuses that are errors of server spans.
    pub http_server_errors: StatusRanges,
    /// HTTP statuses that are errors of client spans.
    pub http_client_errors: StatusRanges,
    /// Whether span events have their own field whatever the agent says.
    pub native_span_events: bool,
    /// Most frames of a stack trace.
    pub traceback_max_size: usize,
    /// What statements to databases tell of their spans.
    pub dbm: DbmSettings,
    /// Which web requests get `http.endpoint`.
    pub resource_renaming: ResourceRenaming,
}

/// What statements to databases tell, for database monitoring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DbmSettings {
    /// How much.
    pub mode: DbmMode,
    /// Whether services come with a hash of what the process is.
    pub with_base_hash: bool,
}

/// How much statements to databases tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DbmMode {
    /// Nothing.
    #[default]
    Disabled,
    /// Services, environment and version.
    Service,
    /// These, and a hash of what the process is.
    DynamicService,
    /// Services, environment and version, and the trace.
    Full,
}

/// The language of the binding, as reported to the agent.
#[derive(Clone, Debug)]
pub struct RuntimeSettings {
    /// Name of the language.
    pub language: String,
    /// Its version; empty if not known.
    pub language_version: String,
    /// Name of the interpreter; empty if not known.
    pub interpreter: String,
}

/// Threads, exit, limits.
#[derive(Clone, Debug)]
pub struct LifecycleSettings {
    /// Whether the host provides transport and time, and no threads are started.
    pub host_driven: bool,
    /// Whether what is left is sent at normal exit; never in host-driven mode.
    pub flush_at_exit: bool,
    /// Whether the machine may be a copy of one that ran (`AWS_LAMBDA_MICROVM_IMAGE_ARN`): ids are drawn from the operating system alone.
    pub is_restored: bool,
    /// Whether errors of listeners to events reach whoever publishes.
    pub listeners_raise: bool,
    /// Whether profilers outside of the process can find its identity and its threads' active spans.
    pub shares_context: bool,
    /// Time limit of shutdown.
    pub shutdown_timeout: Duration,
    /// Unfinished spans beyond which new ones record nothing.
    pub max_live_spans: usize,
}
