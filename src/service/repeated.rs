//! Services of the program: work that is done again and again on a thread of its own.
//!
//! A forked child has none of its parent's threads. It makes a new block of locks with its first look at a service, and starts the thread again
//! if the service ran and wants that; what the parent's thread held is left alone.

use super::fork;
use super::thread::spawn;
use crate::lock::{Condvar, Mutex, MutexGuard};
use crate::log::{log_error, log_warn};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

/// Whether a service goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It is called again.
    Again,
    /// It has ended.
    End,
}

/// What a service does.
pub trait Work: Send + Sync {
    /// One turn; the error is logged, and the service goes on.
    fn turn(&self) -> Result<Repeat, String>;
    /// After the last turn, on the service's thread.
    fn ended(&self) {}
    /// In a forked child, before the service runs there.
    fn forked(&self) {}
}

/// How a service runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// The first turn is at once, not after the interval.
    pub at_once: bool,
    /// It does not run in forked children unless it is started there.
    pub not_in_children: bool,
}

/// Why a service was not started, stopped or waited for.
#[derive(Debug)]
pub enum ServiceError {
    /// It is running, or stopped, already.
    Already {
        /// Its name.
        name: String,
        /// `running` or `stopped`.
        status: &'static str,
    },
    /// It cannot be waited for from inside of itself.
    Itself,
    /// Time ran out.
    Timeout,
    /// The system refused a thread.
    Thread(std::io::Error),
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceError::Already { name, status } => write!(f, "{name} is already in status {status}"),
            ServiceError::Itself => write!(f, "a service cannot wait for itself"),
            ServiceError::Timeout => write!(f, "time ran out"),
            ServiceError::Thread(error) => write!(f, "the system refused a thread: {error}"),
        }
    }
}

/// A service.
pub struct RepeatedService {
    name: String,
    work: Box<dyn Work>,
    manner: Manner,
    interval_ns: AtomicU64,
    /// For forked children, which cannot ask the block.
    is_running: AtomicBool,
    block: AtomicPtr<Block>,
}

/// What the threads of one process share.
struct Block {
    generation: u32,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The number of the present run; 0: it does not run.
    run: u64,
    runs: u64,
    /// Runs whose threads have not ended, oldest first.
    alive: Vec<u64>,
    /// The thread that works now.
    worker: Option<ThreadId>,
    /// Turns that were asked for, and those that were answered.
    requested: u64,
    completed: u64,
}

/// Services that run, for forked children.
static RUNNING: Mutex<Vec<Weak<RepeatedService>>> = Mutex::new(Vec::new());

impl RepeatedService {
    /// A service that does not run yet.
    pub fn new(name: &str, interval: Duration, manner: Manner, work: Box<dyn Work>) -> Arc<Self> {
        Arc::new(RepeatedService {
            name: name.to_owned(),
            work,
            manner,
            interval_ns: AtomicU64::new(nanoseconds(interval)),
            is_running: AtomicBool::new(false),
            block: AtomicPtr::new(Box::into_raw(Block::new())),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts its thread. One that was stopped may be started again; its first turn waits for the end of the last one before.
    pub fn start(self: &Arc<Self>) -> Result<(), ServiceError> {
        let block = self.block();
        let state = block.state.lock();
        if state.run != 0 {
            return Err(ServiceError::Already { name: self.name.clone(), status: "running" });
        }
        self.begin(block, state)
    }

    /// Lets it end; does not wait.
    pub fn stop(self: &Arc<Self>) -> Result<(), ServiceError> {
        let block = self.block();
        let mut state = block.state.lock();
        if state.run == 0 {
            return Err(ServiceError::Already { name: self.name.clone(), status: "stopped" });
        }
        state.run = 0;
        self.is_running.store(false, Ordering::Release);
        block.changed.notify_all();
        Ok(())
    }

    /// Waits until no thread of it is left.
    pub fn join(self: &Arc<Self>, timeout: Duration) -> Result<(), ServiceError> {
        let block = self.block();
        let deadline = Instant::now() + timeout;
        let mut state = block.state.lock();
        if state.worker == Some(std::thread::current().id()) {
            return Err(ServiceError::Itself);
        }
        while !state.alive.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ServiceError::Timeout);
            }
            state = block.changed.wait_timeout(state, left);
        }
        Ok(())
    }

