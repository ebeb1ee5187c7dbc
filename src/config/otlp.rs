//! Where OTLP goes, and how: the `OTEL_EXPORTER_OTLP_*` settings, of which those of a signal win over those for all signals.

use super::agent_url::AgentUrl;
use super::header_list::HeaderList;
use super::resolution::Resolution;
use super::value::Value;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::time::Duration;

/// The port of OTLP over HTTP.
const PORT: u16 = 4318;

/// How payloads of OTLP are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// As protobuf.
    #[default]
    HttpProtobuf,
    /// As JSON.
    HttpJson,
}

/// Where the payloads of a signal go: a server, and the path there as it was given, with the query if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpEndpoint {
    /// The server, without any path.
    pub server: AgentUrl,
    /// Begins with a slash.
    pub path: String,
}

/// How the payloads of a signal are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpSettings {
    /// Where to.
    pub endpoint: OtlpEndpoint,
    /// How they are encoded.
    pub protocol: OtlpProtocol,
    /// Further headers.
    pub headers: HeaderList,
    /// Time limit of one request.
    pub timeout: Duration,
}

/// A signal's own settings, and what follows from its name.
pub(super) struct Signal {
    pub(super) endpoint: &'static str,
    pub(super) protocol: &'static str,
    pub(super) headers: &'static str,
    pub(super) timeout: &'static str,
    pub(super) path: &'static str,
    /// Where none is given, or one that is not built in.
    pub(super) default_protocol: OtlpProtocol,
}

pub(super) const TRACES: Signal = Signal {
    endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    timeout: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    path: "/v1/traces",
    default_protocol: OtlpProtocol::HttpProtobuf,
};

pub(super) const METRICS: Signal = Signal {
    endpoint: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    protocol: "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    headers: "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    timeout: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
    path: "/v1/metrics",
    default_protocol: OtlpProtocol::HttpJson,
};

/// The settings of a signal. Without an endpoint it goes to the machine of the agent. Warnings are for a signal that is sent.
pub(super) fn settings(resolution: &mut Resolution, signal: &Signal, agent: &AgentUrl, is_sent: bool) -> OtlpSettings {
    let general = |resolution: &Resolution| endpoint_of(resolution, "OTEL_EXPORTER_OTLP_ENDPOINT");
    let endpoint = endpoint_of(resolution, signal.endpoint)
        .or_else(|| general(resolution).map(|endpoint| endpoint.below(signal.path)))
        .unwrap_or_else(|| OtlpEndpoint { server: machine_of(agent), path: signal.path.to_owned() });
    let protocol = protocol(resolution, signal, is_sent);
    let headers = first_set(resolution, signal.headers, "OTEL_EXPORTER_OTLP_HEADERS");
    let timeout = first_set(resolution, signal.timeout, "OTEL_EXPORTER_OTLP_TIMEOUT");
    OtlpSettings {
        endpoint,
        protocol,
        headers: resolution.tags(headers).into(),
        timeout: Duration::from_millis(resolution.unsigned(timeout).max(1)),
    }
}

fn first_set(resolution: &Resolution, own: &'static str, general: &'static str) -> &'static str {
    if resolution.is_set(own) { own } else { general }
}

fn endpoint_of(resolution: &Resolution, name: &str) -> Option<OtlpEndpoint> {
    match resolution.value(name) {
        Value::Text(text) => OtlpEndpoint::parse(text),
        _ => None,
    }
}

fn machine_of(agent: &AgentUrl) -> AgentUrl {
    match agent {
        AgentUrl::Http { host, .. } | AgentUrl::Https { host, .. } => AgentUrl::http(host, PORT),
        AgentUrl::Unix { .. } => AgentUrl::http("localhost", PORT),
    }
}

