//! A handle's generation, checked again under the lock word, keeps a stale handle out of a slot that was freed and reused meanwhile.
//!
//! As in the library: a slot is freed under its lock word; its next owner fills it without the lock, and then opens the next handle.

use ddtrace_loom::check;
use ddtrace_loom::lock_word::LockWord;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

const LIVE: u32 = 1 << 16;

struct Slot {
    word: LockWord,
    identity: AtomicU32,
    /// The generation that it was filled for.
    contents: UnsafeCell<u32>,
}

// SAFETY: the contents are touched as described above; loom fails the model otherwise.
unsafe impl Sync for Slot {}
// SAFETY: as above.
unsafe impl Send for Slot {}

impl Slot {
    /// A slot whose handle of generation 0 is out.
    fn new() -> Arc<Self> {
        Arc::new(Slot { word: LockWord::new(), identity: AtomicU32::new(LIVE), contents: UnsafeCell::new(0) })
    }

    /// What a call with a handle of `generation` finds; `None`: the handle is stale.
    fn read(&self, generation: u32) -> Option<u32> {
        let wanted = generation | LIVE;
        if self.identity.load(Ordering::Acquire) != wanted {
            return None;
        }
        let _guard = self.word.lock(1).unwrap();
        if self.identity.load(Ordering::Acquire) != wanted {
            return None;
        }
        // SAFETY: the lock is held, and the generation stands.
        Some(self.contents.with(|contents| unsafe { *contents }))
    }

    /// Ends the handle of `generation`. `false`: somebody else did.
    fn free(&self, generation: u32) -> bool {
        let _guard = self.word.lock(1).unwrap();
        if self.identity.load(Ordering::Acquire) != generation | LIVE {
            return false;
        }
        self.identity.store(generation + 1, Ordering::Release);
        true
    }

    /// Fills the freed slot for `generation` and opens its handle.
    fn reuse(&self, generation: u32) {
        // SAFETY: whoever freed the slot has it alone.
        self.contents.with_mut(|contents| unsafe { *contents = generation });
        self.identity.store(generation | LIVE, Ordering::Release);
    }
}

#[test]
fn a_stale_handle_never_reads_what_came_after_it() {
    check(5, || {
        let slot = Slot::new();
        let owner = Arc::clone(&slot);
        let owner = thread::spawn(move || {
            assert!(owner.free(0));
            owner.reuse(1);
        });
        let first = slot.read(0);
        assert!(first.is_none_or(|contents| contents == 0));
        assert!(slot.read(1).is_none_or(|contents| contents == 1));
        owner.join().unwrap();
        assert_eq!((slot.read(0), slot.read(1)), (None, Some(1)));
    });
}

#[test]
fn of_two_who_free_a_handle_one_does() {
    check(5, || {
        let slot = Slot::new();
        let other = Arc::clone(&slot);
        let other = thread::spawn(move || free_and_reuse(&other));
        let mine = free_and_reuse(&slot);
        let others = other.join().unwrap();
        assert!(mine != others, "one of the two frees it");
        assert_eq!(slot.read(1), Some(1));
    });
}

fn free_and_reuse(slot: &Slot) -> bool {
    let freed = slot.free(0);
    if freed {
        slot.reuse(1);
    }
    freed
}
