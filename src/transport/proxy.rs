//! Requests that an HTTP proxy reads, and who asks it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::config::ProxyUrl;

/// The value of the header `Proxy-Authorization`.
pub(super) fn authorization(proxy: &ProxyUrl) -> Option<String> {
    proxy.credentials().map(|credentials| format!("Basic {}", BASE64_STANDARD.encode(credentials)))
}

/// The beginning of a request as a proxy reads it: with the whole URL in its first line.
pub(super) fn absolute_form(output: &[u8], prefix: &str) -> Vec<u8> {
    let target = output.iter().position(|byte| *byte == b' ').map_or(0, |space| space + 1);
    let (method, rest) = output.split_at(target);
    [method, prefix.as_bytes(), rest].concat()
}

/// The zone of an IPv6 address means something on this machine only, and is not told to others (RFC 6874).
pub(super) fn without_zone(host: &str) -> &str {
    host.split_once('%').map_or(host, |(address, _zone)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_gets_the_whole_url() {
        let output = b"POST /v1/traces HTTP/1.1\r\nHost: collector\r\n\r\nbody with spaces";
        let written = absolute_form(output, "http://collector:4318");
        assert!(written.starts_with(b"POST http://collector:4318/v1/traces HTTP/1.1\r\n"));
        assert!(written.ends_with(b"body with spaces"));
    }
}
