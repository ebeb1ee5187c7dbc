//! Services that a process has once, however many tracers: instrumentation telemetry, and whatever else is not about one tracer's traces.
//!
//! They are started by the first tracer that wants one, and stopped when the last such tracer ends. They run on a thread of their own,
//! `ddtrace-services`, so that a server that does not answer cannot delay traces; where the first tracer is driven by its host, on the
//! threads that call `ddtrace_tracer_tick`. A forked child never touches what it inherited. It starts its own services with its first span,
//! so that a child that only runs another program stays silent.
//!
//! To add a service:
//!
//! * write a [`PeriodicService`] and, beside it, the part that others share with it, in an `Arc`;
//! * in [`ProcessServices::start_wanted`], start it unless it runs or the tracer does not want it, and keep the shared part in [`Shared`].
//!   [`Starting`] has what it is made from: settings, a [`Link`](crate::export::Link) to the agent or another server (one call opens one
//!   connection; it is interrupted when the end cannot wait), the live tracers' pipelines, and [`Starting::add`];
//! * where it calls functions of the host that may take their time, add it by [`Starting::add_apart`]: it has a thread of its own then
//!   (`ddtrace-metrics`), and holds nobody up;
//! * give the tracer's part of it to [`Membership`], if there is one.
//!
//! Services stop in the reverse order of their start, telemetry last of all, so that it can tell what the others did at their end.

use super::build::{BuildError, Parts};
use super::core::Tracer;
use super::links::{OwnTransport, link};
use super::process_counts;
use super::process_metrics::{self, ProcessMetrics};
use super::process_remote_config::{self, RemoteServices};
use super::process_telemetry;
use crate::config::Config;
use crate::export::{Link, Pipeline};
use crate::lock::Mutex;
use crate::log::{log_error, log_warn};
use crate::remote_config::Subscriptions;
use crate::service::{PeriodicService, Runtime, ServiceId, StartError, fork};
use crate::telemetry::{Session, Telemetry};
use crate::transport::{AgentTransport, Transport};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

/// The services of this process, while there are any.
pub struct ProcessServices {
    runtime: Runtime,
    /// That of services which call the host: one that blocks must not hold the others up.
    apart: Runtime,
    is_host_driven: bool,
    generation: u32,
    shared: Mutex<Shared>,
    /// To be interrupted when the end cannot wait.
    transports: Mutex<Vec<Arc<dyn Transport>>>,
    /// Those of the tracers that live.
    pipelines: Mutex<Vec<Arc<Pipeline>>>,
}

/// What tracers share with services that run.
#[derive(Default)]
struct Shared {
    telemetry: Option<Arc<Telemetry>>,
    metrics: Option<Arc<ProcessMetrics>>,
    remote: Option<Arc<RemoteServices>>,
}

/// A tracer's part in the services of the process. To be given back with [`leave`].
pub struct Membership {
    services: Arc<ProcessServices>,
    pipeline: Arc<Pipeline>,
    /// Telemetry, if this tracer has any.
    pub telemetry: Option<Arc<Telemetry>>,
    /// Remote configuration, if this tracer has any.
    pub remote: Option<Arc<RemoteServices>>,
}

/// What a service is made from.
pub(super) struct Starting<'a> {
    /// The tracer's settings, and the host's transport if there is one.
    pub(super) parts: &'a Parts,
    services: &'a Arc<ProcessServices>,
}

/// What outlasts services: there is one block in every process, which a forked child leaves to its parent.
struct Process {
    generation: u32,
    /// That of the process that this one was forked from.
    parent: Option<&'static Process>,
    /// The last session of the process that this one was forked from.
    inherited: Option<Session>,
    /// The last one of this process.
    session: Mutex<Option<Session>>,
    /// The same, for children, which must not wait for locks. Those that come after the first have the same descent.
    first_session: OnceLock<Session>,
    members: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    count: usize,
    services: Option<Arc<ProcessServices>>,
}

static PROCESS: AtomicPtr<Process> = AtomicPtr::new(std::ptr::null_mut());

