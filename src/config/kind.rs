//! What the values of a setting look like, and how their text becomes a value.

use super::agent_url::{self, AgentUrl};
use super::dogstatsd::DogstatsdAddress;
use super::exporter_choice::ExporterChoice;
use super::git_repository;
use super::grammar;
use super::header_tags::HeaderTags;
use super::otlp::{self, OtlpEndpoint};
use super::propagation_settings::PropagationStyle;
use super::proxies::ProxyUrl;
use super::sampling_rules;
use super::status_ranges::StatusRanges;
use super::value::Value;

/// Accepted spellings of a choice, each with the one that stands for it.
pub(super) type Spellings = &'static [(&'static str, &'static str)];

pub(super) const LOG_LEVELS: Spellings = &[
    ("off", "off"),
    ("error", "error"),
    ("warn", "warn"),
    ("warning", "warn"),
    ("info", "info"),
    ("debug", "debug"),
    ("trace", "trace"),
];
pub(super) const API_VERSIONS: Spellings =
    &[("v0.4", "v0.4"), ("0.4", "v0.4"), ("v0.5", "v0.5"), ("0.5", "v0.5"), ("v1.0", "v1.0"), ("1.0", "v1.0"), ("v1", "v1.0")];
pub(super) const OTLP_PROTOCOLS: Spellings = &[("http/protobuf", "http/protobuf"), ("http/json", "http/json"), ("grpc", "grpc")];
/// Words for yes and no, more than truth values have elsewhere.
pub(super) const SWITCHES: Spellings = &[
    ("true", "true"),
    ("1", "true"),
    ("yes", "true"),
    ("y", "true"),
    ("on", "true"),
    ("false", "false"),
    ("0", "false"),
    ("no", "false"),
    ("n", "false"),
    ("off", "false"),
];
pub(super) const HEALTH_NAMES: Spellings = &[("common", "common"), ("python", "python"), ("ruby", "ruby")];
pub(super) const CARDINALITIES: Spellings =
    &[("none", "none"), ("low", "low"), ("orchestrator", "orchestrator"), ("high", "high")];
pub(super) const SCHEMAS: Spellings = &[("v0", "v0"), ("v1", "v1")];
/// What log injection may be besides on and off.
const STRUCTURED: Spellings = &[("structured", "structured")];
pub(super) const DBM_MODES: Spellings =
    &[("disabled", "disabled"), ("service", "service"), ("full", "full"), ("dynamic_service", "dynamic_service")];
pub(super) const FLAG_SOURCES: Spellings = &[("agentless", "agentless"), ("remote_config", "remote_config")];
pub(super) const EXTRACT_BEHAVIORS: Spellings = &[("continue", "continue"), ("restart", "restart"), ("ignore", "ignore")];

/// Longest time in seconds that a setting may name: one year, far below what clocks can add.
const MOST_SECONDS: f64 = 31_536_000.0;

/// The type of a setting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// `true`, `1`, `false`, `0` in any case.
    Bool,
    /// A whole number within bounds.
    Int { min: i64, max: i64 },
    /// A whole number that is moved to the nearest bound.
    ClampedInt { min: i64, max: i64 },
    /// Any finite number.
    Number,
    /// A time in seconds, above 0.
    Seconds,
    /// A time in seconds, which may be 0.
    PollSeconds,
    /// A number from 0 to 1.
    Rate,
    /// Any text, kept as it is.
    Text,
    /// A service name: text, trimmed.
    Service,
    /// Text that goes into HTTP headers.
    Line,
    /// A host name or an IP address.
    Host,
    /// Where the agent is.
    AgentUrl,
    /// An HTTP proxy.
    Proxy,
    /// Where OTLP goes.
    OtlpEndpoint,
    /// Where metrics go.
    DogstatsdUrl,
    /// A repository; credentials in a URL are removed.
    RepositoryUrl,
    /// Items separated by commas.
    List,
    /// `key:value` pairs.
    TagMap,
    /// `name:value` pairs that are HTTP headers.
    Headers,
    /// `name=value` pairs that are HTTP headers, percent-encoded.
    OtlpHeaders,
    /// One of several words, in any case.
    Choice(Spellings),
    /// HTTP statuses: `n` and `a-b`, separated by commas.
    Statuses,
    /// Names of header styles.
    Styles,
    /// A JSON array of trace sampling rules.
    SamplingRules,
    /// A JSON array of single-span sampling rules.
    SpanSamplingRules,
    /// An exporter.
    Exporter,
    /// Headers, each with the name of its tag or without.
    HeaderTags,
    /// Whether log lines name their trace.
    LogInjection,
}

