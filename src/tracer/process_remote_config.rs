//! From settings to the remote configuration of the process, and what comes with it: the settings of tracers, and the flare.

use super::apm_tracing::{ApmTracing, takes_remote_settings};
use super::build::{Parts, open_transport};
use super::core::Tracer;
use super::process_services::{ProcessServices, Starting, take_inherited_subscriptions, try_telemetry};
use super::process_telemetry::warning;
use super::snapshot::{hostname, remote_client_id, runtime_id};
use crate::config::{Config, SETTINGS, Settings};
use crate::export::Link;
use crate::lock::Mutex;
use crate::log::{self, log_debug};
use crate::remote_config::apm_tracing::PRODUCT;
use crate::remote_config::flare::{AGENT_CONFIG, AGENT_TASK, Flare, FlareError, FlareFacts, LevelFiles, Tasks, Uploader};
use crate::remote_config::{Capabilities, ClientFacts, Consumer, Headers, PollTimes, Poller, RemoteConfig, SlowCall};
use crate::transport::{Origin, Transport};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// No more services besides the first are told of.
const MOST_EXTRA_SERVICES: usize = 64;

/// The remote configuration of the process, as tracers share it.
pub struct RemoteServices {
    client: Arc<RemoteConfig>,
    client_id: String,
    facts: Arc<Facts>,
    apm_tracing: Arc<ApmTracing>,
    has_apm_tracing: AtomicBool,
    flare: Arc<Flare>,
    services: Weak<ProcessServices>,
    /// That of the polls, if it is the library's own.
    transport: Option<Arc<dyn Transport>>,
}

/// Who asks.
struct Facts {
    /// What settings say, of the tracer that started remote configuration.
    settled: Mutex<ClientFacts>,
    /// Once told of, a service is told of again.
    extra_services: Mutex<Vec<String>>,
    services: Weak<ProcessServices>,
}

/// Whether a tracer has remote configuration.
pub(super) fn is_wanted(parts: &Parts) -> bool {
    parts.config.settings.remote_config.enabled
}

/// Starts it. `None`: the agent cannot be reached by this build of the library.
pub(super) fn start(starting: &Starting<'_>) -> Option<Arc<RemoteServices>> {
    let settings = &starting.parts.config.settings;
    let open = || starting.link(|| open_transport(settings));
    let (link, flare_link) = match (open(), open()) {
        (Ok(link), Ok(flare_link)) => (link, flare_link),
        (Err(error), _) | (_, Err(error)) => {
            log_debug!("there is no remote configuration: {error}");
            return None;
        }
    };
    let client = Arc::new(take_inherited_subscriptions().map(RemoteConfig::with_subscriptions).unwrap_or_default());
    client.set_slow_observer(tell_slow_call);
    let client_id = remote_client_id();
    let facts = Arc::new(Facts {
        settled: Mutex::new(client_facts(settings, client_id.clone())),
        extra_services: Mutex::default(),
        services: starting.services(),
    });
    let flare = Arc::new(Flare::default());
    let remote = Arc::new(RemoteServices {
        client: Arc::clone(&client),
        client_id,
        facts: Arc::clone(&facts),
        apm_tracing: Arc::default(),
        has_apm_tracing: AtomicBool::new(false),
        flare: Arc::clone(&flare),
        services: starting.services(),
        transport: match &link {
            Link::Blocking(transport) => Some(Arc::clone(transport)),
            Link::Host(_) => None,
        },
    });
    let headers = headers(settings);
    let config = Arc::clone(&starting.parts.config);
    let flare_facts = move || FlareFacts {
        language: config.settings.runtime.language.clone(),
        configuration: configuration(&config_in_force().unwrap_or_else(|| Arc::clone(&config))),
        agent: config.settings.agent.url.to_string(),
    };
    // A forked child inherits the collecting, and no flare that would end it.
    drop(log::end_collecting());
    let timeout = settings.agent.timeout;
    remote.add_tracer(starting.parts);
    remote.subscribe(AGENT_CONFIG, &[], Arc::new(LevelFiles(Arc::clone(&flare))));
    remote.subscribe(AGENT_TASK, &[], Arc::new(Tasks(Arc::clone(&flare))));
    let uploader = Uploader::new(Arc::clone(&flare), flare_link, headers.clone(), flare_facts, timeout);
    let wanted = &settings.remote_config;
    let times = PollTimes { interval: wanted.interval, interval_is_set: wanted.interval_is_set, timeout };
    let poller = Poller::new(Arc::clone(&client), link, headers, move || facts.now(), times);
    // In this order: a flare that a poll brings is sent without waiting.
    client.set_awakener(starting.add(Box::new(poller), Duration::ZERO));
    flare.set_awakener(starting.add(Box::new(uploader), Duration::ZERO));
    Some(remote)
}

