//! The address of a web request's client, behind proxies.

use crate::config::ClientIpSettings;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Headers in which proxies name the client; the first one that is there counts.
const HEADERS: [&str; 10] = [
    "x-forwarded-for",
    "x-real-ip",
    "true-client-ip",
    "x-client-ip",
    "forwarded",
    "forwarded-for",
    "x-cluster-client-ip",
    "fastly-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
];
/// Most items of a list that are looked at.
const MOST_ITEMS: usize = 100;

/// Finds the client's address: a public one that the headers name, else a public peer, else a private one that they name, else the peer.
/// `header` answers the value of a header by its name in lower case.
pub fn client_ip<'a>(
    settings: &ClientIpSettings,
    header: impl Fn(&str) -> Option<&'a str>,
    peer: Option<&str>,
) -> Option<IpAddr> {
    let named = match &settings.header {
        Some(name) => header(&name.to_ascii_lowercase()).and_then(address).into_iter().collect(),
        None => HEADERS.into_iter().find_map(header).map(addresses).unwrap_or_default(),
    };
    let peer = peer.and_then(address);
    let public = named.iter().find(|address| !is_private(**address)).copied();
    let public = public.or_else(|| peer.filter(|peer| !is_private(*peer)));
    public.or_else(|| named.first().copied()).or(peer)
}

fn addresses(value: &str) -> Vec<IpAddr> {
    value.split(',').take(MOST_ITEMS).filter_map(address).collect()
}

/// An address in one of its forms: plain, in brackets, with a port, as `for=` of the header `Forwarded`.
fn address(item: &str) -> Option<IpAddr> {
    let of_pair = |pair: &'static str| {
        let mut parts = item.split(';').map(str::trim);
        parts.find_map(|part| part.get(..pair.len()).filter(|start| start.eq_ignore_ascii_case(pair)).and(part.get(pair.len()..)))
    };
    let text = of_pair("for=").unwrap_or(item).trim().trim_matches('"');
    let parsed = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    let bracketed = || text.strip_prefix('[')?.split_once(']')?.0.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    parsed.ok().or_else(bracketed).map(|address| address.to_canonical())
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => {
            let [first, ..] = v6.segments();
            // Loopback; site-local, link-local; unique local.
            v6.is_loopback() || matches!(first & 0xffc0, 0xfec0 | 0xfe80) || first & 0xfe00 == 0xfc00
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(own: Option<&str>, headers: &[(&str, &str)], peer: &str) -> String {
        let settings = ClientIpSettings { header: own.map(str::to_owned) };
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        client_ip(&settings, header, Some(peer)).map(|address| address.to_string()).unwrap_or_default()
    }

    #[test]
    fn public_addresses_go_before_private_ones() {
        for (name, value, peer, expected) in [
            ("x-cluster-client-ip", "10.42.42.42, 43.43.43.43, fe80::1", "10.0.0.9", "43.43.43.43"),
            ("x-forwarded-for", "10.0.0.1", "8.8.8.8", "8.8.8.8"),
            ("x-forwarded-for", "10.0.0.1,172.16.3.4", "192.168.0.1", "10.0.0.1"),
            ("x-forwarded-for", "junk, , 1.2.3.4:80", "", "1.2.3.4"),
            ("x-real-ip", "[2001:db8::1]:443", "", "2001:db8::1"),
            ("forwarded", "proto=https;for=\"[2001:db8::1]:4711\", for=9.9.9.9", "", "2001:db8::1"),
            ("forwarded", "For=1.2.3.4;by=7.7.7.7", "", "1.2.3.4"),
            ("x-forwarded-for", "junk", "10.0.0.1", "10.0.0.1"),
            ("x-forwarded-for", "::ffff:10.0.0.1", "", "10.0.0.1"),
            ("other", "1.2.3.4", "", ""),
        ] {
            assert_eq!(found(None, &[(name, value)], peer), expected, "{name}: {value}, {peer}");
        }
    }

    #[test]
    fn the_first_header_that_is_there_counts() {
        assert_eq!(found(None, &[("cf-connecting-ip", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")], ""), "2.2.2.2");
        assert_eq!(found(None, &[("cf-connecting-ip", "1.1.1.1"), ("x-forwarded-for", "unknown")], "10.0.0.1"), "10.0.0.1");
    }

    #[test]
    fn a_header_of_the_settings_is_the_only_one() {
        let headers = [("x-forwarded-for", "2.2.2.2"), ("custom-ip", "3.3.3.3"), ("list", "4.4.4.4, 5.5.5.5")];
        assert_eq!(found(Some("Custom-IP"), &headers, ""), "3.3.3.3");
        assert_eq!(found(Some("missing"), &headers, "9.9.9.9"), "9.9.9.9");
        assert_eq!(found(Some("list"), &headers, ""), "", "it must be one address");
    }

    #[test]
    fn private_ranges() {
        for private in [
            "127.0.0.1",
            "10.1.1.1",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.65.0.1",
            "::1",
            "fec0::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }
}
