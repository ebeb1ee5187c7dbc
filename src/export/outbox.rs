//! A thread's outbox: the block that its finished chunks are written to, until the block is full or the sender comes for it.

use super::block::Block;
use super::chunk::ChunkHead;
use super::counters::ThreadCounters;
use super::pipeline::Pipeline;
use super::snapshot::Snapshot;
use crate::service::fork;
use crate::slot::LockWord;
use std::cell::UnsafeCell;
use std::sync::Arc;

/// Chunks of one thread for one tracer.
pub struct Outbox {
    /// What the thread counted.
    pub counters: ThreadCounters,
    lock: LockWord,
    block: UnsafeCell<Option<Block>>,
}

// SAFETY: the block is only touched with the lock word held.
unsafe impl Sync for Outbox {}
// SAFETY: the contents of a block may be dropped by any thread.
unsafe impl Send for Outbox {}

impl Outbox {
    /// An outbox without a block.
    pub fn new() -> Self {
        Outbox { counters: ThreadCounters::default(), lock: LockWord::new(), block: UnsafeCell::new(None) }
    }

    /// Appends a chunk of `head.len` bytes, which `write` writes. `false`: the budget is used up.
    #[inline]
    pub fn append(
        &self,
        pipeline: &Pipeline,
        snapshot: &Arc<Snapshot>,
        head: &ChunkHead,
        owns: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let Ok(guard) = self.lock.lock(fork::generation()) else { return false };
        // SAFETY: the lock is held.
        let place = unsafe { &mut *self.block.get() };
        let fits = |block: &Block| block.has_room(head.len as usize) && Arc::ptr_eq(&block.snapshot, snapshot);
        if !place.as_ref().is_some_and(fits) {
            pipeline.renew_block(place, head.len as usize, snapshot);
        }
        let Some(block) = place.as_mut() else { return false };
        write(&mut block.bytes);
        block.count(head, owns);
        drop(guard);
        true
    }

    /// Takes the block away, for the sender.
    pub fn take(&self) -> Option<Block> {
        let guard = self.lock.lock(fork::generation()).ok()?;
        // SAFETY: the lock is held.
        let block = unsafe { &mut *self.block.get() }.take();
        drop(guard);
        block
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}
