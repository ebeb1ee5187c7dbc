//! A stream socket with deadlines, TCP or unix, as the connection needs it.
//!
//! std's sockets are not used, because connecting to a unix socket cannot be bounded with them (a listener whose backlog is
//! full blocks the caller for good), a connect cannot be interrupted, and writing to a unix socket may raise `SIGPIPE` in the
//! host. The descriptor is non-blocking and close-on-exec; every wait is a `poll` up to the deadline.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a wait that no event of the socket ends looks whether it was interrupted.
pub(super) const INTERRUPT_POLL: Duration = Duration::from_millis(50);

/// Where to connect.
#[derive(Clone, Copy, Debug)]
pub(super) enum SocketTarget<'a> {
    Tcp(SocketAddr),
    Unix(&'a Path),
}

/// A connected socket. Dropping it closes the descriptor without a `shutdown`, so a copy in a forked child does no harm.
#[derive(Debug)]
pub(super) struct Socket {
    descriptor: OwnedFd,
}

impl Socket {
    /// Connects before the deadline, or fails with `TimedOut`; fails with `Interrupted` soon after the flag is set.
    pub(super) fn connect(target: SocketTarget<'_>, deadline: Option<Instant>, interrupted: &AtomicBool) -> io::Result<Socket> {
        let address = RawAddress::new(target)?;
        let socket = Socket { descriptor: new_descriptor(address.family())? };
        if address.family() != libc::AF_UNIX {
            set_option(socket.raw(), libc::IPPROTO_TCP, libc::TCP_NODELAY)?;
        }
        loop {
            let Err(error) = address.connect(socket.raw()) else {
                return Ok(socket);
            };
            match error.raw_os_error() {
                Some(libc::EINPROGRESS | libc::EINTR | libc::EALREADY) => {
                    socket.finish_connecting(deadline, interrupted)?;
                    return Ok(socket);
                }
                Some(libc::EISCONN) => return Ok(socket),
                // A unix listener whose backlog is full; nothing tells when it no longer is.
                Some(libc::EAGAIN) => thread::sleep(next_slice(deadline, interrupted)?),
                _ => return Err(error),
            }
        }
    }

    /// The descriptor, non-blocking, for another protocol.
    pub(super) fn into_descriptor(self) -> OwnedFd {
        self.descriptor
    }

