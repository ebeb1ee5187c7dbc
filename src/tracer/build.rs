//! From settings to a running pipeline: exporter, transport, snapshot.

use super::build_agent::agent_exporter;
use super::links::{link, together};
use super::otlp;
use super::process_context;
use super::process_discovery;
use super::registry::{LONGEST_NAME, MOST_NAMES};
use super::snapshot::{hostname, make_snapshot, runtime_id};
use super::statistics::span_metrics_sender;
use crate::active::share_thread_contexts;
use crate::config::{AgentlessSettings, Config, ExporterChoice, Settings};
use crate::export::{
    AgentlessExporter, BeginExchange, Colour, ConsoleExporter, ConsoleFormat, Exporter, FileExporter, LogExporter, Output,
    Pipeline, Sender, SharedExporter, Snapshot,
};
use crate::hooks::Hooks;
use crate::transport::{AgentTransport, Origin, Transport, TransportError, TransportOptions, TrustedAuthorities};
use crate::wire::AgentlessJson;
use std::fmt;
use std::sync::Arc;

/// What a tracer is made from; kept, because a forked child makes its own from the same.
#[derive(Clone)]
pub struct Parts {
    /// The settings.
    pub config: Arc<Config>,
    /// An exporter given in code, which beats the settings.
    pub exporter: Option<Arc<SharedExporter>>,
    /// A transport of the host's, which beats the library's own.
    pub transport: Option<Arc<BeginExchange>>,
    /// Processors and filters.
    pub hooks: Hooks,
}

/// Why no tracer was made.
#[derive(Debug)]
pub enum BuildError {
    /// The exporter that the settings name cannot be opened.
    Exporter(String),
    /// The agent's address cannot be used.
    Transport(TransportError),
    /// Memory is out.
    OutOfMemory,
    /// A setting cannot change while the tracer runs.
    Fixed(&'static str),
    /// Too many names of tracers.
    TooManyNames,
    /// The name of a tracer has this many bytes.
    LongName(usize),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Exporter(cause) => write!(f, "LIBDDTRACE_EXPORTER: {cause}"),
            BuildError::Transport(cause) => write!(f, "traces cannot be sent by this library: {cause}"),
            BuildError::OutOfMemory => write!(f, "memory is out"),
            BuildError::Fixed(setting) => write!(f, "{setting}: cannot change while the tracer runs; make another tracer"),
            BuildError::TooManyNames => write!(f, "{MOST_NAMES} names of tracers are in use, which is the limit"),
            BuildError::LongName(length) => {
                write!(f, "the name of a tracer has {length} bytes, expected {LONGEST_NAME} at most")
            }
        }
    }
}

impl std::error::Error for BuildError {}

impl Parts {
    /// A tracer made from settings alone. Opens the exporter that they name.
    pub fn from_config(config: Config) -> Result<Self, BuildError> {
        let config = Arc::new(config);
        let exporter = open_exporter(&config.settings)?;
        Ok(Parts { config, exporter, transport: None, hooks: Hooks::default() })
    }
}

/// How many spans the exporter to memory keeps that the settings name: nobody may ever take them out.
const KEPT_SPANS: usize = 10_000;

/// The exporter of the settings, unless traces are sent by HTTP.
pub fn open_exporter(settings: &Settings) -> Result<Option<Arc<SharedExporter>>, BuildError> {
    let console = |format| {
        let exporter = ConsoleExporter::new(format, Output::Stdout, colour(settings));
        exporter.map(|exporter| SharedExporter::of_data(Arc::new(exporter)))
    };
    let opened = match &settings.exporter {
        ExporterChoice::Agent | ExporterChoice::Otlp => return Ok(None),
        ExporterChoice::Console => console(ConsoleFormat::Json),
        ExporterChoice::ConsolePretty => console(ConsoleFormat::Pretty),
        ExporterChoice::Tree => console(ConsoleFormat::Tree),
        ExporterChoice::File(path) => FileExporter::open(path).map(|exporter| SharedExporter::of_data(Arc::new(exporter))),
        ExporterChoice::Log => LogExporter::new(Output::Stdout).map(|exporter| SharedExporter::of_data(Arc::new(exporter))),
        ExporterChoice::Memory => Ok(SharedExporter::memory(KEPT_SPANS)),
        ExporterChoice::Null => Ok(SharedExporter::null()),
    };
    opened.map(|exporter| Some(Arc::new(exporter))).map_err(|error| BuildError::Exporter(error.to_string()))
}

