//! Metrics that the library itself sends: of the runtime, by collectors, and of the tracers' health. A service of the process.

use super::core::Tracer;
use super::health::{HealthCounts, HealthFacts, queue_length};
use super::health_names::{count_kind, flush_duration, queue_gauge};
use super::process_services::{ProcessServices, Starting, try_telemetry};
use super::process_telemetry::warning;
use super::runtime_collectors::registered_collectors;
use super::snapshot::runtime_id;
use crate::config::{Config, HealthNames, Settings};
use crate::export::Pipeline;
use crate::lock::Mutex;
use crate::metrics::{
    Client, ClientOptions, LONGEST_COLLECTION, Metric, MetricKind, MetricValue, ProcessCollector, RegisteredCollector,
};
use crate::service::{Cause, PeriodicService};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

/// How often metrics are reported.
const EVERY: Duration = Duration::from_secs(10);
/// The language whose programs have no runtime of their own.
const NATIVE: &str = "cpp";
/// In front of the names of health metrics.
const HEALTH_PREFIX: &str = "datadog.tracer.";

/// The process's client, and what it is used for by the library.
pub struct ProcessMetrics {
    /// The client that the tracers of the process share.
    pub client: Arc<Client>,
    /// Of the tracer whose settings these are.
    owner: Weak<Pipeline>,
    config: Mutex<Arc<Config>>,
    names: HealthNames,
    /// Of the session that the process is in.
    runtime_id: String,
    has_health: AtomicBool,
    runtime: AtomicU8,
    health: Mutex<Health>,
    /// For programs without a runtime of their own, what the kernel knows.
    built_in: Option<RegisteredCollector>,
    collection_is_wanted: AtomicBool,
    awaken: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Whether metrics of the runtime are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RuntimeSwitch {
    /// As the tracers' settings say.
    AsSet,
    /// Yes.
    On,
    /// No.
    Off,
}

#[derive(Default)]
struct Health {
    /// What each live pipeline had counted when it was looked at last.
    seen: Vec<(Weak<Pipeline>, HealthCounts)>,
    /// What is to be reported.
    pending: HealthCounts,
    /// Times that flushes took, too, in milliseconds.
    durations: Vec<f64>,
}

/// Whether a tracer wants metrics of its own accord.
pub(super) fn is_wanted(settings: &Settings) -> bool {
    let own = &settings.own_metrics;
    (own.runtime || own.health) && !settings.dogstatsd.is_disabled
}

/// Makes the client and starts the service.
pub(super) fn start(starting: &Starting<'_>, pipeline: &Arc<Pipeline>, services: &Arc<ProcessServices>) -> Arc<ProcessMetrics> {
    let settings = &starting.parts.config.settings;
    let mut options = ClientOptions::of_settings(settings);
    options.tags = client_tags(settings);
    options.report_every = None;
    options.is_host_driven = starting.is_host_driven();
    // The service ends the client, after its last words.
    options.flush_at_exit = false;
    let metrics = Arc::new(ProcessMetrics {
        client: Arc::new(Client::new(options)),
        owner: Arc::downgrade(pipeline),
        config: Mutex::new(Arc::clone(&starting.parts.config)),
        names: settings.own_metrics.health_names,
        runtime_id: runtime_id(),
        has_health: AtomicBool::new(false),
        runtime: AtomicU8::new(RuntimeSwitch::AsSet as u8),
        health: Mutex::default(),
        built_in: (settings.runtime.language == NATIVE)
            .then(|| RegisteredCollector::new(0, "process", Arc::new(ProcessCollector::default()))),
        collection_is_wanted: AtomicBool::new(false),
        awaken: OnceLock::new(),
    });
    let service = Service { metrics: Arc::clone(&metrics), services: Arc::downgrade(services), due: Instant::now() + EVERY };
    let awaken = starting.add_apart(Box::new(service), EVERY);
    let _ = metrics.awaken.set(Box::new(awaken));
    metrics
}

/// The tags of the shared client.
fn client_tags(settings: &Settings) -> Vec<String> {
    let mut tags = ClientOptions::of_settings(settings).tags;
    if !settings.identity.service_is_user_set {
        tags.push(format!("service:{}", settings.identity.service));
    }
    tags
}

impl ProcessMetrics {
    /// A tracer is there that wants what its settings say.
    pub(super) fn tracer_started(&self, settings: &Settings, pipeline: &Pipeline) {
        if settings.own_metrics.health {
            self.has_health.store(true, Ordering::Relaxed);
        }
        self.learn_port(settings, pipeline);
    }

