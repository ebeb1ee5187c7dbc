//! Health metrics of the tracer: what the pipelines counted, under the names that Datadog's tracers have for it.

use crate::export::{Pipeline, Totals};

/// A number of this table: its name below `datadog.tracer.`, and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthRow {
    /// Below `datadog.tracer.`.
    pub name: &'static str,
    /// Empty: none.
    pub tag: &'static str,
}

const fn row(name: &'static str, tag: &'static str) -> HealthRow {
    HealthRow { name, tag }
}

/// What is counted. The counts of [`HealthCounts`] have this order.
pub const HEALTH_ROWS: [HealthRow; 20] = [
    row("started", ""),
    row("stopped", ""),
    row("spans_started", ""),
    row("spans_finished", ""),
    row("abandoned_spans", ""),
    row("traces_dropped", "reason:queue_full"),
    row("traces_dropped", "reason:trace_filter"),
    row("traces_dropped", "reason:send_failed"),
    row("spans_dropped", "reason:queue_full"),
    row("spans_dropped", "reason:trace_filter"),
    row("spans_dropped", "reason:send_failed"),
    row("dropped_p0_traces", ""),
    row("dropped_p0_spans", ""),
    row("queue.enqueued.traces", ""),
    row("flush_traces", ""),
    row("flush_bytes", ""),
    row("api.requests", ""),
    row("api.errors", ""),
    row("traces_filtered_by_agent", ""),
    row("spans_filtered_by_agent", ""),
];
/// Where the tracers that ended are counted.
const STOPPED: usize = 1;

/// Name of the gauge of chunks that wait, below `datadog.tracer.`.
pub const QUEUE_LENGTH: &str = "queue.length";

/// Counts in the order of [`HEALTH_ROWS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HealthCounts([u64; HEALTH_ROWS.len()]);

impl HealthCounts {
    /// What one pipeline counted so far.
    pub fn of_pipeline(pipeline: &Pipeline) -> Self {
        let totals = pipeline.totals();
        let late = (pipeline.counters.chunks_dropped.get(), pipeline.counters.spans_dropped.get());
        Self::of_totals(&totals, late)
    }

    /// `late`: chunks and spans that were dropped after they had been queued; they are among those of the totals.
    fn of_totals(totals: &Totals, late: (u64, u64)) -> Self {
        HealthCounts([
            1,
            0,
            totals.spans_started,
            totals.spans_finished,
            totals.spans_abandoned,
            totals.chunks_dropped.saturating_sub(late.0),
            totals.chunks_filtered,
            late.0,
            totals.spans_dropped.saturating_sub(late.1),
            totals.spans_filtered,
            late.1,
            totals.chunks_rejected,
            totals.spans_rejected,
            totals.chunks_enqueued,
            totals.chunks_sent,
            totals.bytes_sent,
            totals.payloads_sent + totals.payloads_failed,
            totals.payloads_failed,
            totals.chunks_filtered_by_agent,
            totals.spans_filtered_by_agent,
        ])
    }

    /// The same, of a tracer that has ended.
    pub fn stopped(mut self) -> Self {
        if let Some(stopped) = self.0.get_mut(STOPPED) {
            *stopped = 1;
        }
        self
    }

    /// How much was counted since `former`.
    pub fn since(&self, former: &HealthCounts) -> Self {
        let mut grown = *self;
        grown.0.iter_mut().zip(former.0).for_each(|(count, former)| *count = count.saturating_sub(former));
        grown
    }

    /// Adds other counts.
    pub fn add(&mut self, other: &HealthCounts) {
        self.0.iter_mut().zip(other.0).for_each(|(count, other)| *count = count.saturating_add(other));
    }

    /// All counts, each with what it is.
    pub fn each(&self) -> impl Iterator<Item = (HealthRow, u64)> {
        HEALTH_ROWS.into_iter().zip(self.0)
    }
}

/// Chunks that wait in a pipeline.
pub fn queue_length(pipeline: &Pipeline) -> u64 {
    let totals = pipeline.totals();
    let gone =
        totals.chunks_sent + pipeline.counters.chunks_dropped.get() + totals.chunks_rejected + totals.chunks_filtered_by_agent;
    totals.chunks_enqueued.saturating_sub(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(counts: &HealthCounts, name: &str, tag: &str) -> u64 {
        counts.each().find(|(row, _)| row.name == name && row.tag == tag).unwrap().1
    }

    #[test]
    fn every_number_has_its_name() {
        let totals = Totals {
            spans_started: 10,
            spans_finished: 9,
            spans_abandoned: 1,
            chunks_enqueued: 6,
            chunks_sent: 3,
            chunks_dropped: 3,
            spans_dropped: 7,
            chunks_filtered: 4,
            spans_filtered: 5,
            chunks_rejected: 2,
            spans_rejected: 8,
            payloads_sent: 11,
            payloads_failed: 12,
            bytes_sent: 1000,
            chunks_filtered_by_agent: 13,
            spans_filtered_by_agent: 14,
            ..Totals::default()
        };
        let counts = HealthCounts::of_totals(&totals, (1, 2));
        for (name, tag, expected) in [
            ("started", "", 1),
            ("stopped", "", 0),
            ("spans_started", "", 10),
            ("spans_finished", "", 9),
            ("abandoned_spans", "", 1),
            ("traces_dropped", "reason:queue_full", 2),
            ("traces_dropped", "reason:trace_filter", 4),
            ("traces_dropped", "reason:send_failed", 1),
            ("spans_dropped", "reason:queue_full", 5),
            ("spans_dropped", "reason:trace_filter", 5),
            ("spans_dropped", "reason:send_failed", 2),
            ("dropped_p0_traces", "", 2),
            ("dropped_p0_spans", "", 8),
            ("queue.enqueued.traces", "", 6),
            ("flush_traces", "", 3),
            ("flush_bytes", "", 1000),
            ("api.requests", "", 23),
            ("api.errors", "", 12),
            ("traces_filtered_by_agent", "", 13),
            ("spans_filtered_by_agent", "", 14),
        ] {
            assert_eq!(count(&counts, name, tag), expected, "{name} {tag}");
        }
        assert_eq!(count(&counts.stopped(), "stopped", ""), 1);
    }

    #[test]
    fn growth_and_sums() {
        let totals = |spans_started| Totals { spans_started, ..Totals::default() };
        let (former, now) = (HealthCounts::of_totals(&totals(5), (0, 0)), HealthCounts::of_totals(&totals(7), (0, 0)));
        let mut grown = now.since(&former);
        assert_eq!((count(&grown, "spans_started", ""), count(&grown, "started", "")), (2, 0));
        grown.add(&now);
        assert_eq!((count(&grown, "spans_started", ""), count(&grown, "started", "")), (9, 1));
    }
}
