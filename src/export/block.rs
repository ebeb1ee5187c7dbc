//! Export blocks: where finished chunks wait, and the pool that they return to.

use super::budget::Budget;
use super::chunk::{ChunkHead, drop_chunks};
use super::snapshot::Snapshot;
use crate::lock::Mutex;
use std::sync::Arc;

/// The usual size of a block.
pub const BLOCK_BYTES: usize = 64 * 1024;
/// The size when half of the budget is used, so that many threads can each have one.
const SMALL_BLOCK_BYTES: usize = 8 * 1024;
/// Empty blocks that are kept however long nobody needs them: a payload's worth.
const KEPT: usize = 8;

/// Chunks of one configuration snapshot. Whoever drops a block with chunks in it drops the chunks.
pub struct Block {
    /// The chunks.
    pub bytes: Vec<u8>,
    /// The settings in force when they left.
    pub snapshot: Arc<Snapshot>,
    /// How many chunks.
    pub chunks: u32,
    /// How many spans.
    pub spans: u32,
    /// Whether a chunk owns something outside of the bytes.
    pub owns: bool,
    booked: usize,
    pool: Arc<BlockPool>,
}

/// Empty blocks, and the budget that the others are booked on.
pub struct BlockPool {
    /// The budget.
    pub budget: Budget,
    free: Mutex<Free>,
}

/// Memory of blocks that wait empty.
#[derive(Default)]
struct Free {
    buffers: Vec<Vec<u8>>,
    /// The fewest that there were since somebody looked.
    fewest: usize,
}

impl BlockPool {
    /// A pool on a budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        BlockPool { budget: Budget::new(limit), free: Mutex::default() }
    }

    /// A block with room for `len` bytes; `None` if the budget does not allow it.
    pub fn take(self: &Arc<Self>, len: usize, snapshot: &Arc<Snapshot>) -> Option<Block> {
        let roomy = self.budget.booked() + BLOCK_BYTES <= self.budget.limit() / 2;
        let usual = len.max(if roomy { BLOCK_BYTES } else { SMALL_BLOCK_BYTES });
        let size = [usual, len].into_iter().find(|size| self.budget.book(*size))?;
        let pooled = if size == BLOCK_BYTES { self.free.lock().pop() } else { None };
        let bytes = pooled.unwrap_or_else(|| {
            self.make_way();
            Vec::with_capacity(size)
        });
        Some(self.block(bytes, size, snapshot))
    }

    /// Frees empty blocks where they and what is booked would be more than the budget.
    #[cold]
    fn make_way(&self) {
        let in_use = self.budget.booked();
        let mut free = self.free.lock();
        let room = self.budget.limit().saturating_sub(in_use) / BLOCK_BYTES;
        let surplus = free.keep(room);
        drop(free);
        drop(surplus);
    }

    /// A block made of a buffer that already holds one chunk and is booked.
    pub fn adopt(self: &Arc<Self>, bytes: Vec<u8>, booked: usize, snapshot: &Arc<Snapshot>) -> Block {
        self.block(bytes, booked, snapshot)
    }

    fn block(self: &Arc<Self>, bytes: Vec<u8>, booked: usize, snapshot: &Arc<Snapshot>) -> Block {
        Block { bytes, snapshot: Arc::clone(snapshot), chunks: 0, spans: 0, owns: false, booked, pool: Arc::clone(self) }
    }

    /// Under load memory is kept, within the budget: if it went back to the system and came again, that would cost more than all that is
    /// written to it. [`BlockPool::shed`] finds out that there is no load any more. Small blocks are for times of need, and not kept.
    fn give_back(&self, mut bytes: Vec<u8>) {
        if bytes.capacity() != BLOCK_BYTES {
            return;
        }
        bytes.clear();
        let in_use = self.budget.booked();
        let mut free = self.free.lock();
        if in_use + (free.buffers.len() + 1) * BLOCK_BYTES <= self.budget.limit() {
            free.buffers.push(bytes);
        }
    }

    /// Frees the empty blocks that nobody needed since the last call.
    pub fn shed(&self) {
        let mut free = self.free.lock();
        let needed = free.buffers.len() - free.fewest;
        let unneeded = free.keep(needed.max(KEPT));
        free.fewest = free.buffers.len();
        drop(free);
        drop(unneeded);
    }
}

