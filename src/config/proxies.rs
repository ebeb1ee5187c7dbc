//! HTTP proxies on the way out: `http://user:password@host:port`, and which hosts are reached without one.
//!
//! They serve what leaves the site: the intake, and collectors elsewhere. The agent is a neighbour, and reached directly.

use super::agent_url::{self, AgentUrl};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    /// Host name or address; IPv6 literals without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    credentials: Option<Vec<u8>>,
}

impl ProxyUrl {
    /// Reads a URL, or a host and port; `None` if it is neither, or the URL of another kind of proxy.
    pub fn parse(text: &str) -> Option<Self> {
        const DEFAULT_PORT: u16 = 80;
        let text = text.trim().trim_end_matches('/');
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if !scheme.eq_ignore_ascii_case("http") || rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return None;
        }
        let (host, port, _path) = agent_url::parse_tcp(rest, DEFAULT_PORT)?;
        let authority = rest.find('/').map_or(rest, |slash| rest.split_at(slash).0);
        let credentials = authority.rsplit_once('@').map(|(user_info, _)| percent_decode_str(user_info).collect());
        Some(ProxyUrl { host, port, credentials })
    }

    /// `user:password`, as it goes into the header.
    pub fn credentials(&self) -> Option<Vec<u8>> {
        let mut credentials = self.credentials.clone()?;
        if !credentials.contains(&b':') {
            credentials.push(b':');
        }
        Some(credentials)
    }
}

/// Without user and password.
impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "http://[{}]:{}", self.host, self.port),
            false => write!(f, "http://{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}

/// The proxies, and the hosts that are reached without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// For `https://`.
    pub https: Option<ProxyUrl>,
    /// For `http://`.
    pub http: Option<ProxyUrl>,
    /// Hosts that are reached directly.
    pub direct: DirectHosts,
}

impl ProxySettings {
    /// The proxy on the way to this URL. Unix sockets and this machine itself are reached directly.
    pub fn proxy_for(&self, url: &AgentUrl) -> Option<&ProxyUrl> {
        let (proxy, host, port) = match url {
            AgentUrl::Https { host, port, .. } => (&self.https, host, *port),
            AgentUrl::Http { host, port, .. } => (&self.http, host, *port),
            AgentUrl::Unix { .. } => return None,
        };
        proxy.as_ref().filter(|_| !is_this_machine(host) && !self.direct.contains(host, port))
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The hosts of a `NO_PROXY` list: names with all names below them, addresses, networks such as `10.0.0.0/8`, each with a port
/// if it is for that port alone, or `*` for all hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectHosts(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    All,
    Network {
        address: IpAddr,
        prefix: u32,
        port: Option<u16>,
    },
    /// The name without the dot in front; `below_only`: not the name itself.
    Name {
        name: String,
        below_only: bool,
        port: Option<u16>,
    },
}

impl DirectHosts {
    /// Reads a list that is separated by commas or spaces. What is nothing of the above is a name that no host has.
    pub fn parse(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        DirectHosts(entries.map(Entry::parse).collect())
    }

    fn contains(&self, host: &str, port: u16) -> bool {
        let host = host.split_once('%').map_or(host, |(address, _zone)| address).trim_end_matches('.');
        let address = host.parse::<IpAddr>().ok();
        self.0.iter().any(|entry| match entry {
            Entry::All => true,
            Entry::Network { address: network, prefix, port: only } => {
                only.is_none_or(|only| only == port) && address.is_some_and(|address| is_within(address, *network, *prefix))
            }
            Entry::Name { name, below_only, port: only } => {
                only.is_none_or(|only| only == port) && address.is_none() && is_name_or_below(host, name, *below_only)
            }
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Self {
        if text == "*" {
            return Entry::All;
        }
        if let Some((address, prefix)) = network(text) {
            return Entry::Network { address, prefix, port: None };
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (text, None),
        };
        let host = if port.is_some() { host } else { text };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Entry::Network { address, prefix: bits(address), port };
        }
        let below = host.strip_prefix('*').unwrap_or(host);
        let name = below.strip_prefix('.').unwrap_or(below);
        Entry::Name { name: name.trim_end_matches('.').to_ascii_lowercase(), below_only: name.len() < host.len(), port }
    }
}

/// An address with all of its bits, or `address/prefix`.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let Some((address, prefix)) = text.split_once('/') else {
        let address = text.parse().ok()?;
        return Some((address, bits(address)));
    };
    let address = address.parse().ok()?;
    let prefix = prefix.parse().ok().filter(|prefix| *prefix <= bits(address))?;
    Some((address, prefix))
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { u32::BITS } else { u128::BITS }
}

fn is_within(address: IpAddr, network: IpAddr, prefix: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= prefix,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= prefix,
        _ => false,
    }
}