fn colour(settings: &Settings) -> Colour {
    if settings.logging.no_color { Colour::Never } else { Colour::Auto }
}

/// Builds what a tracer runs on in this process.
pub fn build_pipeline(parts: &Parts, version: u32) -> Result<(Arc<Pipeline>, Arc<Snapshot>), BuildError> {
    let settings = &parts.config.settings;
    let snapshot = Arc::new(make_snapshot(&parts.config, version, None));
    let pipeline = Arc::new(Pipeline::new(settings.writer.buffer_size, settings.lifecycle.host_driven));
    let (exporter, transport) = exporter_of(parts)?;
    if let Some(shared) = &parts.exporter {
        shared.attach(&pipeline);
    }
    let interval = settings.writer.interval;
    let known_agent = exporter.known_agent();
    let mut sender = Sender::new(Arc::clone(&pipeline), exporter, interval);
    let first_cycle = sender.first_cycle();
    let id = pipeline.runtime.add(Box::new(sender), first_cycle);
    pipeline.set_sender(id, transport, known_agent);
    process_discovery::publish(settings);
    if settings.lifecycle.shares_context {
        share_thread_contexts();
        process_context::publish(settings);
    }
    Ok((pipeline, snapshot))
}

/// The exporter of a tracer's sender, with the transport to interrupt when it must end.
pub(super) fn exporter_of(parts: &Parts) -> Result<(Exporter, Option<Arc<dyn Transport>>), BuildError> {
    if let Some(shared) = &parts.exporter {
        return Ok((shared.exporter(), None));
    }
    let settings = &parts.config.settings;
    if settings.exporter == ExporterChoice::Otlp {
        return otlp::exporter_of(parts);
    }
    match &settings.agentless {
        Some(agentless) if parts.transport.is_none() => return agentless_exporter(settings, agentless),
        Some(_) => crate::log::log_warn!("traces go to the agent by the host's transport, which knows no other way"),
        None => {}
    }
    let (link, transport) = link(parts, || open_transport(settings))?;
    let exporter = agent_exporter(settings, link);
    Ok(match span_metrics_sender(parts)? {
        None => (Exporter::Agent(Box::new(exporter)), transport),
        Some((metrics, of_metrics)) => {
            (Exporter::Agent(Box::new(exporter.with_span_metrics(metrics))), together([transport, of_metrics]))
        }
    })
}

fn agentless_exporter(
    settings: &Settings,
    agentless: &AgentlessSettings,
) -> Result<(Exporter, Option<Arc<dyn Transport>>), BuildError> {
    let options = TransportOptions {
        connect_timeout: AgentlessExporter::TIMEOUT,
        proxy: settings.network.proxies.proxy_for(&agentless.url).cloned(),
        authorities: authorities(settings),
    };
    let transport = AgentTransport::with_options(&agentless.url, &options).map_err(BuildError::Transport)?;
    let transport: Arc<dyn Transport> = Arc::new(transport);
    let (identity, runtime) = (&settings.identity, &settings.runtime);
    let encoder = AgentlessJson::new(&[
        ("hostname", &hostname(identity).unwrap_or_default()),
        ("env", identity.env.as_deref().unwrap_or_default()),
        ("languageName", &runtime.language),
        ("languageVersion", &runtime.language_version),
        ("tracerVersion", env!("CARGO_PKG_VERSION")),
        ("runtimeID", &runtime_id()),
        ("containerID", &Origin::detect().container_id.unwrap_or_default()),
    ]);
    let exporter = AgentlessExporter::new(encoder, Arc::clone(&transport), agentless.api_key.clone());
    Ok((Exporter::Agentless(Box::new(exporter)), Some(transport)))
}

pub(super) fn open_transport(settings: &Settings) -> Result<AgentTransport, BuildError> {
    // The agent is a neighbour, to whom no proxy leads.
    let options = TransportOptions { connect_timeout: settings.agent.timeout, proxy: None, authorities: authorities(settings) };
    AgentTransport::with_options(&settings.agent.url, &options).map_err(BuildError::Transport)
}

pub(super) fn authorities(settings: &Settings) -> TrustedAuthorities {
    let network = &settings.network;
    TrustedAuthorities { file: network.certificate_file.clone(), directory: network.certificate_directory.clone() }
}