/// A value, and remarks on the parts of the text that were left out or changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parsed {
    pub value: Value,
    pub notes: Vec<String>,
}

impl From<Value> for Parsed {
    fn from(value: Value) -> Self {
        Parsed { value, notes: Vec::new() }
    }
}

impl Kind {
    /// Reads a value; the error says what was expected.
    pub(super) fn parse(&self, raw: &str) -> Result<Parsed, String> {
        match self {
            Kind::SamplingRules => return sampling_rules::parse_trace_rules(raw),
            Kind::SpanSamplingRules => return sampling_rules::parse_span_rules(raw),
            Kind::ClampedInt { min, max } => return self.parse_clamped(raw, *min, *max),
            Kind::Statuses => {
                let parsed = StatusRanges::parse(raw);
                return self.some(parsed.map(|(ranges, notes)| Parsed { value: Value::Statuses(ranges), notes }));
            }
            Kind::Styles => {
                let parsed = PropagationStyle::parse_list(raw);
                return self.some(parsed.map(|(styles, notes)| Parsed { value: Value::Styles(styles), notes }));
            }
            Kind::Headers => {
                let (headers, notes) = grammar::headers(grammar::tag_map(raw));
                return Ok(Parsed { value: Value::Tags(headers), notes });
            }
            Kind::OtlpHeaders => {
                let (headers, notes) = grammar::headers(otlp::header_pairs(raw));
                return Ok(Parsed { value: Value::Tags(headers), notes });
            }
            Kind::AgentUrl => return self.parse_agent_url(raw),
            Kind::HeaderTags => {
                let (tags, notes) = HeaderTags::parse(raw);
                return Ok(Parsed { value: Value::HeaderTags(tags, raw.trim().to_owned()), notes });
            }
            _ => {}
        }
        self.some(self.parse_plain(raw).map(Parsed::from))
    }

    fn parse_plain(&self, raw: &str) -> Option<Value> {
        match self {
            Kind::Bool => grammar::boolean(raw).map(Value::Bool),
            Kind::Int { min, max } => grammar::integer(raw).filter(|n| (min..=max).contains(&n)).map(Value::Int),
            Kind::Number => grammar::number(raw).map(Value::Number),
            Kind::PollSeconds => grammar::number(raw).filter(|n| (0.0..=MOST_SECONDS).contains(n)).map(Value::Number),
            Kind::Seconds => grammar::number(raw).filter(|n| *n > 0.0 && *n <= MOST_SECONDS).map(Value::Number),
            Kind::Rate => grammar::rate(raw).map(Value::Rate),
            Kind::Text => Some(Value::Text(raw.to_owned())),
            Kind::Service => Some(Value::Text(raw.trim().to_owned())),
            Kind::Line => grammar::header_value(raw.trim()).map(|text| Value::Text(text.to_owned())),
            Kind::Host => Some(raw.trim()).filter(|host| agent_url::is_host(host)).map(|host| Value::Text(host.to_owned())),
            Kind::Proxy => ProxyUrl::parse(raw).map(Value::Proxy),
            Kind::OtlpEndpoint => OtlpEndpoint::parse(raw).map(|_| Value::Text(raw.trim().to_owned())),
            Kind::DogstatsdUrl => DogstatsdAddress::parse(raw).map(|_| Value::Text(raw.trim().to_owned())),
            Kind::RepositoryUrl => Some(Value::Text(git_repository::without_credentials(raw.trim()))),
            Kind::List => Some(Value::List(grammar::list(raw))),
            Kind::TagMap => Some(Value::Tags(grammar::tag_map(raw))),
            Kind::Choice(spellings) => grammar::choice(raw, spellings).map(Value::Choice),
            Kind::LogInjection => match grammar::boolean(raw) {
                Some(is_on) => Some(Value::Bool(is_on)),
                None => grammar::choice(raw, STRUCTURED).map(Value::Choice),
            },
            Kind::Exporter => ExporterChoice::parse(raw).map(Value::Exporter),
            _ => None,
        }
    }

