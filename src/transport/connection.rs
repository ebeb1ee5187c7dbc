//! The HTTP client's connections to one agent.
//!
//! This file alone uses the parts of ureq that may change in its minor releases. It differs from ureq's own connector in
//! that it knows unix sockets; resolves the host only when a connection is made, not for each request; and can be
//! interrupted while it resolves and connects.

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
use super::socket::{Socket, SocketTarget};

/// Where the agent listens.
#[derive(Debug)]
pub(super) enum Endpoint {
    Host(HostLookup),
    Unix(PathBuf),
}

/// Makes the connections of one agent transport.
#[derive(Debug)]
pub(super) struct AgentConnector {
    pub(super) endpoint: Endpoint,
    /// The address as errors name it.
    pub(super) address: String,
    pub(super) connect_timeout: Duration,
    pub(super) interrupted: Arc<AtomicBool>,
}

/// An HTTP client that makes all its connections with this connector.
pub(super) fn client(config: ureq::config::Config, connector: AgentConnector) -> Agent {
    Agent::with_parts(config, connector, NoLookup)
}

impl Connector for AgentConnector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails<'_>, _chained: Option<()>) -> Result<Option<Connection>, Error> {
        let timeout = self.connect_timeout.min(*details.timeout.after);
        let socket = self.open(deadline_after(timeout)).map_err(|error| Error::Other(Box::new(self.failure(&error, timeout))))?;
        let socket = Arc::new(SharedSocket(socket));
        let handle: Weak<dyn ShutdownHandle> = Arc::downgrade(&socket) as Weak<dyn ShutdownHandle>;
        (details.register_shutdown)(handle)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Connection { socket, buffers, peer_stopped_reading: false }))
    }
}

impl AgentConnector {
    fn open(&self, deadline: Option<Instant>) -> io::Result<Socket> {
        match &self.endpoint {
            Endpoint::Unix(path) => Socket::connect(SocketTarget::Unix(path), deadline, &self.interrupted),
            Endpoint::Host(lookup) => self.open_first(lookup, deadline),
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

/// A socket that another thread may shut down.
#[derive(Debug)]
struct SharedSocket(Socket);

impl ShutdownHandle for SharedSocket {
    fn shutdown(&self) {
        self.0.shutdown();
    }
}

/// One connection, in use or kept alive.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Arc<SharedSocket>,
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
        let output = self.buffers.output().get(..amount).ok_or_else(|| Error::Io(io::ErrorKind::InvalidInput.into()))?;
        match self.socket.0.send_all(output, deadline_of(limit)) {
            // An agent that refuses a payload may answer and close before it has read all of it. The answer, if there is one,
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
        let amount = match self.socket.0.receive(input, deadline_of(limit)) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(Error::Timeout(limit.reason)),
            other => other?,
        };
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        !self.peer_stopped_reading && self.socket.0.is_idle()
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
