//! The sender: the periodic service that empties a pipeline.
//!
//! It decides what is undecided, applies single-span sampling, gathers about 512 KiB of records into a payload and gives it to the
//! exporter. Records wait until the exporter took them: a retry, or a change to another format, encodes the same records again.

use super::agent::KnownAgent;
use super::batch::{Batch, batch_len};
use super::block::Block;
use super::decide::decide;
use super::exporter::{Attempt, Exporter, Tended};
use super::flushes::FlushReason;
use super::keep_rate::KeepRate;
use super::pipeline::{Pipeline, Successor};
use super::snapshot::Snapshot;
use crate::record::Calibration;
use crate::service::{Cause, PeriodicService};
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
    /// Decided blocks that the exporter is not ready for, oldest first.
    arrived: VecDeque<Block>,
    /// Those that are to be sent.
    waiting: VecDeque<Block>,
    /// How many of them are in the attempt that is under way or to be repeated.
    in_attempt: usize,
    halves: Halves,
    /// The first cycle comes early, to ask the agent what it wants; nothing is collected then.
    asks_first: bool,
    retry_at: Option<Instant>,
    keep_rate: KeepRate,
    calibration: Calibration,
    shed_at: Instant,
    accepted: u64,
    dropped: u64,
    /// What was dropped in front of the queue when the keep rate was computed last.
    dropped_before_queue: u64,
}

/// Which part of a payload that was too large is in the attempt.
#[derive(Default)]
enum Halves {
    /// There was none.
    #[default]
    None,
    /// The first half; so many blocks come after it.
    First { second: usize },
    /// The second half.
    Second,
}

impl Sender {
    /// A sender that looks for work every `interval`.
    pub fn new(pipeline: Arc<Pipeline>, exporter: Exporter, interval: Duration) -> Self {
        Sender {
            pipeline: Arc::downgrade(&pipeline),
            exporter,
            interval,
            arrived: VecDeque::new(),
            waiting: VecDeque::new(),
            in_attempt: 0,
            halves: Halves::None,
            asks_first: false,
            retry_at: None,
            keep_rate: KeepRate::new(),
            calibration: Calibration::default(),
            shed_at: Instant::now() + SHED_EVERY,
            accepted: 0,
            dropped: 0,
            dropped_before_queue: 0,
        }
    }

    /// What is known of the agent, if the chunks go to one.
    pub fn known_agent(&self) -> Option<Arc<KnownAgent>> {
        self.exporter.known_agent()
    }

    /// When it is to run first. An agent is asked what it wants at once.
    pub fn first_cycle(&mut self) -> Duration {
        self.asks_first = self.known_agent().is_some();
        if self.asks_first { Duration::ZERO } else { self.interval }
    }

    fn cycle(&mut self, pipeline: &Arc<Pipeline>, cause: Cause) -> Duration {
        let last_attempt_by = if let Cause::Shutdown(deadline) = cause { Some(deadline) } else { None };
        self.calibration.step();
        let flush = pipeline.requested_flush();
        let successor = pipeline.take_successor();
        let reason = match cause {
            Cause::Shutdown(_) => FlushReason::Shutdown,
            _ if flush.is_some() => FlushReason::Invoked,
            _ if pipeline.has_early_flush() => FlushReason::Size,
            _ => FlushReason::Scheduled,
        };
        let mut fresh = pipeline.collect();
        let began = (!fresh.is_empty()).then(|| {
            pipeline.flushes.begin(reason);
            Instant::now()
        });
        decide(&mut fresh, &pipeline.census);
        self.arrived.extend(fresh);
        self.update_keep_rate(pipeline);
        if let Some(successor) = successor {
            if successor.after_sending {
                self.advance(pipeline, last_attempt_by);
            }
            self.go_on_with(successor, pipeline);
        }
        let pause = self.advance(pipeline, last_attempt_by);
        if let Some(began) = began {
            pipeline.flushes.end(began.elapsed());
        }
        self.arrived.iter_mut().chain(&mut self.waiting).for_each(Block::shrink);
        let now = Instant::now();
        if now >= self.shed_at {
            pipeline.pool.shed();
            self.shed_at = now + SHED_EVERY;
        }
        let is_empty = self.arrived.is_empty() && self.waiting.is_empty();
        let ends = (flush.is_some() && is_empty) || last_attempt_by.is_some();
        let unfinished = if ends { self.exporter.finish(last_attempt_by, pipeline) } else { None };
        if let Some(again_in) = unfinished {
            return pause.min(again_in);
        }
        if let Some(ticket) = flush.filter(|_| is_empty) {
            pipeline.complete_flush(ticket);
        }
        pause
    }

    /// The settings have changed: what the former exporter did not take goes to the next one.
    fn go_on_with(&mut self, successor: Successor, pipeline: &Arc<Pipeline>) {
        self.exporter.give_up();
        self.exporter.finish(None, pipeline);
        self.exporter.shutdown();
        self.exporter = successor.exporter;
        self.interval = successor.interval;
        (self.in_attempt, self.retry_at, self.halves) = (0, None, Halves::None);
        self.exporter.take_over(&mut self.waiting, &pipeline.counters);
        self.waiting.retain(|block| block.chunks > 0);
    }

    /// Does what is due, and sends what the exporter is ready for. Returns when there is more to do.
    fn advance(&mut self, pipeline: &Arc<Pipeline>, last_attempt_by: Option<Instant>) -> Duration {
        let tended = self.tend(pipeline, last_attempt_by);
        if tended.is_ready && !self.arrived.is_empty() {
            self.exporter.prepare(&mut self.arrived, &pipeline.counters);
            self.arrived.retain(|block| block.chunks > 0);
            self.waiting.append(&mut self.arrived);
        }
        self.send_waiting(pipeline, last_attempt_by).min(tended.again_in)
    }

