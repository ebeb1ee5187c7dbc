//! Batches of free slots on their way between threads: a lock-free stack.
//!
//! The head holds the address of the top batch and a tag that changes at every exchange, so that a thread that was interrupted between
//! its read and its exchange cannot take a stale top for a fresh one. Slots are never unmapped, so reading the link of a batch that
//! somebody else just took is defined; the exchange then fails. A fork at any moment leaves a whole stack behind.

use super::identity::SlotHeader;
use std::sync::atomic::{AtomicU64, Ordering};

const TAG_BITS: u32 = 24;
const TAG_MASK: u64 = (1 << TAG_BITS) - 1;
/// Addresses have 48 significant bits, the low 8 of which are zero.
const ADDRESS_SHIFT: u32 = 8;

pub(super) struct Pool {
    head: AtomicU64,
}

impl Pool {
    pub(super) const fn new() -> Self {
        Pool { head: AtomicU64::new(0) }
    }

    pub(super) fn push(&self, batch: *mut SlotHeader) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: the batch is the caller's until the exchange below succeeds.
            unsafe { (*batch).next_batch.store(address(head), Ordering::Relaxed) };
            match self.head.compare_exchange_weak(head, pack(batch, head), Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    pub(super) fn pop(&self) -> Option<*mut SlotHeader> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let top = address(head);
            if top.is_null() {
                return None;
            }
            // SAFETY: slots are never unmapped; if the batch was taken meanwhile, the exchange fails.
            let below = unsafe { (*top).next_batch.load(Ordering::Relaxed) };
            match self.head.compare_exchange_weak(head, pack(below, head), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(top),
                Err(now) => head = now,
            }
        }
    }
}

fn address(head: u64) -> *mut SlotHeader {
    std::ptr::with_exposed_provenance_mut(((head >> TAG_BITS) << ADDRESS_SHIFT) as usize)
}

fn pack(batch: *mut SlotHeader, previous: u64) -> u64 {
    let tag = (previous + 1) & TAG_MASK;
    ((batch.expose_provenance() as u64 >> ADDRESS_SHIFT) << TAG_BITS) | tag
}