    fn parse_clamped(&self, raw: &str, min: i64, max: i64) -> Result<Parsed, String> {
        let number = grammar::integer(raw).ok_or_else(|| self.expectation())?;
        let within = number.clamp(min, max);
        let notes = if within == number { Vec::new() } else { vec![format!("{number} is out of range, {within} is used")] };
        Ok(Parsed { value: Value::Int(within), notes })
    }

    fn parse_agent_url(&self, raw: &str) -> Result<Parsed, String> {
        let text = raw.trim();
        let url = AgentUrl::parse(text).ok_or_else(|| self.expectation())?;
        let shown = agent_url::without_user_info(text);
        let notes = if shown == text { Vec::new() } else { vec!["user and password in the URL are not used".to_owned()] };
        Ok(Parsed { value: Value::Url(url, shown.trim_end_matches('/').to_owned()), notes })
    }

    fn some(&self, parsed: Option<Parsed>) -> Result<Parsed, String> {
        parsed.ok_or_else(|| self.expectation())
    }

    /// What values look like, in words.
    pub(super) fn expectation(&self) -> String {
        let text = match self {
            Kind::Bool => "true, false, 1 or 0",
            Kind::Int { min: i64::MIN, max: i64::MAX } => "a whole number",
            Kind::Int { min, max } => return format!("a whole number from {min} to {max}"),
            Kind::ClampedInt { min, max: i64::MAX } => return format!("a whole number from {min}"),
            Kind::ClampedInt { min, max } => return format!("a whole number from {min} to {max}"),
            Kind::Number => "a number",
            Kind::PollSeconds => return format!("a number of seconds from 0 to {MOST_SECONDS}"),
            Kind::Seconds => return format!("a number of seconds above 0 and up to {MOST_SECONDS}"),
            Kind::Rate => "a number from 0 to 1",
            Kind::Text | Kind::Service => "text",
            Kind::Line => "text without control characters",
            Kind::Host => "a host name or an IP address",
            Kind::AgentUrl => "http://HOST:PORT, https://HOST:PORT or unix:///PATH",
            Kind::Proxy => "http://HOST:PORT, with USER:PASSWORD@ before the host if the proxy wants it",
            Kind::OtlpEndpoint => "http://HOST:PORT/PATH or https://HOST:PORT/PATH",
            Kind::DogstatsdUrl => "udp://HOST:PORT, unix:///PATH, unixgram:///PATH, unixstream:///PATH, a path or a host",
            Kind::RepositoryUrl => "the URL of a repository",
            Kind::List => "items separated by commas",
            Kind::TagMap => "key:value pairs separated by commas or spaces",
            Kind::Headers => "name:value pairs separated by commas",
            Kind::OtlpHeaders => "name=value pairs separated by commas",
            Kind::Choice(spellings) => return spelled_out(spellings),
            Kind::Statuses => "HTTP statuses such as 500-599 or 404,418",
            Kind::Styles => "datadog, tracecontext, b3, b3multi, baggage or none, separated by commas",
            Kind::SamplingRules | Kind::SpanSamplingRules => "a JSON array of rules",
            Kind::HeaderTags => "HEADER or HEADER:TAG items separated by commas, or *",
            Kind::LogInjection => "true, false, 1, 0 or structured",
            Kind::Exporter => "agent, otlp, console, console-pretty, tree, file:PATH, log, memory or null",
        };
        text.to_owned()
    }

    /// A value without what must never be shown: user and password in URLs.
    pub(super) fn without_secrets(&self, raw: &str) -> String {
        match self {
            Kind::AgentUrl | Kind::Proxy | Kind::OtlpEndpoint => agent_url::without_user_info(raw),
            Kind::RepositoryUrl => git_repository::without_credentials(raw),
            Kind::Host => agent_url::without_user_info(raw),
            _ => raw.to_owned(),
        }
    }

    /// Whether an unset value is reported as an empty text rather than as null.
    pub(super) fn is_collection(&self) -> bool {
        matches!(
            self,
            Kind::List
                | Kind::TagMap
                | Kind::Headers
                | Kind::OtlpHeaders
                | Kind::Statuses
                | Kind::Styles
                | Kind::SamplingRules
                | Kind::SpanSamplingRules
                | Kind::HeaderTags
        )
    }
}

fn spelled_out(spellings: Spellings) -> String {
    let words: Vec<&str> = spellings.iter().map(|(spelling, _)| *spelling).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
