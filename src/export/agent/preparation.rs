//! What is done with chunks between their sampling and their encoding: filters of the agent, statistics, rejected traces. In this order, so that
//! what the agent does not want is in no statistics, and what sampling rejected is.

use super::known_agent::Knowledge;
use super::stats_sender::{StatsSender, features};
use super::trace_filters::TraceFilters;
use crate::export::batch::each_chunk;
use crate::export::block::Block;
use crate::export::chunk::StartOrder;
use crate::export::chunk_data::chunk_facts;
use crate::export::otlp::SpanMetricsSender;
use crate::export::rejected::{Fate, RejectedTraces, Removed, apply};
use crate::record::unix_ns;

/// The steps for one agent.
#[derive(Default)]
pub struct Preparation {
    /// Trace statistics, unless the settings rule them out.
    pub stats: Option<Box<StatsSender>>,
    /// Span metrics, which replace the statistics.
    pub span_metrics: Option<Box<SpanMetricsSender>>,
    filters: TraceFilters,
    epoch: u64,
    order: StartOrder,
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// By a filter of the agent.
    pub filtered: Removed,
    /// Because sampling had rejected it.
    pub rejected: Removed,
}

impl Preparation {
    /// What is known of the agent may have changed.
    pub fn adapt(&mut self, epoch: u64, knowledge: &Knowledge) {
        if let Some(stats) = &mut self.stats {
            stats.adapt(epoch, knowledge);
        }
        if epoch != self.epoch {
            self.epoch = epoch;
            if let (Some(metrics), Some(info)) = (&mut self.span_metrics, knowledge.info()) {
                metrics.configure(&features(info));
            }
            self.filters = knowledge.info().map(|info| TraceFilters::of_info(info)).unwrap_or_default();
        }
    }

    /// Whether spans are counted here, so that the agent need not.
    pub fn computes_stats(&self) -> bool {
        self.span_metrics.is_some() || self.stats.as_ref().is_some_and(|stats| stats.is_active())
    }

    /// Prepares the chunks of a block. Without statistics of ours the agent does it all, for it counts what it receives.
    pub fn prepare(&mut self, block: &mut Block) -> Prepared {
        if let Some(metrics) = &mut self.span_metrics {
            metrics.add_block(block, &mut self.order);
            return Prepared::default();
        }
        let Preparation { stats: Some(stats), filters, order, .. } = self else { return Prepared::default() };
        if !stats.is_active() {
            return Prepared::default();
        }
        let now_ns = unix_ns();
        let mut filtered = Removed::default();
        let mut fates = Vec::with_capacity(block.chunks as usize);
        each_chunk(block, order, &mut Vec::new(), |chunk, tags, records| {
            let facts = chunk_facts(chunk, &block.snapshot, tags);
            if !filters.is_empty() && filters.reject(&facts, records) {
                filtered.chunks += 1;
                filtered.spans += records.len() as u64;
                fates.push(Fate::Drop);
                return;
            }
            stats.add(&facts, records, now_ns);
            fates.push(RejectedTraces::Reduced.fate(facts.decision, records));
        });
        if fates.iter().all(|fate| *fate == Fate::Keep) {
            return Prepared::default();
        }
        let removed = apply(&fates, block);
        let rejected = Removed {
            chunks: removed.chunks.saturating_sub(filtered.chunks),
            spans: removed.spans.saturating_sub(filtered.spans),
        };
        Prepared { filtered, rejected }
    }
}
