//! The background runtime: one thread that drives periodic services, each at its own pace.
//!
//! A runtime belongs to one process. A forked child never touches what it inherited: it leaks the whole runtime and builds a new one.
//! Without a thread (host-driven mode) the host calls [`Runtime::tick`] instead.

use super::thread::spawn;
use crate::lock::{Condvar, Mutex, MutexGuard};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Why a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its time has come.
    Interval,
    /// Somebody called [`Runtime::awake`].
    Awakened,
    /// The runtime stops; this is the last cycle and should end by then.
    Shutdown(Instant),
}

/// Work that is done again and again.
pub trait PeriodicService: Send {
    /// For messages.
    fn name(&self) -> &'static str;

    /// Runs one cycle and says how long to wait before the next.
    fn periodic(&mut self, cause: Cause) -> Duration;
}

/// A service of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceId(usize);

/// The runtime does not run.
#[derive(Debug)]
pub enum StartError {
    /// It was stopped.
    Stopped,
    /// The system refused a thread.
    Thread(std::io::Error),
}

/// Drives services.
pub struct Runtime {
    name: &'static str,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    done: Condvar,
}

#[derive(Default)]
struct State {
    services: Vec<Entry>,
    started: bool,
    stop_by: Option<Instant>,
    ended: bool,
}

struct Entry {
    /// Taken out while it runs, and dropped after its last cycle: what it holds goes then, however long the runtime is kept.
    service: Option<Box<dyn PeriodicService>>,
    /// Its last cycle was due while another thread ran it, which then owes it.
    owes_last_cycle: bool,
    due: Instant,
    awakened: bool,
    requested: u64,
    completed: u64,
}

impl Runtime {
    /// A runtime whose thread will have this name.
    pub fn new(name: &'static str) -> Self {
        let shared = Shared { state: Mutex::default(), wake: Condvar::new(), done: Condvar::new() };
        Runtime { name, shared: Arc::new(shared), thread: Mutex::new(None) }
    }

    /// Adds a service that runs first after `first`.
    pub fn add(&self, service: Box<dyn PeriodicService>, first: Duration) -> ServiceId {
        let mut state = self.shared.state.lock();
        let due = Instant::now() + first;
        state.services.push(Entry {
            service: Some(service),
            owes_last_cycle: false,
            due,
            awakened: false,
            requested: 0,
            completed: 0,
        });
        let id = ServiceId(state.services.len() - 1);
        drop(state);
        self.shared.wake.notify_one();
        id
    }

    /// Starts the thread unless it runs.
    pub fn start(&self) -> Result<(), StartError> {
        let mut state = self.shared.state.lock();
        if state.stop_by.is_some() {
            return Err(StartError::Stopped);
        }
        if state.started {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let thread = spawn(self.name, move || shared.run()).map_err(StartError::Thread)?;
        state.started = true;
        drop(state);
        *self.thread.lock() = Some(thread);
        Ok(())
    }

    /// Whether the thread was started.
    pub fn is_started(&self) -> bool {
        self.shared.state.lock().started
    }

    /// Lets a service run at once.
    pub fn awake(&self, id: ServiceId) {
        self.shared.request(id);
    }

    /// Lets a service run at once and waits until that cycle ended. `false`: the time was over, or no thread runs.
    pub fn awake_and_wait(&self, id: ServiceId, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let ticket = self.shared.request(id);
        let mut state = self.shared.state.lock();
        loop {
            if state.services.get(id.0).is_none_or(|entry| entry.completed >= ticket) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || !state.started || state.ended {
                return false;
            }
            state = self.shared.done.wait_timeout(state, left);
        }
    }

    /// Runs on the calling thread what is due; returns how long until something is due again. For runtimes without a thread.
    pub fn tick(&self) -> Duration {
        loop {
            let mut state = self.shared.state.lock();
            match state.next() {
                Next::Run(index, cause) => drop(self.shared.run_one(state, index, cause)),
                Next::Wait(duration) => return duration,
            }
        }
    }

    /// Lets a thread that runs begin to stop, and does not wait for it: [`Runtime::stop`] does.
    pub fn begin_stop(&self, deadline: Instant) {
        let mut state = self.shared.state.lock();
        if state.started {
            state.stop_by.get_or_insert(deadline);
            drop(state);
            self.shared.wake.notify_all();
        }
    }

    /// Stops: every service gets a last cycle that should end by `deadline`; `interrupt` is called when it does not. Waits for the thread.
    /// `false`: the thread is still busy and is left alone.
    pub fn stop(&self, deadline: Instant, interrupt: impl FnOnce()) -> bool {
        let mut state = self.shared.state.lock();
        let already = state.stop_by.is_some();
        state.stop_by.get_or_insert(deadline);
        if !state.started {
            if !already {
                drop(self.shared.run_last_cycles(state, deadline));
            }
            return true;
        }
        self.shared.wake.notify_all();
        state = self.shared.wait_for_end(state, deadline);
        if !state.ended {
            drop(state);
            interrupt();
            state = self.shared.wait_for_end(self.shared.state.lock(), Instant::now() + Duration::from_millis(100));
        }
        let ended = state.ended;
        drop(state);
        let thread = self.thread.lock().take();
        match thread {
            Some(thread) if ended => thread.join().is_ok(),
            _ => ended,
        }
    }
}

enum Next {
    Run(usize, Cause),
    Wait(Duration),
}

impl State {
    fn next(&mut self) -> Next {
        let now = Instant::now();
        let mut wait = Duration::from_secs(3600);
        for (index, entry) in self.services.iter_mut().enumerate() {
            if entry.service.is_none() {
                continue;
            }
            if entry.awakened {
                entry.awakened = false;
                return Next::Run(index, Cause::Awakened);
            }
            if entry.due <= now {
                return Next::Run(index, Cause::Interval);
            }
            wait = wait.min(entry.due - now);
        }
        Next::Wait(wait)
    }
}

impl Shared {
    fn request(&self, id: ServiceId) -> u64 {
        let mut state = self.state.lock();
        let Some(entry) = state.services.get_mut(id.0) else { return 0 };
        entry.awakened = true;
        entry.requested += 1;
        let ticket = entry.requested;
        drop(state);
        self.wake.notify_one();
        ticket
    }

