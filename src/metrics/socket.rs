//! The socket that payloads leave through: UDP, or a unix socket for datagrams or a stream.
//!
//! Nothing here blocks but for a short wait where the receiver is slow. A payload that the system does not take now is lost; the socket stays
//! unless the error says that nobody is behind it any more. Then the next payload opens another one.

use crate::config::{DogstatsdAddress, UnixKind};
use crate::transport::{HostLookup, connect_unix_stream};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// What the system keeps for a unix socket, at least.
const SEND_BUFFER: libc::c_int = 64 * 1024;
/// How long a payload waits for a receiver that is slow.
const WRITE_TIMEOUT: Duration = Duration::from_millis(100);
/// How long one waits for a stream.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const CONNECT_TRIES: u32 = 3;
/// How long one waits for a host's address: on a thread of the library's, and on the host's.
const LOOK_UP: Duration = Duration::from_secs(2);
const LOOK_UP_SHORTLY: Duration = Duration::from_millis(50);
/// A host's address is asked for again when nobody was there for so long.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(30);

/// The way to one address.
#[derive(Debug)]
pub struct Outlet {
    address: DogstatsdAddress,
    lookup: Option<HostLookup>,
    /// Ends the wait for a host's address.
    interrupted: Arc<AtomicBool>,
    open: Option<Open>,
    /// When the socket was opened.
    since: Option<Instant>,
    /// The payload of a stream, with its length.
    framed: Vec<u8>,
}

#[derive(Debug)]
enum Open {
    Udp(UdpSocket),
    Datagram(UnixDatagram),
    Stream(UnixStream),
}

impl Outlet {
    pub fn new(address: DogstatsdAddress, interrupted: Arc<AtomicBool>) -> Self {
        let lookup = match &address {
            DogstatsdAddress::Udp { host, port } => Some(HostLookup::new(host, *port)),
            DogstatsdAddress::Unix { .. } => None,
        };
        Outlet { address, lookup, interrupted, open: None, since: None, framed: Vec::new() }
    }

    /// Goes elsewhere from now on.
    pub fn lead_to(&mut self, address: &DogstatsdAddress) {
        if self.address != *address {
            *self = Outlet::new(address.clone(), Arc::clone(&self.interrupted));
        }
    }

    /// The kind of way, as it is reported.
    pub fn way(&self) -> &'static str {
        match (&self.address, &self.open) {
            (DogstatsdAddress::Udp { .. }, _) => "udp",
            (_, Some(Open::Stream(_))) | (DogstatsdAddress::Unix { kind: UnixKind::Stream, .. }, _) => "uds-stream",
            _ => "uds",
        }
    }

    /// Sends a payload. `may_wait`: a receiver that is slow is waited for, shortly.
    pub fn send(&mut self, payload: &[u8], may_wait: bool) -> io::Result<()> {
        if self.open.is_none() {
            self.open = Some(self.open(may_wait)?);
            self.since = Some(Instant::now());
        }
        let deadline = may_wait.then(|| Instant::now() + WRITE_TIMEOUT);
        let Some(open) = &self.open else { return Err(ErrorKind::NotConnected.into()) };
        let sent = match open {
            Open::Udp(socket) => send_datagram(socket.as_raw_fd(), payload, deadline),
            Open::Datagram(socket) => send_datagram(socket.as_raw_fd(), payload, deadline),
            Open::Stream(socket) => {
                frame(payload, &mut self.framed);
                send_stream(socket.as_raw_fd(), &self.framed, deadline)
            }
        };
        let Err(error) = sent else { return Ok(()) };
        let is_stale = self.since.is_none_or(|since| since.elapsed() > LOOK_UP_AGAIN);
        match (&error, matches!(self.open, Some(Open::Udp(_)))) {
            (Unsent::Later(_), _) => {}
            // The datagram before this one found nobody; this one was not sent either, and may find somebody.
            (Unsent::Ended(cause), true) if cause.kind() == ErrorKind::ConnectionRefused && !is_stale => {
                let Some(Open::Udp(socket)) = &self.open else { return Ok(()) };
                return send_datagram(socket.as_raw_fd(), payload, None).map_err(Unsent::into_cause);
            }
            (Unsent::Ended(_), _) => self.open = None,
        }
        Err(error.into_cause())
    }

    fn open(&self, may_wait: bool) -> io::Result<Open> {
        match (&self.address, &self.lookup) {
            (DogstatsdAddress::Unix { path, kind: UnixKind::Stream }, _) => open_stream(path, may_wait).map(Open::Stream),
            (DogstatsdAddress::Unix { path, kind }, _) => match open_datagram(path) {
                Err(error) if *kind == UnixKind::Any && error.raw_os_error() == Some(libc::EPROTOTYPE) => {
                    open_stream(path, may_wait).map(Open::Stream)
                }
                other => other.map(Open::Datagram),
            },
            (DogstatsdAddress::Udp { .. }, Some(lookup)) => {
                let deadline = Instant::now() + if may_wait { LOOK_UP } else { LOOK_UP_SHORTLY };
                open_udp(lookup.addresses(Some(deadline), &self.interrupted)?).map(Open::Udp)
            }
            (DogstatsdAddress::Udp { .. }, None) => Err(ErrorKind::NotFound.into()),
        }
    }
}