    fn tend(&mut self, pipeline: &Arc<Pipeline>, last_attempt_by: Option<Instant>) -> Tended {
        let has_work = !self.arrived.is_empty() || !self.waiting.is_empty();
        self.exporter.tend(last_attempt_by, has_work, pipeline)
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
                self.in_attempt = self.next_len();
            }
            match self.attempt(pipeline, last_attempt_by) {
                Attempt::Taken { bytes } => self.taken(pipeline, bytes),
                Attempt::Partly { chunks, spans } => self.taken_partly(pipeline, chunks as u64, spans as u64),
                Attempt::Again => {
                    pipeline.counters.formats_refused.add(1);
                    pipeline.flushes.begin(FlushReason::ProtocolChange);
                }
                Attempt::Pending { poll } => return poll,
                Attempt::Later(pause) => {
                    pipeline.counters.payloads_failed.add(1);
                    if last_attempt_by.is_some() {
                        self.drop_waiting(pipeline, "the receiver does not take them");
                        break;
                    }
                    self.retry_at = Some(now + pause);
                    return pause;
                }
                Attempt::TooLarge if self.halve() => pipeline.counters.payloads_failed.add(1),
                Attempt::TooLarge => {
                    self.exporter.drop_too_large();
                    let chunks: u64 = self.waiting.iter().take(self.in_attempt).map(|block| u64::from(block.chunks)).sum();
                    pipeline.counters.chunks_too_large.add(chunks);
                    self.drop_attempt(pipeline);
                }
                Attempt::Dropped => self.drop_attempt(pipeline),
            }
        }
        self.interval
    }

    /// How many blocks are in the next attempt.
    fn next_len(&mut self) -> usize {
        match std::mem::take(&mut self.halves) {
            Halves::First { second } => {
                self.halves = Halves::Second;
                second
            }
            Halves::None | Halves::Second => batch_len(&self.waiting),
        }
    }

    /// The payload is too large: its blocks are tried as two payloads, once. `false`: they were, or there is one block.
    fn halve(&mut self) -> bool {
        if self.in_attempt < 2 || !matches!(self.halves, Halves::None) {
            return false;
        }
        let second = self.in_attempt / 2;
        self.in_attempt -= second;
        self.halves = Halves::First { second };
        true
    }

    fn attempt(&mut self, pipeline: &Arc<Pipeline>, last_attempt_by: Option<Instant>) -> Attempt {
        let (waiting, count) = (&self.waiting, self.in_attempt);
        let batch = Batch {
            blocks: waiting,
            count,
            keep_rate: self.keep_rate.rate(),
            native_events: self.exporter.takes_native_events(),
        };
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

    /// All of the attempt was taken but so many chunks and spans.
    fn taken_partly(&mut self, pipeline: &Pipeline, chunks: u64, spans: u64) {
        let counters = &pipeline.counters;
        counters.payloads_failed.add(1);
        let sent =
            self.waiting.drain(..self.in_attempt).fold((0, 0), |(all, spans), block| (all + block.chunks, spans + block.spans));
        // What a server claims to have refused may be more than it got.
        let (chunks, spans) = (chunks.min(u64::from(sent.0)), spans.min(u64::from(sent.1)));
        let kept = u64::from(sent.0) - chunks;
        counters.chunks_sent.add(kept);
        counters.spans_sent.add(u64::from(sent.1) - spans);
        counters.chunks_dropped.add(chunks);
        counters.spans_dropped.add(spans);
        (self.accepted, self.dropped) = (self.accepted + kept, self.dropped + chunks);
        self.in_attempt = 0;
    }

    fn drop_attempt(&mut self, pipeline: &Pipeline) {
        pipeline.counters.payloads_failed.add(1);
        self.drop_front(pipeline, self.in_attempt);
    }

    fn drop_front(&mut self, pipeline: &Pipeline, blocks: usize) {
        let counters = &pipeline.counters;
        for block in self.waiting.drain(..blocks) {
            counters.chunks_dropped.add(u64::from(block.chunks));
            counters.spans_dropped.add(u64::from(block.spans));
            counters.bytes_dropped.add_shared(block.bytes.len() as u64);
            self.dropped += u64::from(block.chunks);
        }
        self.in_attempt = 0;
    }

    fn drop_waiting(&mut self, pipeline: &Pipeline, why: &str) {
        let chunks: u32 = self.waiting.iter().map(|block| block.chunks).sum();
        crate::log::log_warn!("{chunks} trace chunks are dropped at shutdown: {why}");
        self.exporter.give_up();
        self.halves = Halves::None;
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
        let only_asks = std::mem::take(&mut self.asks_first);
        let Cause::Shutdown(deadline) = cause else {
            if only_asks && cause == Cause::Interval {
                return self.tend(&pipeline, None).again_in.min(self.interval);
            }
            return self.cycle(&pipeline, cause);
        };
        self.cycle(&pipeline, Cause::Shutdown(deadline));
        if !self.waiting.is_empty() {
            self.drop_waiting(&pipeline, "the last payload got no answer in time");
        }
        self.exporter.shutdown();
        self.interval
    }
}

/// Gives the agent's rates to the samplers of the snapshots that were sent.
fn update_rates(waiting: &VecDeque<Block>, count: usize, rates: &[u8]) {
    let mut updated: Option<&Snapshot> = None;
    for block in waiting.iter().take(count) {
        let snapshot: &Snapshot = &block.snapshot;
        if updated.is_none_or(|done| !done.sampler.shares_rates_with(&snapshot.sampler)) {
            snapshot.sampler.update_agent_rates(rates);
            updated = Some(snapshot);
        }
    }
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
