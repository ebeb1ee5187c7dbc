//! The sender: the periodic service that empties a pipeline.
//!
//! It decides what is undecided, applies single-span sampling, gathers about 512 KiB of records into a payload and gives it to the
//! exporter. Records wait until the exporter took them: a retry, or a change to another format, encodes the same records again.

use super::block::Block;
use super::chunk::{ChunkHead, ChunkRef, StartOrder, each_chunk_mut};
use super::chunk_data::{chunk_data, chunk_facts};
use super::exporter::{Attempt, Exporter, Payload};
use super::keep_rate::KeepRate;
use super::pipeline::{EARLY_FLUSH_BYTES, Pipeline, Successor};
use super::snapshot::Snapshot;
use super::span_ref::SpanRef;
use crate::context::{Decision, TraceTags};
use crate::record::{Calibration, ChunkData, RecordRef, start_numbers, unix_ns, update_head};
use crate::service::{Cause, PeriodicService};
use crate::wire::TraceEncoder;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How often memory that nobody needed in the meantime is given back.
const SHED_EVERY: Duration = Duration::from_secs(1);

/// Empties one pipeline into one exporter.
pub struct Sender {
    /// Weak, because the pipeline's runtime has the sender.
    pipeline: Weak<Pipeline>,
    exporter: Exporter,
    interval: Duration,
    /// Decided blocks, oldest first.
    waiting: VecDeque<Block>,
    /// How many of them are in the attempt that is under way or to be repeated.
    in_attempt: usize,
    retry_at: Option<Instant>,
    keep_rate: KeepRate,
    calibration: Calibration,
    shed_at: Instant,
    accepted: u64,
    dropped: u64,
    /// What was dropped in front of the queue when the keep rate was computed last.
    dropped_before_queue: u64,
}

impl Sender {
    /// A sender that looks for work every `interval`.
    pub fn new(pipeline: Arc<Pipeline>, exporter: Exporter, interval: Duration) -> Self {
        Sender {
            pipeline: Arc::downgrade(&pipeline),
            exporter,
            interval,
            waiting: VecDeque::new(),
            in_attempt: 0,
            retry_at: None,
            keep_rate: KeepRate::new(),
            calibration: Calibration::default(),
            shed_at: Instant::now() + SHED_EVERY,
            accepted: 0,
            dropped: 0,
            dropped_before_queue: 0,
        }
    }

    fn cycle(&mut self, pipeline: &Arc<Pipeline>, last_attempt_by: Option<Instant>) -> Duration {
        self.calibration.step();
        let flush = pipeline.requested_flush();
        let successor = pipeline.take_successor();
        let mut fresh = pipeline.collect();
        decide(&mut fresh);
        self.waiting.extend(fresh);
        self.update_keep_rate(pipeline);
        if let Some(successor) = successor {
            if successor.after_sending {
                self.send_waiting(pipeline, last_attempt_by);
            }
            self.go_on_with(successor);
        }
        let pause = self.send_waiting(pipeline, last_attempt_by);
        self.waiting.iter_mut().for_each(Block::shrink);
        let now = Instant::now();
        if now >= self.shed_at {
            pipeline.pool.shed();
            self.shed_at = now + SHED_EVERY;
        }
        if let Some(ticket) = flush.filter(|_| self.waiting.is_empty()) {
            pipeline.complete_flush(ticket);
        }
        pause
    }

    /// The settings have changed: what the former exporter did not take goes to the next one.
    fn go_on_with(&mut self, successor: Successor) {
        self.exporter.give_up();
        self.exporter.shutdown();
        self.exporter = successor.exporter;
        self.interval = successor.interval;
        (self.in_attempt, self.retry_at) = (0, None);
    }

    /// Sends until nothing waits or the exporter wants a pause.
    fn send_waiting(&mut self, pipeline: &Arc<Pipeline>, last_attempt_by: Option<Instant>) -> Duration {
        while !self.waiting.is_empty() {
            let now = Instant::now();
            if let Some(at) = self.retry_at.filter(|at| *at > now && last_attempt_by.is_none()) {
                return at - now;
            }
            if last_attempt_by.is_some_and(|by| now >= by) {
                self.drop_waiting(pipeline, "the time for the last attempt was over");
                break;
            }
            self.retry_at = None;
            if self.in_attempt == 0 {
                self.in_attempt = batch_len(&self.waiting);
            }
            match self.attempt(pipeline, last_attempt_by) {
                Attempt::Taken { bytes } => self.taken(pipeline, bytes),
                Attempt::Again => {}
                Attempt::Pending { poll } => return poll,
                Attempt::Later(pause) => {
                    pipeline.counters.payloads_failed.add(1);
                    if last_attempt_by.is_some() {
                        self.drop_waiting(pipeline, "the agent does not answer");
                        break;
                    }
                    self.retry_at = Some(now + pause);
                    return pause;
                }
                Attempt::Dropped => {
                    pipeline.counters.payloads_failed.add(1);
                    let lost = self.in_attempt;
                    self.drop_front(pipeline, lost);
                }
            }
        }
        self.interval
    }