/// Why a payload was not sent.
#[derive(Debug)]
enum Unsent {
    /// The socket is as good as before.
    Later(io::Error),
    /// Nobody is behind it, or a part of the payload was sent.
    Ended(io::Error),
}

impl Unsent {
    fn into_cause(self) -> io::Error {
        match self {
            Unsent::Later(cause) | Unsent::Ended(cause) => cause,
        }
    }

    fn of_datagram(cause: io::Error) -> Self {
        match cause.raw_os_error() {
            Some(libc::EAGAIN | libc::ENOBUFS | libc::EMSGSIZE | libc::ENOMEM) => Unsent::Later(cause),
            _ => Unsent::Ended(cause),
        }
    }
}

/// The length, four bytes, little-endian, and the payload.
fn frame(payload: &[u8], framed: &mut Vec<u8>) {
    framed.clear();
    framed.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    framed.extend_from_slice(payload);
}

fn send_datagram(descriptor: RawFd, payload: &[u8], deadline: Option<Instant>) -> Result<(), Unsent> {
    loop {
        match send(descriptor, payload) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && wait_until_writable(descriptor, deadline) => {}
            Err(error) => return Err(Unsent::of_datagram(error)),
        }
    }
}

fn send_stream(descriptor: RawFd, framed: &[u8], deadline: Option<Instant>) -> Result<(), Unsent> {
    let mut rest = framed;
    while !rest.is_empty() {
        match send(descriptor, rest) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && wait_until_writable(descriptor, deadline) => {}
            // What follows would be taken for the rest of this payload.
            Err(error) if rest.len() < framed.len() => return Err(Unsent::Ended(error)),
            Err(error) => return Err(Unsent::of_datagram(error)),
        }
    }
    Ok(())
}

#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: libc::c_int = libc::MSG_DONTWAIT;

fn send(descriptor: RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: pointer and length are those of a live slice. std's own functions would raise SIGPIPE in the host on some systems.
    let sent = unsafe { libc::send(descriptor, bytes.as_ptr().cast(), bytes.len(), SEND_FLAGS) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// `false`: the time is over, or there was none.
fn wait_until_writable(descriptor: RawFd, deadline: Option<Instant>) -> bool {
    let left = deadline.map_or(Duration::ZERO, |deadline| deadline.saturating_duration_since(Instant::now()));
    if left.is_zero() {
        return false;
    }
    let millis = i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
    let mut entry = libc::pollfd { fd: descriptor, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one live entry is passed, and its count.
    let ready = unsafe { libc::poll(&mut entry, 1, millis) };
    // A signal is no answer; the loop around comes back with less time.
    ready != 0
}

/// IPv4 where there are both, because that is where agents listen.
fn open_udp(mut found: Vec<SocketAddr>) -> io::Result<UdpSocket> {
    found.sort_by_key(|address| address.is_ipv6());
    let mut last = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for address in found {
        let local: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let connected = UdpSocket::bind(local).and_then(|socket| socket.connect(address).map(|()| socket));
        match connected {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn open_datagram(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    widen(socket.as_raw_fd());
    Ok(socket)
}

/// The system answers at once whether somebody listens; only where many wait for that one does connecting take time.
fn open_stream(path: &Path, may_wait: bool) -> io::Result<UnixStream> {
    let deadline = Instant::now() + if may_wait { CONNECT_TIMEOUT } else { Duration::ZERO };
    let mut tries = 1;
    loop {
        let error = match connect_unix_stream(path, deadline) {
            Ok(socket) => {
                let socket = UnixStream::from(socket);
                widen(socket.as_raw_fd());
                return Ok(socket);
            }
            Err(error) => error,
        };
        if error.kind() != ErrorKind::ConnectionRefused || tries >= CONNECT_TRIES || Instant::now() >= deadline {
            return Err(error);
        }
        tries += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Room for several payloads; less is no reason not to send.
fn widen(descriptor: RawFd) {
    let bytes = SEND_BUFFER;
    let length = size_of_val(&bytes) as libc::socklen_t;
    // SAFETY: the pointer is to a live integer of that length.
    unsafe { libc::setsockopt(descriptor, libc::SOL_SOCKET, libc::SO_SNDBUF, (&raw const bytes).cast(), length) };
}