fn is_name_or_below(host: &str, name: &str, below_only: bool) -> bool {
    let Some(before) = host.len().checked_sub(name.len()) else { return false };
    let ends_so = host.as_bytes().get(before..).is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()));
    let is_below = before > 0 && host.as_bytes().get(before - 1) == Some(&b'.');
    !name.is_empty() && ends_so && (is_below || before == 0 && !below_only)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> AgentUrl {
        AgentUrl::parse(text).unwrap()
    }

    #[test]
    fn proxies_are_http_urls_or_hosts() {
        for (text, shown, credentials) in [
            ("http://proxy:3128", "http://proxy:3128", None),
            ("HTTP://proxy/", "http://proxy:80", None),
            ("proxy:3128", "http://proxy:3128", None),
            ("http://u:p@proxy:1", "http://proxy:1", Some("u:p")),
            ("http://u@[::1]:1", "http://[::1]:1", Some("u:")),
            ("http://u%40x:p%3a%zz%@proxy:1/path", "http://proxy:1", Some("u@x:p:%zz%")),
        ] {
            let proxy = ProxyUrl::parse(text).unwrap();
            assert_eq!(proxy.to_string(), shown);
            assert_eq!(proxy.credentials(), credentials.map(|text| text.as_bytes().to_vec()), "{text}");
        }
        for text in ["", "https://proxy:1", "socks5://proxy:1", "http://", "http://a b", "proxy:0", "proxy:x", "http://h\r\nx"] {
            assert_eq!(ProxyUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let proxy = ProxyUrl::parse("http://user:hunter2@proxy:1").unwrap();
        assert!(!format!("{proxy} {proxy:?}").contains("hunter2"));
    }

    #[test]
    fn each_scheme_has_its_proxy_and_this_machine_none() {
        let settings = ProxySettings {
            https: ProxyUrl::parse("secure:1"),
            http: ProxyUrl::parse("plain:2"),
            direct: DirectHosts::default(),
        };
        let port = |text: &str| settings.proxy_for(&url(text)).map(|proxy| proxy.port);
        assert_eq!(port("https://intake.example"), Some(1));
        assert_eq!(port("http://collector:4318"), Some(2));
        for direct in ["unix:///a", "http://localhost:1", "https://LOCALHOST.", "http://127.8.9.1", "https://[::1]:4"] {
            assert_eq!(port(direct), None, "{direct}");
        }
    }

    #[test]
    fn hosts_that_are_reached_directly() {
        let direct =
            DirectHosts::parse("example.com, .inner *.wild,10.0.0.0/8 ::2 fd00::/8,port.example:8443,[fe80::1]:9 /x a/99,:");
        for (host, port) in [
            ("example.com", 1),
            ("EXAMPLE.com.", 1),
            ("a.b.example.com", 1),
            ("x.inner", 1),
            ("x.wild", 1),
            ("10.200.0.1", 1),
            ("::2", 1),
            ("fd12::7", 1),
            ("port.example", 8443),
            ("fe80::1%eth0", 9),
        ] {
            assert!(direct.contains(host, port), "{host}:{port}");
        }
        for (host, port) in [
            ("notexample.com", 1),
            ("example.com.evil", 1),
            ("inner", 1),
            ("wild", 1),
            ("11.0.0.1", 1),
            ("::3", 1),
            ("port.example", 443),
            ("fe80::1", 8),
            ("", 1),
        ] {
            assert!(!direct.contains(host, port), "{host}:{port}");
        }
        assert!(DirectHosts::parse("*").contains("anything", 1));
        assert!(DirectHosts::parse("0.0.0.0/0").contains("8.8.8.8", 1) && !DirectHosts::parse("0.0.0.0/0").contains("::8", 1));
    }
}
