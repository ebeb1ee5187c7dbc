//! The library's own transport: HTTP/1.1 to one agent or other server, over TCP, TLS or a unix socket.

use std::borrow::Cow;
use std::io::Read;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::http::{self, HeaderName, HeaderValue, Uri};
use ureq::{AsSendBody, Body};

use super::connection::{self, Endpoint, Layer, ServerConnector};
use super::lookup::HostLookup;
use super::proxy;
use super::{Request, Response, Transport, TransportError, TransportOptions};
use crate::config::AgentUrl;
use crate::log::log_warn;

/// The most that is usually read of a response's body.
pub const MAX_RESPONSE_BODY_BYTES: usize = 1024 * 1024;

/// A longer timeout of a request is cut to this, which is far beyond any use and within what the clock can add.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// Connections that are kept when nothing is being sent. One sender and one poller per agent are usual.
const IDLE_CONNECTIONS: usize = 2;
/// Longer headers of a response are a protocol error.
const MAX_RESPONSE_HEADER_BYTES: usize = 16 * 1024;
/// More than the headers may take, so that too many of them are seen as such and not as the end of the connection.
const RECEIVE_BUFFER_BYTES: usize = 2 * MAX_RESPONSE_HEADER_BYTES;
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// What frames a request is the transport's business: such headers of a caller are left out.
const OWN_HEADERS: [HeaderName; 5] = [
    http::header::HOST,
    http::header::CONTENT_LENGTH,
    http::header::TRANSFER_ENCODING,
    http::header::CONNECTION,
    http::header::EXPECT,
];

/// Sends requests to one agent, over connections that are kept alive.
///
/// It belongs to the process that made it. In a forked child, [`Transport::send`] answers an error and
/// [`Transport::interrupt`] does nothing, for the connections are the parent's; a child makes a transport of its own. The
/// old one may be dropped there (which closes the child's copies of the descriptors, unseen by the agent) or forgotten.
pub struct AgentTransport {
    client: ureq::Agent,
    /// The address as errors name it.
    address: String,
    /// Scheme, host, port and base path: what precedes the path of a request.
    prefix: String,
    /// The header of requests that a proxy reads.
    proxy_authorization: Option<String>,
    interrupted: Arc<AtomicBool>,
    process: u32,
}

impl AgentTransport {
    /// A transport to the agent at this URL: directly, and trusting the authorities that the system trusts. Nothing is connected
    /// until the first request; a connection, with the lookup of the host, then takes `connect_timeout` at most, and never longer
    /// than the request may.
    ///
    /// # Errors
    /// As [`AgentTransport::with_options`].
    pub fn new(url: &AgentUrl, connect_timeout: Duration) -> Result<AgentTransport, TransportError> {
        Self::with_options(url, &TransportOptions { connect_timeout, ..TransportOptions::default() })
    }

    /// The same to any server.
    ///
    /// # Errors
    /// [`TransportError::Connect`] for a host or base path that cannot stand in a URL, and for an `https` URL where TLS was left out.
    pub fn with_options(url: &AgentUrl, options: &TransportOptions) -> Result<AgentTransport, TransportError> {
        let target = url.to_string();
        let address =
            options.proxy.as_ref().map_or_else(|| target.clone(), |proxy| format!("{target} through the proxy {proxy}"));
        let refused = |cause: &str| TransportError::Connect { address: address.clone(), cause: cause.to_owned() };
        let Some(prefix) = url_prefix(url) else {
            return Err(refused("its host or base path cannot stand in a URL; expected a name or an IP address, and a path"));
        };
        let server = |host: &str, port| match &options.proxy {
            Some(proxy) => HostLookup::new(&proxy.host, proxy.port),
            None => HostLookup::new(host, port),
        };
        let (endpoint, layer) = match url {
            AgentUrl::Unix { path } => (Endpoint::Unix(path.into()), Layer::None),
            AgentUrl::Http { host, port, .. } => {
                let prefix = format!("http://{}", authority(host, *port));
                let layer = options.proxy.as_ref().map_or(Layer::None, |_| Layer::AbsoluteForm { prefix: prefix.into() });
                (Endpoint::Host(server(host, *port)), layer)
            }
            AgentUrl::Https { host, port, .. } => {
                let layer = tls_layer(host, *port, options).ok_or_else(|| {
                    refused("this build of the library has no TLS (feature `tls`); expected an http:// or unix:// URL")
                })?;
                (Endpoint::Host(server(host, *port)), layer)
            }
        };
        let proxy_authorization = match (&layer, &options.proxy) {
            (Layer::AbsoluteForm { .. }, Some(proxy)) => proxy::authorization(proxy),
            _ => None,
        };
        let interrupted = Arc::new(AtomicBool::new(false));
        let connector = ServerConnector {
            endpoint,
            layer,
            address: address.clone(),
            connect_timeout: options.connect_timeout,
            interrupted: Arc::clone(&interrupted),
        };
        let client = connection::client(client_config(), connector);
        Ok(AgentTransport { client, address, prefix, proxy_authorization, interrupted, process: process::id() })
    }

    fn exchange(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let failed = |error| self.translate(error, request.timeout);
        let response = if request.body.is_empty() && matches!(request.method, "GET" | "HEAD") {
            self.run(request, ())
        } else {
            self.run(request, request.body)
        };
        let (parts, body) = response.map_err(failed)?.into_parts();
        let mut bytes = Vec::new();
        // The status is the answer, and a request that has it must not be repeated because the rest of the body does not come.
        let limit = u64::try_from(request.response_limit).unwrap_or(u64::MAX);
        let _ = body.into_reader().take(limit).read_to_end(&mut bytes);
        Ok(Response { status: parts.status.as_u16(), headers: readable_headers(&parts.headers), body: bytes })
    }

