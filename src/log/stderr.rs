//! Writing a line to stderr from inside somebody else's process.
//!
//! The standard library's handle is not used: its lock may be held by a thread that a fork left behind, and a host that has
//! not ignored `SIGPIPE` would die of a closed pipe. Here every failure is ignored, and `SIGPIPE` is kept from the process.

use std::io;
use std::mem::MaybeUninit;

/// Writes the line with one `write(2)` where the kernel takes it whole. What cannot be written is lost.
pub(super) fn write_line(line: &str) {
    write_to(libc::STDERR_FILENO, line.as_bytes());
}

fn write_to(descriptor: libc::c_int, bytes: &[u8]) {
    let Some(guard) = PipeSignalGuard::new() else {
        return;
    };
    let mut rest = bytes;
    while !rest.is_empty() {
        // SAFETY: the pointer and length are those of a live slice.
        let written = unsafe { libc::write(descriptor, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(written) {
            Ok(0) => break,
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(_) => match io::Error::last_os_error().kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::BrokenPipe => return guard.swallow_signal(),
                _ => break,
            },
        }
    }
}

/// Blocks `SIGPIPE` on this thread while it lives.
struct PipeSignalGuard {
    pipe_signal: libc::sigset_t,
    former_mask: libc::sigset_t,
    was_pending: bool,
}

impl PipeSignalGuard {
    fn new() -> Option<PipeSignalGuard> {
        let mut pipe_signal = MaybeUninit::uninit();
        let mut former_mask = MaybeUninit::uninit();
        // SAFETY: both sets are initialised by the calls before they are read, and read only if the calls succeeded.
        unsafe {
            if libc::sigemptyset(pipe_signal.as_mut_ptr()) != 0
                || libc::sigaddset(pipe_signal.as_mut_ptr(), libc::SIGPIPE) != 0
                || libc::pthread_sigmask(libc::SIG_BLOCK, pipe_signal.as_ptr(), former_mask.as_mut_ptr()) != 0
            {
                return None;
            }
            Some(PipeSignalGuard {
                pipe_signal: pipe_signal.assume_init(),
                former_mask: former_mask.assume_init(),
                was_pending: pipe_signal_is_pending(),
            })
        }
    }

    /// Takes the signal that our write caused; one that was pending before is the host's and stays.
    fn swallow_signal(&self) {
        if self.was_pending || !pipe_signal_is_pending() {
            return;
        }
        let mut signal = 0;
        // SAFETY: the set was initialised in `new`; the signal is pending for this thread, so the call does not wait.
        unsafe { libc::sigwait(&self.pipe_signal, &mut signal) };
    }
}

impl Drop for PipeSignalGuard {
    fn drop(&mut self) {
        // SAFETY: the mask was filled by pthread_sigmask in `new`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.former_mask, std::ptr::null_mut()) };
    }
}

fn pipe_signal_is_pending() -> bool {
    let mut pending = MaybeUninit::uninit();
    // SAFETY: the set is read only after sigpending has filled it.
    unsafe { libc::sigpending(pending.as_mut_ptr()) == 0 && libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::{AsRawFd, FromRawFd};

    fn pipe() -> (std::fs::File, std::fs::File) {
        let mut ends = [0; 2];
        // SAFETY: the array has room for two descriptors, which are owned by the files from here on.
        unsafe {
            assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
            (std::fs::File::from_raw_fd(ends[0]), std::fs::File::from_raw_fd(ends[1]))
        }
    }

    #[test]
    fn a_line_arrives_whole() {
        let (mut reader, writer) = pipe();
        write_to(writer.as_raw_fd(), b"[dd.trace] WARN: hello\n");
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "[dd.trace] WARN: hello\n");
    }

    #[test]
    fn a_closed_pipe_harms_nobody_even_where_the_signal_is_deadly() {
        let (reader, writer) = pipe();
        drop(reader);
        // SAFETY: the child only makes calls that are safe after fork, and leaves with _exit.
        unsafe {
            let child = libc::fork();
            assert!(child >= 0);
            if child == 0 {
                libc::signal(libc::SIGPIPE, libc::SIG_DFL);
                write_to(writer.as_raw_fd(), b"lost\n");
                libc::_exit(if pipe_signal_is_pending() { 2 } else { 0 });
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            assert!(libc::WIFEXITED(status), "the child was killed: {status:#x}");
            assert_eq!(libc::WEXITSTATUS(status), 0);
        }
    }

    #[test]
    fn a_closed_descriptor_is_ignored() {
        write_to(-1, b"lost\n");
    }
}