    fn attempt(&mut self, pipeline: &Arc<Pipeline>, last_attempt_by: Option<Instant>) -> Attempt {
        let (waiting, count) = (&self.waiting, self.in_attempt);
        let batch = Batch { blocks: waiting, count, keep_rate: self.keep_rate.rate() };
        let attempt = self.exporter.attempt(&batch, last_attempt_by, pipeline);
        if let (Attempt::Taken { .. }, Exporter::Agent(_)) = (&attempt, &self.exporter) {
            // Without rates in the answer the samplers still take a step towards the rates that they were asked for.
            update_rates(waiting, count, &self.exporter.take_rates().unwrap_or_default());
        }
        attempt
    }

    fn taken(&mut self, pipeline: &Pipeline, bytes: usize) {
        let counters = &pipeline.counters;
        counters.payloads_sent.add(1);
        counters.bytes_sent.add(bytes as u64);
        for block in self.waiting.drain(..self.in_attempt) {
            counters.chunks_sent.add(u64::from(block.chunks));
            counters.spans_sent.add(u64::from(block.spans));
            self.accepted += u64::from(block.chunks);
        }
        self.in_attempt = 0;
    }

    fn drop_front(&mut self, pipeline: &Pipeline, blocks: usize) {
        let counters = &pipeline.counters;
        for block in self.waiting.drain(..blocks) {
            counters.chunks_dropped.add(u64::from(block.chunks));
            counters.spans_dropped.add(u64::from(block.spans));
            self.dropped += u64::from(block.chunks);
        }
        self.in_attempt = 0;
    }

    fn drop_waiting(&mut self, pipeline: &Pipeline, why: &str) {
        let chunks: u32 = self.waiting.iter().map(|block| block.chunks).sum();
        crate::log::log_warn!("{chunks} trace chunks are dropped at shutdown: {why}");
        self.exporter.give_up();
        let all = self.waiting.len();
        self.drop_front(pipeline, all);
    }

    /// One flush window ends with every cycle that has something to report.
    fn update_keep_rate(&mut self, pipeline: &Pipeline) {
        let dropped_in_all = pipeline.totals().chunks_dropped;
        let dropped_before_queue = dropped_in_all.saturating_sub(pipeline.counters.chunks_dropped.get());
        let lost = self.dropped + dropped_before_queue.saturating_sub(self.dropped_before_queue);
        self.dropped_before_queue = dropped_before_queue;
        if self.accepted + lost > 0 {
            self.keep_rate.record(self.accepted, lost);
        }
        (self.accepted, self.dropped) = (0, 0);
    }
}

impl PeriodicService for Sender {
    fn name(&self) -> &'static str {
        "trace sender"
    }

    fn periodic(&mut self, cause: Cause) -> Duration {
        let Some(pipeline) = self.pipeline.upgrade() else { return self.interval };
        let Cause::Shutdown(deadline) = cause else { return self.cycle(&pipeline, None) };
        self.cycle(&pipeline, Some(deadline));
        if !self.waiting.is_empty() {
            self.drop_waiting(&pipeline, "the last payload got no answer in time");
        }
        self.exporter.shutdown();
        self.interval
    }
}

/// What one attempt sends.
struct Batch<'a> {
    blocks: &'a VecDeque<Block>,
    count: usize,
    keep_rate: f64,
}

impl Batch<'_> {
    /// Calls `use_it` with every chunk: its snapshot, itself, its tags, its records in start order.
    fn each_chunk(&self, mut use_it: impl FnMut(&Snapshot, &ChunkRef<'_>, Option<&TraceTags>, &[RecordRef<'_>])) {
        let (mut order, mut records) = (StartOrder::default(), Vec::new());
        for block in self.blocks.iter().take(self.count) {
            let mut rest = block.bytes.as_slice();
            while let Some((chunk, tail)) = ChunkRef::split(rest) {
                rest = tail;
                chunk.sorted_records(&mut order, &mut records);
                let tags = chunk.head.state.filter(|state| state.has_tags());
                // A copy, so that no thread of the application waits for the encoding.
                let tags = tags.and_then(|state| state.read_tags(TraceTags::clone));
                use_it(&block.snapshot, &chunk, tags.as_ref(), &records);
            }
        }
    }
}

