//! From the host of an agent's URL to addresses.
//!
//! The resolver of the system has no timeout of its own, so names are looked up in a short-lived thread, of which one that
//! nobody waits for may be left over; the next lookup then takes up its answer. Literal addresses and `localhost` need no
//! lookup: the name means the loopback addresses (RFC 6761), IPv4 first, because that is where agents listen.

use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use super::socket::INTERRUPT_POLL;
use crate::lock::Mutex;

/// The most addresses of a host that are tried.
const MAX_ADDRESSES: usize = 16;

type Answer = io::Result<Vec<SocketAddr>>;

/// The addresses of one host and port.
#[derive(Debug)]
pub struct HostLookup {
    host: String,
    port: u16,
    unanswered: Mutex<Option<Receiver<Answer>>>,
}

impl HostLookup {
    /// A host is a name, an IPv4 address, or an IPv6 address with or without brackets.
    pub fn new(host: &str, port: u16) -> HostLookup {
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        HostLookup { host: inner.unwrap_or(host).to_owned(), port, unanswered: Mutex::new(None) }
    }

    /// The addresses, in the order to try them; at least one. What is not known by the deadline is taken up by the next call.
    ///
    /// # Errors
    /// `TimedOut` after the deadline, `Interrupted` soon after the flag is set, or why there are none.
    pub fn addresses(&self, deadline: Option<Instant>, interrupted: &AtomicBool) -> Answer {
        if let Ok(literal) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(literal, self.port)]);
        }
        if self.host.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
            let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            return Ok(loopback.map(|address| SocketAddr::new(address, self.port)).to_vec());
        }
        let left_over = self.unanswered.lock().take();
        let receiver = match left_over {
            Some(receiver) => receiver,
            None => self.start()?,
        };
        self.wait(receiver, deadline, interrupted)
    }

    fn start(&self) -> io::Result<Receiver<Answer>> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (host, port) = (self.host.clone(), self.port);
        let look_up = move || {
            let answer = (host.as_str(), port).to_socket_addrs().map(|all| all.take(MAX_ADDRESSES).collect());
            // Nobody waits any more when the transport is gone.
            let _ = sender.send(answer);
        };
        with_signals_blocked(|| thread::Builder::new().name("ddtrace-lookup".to_owned()).spawn(look_up))?;
        Ok(receiver)
    }

    fn wait(&self, receiver: Receiver<Answer>, deadline: Option<Instant>, interrupted: &AtomicBool) -> Answer {
        loop {
            if interrupted.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                *self.unanswered.lock() = Some(receiver);
                return Err(io::ErrorKind::TimedOut.into());
            }
            let slice = left.map_or(INTERRUPT_POLL, |left| left.min(INTERRUPT_POLL));
            match receiver.recv_timeout(slice) {
                Ok(Ok(addresses)) if addresses.is_empty() => return Err(io::Error::other("the host has no address")),
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the lookup of the host ended without an answer"));
                }
            }
        }
    }
}

/// Runs the function with all signals blocked, so that a thread it starts never runs a signal handler of the host.
fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    let mut all = MaybeUninit::uninit();
    let mut former = MaybeUninit::uninit();
    // SAFETY: `all` is filled before it is read; `former` is read below only if the call that fills it succeeded.
    let blocked = unsafe {
        libc::sigfillset(all.as_mut_ptr()) == 0
            && libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), former.as_mut_ptr()) == 0
    };
    let result = start();
    if blocked {
        // SAFETY: `former` was filled, see above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, former.as_ptr(), std::ptr::null_mut()) };
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Option<Instant> {
        Some(Instant::now() + Duration::from_secs(20))
    }

    fn addresses(host: &str) -> Answer {
        HostLookup::new(host, 8126).addresses(soon(), &AtomicBool::new(false))
    }

    #[test]
    fn literals_and_localhost_need_no_lookup() {
        assert_eq!(addresses("192.0.2.7").unwrap(), ["192.0.2.7:8126".parse().unwrap()]);
        let v6: SocketAddr = "[::1]:8126".parse().unwrap();
        assert_eq!(addresses("::1").unwrap(), [v6]);
        assert_eq!(addresses("[::1]").unwrap(), [v6]);
        assert_eq!(addresses("LocalHost").unwrap(), ["127.0.0.1:8126".parse().unwrap(), v6]);
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        // Reserved by RFC 2606: no resolver knows it.
        assert!(addresses("agent.invalid").is_err());
    }

    #[test]
    fn a_lookup_out_of_time_leaves_its_answer_to_the_next() {
        let lookup = HostLookup::new("agent.test", 8126);
        let (sender, receiver) = mpsc::sync_channel(1);
        let running = AtomicBool::new(false);
        let error = lookup.wait(receiver, Some(Instant::now()), &running).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let answer: SocketAddr = "192.0.2.7:8126".parse().unwrap();
        sender.send(Ok(vec![answer])).unwrap();
        assert_eq!(lookup.addresses(soon(), &running).unwrap(), [answer]);
    }

    #[test]
    fn an_interrupt_ends_the_wait() {
        let lookup = HostLookup::new("agent.test", 8126);
        let (_sender, receiver) = mpsc::sync_channel(1);
        let error = lookup.wait(receiver, None, &AtomicBool::new(true)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn signals_are_blocked_only_meanwhile() {
        let blocked = || {
            let mut mask = MaybeUninit::uninit();
            // SAFETY: the call fills the set before it is read.
            unsafe {
                assert_eq!(libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), mask.as_mut_ptr()), 0);
                libc::sigismember(mask.as_ptr(), libc::SIGUSR1) == 1
            }
        };
        assert!(!blocked());
        assert!(with_signals_blocked(blocked));
        assert!(!blocked());
    }
}
