//! The lock word lets one thread in at a time, and what one leaves behind the next one sees.

use ddtrace_loom::check;
use ddtrace_loom::lock_word::{LockWord, Vanished};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

struct Shared {
    word: LockWord,
    count: UnsafeCell<u32>,
}

// SAFETY: the cell is only touched with the lock held; loom fails the model otherwise.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Shared { word: LockWord::new(), count: UnsafeCell::new(0) })
    }

    fn add(&self) {
        // SAFETY: the lock is held by whoever calls this.
        self.count.with_mut(|count| unsafe { *count += 1 });
    }

    fn count(&self) -> u32 {
        let _guard = self.word.lock(1).unwrap();
        // SAFETY: the lock is held.
        self.count.with(|count| unsafe { *count })
    }
}

#[test]
fn one_thread_at_a_time_gets_in() {
    for rounds in [1, 3] {
        check(4, move || {
            let shared = Shared::new();
            let other = Arc::clone(&shared);
            let other = thread::spawn(move || locked_rounds(&other, rounds));
            locked_rounds(&shared, rounds);
            other.join().unwrap();
            assert_eq!(shared.count(), 2 * rounds);
        });
    }
}

fn locked_rounds(shared: &Shared, rounds: u32) {
    for _ in 0..rounds {
        let guard = shared.word.lock(1).unwrap();
        shared.add();
        drop(guard);
    }
}

/// Of three threads only one waits: loom has no fairness, so two that wait could yield to each other for ever.
#[test]
fn trying_either_gets_in_alone_or_not_at_all() {
    check(3, || {
        let shared = Shared::new();
        let others = [(); 2].map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let guard = shared.word.try_lock(1);
                if guard.is_some() {
                    shared.add();
                }
                u32::from(guard.is_some())
            })
        });
        locked_rounds(&shared, 1);
        let tried: u32 = others.map(|other| other.join().unwrap()).iter().sum();
        assert_eq!(shared.count(), 1 + tried);
    });
}

#[test]
fn threads_of_a_child_see_that_the_owner_vanished() {
    check(4, || {
        let shared = Shared::new();
        std::mem::forget(shared.word.lock(1));
        let other = Arc::clone(&shared);
        let other = thread::spawn(move || other.word.lock(2).err());
        assert_eq!(shared.word.lock(2).err(), Some(Vanished));
        assert_eq!(other.join().unwrap(), Some(Vanished));
    });
}