    fn run(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(deadline) = state.stop_by {
                state = self.run_last_cycles(state, deadline);
                state.ended = true;
                self.done.notify_all();
                return;
            }
            state = match state.next() {
                Next::Run(index, cause) => self.run_one(state, index, cause),
                Next::Wait(duration) => self.wake.wait_timeout(state, duration),
            };
        }
    }

    /// In the reverse order of their coming, so that the first ones can still tell of the others.
    fn run_last_cycles<'a>(&'a self, mut state: MutexGuard<'a, State>, deadline: Instant) -> MutexGuard<'a, State> {
        for index in (0..state.services.len()).rev() {
            match state.services.get_mut(index) {
                Some(entry) if entry.service.is_none() => entry.owes_last_cycle = true,
                _ => state = self.run_one(state, index, Cause::Shutdown(deadline)),
            }
        }
        state
    }

    /// Runs one cycle without the lock. A panic is contained: the service goes on at its next turn.
    fn run_one<'a>(&'a self, mut state: MutexGuard<'a, State>, index: usize, cause: Cause) -> MutexGuard<'a, State> {
        let Some(entry) = state.services.get_mut(index) else { return state };
        let Some(mut service) = entry.service.take() else { return state };
        let ticket = entry.requested;
        drop(state);
        let next = run_contained(service.as_mut(), cause);
        let mut service = Some(service);
        if matches!(cause, Cause::Shutdown(_)) {
            // Functions of the host may run here.
            let freed = catch_unwind(AssertUnwindSafe(|| drop(service.take())));
            freed.unwrap_or_else(std::mem::forget);
        }
        let mut state = self.state.lock();
        let stop_by = state.stop_by;
        let Some(entry) = state.services.get_mut(index) else { return state };
        entry.service = service;
        entry.due = Instant::now() + next;
        entry.completed = entry.completed.max(ticket);
        let owed = stop_by.filter(|_| std::mem::take(&mut entry.owes_last_cycle));
        self.done.notify_all();
        match owed {
            Some(deadline) => self.run_one(state, index, Cause::Shutdown(deadline)),
            None => state,
        }
    }

    fn wait_for_end<'a>(&'a self, mut state: MutexGuard<'a, State>, deadline: Instant) -> MutexGuard<'a, State> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                return state;
            }
            state = self.done.wait_timeout(state, left);
        }
    }
}

