//! A thread's part of a tracer: what its spans need without touching what other threads touch.

use super::block::Block;
use super::budget::Reserve;
use super::chunk::ChunkHead;
use super::extra_services::SeenServices;
use super::outbox::Outbox;
use super::pipeline::Pipeline;
use super::snapshot::Snapshot;
use crate::hooks::ThreadHooks;
use std::sync::Arc;

/// One thread's view of one tracer.
pub struct Local {
    /// What all threads share.
    pub pipeline: Arc<Pipeline>,
    /// Where this thread's chunks go.
    pub outbox: Arc<Outbox>,
    /// The settings, as this thread saw them last.
    pub snapshot: Arc<Snapshot>,
    /// Whether tracing is on, and the tracer not shut down, as this thread saw it last.
    pub starts_as_usual: bool,
    /// Whether spans end as usual: nobody is told of them, and the sender fetches their chunks.
    pub ends_as_usual: bool,
    /// Budget that this thread booked in advance.
    pub reserve: Reserve,
    /// The tracer's processors and filters, if it has any. Set by [`Local::set_hooks`].
    pub hooks: Option<Arc<ThreadHooks>>,
    /// Chunks that filters have to see first, each in a block of its own. Whoever let them leave takes them, when no lock is held any more.
    pub held: Vec<Block>,
    spare: Vec<Vec<u8>>,
    services: SeenServices,
}

/// Chunks above this leave in their own buffer instead of being copied to the thread's block.
pub const COPIED_BYTES: usize = 16 * 1024;
/// Empty buffers that a thread keeps, and the size above which it does not keep one.
const SPARE_BUFFERS: usize = 4;
const SPARE_BYTES: usize = 8 * 1024;

impl Local {
    /// Joins the calling thread to a pipeline.
    pub fn new(pipeline: Arc<Pipeline>, snapshot: Arc<Snapshot>) -> Self {
        let outbox = pipeline.add_outbox();
        let starts_as_usual = snapshot.is_enabled && pipeline.accepts();
        let ends_as_usual = !snapshot.is_synchronous;
        Local {
            pipeline,
            outbox,
            snapshot,
            starts_as_usual,
            ends_as_usual,
            reserve: Reserve::default(),
            hooks: None,
            held: Vec::new(),
            spare: Vec::new(),
            services: SeenServices::default(),
        }
    }

    /// The thread sees other settings, or that the tracer was shut down.
    pub fn renew(&mut self, snapshot: Arc<Snapshot>) {
        self.starts_as_usual = snapshot.is_enabled && self.pipeline.accepts();
        self.snapshot = snapshot;
        self.set_hooks(self.hooks.clone());
    }

    /// The thread sees other processors and filters.
    pub fn set_hooks(&mut self, hooks: Option<Arc<ThreadHooks>>) {
        self.hooks = hooks;
        self.ends_as_usual = self.hooks.is_none() && !self.snapshot.is_synchronous;
    }

    /// The thread keeps no processors and filters.
    pub fn take_hooks(&mut self) -> Option<Arc<ThreadHooks>> {
        let hooks = self.hooks.take();
        self.set_hooks(None);
        hooks
    }

    /// Remembers a service that is not the configured one; its name is asked for only if it is not the one that the thread saw last.
    #[inline]
    pub fn note_service<'s>(&mut self, hash: u64, service: impl FnOnce() -> &'s [u8]) {
        if !self.services.was_last(hash) {
            self.note_other_service(hash, service());
        }
    }

    #[cold]
    fn note_other_service(&mut self, hash: u64, service: &[u8]) {
        if !self.services.has(hash) {
            self.pipeline.extra_services.add(&String::from_utf8_lossy(service));
        }
    }

    /// An empty buffer, for a segment that begins to gather records.
    #[inline]
    pub fn take_buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes a segment's buffer back. Threads keep them rather than segments, of which there may be a hundred thousand.
    #[inline]
    pub fn keep_buffer(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < SPARE_BUFFERS && buffer.capacity() <= SPARE_BYTES {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// Whether chunks have to be filtered.
    #[inline]
    pub fn has_filters(&self) -> bool {
        self.hooks.as_ref().is_some_and(|hooks| hooks.has_filters())
    }

    /// Queues a chunk that stands in a block of its own. Small ones join the others of the thread.
    #[cold]
    pub fn enqueue(&mut self, mut block: Block) {
        let head = ChunkHead::peek(&block.bytes);
        let Some(head) = head.filter(|head| head.len as usize <= block.snapshot.max_chunk_bytes && self.pipeline.accepts())
        else {
            self.count_dropped(block.spans);
            return;
        };
        self.outbox.counters.chunks_enqueued.add(1);
        let snapshot = Arc::clone(&block.snapshot);
        let append = |to: &mut Vec<u8>| to.extend_from_slice(&block.bytes);
        if block.bytes.len() <= COPIED_BYTES && self.outbox.append(&self.pipeline, &snapshot, &head, block.owns, append) {
            block.forget_chunks();
            return;
        }
        self.pipeline.push(block);
        self.pipeline.ensure_started();
    }

    /// Counts a chunk that is lost before it was queued.
    #[cold]
    pub fn count_dropped(&self, spans: u32) {
        self.outbox.counters.chunks_dropped.add(1);
        self.outbox.counters.spans_dropped.add(u64::from(spans));
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.reserve.clear(&self.pipeline.pool.budget);
        self.pipeline.retire_outbox(&self.outbox);
    }
}
