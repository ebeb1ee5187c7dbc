//! From settings to an exporter of OTLP.

use super::build::{BuildError, Parts, authorities};
use super::snapshot::{hostname, runtime_id};
use crate::config::Settings;
use crate::export::{Exporter, Link, OtlpExporter};
use crate::transport::{AgentTransport, Transport, TransportOptions};
use crate::wire::otlp::OtlpFacts;
use std::sync::Arc;

/// The exporter of a tracer's sender, with the transport to interrupt when it must end.
pub(super) fn exporter_of(parts: &Parts) -> Result<(Exporter, Option<Arc<dyn Transport>>), BuildError> {
    let settings = &parts.config.settings;
    let otlp = &settings.otlp_traces;
    crate::log::log_debug!("traces go to {} by OTLP ({})", otlp.endpoint, otlp.protocol);
    let (link, transport) = match &parts.transport {
        Some(begin) => (Link::Host(Arc::clone(begin)), None),
        None => {
            let transport: Arc<dyn Transport> = Arc::new(open_transport(settings)?);
            (Link::Blocking(Arc::clone(&transport)), Some(transport))
        }
    };
    Ok((Exporter::Otlp(Box::new(OtlpExporter::new(otlp, &facts(settings), link))), transport))
}

fn open_transport(settings: &Settings) -> Result<AgentTransport, BuildError> {
    let server = &settings.otlp_traces.endpoint.server;
    let options = TransportOptions {
        connect_timeout: settings.otlp_traces.timeout,
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
    OtlpFacts { service: identity.service.clone(), attributes, version, pure_attributes, computes_stats: false }
}

/// The language as OpenTelemetry names it.
fn language(language: &str) -> &str {
    if language == "javascript" { "nodejs" } else { language }
}