/// This process's block.
fn process() -> &'static Process {
    loop {
        let known = PROCESS.load(Ordering::Acquire);
        // SAFETY: blocks are never freed once they are here.
        let former = unsafe { known.as_ref() };
        if let Some(own) = former.filter(|process| process.generation == fork::generation()) {
            return own;
        }
        let inherited = former.and_then(|parent| parent.first_session.get().or(parent.inherited.as_ref()).cloned());
        let new = Box::into_raw(Box::new(Process {
            generation: fork::generation(),
            parent: former,
            inherited,
            session: Mutex::default(),
            first_session: OnceLock::new(),
            members: Mutex::default(),
        }));
        if PROCESS.compare_exchange(known, new, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // SAFETY: nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

/// The telemetry of this process that runs, if any does and nobody is starting or ending it.
pub fn try_telemetry() -> Option<Arc<Telemetry>> {
    // SAFETY: blocks are never freed once they are here.
    let process = unsafe { PROCESS.load(Ordering::Acquire).as_ref() }?;
    if process.generation != fork::generation() {
        return None;
    }
    let services = process.members.try_lock()?.services.clone()?;
    services.shared.try_lock()?.telemetry.clone()
}

/// The session that begins now, with the ids of those that it descends from, and whether it is the first one of this process.
pub(super) fn begin_session(id: String) -> (Session, bool) {
    let process = process();
    let mut last = process.session.lock();
    let session = match (&*last, &process.inherited) {
        (Some(former), _) => former.successor(id),
        (None, Some(parent)) => parent.child(id),
        (None, None) => Session { id, root: None, parent: None },
    };
    let is_first = last.is_none();
    *last = Some(session.clone());
    let _ = process.first_session.set(session.clone());
    (session, is_first)
}

/// What the program subscribed to before this process was forked off, with its nearest ancestor that had remote configuration.
pub(super) fn take_inherited_subscriptions() -> Option<Subscriptions> {
    let mut ancestor = process().parent;
    while let Some(process) = ancestor {
        // What a thread of the parent held at the fork stays with it.
        let services = process.members.try_lock().and_then(|members| members.services.clone());
        let remote = services.as_ref().and_then(|services| services.shared.try_lock()?.remote.clone());
        let taken = remote.as_ref().map(|remote| remote.client().try_take_subscriptions());
        // They are the parent's.
        std::mem::forget((services, remote));
        if let Some(taken) = taken {
            return taken.map(Subscriptions::for_child);
        }
        ancestor = process.parent;
    }
    None
}

/// Starts the services that a tracer wants and that do not run yet. `None`: it wants none.
/// `needs_metrics`: it wants those of the process whatever its settings say.
pub(super) fn join(parts: &Parts, pipeline: &Arc<Pipeline>, needs_metrics: bool) -> Option<Membership> {
    let wants_telemetry = process_telemetry::is_wanted(parts);
    let wants_remote = process_remote_config::is_wanted(parts);
    let wants_metrics = needs_metrics || process_metrics::is_wanted(&parts.config.settings);
    if !wants_telemetry && !wants_remote && !wants_metrics {
        return None;
    }
    let process = process();
    let mut members = process.members.lock();
    members.count += 1;
    let services = members.services.get_or_insert_with(|| Arc::new(ProcessServices::new(pipeline.is_host_driven)));
    let services = Arc::clone(services);
    drop(members);
    services.pipelines.lock().push(Arc::clone(pipeline));
    services.start_wanted(parts);
    let shared = services.shared.lock();
    let telemetry = shared.telemetry.clone().filter(|_| wants_telemetry);
    let remote = shared.remote.clone().filter(|_| wants_remote);
    drop(shared);
    if let Some(remote) = &remote {
        remote.add_tracer(parts);
    }
    if let Some(telemetry) = &telemetry {
        telemetry.add_records(parts.config.records());
        process_counts::observe_pipeline(telemetry, pipeline);
    }
    if wants_metrics {
        services.metrics(parts, pipeline);
    }
    services.ensure_started();
    Some(Membership { services, pipeline: Arc::clone(pipeline), telemetry, remote })
}

/// A tracer has ended. The last one stops the services, which have until `deadline` to tell what is left.
pub(super) fn leave(membership: &Membership, deadline: Instant) {
    let Membership { services, pipeline, telemetry, .. } = membership;
    if services.generation != fork::generation() {
        return;
    }
    if let Some(telemetry) = telemetry {
        process_counts::stop_observing(telemetry, pipeline);
    }
    let metrics = services.shared.lock().metrics.clone();
    if let Some(metrics) = metrics {
        metrics.tracer_ended(pipeline);
    }
    services.pipelines.lock().retain(|other| !Arc::ptr_eq(other, pipeline));
    let mut members = process().members.lock();
    members.count = members.count.saturating_sub(1);
    if members.count > 0 {
        return;
    }
    let last = members.services.take();
    if last.is_some() {
        // Whatever starts from now on is another session.
        super::snapshot::renew_runtime_id();
    }
    drop(members);
    if let Some(services) = last {
        services.stop(deadline);
    }
}

impl ProcessServices {
    fn new(is_host_driven: bool) -> Self {
        ProcessServices {
            runtime: Runtime::new("ddtrace-services"),
            apart: Runtime::new("ddtrace-metrics"),
            is_host_driven,
            generation: fork::generation(),
            shared: Mutex::default(),
            transports: Mutex::default(),
            pipelines: Mutex::default(),
        }
    }

    /// Starts what this tracer wants and what does not run yet. The order is that of the start, and backwards that of the end.
    fn start_wanted(self: &Arc<Self>, parts: &Parts) {
        let starting = Starting { parts, services: self };
        let mut shared = self.shared.lock();
        if shared.telemetry.is_none() && process_telemetry::is_wanted(parts) {
            shared.telemetry = process_telemetry::start(&starting);
        }
        if shared.remote.is_none() && process_remote_config::is_wanted(parts) {
            shared.remote = process_remote_config::start(&starting);
        }
    }

    /// The metrics of the process, started if need be.
    fn metrics(self: &Arc<Self>, parts: &Parts, pipeline: &Arc<Pipeline>) -> Arc<ProcessMetrics> {
        let starting = Starting { parts, services: self };
        let start = || process_metrics::start(&starting, pipeline, self);
        let metrics = Arc::clone(self.shared.lock().metrics.get_or_insert_with(start));
        metrics.tracer_started(&parts.config.settings, pipeline);
        self.start_runtime(&self.apart);
        metrics
    }

    fn ensure_started(&self) {
        self.start_runtime(&self.runtime);
    }

    fn start_runtime(&self, runtime: &Runtime) {
        if self.is_host_driven {
            return;
        }
        if let Err(StartError::Thread(error)) = runtime.start() {
            log_error!("the system refuses a thread for telemetry and the like, which do not work: {error}");
        }
    }

    fn stop(&self, deadline: Instant) {
        let interrupt = || {
            let transports = self.transports.lock().clone();
            transports.iter().for_each(|transport| transport.interrupt());
        };
        let remote = self.shared.lock().remote.take();
        if let Some(remote) = &remote {
            remote.interrupt();
        }
        self.apart.begin_stop(deadline);
        self.runtime.stop(deadline, interrupt);
        if !self.apart.stop(deadline, || ()) {
            log_warn!("a collector of runtime metrics still runs at shutdown, and is left alone");
        }
        // What the host gave is not kept any longer than it is used.
        if let Some(remote) = remote {
            drop(remote.client().close());
        }
        let transports = std::mem::take(&mut *self.transports.lock());
        drop(transports);
    }

    /// Does what is due, where the host drives the services.
    pub(super) fn tick_if_driven(&self) -> Option<Duration> {
        (self.is_host_driven && self.generation == fork::generation()).then(|| self.runtime.tick())
    }

    /// The pipelines of the tracers that live.
    pub fn pipelines(&self) -> Vec<Arc<Pipeline>> {
        self.pipelines.lock().clone()
    }

    /// What lets a service run at once. It may outlive the services, so it holds them weakly.
    fn awakener(self: &Arc<Self>, id: ServiceId, is_apart: bool) -> impl Fn() + Send + Sync + Clone + use<> {
        let services = Arc::downgrade(self);
        move || {
            if let Some(services) = services.upgrade() {
                if is_apart { &services.apart } else { &services.runtime }.awake(id);
            }
        }
    }
}

impl Starting<'_> {
    /// A way to a server: by the host's transport, or else by one of the library's own, which `open` makes.
    pub(super) fn link(&self, open: impl FnOnce() -> Result<AgentTransport, BuildError>) -> Result<Link, BuildError> {
        let (link, own): (Link, OwnTransport) = link(self.parts, open)?;
        self.services.transports.lock().extend(own);
        Ok(link)
    }

    /// Adds a service, which runs first after `first`. The result lets it run at once.
    pub(super) fn add(&self, service: Box<dyn PeriodicService>, first: Duration) -> impl Fn() + Send + Sync + Clone + use<> {
        let id = self.services.runtime.add(service, first);
        self.services.awakener(id, false)
    }

    /// The same for a service that calls the host: it runs on another thread, unless the host drives all of them.
    pub(super) fn add_apart(
        &self,
        service: Box<dyn PeriodicService>,
        first: Duration,
    ) -> impl Fn() + Send + Sync + Clone + use<> {
        let is_apart = !self.services.is_host_driven;
        let runtime = if is_apart { &self.services.apart } else { &self.services.runtime };
        let id = runtime.add(service, first);
        self.services.awakener(id, is_apart)
    }

    /// The services of the process, for those that must not keep them.
    pub(super) fn services(&self) -> Weak<ProcessServices> {
        Arc::downgrade(self.services)
    }

    /// Whether the services run when the host says so, and not on a thread of their own.
    pub(super) fn is_host_driven(&self) -> bool {
        self.services.is_host_driven
    }
}

impl Membership {
    /// The metrics of the process, started if need be.
    pub(super) fn metrics(&self, parts: &Parts) -> Arc<ProcessMetrics> {
        self.services.metrics(parts, &self.pipeline)
    }

    /// The tracer has other settings.
    pub(super) fn settings_changed(&self, config: &Arc<Config>) {
        let metrics = self.services.shared.lock().metrics.clone();
        if let Some(metrics) = metrics {
            metrics.settings_changed(&self.pipeline, config);
        }
    }

    /// Does what is due, where the host drives the services. Returns when something is due again; `None`: they have a thread.
    pub fn tick(&self) -> Option<Duration> {
        self.services.tick_if_driven()
    }

    /// Whether the host drives the services.
    pub fn is_host_driven(&self) -> bool {
        self.services.is_host_driven
    }
}

impl Tracer {
    /// The tracer's part in the services of the process. `None`: it wants none, or is shut down.
    pub fn membership(&self) -> Option<Arc<Membership>> {
        self.with_body(|body| body.running.as_deref().and_then(|running| running.membership.clone())).ok().flatten()
    }
}
