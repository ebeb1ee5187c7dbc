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
/// Blocks that wait empty.
const POOLED: usize = 24;

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
    free: Mutex<Vec<Vec<u8>>>,
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
        let bytes = pooled.unwrap_or_else(|| Vec::with_capacity(size));
        Some(self.block(bytes, size, snapshot))
    }

    /// A block made of a buffer that already holds one chunk and is booked.
    pub fn adopt(self: &Arc<Self>, bytes: Vec<u8>, booked: usize, snapshot: &Arc<Snapshot>) -> Block {
        self.block(bytes, booked, snapshot)
    }

    fn block(self: &Arc<Self>, bytes: Vec<u8>, booked: usize, snapshot: &Arc<Snapshot>) -> Block {
        Block { bytes, snapshot: Arc::clone(snapshot), chunks: 0, spans: 0, owns: false, booked, pool: Arc::clone(self) }
    }

    fn give_back(&self, mut bytes: Vec<u8>) {
        if bytes.capacity() != BLOCK_BYTES {
            return;
        }
        bytes.clear();
        let mut free = self.free.lock();
        if free.len() < POOLED {
            free.push(bytes);
        }
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