impl RemoteServices {
    /// The client.
    pub fn client(&self) -> &RemoteConfig {
        &self.client
    }

    /// The id by which the backend knows this process.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The body of the next request.
    pub fn next_request(&self) -> Vec<u8> {
        self.client.request_body(&self.facts.now())
    }

    /// Polls now. `false`: the time was over.
    pub fn poll(&self, timeout: Duration) -> bool {
        let wanted = self.client.want_poll();
        self.client.awake();
        let ticked = self.services.upgrade().and_then(|services| services.tick_if_driven());
        let timeout = if ticked.is_some() { Duration::ZERO } else { timeout };
        self.client.wait_for_poll(wanted, timeout)
    }

    /// Breaks a poll that is under way, for the end of the process: nothing that it brings would be used.
    pub(super) fn interrupt(&self) {
        if let Some(transport) = &self.transport {
            transport.interrupt();
        }
    }

    /// Adds a file to flares.
    pub fn add_flare_file(&self, name: &str, content: &[u8]) -> Result<(), FlareError> {
        self.flare.add_file(name, content)
    }

    /// Another tracer is there: its settings are asked for, unless it is off.
    pub(super) fn add_tracer(&self, parts: &Parts) {
        let config = &parts.config;
        self.facts.note_service(&config.settings.identity.service);
        if takes_remote_settings(config) && !self.has_apm_tracing.swap(true, Ordering::AcqRel) {
            let capabilities = &config.settings.remote_config.capabilities;
            let consumer = Arc::clone(&self.apm_tracing);
            self.subscribe(PRODUCT, capabilities, consumer);
            self.client.awake();
        }
    }

    /// A tracer works with other settings: the agent is told of them if it was told of the former ones, and files may concern it now.
    pub(super) fn tracer_configured(&self, tracer: &Tracer, former: &Settings, settings: &Settings) {
        self.facts.replace(client_facts(former, self.client_id.clone()), client_facts(settings, self.client_id.clone()));
        self.facts.note_service(&settings.identity.service);
        self.apm_tracing.apply_to(tracer);
    }

    /// Puts in force on a tracer what is in force on the others.
    pub(super) fn apply_to(&self, tracer: &Tracer) {
        self.apm_tracing.apply_to(tracer);
    }

    fn subscribe(&self, product: &str, capabilities: &[u8], consumer: Arc<dyn Consumer>) {
        let capabilities = Capabilities::of(capabilities).unwrap_or_default();
        if let Err(error) = self.client.subscribe(product, capabilities, consumer) {
            log_debug!("{product} is not subscribed: {error:?}");
        }
    }
}

impl Facts {
    fn now(&self) -> ClientFacts {
        let pipelines = self.services.upgrade().map(|services| services.pipelines()).unwrap_or_default();
        for service in pipelines.iter().flat_map(|pipeline| pipeline.extra_services.all()) {
            self.note_service(&service);
        }
        let settled = self.settled.lock().clone();
        let mut extra_services = self.extra_services.lock().clone();
        extra_services.retain(|service| !service.eq_ignore_ascii_case(&settled.service));
        ClientFacts { runtime_id: runtime_id(), extra_services, ..settled }
    }

    /// Puts other facts in the place of these, if they are what is told.
    fn replace(&self, former: ClientFacts, next: ClientFacts) {
        let mut settled = self.settled.lock();
        if *settled == former {
            *settled = next;
        }
    }

