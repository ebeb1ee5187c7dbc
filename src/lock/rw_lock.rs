//! One writer, or any number of readers.

#![forbid(unsafe_code)]

use super::order::{Held, Order};
use super::soon::soon;
use std::ops::{Deref, DerefMut};
use std::sync::{self, PoisonError, TryLockError};

/// A value that threads may read together and change alone.
#[derive(Debug, Default)]
pub struct RwLock<T> {
    /// Released by writers, acquired by all.
    written: Order,
    /// Released by readers, acquired by writers: readers do not wait for each other, so nothing of the one happened before the other.
    read: Order,
    value: sync::RwLock<T>,
}

/// The value to read, until this is dropped.
#[derive(Debug)]
#[must_use = "the lock is given back at once"]
pub struct RwLockReadGuard<'a, T> {
    // First, as fields are dropped from first to last.
    _held: Held<'a>,
    value: sync::RwLockReadGuard<'a, T>,
}

/// The value to change, until this is dropped.
#[derive(Debug)]
#[must_use = "the lock is given back at once"]
pub struct RwLockWriteGuard<'a, T> {
    // First, as fields are dropped from first to last.
    _held: Held<'a>,
    value: sync::RwLockWriteGuard<'a, T>,
}

impl<T> RwLock<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        RwLock { written: Order::new(), read: Order::new(), value: sync::RwLock::new(value) }
    }

    /// Takes the lock for reading, waiting for a writer if need be.
    #[inline]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.read_guard(self.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the lock for writing, waiting for all others if need be.
    #[inline]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.write_guard(self.value.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the lock for reading only if nobody makes that wait.
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        match self.value.try_read() {
            Ok(value) => Some(self.read_guard(value)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.read_guard(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Takes the lock for writing only if it is free.
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        match self.value.try_write() {
            Ok(value) => Some(self.write_guard(value)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.write_guard(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Takes a lock for reading that is only ever held for an instant. `None`: whoever holds it is a thread that did not come along when this
    /// process was forked.
    pub fn read_soon(&self) -> Option<RwLockReadGuard<'_, T>> {
        soon(|| self.try_read())
    }

    /// The same for writing.
    pub fn write_soon(&self) -> Option<RwLockWriteGuard<'_, T>> {
        soon(|| self.try_write())
    }

    #[inline]
    fn read_guard<'a>(&'a self, value: sync::RwLockReadGuard<'a, T>) -> RwLockReadGuard<'a, T> {
        self.written.acquire();
        RwLockReadGuard { _held: self.read.release_later(), value }
    }

    #[inline]
    fn write_guard<'a>(&'a self, value: sync::RwLockWriteGuard<'a, T>) -> RwLockWriteGuard<'a, T> {
        self.written.acquire();
        self.read.acquire();
        RwLockWriteGuard { _held: self.written.release_later(), value }
    }
}

impl<T> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn readers_are_together_and_a_writer_is_alone() {
        let lock = RwLock::new(7);
        let (one, other) = (lock.read(), lock.try_read());
        assert_eq!(other.as_deref(), Some(&7));
        assert!(lock.try_write().is_none());
        drop((one, other));
        let mut writer = lock.write();
        *writer = 8;
        assert!(lock.read_soon().is_none() && lock.write_soon().is_none());
        assert!(lock.try_read().is_none() && lock.try_write().is_none());
        drop(writer);
        assert_eq!(lock.try_write().as_deref(), Some(&8));
    }

    #[test]
    fn a_panic_leaves_the_lock_free_and_usable() {
        let lock = RwLock::new(7);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut writer = lock.write();
            *writer = 8;
            panic!("with the lock held");
        }));
        assert!(panicked.is_err());
        assert_eq!(lock.try_read().as_deref(), Some(&8));
        assert_eq!(*lock.read(), 8);
        *lock.write() = 9;
        assert_eq!(lock.try_write().as_deref(), Some(&9));
    }
}