    /// Lets it take a turn now, and waits for its end. One that does not run does nothing. From inside of itself nobody waits.
    pub fn awake(self: &Arc<Self>, timeout: Duration) -> Result<(), ServiceError> {
        let block = self.block();
        let deadline = Instant::now() + timeout;
        let mut state = block.state.lock();
        let run = state.run;
        if run == 0 {
            return Ok(());
        }
        state.requested += 1;
        let ticket = state.requested;
        block.changed.notify_all();
        if state.worker == Some(std::thread::current().id()) {
            return Ok(());
        }
        while state.completed < ticket && state.run == run {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ServiceError::Timeout);
            }
            state = block.changed.wait_timeout(state, left);
        }
        Ok(())
    }

    /// Sets the time between turns, from the next wait on.
    pub fn set_interval(&self, interval: Duration) {
        self.interval_ns.store(nanoseconds(interval), Ordering::Relaxed);
    }

    /// Whether it runs.
    pub fn is_running(self: &Arc<Self>) -> bool {
        self.block().state.lock().run != 0
    }

    fn interval(&self) -> Duration {
        Duration::from_nanos(self.interval_ns.load(Ordering::Relaxed))
    }

    /// The block of this process. A child that finds its parent's makes its own, and starts the thread again.
    fn block(self: &Arc<Self>) -> &Block {
        loop {
            let known = self.block.load(Ordering::Acquire);
            // SAFETY: blocks are freed with the service alone.
            let block = unsafe { &*known };
            if block.generation == fork::generation() {
                return block;
            }
            let own = Box::into_raw(Block::new());
            if self.block.compare_exchange(known, own, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(own) });
                continue;
            }
            if self.is_running.swap(false, Ordering::AcqRel) && !self.manner.not_in_children {
                contained(&self.name, || self.work.forked());
                // SAFETY: as above.
                let block = unsafe { &*own };
                if let Err(error) = self.begin(block, block.state.lock()) {
                    log_warn!("service {} is not started in the forked process: {error}", self.name);
                }
            }
        }
    }

    fn begin(self: &Arc<Self>, block: &Block, mut state: MutexGuard<'_, State>) -> Result<(), ServiceError> {
        state.runs += 1;
        let run = state.runs;
        let service = Arc::clone(self);
        spawn("ddtrace-service", move || service.run(run)).map_err(ServiceError::Thread)?;
        state.run = run;
        state.alive.push(run);
        self.is_running.store(true, Ordering::Release);
        block.changed.notify_all();
        drop(state);
        remember(self);
        Ok(())
    }

    fn run(self: Arc<Self>, run: u64) {
        let block = self.block();
        let mut state = block.state.lock();
        // The thread may be here before its number is.
        while state.runs >= run && state.alive.first() != Some(&run) {
            state = block.changed.wait_timeout(state, Duration::from_secs(1));
        }
        state.worker = Some(std::thread::current().id());
        let mut due = Instant::now() + if self.manner.at_once { Duration::ZERO } else { self.interval() };
        while state.run == run {
            let left = due.saturating_duration_since(Instant::now());
            if !left.is_zero() && state.requested == state.completed {
                state = block.changed.wait_timeout(state, left);
                continue;
            }
            let ticket = state.requested;
            drop(state);
            let turn = self.turn();
            state = block.state.lock();
            state.completed = state.completed.max(ticket);
            if turn == Repeat::End && state.run == run {
                state.run = 0;
                self.is_running.store(false, Ordering::Release);
            }
            block.changed.notify_all();
            due = Instant::now() + self.interval();
        }
        drop(state);
        contained(&self.name, || self.work.ended());
        let mut state = block.state.lock();
        state.worker = None;
        state.alive.retain(|alive| *alive != run);
        block.changed.notify_all();
    }

    fn turn(&self) -> Repeat {
        match contained(&self.name, || self.work.turn()) {
            Some(Ok(turn)) => turn,
            Some(Err(error)) => {
                log_warn!("service {} failed and goes on: {error}", self.name);
                Repeat::Again
            }
            None => Repeat::Again,
        }
    }
}

impl Drop for RepeatedService {
    fn drop(&mut self) {
        let block = self.block.load(Ordering::Acquire);
        // SAFETY: made by `Box::into_raw`; nobody has the service any more. A block of the parent's is left alone.
        unsafe {
            if (*block).generation == fork::generation() {
                drop(Box::from_raw(block));
            }
        }
    }
}

impl Block {
    fn new() -> Box<Self> {
        Box::new(Block { generation: fork::generation(), state: Mutex::default(), changed: Condvar::new() })
    }
}

/// Starts the services of a forked child that ran in its parent. Called when the child uses the library first.
pub fn restart_in_child() {
    let running = RUNNING.lock_soon().map(|running| running.clone()).unwrap_or_default();
    for service in running.iter().filter_map(Weak::upgrade) {
        // Whoever looks at a service of the parent's makes it one of the child's.
        let _ = service.is_running();
    }
}

fn remember(service: &Arc<RepeatedService>) {
    // In a child the lock may be held by a thread of the parent.
    let Some(mut running) = RUNNING.lock_soon() else { return };
    running.retain(|known| known.strong_count() > 0 && !std::ptr::eq(known.as_ptr(), Arc::as_ptr(service)));
    running.push(Arc::downgrade(service));
}

fn nanoseconds(interval: Duration) -> u64 {
    u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX)
}

fn contained<R>(name: &str, call: impl FnOnce() -> R) -> Option<R> {
    let called = catch_unwind(AssertUnwindSafe(call));
    called
        .map_err(|panic| {
            // Its destructor may panic again.
            std::mem::forget(panic);
            log_error!("service {name} panicked, which was contained");
        })
        .ok()
}
