//! Functions in the cloud that have no agent: their traces leave through the log.

use super::exporter_choice::ExporterChoice;
use super::platform::is_lambda;
use super::process::Surroundings;
use super::resolution::Resolution;
use super::value::Value;

/// Settings that name an agent, or another way of the traces.
const OTHER_WAYS: [&str; 6] = [
    "LIBDDTRACE_EXPORTER",
    "DD_TRACE_AGENT_URL",
    "DD_AGENT_HOST",
    "DD_TRACE_AGENT_PORT",
    "LIBDDTRACE_HOST_DRIVEN",
    "_DD_APM_TRACING_AGENTLESS_ENABLED",
];

/// Chooses the log in a Lambda function without the extension, unless the settings name an agent or another way.
pub(super) fn complete(resolution: &mut Resolution, surroundings: &Surroundings) {
    let is_lambda = is_lambda(&surroundings.environment);
    let has_agent = surroundings.has_lambda_extension || surroundings.has_agent_socket;
    if is_lambda && !has_agent && !OTHER_WAYS.into_iter().any(|name| resolution.is_given(name)) {
        resolution.calculate("LIBDDTRACE_EXPORTER", Value::Exporter(ExporterChoice::Log));
    }
}
