//! The table of settings: parsing, reporting and documentation all come from these rows.

use super::kind::{
    API_VERSIONS, CARDINALITIES, DBM_MODES, EXTRACT_BEHAVIORS, FLAG_SOURCES, HEALTH_NAMES, Kind, LOG_LEVELS, OTLP_PROTOCOLS,
    SCHEMAS, SWITCHES,
};
use super::setting::Setting;

const fn row(name: &'static str, kind: Kind, default: Option<&'static str>, doc: &'static str) -> Setting {
    Setting::new(name, kind, default, doc)
}

const ON: Option<&'static str> = Some("true");
const OFF: Option<&'static str> = Some("false");
/// As many bytes as a buffer may have: 1 TiB, so that sums of sizes cannot overflow.
const SIZE: Kind = Kind::Int { min: 1, max: 1 << 40 };

/// A time limit, of which 0 is none.
const MILLISECONDS: Kind = Kind::Int { min: 1, max: 4_294_967_295 };
/// How many different things are counted apart.
const LIMIT: Kind = Kind::Int { min: 1, max: 1_000_000 };

/// All settings. One row each, so that it reads as a table.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    // Identity
    row("DD_SERVICE", Kind::Service, None, "Name of the service; derived from the program when unset.").deprecated(&["DD_SERVICE_NAME"]),
    row("DD_ENV", Kind::Text, None, "Environment of the service: production, staging, …"),
    row("DD_VERSION", Kind::Text, None, "Version of the service."),
    row("DD_TAGS", Kind::TagMap, None, "Tags on every span: key:value pairs, separated by commas or else by spaces.")
        .deprecated(&["DD_TRACE_TAGS", "DD_TRACE_GLOBAL_TAGS", "DATADOG_TAGS"])
        .hot(),
    row("DD_TRACE_REPORT_HOSTNAME", Kind::Bool, OFF, "Whether the host's name is put on traces."),
    row("DD_HOSTNAME", Kind::Text, None, "Host name to report instead of the detected one."),
    row("DD_TRACE_SOURCE_HOSTNAME", Kind::Text, None, "As DD_HOSTNAME, which wins."),
    row("DD_TRACE_GIT_METADATA_ENABLED", Kind::Bool, ON, "Whether repository and commit are put on traces."),
    row("DD_GIT_REPOSITORY_URL", Kind::RepositoryUrl, None, "Repository that the service was built from."),
    row("DD_GIT_COMMIT_SHA", Kind::Text, None, "Commit that the service was built from."),
    row("DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED", Kind::Bool, ON, "Whether tags that describe the process are reported."),
    row("DD_INSTRUMENTATION_CONFIG_ID", Kind::Text, None, "Name of the configuration with which the process was instrumented.").without_effect(),
    row("DD_INJECTION_ENABLED", Kind::Text, None, "What instrumented the process from outside.").without_effect(),
    row("DD_INSTRUMENTATION_SOURCE", Kind::Text, Some("manual"), "How the library came into the process, as telemetry tells it: manual, cmd_line or ssi.").without_effect(),
    row("DD_INJECT_FORCE", Kind::Bool, OFF, "Whether the process was to be instrumented whatever it is.").without_effect(),
    row("DD_EXTERNAL_ENV", Kind::Line, None, "Where the process runs, as written by the admission controller."),
    row("DD_ENTITY_ID", Kind::Line, None, "Identity of the pod, as written by the admission controller."),
    // Tracing as a whole
    row("DD_TRACE_ENABLED", Kind::Bool, ON, "Whether spans are recorded; off, they only propagate.").hot(),
    row("DD_APM_TRACING_ENABLED", Kind::Bool, ON, "Off: traces only serve the other products; one a minute is kept besides."),
    row("DD_TRACE_128_BIT_TRACEID_GENERATION_ENABLED", Kind::Bool, ON, "Whether new trace ids have 128 bits."),
    row("DD_TRACE_OTEL_ENABLED", Kind::Bool, None, "Whether spans of the OpenTelemetry API are recorded; unset: those of programs that ask for them."),
    row("DD_TRACE_OTEL_SEMANTICS_ENABLED", Kind::Bool, OFF, "Whether spans of the OpenTelemetry API keep their attributes as they are."),
    // Logging
    row("DD_TRACE_DEBUG", Kind::Bool, OFF, "Log level debug, unless DD_TRACE_LOG_LEVEL is set.").hot(),
    row("DD_TRACE_LOG_LEVEL", Kind::Choice(LOG_LEVELS), Some("warn"), "Least urgent level of the library's own messages.")
        .alias(&["DD_LOG_LEVEL"]),
    row("DD_TRACE_LOGGING_RATE", Kind::Int { min: 0, max: 31_536_000 }, Some("60"), "Seconds between repeated messages; 0: no limit.")
        .alias(&["DD_LOGGING_RATE"]),
    row("DD_TRACE_LOG_FILE", Kind::Text, None, "File that gets the library's messages, besides stderr."),
    row("DD_TRACE_LOG_FILE_LEVEL", Kind::Choice(LOG_LEVELS), Some("debug"), "Least urgent level that goes to the file, of those let through."),
    row("DD_TRACE_LOG_FILE_SIZE_BYTES", SIZE, Some("15728640"), "Size at which the file becomes FILE.1 and a new one begins."),
    row("DD_TRACE_LOG_DIRECTORY", Kind::Text, None, "Directory for such a file, where none is named: ddtrace_LANGUAGE_PID.log."),
    row("DD_TRACE_LOG_STREAM_HANDLER", Kind::Bool, ON, "Whether the library's messages go to stderr."),
    row("DD_TRACE_STARTUP_LOGS", Kind::Bool, ON, "Whether the configuration is logged at start."),
    row("NO_COLOR", Kind::Text, None, "Whatever its value: the console exporters use no colour."),
    row("DD_LOGS_INJECTION", Kind::LogInjection, OFF, "Whether log lines of the program name their trace; bindings see to it.").hot(),
    row("DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED", Kind::Bool, ON, "Whether log correlation shows all 128 bits of trace ids."),
    // Agent
    row("DD_TRACE_AGENT_URL", Kind::AgentUrl, None, "URL of the agent: http://, https:// or unix://.").deprecated(&["DD_TRACE_URL"]),
    row("DD_AGENT_HOST", Kind::Host, Some("localhost"), "Host of the agent, where no URL is given.")
        .deprecated(&["DD_TRACE_AGENT_HOSTNAME"]),
    row("DD_TRACE_AGENT_PORT", Kind::Int { min: 1, max: 65535 }, Some("8126"), "Port of the agent, where no URL is given.")
        .alias(&["DD_AGENT_PORT"]),
    row("DD_TRACE_AGENT_TIMEOUT_SECONDS", Kind::Seconds, Some("2.0"), "Time limit for one request to the agent."),
    row("DD_TRACE_PIPE_NAME", Kind::Text, None, "Named pipe of the agent on Windows.").without_effect(),
    row("DD_TRACE_API_VERSION", Kind::Choice(API_VERSIONS), Some("v0.4"), "Format of the traces sent to the agent: v0.4, v0.5, or v1.0 where the agent takes it."),
    row("DD_TRACE_AGENT_PROTOCOL_VERSION", Kind::Choice(API_VERSIONS), Some("v0.4"), "As DD_TRACE_API_VERSION, which wins."),
    row("DD_TRACE_STATS_COMPUTATION_ENABLED", Kind::Bool, None, "Whether trace statistics are computed here; unset: if the agent can take them.")
        .alias(&["DD_TRACE_COMPUTE_STATS"]),
    row("DD_TRACE_STATS_COMPUTATION_IGNORE_AGENT_VERSION", Kind::Bool, OFF, "Whether trace statistics are computed for agents before 7.65, too."),
    row("DD_TRACE_STATS_ADDITIONAL_TAGS", Kind::List, None, "Tags by whose values trace statistics tell spans apart; four at most."),
    row("_DD_TRACE_STATS_WRITER_INTERVAL", Kind::Seconds, Some("10.0"), "Length of the intervals of trace statistics, and time between two payloads of them; for tests."),
    row("DD_TRACE_STATS_CARDINALITY_LIMIT", LIMIT, Some("7000"), "Groups of spans that trace statistics tell apart in ten seconds."),
    row("DD_TRACE_STATS_RESOURCE_CARDINALITY_LIMIT", LIMIT, Some("1024"), "Resources that trace statistics tell apart in ten seconds."),
    row("DD_TRACE_STATS_HTTP_ENDPOINT_CARDINALITY_LIMIT", LIMIT, Some("512"), "HTTP endpoints that trace statistics tell apart in ten seconds."),
    row("DD_TRACE_STATS_PEER_TAGS_CARDINALITY_LIMIT", LIMIT, Some("512"), "Sets of peer tags that trace statistics tell apart in ten seconds."),
    row("DD_TRACE_STATS_ADDITIONAL_TAGS_CARDINALITY_LIMIT", LIMIT, Some("100"), "Sets of additional tags that trace statistics tell apart in ten seconds."),
    row("DD_TRACE_EXPERIMENTAL_FEATURES_ENABLED", Kind::List, None, "Accepted for the sake of other tracers; no feature needs it here.").without_effect(),
    row("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", Kind::Headers, None, "Further headers of every request to the agent; for tests.").sensitive(),
    // Without an agent, and on the way out
    row("_DD_APM_TRACING_AGENTLESS_ENABLED", Kind::Bool, OFF, "Whether traces go straight to Datadog, without an agent; needs DD_API_KEY."),
    row("DD_API_KEY", Kind::Line, None, "Key of the Datadog account, for what is sent without an agent.").deprecated(&["DATADOG_API_KEY"]).sensitive(),
    row("DD_APP_KEY", Kind::Line, None, "Application key of the Datadog account.").sensitive().without_effect(),
    row("DD_SITE", Kind::Host, Some("datadoghq.com"), "Datadog site of the account, for what is sent without an agent."),
    row("_DD_APM_TRACING_AGENTLESS_URL", Kind::AgentUrl, None, "Where traces go without an agent, instead of to DD_SITE; for tests."),
    row("DD_PROXY_HTTPS", Kind::Proxy, None, "HTTP proxy for https:// to other machines, but not to the agent.").alias(&["HTTPS_PROXY", "https_proxy"]),
    row("DD_PROXY_HTTP", Kind::Proxy, None, "HTTP proxy for http:// to other machines, but not to the agent.").alias(&["HTTP_PROXY", "http_proxy"]),
    row("DD_PROXY_NO_PROXY", Kind::Text, None, "Hosts that are reached without a proxy: names, addresses, networks or *.").alias(&["NO_PROXY", "no_proxy"]),
    row("SSL_CERT_FILE", Kind::Text, None, "File with the certificates of trusted authorities, instead of the system's."),
    row("SSL_CERT_DIR", Kind::Text, None, "Directory with the certificates of trusted authorities, instead of the system's."),
    // The protocol of OpenTelemetry
    row("OTEL_EXPORTER_OTLP_ENDPOINT", Kind::OtlpEndpoint, None, "Where OTLP goes: /v1/traces and the like are added; unset: to port 4318 of the agent's host.").sensitive(),
    row("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Kind::OtlpEndpoint, None, "Where traces go by OTLP: the whole URL.").sensitive(),
    row("OTEL_EXPORTER_OTLP_PROTOCOL", Kind::Choice(OTLP_PROTOCOLS), None, "Encoding of OTLP: http/protobuf or http/json; unset: http/protobuf."),
    row("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", Kind::Choice(OTLP_PROTOCOLS), None, "The same for traces, which wins."),
    row("OTEL_EXPORTER_OTLP_HEADERS", Kind::OtlpHeaders, None, "Headers of requests by OTLP, percent-encoded.").sensitive(),
    row("OTEL_EXPORTER_OTLP_TRACES_HEADERS", Kind::OtlpHeaders, None, "The same for traces, which are sent instead.").sensitive(),
    row("OTEL_EXPORTER_OTLP_TIMEOUT", MILLISECONDS, Some("10000"), "Time limit for one request by OTLP, in milliseconds."),
    row("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", MILLISECONDS, None, "The same for traces, which wins."),
    row("OTEL_TRACES_SPAN_METRICS_ENABLED", Kind::Bool, None, "Whether metrics of spans go out by OTLP, in place of trace statistics; unset: if traces and metrics do."),
    row("DD_METRICS_OTEL_ENABLED", Kind::Bool, OFF, "Whether metrics go out by OTLP: at present those of spans, where traces do."),
    row("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", Kind::OtlpEndpoint, None, "Where metrics go by OTLP: the whole URL.").sensitive(),
    row("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", Kind::Choice(OTLP_PROTOCOLS), None, "As OTEL_EXPORTER_OTLP_PROTOCOL for metrics, which wins; unset: http/json."),
    row("OTEL_EXPORTER_OTLP_METRICS_HEADERS", Kind::OtlpHeaders, None, "As OTEL_EXPORTER_OTLP_HEADERS for metrics, which are sent instead.").sensitive(),
    row("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", MILLISECONDS, None, "As OTEL_EXPORTER_OTLP_TIMEOUT for metrics, which wins."),
    row("_DD_TRACE_METRICS_OTEL_FLUSH_INTERVAL", MILLISECONDS, Some("10000"), "Length of the intervals of span metrics, in milliseconds; for tests."),
    // Writer
    // Twice that of some tracers: half as many requests, and an agent gathers for ten seconds anyway. More than 512 KiB do not wait.
    row("DD_TRACE_WRITER_INTERVAL_SECONDS", Kind::Seconds, Some("2.0"), "Time between two payloads."),
    row("DD_TRACE_WRITER_BUFFER_SIZE_BYTES", SIZE, Some("20971520"), "Memory for records that wait to be sent."),
    row("DD_TRACE_WRITER_MAX_PAYLOAD_SIZE_BYTES", SIZE, Some("20971520"), "Largest part of a trace that is sent at once; a larger one is dropped."),
    row("DD_TRACE_WRITER_REUSE_CONNECTIONS", Kind::Bool, OFF, "Connections are kept, whatever this says.").without_effect(),
    row("DD_APM_FLUSH_DEADLINE_MILLISECONDS", MILLISECONDS, Some("100"), "Time limit of flushes in serverless functions.").without_effect(),
    row("DD_TRACE_PARTIAL_FLUSH_ENABLED", Kind::Bool, ON, "Whether finished spans leave before their trace is complete."),
    row("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", Kind::ClampedInt { min: 1, max: i64::MAX }, Some("300"), "Finished spans that make a partial flush."),
    // Content of spans
    row("DD_SERVICE_MAPPING", Kind::TagMap, None, "New names of services: from:to pairs.").deprecated(&["DD_TRACE_SERVICE_MAPPING"]).hot(),
    row("DD_TRACE_PEER_SERVICE_MAPPING", Kind::TagMap, None, "New names of peer services: from:to pairs."),
    row("DD_TRACE_PEER_SERVICE_DEFAULTS_ENABLED", Kind::Bool, OFF, "Whether peer.service is derived from other tags."),
    row("DD_TRACE_SPAN_ATTRIBUTE_SCHEMA", Kind::Choice(SCHEMAS), Some("v0"), "Naming schema of integrations: v0 or v1."),
    row("DD_TRACE_REMOVE_INTEGRATION_SERVICE_NAMES_ENABLED", Kind::Bool, OFF, "Whether integrations name no services of their own."),
    row("DD_TRACE_INFERRED_PROXY_SERVICES_ENABLED", Kind::Bool, OFF, "Whether requests that came through a gateway get a span of the gateway.")
        .alias(&["DD_TRACE_INFERRED_SPANS_ENABLED"])
        .without_effect(),
    row("DD_TRACE_METHODS", Kind::Text, None, "Methods that get spans; bindings that can do so see to it.").without_effect(),
    row("DD_DBM_PROPAGATION_MODE", Kind::Choice(DBM_MODES), Some("disabled"), "What statements to databases tell of their trace, for database monitoring."),
    row("DD_DBM_INJECT_SQL_BASEHASH", Kind::Bool, OFF, "Whether they tell a hash of what the process is in the mode service, too."),
    row("DD_TRACE_HTTP_SERVER_ERROR_STATUSES", Kind::Statuses, Some("500-599"), "HTTP statuses that are errors of server spans."),
    row("DD_TRACE_HTTP_CLIENT_ERROR_STATUSES", Kind::Statuses, Some("400-499"), "HTTP statuses that are errors of client spans."),
    row("DD_TRACE_NATIVE_SPAN_EVENTS", Kind::Bool, OFF, "Whether span events are sent in their own field whatever the agent says."),
    row("DD_TRACE_SPAN_TRACEBACK_MAX_SIZE", Kind::Int { min: 0, max: 10_000 }, Some("30"), "Most frames of a stack trace on a span."),
    row("DD_TRACE_RESOURCE_RENAMING_ENABLED", Kind::Bool, OFF, "Whether web requests without a route get http.endpoint, made of their URL."),
    row("DD_TRACE_RESOURCE_RENAMING_ALWAYS_SIMPLIFIED_ENDPOINT", Kind::Bool, OFF, "Whether requests with a route get http.endpoint, too."),
    row("DD_TRACE_HEADER_TAGS", Kind::HeaderTags, None, "HTTP headers that become tags, under their own names or those given.").hot(),
    row("DD_TRACE_HTTP_CLIENT_TAG_QUERY_STRING", Kind::Bool, ON, "Whether URLs of client spans keep their query."),
    row("DD_HTTP_SERVER_TAG_QUERY_STRING", Kind::Bool, ON, "Whether URLs of server spans keep their query."),
    row("DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP", Kind::Text, None, "What is hidden in queries of URLs; unset: what looks like a secret, empty: nothing.")
        .empty_is_value(),
    row("DD_TRACE_CLIENT_IP_ENABLED", Kind::Bool, OFF, "Whether the address of a web request's client is looked for."),
    row("DD_TRACE_CLIENT_IP_HEADER", Kind::Line, None, "The only header in which the client's address is looked for."),
    // Sampling
    row("DD_TRACE_SAMPLE_RATE", Kind::Rate, None, "Rate for traces that no rule matches; unset: the agent's rates.").hot(),
    row("DD_TRACE_SAMPLING_RULES", Kind::SamplingRules, None, "Trace sampling rules, a JSON array.").hot(),
    row("DD_TRACE_SAMPLING_RULES_FILE", Kind::Text, None, "File with trace sampling rules, where none are given inline."),
    row("DD_SPAN_SAMPLING_RULES", Kind::SpanSamplingRules, None, "Single-span sampling rules, a JSON array."),
    row("DD_SPAN_SAMPLING_RULES_FILE", Kind::Text, None, "File with single-span sampling rules, where none are given inline."),
    row("DD_TRACE_RATE_LIMIT", Kind::Number, Some("100"), "Traces per second that rules may keep; 0: none, negative: no limit."),
    row("DD_TRACE_SAMPLE_IGNORE_PARENT", Kind::Bool, OFF, "Sampling is always parent-based, whatever this says.").without_effect(),
    // Propagation
    row("DD_TRACE_PROPAGATION_STYLE", Kind::Styles, Some("datadog,tracecontext,baggage"), "Header styles that are read and written."),
    row("DD_TRACE_PROPAGATION_STYLE_EXTRACT", Kind::Styles, None, "Header styles that are read, in order."),
    row("DD_TRACE_PROPAGATION_STYLE_INJECT", Kind::Styles, None, "Header styles that are written."),
    row("DD_PROPAGATION_STYLE_EXTRACT", Kind::Styles, None, "Old name of DD_TRACE_PROPAGATION_STYLE_EXTRACT; both others win."),
    row("DD_PROPAGATION_STYLE_INJECT", Kind::Styles, None, "Old name of DD_TRACE_PROPAGATION_STYLE_INJECT; both others win."),
    row("DD_TRACE_PROPAGATION_EXTRACT_FIRST", Kind::Bool, OFF, "Whether only the first style is read."),
    row("DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT", Kind::Choice(EXTRACT_BEHAVIORS), Some("continue"), "What becomes of a remote context: continue, restart or ignore."),
    row("DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH", Kind::ClampedInt { min: 0, max: 512 }, Some("512"), "Longest x-datadog-tags header; 0: none.")
        .alias(&["DD_TRACE_TAGS_PROPAGATION_MAX_LENGTH"]),
    row("DD_TRACE_BAGGAGE_MAX_ITEMS", Kind::Int { min: i64::MIN, max: i64::MAX }, Some("64"), "Most baggage items; 0 or less: no baggage."),
    row("DD_TRACE_BAGGAGE_MAX_BYTES", Kind::Int { min: i64::MIN, max: i64::MAX }, Some("8192"), "Longest baggage header; under 3: no baggage."),
    row("DD_TRACE_BAGGAGE_TAG_KEYS", Kind::List, Some("user.id,session.id,account.id"), "Baggage keys that become span tags; *: all, empty: none.")
        .empty_is_value(),
    row("DD_TRACE_PROPAGATION_HTTP_BAGGAGE_ENABLED", Kind::Bool, OFF, "Whether legacy ot-baggage-* headers are used."),
    row("DD_TRACE_ORG_GUARD_ENABLED", Kind::Bool, OFF, "Whether contexts of other organizations lose their decision, origin and tags."),
    row("DD_TRACE_ORG_GUARD_STRICT", Kind::Bool, OFF, "Whether the guard takes contexts without an organization's marker for foreign ones."),
    row("DD_TRACE_ORG_GUARD_TRUSTED_OPMS", Kind::List, None, "Markers of other organizations that the guard lets pass."),
    // Telemetry
    row("DD_INSTRUMENTATION_TELEMETRY_ENABLED", Kind::Bool, ON, "Whether the library tells Datadog of its configuration, errors and use; not where spans stay on this machine, unless it is set.")
        .alias(&["DD_TRACE_TELEMETRY_ENABLED"]),
    row("DD_TELEMETRY_HEARTBEAT_INTERVAL", Kind::Seconds, Some("60"), "Time between two signs of life."),
    row("DD_TELEMETRY_EXTENDED_HEARTBEAT_INTERVAL", Kind::Seconds, Some("86400"), "Time after which everything is told again."),
    row("DD_TELEMETRY_METRICS_INTERVAL_SECONDS", Kind::Seconds, Some("60"), "Accepted for the sake of other tracers: metrics go with the signs of life, and every ten seconds.").without_effect(),
    row("DD_TELEMETRY_METRICS_ENABLED", Kind::Bool, ON, "Whether telemetry has metrics of the library."),
    row("DD_TELEMETRY_LOG_COLLECTION_ENABLED", Kind::Bool, ON, "Whether telemetry has the library's own errors."),
    row("DD_TELEMETRY_DEPENDENCY_COLLECTION_ENABLED", Kind::Bool, ON, "Whether telemetry has the libraries that the program uses."),
    row("DD_TELEMETRY_DEBUG", Kind::Bool, OFF, "Whether telemetry is marked as being for debugging, and has more of the library's messages.")
        .alias(&["DD_INTERNAL_TELEMETRY_DEBUG_ENABLED"]),
    row("DD_APM_TELEMETRY_DD_URL", Kind::AgentUrl, None, "Where telemetry goes, instead of to the agent or to DD_SITE."),
    row("DD_INSTRUMENTATION_INSTALL_ID", Kind::Text, None, "Installation of the library, as written by the installer."),
    row("DD_INSTRUMENTATION_INSTALL_TYPE", Kind::Text, None, "Kind of the installation, as written by the installer."),
    row("DD_INSTRUMENTATION_INSTALL_TIME", Kind::Text, None, "Time of the installation, as written by the installer."),
    row("DD_API_SECURITY_ENDPOINT_COLLECTION_MESSAGE_LIMIT", LIMIT, Some("300"), "Most HTTP endpoints that one message of telemetry has."),
    // Remote configuration
    row("DD_REMOTE_CONFIGURATION_ENABLED", Kind::Bool, ON, "Whether the agent is asked for settings and other files while the program runs; off where no spans go to an agent, unless it is set.")
        .alias(&["DD_REMOTE_CONFIG_ENABLED"]),
    row("DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS", Kind::PollSeconds, Some("5.0"), "Time between two such questions; no shorter than a tenth of a second.")
        .alias(&["DD_REMOTECONFIG_POLL_SECONDS"]),
    row("LIBDDTRACE_REMOTE_CAPABILITIES", Kind::List, Some("12,13,14,15,19,29"), "What the backend may have tracers do: numbers of capabilities of APM_TRACING.")
        .empty_is_value(),
    row("LIBDDTRACE_REMOTE_DISABLING_IS_FINAL", Kind::Bool, None, "Whether tracing that was turned off remotely stays so until the program starts again; unset: in Go alone."),
    // Metrics
    row("DD_DOGSTATSD_URL", Kind::DogstatsdUrl, None, "Where metrics go: udp://, unix://, unixgram:// or unixstream://, a path or a host."),
    row("DD_DOGSTATSD_HOST", Kind::Host, Some("localhost"), "Host that takes metrics, where no URL is given; unset: the agent's.")
        .alias(&["DD_DOGSTATSD_HOSTNAME"]),
    row("DD_DOGSTATSD_PORT", Kind::Int { min: 1, max: 65535 }, Some("8125"), "Port that takes metrics, where no URL is given."),
    row("DD_DOGSTATSD_DISABLE", Kind::Choice(SWITCHES), OFF, "Whether no metrics are sent by DogStatsD, whatever else is set."),
    row("DD_ORIGIN_DETECTION_ENABLED", Kind::Choice(SWITCHES), ON, "Whether metrics say which container they come from."),
    row("DD_CARDINALITY", Kind::Choice(CARDINALITIES), None, "How many tags of their container metrics ask for: none, low, orchestrator or high.")
        .alias(&["DATADOG_CARDINALITY"]),
    row("DD_RUNTIME_METRICS_ENABLED", Kind::Bool, OFF, "Whether metrics of the process and its runtime are sent.").hot(),
    row("DD_RUNTIME_METRICS_RUNTIME_ID_ENABLED", Kind::Bool, OFF, "Whether the runtime id is a tag of these and of the tracer's metrics.")
        .alias(&["DD_TRACE_EXPERIMENTAL_RUNTIME_ID_ENABLED"]),
    row("DD_TRACE_HEALTH_METRICS_ENABLED", Kind::Bool, OFF, "Whether metrics of the tracer itself are sent."),
    // Other products
    row("DD_PROFILING_ENABLED", Kind::Bool, OFF, "Whether the process is profiled.").without_effect(),
    row("DD_APPSEC_ENABLED", Kind::Bool, None, "Whether attacks are looked for; unset: remote configuration may ask for it.").without_effect(),
    row("DD_APPSEC_SCA_ENABLED", Kind::Bool, None, "Whether libraries are checked for known flaws.").without_effect(),
    row("DD_IAST_ENABLED", Kind::Bool, OFF, "Whether flaws of the program are looked for while it runs.").without_effect(),
    row("DD_DYNAMIC_INSTRUMENTATION_ENABLED", Kind::Bool, OFF, "Whether probes may be put into the program.").without_effect(),
    row("DD_EXCEPTION_REPLAY_ENABLED", Kind::Bool, OFF, "Whether errors are reported with the values around them.").without_effect(),
    row("DD_CODE_ORIGIN_FOR_SPANS_ENABLED", Kind::Bool, OFF, "Whether spans tell the code that they come from.").without_effect(),
    row("DD_DATA_STREAMS_ENABLED", Kind::Bool, OFF, "Whether messages are followed through queues.").without_effect(),
    row("DD_LLMOBS_ENABLED", Kind::Bool, OFF, "Whether calls of language models are observed.").without_effect(),
    row("DD_CRASHTRACKING_ENABLED", Kind::Bool, ON, "Whether crashes are reported.").without_effect(),
    row("DD_CIVISIBILITY_ENABLED", Kind::Bool, OFF, "Whether tests are observed.").without_effect(),
    row("DD_API_SECURITY_ENDPOINT_COLLECTION_ENABLED", Kind::Bool, ON, "Whether the program's endpoints are reported.").without_effect(),
    row("DD_LOGS_OTEL_ENABLED", Kind::Bool, OFF, "Whether logs go out by OTLP.").without_effect(),
    row("DD_FEATURE_FLAGS_ENABLED", Kind::Bool, ON, "Whether feature flags are evaluated.").without_effect(),
    row("DD_FEATURE_FLAGS_CONFIGURATION_SOURCE", Kind::Choice(FLAG_SOURCES), Some("agentless"), "Where feature flags come from: agentless or remote_config.").without_effect(),
    // This library
    row("DD_TESTING_RAISE", Kind::Bool, OFF, "Whether errors of listeners to events reach whoever publishes; for tests."),
    row("LIBDDTRACE_EXPORTER", Kind::Exporter, Some("agent"), "Where spans go: agent, otlp, console, console-pretty, tree, file:PATH, log, memory or null; unset: the log in a Lambda function without an agent."),
    row("LIBDDTRACE_HOST_DRIVEN", Kind::Bool, OFF, "Whether the host provides transport and time, and no threads are started."),
    row("LIBDDTRACE_SYNCHRONOUS", Kind::Bool, None, "Whether traces are sent before the end of a span returns, within a second; unset: on platforms that stop processes."),
    row("LIBDDTRACE_HEALTH_METRIC_NAMES", Kind::Choice(HEALTH_NAMES), Some("common"), "Under whose names the tracer's own metrics are sent: common, python or ruby, as those languages' tracers have them."),
    row("LIBDDTRACE_LANGUAGE", Kind::Line, Some("cpp"), "Language of the binding, as reported to the agent."),
    row("LIBDDTRACE_LANGUAGE_VERSION", Kind::Line, None, "Version of the language."),
    row("LIBDDTRACE_INTERPRETER", Kind::Line, None, "Name of the interpreter, as reported to the agent."),
    row("LIBDDTRACE_FLUSH_AT_EXIT", Kind::Bool, ON, "Whether what is left is sent at normal exit; never in host-driven mode."),
    row("LIBDDTRACE_SHUTDOWN_TIMEOUT_MS", Kind::Int { min: 0, max: 4_294_967_295 }, Some("5000"), "Time limit for shutdown and the flush at exit."),
    row("LIBDDTRACE_SHARE_CONTEXT", Kind::Bool, OFF, "Whether profilers outside of the process can find its identity and its threads' active spans (Linux)."),
    row("LIBDDTRACE_MAX_LIVE_SPANS", Kind::Int { min: 1, max: 16_777_216 }, Some("65536"), "Unfinished spans beyond which new ones record nothing."),
];