impl Payload for Batch<'_> {
    fn chunk_count(&self) -> usize {
        self.blocks.iter().take(self.count).map(|block| block.chunks as usize).sum()
    }

    fn encode(&self, format: &mut dyn TraceEncoder) {
        format.begin();
        self.each_chunk(|snapshot, chunk, tags, records| {
            format.chunk(&chunk_facts(chunk, snapshot, tags, self.keep_rate), records);
        });
    }

    fn data(&self) -> Vec<ChunkData> {
        let mut all = Vec::new();
        self.each_chunk(|snapshot, chunk, tags, records| {
            all.push(chunk_data(&chunk_facts(chunk, snapshot, tags, self.keep_rate), records));
        });
        all
    }
}

/// How many blocks go into one payload.
fn batch_len(waiting: &VecDeque<Block>) -> usize {
    let mut bytes = 0;
    let fits = waiting.iter().take_while(|block| {
        bytes += block.bytes.len();
        bytes <= EARLY_FLUSH_BYTES
    });
    fits.count().max(1)
}

/// Makes the decisions that are open, in the order in which the chunks ended, and applies single-span sampling.
fn decide(blocks: &mut [Block]) {
    let now = unix_ns();
    let mut open: Vec<(i64, usize, usize)> = Vec::new();
    for (index, block) in blocks.iter_mut().enumerate() {
        let mut at = 0;
        each_chunk_mut(&mut block.bytes, |head, _| {
            if !head.is_processed {
                // A chunk may claim to end in the future, which must not fill the limiters.
                open.push((head.end_ns.min(now), index, at));
            }
            at += head.len as usize;
        });
    }
    open.sort_unstable();
    for (end_ns, index, at) in open {
        let Some(block) = blocks.get_mut(index) else { continue };
        let snapshot = Arc::clone(&block.snapshot);
        let Some(rest) = block.bytes.get_mut(at..) else { continue };
        let len = ChunkRef::split(rest).map_or(0, |(chunk, _)| chunk.head.len as usize);
        let Some(chunk) = rest.get_mut(..len) else { continue };
        each_chunk_mut(chunk, |head, records| process(head, records, end_ns, &snapshot));
    }
}

fn process(head: &mut ChunkHead, records: &mut [u8], end_ns: i64, snapshot: &Snapshot) {
    head.decision = head.state.and_then(|state| state.decision()).or(head.decision);
    if head.decision.is_none() {
        let decision = decide_chunk(head, records, end_ns, snapshot);
        head.decision = Some(head.state.map_or(decision, |state| state.decide(&decision)));
    }
    head.is_processed = true;
    if head.decision.is_some_and(|decision| !decision.is_kept()) && !snapshot.span_sampler.is_empty() {
        sample_spans(end_ns, records, snapshot);
    }
}

/// Decides on the local root; where it is not in the chunk, on the first record.
fn decide_chunk(head: &ChunkHead, records: &[u8], end_ns: i64, snapshot: &Snapshot) -> Decision {
    let first = start_numbers(records).min_by_key(|(number, _)| *number);
    let Some(root) = first.and_then(|(_, at)| RecordRef::at(records, at)) else {
        return Decision { priority: 1, mechanism: Some(0), rate: None, limit_rate: None };
    };
    let span = SpanRef::of_record(&root, snapshot);
    let env = snapshot.env_of(&span);
    snapshot.sampler.decide(head.trace_id as u64, &span, env, end_ns)
}

/// Marks the spans of a dropped trace that single-span rules keep, in start order.
fn sample_spans(end_ns: i64, records: &mut [u8], snapshot: &Snapshot) {
    for at in StartOrder::default().offsets(records) {
        let Some(bytes) = records.get_mut(at..) else { continue };
        let rule = RecordRef::split(bytes)
            .and_then(|(record, _)| snapshot.span_sampler.decide(&SpanRef::of_record(&record, snapshot), end_ns))
            .map(|sampling| sampling.rule as u32 + 1);
        if let Some(rule) = rule {
            update_head(bytes, |head| head.span_rule = rule);
        }
    }
}

/// Gives the agent's rates to the samplers of the snapshots that were sent.
fn update_rates(waiting: &VecDeque<Block>, count: usize, rates: &[u8]) {
    let mut updated: Option<&Snapshot> = None;
    for block in waiting.iter().take(count) {
        let snapshot: &Snapshot = &block.snapshot;
        if updated.is_none_or(|done| !Arc::ptr_eq(&done.sampler, &snapshot.sampler)) {
            snapshot.sampler.update_agent_rates(rates);
            updated = Some(snapshot);
        }
    }
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