    /// A tracer has other settings. Those of the one that started the metrics count: from now on, its tags are on them.
    pub(super) fn settings_changed(&self, pipeline: &Arc<Pipeline>, config: &Arc<Config>) {
        if config.settings.own_metrics.health {
            self.has_health.store(true, Ordering::Relaxed);
        }
        if !std::ptr::eq(self.owner.as_ptr(), Arc::as_ptr(pipeline)) {
            return;
        }
        let former = std::mem::replace(&mut *self.config.lock(), Arc::clone(config));
        let (before, now) = (client_tags(&former.settings), client_tags(&config.settings));
        if before != now {
            self.client.set_tags(now);
        }
    }

    fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.lock())
    }

    /// A tracer has ended: what it counted is reported, though its pipeline is gone.
    pub(super) fn tracer_ended(&self, pipeline: &Arc<Pipeline>) {
        self.learn_port(&self.config().settings, pipeline);
        let mut health = self.health.lock();
        health.look_at(pipeline, self.names, HealthFacts::stopped);
        health.seen.retain(|(seen, _)| !std::ptr::eq(seen.as_ptr(), Arc::as_ptr(pipeline)));
    }

    /// Collects metrics of the runtime, or does not, whatever the settings say.
    pub fn switch_runtime(&self, switch: RuntimeSwitch) {
        self.runtime.store(switch as u8, Ordering::Relaxed);
    }

    /// Lets the service collect and report at once.
    pub fn collect_soon(&self) {
        self.collection_is_wanted.store(true, Ordering::SeqCst);
        if let Some(awaken) = self.awaken.get() {
            awaken();
        }
    }

    fn wants_runtime(&self) -> bool {
        match self.runtime.load(Ordering::Relaxed) {
            on if on == RuntimeSwitch::On as u8 => true,
            off if off == RuntimeSwitch::Off as u8 => false,
            _ => {
                // The setting may change while a tracer runs.
                let mut wanted = false;
                Tracer::each(|tracer| {
                    let snapshot = tracer.try_snapshot().filter(|_| !tracer.is_inherited());
                    wanted |= snapshot.is_some_and(|snapshot| snapshot.config.has_runtime_metrics());
                });
                wanted
            }
        }
    }

    /// The agent's own word about its port counts where no settings name one.
    fn learn_port(&self, settings: &Settings, pipeline: &Pipeline) {
        if settings.dogstatsd.address_is_given {
            return;
        }
        let knowledge = pipeline.known_agent().map(|known| known.knowledge().1);
        let port = knowledge.as_ref().and_then(|knowledge| knowledge.info()).and_then(|info| info.statsd_port);
        if let Some(port) = port.filter(|port| *port != 0) {
            self.client.set_port(port);
        }
    }

    fn report(&self, pipelines: &[Arc<Pipeline>]) {
        let config = self.config();
        pipelines.iter().for_each(|pipeline| self.learn_port(&config.settings, pipeline));
        self.report_health(pipelines);
        if self.wants_runtime() {
            let tags = self.runtime_tags(&config);
            for collector in registered_collectors().into_iter().chain(self.built_in.clone()) {
                let took = collector.collect(&mut |metric| {
                    let all = |each: &mut dyn FnMut(&str)| {
                        tags.iter().for_each(|tag| each(tag));
                        (metric.tags)(each);
                    };
                    // A metric that is refused is left out.
                    let _ = self.client.send(&Metric { tags: &all, ..*metric });
                });
                if let Some(took) = took.filter(|took| *took > LONGEST_COLLECTION) {
                    tell_slow_collector(collector.name(), took);
                }
            }
        }
    }

    fn report_health(&self, pipelines: &[Arc<Pipeline>]) {
        let mut health = self.health.lock();
        pipelines.iter().for_each(|pipeline| health.look_at(pipeline, self.names, |facts| facts));
        let counts = std::mem::take(&mut health.pending);
        let durations = std::mem::take(&mut health.durations);
        drop(health);
        if !self.has_health.load(Ordering::Relaxed) {
            return;
        }
        let tags = self.health_tags(&self.config());
        let send = |kind, name: &str, own: &[Cow<'static, str>], value: f64| {
            let name = format!("{HEALTH_PREFIX}{name}");
            let all = |each: &mut dyn FnMut(&str)| {
                tags.iter().for_each(|tag| each(tag));
                own.iter().for_each(|tag| each(tag));
            };
            let value = MetricValue::Number(value);
            let _ =
                self.client.send(&Metric { kind, name: &name, value, tags: &all, rate: 1.0, timestamp: None, cardinality: None });
        };
        for (key, count) in counts.each().filter(|(_, count)| *count > 0) {
            send(count_kind(self.names), key.name, &key.tags, count as f64);
        }
        if let Some(name) = flush_duration(self.names) {
            durations.iter().for_each(|milliseconds| send(MetricKind::Timing, name, &[], *milliseconds));
        }
        if let Some(name) = queue_gauge(self.names) {
            let length: u64 = pipelines.iter().map(|pipeline| queue_length(pipeline)).sum();
            send(MetricKind::Gauge, name, &[], length as f64);
        }
    }

    fn runtime_tags(&self, config: &Config) -> Vec<String> {
        let mut tags = self.common_tags(config);
        let settings = &config.settings;
        tags.push(format!("language:{}", settings.runtime.language));
        let process = settings.identity.process_tags.iter().flat_map(|tags| tags.split(',')).map(str::to_owned);
        tags.extend(process.filter(|tag| !tag.is_empty()));
        tags
    }

    fn health_tags(&self, config: &Config) -> Vec<String> {
        let mut tags = self.common_tags(config);
        tags.push(format!("tracer_version:{}", env!("CARGO_PKG_VERSION")));
        let version = &config.settings.runtime.language_version;
        if !version.is_empty() {
            tags.push(format!("lang_version:{version}"));
        }
        tags
    }

    /// Beside the client's own.
    fn common_tags(&self, config: &Config) -> Vec<String> {
        let settings = &config.settings;
        let global = config.global_tags().iter().map(|(key, value)| format!("{key}:{value}"));
        let mut tags: Vec<String> = global.collect();
        tags.push(format!("lang:{}", settings.runtime.language));
        if settings.own_metrics.with_runtime_id {
            tags.push(format!("runtime-id:{}", self.runtime_id));
        }
        tags
    }
}