    fn run(&self, request: &Request<'_>, body: impl AsSendBody) -> Result<http::Response<Body>, ureq::Error> {
        if !request.path.starts_with('/') {
            return Err(ureq::Error::BadUri(format!("the path {:?} does not begin with a slash", request.path)));
        }
        let uri = format!("{}{}", self.prefix, request.path);
        let mut message = http::Request::builder().method(request.method).uri(uri).body(body)?;
        add_headers(message.headers_mut(), request);
        if let Some(value) = self.proxy_authorization.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
            message.headers_mut().insert(http::header::PROXY_AUTHORIZATION, value);
        }
        let message = self.client.configure_request(message).timeout_global(Some(request.timeout.min(MAX_TIMEOUT))).build();
        self.client.run(message)
    }

    fn translate(&self, error: ureq::Error, timeout: Duration) -> TransportError {
        let address = self.address.clone();
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<TransportError>() {
                Ok(own) => *own,
                Err(other) => TransportError::Io { address, cause: other.to_string() },
            },
            ureq::Error::Timeout(_) => TransportError::Timeout { address, after: timeout },
            ureq::Error::Io(error) => TransportError::Io { address, cause: error.to_string() },
            other => TransportError::Protocol { address, cause: other.to_string() },
        }
    }
}

impl Transport for AgentTransport {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        if self.process != process::id() {
            let cause = "it belongs to the process before the fork".to_owned();
            return Err(TransportError::Io { address: self.address.clone(), cause });
        }
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(TransportError::Interrupted);
        }
        self.exchange(request).map_err(|error| {
            // The shutdown of the socket shows up as whatever the HTTP client makes of it.
            if self.interrupted.load(Ordering::Relaxed) { TransportError::Interrupted } else { error }
        })
    }

    fn interrupt(&self) {
        if self.process != process::id() {
            return;
        }
        self.interrupted.store(true, Ordering::Relaxed);
        self.client.clone().shutdown();
    }
}

/// TLS to the host, if it is built in.
#[cfg(feature = "tls")]
fn tls_layer(host: &str, port: u16, options: &TransportOptions) -> Option<Layer> {
    use super::tunnel::Tunnel;
    use crate::config::ProxyUrl;
    let tunnel = |proxy: &ProxyUrl| Tunnel { proxy: proxy.clone(), authority: authority(host, port) };
    let client = super::tls::TlsClient::new(options.authorities.clone());
    Some(Layer::Tls { client, host: host.to_owned(), tunnel: options.proxy.as_ref().map(tunnel) })
}

#[cfg(not(feature = "tls"))]
fn tls_layer(_: &str, _: u16, _: &TransportOptions) -> Option<Layer> {
    None
}

/// Scheme, host, port and base path as they precede the path of a request; `None` where the parts cannot stand in a URL.
fn url_prefix(url: &AgentUrl) -> Option<String> {
    let (scheme, default_port, host, port, base_path) = match url {
        AgentUrl::Http { host, port, base_path } => ("http", 80, host, *port, base_path),
        AgentUrl::Https { host, port, base_path } => ("https", 443, host, *port, base_path),
        AgentUrl::Unix { .. } => return Some("http://localhost".to_owned()),
    };
    let host = proxy::without_zone(host);
    let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_host_byte) {
        return None;
    }
    let authority = if port == default_port { bracketed(host).into_owned() } else { authority(host, port) };
    let prefix = format!("{scheme}://{authority}{base_path}");
    let is_path = base_path.is_empty() || base_path.starts_with('/');
    let uri: Uri = format!("{prefix}/").parse().ok()?;
    (is_path && uri.query().is_none()).then_some(prefix)
}

/// Host and port.
fn authority(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(proxy::without_zone(host)))
}

fn bracketed(host: &str) -> Cow<'_, str> {
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    if is_bare_ipv6 { Cow::Owned(format!("[{host}]")) } else { Cow::Borrowed(host) }
}

fn client_config() -> ureq::config::Config {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("libddtrace/", env!("CARGO_PKG_VERSION")))
        .accept("")
        .accept_encoding("")
        .max_response_header_size(MAX_RESPONSE_HEADER_BYTES)
        .input_buffer_size(RECEIVE_BUFFER_BYTES)
        .output_buffer_size(SEND_BUFFER_BYTES)
        .max_idle_connections(IDLE_CONNECTIONS)
        .max_idle_connections_per_host(IDLE_CONNECTIONS)
        .build()
}

/// Headers that cannot be sent are left out, so that a bad setting costs the header and not the payload.
fn add_headers(headers: &mut http::HeaderMap, request: &Request<'_>) {
    for (name, value) in request.headers {
        let (Ok(parsed_name), Ok(parsed_value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        else {
            log_warn!(
                "the request header {name:?} was left out: expected a token as its name and a value without control characters"
            );
            continue;
        };
        if OWN_HEADERS.contains(&parsed_name) {
            log_warn!("the request header {name:?} was left out: the transport sets it itself");
            continue;
        }
        // The fallible form: the map has a limit, and a panic is no answer to passing it.
        let _ = headers.try_append(parsed_name, parsed_value);
    }
}

fn readable_headers(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let readable = |(name, value): (&HeaderName, &HeaderValue)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()));
    headers.iter().filter_map(readable).collect()
}
