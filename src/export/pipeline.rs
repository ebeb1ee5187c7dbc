//! The pipeline of one tracer in one process: outboxes of threads, the queue of full blocks, the background that empties both.

use super::agent::{KnownAgent, Looked};
use super::api_counters::ApiCounters;
use super::block::{Block, BlockPool};
use super::census::Census;
use super::counters::{ExportCounters, StatsCounters, Totals};
use super::exporter::Exporter;
use super::extra_services::ExtraServices;
use super::flushes::Flushes;
use super::outbox::Outbox;
use super::snapshot::Snapshot;
use crate::lock::{Condvar, Mutex};
use crate::log::log_error;
use crate::service::{Runtime, ServiceId, StartError, fork};
use crate::transport::Transport;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// The sender is awakened when this many bytes of records wait.
pub const EARLY_FLUSH_BYTES: usize = 512 * 1024;

/// What threads and background share.
pub struct Pipeline {
    /// Blocks and budget.
    pub pool: Arc<BlockPool>,
    /// What the background counted.
    pub counters: ExportCounters,
    /// What the records told.
    pub census: Census,
    /// Requests with traces to an agent.
    pub trace_api: Arc<ApiCounters>,
    /// Requests with trace statistics to an agent.
    pub stats_api: Arc<ApiCounters>,
    /// Trace statistics.
    pub stats: Arc<StatsCounters>,
    /// When chunks set out.
    pub flushes: Flushes,
    /// Services other than the configured one.
    pub extra_services: ExtraServices,
    /// The background.
    pub runtime: Runtime,
    /// The fork generation that this belongs to.
    pub generation: u32,
    /// Whether the host drives the background instead of a thread.
    pub is_host_driven: bool,
    sender: OnceLock<ServiceId>,
    transport: Mutex<Option<Arc<dyn Transport>>>,
    successor: Mutex<Option<Successor>>,
    known_agent: Mutex<Option<Arc<KnownAgent>>>,
    accepts: AtomicBool,
    /// How many chunks there were when the end of a span waited last until they were sent.
    waited_for: AtomicU64,
    outboxes: Mutex<Outboxes>,
    queue: Mutex<Queue>,
    flush: Mutex<FlushState>,
    flushed: Condvar,
}

/// What the sender goes on with when the settings have changed.
pub struct Successor {
    /// Where chunks go from then on.
    pub exporter: Exporter,
    /// How often.
    pub interval: Duration,
    /// Whether the former exporter still gets what waits.
    pub after_sending: bool,
}

#[derive(Default)]
struct Outboxes {
    live: Vec<Arc<Outbox>>,
    /// Counts of threads that ended.
    retired: Totals,
}

#[derive(Default)]
struct Queue {
    blocks: VecDeque<Block>,
    bytes: usize,
    sender_was_awakened: bool,
}

#[derive(Default)]
struct FlushState {
    requested: u64,
    completed: u64,
    /// Chunks dropped when the last flush completed, to tell whether one lost anything.
    lost: u64,
}

/// How a flush or shutdown ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// Everything was taken.
    All,
    /// Something was dropped on the way.
    Dropped,
    /// The time was over; what is left stays queued.
    TimedOut,
}

impl Pipeline {
    /// A pipeline whose records may take `budget` bytes.
    pub fn new(budget: usize, is_host_driven: bool) -> Self {
        Pipeline {
            pool: Arc::new(BlockPool::new(budget)),
            counters: ExportCounters::default(),
            census: Census::default(),
            trace_api: Arc::default(),
            stats_api: Arc::default(),
            stats: Arc::default(),
            flushes: Flushes::default(),
            extra_services: ExtraServices::default(),
            runtime: Runtime::new("ddtrace-sender"),
            generation: fork::generation(),
            is_host_driven,
            sender: OnceLock::new(),
            transport: Mutex::default(),
            successor: Mutex::default(),
            known_agent: Mutex::default(),
            accepts: AtomicBool::new(true),
            waited_for: AtomicU64::new(0),
            outboxes: Mutex::default(),
            queue: Mutex::default(),
            flush: Mutex::default(),
            flushed: Condvar::new(),
        }
    }

    /// Names the service that empties the queue, the transport to interrupt when it must end, and what it knows of the agent.
    pub fn set_sender(&self, sender: ServiceId, transport: Option<Arc<dyn Transport>>, known_agent: Option<Arc<KnownAgent>>) {
        let _ = self.sender.set(sender);
        *self.transport.lock() = transport;
        *self.known_agent.lock() = known_agent;
    }

    /// What is known of the agent. `None`: the chunks do not go to one.
    pub fn known_agent(&self) -> Option<Arc<KnownAgent>> {
        self.known_agent.lock().clone()
    }

