//! A thread's part of a tracer: what its spans need without touching what other threads touch.

use super::budget::Reserve;
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
}

impl Local {
    /// Joins the calling thread to a pipeline.
    pub fn new(pipeline: Arc<Pipeline>, snapshot: Arc<Snapshot>) -> Self {
        let outbox = pipeline.add_outbox();
        Local { pipeline, outbox, snapshot, reserve: Reserve::default() }
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