/// Where a setting stands in the table, by any of its names.
pub(super) fn position(name: &str) -> Option<usize> {
    // Nearly all are asked for by their own name.
    let by_name = SETTINGS.iter().position(|setting| setting.name == name);
    by_name.or_else(|| SETTINGS.iter().position(|setting| setting.names().any(|known| known == name)))
}

/// The known name that is most like an unknown one, if any is near.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    const LONGEST: usize = 100;
    /// Of a short name this much must not be a mistake: nearly everything is near to it.
    const FARTHEST: usize = 3;
    let farthest = FARTHEST.min(name.len() / 3);
    if name.len() > LONGEST {
        return None;
    }
    let upper = name.trim().to_ascii_uppercase();
    let distances = SETTINGS.iter().map(|setting| (edit_distance(&upper, setting.name), setting.name));
    distances.filter(|(distance, _)| *distance <= farthest).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many bytes must be put in, taken out or changed to make one text the other (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.bytes().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = changed.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
    }
    if b.is_empty() { a.len() } else { row.last().copied().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_is_there_once() {
        let mut seen = HashSet::new();
        for name in SETTINGS.iter().flat_map(Setting::names) {
            assert!(seen.insert(name), "{name} is there twice");
        }
    }

    #[test]
    fn every_default_is_a_value_without_remarks() {
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                let parsed = setting.kind.parse(default).unwrap_or_else(|error| panic!("{}: {error}", setting.name));
                assert!(parsed.notes.is_empty(), "{}: {:?}", setting.name, parsed.notes);
            }
        }
    }

    #[test]
    fn every_row_says_what_it_is_for_and_what_it_takes() {
        for setting in SETTINGS {
            assert!(setting.doc.ends_with(['.', '…']), "{}", setting.name);
            assert!(!setting.expectation().is_empty(), "{}", setting.name);
        }
    }

    #[test]
    fn an_alias_finds_its_setting() {
        assert_eq!(position("DD_LOG_LEVEL"), position("DD_TRACE_LOG_LEVEL"));
        assert_eq!(position("dd_service"), None);
    }

    #[test]
    fn a_near_miss_suggests_the_known_name() {
        assert_eq!(nearest("DD_SERVCE"), Some("DD_SERVICE"));
        assert_eq!(nearest("dd_env"), Some("DD_ENV"));
        assert_eq!(nearest("DD_TRACE_SAMPLE_RATES"), Some("DD_TRACE_SAMPLE_RATE"));
        assert_eq!(nearest("SOMETHING_ELSE"), None);
        assert_eq!(nearest(""), None);
        assert_eq!(nearest(&"x".repeat(1_000_000)), None);
    }

    #[test]
    fn edit_distances() {
        for (a, b, distance) in [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("same", "same", 0)] {
            assert_eq!(edit_distance(a, b), distance, "{a} {b}");
        }
    }
}