    /// Asks the agent about itself, and waits for the answer. `None`: the chunks do not go to one.
    pub fn refresh_agent_info(&self, timeout: Duration) -> Option<Looked> {
        let deadline = Instant::now() + timeout;
        let known = self.known_agent()?;
        let look = known.want_look();
        self.ensure_started();
        self.awake();
        if self.is_host_driven {
            self.runtime.tick();
            return Some(known.wait(look, Instant::now()));
        }
        Some(known.wait(look, deadline))
    }

    /// Lets the sender go on with another exporter, and with what waits for the former one if that does not take it at once.
    pub fn replace_exporter(&self, exporter: Exporter, interval: Duration, transport: Option<Arc<dyn Transport>>) {
        // Without a thread nothing was sent yet, so that nothing is the former exporter's.
        let after_sending = self.is_host_driven || self.runtime.is_started();
        *self.known_agent.lock() = exporter.known_agent();
        let replaced = self.successor.lock().replace(Successor { exporter, interval, after_sending });
        let former = std::mem::replace(&mut *self.transport.lock(), transport);
        // Freed without a lock: what they hold may be the host's.
        drop((replaced, former));
    }

    /// What the sender is to go on with.
    pub fn take_successor(&self) -> Option<Successor> {
        self.successor.lock().take()
    }

    /// Whether chunks are still taken.
    #[inline]
    pub fn accepts(&self) -> bool {
        self.accepts.load(Ordering::Relaxed)
    }

    /// Takes no chunks from now on.
    pub fn refuse(&self) {
        self.accepts.store(false, Ordering::Relaxed);
    }

    /// An outbox for the calling thread.
    pub fn add_outbox(&self) -> Arc<Outbox> {
        let outbox = Arc::new(Outbox::new());
        self.outboxes.lock().live.push(Arc::clone(&outbox));
        outbox
    }

    /// Takes over what an ending thread leaves. In a forked child that is the parent's, with locks that nobody may hold any more.
    pub fn retire_outbox(&self, outbox: &Arc<Outbox>) {
        if self.generation != fork::generation() {
            return;
        }
        // Held throughout: whoever collects meanwhile finds the block here or in the queue.
        let mut outboxes = self.outboxes.lock();
        if let Some(block) = outbox.take() {
            self.push(block);
        }
        outboxes.live.retain(|live| !Arc::ptr_eq(live, outbox));
        outboxes.retired.add_thread(&outbox.counters);
    }

    /// Queues the block in `place` and puts an empty one there, if the budget allows it.
    #[cold]
    pub(super) fn renew_block(&self, place: &mut Option<Block>, len: usize, snapshot: &Arc<Snapshot>) {
        if let Some(full) = place.take() {
            self.push(full);
        }
        *place = self.pool.take(len, snapshot);
        self.ensure_started();
    }

    /// Queues a block.
    pub fn push(&self, block: Block) {
        if block.chunks == 0 {
            return;
        }
        let mut queue = self.queue.lock();
        queue.bytes += block.bytes.len();
        queue.blocks.push_back(block);
        let awake = queue.bytes >= EARLY_FLUSH_BYTES && !queue.sender_was_awakened;
        queue.sender_was_awakened |= awake;
        drop(queue);
        if awake {
            self.awake();
        }
    }

    /// Whether so much waits that the sender was awakened for it.
    pub fn has_early_flush(&self) -> bool {
        self.queue.lock().sender_was_awakened
    }

    /// Everything that waits: full blocks, and what stands in the outboxes now.
    pub fn collect(&self) -> Vec<Block> {
        let outboxes = self.outboxes.lock();
        let started: Vec<Block> =
            outboxes.live.iter().filter_map(|outbox| outbox.take()).filter(|block| block.chunks > 0).collect();
        drop(outboxes);
        let mut queue = self.queue.lock();
        queue.bytes = 0;
        queue.sender_was_awakened = false;
        let mut blocks: Vec<Block> = queue.blocks.drain(..).collect();
        drop(queue);
        blocks.extend(started);
        blocks
    }

    /// Starts the background thread unless it runs, or the host drives. Finishing spans call this with locks held, and a message may
    /// call the host back, so a refusal is left for [`Pipeline::flush`] to tell.
    pub fn ensure_started(&self) {
        if !self.is_host_driven && !self.runtime.is_started() {
            let _ = self.runtime.start();
        }
    }

