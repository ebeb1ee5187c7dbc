//! From settings to the exporter that sends to an agent: traces, statistics, and questions about itself.

use super::snapshot::{hostname, runtime_id};
use super::statistics::make_concentrator;
use crate::config::{Settings, TraceApiVersion};
use crate::export::agent::{
    AgentExporter, AgentFacts, AgentProtocol, Discovery, Reachability, StatsSender, StatsWish, TraceFormat,
};
use crate::export::{Client, Link};
use crate::record::unix_ns;
use crate::transport::Origin;
use crate::wire::PayloadFacts;

/// The exporter of these settings, over this link.
pub(super) fn agent_exporter(settings: &Settings, link: Link) -> AgentExporter {
    let facts = agent_facts(settings);
    let timeout = settings.agent.timeout;
    let headers = facts.headers_without_traces();
    let payload_facts = payload_facts(settings, &facts);
    let reachability = Reachability::of(&settings.agent.url.to_string(), settings.logging.startup_logs);
    let discovery = Discovery::new(link.clone(), headers.clone(), timeout).with_reachability(reachability);
    let stats = StatsSender::new(
        stats_wish(settings),
        make_concentrator(settings, unix_ns()),
        Client::new(link.clone(), timeout),
        headers,
    );
    let exporter = AgentExporter::new(AgentProtocol::new(facts), link, timeout);
    exporter.with_discovery(discovery).with_stats(stats).with_payload_facts(payload_facts)
}

/// What asks the agent about itself where traces go elsewhere.
pub(super) fn discovery(settings: &Settings, link: Link) -> Discovery {
    Discovery::new(link, agent_facts(settings).headers_without_traces(), settings.agent.timeout)
}

fn stats_wish(settings: &Settings) -> StatsWish {
    let enabled = if settings.apm_tracing_enabled { settings.agent.stats_computation } else { Some(false) };
    StatsWish { enabled, any_version: settings.agent.stats_for_any_version }
}

fn payload_facts(settings: &Settings, facts: &AgentFacts) -> PayloadFacts {
    let identity = &settings.identity;
    PayloadFacts {
        container_id: facts.origin.container_id.clone().unwrap_or_default(),
        language: facts.language.clone(),
        language_version: facts.language_version.clone(),
        tracer_version: facts.tracer_version.clone(),
        runtime_id: runtime_id(),
        env: identity.env.clone().unwrap_or_default(),
        hostname: if identity.report_hostname { hostname(identity).unwrap_or_default() } else { String::new() },
        app_version: identity.version.clone().unwrap_or_default(),
        attributes: commit(settings).map(|commit| ("_dd.git.commit.sha".to_owned(), commit)).into_iter().collect(),
    }
}

fn commit(settings: &Settings) -> Option<String> {
    settings.identity.git_commit_sha.clone().filter(|_| settings.identity.git_metadata)
}

fn agent_facts(settings: &Settings) -> AgentFacts {
    AgentFacts {
        language: settings.runtime.language.clone(),
        language_version: settings.runtime.language_version.clone(),
        interpreter: settings.runtime.interpreter.clone(),
        tracer_version: env!("CARGO_PKG_VERSION").to_owned(),
        origin: Origin::detect(),
        external_env: settings.agent.external_env.clone().unwrap_or_default(),
        extra_headers: settings.agent.extra_headers.clone(),
        format: match settings.agent.api_version {
            TraceApiVersion::V04 => TraceFormat::V04,
            TraceApiVersion::V05 => TraceFormat::V05,
            TraceApiVersion::V10 => TraceFormat::V10,
        },
        // Traces that only serve other products are in no statistics, the agent's included.
        computes_stats: !settings.apm_tracing_enabled || settings.span_metrics.is_some(),
        ..AgentFacts::default()
    }
}
