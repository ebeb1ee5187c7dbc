//! Health metrics of the tracer: what the pipelines counted, and how much of it is new.

use super::health_names::each_count;
use crate::config::HealthNames;
use crate::export::{ApiCounters, Failure, FlushReason, Pipeline, Totals};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// All that one pipeline counted so far, before it has names.
#[derive(Debug, Default)]
pub struct HealthFacts {
    pub(super) totals: Totals,
    /// Chunks that were dropped after they had been queued; they are among those of the totals.
    pub(super) chunks_dropped_late: u64,
    /// Spans in them.
    pub(super) spans_dropped_late: u64,
    pub(super) chunks_too_large: u64,
    pub(super) bytes_dropped: u64,
    pub(super) formats_refused: u64,
    pub(super) answers_not_understood: u64,
    pub(super) flushes: Vec<(FlushReason, u64)>,
    pub(super) requests: u64,
    /// Answers by status.
    pub(super) responses: Vec<(u16, u64)>,
    pub(super) failures: Vec<(Failure, u64)>,
    pub(super) stats: StatsFacts,
    pub(super) is_stopped: bool,
}

/// What was counted about trace statistics.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StatsFacts {
    pub(super) spans: u64,
    pub(super) collapsed: u64,
    pub(super) payloads: u64,
    pub(super) buckets: u64,
    pub(super) lost: u64,
}

impl HealthFacts {
    /// What a pipeline counted so far.
    pub fn of_pipeline(pipeline: &Pipeline) -> Self {
        let (counters, stats) = (&pipeline.counters, &pipeline.stats);
        let totals = pipeline.totals();
        let mut facts = HealthFacts {
            totals,
            chunks_dropped_late: counters.chunks_dropped.get(),
            spans_dropped_late: counters.spans_dropped.get(),
            chunks_too_large: counters.chunks_too_large.get(),
            bytes_dropped: counters.bytes_dropped.get(),
            formats_refused: counters.formats_refused.get(),
            answers_not_understood: counters.answers_not_understood.get(),
            flushes: pipeline.flushes.triggered().collect(),
            stats: StatsFacts {
                spans: stats.spans.get(),
                collapsed: stats.spans_collapsed.get(),
                payloads: stats.payloads.get(),
                buckets: stats.buckets.get(),
                lost: stats.payloads_lost.get(),
            },
            ..HealthFacts::default()
        };
        facts.add_requests(&pipeline.trace_api);
        facts.add_requests(&pipeline.stats_api);
        // Requests to others than an agent are not counted one by one, but payloads are.
        facts.requests = facts.requests.max(totals.payloads_sent + totals.payloads_failed);
        facts
    }

    fn add_requests(&mut self, api: &ApiCounters) {
        self.requests += api.requests.get();
        self.responses.extend(api.responses());
        self.failures.extend(api.failures());
    }

    /// The same, of a tracer that has ended.
    pub fn stopped(mut self) -> Self {
        self.is_stopped = true;
        self
    }
}

/// What a number is: its name below `datadog.tracer.`, and its tags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HealthKey {
    /// Below `datadog.tracer.`.
    pub name: &'static str,
    /// May be none.
    pub tags: Vec<Cow<'static, str>>,
}

/// Counts under their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthCounts(BTreeMap<HealthKey, u64>);

impl HealthCounts {
    /// These facts under these names.
    pub fn named(facts: &HealthFacts, names: HealthNames) -> Self {
        let mut counts = BTreeMap::<HealthKey, u64>::new();
        each_count(facts, names, &mut |name, tags, count| {
            *counts.entry(HealthKey { name, tags }).or_default() += count;
        });
        HealthCounts(counts)
    }

    /// How much was counted since `former`.
    pub fn since(&self, former: &HealthCounts) -> Self {
        let grown = |(key, count): (&HealthKey, &u64)| {
            let former = former.0.get(key).copied().unwrap_or(0);
            (key.clone(), count.saturating_sub(former))
        };
        HealthCounts(self.0.iter().map(grown).collect())
    }

    /// Adds other counts.
    pub fn add(&mut self, other: HealthCounts) {
        for (key, count) in other.0 {
            let sum = self.0.entry(key).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// All counts, each with what it is.
    pub fn each(&self) -> impl Iterator<Item = (&HealthKey, u64)> {
        self.0.iter().map(|(key, count)| (key, *count))
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

    fn count(counts: &HealthCounts, name: &str) -> Option<u64> {
        counts.each().find(|(key, _)| key.name == name).map(|(_, count)| count)
    }

    #[test]
    fn growth_and_sums() {
        let counts = |spans_started| {
            let facts = HealthFacts { totals: Totals { spans_started, ..Totals::default() }, ..HealthFacts::default() };
            HealthCounts::named(&facts, HealthNames::Common)
        };
        let (former, now) = (counts(5), counts(7));
        let mut grown = now.since(&former);
        assert_eq!((count(&grown, "spans_started"), count(&grown, "started")), (Some(2), Some(0)));
        grown.add(now);
        assert_eq!((count(&grown, "spans_started"), count(&grown, "started")), (Some(9), Some(1)));
    }
}
