//! From settings to the telemetry of the process.

use super::build::{BuildError, Parts, authorities, open_transport};
use super::process_counts::{count_findings, observe_process};
use super::process_services::{Starting, begin_session};
use super::snapshot::{hostname, runtime_id};
use super::system::System;
use crate::config::{AgentUrl, Settings, TelemetryRoute};
use crate::log::log_debug;
use crate::record::unix_ns;
use crate::telemetry::{
    AGENT_PATH, Application, Facts, Host, INTAKE_PATH, InstallSignature, LogEntry, LogLevel, Receiver, Session, Telemetry,
    TelemetryOptions, Worker,
};
use crate::transport::{AgentTransport, Origin, TransportOptions};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Whether a tracer has telemetry. Where code takes the spans over, nothing leaves the process unless it was said that it should.
pub(super) fn is_wanted(parts: &Parts) -> bool {
    let settings = &parts.config.settings.telemetry;
    settings.enabled && (settings.enabled_is_set || parts.exporter.is_none())
}

/// Starts it. `None`: the server cannot be reached by this build of the library.
pub(super) fn start(starting: &Starting<'_>) -> Option<Arc<Telemetry>> {
    let settings = &starting.parts.config.settings;
    let receiver = match receiver(starting) {
        Ok(receiver) => receiver,
        Err(error) => {
            log_debug!("there is no telemetry: {error}");
            return None;
        }
    };
    let (session, is_first) = session(settings);
    let facts = facts(settings, session.clone());
    let telemetry = Arc::new(Telemetry::new(options(settings), session, facts.application.clone()));
    telemetry.add_records(starting.parts.config.records());
    observe_process(&telemetry, is_first);
    count_findings(&telemetry, starting.parts.config.otel_findings());
    let worker = Worker::new(Arc::clone(&telemetry), receiver, facts, starting.is_host_driven());
    let awaken = starting.add(Box::new(worker), Duration::ZERO);
    telemetry.set_awakener(awaken);
    Some(telemetry)
}

fn options(settings: &Settings) -> TelemetryOptions {
    let telemetry = &settings.telemetry;
    TelemetryOptions {
        heartbeat: telemetry.heartbeat,
        extended_heartbeat: telemetry.extended_heartbeat,
        metrics: telemetry.metrics,
        logs: telemetry.logs,
        dependencies: telemetry.dependencies,
        debug: telemetry.debug,
        endpoints_per_message: telemetry.endpoints_per_message,
        tells_unset_sca: matches!(settings.runtime.language.as_str(), "nodejs" | "python" | "ruby" | "java"),
        endpoint_tag: match telemetry.route {
            TelemetryRoute::Agent => "endpoint:agent",
            TelemetryRoute::Intake { .. } => "endpoint:agentless",
        },
        install_signature: telemetry.install_signature.as_ref().map(|signature| InstallSignature {
            install_id: signature.id.clone(),
            install_type: signature.kind.clone(),
            install_time: signature.time.clone(),
        }),
    }
}

fn receiver(starting: &Starting<'_>) -> Result<Receiver, BuildError> {
    let settings = &starting.parts.config.settings;
    match &settings.telemetry.route {
        TelemetryRoute::Agent => {
            let link = starting.link(|| open_transport(settings))?;
            Ok(Receiver { link, path: AGENT_PATH.to_owned(), api_key: None })
        }
        TelemetryRoute::Intake { url, api_key } => {
            let link = starting.link(|| open_intake(settings, url))?;
            let path = if starting.parts.transport.is_some() { format!("{url}{INTAKE_PATH}") } else { INTAKE_PATH.to_owned() };
            Ok(Receiver { link, path, api_key: api_key.clone() })
        }
    }
}

fn open_intake(settings: &Settings, url: &AgentUrl) -> Result<AgentTransport, BuildError> {
    let options = TransportOptions {
        connect_timeout: settings.agent.timeout,
        proxy: settings.network.proxies.proxy_for(url).cloned(),
        authorities: authorities(settings),
    };
    AgentTransport::with_options(url, &options).map_err(BuildError::Transport)
}

/// What the process that started this one said counts only for the first session of all.
fn session(settings: &Settings) -> (Session, bool) {
    let inherited = &settings.telemetry.inherited_session;
    let (session, is_first) = begin_session(runtime_id());
    let session = Session {
        root: session.root.or_else(|| inherited.root.clone()),
        parent: session.parent.or_else(|| inherited.parent.clone()),
        id: session.id,
    };
    (session, is_first)
}

fn facts(settings: &Settings, session: Session) -> Facts {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let system = System::detect();
    let origin = Origin::detect();
    let telemetry_origin = [
        ("Datadog-Container-ID", origin.container_id.clone()),
        ("Datadog-Entity-ID", origin.entity_id.clone()),
        ("Datadog-External-Env", settings.agent.external_env.clone()),
    ];
    let origin_headers = telemetry_origin.into_iter().filter_map(|(name, value)| Some((Cow::Borrowed(name), value?)));
    let extra_headers = settings.agent.extra_headers.iter().map(|(name, value)| (Cow::Owned(name.clone()), value.clone()));
    Facts {
        application: application(settings),
        host: Host {
            hostname: or_unknown(hostname(&settings.identity)),
            os: system.name.clone(),
            os_version: system.release.clone(),
            architecture: system.architecture,
            kernel_name: system.name,
            kernel_release: system.release,
            kernel_version: system.version,
            container_id: origin.container_id,
        },
        session,
        debug: settings.telemetry.debug,
        origin_headers: match settings.telemetry.route {
            TelemetryRoute::Agent => origin_headers.chain(extra_headers).collect(),
            TelemetryRoute::Intake { .. } => Vec::new(),
        },
    }
}

/// What telemetry says of the application.
pub(super) fn application(settings: &Settings) -> Application {
    let (identity, runtime) = (&settings.identity, &settings.runtime);
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Application {
        service_name: identity.service.clone(),
        env: identity.env.clone(),
        service_version: identity.version.clone(),
        language_name: runtime.language.clone(),
        language_version: known(&runtime.language_version).unwrap_or_else(|| "unknown".to_owned()),
        tracer_version: env!("CARGO_PKG_VERSION").to_owned(),
        runtime_name: known(&runtime.interpreter),
        process_tags: identity.process_tags.clone(),
    }
}

/// A warning of the library's own; the text is constant and has nothing of the user's.
pub(super) fn warning(message: &'static str, tags: String) -> LogEntry {
    LogEntry {
        message: message.to_owned(),
        level: LogLevel::Warn,
        count: 1,
        stack_trace: None,
        tags,
        tracer_time: unix_ns() / 1_000_000_000,
        is_sensitive: false,
        is_crash: false,
    }
}
