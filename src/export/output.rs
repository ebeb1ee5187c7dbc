//! Writing to descriptors of the host without harm to it.
//!
//! * A pipe without reader raises SIGPIPE, and a file at its size limit SIGXFSZ; either ends a C program by default.
//!   Both are blocked on the calling thread during the write and taken away again, and the host's mask is restored.
//! * Nothing waits for ever: pipes, sockets and terminals are written in pieces that fit when `poll` says so, and the
//!   write is given up after 2 s without progress. Regular files get each text in one call, so that appended lines of
//!   several processes stay whole.
//! * After a text that was cut off the next one begins on a new line.
//!
//! Of the exporters that write text this is the only file with unsafe code.

use std::io::{self, IsTerminal};
use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::data_exporter::ExportError;

/// How long a write may go without progress.
const STALL_LIMIT: Duration = Duration::from_secs(2);

/// Where a console exporter writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Descriptor 1, whatever it is at the time of each write.
    Stdout,
    /// Descriptor 2, whatever it is at the time of each write.
    Stderr,
    /// Any other descriptor. It is duplicated, so the host may close its own and reuse the number; 1 and 2 mean the
    /// streams above.
    Fd(i32),
}

/// An open destination of text.
#[derive(Debug)]
pub(super) struct Writer {
    target: Target,
    name: String,
    /// Whether the last text was cut off inside a line.
    torn: AtomicBool,
}

#[derive(Debug)]
enum Target {
    Standard(RawFd),
    Owned(OwnedFd),
}

impl Writer {
    /// The writer of a console exporter.
    pub(super) fn console(output: Output) -> Result<Self, ExportError> {
        let (target, name) = match output {
            Output::Stdout | Output::Fd(libc::STDOUT_FILENO) => {
                (Target::Standard(libc::STDOUT_FILENO), "standard output".to_owned())
            }
            Output::Stderr | Output::Fd(libc::STDERR_FILENO) => {
                (Target::Standard(libc::STDERR_FILENO), "standard error".to_owned())
            }
            Output::Fd(fd) => {
                let owned = duplicate(fd).map_err(|cause| ExportError::Descriptor { fd, cause })?;
                (Target::Owned(owned), format!("descriptor {fd}"))
            }
        };
        Ok(Writer { target, name, torn: AtomicBool::new(false) })
    }

    /// The writer of an open file, known by `name`.
    pub(super) fn owned(fd: OwnedFd, name: String) -> Self {
        Writer { target: Target::Owned(fd), name, torn: AtomicBool::new(false) }
    }

    /// Whether somebody looks at it.
    pub(super) fn is_terminal(&self) -> bool {
        // SAFETY: the descriptor is borrowed for this call only; a standard one may be closed, which isatty answers
        // with "no".
        unsafe { BorrowedFd::borrow_raw(self.fd()) }.is_terminal()
    }