    fn note_service(&self, service: &str) {
        let is_main = service.eq_ignore_ascii_case(&self.settled.lock().service);
        let mut known = self.extra_services.lock();
        let is_known = |other: &String| other == service;
        if known.len() < MOST_EXTRA_SERVICES && !is_main && !known.iter().any(is_known) {
            known.push(service.to_owned());
        }
    }
}

impl Tracer {
    /// The remote configuration of the tracer's process; `None`: this tracer has none.
    pub fn remote_services(&self) -> Option<Arc<RemoteServices>> {
        self.membership().and_then(|membership| membership.remote.clone())
    }
}

/// A consumer of the program that holds up remote configuration is worth knowing of.
fn tell_slow_call(slow: &SlowCall<'_>) {
    let Some(telemetry) = try_telemetry() else { return };
    let product = slow.product.replace([',', ':'], "_");
    let tags = format!("product:{product},callback_type:{},elapsed_time:{:.1}", slow.call, slow.took.as_secs_f64());
    telemetry.log(warning("RC callback operation exceeded threshold", tags));
}

fn client_facts(settings: &Settings, client_id: String) -> ClientFacts {
    let identity = &settings.identity;
    let env = identity.env.clone().unwrap_or_default();
    let app_version = identity.version.clone().unwrap_or_default();
    let tracer_version = env!("CARGO_PKG_VERSION").to_owned();
    let named = [
        ("env", env.clone()),
        ("version", app_version.clone()),
        ("tracer_version", tracer_version.clone()),
        ("host_name", hostname(identity).unwrap_or_default()),
        ("git.repository_url", identity.git_repository_url.clone().filter(|_| identity.git_metadata).unwrap_or_default()),
        ("git.commit.sha", identity.git_commit_sha.clone().filter(|_| identity.git_metadata).unwrap_or_default()),
    ];
    let global = identity.global_tags.iter().map(|(key, value)| format!("{key}:{value}"));
    let named = named.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}:{value}"));
    let process_tags = identity.process_tags.iter().flat_map(|tags| tags.split(','));
    ClientFacts {
        client_id,
        language: protocol_language(&settings.runtime.language).to_owned(),
        tracer_version,
        service: identity.service.clone(),
        env,
        app_version,
        tags: global.chain(named).collect(),
        process_tags: process_tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        ..ClientFacts::default()
    }
}

/// The language's name in this protocol.
fn protocol_language(language: &str) -> &str {
    if language == "nodejs" { "node" } else { language }
}

fn headers(settings: &Settings) -> Headers {
    let origin = Origin::detect();
    let known = [
        ("Datadog-Container-ID", origin.container_id),
        ("Datadog-Entity-ID", origin.entity_id),
        ("Datadog-External-Env", settings.agent.external_env.clone()),
    ];
    let known =
        known.into_iter().filter_map(|(name, value)| Some((Cow::Borrowed(name), value.filter(|value| !value.is_empty())?)));
    let extra = settings.agent.extra_headers.iter().map(|(name, value)| (Cow::Owned(name.clone()), value.clone()));
    known.chain(extra).collect()
}

/// What a tracer of this process works with now.
fn config_in_force() -> Option<Arc<Config>> {
    let mut found = None;
    Tracer::each(|tracer| {
        let snapshot = if found.is_none() && !tracer.is_inherited() { tracer.try_snapshot() } else { None };
        found = found.take().or(snapshot.map(|snapshot| Arc::clone(&snapshot.config)));
    });
    found
}

/// The configuration as flares show it: values without secrets, and where they come from.
fn configuration(config: &Config) -> Vec<u8> {
    let mut shown = serde_json::Map::new();
    for setting in SETTINGS {
        let origin = config.origin(setting.name).map(|origin| origin.name());
        shown.insert(setting.name.to_owned(), serde_json::json!({"value": config.value_text(setting.name), "origin": origin}));
    }
    if let Some(agentless) = &config.settings.agentless {
        let key: Vec<char> = agentless.api_key.reveal().chars().collect();
        let end: String = key.get(key.len().saturating_sub(4)..).filter(|_| key.len() > 8).unwrap_or_default().iter().collect();
        shown.insert("DD_API_KEY".to_owned(), serde_json::json!({"value": format!("****{end}")}));
    }
    serde_json::to_vec(&shown).unwrap_or_default()
}
