//! A client: what callers hold. It belongs to no process; in each it has a life of its own.

use super::exit;
use super::message::{Event, Metric, Refusal, ServiceCheck};
use super::options::ClientOptions;
use super::sender::{IDLE, Sender};
use super::shared::{Scratch, Shared, Sink, Wake};
use super::statistics::Totals;
use crate::config::DogstatsdAddress;
use crate::log::log_debug;
use crate::service::{Runtime, ServiceId, StartError, fork};
use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::{Duration, Instant};

/// Sends metrics, events and checks to an agent. Threads share it freely; no call but [`Client::flush`] and [`Client::shutdown`] waits.
pub struct Client {
    options: ClientOptions,
    /// Of this process or the one before the last fork; NULL until it is needed. A life of this process has a reference here.
    life: AtomicPtr<Life>,
}

/// A client in one process.
pub struct Life {
    pub generation: u32,
    shared: Arc<Shared>,
    runtime: Runtime,
    sender: ServiceId,
    interrupted: Arc<AtomicBool>,
    is_host_driven: bool,
}

impl Client {
    /// A client. Nothing is opened and no thread started before there is something to send.
    pub fn new(options: ClientOptions) -> Self {
        Client { options, life: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Takes one value of a metric.
    pub fn send(&self, metric: &Metric<'_>) -> Result<(), Refusal> {
        self.take(|shared, scratch| shared.metric(metric, scratch, draw))
    }

    /// Takes an event.
    pub fn event(&self, event: &Event<'_>) -> Result<(), Refusal> {
        self.take(|shared, scratch| shared.event(event, scratch))
    }

    /// Takes a check.
    pub fn check(&self, check: &ServiceCheck<'_>) -> Result<(), Refusal> {
        self.take(|shared, scratch| shared.check(check, scratch))
    }

    fn take(&self, take: impl FnOnce(&Shared, &mut Scratch) -> Result<Wake, Refusal>) -> Result<(), Refusal> {
        let life = self.life();
        let wake = with_scratch(|scratch| take(&life.shared, scratch))?;
        life.wake(wake);
        Ok(())
    }

    /// Sends all that was taken, and waits for it. `false`: the time was over.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.life().flush(timeout)
    }

    /// Sends all that was taken, and takes nothing any more. `false`: the sender is still busy and left alone.
    pub fn shutdown(&self, timeout: Duration) -> bool {
        self.life().stop(Instant::now() + timeout)
    }

    /// Does what is due, in host-driven mode. Returns when there is more to do.
    pub fn tick(&self) -> Duration {
        let life = self.life();
        if life.is_host_driven { life.runtime.tick() } else { IDLE }
    }

    /// Where messages go.
    pub fn address(&self) -> DogstatsdAddress {
        self.life().shared.address.lock().clone()
    }

    /// Sends to another port from now on, where messages go to a host.
    pub fn set_port(&self, new: u16) {
        if let DogstatsdAddress::Udp { port, .. } = &mut *self.life().shared.address.lock() {
            *port = new;
        }
    }

    /// Has these tags on all that is taken from now on, instead of those that it was made with; in forked children, too.
    pub fn set_tags(&self, tags: Vec<String>) {
        self.life().shared.set_tags(&tags);
    }

    /// What was taken, sent and dropped in this process.
    pub fn totals(&self) -> Totals {
        self.life().shared.statistics.totals()
    }

    /// Gives payloads to a function from now on; `None`: to the socket again.
    pub fn set_sink(&self, sink: Option<Sink>) {
        let former = std::mem::replace(&mut *self.life().shared.sink.lock(), sink);
        // Freed without the lock: it may be the host's.
        drop(former);
    }

    /// The client's life in this process. What a forked child inherited is left alone, with whatever its threads held.
    fn life(&self) -> &Life {
        let generation = fork::generation();
        loop {
            let current = self.life.load(Ordering::Acquire);
            // SAFETY: a life that is here is not freed before the client is.
            match unsafe { current.as_ref() } {
                Some(life) if life.generation == generation => return life,
                former => {
                    let fresh = Arc::new(Life::new(&self.options, generation, former));
                    let fresh = Arc::into_raw(fresh).cast_mut();
                    match self.life.compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire) {
                        Ok(_) => self.remember(fresh),
                        // SAFETY: another thread was faster; nobody has seen this one.
                        Err(_) => drop(unsafe { Arc::from_raw(fresh) }),
                    }
                }
            }
        }
    }

