//! Sends traces to an agent.

use super::discovery::Discovery;
use super::format::TraceFormat;
use super::known_agent::KnownAgent;
use super::preparation::Preparation;
use super::protocol::AgentProtocol;
use super::stats_sender::StatsSender;
use super::verdict::{DropReason, Verdict};
use crate::export::block::Block;
use crate::export::client::{Client, Limit, Link, Outgoing, Progress};
use crate::export::counters::ExportCounters;
use crate::export::exporter::{Attempt, Payload, Tended};
use crate::export::otlp::SpanMetricsSender;
use crate::export::pipeline::Pipeline;
use crate::transport::{Response, TransportError};
use crate::wire::{PayloadFacts, TraceEncoder, V04, V05, V10};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The conversation with the agent's trace endpoint, and what it takes to hold it.
pub struct AgentExporter {
    protocol: AgentProtocol,
    client: Client,
    discovery: Option<Discovery>,
    preparation: Preparation,
    /// Whether the agent has to leave stats to the tracer whatever is computed here.
    forbids_stats: bool,
    /// Whether the agent takes events as lists of their own.
    takes_native_events: bool,
    encoders: Encoders,
    rates: Option<Vec<u8>>,
}

#[derive(Default)]
struct Encoders {
    v04: V04,
    v05: V05,
    /// Large, and made when the agent takes it.
    v10: Option<Box<V10>>,
    /// What payloads of the format v1.0 say of the process.
    process: PayloadFacts,
}

impl Encoders {
    fn of(&mut self, format: TraceFormat) -> &mut dyn TraceEncoder {
        match format {
            TraceFormat::V04 => &mut self.v04,
            TraceFormat::V05 => &mut self.v05,
            TraceFormat::V10 => &mut **self.v10.get_or_insert_with(|| Box::new(V10::new(self.process.clone()))),
        }
    }
}

impl AgentExporter {
    /// An exporter that waits `timeout` for each answer.
    pub fn new(protocol: AgentProtocol, link: Link, timeout: Duration) -> Self {
        AgentExporter {
            forbids_stats: protocol.computes_stats,
            protocol,
            client: Client::new(link, timeout),
            discovery: None,
            preparation: Preparation::default(),
            takes_native_events: false,
            encoders: Encoders::default(),
            rates: None,
        }
    }

    /// The same, and the agent is asked about itself.
    pub fn with_discovery(mut self, discovery: Discovery) -> Self {
        self.discovery = Some(discovery);
        self
    }

    /// The same, and the agent gets stats where it takes them.
    pub fn with_stats(mut self, stats: StatsSender) -> Self {
        self.preparation.stats = Some(Box::new(stats));
        self
    }

    /// The same, and somebody else gets metrics of spans, whatever becomes of the traces. The agent gets no stats then.
    pub fn with_span_metrics(mut self, metrics: SpanMetricsSender) -> Self {
        self.preparation.stats = None;
        self.preparation.span_metrics = Some(Box::new(metrics));
        self
    }

    /// The same, with what payloads of the format v1.0 say of the process.
    pub fn with_payload_facts(mut self, facts: PayloadFacts) -> Self {
        self.encoders.process = facts;
        self
    }

    /// What is known of the agent, if it is asked.
    pub fn known_agent(&self) -> Option<&Arc<KnownAgent>> {
        self.discovery.as_ref().map(Discovery::known)
    }

    /// Whether the agent takes events as lists of their own.
    pub fn takes_native_events(&self) -> bool {
        self.takes_native_events
    }

    /// Does what is due beside sending traces. In the last cycle the agent is only asked if there is work that waits for the answer.
    pub fn tend(&mut self, by: Option<Instant>, has_work: bool, pipeline: &Arc<Pipeline>) -> Tended {
        let Some(discovery) = &mut self.discovery else { return Tended::IDLE };
        let is_wanted = by.is_none() || (has_work && !discovery.has_looked());
        let again_in = match is_wanted {
            // Half of the time is left for the traces.
            true => discovery.tend(Limit { by: by.map(half_way), waits: !pipeline.is_host_driven }, pipeline.awakener()),
            false => Tended::IDLE.again_in,
        };
        pipeline.counters.answers_not_understood.add(discovery.take_not_understood());
        let is_ready = discovery.has_looked() || by.is_some();
        // The answer to a request that is on its way is about the format that it has.
        if !self.client.is_busy() {
            let (epoch, knowledge) = discovery.known().knowledge();
            self.protocol.adapt(epoch, &knowledge);
            self.preparation.adapt(epoch, &knowledge);
            self.takes_native_events = knowledge.info().is_some_and(|info| info.span_events);
        }
        let mut tended = Tended { is_ready, again_in };
        if let (Some(stats), None) = (&mut self.preparation.stats, by) {
            stats.count_in(&pipeline.stats_api, &pipeline.stats);
            tended.again_in = tended.again_in.min(stats.tend(Limit::default(), pipeline.awakener()));
        }
        if let (Some(metrics), None) = (&mut self.preparation.span_metrics, by) {
            tended.again_in = tended.again_in.min(metrics.tend(Limit::default(), pipeline.awakener()));
        }
        self.heed_stats();
        tended
    }

