//! What happened, in numbers: per thread where threads count, shared where the background counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one thread. Only their thread writes them, so counting is a load and a store.
#[derive(Default)]
#[repr(align(64))]
pub struct ThreadCounters {
    /// Spans started that record.
    pub spans_started: Counter,
    /// Spans finished.
    pub spans_finished: Counter,
    /// Spans freed without being finished.
    pub spans_abandoned: Counter,
    /// Spans handed out that record nothing, because too many were live.
    pub spans_not_recorded: Counter,
    /// Segments begun.
    pub segments_started: Counter,
    /// Segments that ended.
    pub segments_closed: Counter,
    /// Chunks handed to the exporter's queue.
    pub chunks_enqueued: Counter,
    /// Chunks dropped before that, because the budget was used up, the tracer was shut down, or they were too large.
    pub chunks_dropped: Counter,
    /// Spans in them.
    pub spans_dropped: Counter,
}

/// A number that one thread writes and others read.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts, on the one thread that writes this number.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    /// Counts, from any thread.
    pub fn add_shared(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts of the background.
#[derive(Default)]
pub struct ExportCounters {
    /// Chunks that the exporter took.
    pub chunks_sent: Counter,
    /// Spans in them.
    pub spans_sent: Counter,
    /// Chunks that were dropped after they were queued.
    pub chunks_dropped: Counter,
    /// Spans in them.
    pub spans_dropped: Counter,
    /// Chunks that the agent's filters do not want.
    pub chunks_filtered_by_agent: Counter,
    /// Spans in them.
    pub spans_filtered_by_agent: Counter,
    /// Chunks not sent because sampling rejected them.
    pub chunks_rejected: Counter,
    /// Spans not sent for that reason, those that chunks were reduced by among them.
    pub spans_rejected: Counter,
    /// Payloads taken.
    pub payloads_sent: Counter,
    /// Attempts that failed.
    pub payloads_failed: Counter,
    /// Bytes of the payloads taken.
    pub bytes_sent: Counter,
    /// Chunks that the program's own filters dropped; threads count them.
    pub chunks_filtered: Counter,
    /// Spans in them, and those that filters removed from other chunks.
    pub spans_filtered: Counter,
    /// Those of the chunks dropped that were too large for the receiver.
    pub chunks_too_large: Counter,
    /// Bytes of records of the chunks dropped.
    pub bytes_dropped: Counter,
    /// How often the agent refused a format, so that the same chunks were sent in another one.
    pub formats_refused: Counter,
    /// Answers of the agent that could not be read.
    pub answers_not_understood: Counter,
}

/// Counts of trace statistics.
#[derive(Default)]
pub struct StatsCounters {
    /// Spans that were counted.
    pub spans: Counter,
    /// Those of them that are in no group of their own, because there were too many.
    pub spans_collapsed: Counter,
    /// Payloads sent.
    pub payloads: Counter,
    /// Buckets in them.
    pub buckets: Counter,
    /// Payloads lost.
    pub payloads_lost: Counter,
}

/// Everything together at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Spans started that record.
    pub spans_started: u64,
    /// Spans finished.
    pub spans_finished: u64,
    /// Spans freed without being finished.
    pub spans_abandoned: u64,
    /// Spans that recorded nothing because too many were live.
    pub spans_not_recorded: u64,
    /// Segments begun.
    pub segments_started: u64,
    /// Segments that ended.
    pub segments_closed: u64,
    /// Chunks queued.
    pub chunks_enqueued: u64,
    /// Chunks that the exporter took.
    pub chunks_sent: u64,
    /// Spans that the exporter took.
    pub spans_sent: u64,
    /// Chunks dropped, wherever.
    pub chunks_dropped: u64,
    /// Spans dropped, wherever.
    pub spans_dropped: u64,
    /// Payloads taken.
    pub payloads_sent: u64,
    /// Attempts that failed.
    pub payloads_failed: u64,
    /// Bytes of the payloads taken.
    pub bytes_sent: u64,
    /// Bytes of the budget in use.
    pub buffered_bytes: u64,
    /// Chunks that the program's own filters dropped.
    pub chunks_filtered: u64,
    /// Spans in them, and those that filters removed from other chunks.
    pub spans_filtered: u64,
    /// Chunks not sent because sampling rejected them.
    pub chunks_rejected: u64,
    /// Spans not sent for that reason.
    pub spans_rejected: u64,
    /// Chunks that the agent's filters do not want.
    pub chunks_filtered_by_agent: u64,
    /// Spans in them.
    pub spans_filtered_by_agent: u64,
}

impl Totals {
    /// Adds a thread's counts.
    pub fn add_thread(&mut self, thread: &ThreadCounters) {
        self.spans_started += thread.spans_started.get();
        self.spans_finished += thread.spans_finished.get();
        self.spans_abandoned += thread.spans_abandoned.get();
        self.spans_not_recorded += thread.spans_not_recorded.get();
        self.segments_started += thread.segments_started.get();
        self.segments_closed += thread.segments_closed.get();
        self.chunks_enqueued += thread.chunks_enqueued.get();
        self.chunks_dropped += thread.chunks_dropped.get();
        self.spans_dropped += thread.spans_dropped.get();
    }

    /// Adds the background's counts.
    pub fn add_export(&mut self, export: &ExportCounters) {
        self.chunks_sent += export.chunks_sent.get();
        self.spans_sent += export.spans_sent.get();
        self.chunks_dropped += export.chunks_dropped.get();
        self.spans_dropped += export.spans_dropped.get();
        self.chunks_filtered_by_agent += export.chunks_filtered_by_agent.get();
        self.spans_filtered_by_agent += export.spans_filtered_by_agent.get();
        self.chunks_rejected += export.chunks_rejected.get();
        self.spans_rejected += export.spans_rejected.get();
        self.payloads_sent += export.payloads_sent.get();
        self.payloads_failed += export.payloads_failed.get();
        self.bytes_sent += export.bytes_sent.get();
        self.chunks_filtered += export.chunks_filtered.get();
        self.spans_filtered += export.spans_filtered.get();
    }
}