impl Health {
    /// Adds what a pipeline counted since it was looked at last.
    fn look_at(&mut self, pipeline: &Arc<Pipeline>, names: HealthNames, change: impl FnOnce(HealthFacts) -> HealthFacts) {
        let counts = HealthCounts::named(&change(HealthFacts::of_pipeline(pipeline)), names);
        self.durations.extend(pipeline.flushes.take_durations());
        match self.seen.iter_mut().find(|(seen, _)| std::ptr::eq(seen.as_ptr(), Arc::as_ptr(pipeline))) {
            Some((_, former)) => {
                self.pending.add(counts.since(former));
                *former = counts;
            }
            None => {
                self.pending.add(counts.clone());
                self.seen.push((Arc::downgrade(pipeline), counts));
            }
        }
    }
}

/// Reports every ten seconds, and at the end.
struct Service {
    metrics: Arc<ProcessMetrics>,
    /// Weak, because they have the service.
    services: Weak<ProcessServices>,
    due: Instant,
}

impl PeriodicService for Service {
    fn name(&self) -> &'static str {
        "metrics of the process"
    }

    fn periodic(&mut self, cause: Cause) -> Duration {
        let pipelines = self.services.upgrade().map(|services| services.pipelines()).unwrap_or_default();
        let now = Instant::now();
        let is_wanted = self.metrics.collection_is_wanted.swap(false, Ordering::SeqCst);
        if let Cause::Shutdown(deadline) = cause {
            self.metrics.report_health(&pipelines);
            self.metrics.client.shutdown(deadline.saturating_duration_since(now));
            return EVERY;
        }
        if is_wanted || now >= self.due {
            self.metrics.report(&pipelines);
            if now >= self.due {
                self.due = now + EVERY;
            }
        }
        // Where the host drives the client, this is its turn; else it has a thread of its own.
        let next = self.metrics.client.tick();
        self.due.saturating_duration_since(Instant::now()).min(next)
    }
}

/// A function of the program that holds up the metrics of the process is worth knowing of.
fn tell_slow_collector(name: &str, took: Duration) {
    if let Some(telemetry) = try_telemetry() {
        let name = name.replace([',', ':'], "_");
        telemetry.log(warning(
            "runtime metrics collector exceeded threshold",
            format!("collector:{name},elapsed_time:{:.1}", took.as_secs_f64()),
        ));
    }
}
