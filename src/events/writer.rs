//! The turn of whoever changes the table.
//!
//! A forked child takes over from a thread that is gone: what that one was about to change is not there, or there as a whole.

use crate::service::fork;
use std::sync::atomic::{AtomicU32, Ordering};

const FREE: u32 = 0;

/// Held by the process with this fork generation; 0: by nobody.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicU32);

/// The turn, until this is dropped.
pub(super) struct Taken<'a>(&'a Turn);

impl Turn {
    /// Nobody's.
    pub(super) const fn new() -> Self {
        Turn(AtomicU32::new(FREE))
    }

    /// Waits for the turn, which is held for a few instructions.
    pub(super) fn take(&self) -> Taken<'_> {
        let own = fork::generation();
        loop {
            let holder = self.0.load(Ordering::Relaxed);
            if holder != own && self.0.compare_exchange(holder, own, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return Taken(self);
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.0.store(FREE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_of_a_vanished_thread_is_taken_over() {
        let turn = Turn::default();
        turn.0.store(fork::generation() + 3, Ordering::Relaxed);
        drop(turn.take());
        assert_eq!(turn.0.load(Ordering::Relaxed), FREE);
    }

    #[test]
    fn threads_take_turns() {
        let (turn, count) = (Turn::default(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        let _taken = turn.take();
                        let before = count.load(Ordering::Relaxed);
                        count.store(before + 1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(count.load(Ordering::Relaxed), 4_000);
    }
}
