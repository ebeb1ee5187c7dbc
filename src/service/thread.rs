//! Threads of the library: named, and deaf to signals, so that the host's handlers run on the host's threads.

use std::thread::{Builder, JoinHandle};

/// Compression puts its tables of some 200 KiB on the stack before it moves them. What is not touched costs no memory.
const STACK_BYTES: usize = 1024 * 1024;

/// Starts a thread with every signal blocked. The name should have 15 bytes at most; the system cuts longer ones.
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    // SAFETY: both sets are locals; a new thread inherits the mask of its creator, which gets its own back at once.
    unsafe {
        let mut all = std::mem::zeroed::<libc::sigset_t>();
        let mut old = std::mem::zeroed::<libc::sigset_t>();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut old);
        let thread = Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(body);
        libc::pthread_sigmask(libc::SIG_SETMASK, &old, std::ptr::null_mut());
        thread
    }
}