    /// Sends what is finished now and waits for it.
    pub fn flush(&self, timeout: Duration) -> Flushed {
        let deadline = Instant::now() + timeout;
        if !self.is_host_driven {
            if let Err(StartError::Thread(error)) = self.runtime.start() {
                log_error!("the system refuses a thread ({error}): finished spans wait until it allows one");
            }
        }
        let mut state = self.flush.lock();
        state.requested += 1;
        let ticket = state.requested;
        let lost_before = self.counters.chunks_dropped.get();
        drop(state);
        self.awake();
        if self.is_host_driven {
            self.runtime.tick();
        }
        let mut state = self.flush.lock();
        while state.completed < ticket {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_host_driven {
                return Flushed::TimedOut;
            }
            state = self.flushed.wait_timeout(state, left);
        }
        if state.lost > lost_before { Flushed::Dropped } else { Flushed::All }
    }

    /// Sends what is finished before the process may be stopped, and waits for it, a second at most.
    #[cold]
    pub fn send_finished(&self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        let counters = &self.counters;
        let ended = [
            &counters.chunks_sent,
            &counters.chunks_dropped,
            &counters.chunks_filtered,
            &counters.chunks_rejected,
            &counters.chunks_filtered_by_agent,
        ];
        let ended: u64 = ended.iter().map(|counter| counter.get()).sum();
        let enqueued = self.totals().chunks_enqueued;
        // An agent that does not answer is waited for once per chunk, not at the end of every span.
        let waited_for = self.waited_for.fetch_max(enqueued, Ordering::Relaxed);
        if self.accepts() && enqueued > ended.max(waited_for) {
            self.flush(PATIENCE);
        }
    }

    /// The flush that waits to be done, if any.
    pub fn requested_flush(&self) -> Option<u64> {
        let state = self.flush.lock();
        (state.requested > state.completed).then_some(state.requested)
    }

    /// Ends the flushes up to `ticket`.
    pub fn complete_flush(&self, ticket: u64) {
        let mut state = self.flush.lock();
        state.completed = state.completed.max(ticket);
        state.lost = self.counters.chunks_dropped.get();
        drop(state);
        self.flushed.notify_all();
    }

    /// Lets the background begin to stop by itself, so that several pipelines end at the same time. [`Pipeline::shutdown`] has to follow.
    pub fn begin_shutdown(&self, deadline: Instant) {
        self.refuse();
        self.runtime.begin_stop(deadline);
    }

    /// Stops: sends what is finished, within `timeout`; nothing is taken afterwards.
    pub fn shutdown(&self, timeout: Duration) -> Flushed {
        self.refuse();
        let lost_before = self.counters.chunks_dropped.get();
        let interrupt = || {
            let transport = self.transport.lock().clone();
            if let Some(transport) = transport {
                transport.interrupt();
            }
        };
        let ended = self.runtime.stop(Instant::now() + timeout, interrupt);
        if ended {
            self.drop_late_blocks();
        }
        self.complete_flush(u64::MAX / 2);
        match ended {
            false => Flushed::TimedOut,
            true if self.counters.chunks_dropped.get() > lost_before => Flushed::Dropped,
            true => Flushed::All,
        }
    }

    /// Counts what threads that were finishing a span at that moment queued after the last cycle.
    fn drop_late_blocks(&self) {
        for block in self.collect() {
            self.counters.chunks_dropped.add_shared(u64::from(block.chunks));
            self.counters.spans_dropped.add_shared(u64::from(block.spans));
            self.counters.bytes_dropped.add_shared(block.bytes.len() as u64);
        }
    }

    /// All counts.
    pub fn totals(&self) -> Totals {
        let outboxes = self.outboxes.lock();
        let mut totals = outboxes.retired;
        outboxes.live.iter().for_each(|outbox| totals.add_thread(&outbox.counters));
        drop(outboxes);
        totals.add_export(&self.counters);
        totals.buffered_bytes = self.pool.budget.booked() as u64;
        totals
    }

    /// What lets the sender run at once. It may outlive the tracer, so it holds the pipeline weakly.
    pub fn awakener(self: &Arc<Self>) -> impl Fn() + Send + Sync + Clone + use<> {
        let pipeline = Arc::downgrade(self);
        move || {
            if let Some(pipeline) = pipeline.upgrade() {
                pipeline.awake();
            }
        }
    }

    /// Lets the sender run at once.
    pub fn awake(&self) {
        if let Some(sender) = self.sender.get() {
            self.runtime.awake(*sender);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forked_child_ends_its_thread_without_the_parent_s_locks() {
        let pipeline = Pipeline::new(1 << 20, true);
        let outbox = pipeline.add_outbox();
        let _queue = pipeline.queue.lock();
        let _outboxes = pipeline.outboxes.lock();
        // SAFETY: the child calls what it may call after a fork, and nothing of this process's own runs in it at its end.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: as above; if the child waits for a lock, the alarm ends it.
            unsafe { libc::alarm(20) };
            pipeline.retire_outbox(&outbox);
            // SAFETY: as above.
            unsafe { libc::_exit(7) };
        }
        let mut status = 0;
        // SAFETY: the pointer is to a local.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "status {status}");
    }
}
