//! From settings to an exporter of OTLP.

use super::build::{BuildError, Parts, authorities, open_transport as open_agent_transport};
use super::build_agent::discovery;
use super::links::{link, together};
use super::snapshot::{hostname, runtime_id};
use super::statistics::span_metrics_sender;
use crate::config::{OtlpSettings, Settings};
use crate::export::{Exporter, OtlpExporter};
use crate::transport::{AgentTransport, Transport, TransportOptions};
use crate::wire::otlp::OtlpFacts;
use std::sync::Arc;

/// The exporter of a tracer's sender, with the transport to interrupt when it must end.
pub(super) fn exporter_of(parts: &Parts) -> Result<(Exporter, Option<Arc<dyn Transport>>), BuildError> {
    let settings = &parts.config.settings;
    let otlp = &settings.otlp_traces;
    crate::log::log_debug!("traces go to {} by OTLP ({})", otlp.endpoint, otlp.protocol);
    let (of_traces, transport) = link(parts, || open_transport(settings, otlp))?;
    let exporter = OtlpExporter::new(otlp, &facts(settings), of_traces);
    let Some((metrics, of_metrics)) = span_metrics_sender(parts)? else {
        return Ok((Exporter::Otlp(Box::new(exporter)), transport));
    };
    let (to_agent, of_agent) = link(parts, || open_agent_transport(settings))?;
    let exporter = exporter.with_span_metrics(metrics, discovery(settings, to_agent));
    Ok((Exporter::Otlp(Box::new(exporter)), together([transport, of_metrics, of_agent])))
}

/// The library's own transport to an endpoint.
pub(super) fn open_transport(settings: &Settings, otlp: &OtlpSettings) -> Result<AgentTransport, BuildError> {
    let server = &otlp.endpoint.server;
    let options = TransportOptions {
        connect_timeout: otlp.timeout,
        proxy: settings.network.proxies.proxy_for(server).cloned(),
        authorities: authorities(settings),
    };
    AgentTransport::with_options(server, &options).map_err(BuildError::Transport)
}

fn facts(settings: &Settings) -> OtlpFacts {
    let identity = &settings.identity;
    let reported_hostname = if identity.report_hostname { hostname(identity) } else { None };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let attributes = vec![
        ("deployment.environment.name", identity.env.clone().unwrap_or_default()),
        ("service.version", identity.version.clone().unwrap_or_default()),
        ("telemetry.sdk.name", "datadog".to_owned()),
        ("telemetry.sdk.language", language(&settings.runtime.language).to_owned()),
        ("telemetry.sdk.version", version.clone()),
        ("runtime-id", runtime_id()),
        ("host.name", reported_hostname.unwrap_or_default()),
    ];
    let pure_attributes = settings.otel_api.semantics;
    OtlpFacts {
        service: identity.service.clone(),
        attributes,
        version,
        pure_attributes,
        computes_stats: settings.span_metrics.is_some(),
    }
}

/// The language as OpenTelemetry names it.
pub(super) fn language(language: &str) -> &str {
    if language == "javascript" { "nodejs" } else { language }
}