fn run_contained(service: &mut dyn PeriodicService, cause: Cause) -> Duration {
    catch_unwind(AssertUnwindSafe(|| service.periodic(cause))).unwrap_or_else(|panic| {
        std::mem::forget(panic);
        crate::log::log_error!("service {} failed and goes on", service.name());
        Duration::from_secs(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    struct Reporter {
        causes: Sender<Cause>,
        pause: Duration,
        fail_first: bool,
    }

    impl PeriodicService for Reporter {
        fn name(&self) -> &'static str {
            "reporter"
        }
        fn periodic(&mut self, cause: Cause) -> Duration {
            let _ = self.causes.send(cause);
            assert!(!std::mem::take(&mut self.fail_first), "the first cycle fails");
            self.pause
        }
    }

    const LONG: Duration = Duration::from_secs(600);
    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn awakened_services_run_and_are_waited_for() {
        let (causes, seen) = channel();
        let runtime = Runtime::new("ddtrace-test");
        let id = runtime.add(Box::new(Reporter { causes, pause: LONG, fail_first: false }), LONG);
        assert!(!runtime.awake_and_wait(id, Duration::ZERO));
        runtime.start().unwrap();
        assert!(runtime.awake_and_wait(id, SOON));
        assert_eq!(seen.recv_timeout(SOON), Ok(Cause::Awakened));
        let deadline = Instant::now() + SOON;
        assert!(runtime.stop(deadline, || ()));
        assert!(seen.try_iter().any(|cause| cause == Cause::Shutdown(deadline)));
        assert!(runtime.stop(deadline, || ()), "stopping twice is harmless");
        assert!(matches!(runtime.start(), Err(StartError::Stopped)));
    }

    #[test]
    fn several_runtimes_stop_side_by_side() {
        let (causes, seen) = channel();
        let runtime = Runtime::new("ddtrace-test");
        runtime.add(Box::new(Reporter { causes, pause: LONG, fail_first: false }), LONG);
        let deadline = Instant::now() + SOON;
        runtime.begin_stop(deadline);
        runtime.start().expect("what did not run was not stopped");
        runtime.begin_stop(deadline);
        assert_eq!(seen.recv_timeout(SOON), Ok(Cause::Shutdown(deadline)));
        assert!(runtime.stop(Instant::now() + SOON, || ()));
    }

    #[test]
    fn a_panic_does_not_end_the_service() {
        let (causes, seen) = channel();
        let runtime = Runtime::new("ddtrace-test");
        let id = runtime.add(Box::new(Reporter { causes, pause: LONG, fail_first: true }), LONG);
        runtime.start().unwrap();
        assert!(runtime.awake_and_wait(id, SOON));
        assert!(runtime.awake_and_wait(id, SOON));
        assert_eq!(seen.try_iter().count(), 2);
        runtime.stop(Instant::now() + SOON, || ());
    }

    #[test]
    fn without_a_thread_the_host_ticks() {
        let (causes, seen) = channel();
        let runtime = Runtime::new("ddtrace-test");
        runtime.add(Box::new(Reporter { causes, pause: LONG, fail_first: false }), Duration::ZERO);
        assert!(runtime.tick() > Duration::from_secs(60));
        assert_eq!(seen.try_recv(), Ok(Cause::Interval));
        assert!(!runtime.is_started());
        assert!(runtime.stop(Instant::now(), || ()));
        assert!(matches!(seen.try_recv(), Ok(Cause::Shutdown(_))));
    }

    #[test]
    fn services_that_own_their_runtime_go_when_it_stops() {
        struct Owner(Sender<Cause>, Arc<Runtime>, bool);
        impl PeriodicService for Owner {
            fn name(&self) -> &'static str {
                "owner"
            }
            fn periodic(&mut self, cause: Cause) -> Duration {
                let _ = self.0.send(cause);
                if std::mem::take(&mut self.2) {
                    assert!(self.1.stop(Instant::now(), || ()), "stopped from inside of a cycle");
                }
                LONG
            }
        }
        for stops_itself in [false, true] {
            let (causes, seen) = channel();
            let runtime = Arc::new(Runtime::new("ddtrace-test"));
            runtime.add(Box::new(Owner(causes, Arc::clone(&runtime), stops_itself)), Duration::ZERO);
            runtime.tick();
            assert!(runtime.stop(Instant::now(), || ()));
            assert_eq!(Arc::strong_count(&runtime), 1);
            assert_eq!(seen.try_iter().filter(|cause| matches!(cause, Cause::Shutdown(_))).count(), 1);
        }
    }

    #[test]
    fn the_thread_hears_no_signals() {
        struct Mask(Sender<bool>);
        impl PeriodicService for Mask {
            fn name(&self) -> &'static str {
                "mask"
            }
            fn periodic(&mut self, _: Cause) -> Duration {
                // SAFETY: reads this thread's mask into a local.
                let blocked = unsafe {
                    let mut mask = std::mem::zeroed::<libc::sigset_t>();
                    libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &mut mask);
                    libc::sigismember(&mask, libc::SIGTERM) == 1 && libc::sigismember(&mask, libc::SIGCHLD) == 1
                };
                let _ = self.0.send(blocked);
                LONG
            }
        }
        let (sender, receiver) = channel();
        let runtime = Runtime::new("ddtrace-test");
        runtime.add(Box::new(Mask(sender)), Duration::ZERO);
        runtime.start().unwrap();
        assert_eq!(receiver.recv_timeout(SOON), Ok(true));
        runtime.stop(Instant::now() + SOON, || ());
    }
}