impl Free {
    fn pop(&mut self) -> Option<Vec<u8>> {
        let popped = self.buffers.pop();
        self.fewest = self.fewest.min(self.buffers.len());
        popped
    }

    /// Keeps `count` at most, and returns the others, to be freed when the lock is given back.
    fn keep(&mut self, count: usize) -> Vec<Vec<u8>> {
        let surplus = self.buffers.split_off(count.min(self.buffers.len()));
        self.fewest = self.fewest.min(self.buffers.len());
        surplus
    }
}

impl Block {
    /// Whether `len` more bytes fit.
    #[inline]
    pub fn has_room(&self, len: usize) -> bool {
        self.bytes.capacity() - self.bytes.len() >= len
    }

    /// Counts a chunk that was written to `bytes`.
    #[inline]
    pub fn count(&mut self, head: &ChunkHead, owns: bool) {
        self.chunks += 1;
        self.spans += head.span_count;
        self.owns |= owns;
    }

    /// Puts a changed chunk in the place of the only one, which nobody owns any more. `false`: the budget is used up.
    pub fn replace_chunk(&mut self, bytes: Vec<u8>, spans: u32) -> bool {
        let missing = bytes.len().saturating_sub(self.booked);
        let fits = missing == 0 || self.pool.budget.book(missing);
        self.booked += if fits { missing } else { 0 };
        self.bytes = bytes;
        self.spans = spans;
        fits
    }

    /// Forgets chunks that were moved elsewhere.
    pub fn forget_chunks(&mut self) {
        self.bytes.clear();
        self.owns = false;
    }

    /// Keeps no more memory than the chunks take, for a block that has to wait: one that is far from full would hold the place of many.
    pub fn shrink(&mut self) {
        let len = self.bytes.len();
        if len > self.booked / 2 {
            return;
        }
        let mut smaller = Vec::with_capacity(len);
        smaller.extend_from_slice(&self.bytes);
        let larger = std::mem::replace(&mut self.bytes, smaller);
        self.pool.give_back(larger);
        self.pool.budget.unbook(self.booked - len);
        self.booked = len;
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.owns {
            drop_chunks(&mut self.bytes);
        }
        self.pool.budget.unbook(self.booked);
        self.pool.give_back(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::test_tracer::TestTracer;

    fn pool() -> Arc<BlockPool> {
        Arc::new(BlockPool::new(64 * BLOCK_BYTES))
    }

    fn take(pool: &Arc<BlockPool>, count: usize) -> Vec<Block> {
        let snapshot = TestTracer::new(&[]).local.snapshot.clone();
        (0..count).map(|_| pool.take(1, &snapshot).unwrap()).collect()
    }

    fn empty(pool: &BlockPool) -> usize {
        pool.free.lock().buffers.len()
    }

    #[test]
    fn empty_blocks_and_those_in_use_stay_within_the_budget() {
        let pool = pool();
        let usual = take(&pool, 32);
        let small = take(&pool, 32 * 8);
        assert!(pool.take(1, &TestTracer::new(&[]).local.snapshot).is_none());
        drop(usual);
        assert_eq!(empty(&pool), 32);
        drop(small);
        assert_eq!(empty(&pool), 32, "small blocks are not kept");
        let again = take(&pool, 20);
        assert_eq!(empty(&pool), 12);
        assert!(pool.budget.book(40 * BLOCK_BYTES));
        drop(again);
        assert_eq!(empty(&pool), 24, "what else is booked leaves no room for more");
        drop(take(&pool, 8));
        assert_eq!(empty(&pool), 23, "small blocks take the room of others");
    }

    #[test]
    fn blocks_that_nobody_needs_are_freed() {
        let pool = pool();
        drop(take(&pool, 30));
        pool.shed();
        assert_eq!(empty(&pool), 30, "all were in use");
        drop(take(&pool, 12));
        pool.shed();
        assert_eq!(empty(&pool), 12);
        pool.shed();
        assert_eq!(empty(&pool), KEPT);
        pool.shed();
        assert_eq!(empty(&pool), KEPT);
    }
}
