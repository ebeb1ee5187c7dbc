//! What is to be told, kept until the worker takes it.

use super::configuration::{Configuration, ConfigurationChange};
use super::facts::{Application, Session};
use super::inventory::Inventory;
use super::logs::Logs;
use super::metrics::Metrics;
use super::observed::{Observed, Source};
use super::payloads::InstallSignature;
use crate::config::{Evaluation, session_variables};
use crate::export::{ApiCounters, Counter};
use crate::lock::{Condvar, Mutex};
use crate::service::fork;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How telemetry is done.
#[derive(Clone, Debug)]
pub struct TelemetryOptions {
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// Time between two heartbeats that tell everything again.
    pub extended_heartbeat: Duration,
    /// Whether there are metrics.
    pub metrics: bool,
    /// Whether there are logs.
    pub logs: bool,
    /// Whether dependencies are told.
    pub dependencies: bool,
    /// Whether logs may be of level debug.
    pub debug: bool,
    /// Whether an unset `DD_APPSEC_SCA_ENABLED` is told, as some languages want it.
    pub tells_unset_sca: bool,
    /// Who installed the library.
    pub install_signature: Option<InstallSignature>,
    /// Most endpoints in one message.
    pub endpoints_per_message: usize,
    /// `endpoint:agent` or `endpoint:agentless`, for metrics of telemetry itself.
    pub endpoint_tag: &'static str,
}

/// The telemetry of one session. Bindings and the rest of the library tell it what there is to tell; nothing here waits for the network.
pub struct Telemetry {
    pub(super) options: TelemetryOptions,
    pub(super) pending: Mutex<Pending>,
    pub(super) metrics: Metrics,
    observed: Mutex<Vec<Observed>>,
    /// A log that cannot wait.
    pub(super) has_crash: AtomicBool,
    pub(super) counts: Arc<Counts>,
    flush: Mutex<FlushState>,
    flushed: Condvar,
    awaken: OnceLock<Box<dyn Fn() + Send + Sync>>,
    session: Session,
    /// Who is said to speak.
    application: Mutex<Application>,
    pub(super) wants_stop: AtomicBool,
    is_stopped: AtomicBool,
    /// The fork generation that it belongs to.
    generation: u32,
}

/// What waits to be told.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) configuration: Configuration,
    pub(super) inventory: Inventory,
    pub(super) logs: Logs,
}

/// What happened to requests.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) api: Arc<ApiCounters>,
    pub(super) requests: Counter,
    pub(super) delivered: Counter,
    pub(super) failed: Counter,
    pub(super) messages_sent: Counter,
    pub(super) messages_dropped: Counter,
    pub(super) is_accepted: AtomicBool,
}

/// What happened so far, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests, second attempts among them.
    pub requests: u64,
    /// Requests that were taken.
    pub delivered: u64,
    /// Requests that were not.
    pub failed: u64,
    /// Messages in requests that were taken.
    pub messages_sent: u64,
    /// Messages and parts of them that were dropped.
    pub dropped: u64,
    /// Parts of messages that wait.
    pub waiting: u64,
    /// Whether the first message of the session was taken.
    pub is_accepted: bool,
}

#[derive(Default)]
struct FlushState {
    requested: u64,
    completed: u64,
    /// Whether all that the last completed flush was about was taken.
    succeeded: bool,
}

impl Telemetry {
    /// The telemetry of a new session; nothing is known yet.
    pub fn new(options: TelemetryOptions, session: Session, application: Application) -> Self {
        let configuration = Configuration::new(options.tells_unset_sca);
        Telemetry {
            options,
            session,
            application: Mutex::new(application),
            pending: Mutex::new(Pending { configuration, ..Pending::default() }),
            metrics: Metrics::default(),
            observed: Mutex::default(),
            has_crash: AtomicBool::new(false),
            counts: Arc::default(),
            flush: Mutex::default(),
            flushed: Condvar::new(),
            awaken: OnceLock::new(),
            wants_stop: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
            generation: fork::generation(),
        }
    }

    /// Names what lets the worker run at once.
    pub fn set_awakener(&self, awaken: impl Fn() + Send + Sync + 'static) {
        let _ = self.awaken.set(Box::new(awaken));
    }

    pub(super) fn awake(&self) {
        if let Some(awaken) = self.awaken.get() {
            awaken();
        }
    }

    /// Whether anything is still told. A forked child has to leave its parent's alone.
    pub fn accepts(&self) -> bool {
        !self.is_stopped.load(Ordering::Relaxed) && self.generation == fork::generation()
    }

    /// Notes what a tracer's settings came from.
    pub fn add_records(&self, records: &[Evaluation]) {
        if self.accepts() {
            self.pending.lock().configuration.add_records(records);
        }
    }