    /// Sends the stats of open buckets, too. `None`: it is done; else when to call again.
    pub fn finish(&mut self, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Option<Duration> {
        let limit = Limit { by, waits: !pipeline.is_host_driven };
        let Preparation { stats, span_metrics, .. } = &mut self.preparation;
        let stats = stats.as_mut().and_then(|stats| stats.finish(limit, pipeline.awakener()));
        let metrics = span_metrics.as_mut().and_then(|metrics| metrics.finish(limit, pipeline.awakener()));
        self.heed_stats();
        stats.into_iter().chain(metrics).min()
    }

    /// An agent that refuses stats may have changed.
    fn heed_stats(&mut self) {
        let was_refused = self.preparation.stats.as_mut().is_some_and(|stats| stats.take_refusal());
        if let Some(discovery) = self.discovery.as_mut().filter(|_| was_refused) {
            discovery.look_soon();
        }
        self.protocol.computes_stats = self.forbids_stats || self.preparation.computes_stats();
    }

    /// Takes out what the agent does not want, and counts spans for stats. Blocks may be empty afterwards.
    pub fn prepare(&mut self, blocks: &mut VecDeque<Block>, counters: &ExportCounters) {
        for block in blocks {
            let prepared = self.preparation.prepare(block);
            counters.chunks_filtered_by_agent.add(prepared.filtered.chunks);
            counters.spans_filtered_by_agent.add(prepared.filtered.spans);
            counters.chunks_rejected.add(prepared.rejected.chunks);
            counters.spans_rejected.add(prepared.rejected.spans);
            self.protocol.count_dropped_p0(prepared.rejected.chunks, prepared.rejected.spans);
        }
    }

    /// The sampling rates that the last answer brought.
    pub fn take_rates(&mut self) -> Option<Vec<u8>> {
        self.rates.take()
    }

    /// The payload that was too large is dropped.
    pub fn drop_too_large(&mut self) {
        self.protocol.drop_too_large(Instant::now());
    }

    /// The payload that was to be tried again is given up.
    pub fn give_up(&mut self) {
        self.protocol.give_up();
        self.client.forget();
    }

    /// Offers a payload, or looks for the answer to the one that was offered.
    pub fn attempt(&mut self, payload: &dyn Payload, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Attempt {
        let limit = Limit { by, waits: !pipeline.is_host_driven };
        let progress = match self.client.look(limit) {
            Some(progress) => progress,
            None => self.send(payload, limit, pipeline),
        };
        match progress {
            Progress::Pending { poll } => Attempt::Pending { poll },
            Progress::Ended { result, bytes, buffer } => {
                let attempt = self.judge(&result, bytes, pipeline);
                // The next payload is built where the last one was.
                if let Some(buffer) = buffer {
                    self.encoders.of(self.protocol.format()).reuse(buffer);
                }
                attempt
            }
        }
    }

    fn send(&mut self, payload: &dyn Payload, limit: Limit, pipeline: &Arc<Pipeline>) -> Progress {
        self.client.count_in(&pipeline.trace_api);
        let encoder = self.encoders.of(self.protocol.format());
        let begin = Instant::now();
        payload.encode(encoder);
        let body = encoder.finish();
        pipeline.census.encoded(payload.chunk_count(), body.len(), begin.elapsed());
        let (method, path) = ("POST", self.protocol.path());
        let headers = self.protocol.headers(payload.chunk_count());
        let body = if self.client.hands_over() { Cow::Owned(encoder.take()) } else { Cow::Borrowed(body) };
        self.client.send(Outgoing { method, path, headers, body }, limit, pipeline.awakener())
    }

    fn judge(&mut self, result: &Result<Response, TransportError>, bytes: usize, pipeline: &Pipeline) -> Attempt {
        let verdict = self.protocol.judge(result, Instant::now());
        pipeline.counters.answers_not_understood.add(self.protocol.take_not_understood());
        if let (Some(discovery), Ok(response)) = (&mut self.discovery, result) {
            discovery.heed(response);
            // The refusal says that something has changed, and not what.
            if matches!(verdict, Verdict::Reencode | Verdict::Drop(DropReason::Unsupported)) {
                discovery.look_soon();
            }
        }
        match verdict {
            Verdict::Accepted { rates } => {
                self.rates = rates;
                Attempt::Taken { bytes }
            }
            Verdict::RetryAfter(pause) => Attempt::Later(pause),
            Verdict::Reencode => Attempt::Again,
            Verdict::TooLarge => Attempt::TooLarge,
            Verdict::Drop(_) => Attempt::Dropped,
        }
    }
}

/// Half of the time until `end` from now.
fn half_way(end: Instant) -> Instant {
    let now = Instant::now();
    now + end.saturating_duration_since(now) / 2
}
