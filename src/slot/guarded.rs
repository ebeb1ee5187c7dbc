//! A value behind a lock word, for objects that a forked child may reach: a lock that a thread of the parent held is recognised, never
//! waited for.

use super::lock_word::{LockWord, Vanished};
use crate::service::fork;
use std::cell::UnsafeCell;

/// A value that one thread at a time may touch, for a short section that neither waits nor calls out.
pub struct Guarded<T> {
    lock: LockWord,
    value: UnsafeCell<T>,
}

// SAFETY: the value is only touched with the lock word held.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    /// A guarded value.
    pub fn new(value: T) -> Self {
        Guarded { lock: LockWord::new(), value: UnsafeCell::new(value) }
    }

    /// Calls `use_it` with the value. An error means that the lock's owner is a thread that a fork left behind; the value may be half
    /// changed, and this lock is never free again.
    pub fn with<R>(&self, use_it: impl FnOnce(&mut T) -> R) -> Result<R, Vanished> {
        let guard = self.lock.lock(fork::generation())?;
        // SAFETY: the lock is held.
        let result = use_it(unsafe { &mut *self.value.get() });
        drop(guard);
        Ok(result)
    }
}

impl<T: Default> Default for Guarded<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn threads_take_turns() {
        let guarded = Guarded::new(0_u32);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| guarded.with(|value| *value += 1).unwrap()));
            }
        });
        assert_eq!(guarded.with(|value| *value), Ok(4_000));
    }

    #[test]
    fn a_panic_inside_gives_the_lock_back() {
        let guarded = Guarded::new(1);
        let inside = std::panic::AssertUnwindSafe(|| guarded.with(|_| panic!("inside")));
        assert!(std::panic::catch_unwind(inside).is_err());
        assert_eq!(guarded.with(|value| *value), Ok(1));
    }

    #[test]
    fn a_vanished_owner_is_told_not_waited_for() {
        let guarded = Guarded::new(1);
        std::mem::forget(guarded.lock.lock(fork::generation() + 7));
        assert_eq!(guarded.with(|value| *value), Err(Vanished));
    }
}
