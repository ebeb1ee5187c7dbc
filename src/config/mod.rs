//! Settings of the tracer: one table of names, types and defaults, the sources they come from, and what they resolve to.
//!
//! The names are those of Datadog's tracers (`DD_*`), the OpenTelemetry variables that stand for some of them (`OTEL_*`,
//! see `otel`), and our own (`LIBDDTRACE_*`). A [`ConfigBuilder`] collects values set in code and reads the environment;
//! [`ConfigBuilder::resolve`] gives an immutable [`Config`] with typed [`Settings`].
//!
//! Sources, strongest first: code, fleet file, `DD_*` variable, `OTEL_*` variable, local file, derived by the library, default. A value that cannot
//! be used is skipped with a warning and the next source applies; nothing here ever fails the host.
//!
//! To add a setting: one row in `table`, one field in `settings`, one line in `assemble`.

#![forbid(unsafe_code)]

mod agent_endpoint;
mod agent_url;
mod agentless;
mod assemble;
mod builder;
mod dogstatsd;
mod error;
mod evaluation;
mod exporter_choice;
mod git_repository;
mod grammar;
mod header_list;
mod header_tags;
mod identity;
mod integration;
mod kind;
mod otel;
mod otel_names;
mod otel_resource;
mod otlp;
mod platform;
mod process;
mod process_tags;
mod propagation_settings;
mod proxies;
mod remarks;
mod remote_settings;
mod resolution;
mod resolved;
mod rule_files;
mod sampling_rules;
mod sampling_settings;
mod serverless;
mod service_name;
mod setting;
mod settings;
mod stable;
mod stats_settings;
mod status_ranges;
mod table;
mod telemetry_settings;
mod unknown;
mod value;
mod web_settings;

#[cfg(test)]
mod tests;

pub use agent_url::AgentUrl;
pub use agentless::{AgentlessSettings, ApiKey};
pub use builder::ConfigBuilder;
pub use dogstatsd::{DogstatsdAddress, DogstatsdSettings, HealthNames, OwnMetricsSettings, UnixKind};
pub use error::ConfigError;
pub use evaluation::{Evaluation, Origin, ReportedValue, next_seq_id};
pub use exporter_choice::ExporterChoice;
pub use header_list::HeaderList;
pub use header_tags::HeaderTags;
pub use integration::{IntegrationSettings, integration_lookups};
pub use otel::{OtelFinding, OtelProblem};
pub use otlp::{OtlpEndpoint, OtlpProtocol, OtlpSettings};
pub use process::EnvLookup;
pub use propagation_settings::{ExtractBehavior, OrgGuardSettings, PropagationSettings, PropagationStyle};
pub use proxies::{DirectHosts, ProxySettings, ProxyUrl};
pub use remote_settings::{RemoteConfigSettings, RemoteSettings, RemoteValue, SettingChange};
pub use resolved::Config;
pub use sampling_rules::parse_remote_rules;
pub use sampling_settings::{Provenance, RemoteSampling, RuleSpec, SamplingSettings, SpanRuleSpec};
pub use setting::{Reload, Setting};
pub use settings::{
    AgentSettings, AttributeSchema, ContentSettings, DbmMode, DbmSettings, IdentitySettings, LifecycleSettings, LogInjection,
    LoggingSettings, NetworkSettings, OtelApiSettings, PartialFlushSettings, RuntimeSettings, Settings, TraceApiVersion,
    WriterSettings,
};
pub use stats_settings::{CardinalityLimits, ResourceRenaming, SpanMetricsSettings, StatsSettings};
pub use status_ranges::StatusRanges;
pub use table::SETTINGS;
pub use telemetry_settings::{InheritedSession, InstallSignature, TelemetryRoute, TelemetrySettings, session_variables};
pub use web_settings::{ClientIpSettings, QueryObfuscation, WebSettings};
