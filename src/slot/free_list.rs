//! A thread's own free slots of one class: taking and giving back touches no other thread's memory.
//!
//! Slots that one thread takes and another gives back wander through the class's pool in batches, one exchange per batch.

use super::class::Slot;
use super::identity::SlotHeader;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;

const BATCH: usize = 32;

/// Free slots of `T`.
pub struct FreeList<T: Slot> {
    head: *mut SlotHeader,
    len: usize,
    slot: PhantomData<T>,
}

impl<T: Slot> FreeList<T> {
    /// An empty list.
    pub const fn new() -> Self {
        FreeList { head: std::ptr::null_mut(), len: 0, slot: PhantomData }
    }

    /// Takes a slot; `None` if that would need more than `limit` slots in the process, or memory is out. What the slot holds is what
    /// its last owner left; its handle is not valid yet.
    #[inline]
    pub fn take(&mut self, limit: usize) -> Option<&'static T> {
        if self.head.is_null() && !self.refill(limit) {
            return None;
        }
        let slot = self.head;
        // SAFETY: the slots in the list are free and belong to this thread.
        self.head = unsafe { (*slot).next.load(Ordering::Relaxed) };
        self.len -= 1;
        // SAFETY: the class makes slots of `T` only, and they live for ever.
        Some(unsafe { &*slot.cast::<T>() })
    }

    /// Gives a slot back. The caller must be its only owner.
    #[inline]
    pub fn give(&mut self, slot: &'static T) {
        let header: *const SlotHeader = slot.header();
        let header = header.cast_mut();
        slot.header().next.store(self.head, Ordering::Relaxed);
        self.head = header;
        self.len += 1;
        if self.len >= 2 * BATCH {
            self.hand_over(BATCH);
        }
    }

    /// Gives everything back to the pool.
    pub fn drain(&mut self) {
        while self.len > 0 {
            self.hand_over(BATCH.min(self.len));
        }
    }

    #[cold]
    fn refill(&mut self, limit: usize) -> bool {
        if let Some(batch) = T::CLASS.pool.pop() {
            self.head = batch;
            self.len = count(batch);
            return true;
        }
        if T::CLASS.slot_count() >= limit {
            return false;
        }
        let Some((head, len)) = T::CLASS.grow() else { return false };
        self.head = head;
        self.len = len;
        true
    }

    #[cold]
    fn hand_over(&mut self, count: usize) {
        let batch = self.head;
        let mut last = batch;
        for _ in 1..count {
            // SAFETY: the list has at least `count` slots, all ours.
            last = unsafe { (*last).next.load(Ordering::Relaxed) };
        }
        // SAFETY: as above.
        unsafe {
            self.head = (*last).next.load(Ordering::Relaxed);
            (*last).next.store(std::ptr::null_mut(), Ordering::Relaxed);
        }
        self.len -= count;
        T::CLASS.pool.push(batch);
    }
}

impl<T: Slot> Default for FreeList<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Slot> Drop for FreeList<T> {
    fn drop(&mut self) {
        self.drain();
    }
}

fn count(mut slot: *mut SlotHeader) -> usize {
    let mut len = 0;
    while !slot.is_null() {
        len += 1;
        // SAFETY: the batch was popped, so it is ours.
        slot = unsafe { (*slot).next.load(Ordering::Relaxed) };
    }
    len
}