    /// Sends all of the bytes before the deadline, or fails with `TimedOut`.
    pub(super) fn send_all(&self, bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // SAFETY: the pointer and length are those of a live slice.
            let sent = unsafe { libc::send(self.raw(), rest.as_ptr().cast(), rest.len(), SEND_FLAGS) };
            match usize::try_from(sent) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(_) => self.wait_after_error(libc::POLLOUT, deadline)?,
            }
        }
        Ok(())
    }

    /// Receives what is there, waiting for it until the deadline; 0: the peer closed its side.
    pub(super) fn receive(&self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        loop {
            // SAFETY: the pointer and length are those of a live slice that nothing else uses.
            let received = unsafe { libc::recv(self.raw(), buffer.as_mut_ptr().cast(), buffer.len(), 0) };
            match usize::try_from(received) {
                Ok(count) => return Ok(count),
                Err(_) => self.wait_after_error(libc::POLLIN, deadline)?,
            }
        }
    }

    /// Whether the connection is open and nothing unasked-for has arrived.
    pub(super) fn is_idle(&self) -> bool {
        let mut byte = 0_u8;
        // SAFETY: the buffer is one live byte.
        let received = unsafe { libc::recv(self.raw(), (&raw mut byte).cast(), 1, libc::MSG_PEEK) };
        received < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock
    }

    /// Ends the connection, which wakes whoever waits on it.
    pub(super) fn shutdown(&self) {
        // SAFETY: the descriptor is open as long as `self` lives. A failure means that the connection has ended already.
        unsafe { libc::shutdown(self.raw(), libc::SHUT_RDWR) };
    }

    fn raw(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    fn finish_connecting(&self, deadline: Option<Instant>, interrupted: &AtomicBool) -> io::Result<()> {
        loop {
            let slice = next_slice(deadline, interrupted)?;
            if self.poll(libc::POLLOUT, Some(slice))? {
                break;
            }
        }
        match get_option(self.raw(), libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    fn wait_after_error(&self, events: libc::c_short, deadline: Option<Instant>) -> io::Result<()> {
        let error = io::Error::last_os_error();
        match error.kind() {
            io::ErrorKind::Interrupted => Ok(()),
            io::ErrorKind::WouldBlock => {
                let timeout = deadline.map(time_left).transpose()?;
                self.poll(events, timeout)?;
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Waits for the events, or an error or the end of the connection; `false`: the time is over, or a signal came.
    fn poll(&self, events: libc::c_short, timeout: Option<Duration>) -> io::Result<bool> {
        let millis = match timeout {
            // Rounded up, so that a rest of less than a millisecond is not a busy loop.
            Some(time) => i32::try_from(time.as_micros().div_ceil(1000)).unwrap_or(i32::MAX),
            None => -1,
        };
        let mut entry = libc::pollfd { fd: self.raw(), events, revents: 0 };
        // SAFETY: one live entry is passed, and its count.
        let ready = unsafe { libc::poll(&mut entry, 1, millis) };
        if ready < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(false) } else { Err(error) };
        }
        Ok(ready > 0)
    }
}

/// How long to wait until the flag is looked at again.
fn next_slice(deadline: Option<Instant>, interrupted: &AtomicBool) -> io::Result<Duration> {
    if interrupted.load(Ordering::Relaxed) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    match deadline {
        Some(deadline) => Ok(time_left(deadline)?.min(INTERRUPT_POLL)),
        None => Ok(INTERRUPT_POLL),
    }
}

fn time_left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

/// An address as the system takes it.
enum RawAddress {
    V4(libc::sockaddr_in),
    V6(libc::sockaddr_in6),
    Unix(libc::sockaddr_un),
}

impl RawAddress {
    fn new(target: SocketTarget<'_>) -> io::Result<RawAddress> {
        match target {
            SocketTarget::Unix(path) => Ok(RawAddress::Unix(unix_address(path)?)),
            SocketTarget::Tcp(SocketAddr::V4(address)) => {
                // SAFETY: all zeros is a valid value of this plain C struct.
                let mut raw: libc::sockaddr_in = unsafe { MaybeUninit::zeroed().assume_init() };
                raw.sin_family = libc::AF_INET as libc::sa_family_t;
                raw.sin_port = address.port().to_be();
                raw.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
                Ok(RawAddress::V4(raw))
            }
            SocketTarget::Tcp(SocketAddr::V6(address)) => {
                // SAFETY: as above.
                let mut raw: libc::sockaddr_in6 = unsafe { MaybeUninit::zeroed().assume_init() };
                raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                raw.sin6_port = address.port().to_be();
                raw.sin6_addr.s6_addr = address.ip().octets();
                raw.sin6_flowinfo = address.flowinfo();
                raw.sin6_scope_id = address.scope_id();
                Ok(RawAddress::V6(raw))
            }
        }
    }

    fn family(&self) -> libc::c_int {
        match self {
            RawAddress::V4(_) => libc::AF_INET,
            RawAddress::V6(_) => libc::AF_INET6,
            RawAddress::Unix(_) => libc::AF_UNIX,
        }
    }

    fn connect(&self, descriptor: RawFd) -> io::Result<()> {
        let (pointer, length) = match self {
            RawAddress::V4(raw) => ((&raw const *raw).cast(), mem::size_of_val(raw)),
            RawAddress::V6(raw) => ((&raw const *raw).cast(), mem::size_of_val(raw)),
            RawAddress::Unix(raw) => ((&raw const *raw).cast(), mem::size_of_val(raw)),
        };
        // SAFETY: the pointer is to a live struct of that length, of the family that the descriptor was made for. The struct of
        // a unix address is zero-terminated within its length.
        check(unsafe { libc::connect(descriptor, pointer, length as libc::socklen_t) }).map(drop)
    }
}

fn unix_address(path: &Path) -> io::Result<libc::sockaddr_un> {
    // SAFETY: all zeros is a valid value of this plain C struct.
    let mut raw: libc::sockaddr_un = unsafe { MaybeUninit::zeroed().assume_init() };
    raw.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let bytes = path.as_os_str().as_bytes();
    let longest = raw.sun_path.len() - 1;
    if bytes.is_empty() || bytes.contains(&0) || bytes.len() > longest {
        let message =
            format!("the path of a unix socket has 1 to {longest} bytes and no NUL, this one has {} bytes", bytes.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    for (slot, byte) in raw.sun_path.iter_mut().zip(bytes) {
        *slot = *byte as libc::c_char;
    }
    Ok(raw)
}

#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: libc::c_int = 0;

#[cfg(not(target_vendor = "apple"))]
fn new_descriptor(family: libc::c_int) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: the call takes no pointers; the descriptor is new and owned here alone.
    unsafe { Ok(OwnedFd::from_raw_fd(check(libc::socket(family, kind, 0))?)) }
}

#[cfg(target_vendor = "apple")]
fn new_descriptor(family: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: the calls take no pointers; the descriptor is new and owned here alone.
    unsafe {
        let descriptor = OwnedFd::from_raw_fd(check(libc::socket(family, libc::SOCK_STREAM, 0))?);
        check(libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC))?;
        check(libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK))?;
        set_option(descriptor.as_raw_fd(), libc::SOL_SOCKET, libc::SO_NOSIGPIPE)?;
        Ok(descriptor)
    }
}

fn set_option(descriptor: RawFd, level: libc::c_int, option: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    let length = mem::size_of_val(&on) as libc::socklen_t;
    // SAFETY: the pointer is to a live integer of that length.
    check(unsafe { libc::setsockopt(descriptor, level, option, (&raw const on).cast(), length) }).map(drop)
}

fn get_option(descriptor: RawFd, level: libc::c_int, option: libc::c_int) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut length = mem::size_of_val(&value) as libc::socklen_t;
    // SAFETY: the pointers are to a live integer of that length, and to that length.
    check(unsafe { libc::getsockopt(descriptor, level, option, (&raw mut value).cast(), &mut length) })?;
    Ok(value)
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}