    /// A tracer works with other settings now; what is new of them is told at once.
    pub fn change_records(&self, records: &[Evaluation]) {
        if self.accepts() {
            self.pending.lock().configuration.change_records(records);
            self.awake();
        }
    }

    /// A tracer is another application now: requests say so from the next one on, if they have named this tracer's.
    pub fn change_application(&self, former: &Application, next: Application) {
        if self.accepts() {
            let mut application = self.application.lock();
            if *application == *former {
                *application = next;
            }
        }
    }

    /// Who is said to speak.
    pub(super) fn application(&self) -> Application {
        self.application.lock().clone()
    }

    /// What the environment of a process that this one starts should have besides its own variables, so that the sessions of both are known to
    /// belong together: names and values.
    pub fn session_variables(&self) -> [(String, String); 2] {
        let language = self.application.lock().language_name.clone();
        let variable = |whose, id: &str| {
            let [name, _] = session_variables(whose, &language);
            (name, id.to_owned())
        };
        [variable("ROOT", self.session.root_id()), variable("PARENT", &self.session.id)]
    }

    /// Whether there are metrics.
    pub fn has_metrics(&self) -> bool {
        self.options.metrics
    }

    /// A setting got another value; that is told at once.
    pub fn change_configuration(&self, change: ConfigurationChange) {
        if self.accepts() {
            self.pending.lock().configuration.change(change);
            self.awake();
        }
    }

    /// Reads counts whenever a window ends, until [`Telemetry::stop_observing`] is called with the same number. `from_now`: what was counted so
    /// far is left out.
    pub fn observe(&self, id: u64, source: Source, from_now: bool) {
        if self.options.metrics && self.accepts() {
            self.observed.lock().push(Observed::new(id, source, from_now));
        }
    }

    /// Reads counts a last time.
    pub fn stop_observing(&self, id: u64) {
        if !self.accepts() {
            return;
        }
        let mut observed = self.observed.lock();
        for ended in observed.iter_mut().filter(|observed| observed.id == id) {
            ended.read_into(&self.metrics);
        }
        observed.retain(|observed| observed.id != id);
    }

    /// The requests of telemetry itself, and their tag.
    pub fn own_requests(&self) -> (Arc<ApiCounters>, &'static str) {
        (Arc::clone(&self.counts.api), self.options.endpoint_tag)
    }

    /// Reads all counts.
    pub(super) fn read_observed(&self) {
        self.observed.lock().iter_mut().for_each(|observed| observed.read_into(&self.metrics));
    }

    /// What happened so far.
    pub fn statistics(&self) -> Statistics {
        if self.generation != fork::generation() {
            return Statistics::default();
        }
        let counts = &self.counts;
        let pending = self.pending.lock();
        Statistics {
            requests: counts.requests.get(),
            delivered: counts.delivered.get(),
            failed: counts.failed.get(),
            messages_sent: counts.messages_sent.get(),
            dropped: counts.messages_dropped.get()
                + pending.configuration.dropped
                + pending.inventory.dropped
                + pending.logs.dropped
                + self.metrics.dropped.get(),
            waiting: (pending.configuration.pending() + pending.inventory.pending() + pending.logs.len()) as u64,
            is_accepted: counts.is_accepted.load(Ordering::Relaxed),
        }
    }

    /// Asks for everything to be sent now. The number is for [`Telemetry::wait_for_flush`].
    pub fn request_flush(&self) -> u64 {
        let mut flush = self.flush.lock();
        flush.requested += 1;
        let ticket = flush.requested;
        drop(flush);
        self.awake();
        ticket
    }

    /// Asks for the end of the session. The number is for [`Telemetry::wait_for_flush`].
    pub fn request_stop(&self) -> u64 {
        self.wants_stop.store(true, Ordering::Release);
        self.request_flush()
    }

    /// Waits until a flush is complete. `None`: the time was over; else whether all was taken.
    pub fn wait_for_flush(&self, ticket: u64, deadline: Instant) -> Option<bool> {
        let mut flush = self.flush.lock();
        while flush.completed < ticket {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            flush = self.flushed.wait_timeout(flush, left);
        }
        Some(flush.succeeded)
    }

    /// The flush that waits to be done.
    pub(super) fn requested_flush(&self) -> Option<u64> {
        let flush = self.flush.lock();
        (flush.requested > flush.completed).then_some(flush.requested)
    }

    pub(super) fn complete_flush(&self, ticket: u64, succeeded: bool) {
        let mut flush = self.flush.lock();
        flush.completed = flush.completed.max(ticket);
        flush.succeeded = succeeded;
        drop(flush);
        self.flushed.notify_all();
    }

    /// Nothing is told any more.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        // What it reads from may be kept alive by nothing else.
        self.observed.lock().clear();
        self.complete_flush(u64::MAX / 2, false);
    }
}
