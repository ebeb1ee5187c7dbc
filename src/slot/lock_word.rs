//! The lock of a slot: one word, taken with one atomic exchange and given back with one store.
//!
//! The word holds the fork generation of its owner. A forked child that finds an older generation in it knows that the owner was a
//! thread of the parent, which does not exist here: it answers [`Vanished`] instead of waiting for ever.

use super::sync::{AtomicU32, Ordering, rest};

const FREE: u32 = 0;

/// A lock in one word. Sections that it guards are short and never call out.
pub struct LockWord(AtomicU32);

/// The owner of the lock is a thread that a fork left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vanished;

/// Gives the lock back when it is dropped.
pub struct LockGuard<'a>(&'a LockWord);

impl LockWord {
    /// A free lock.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        LockWord(AtomicU32::new(FREE))
    }

    /// A free lock.
    #[cfg(loom)]
    pub fn new() -> Self {
        LockWord(AtomicU32::new(FREE))
    }

    /// Takes the lock, waiting for another thread of this process if need be.
    #[inline]
    pub fn lock(&self, generation: u32) -> Result<LockGuard<'_>, Vanished> {
        match self.0.compare_exchange(FREE, generation, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(LockGuard(self)),
            Err(owner) => self.lock_contended(generation, owner),
        }
    }

    /// Whether nobody has the lock at this moment.
    #[inline]
    pub fn is_free(&self) -> bool {
        self.0.load(Ordering::Relaxed) == FREE
    }

    /// Takes the lock only if it is free.
    #[inline]
    pub fn try_lock(&self, generation: u32) -> Option<LockGuard<'_>> {
        self.0.compare_exchange(FREE, generation, Ordering::Acquire, Ordering::Relaxed).ok().map(|_| LockGuard(self))
    }

    #[cold]
    fn lock_contended(&self, generation: u32, mut owner: u32) -> Result<LockGuard<'_>, Vanished> {
        let mut tries = 0_u32;
        loop {
            if owner != FREE && owner != generation {
                return Err(Vanished);
            }
            rest(tries);
            tries = tries.saturating_add(1);
            match self.0.compare_exchange(FREE, generation, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(LockGuard(self)),
                Err(now) => owner = now,
            }
        }
    }
}

impl Default for LockWord {
    fn default() -> Self {
        LockWord::new()
    }
}

impl Drop for LockGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.0.store(FREE, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_not_taken_twice() {
        let word = LockWord::new();
        let guard = word.lock(1);
        assert!(guard.is_ok());
        assert!(word.try_lock(1).is_none());
        drop(guard);
        assert!(word.try_lock(1).is_some());
    }

    #[test]
    fn the_lock_of_a_vanished_owner_is_recognised() {
        let word = LockWord::new();
        std::mem::forget(word.lock(1));
        assert_eq!(word.lock(2).err(), Some(Vanished));
    }

    #[test]
    fn waiting_threads_get_it_in_turn() {
        struct Shared(LockWord, std::cell::UnsafeCell<u64>);
        // SAFETY: the cell is only touched with the lock held.
        unsafe impl Sync for Shared {}
        let shared = Shared(LockWord::new(), std::cell::UnsafeCell::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let shared = &shared;
                    for _ in 0..10_000 {
                        let guard = shared.0.lock(1);
                        // SAFETY: the lock is held.
                        unsafe { *shared.1.get() += 1 };
                        drop(guard);
                    }
                });
            }
        });
        assert_eq!(shared.1.into_inner(), 40_000);
    }
}
