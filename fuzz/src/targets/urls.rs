//! URLs of agents and proxies, and lists of hosts.

use ddtrace::config::{AgentUrl, DirectHosts, ProxySettings, ProxyUrl};
use ddtrace::transport::{AgentTransport, TransportOptions};
use std::time::Duration;

/// Any text: as each of them.
pub fn all_kinds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
    let proxy = ProxyUrl::parse(first);
    if let Some(proxy) = &proxy {
        let shown = proxy.to_string();
        let read = ProxyUrl::parse(&shown).unwrap_or_else(|| panic!("{shown} is not read back"));
        assert_eq!((read.host.as_str(), read.port), (proxy.host.as_str(), proxy.port));
        assert!(read.credentials().is_none(), "{shown}");
    }
    let Some(url) = AgentUrl::parse(first) else { return };
    let shown = url.to_string();
    assert_eq!(AgentUrl::parse(&shown).as_ref(), Some(&url), "{shown}");
    let options = TransportOptions { connect_timeout: Duration::ZERO, proxy: proxy.clone(), ..TransportOptions::default() };
    let _ = AgentTransport::with_options(&url, &options);
    let settings = ProxySettings { https: proxy.clone(), http: proxy, direct: DirectHosts::parse(second) };
    let _ = settings.proxy_for(&url);
}