    /// The terminal's width, if it is one and knows it.
    pub(super) fn columns(&self) -> Option<usize> {
        // SAFETY: winsize is plain integers, for which zero is a value.
        let mut size: libc::winsize = unsafe { mem::zeroed() };
        // SAFETY: TIOCGWINSZ writes one winsize, to which the pointer is valid; a bad descriptor answers -1.
        let result = unsafe { libc::ioctl(self.fd(), libc::TIOCGWINSZ, &mut size) };
        (result == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
    }

    /// Writes all of a text of whole lines. Callers take turns.
    pub(super) fn write_lines(&self, text: &[u8]) -> Result<(), ExportError> {
        if text.is_empty() {
            return Ok(());
        }
        self.write_text(text).map_err(|cause| self.failure(cause))
    }

    /// The error that says that writing here failed.
    pub(super) fn failure(&self, cause: io::Error) -> ExportError {
        ExportError::Write { output: self.name.clone(), cause }
    }

    fn write_text(&self, text: &[u8]) -> io::Result<()> {
        let fd = self.fd();
        let is_file = is_regular_file(fd);
        if self.torn.load(Ordering::Relaxed) {
            write_all(fd, b"\n", is_file).map_err(|(_, cause)| cause)?;
            self.torn.store(false, Ordering::Relaxed);
        }
        write_all(fd, text, is_file).map_err(|(written, cause)| {
            let last = written.checked_sub(1).and_then(|last| text.get(last));
            self.torn.store(last.is_some_and(|byte| *byte != b'\n'), Ordering::Relaxed);
            cause
        })
    }

    fn fd(&self) -> RawFd {
        match &self.target {
            Target::Standard(fd) => *fd,
            Target::Owned(fd) => fd.as_raw_fd(),
        }
    }
}

/// Writes everything, or tells how much was written before it failed.
fn write_all(fd: RawFd, text: &[u8], is_file: bool) -> Result<(), (usize, io::Error)> {
    let piece = if is_file { usize::MAX } else { libc::PIPE_BUF };
    let mut written = 0;
    let mut deadline = Instant::now() + STALL_LIMIT;
    while let Some(rest) = text.get(written..).filter(|rest| !rest.is_empty()) {
        wait_writable(fd, deadline).map_err(|cause| (written, cause))?;
        let piece = rest.get(..piece).unwrap_or(rest);
        match write_once(fd, piece) {
            Ok(0) => return Err((written, io::ErrorKind::WriteZero.into())),
            Ok(count) => {
                written += count;
                deadline = Instant::now() + STALL_LIMIT;
            }
            Err(cause) if is_passing(&cause) => {}
            Err(cause) => return Err((written, cause)),
        }
    }
    Ok(())
}

fn is_passing(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

/// Waits until the descriptor takes bytes, or has an error that the write itself will tell.
fn wait_writable(fd: RawFd, deadline: Instant) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut entry = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
        let timeout = i32::try_from(left.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the pointer is valid for the one entry that the count says.
        let result = unsafe { libc::poll(&mut entry, 1, timeout) };
        if result > 0 {
            return Ok(());
        }
        if result < 0 {
            let cause = io::Error::last_os_error();
            if cause.kind() != io::ErrorKind::Interrupted {
                return Err(cause);
            }
        }
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the reader does not read"));
        }
    }
}

fn write_once(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    let signals = BlockedSignals::new();
    // SAFETY: the pointer and the length are those of one slice; a bad descriptor answers -1.
    let count = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    let Ok(count) = usize::try_from(count) else {
        let cause = io::Error::last_os_error();
        match cause.raw_os_error() {
            Some(libc::EPIPE) => signals.discard(libc::SIGPIPE),
            Some(libc::EFBIG) => signals.discard(libc::SIGXFSZ),
            _ => {}
        }
        return Err(cause);
    };
    Ok(count)
}

/// The signals that a write can raise, blocked on this thread for as long as the value lives.
struct BlockedSignals {
    mask_before: libc::sigset_t,
    pending_before: libc::sigset_t,
}

impl BlockedSignals {
    fn new() -> Self {
        let blocked = signal_set(&[libc::SIGPIPE, libc::SIGXFSZ]);
        let mut pending_before = signal_set(&[]);
        let mut mask_before = signal_set(&[]);
        // SAFETY: all three point to sets that are initialised and live through the calls.
        unsafe {
            libc::sigpending(&mut pending_before);
            libc::pthread_sigmask(libc::SIG_BLOCK, &blocked, &mut mask_before);
        }
        BlockedSignals { mask_before, pending_before }
    }

    /// Takes away the signal that a failed write has raised. One that was pending before is the host's and stays.
    fn discard(&self, signal: libc::c_int) {
        // SAFETY: the set is initialised.
        if unsafe { libc::sigismember(&self.pending_before, signal) } == 1 {
            return;
        }
        let set = signal_set(&[signal]);
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            // SAFETY: the set and the time are initialised; nothing is to be told about the signal.
            let result = unsafe { libc::sigtimedwait(&set, ptr::null_mut(), &at_once) };
            if result >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                return;
            }
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the set was filled by the call that blocked the signals, on this same thread.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.mask_before, ptr::null_mut()) };
    }
}

fn signal_set(signals: &[libc::c_int]) -> libc::sigset_t {
    // SAFETY: sigset_t is plain integers, for which zero is a value; the calls get a pointer to it and valid numbers.
    unsafe {
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in signals {
            libc::sigaddset(&mut set, *signal);
        }
        set
    }
}

fn duplicate(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers; a bad descriptor answers -1.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new, open, and known to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

fn is_regular_file(fd: RawFd) -> bool {
    // SAFETY: stat is plain integers, for which zero is a value.
    let mut facts: libc::stat = unsafe { mem::zeroed() };
    // SAFETY: fstat writes one stat, to which the pointer is valid; a bad descriptor answers -1.
    let result = unsafe { libc::fstat(fd, &mut facts) };
    result == 0 && facts.st_mode & libc::S_IFMT == libc::S_IFREG
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