    fn remember(&self, life: *const Life) {
        if self.options.flush_at_exit && !self.options.is_host_driven {
            // SAFETY: the pointer is of an `Arc` whose reference the client has; a second one is made of it, and kept as an `Arc`.
            let life = unsafe {
                Arc::increment_strong_count(life);
                Arc::from_raw(life)
            };
            exit::flush_at_exit(&life);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let life = *self.life.get_mut();
        // SAFETY: a life that is here is not freed before this.
        let Some(current) = (unsafe { life.as_ref() }) else { return };
        if current.generation != fork::generation() {
            return;
        }
        current.stop(Instant::now() + self.options.shutdown_timeout);
        // SAFETY: the reference that the client has had; nobody else reads this pointer any more.
        drop(unsafe { Arc::from_raw(life) });
    }
}

impl Life {
    fn new(options: &ClientOptions, generation: u32, former: Option<&Life>) -> Self {
        let shared = Arc::new(Shared::new(options));
        if let Some(former) = former {
            // A thread of the parent may have been holding the lock.
            *shared.sink.lock() = former.shared.sink.try_lock().and_then(|sink| sink.clone());
            shared.frame.store(former.shared.frame.load_full());
            if former.shared.is_closed.load(Ordering::SeqCst) {
                shared.is_closed.store(true, Ordering::SeqCst);
            }
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        let runtime = Runtime::new("ddtrace-statsd");
        let sender = Sender::new(Arc::clone(&shared), options, Arc::clone(&interrupted));
        let sender = runtime.add(Box::new(sender), IDLE);
        Life { generation, shared, runtime, sender, interrupted, is_host_driven: options.is_host_driven }
    }

    fn wake(&self, wake: Wake) {
        match wake {
            Wake::No => {}
            Wake::Arm | Wake::Now => {
                if !self.is_host_driven && !self.start() {
                    // Tried again by the next call.
                    self.shared.is_armed.store(false, Ordering::SeqCst);
                }
                self.runtime.awake(self.sender);
            }
        }
    }

    fn start(&self) -> bool {
        match self.runtime.start() {
            Ok(()) => true,
            Err(StartError::Stopped) => false,
            Err(StartError::Thread(error)) => {
                log_debug!("the system refuses a thread for metrics, which wait: {error}");
                false
            }
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        if self.shared.is_closed.load(Ordering::SeqCst) {
            return true;
        }
        self.shared.flush_is_wanted.store(true, Ordering::SeqCst);
        if self.is_host_driven || !self.start() {
            self.runtime.awake(self.sender);
            self.runtime.tick();
            return true;
        }
        self.runtime.awake_and_wait(self.sender, timeout)
    }

    /// Sends all that was taken, within the time, and takes nothing any more.
    pub fn stop(&self, deadline: Instant) -> bool {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        self.runtime.stop(deadline, || self.interrupted.store(true, Ordering::SeqCst))
    }
}

/// Calls `use_it` with places for texts, those of the thread if it has them at hand.
fn with_scratch<R>(use_it: impl FnOnce(&mut Scratch) -> R) -> R {
    thread_local! {
        static SCRATCH: Cell<Scratch> = Cell::default();
    }
    let mut scratch = SCRATCH.try_with(Cell::take).unwrap_or_default();
    let result = use_it(&mut scratch);
    scratch.shrink();
    // A thread that ends has no place for them any more.
    let _ = SCRATCH.try_with(|place| place.set(scratch));
    result
}

/// Whether a message that stands for `1 / rate` of them is sent.
fn draw(rate: f64) -> bool {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().build_hasher().finish());
    }
    let next = STATE.try_with(|state| {
        // SplitMix64; a forked child goes its own way.
        let next = state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        state.set(next);
        let mixed = (next ^ (u64::from(fork::generation()) << 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    });
    // 53 bits are what a number from 0 to 1 has.
    next.is_ok_and(|bits| (bits >> 11) as f64 / (1_u64 << 53) as f64 <= rate)
}
