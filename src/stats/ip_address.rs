//! IP addresses in peer tags: one text stands for all, so that every peer does not make a group of its own.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What stands for an address.
const BLOCKED: &str = "blocked-ip-address";
/// Addresses that mean the same everywhere: this host, and the metadata services of clouds.
const KEPT: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];
const SCHEMES: [&str; 5] = ["dnspoll", "ftp", "file", "https", "http"];

/// The value of a peer tag without addresses: of items separated by commas each for itself, equal ones once.
pub(super) fn without_addresses(value: &str) -> Cow<'_, str> {
    // An address has a digit or two colons.
    if !value.bytes().any(|byte| byte.is_ascii_digit() || byte == b':') {
        return Cow::Borrowed(value);
    }
    if !value.contains(',') {
        return without_address(value);
    }
    let mut items: Vec<Cow<'_, str>> = Vec::new();
    for item in value.split(',').map(without_address) {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Cow::Owned(items.join(","))
}

fn without_address(item: &str) -> Cow<'_, str> {
    let (prefix, rest) = split_prefix(item);
    match split_address(rest) {
        Some((address, suffix)) if !KEPT.contains(&address) => Cow::Owned([prefix, BLOCKED, suffix].concat()),
        _ => Cow::Borrowed(item),
    }
}

/// `ip-`, or a scheme with its slashes, and the rest.
fn split_prefix(item: &str) -> (&str, &str) {
    let rest = item.strip_prefix("ip-").or_else(|| {
        let rest = SCHEMES.iter().find_map(|scheme| item.strip_prefix(scheme)?.strip_prefix("://"))?;
        Some(rest.strip_prefix('/').unwrap_or(rest))
    });
    let rest = rest.unwrap_or(item);
    item.split_at(item.len() - rest.len())
}

/// The address at the beginning, and what follows it.
fn split_address(text: &str) -> Option<(IpAddr, &str)> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, suffix) = bracketed.split_once(']')?;
        return Some((ipv6(address)?, suffix));
    }
    if let Some((address, suffix)) = split_ipv4(text) {
        return Some((address, suffix));
    }
    Some((ipv6(text)?, ""))
}

fn ipv6(text: &str) -> Option<IpAddr> {
    let address = text.split_once('%').map_or(text, |(address, _zone)| address);
    address.parse().ok().map(IpAddr::V6)
}

/// Four numbers with the same separator between them.
fn split_ipv4(text: &str) -> Option<(IpAddr, &str)> {
    let mut octets = [0u8; 4];
    let mut rest = text;
    let mut separator = None;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            let next = rest.chars().next().filter(|next| matches!(next, '.' | '-' | '_'))?;
            if separator.is_some_and(|known| known != next) {
                return None;
            }
            separator = Some(next);
            rest = rest.get(1..)?;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=3).contains(&digits) {
            return None;
        }
        *octet = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
    }
    Some((IpAddr::V4(Ipv4Addr::from(octets)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_every_form() {
        let cases = [
            ("", ""),
            ("foo.dog", "foo.dog"),
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("::1", "::1"),
            ("[::1]:80", "[::1]:80"),
            ("169.254.169.254", "169.254.169.254"),
            ("fd00:ec2::254", "fd00:ec2::254"),
            ("169.254.170.2", "169.254.170.2"),
            ("192.168.1.1", "blocked-ip-address"),
            ("192.168.1.1.foo", "blocked-ip-address.foo"),
            ("192.168.1.1.2.3.4.5", "blocked-ip-address.2.3.4.5"),
            ("192_168_1_1", "blocked-ip-address"),
            ("192-168-1-1", "blocked-ip-address"),
            ("192-168-1-1-foo", "blocked-ip-address-foo"),
            ("192-168.1-1", "192-168.1-1"),
            ("256.1.1.1", "256.1.1.1"),
            ("1.2.3", "1.2.3"),
            ("1.2.3.4567", "1.2.3.4567"),
            ("1.2.3.", "1.2.3."),
            ("2001:db8:3333:4444:CCCC:DDDD:EEEE:FFFF", "blocked-ip-address"),
            ("2001:db8:3c4d:15::1a2f:1a2b", "blocked-ip-address"),
            ("fe80::1%eth0", "blocked-ip-address"),
            ("[fe80::1ff:fe23:4567:890a]:8080", "blocked-ip-address:8080"),
            ("[fe80::1", "[fe80::1"),
            ("192.168.1.1:1234", "blocked-ip-address:1234"),
            ("dnspoll:///10.21.120.145:6400", "dnspoll:///blocked-ip-address:6400"),
            ("dnspoll:///abc.cluster.local:50051", "dnspoll:///abc.cluster.local:50051"),
            ("http://10.21.120.145:6400", "http://blocked-ip-address:6400"),
            ("https://10.21.120.145:6400", "https://blocked-ip-address:6400"),
            ("gopher://10.21.120.145", "gopher://10.21.120.145"),
            ("ip-10-152-4-129.ec2.internal", "ip-blocked-ip-address.ec2.internal"),
            ("10-60-160-172.my-service.svc", "blocked-ip-address.my-service.svc"),
            ("10.0.0.1:1,10.0.0.2:1,10.0.0.3,fe80::1,foo.dog", "blocked-ip-address:1,blocked-ip-address,foo.dog"),
            ("http://10.0.0.1:8091,10.0.0.2:8091,10.0.0.3:8091", "http://blocked-ip-address:8091,blocked-ip-address:8091"),
            ("\u{fc}1.2.3.4", "\u{fc}1.2.3.4"),
            ("1.2.3.4\u{fc}", "blocked-ip-address\u{fc}"),
        ];
        for (value, expected) in cases {
            assert_eq!(without_addresses(value), expected, "{value}");
        }
    }
}
