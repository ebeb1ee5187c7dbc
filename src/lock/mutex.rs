//! Mutual exclusion, and waiting for what another thread does.

#![forbid(unsafe_code)]

use super::order::{Held, Order};
use super::soon::soon;
use std::ops::{Deref, DerefMut};
use std::sync::{self, PoisonError, TryLockError};
use std::time::Duration;

/// A value that one thread at a time may touch.
#[derive(Debug, Default)]
pub struct Mutex<T> {
    order: Order,
    value: sync::Mutex<T>,
}

/// The value, until this is dropped.
#[derive(Debug)]
#[must_use = "the lock is given back at once"]
pub struct MutexGuard<'a, T> {
    // First, as fields are dropped from first to last.
    held: Held<'a>,
    value: sync::MutexGuard<'a, T>,
}

impl<T> Mutex<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        Mutex { order: Order::new(), value: sync::Mutex::new(value) }
    }

    /// Takes the lock, waiting for it if need be.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.guard(self.value.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the lock only if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.value.try_lock() {
            Ok(value) => Some(self.guard(value)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.guard(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Takes a lock that is only ever held for an instant. `None`: whoever holds it is a thread that did not come along when this process
    /// was forked.
    pub fn lock_soon(&self) -> Option<MutexGuard<'_, T>> {
        soon(|| self.try_lock())
    }

    #[inline]
    fn guard<'a>(&'a self, value: sync::MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.order.acquire();
        MutexGuard { held: self.order.release_later(), value }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Where threads wait until another one tells them that a value has changed.
#[derive(Debug, Default)]
pub struct Condvar(sync::Condvar);

impl Condvar {
    /// Nobody waits.
    pub const fn new() -> Self {
        Condvar(sync::Condvar::new())
    }

    /// Gives the lock back, waits to be told or for `timeout`, and takes the lock again. It may also return for no reason.
    pub fn wait_timeout<'a, T>(&self, guard: MutexGuard<'a, T>, timeout: Duration) -> MutexGuard<'a, T> {
        let MutexGuard { held, value } = guard;
        let waited = held.release_while(|| self.0.wait_timeout(value, timeout));
        let (value, _) = waited.unwrap_or_else(PoisonError::into_inner);
        MutexGuard { held, value }
    }

    /// Tells one waiting thread.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Tells all waiting threads.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    #[test]
    fn one_thread_at_a_time() {
        let count = Mutex::new(0_u64);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        *count.lock() += 1;
                    }
                });
            }
        });
        assert_eq!(*count.lock(), 4000);
    }

    #[test]
    fn a_held_lock_is_not_had_by_trying() {
        let lock = Mutex::new(7);
        let guard = lock.lock();
        assert!(lock.try_lock().is_none());
        assert!(lock.lock_soon().is_none());
        drop(guard);
        assert_eq!(lock.try_lock().as_deref(), Some(&7));
    }

    #[test]
    fn a_panic_leaves_the_lock_free_and_usable() {
        let lock = Mutex::new(7);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut guard = lock.lock();
            *guard = 8;
            panic!("with the lock held");
        }));
        assert!(panicked.is_err());
        assert_eq!(lock.try_lock().as_deref(), Some(&8));
        let guard = Condvar::new().wait_timeout(lock.lock(), Duration::ZERO);
        assert_eq!(*guard, 8);
    }

    #[test]
    fn a_waiting_thread_is_told() {
        let (turn, told) = (Mutex::new(0), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut turn = turn.lock();
                while *turn != 1 {
                    turn = told.wait_timeout(turn, Duration::from_secs(20));
                }
                *turn = 2;
                told.notify_all();
            });
            *turn.lock() = 1;
            told.notify_one();
            let mut turn = turn.lock();
            while *turn != 2 {
                turn = told.wait_timeout(turn, Duration::from_secs(20));
            }
        });
    }
}
