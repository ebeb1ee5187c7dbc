//! A lock that survives `fork`.
//!
//! A forked child has one thread. A lock that another thread of the parent held at that moment stays held for ever in
//! the child, and waiting for it would hang the child. Such a lock is left behind here, and a new one takes its place.

use crate::lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::sync::OnceLock;

/// A reader-writer lock that a forked child can replace.
#[derive(Debug, Default)]
pub(super) struct ForkLock<T> {
    value: RwLock<T>,
    /// The lock that took this one's place. The chain grows by one where a fork found the lock held.
    next: OnceLock<Box<ForkLock<T>>>,
}

impl<T> ForkLock<T> {
    pub(super) fn new(value: T) -> Self {
        ForkLock { value: RwLock::new(value), next: OnceLock::new() }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.newest().value.read()
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.newest().value.write()
    }

    /// To be called in a forked child, while it has one thread: if a thread of the parent held the lock, a new lock
    /// takes its place. `replacement` gets the old value unless it was being changed.
    pub(super) fn replace_if_abandoned(&self, replacement: impl FnOnce(Option<&T>) -> T) {
        let newest = self.newest();
        if newest.value.try_write().is_some() {
            return;
        }
        let old = newest.value.try_read();
        let next = Box::new(ForkLock::new(replacement(old.as_deref())));
        // It was empty a moment ago, and nobody else runs.
        let _ = newest.next.set(next);
    }

    fn newest(&self) -> &Self {
        let mut newest = self;
        while let Some(next) = newest.next.get() {
            newest = next;
        }
        newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_lock_stays() {
        let lock = ForkLock::new(7);
        lock.replace_if_abandoned(|_| unreachable!("the lock is free"));
        assert_eq!(*lock.read(), 7);
    }

    #[test]
    fn a_lock_of_a_vanished_writer_is_replaced() {
        let lock = ForkLock::new(7);
        for round in 1..4 {
            std::thread::scope(|scope| {
                scope.spawn(|| std::mem::forget(lock.write()));
            });
            lock.replace_if_abandoned(|old| {
                assert!(old.is_none(), "the value may be half changed");
                round
            });
            assert_eq!(*lock.read(), round);
            *lock.write() += 10;
            assert_eq!(*lock.read(), round + 10);
        }
    }

    #[test]
    fn a_lock_of_a_vanished_reader_keeps_its_value() {
        let lock = ForkLock::new(7);
        std::thread::scope(|scope| {
            scope.spawn(|| std::mem::forget(lock.read()));
        });
        lock.replace_if_abandoned(|old| old.copied().unwrap_or(0));
        *lock.write() += 1;
        assert_eq!(*lock.read(), 8);
    }
}
