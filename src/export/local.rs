//! A thread's part of a tracer: what its spans need without touching what other threads touch.

use super::budget::Reserve;
use super::extra_services::SeenServices;
use super::outbox::Outbox;
use super::pipeline::Pipeline;
use super::snapshot::Snapshot;
use std::sync::Arc;

/// One thread's view of one tracer.
pub struct Local {
    /// What all threads share.
    pub pipeline: Arc<Pipeline>,
    /// Where this thread's chunks go.
    pub outbox: Arc<Outbox>,
    /// The settings, as this thread saw them last.
    pub snapshot: Arc<Snapshot>,
    /// Budget that this thread booked in advance.
    pub reserve: Reserve,
    spare: Vec<Vec<u8>>,
    services: SeenServices,
}

/// Empty buffers that a thread keeps, and the size above which it does not keep one.
const SPARE_BUFFERS: usize = 4;
const SPARE_BYTES: usize = 8 * 1024;

impl Local {
    /// Joins the calling thread to a pipeline.
    pub fn new(pipeline: Arc<Pipeline>, snapshot: Arc<Snapshot>) -> Self {
        let outbox = pipeline.add_outbox();
        Local { pipeline, outbox, snapshot, reserve: Reserve::default(), spare: Vec::new(), services: SeenServices::default() }
    }

    /// Remembers a service that is not the configured one.
    #[inline]
    pub fn note_service(&mut self, hash: u64, service: &[u8]) {
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
