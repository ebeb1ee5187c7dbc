//! Where metrics go by DogStatsD, and what is said of their origin: the `DD_DOGSTATSD_*` settings.
//!
//! The address is the URL if there is one, else host and port if one of them is given, else the agent's usual socket, else the usual port of
//! this machine.

use super::agent_url::{is_host, without_brackets};
use super::resolution::Resolution;
use super::value::Value;
use std::fmt;
use std::path::PathBuf;

/// Where the agent takes metrics when it shares a directory with its applications.
pub(super) const DEFAULT_SOCKET: &str = "/var/run/datadog/dsd.socket";
const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 8125;

/// How a unix socket is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnixKind {
    /// As the socket has it: datagrams or a stream.
    Any,
    /// With datagrams.
    Datagram,
    /// With a stream.
    Stream,
}

/// Where metrics go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DogstatsdAddress {
    /// With datagrams to a host.
    Udp {
        /// Host name or address; IPv6 literals without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// To a socket of this machine.
    Unix {
        /// Absolute path of the socket.
        path: PathBuf,
        /// How it is spoken to.
        kind: UnixKind,
    },
}

/// Metrics by DogStatsD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DogstatsdSettings {
    /// Where they go.
    pub address: DogstatsdAddress,
    /// Whether URL, host or port say so; otherwise the agent's word counts.
    pub address_is_given: bool,
    /// `DD_DOGSTATSD_DISABLE`: nothing is sent.
    pub is_disabled: bool,
    /// Whether messages say where they come from.
    pub origin_detection: bool,
    /// How many tags of their origin they ask for: `none`, `low`, `orchestrator` or `high`.
    pub cardinality: Option<&'static str>,
}

/// Metrics that the library itself sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnMetricsSettings {
    /// Metrics of the process and its runtime.
    pub runtime: bool,
    /// Metrics of the tracer.
    pub health: bool,
    /// Under which names these are sent.
    pub health_names: HealthNames,
    /// Whether the runtime's id is a tag of them.
    pub with_runtime_id: bool,
}

/// Whose names the metrics of the tracer have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HealthNames {
    /// Those that most of Datadog's tracers have.
    #[default]
    Common,
    /// Those of the tracer for Python.
    Python,
    /// Those of the tracer for Ruby.
    Ruby,
}

impl DogstatsdAddress {
    /// A host, which may be an IPv6 literal with or without brackets, and a port.
    pub fn udp(host: &str, port: u16) -> Self {
        DogstatsdAddress::Udp { host: without_brackets(host).to_owned(), port }
    }

    /// A unix socket of either kind.
    pub fn unix(path: &str) -> Self {
        DogstatsdAddress::Unix { path: PathBuf::from(path), kind: UnixKind::Any }
    }

    /// Reads `udp://HOST:PORT`, `unix://PATH`, `unixgram://PATH`, `unixstream://PATH`, a path, or a host with or without a port.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return None;
        }
        if text.starts_with('/') {
            return Some(Self::unix(text));
        }
        let Some((scheme, rest)) = text.split_once("://") else { return parse_host(text) };
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "udp" => return parse_host(rest.trim_end_matches('/')),
            "unix" => UnixKind::Any,
            "unixgram" => UnixKind::Datagram,
            "unixstream" => UnixKind::Stream,
            _ => return None,
        };
        (rest.starts_with('/') && rest.len() > 1).then(|| DogstatsdAddress::Unix { path: PathBuf::from(rest), kind })
    }
}

fn parse_host(text: &str) -> Option<DogstatsdAddress> {
    // The colons of an IPv6 literal are inside its brackets, or there is no port.
    let after_host = match text.rfind(']') {
        Some(bracket) => bracket + 1,
        None if text.matches(':').count() > 1 => text.len(),
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(after_host);
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().filter(|port| *port != 0)?,
        None if port.is_empty() => DEFAULT_PORT,
        _ => return None,
    };
    is_host(host).then(|| DogstatsdAddress::udp(host, port))
}

