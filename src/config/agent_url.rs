//! Where the agent is: `http://host:port/base`, `https://…` or `unix:///path/of/socket`.
//!
//! Follows RFC 3986 as far as these forms need it: no query, no fragment, IPv6 literals in brackets, ports 1 to 65535 with
//! the defaults of the scheme (80, 443). User and password are accepted and dropped.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;

/// Where the agent is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentUrl {
    /// HTTP over TCP.
    Http {
        /// Host name or address; IPv6 literals without brackets.
        host: String,
        /// Port.
        port: u16,
        /// What paths are appended to: empty, or a path that starts with a slash and does not end with one.
        base_path: String,
    },
    /// HTTP over TLS.
    Https {
        /// Host name or address; IPv6 literals without brackets.
        host: String,
        /// Port.
        port: u16,
        /// What paths are appended to: empty, or a path that starts with a slash and does not end with one.
        base_path: String,
    },
    /// HTTP over a unix socket.
    Unix {
        /// Absolute path of the socket.
        path: PathBuf,
    },
}

impl AgentUrl {
    /// HTTP at the root of a host. The host may be an IPv6 literal with or without brackets.
    pub fn http(host: &str, port: u16) -> Self {
        AgentUrl::Http { host: without_brackets(host).to_owned(), port, base_path: String::new() }
    }

    /// A unix socket.
    pub fn unix(path: &str) -> Self {
        AgentUrl::Unix { path: PathBuf::from(path) }
    }

    /// Reads a URL; `None` if it is none of the three forms.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('/');
        let (scheme, rest) = text.split_once("://")?;
        if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return None;
        }
        match scheme.to_ascii_lowercase().as_str() {
            "http" => parse_tcp(rest, 80).map(|(host, port, base_path)| AgentUrl::Http { host, port, base_path }),
            "https" => parse_tcp(rest, 443).map(|(host, port, base_path)| AgentUrl::Https { host, port, base_path }),
            "unix" => rest.starts_with('/').then(|| AgentUrl::unix(rest)),
            _ => None,
        }
    }
}

pub(super) fn parse_tcp(rest: &str, default_port: u16) -> Option<(String, u16, String)> {
    if rest.contains(['?', '#']) {
        return None;
    }
    let (authority, base_path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    // The colons of an IPv6 literal are inside its brackets.
    let host_end = address.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match address.get(host_end..)?.find(':') {
        Some(colon) => (address.get(..host_end + colon)?, port(address.get(host_end + colon + 1..)?)?),
        None => (address, default_port),
    };
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    (is_host(host) && !is_bare_ipv6).then(|| (without_brackets(host).to_owned(), port, base_path.to_owned()))
}

fn port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|port| *port != 0)
}

/// Whether a text is a host name, an IPv4 address, or an IPv6 address with or without brackets.
pub(super) fn is_host(text: &str) -> bool {
    const LONGEST_NAME: usize = 253;
    if text.contains([':', '[', ']']) {
        let (address, zone) = without_brackets(text).split_once('%').unwrap_or((without_brackets(text), "0"));
        return address.parse::<Ipv6Addr>().is_ok() && is_name(zone);
    }
    text.len() <= LONGEST_NAME && is_name(text)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// A URL, or what was meant as one, without user and password.
pub(super) fn without_user_info(text: &str) -> String {
    let (scheme, rest) = text.find("://").map_or(("", text), |at| text.split_at(at + 3));
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    format!("{scheme}{address}{path}")
}

impl fmt::Display for AgentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port, default_port, base_path) = match self {
            AgentUrl::Http { host, port, base_path } => ("http", host, *port, 80, base_path),
            AgentUrl::Https { host, port, base_path } => ("https", host, *port, 443, base_path),
            AgentUrl::Unix { path } => return write!(f, "unix://{}", path.display()),
        };
        f.write_str(scheme)?;
        match host.contains(':') {
            true => write!(f, "://[{host}]")?,
            false => write!(f, "://{host}")?,
        }
        if port != default_port {
            write!(f, ":{port}")?;
        }
        f.write_str(base_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_read_back_as_they_are_shown() {
        for text in [
            "http://localhost:8126",
            "http://agent",
            "https://agent.example:8443/base/path",
            "https://agent",
            "http://[::1]:5000",
            "http://[fe80::1%eth0]:8126",
            "http://10.0.0.1:8126",
            "http://my_agent:8126",
            "unix:///var/run/datadog/apm.socket",
        ] {
            assert_eq!(AgentUrl::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn parts_of_a_url() {
        let url = AgentUrl::parse(" HTTP://user:p@ss@[::1]:5000/x/ ").unwrap();
        assert_eq!(url, AgentUrl::Http { host: "::1".to_owned(), port: 5000, base_path: "/x".to_owned() });
        assert_eq!(
            AgentUrl::parse("https://h"),
            Some(AgentUrl::Https { host: "h".to_owned(), port: 443, base_path: String::new() })
        );
        assert_eq!(AgentUrl::parse("http://h/"), Some(AgentUrl::http("h", 80)));
        assert_eq!(AgentUrl::parse("unix:///a/b/"), Some(AgentUrl::unix("/a/b")));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "/",
            "localhost:8126",
            "ftp://x",
            "http://",
            "http:///path",
            "http://:8126",
            "http://h:0",
            "http://h:65536",
            "http://h:",
            "http://h:80x",
            "http://h:+80",
            "http://h o:80",
            "http://h?x",
            "http://h#x",
            "http://::1:8126",
            "http://[::1",
            "http://[::g]:1",
            "http://[::1]x:1",
            "unix://relative/path",
            "unix://",
            "unix:/a",
            "windows:\\\\.\\pipe\\x",
            "http://ho\u{e9}st:1",
            "http://a/b\nc",
        ] {
            assert_eq!(AgentUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hosts() {
        for host in ["localhost", "a.b-c_d", "10.0.0.1", "::1", "[::1]", "fe80::1%eth0"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "a b", "http://a", "a:80", "10.0.0.1:80", "[::1", "::1]", "a/b", "u@h"] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn user_and_password_are_not_shown() {
        for (text, shown) in [
            ("http://user:pass@host:1/x", "http://host:1/x"),
            ("ftp://user:pass@host", "ftp://host"),
            ("user:pass@host:1/x", "host:1/x"),
            ("http://host/a@b", "http://host/a@b"),
        ] {
            assert_eq!(without_user_info(text), shown);
        }
    }
}
