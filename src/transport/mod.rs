//! HTTP to the agent and to other servers: over TCP, TLS and unix sockets, and what a request needs to know about its origin.
//!
//! The wire is HTTP/1.1 with keep-alive; a body always has a Content-Length, redirects are not followed, a proxy is used only if
//! [`TransportOptions`] name it, and of a response at most [`MAX_RESPONSE_BODY_BYTES`] are read. Whoever sends sees the
//! [`Transport`] trait alone, which a host may provide as well; [`AgentTransport`] is the library's own.
//!
//! Only `connection.rs` knows the parts of the HTTP client that may change in its minor releases, and only `socket.rs` and
//! `lookup.rs` talk to the system.

mod agent;
mod agent_info;
mod connection;
mod error;
mod lookup;
mod message;
mod options;
mod origin;
mod proxy;
mod socket;
#[cfg(feature = "tls")]
mod tls;
mod together;
#[cfg(feature = "tls")]
mod tunnel;

pub use crate::config::AgentUrl;
pub use agent::{AgentTransport, MAX_RESPONSE_BODY_BYTES};
pub use agent_info::{AgentInfo, TagFilters};
pub use error::TransportError;
pub use lookup::HostLookup;
pub use message::{Request, Response};
pub use options::{TransportOptions, TrustedAuthorities};
pub use origin::Origin;
pub use together::Together;
#[cfg(feature = "tls")]
pub use tunnel::judge_answer as judge_tunnel_answer;

use socket::{Socket, SocketTarget};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Sends one request and waits for its response.
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the response, for the request's timeout at most.
    ///
    /// # Errors
    /// Whatever kept a response from arriving. A response of any status is not an error.
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError>;

    /// Breaks the calls of [`Transport::send`] that are under way in other threads, and makes later ones fail at once: all
    /// answer [`TransportError::Interrupted`]. For the end of a process or tracer that cannot wait for timeouts.
    fn interrupt(&self);
}

/// A stream to a unix socket, non-blocking, for another protocol than HTTP. Waits until the deadline where the listener has no room.
///
/// # Errors
/// Whatever kept the connection from being made.
pub fn connect_unix_stream(path: &Path, deadline: Instant) -> io::Result<OwnedFd> {
    let never = AtomicBool::new(false);
    Socket::connect(SocketTarget::Unix(path), Some(deadline), &never).map(Socket::into_descriptor)
}

#[cfg(test)]
mod proxy_tests;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "tls"))]
mod tls_tests;