impl fmt::Display for DogstatsdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DogstatsdAddress::Udp { host, port } if host.contains(':') => write!(f, "udp://[{host}]:{port}"),
            DogstatsdAddress::Udp { host, port } => write!(f, "udp://{host}:{port}"),
            DogstatsdAddress::Unix { path, kind } => {
                let scheme = match kind {
                    UnixKind::Any => "unix",
                    UnixKind::Datagram => "unixgram",
                    UnixKind::Stream => "unixstream",
                };
                write!(f, "{scheme}://{}", path.display())
            }
        }
    }
}

/// Derives the host from the agent's, so that host and port can always be asked for.
pub(super) fn complete(resolution: &mut Resolution) {
    if resolution.is_set("DD_AGENT_HOST") {
        let agent = resolution.value("DD_AGENT_HOST").clone();
        resolution.calculate("DD_DOGSTATSD_HOST", agent);
    }
}

/// What the settings say about DogStatsD.
pub(super) fn settings(resolution: &Resolution, has_socket: bool) -> DogstatsdSettings {
    let host = resolution.text("DD_DOGSTATSD_HOST").unwrap_or_else(|| DEFAULT_HOST.to_owned());
    let port = u16::try_from(resolution.unsigned("DD_DOGSTATSD_PORT")).unwrap_or(DEFAULT_PORT);
    let is_udp = ["DD_DOGSTATSD_HOST", "DD_DOGSTATSD_PORT", "DD_AGENT_HOST"].iter().any(|name| resolution.is_given(name));
    let url = match resolution.value("DD_DOGSTATSD_URL") {
        Value::Text(text) => DogstatsdAddress::parse(text),
        _ => None,
    };
    let is_given = ["DD_DOGSTATSD_HOST", "DD_DOGSTATSD_PORT"].iter().any(|name| resolution.is_set(name));
    DogstatsdSettings {
        address_is_given: url.is_some() || is_given,
        address: url.unwrap_or_else(|| match has_socket && !is_udp {
            true => DogstatsdAddress::unix(DEFAULT_SOCKET),
            false => DogstatsdAddress::udp(&host, port),
        }),
        is_disabled: resolution.choice("DD_DOGSTATSD_DISABLE") == "true",
        origin_detection: resolution.choice("DD_ORIGIN_DETECTION_ENABLED") == "true",
        cardinality: Some(resolution.choice("DD_CARDINALITY")).filter(|word| !word.is_empty()),
    }
}

/// What the library sends itself.
pub(super) fn own_metrics(resolution: &Resolution) -> OwnMetricsSettings {
    OwnMetricsSettings {
        runtime: resolution.flag("DD_RUNTIME_METRICS_ENABLED"),
        health: resolution.flag("DD_TRACE_HEALTH_METRICS_ENABLED"),
        health_names: match resolution.choice("LIBDDTRACE_HEALTH_METRIC_NAMES") {
            "python" => HealthNames::Python,
            "ruby" => HealthNames::Ruby,
            _ => HealthNames::Common,
        },
        with_runtime_id: resolution.flag("DD_RUNTIME_METRICS_RUNTIME_ID_ENABLED"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, shown) in [
            ("udp://agent:8125", "udp://agent:8125"),
            ("udp://agent", "udp://agent:8125"),
            ("UDP://agent:1/", "udp://agent:1"),
            ("agent", "udp://agent:8125"),
            ("agent:9", "udp://agent:9"),
            ("10.0.0.1:9", "udp://10.0.0.1:9"),
            ("::1", "udp://[::1]:8125"),
            ("[::1]:9", "udp://[::1]:9"),
            ("udp://[::1]", "udp://[::1]:8125"),
            ("/var/run/dsd.socket", "unix:///var/run/dsd.socket"),
            ("unix:///var/run/dsd.socket", "unix:///var/run/dsd.socket"),
            ("unixgram:///a/b", "unixgram:///a/b"),
            ("unixstream:///a/b", "unixstream:///a/b"),
        ] {
            assert_eq!(DogstatsdAddress::parse(text).map(|address| address.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in [
            "",
            "http://agent:8125",
            "udp://",
            "udp://a:0",
            "udp://a:70000",
            "a:b",
            "udp://a b",
            "unix://",
            "unix://relative",
            "unixgram:///",
            "a:",
            r"\\.\pipe\name",
            "/a\nb",
            "a:+1",
        ] {
            assert_eq!(DogstatsdAddress::parse(text), None, "{text}");
        }
    }
}