/// A signal's own protocol counts even where it cannot be used: then it is not what all others have.
fn protocol(resolution: &mut Resolution, signal: &Signal, is_sent: bool) -> OtlpProtocol {
    let is_own = resolution.is_given(signal.protocol);
    let name = if is_own { signal.protocol } else { "OTEL_EXPORTER_OTLP_PROTOCOL" };
    match resolution.choice(name) {
        "http/protobuf" => OtlpProtocol::HttpProtobuf,
        "http/json" => OtlpProtocol::HttpJson,
        other => {
            if is_sent && other == "grpc" {
                resolution.warn(format!("{name}: gRPC is not built in, {} is used", signal.default_protocol));
            }
            signal.default_protocol
        }
    }
}

impl OtlpEndpoint {
    /// Reads a URL: `http://` or `https://`, without a fragment.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let path_at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_at);
        let is_path = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let server = AgentUrl::parse(&format!("{scheme}://{authority}")).filter(|url| !matches!(url, AgentUrl::Unix { .. }))?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        is_path.then_some(OtlpEndpoint { server, path })
    }

    /// What a request is for: the path, or the whole URL for a host that sends it.
    pub fn path_for(&self, is_for_host: bool) -> String {
        if is_for_host { format!("{}{}", self.server, self.path) } else { self.path.clone() }
    }

    /// What lies at a path below this one.
    fn below(self, path: &str) -> Self {
        let (base, query) = self.path.find('?').map_or((self.path.as_str(), ""), |at| self.path.split_at(at));
        OtlpEndpoint { path: format!("{}{path}{query}", base.trim_end_matches('/')), server: self.server }
    }
}

/// Without the query, which may hold a secret.
impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{}{path}", self.server)
    }
}

impl fmt::Display for OtlpProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OtlpProtocol::HttpProtobuf => "http/protobuf",
            OtlpProtocol::HttpJson => "http/json",
        })
    }
}

/// `name=value` pairs, separated by commas; percent-encoded, as baggage is.
pub(super) fn header_pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
    raw.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
        (decoded(name), decoded(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Option<(String, String)> {
        OtlpEndpoint::parse(text).map(|endpoint| (endpoint.server.to_string(), endpoint.path))
    }

    #[test]
    fn an_endpoint_is_a_server_and_a_path_as_it_was_given() {
        for (text, server, path) in [
            ("http://collector:4318/v1/traces", "http://collector:4318", "/v1/traces"),
            ("http://collector:4318", "http://collector:4318", "/"),
            (" https://collector/a//b/ ", "https://collector", "/a//b/"),
            ("http://[::1]:4318/x?y=a/b&z=%20", "http://[::1]:4318", "/x?y=a/b&z=%20"),
            ("HTTP://collector?key=1", "http://collector", "/?key=1"),
            ("http://user:secret@collector/", "http://collector", "/"),
        ] {
            assert_eq!(endpoint(text), Some((server.to_owned(), path.to_owned())), "{text}");
        }
        for text in
            ["", "collector:4318", "unix:///a", "ftp://a", "http://", "http://a b/", "http://a/b c", "http://a/#x", "http://a/ü"]
        {
            assert_eq!(endpoint(text), None, "{text}");
        }
    }

    #[test]
    fn a_signal_s_path_goes_below_the_endpoint_of_all_signals() {
        for (text, path) in [
            ("http://c", "/v1/traces"),
            ("http://c/", "/v1/traces"),
            ("http://c/otlp", "/otlp/v1/traces"),
            ("http://c/otlp//", "/otlp/v1/traces"),
            ("http://c/otlp/?key=1", "/otlp/v1/traces?key=1"),
        ] {
            assert_eq!(OtlpEndpoint::parse(text).unwrap().below("/v1/traces").path, path, "{text}");
        }
    }

    #[test]
    fn the_query_is_not_shown() {
        let endpoint = OtlpEndpoint::parse("http://user:hunter2@c:1/v1/traces?key=hunter2").unwrap();
        assert_eq!(endpoint.to_string(), "http://c:1/v1/traces");
    }

    #[test]
    fn headers_are_percent_decoded() {
        let pairs: Vec<_> = header_pairs("api-key=a%20b%3D, Other = x=y ,, bare,k=%zz").collect();
        let expected = [("api-key", "a b="), ("Other", "x=y"), ("bare", ""), ("k", "%zz")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
