//! A lock that survives `fork`: one thread at a time, and a forked child never waits for a thread of its parent.
//!
//! Exporters belong to the host and the event hub to the program: both outlive a fork, while the thread that was using one may not exist in the
//! child.
//! The word therefore holds the process id of its owner: in another process that owner is gone, and the word is free.
//! Waiting is bounded (10 s), so that a mistake costs spans and never hangs the host. What is changed under a turn must be sound whenever its
//! owner vanishes: replaced as a whole, or only added to.

#![forbid(unsafe_code)]

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Tries before a waiting thread starts to sleep.
const QUICK_TRIES: u32 = 64;
const LONGEST_NAP: Duration = Duration::from_millis(1);

/// The lock word: 0 when free, otherwise the process id of the owner.
#[derive(Debug, Default)]
pub struct Turn(AtomicU32);

/// The turn, until it is dropped.
#[derive(Debug)]
pub struct TurnGuard<'a>(&'a Turn);

impl Turn {
    /// A free lock.
    pub const fn new() -> Self {
        Turn(AtomicU32::new(0))
    }

    /// Waits for the turn; `None` if nobody let go in time.
    pub fn take(&self) -> Option<TurnGuard<'_>> {
        let process = process::id();
        if self.try_take(process) {
            return Some(TurnGuard(self));
        }
        let deadline = Instant::now() + PATIENCE;
        let mut tries = 0_u32;
        while Instant::now() < deadline {
            if self.try_take(process) {
                return Some(TurnGuard(self));
            }
            tries = tries.saturating_add(1);
            rest(tries);
        }
        None
    }

    fn try_take(&self, process: u32) -> bool {
        let owner = self.0.load(Ordering::Relaxed);
        owner != process && self.0.compare_exchange(owner, process, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

fn rest(tries: u32) {
    if tries < QUICK_TRIES {
        return thread::yield_now();
    }
    let nap = Duration::from_micros(u64::from(tries - QUICK_TRIES) * 20 + 20);
    thread::sleep(nap.min(LONGEST_NAP));
}

impl Drop for TurnGuard<'_> {
    fn drop(&mut self) {
        self.0.0.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn one_thread_at_a_time() {
        let turn = Turn::new();
        let inside = Mutex::new(());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let _turn = turn.take().expect("nobody holds it for long");
                        // Only the owner of the turn comes here, so this never finds the mutex taken.
                        let _inside = inside.try_lock().expect("alone");
                    }
                });
            }
        });
    }

    #[test]
    fn a_vanished_owner_of_another_process_is_ignored() {
        let turn = Turn(AtomicU32::new(process::id().wrapping_add(1)));
        assert!(turn.take().is_some());
        assert!(turn.take().is_some(), "free again after the guard is gone");
    }
}
