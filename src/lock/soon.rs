//! Waiting for a lock that is only ever held for an instant.

#![forbid(unsafe_code)]

/// Tries again and again for a moment. `None`: whoever holds the lock is a thread that did not come along when this process was forked.
pub fn soon<G>(mut try_lock: impl FnMut() -> Option<G>) -> Option<G> {
    const TRIES: usize = 1000;
    for _ in 0..TRIES {
        if let Some(guard) = try_lock() {
            return Some(guard);
        }
        std::thread::yield_now();
    }
    None
}
