//! The HTTP client's connections to one server.
//!
//! This file alone uses the parts of ureq that may change in its minor releases. It differs from ureq's own connectors in
//! that it knows unix sockets; resolves the host only when a connection is made, not for each request; can be interrupted while
//! it resolves and connects; writes requests to proxies in absolute form; and hears an answer that comes before the request was read.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, ShutdownHandle, Transport};
use ureq::{Agent, Error};

use super::error::TransportError;
use super::lookup::HostLookup;
use super::proxy;
use super::socket::{Socket, SocketTarget};
#[cfg(feature = "tls")]
use super::tls::{TlsClient, TlsStream};
#[cfg(feature = "tls")]
use super::tunnel::Tunnel;

/// Where to connect: to the server, or to the proxy before it.
#[derive(Debug)]
pub(super) enum Endpoint {
    Host(HostLookup),
    Unix(PathBuf),
}

/// What lies between the socket and HTTP.
#[derive(Debug)]
pub(super) enum Layer {
    /// Nothing.
    None,
    /// A proxy that is told the whole URL in each request. The prefix is the part of it before the path.
    AbsoluteForm { prefix: Arc<str> },
    /// TLS to the host, through a tunnel of the proxy if there is one.
    #[cfg(feature = "tls")]
    Tls { client: TlsClient, host: String, tunnel: Option<Tunnel> },
}

/// Makes the connections of one transport.
#[derive(Debug)]
pub(super) struct ServerConnector {
    pub(super) endpoint: Endpoint,
    pub(super) layer: Layer,
    /// The address as errors name it.
    pub(super) address: String,
    pub(super) connect_timeout: Duration,
    pub(super) interrupted: Arc<AtomicBool>,
}

/// An HTTP client that makes all its connections with this connector.
pub(super) fn client(config: ureq::config::Config, connector: ServerConnector) -> Agent {
    Agent::with_parts(config, connector, NoLookup)
}

impl Connector for ServerConnector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails<'_>, _chained: Option<()>) -> Result<Option<Connection>, Error> {
        let timeout = self.connect_timeout.min(*details.timeout.after);
        let deadline = deadline_after(timeout);
        let failed = |error: io::Error| Error::Other(Box::new(self.failure(&error, timeout)));
        let socket = Arc::new(self.open(deadline).map_err(failed)?);
        // From here on a shutdown reaches the socket.
        let handle: Weak<dyn ShutdownHandle> = Arc::downgrade(&socket) as Weak<dyn ShutdownHandle>;
        (details.register_shutdown)(handle)?;
        let stream = self.stream(&socket, deadline).map_err(failed)?;
        let absolute_form = match &self.layer {
            Layer::AbsoluteForm { prefix } => Some(Arc::clone(prefix)),
            _ => None,
        };
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Connection { stream, absolute_form, begins_request: true, buffers, peer_stopped_reading: false }))
    }
}

impl ServerConnector {
    fn open(&self, deadline: Option<Instant>) -> io::Result<Socket> {
        match &self.endpoint {
            Endpoint::Unix(path) => Socket::connect(SocketTarget::Unix(path), deadline, &self.interrupted),
            Endpoint::Host(lookup) => self.open_first(lookup, deadline),
        }
    }

    #[cfg_attr(not(feature = "tls"), expect(unused_variables, reason = "only a handshake takes time"))]
    fn stream(&self, socket: &Arc<Socket>, deadline: Option<Instant>) -> io::Result<Stream> {
        match &self.layer {
            Layer::None | Layer::AbsoluteForm { .. } => Ok(Stream::Plain(Arc::clone(socket))),
            #[cfg(feature = "tls")]
            Layer::Tls { client, host, tunnel } => {
                if let Some(tunnel) = tunnel {
                    tunnel.open(socket, deadline)?;
                }
                client.connect(host, socket, deadline).map(|stream| Stream::Tls(Box::new(stream)))
            }
        }
    }

    /// Tries the addresses one after the other, each with an even share of the time that is left.
    fn open_first(&self, lookup: &HostLookup, deadline: Option<Instant>) -> io::Result<Socket> {
        let addresses = lookup.addresses(deadline, &self.interrupted)?;
        let mut failure = io::Error::other("the host has no address");
        let mut addresses_left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        for address in addresses {
            let share = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()) / addresses_left.max(1));
            let own_deadline = share.and_then(deadline_after);
            match Socket::connect(SocketTarget::Tcp(address), own_deadline, &self.interrupted) {
                Ok(socket) => return Ok(socket),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => failure = error,
            }
            addresses_left = addresses_left.saturating_sub(1);
        }
        Err(failure)
    }

    fn failure(&self, error: &io::Error, timeout: Duration) -> TransportError {
        let address = self.address.clone();
        match error.kind() {
            io::ErrorKind::TimedOut => TransportError::Timeout { address, after: timeout },
            io::ErrorKind::Interrupted => TransportError::Interrupted,
            _ => TransportError::Connect { address, cause: error.to_string() },
        }
    }
}

impl ShutdownHandle for Socket {
    fn shutdown(&self) {
        Socket::shutdown(self);
    }
}

/// What carries the bytes of HTTP.
#[derive(Debug)]
enum Stream {
    Plain(Arc<Socket>),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream>),
}

impl Stream {
    fn send_all(&mut self, bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.send_all(bytes, deadline),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.send_all(bytes, deadline),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.receive(buffer, deadline),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.receive(buffer, deadline),
        }
    }

    fn is_idle(&mut self) -> bool {
        match self {
            Stream::Plain(socket) => socket.is_idle(),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.is_idle(),
        }
    }
}

/// One connection, in use or kept alive.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    /// What a proxy is told in front of each path.
    absolute_form: Option<Arc<str>>,
    /// Whether what is sent next is the beginning of a request: nothing was sent since something was received.
    begins_request: bool,
    buffers: LazyBuffers,
    peer_stopped_reading: bool,
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.peer_stopped_reading {
            return Ok(());
        }
        let limit = timeout.for_write();
        let deadline = deadline_of(limit);
        let output = self.buffers.output().get(..amount).ok_or_else(|| Error::Io(io::ErrorKind::InvalidInput.into()))?;
        let begins_request = std::mem::replace(&mut self.begins_request, false);
        let sent = match self.absolute_form.as_deref().filter(|_| begins_request) {
            Some(prefix) => self.stream.send_all(&proxy::absolute_form(output, prefix), deadline),
            None => self.stream.send_all(output, deadline),
        };
        match sent {
            // A server that refuses a payload may answer and close before it has read all of it. The answer, if there is one,
            // is worth more than the broken pipe: it says whether to try again.
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
                self.peer_stopped_reading = true;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Error::Timeout(limit.reason)),
            other => Ok(other?),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let limit = timeout.for_read();
        let input = self.buffers.input_append_buf();
        let amount = match self.stream.receive(input, deadline_of(limit)) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(Error::Timeout(limit.reason)),
            other => other?,
        };
        self.begins_request = true;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        !self.peer_stopped_reading && self.stream.is_idle()
    }

    fn is_tls(&self) -> bool {
        !matches!(self.stream, Stream::Plain(_))
    }
}

/// Stands where the client wants a resolver: the connector resolves, and only when it connects.
#[derive(Debug)]
struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

fn deadline_of(timeout: NextTimeout) -> Option<Instant> {
    if timeout.after.is_not_happening() {
        return None;
    }
    deadline_after(*timeout.after)
}

/// `None`, which is no deadline, for a time so long that the clock cannot express its end.
fn deadline_after(time: Duration) -> Option<Instant> {
    Instant::now().checked_add(time)
}
