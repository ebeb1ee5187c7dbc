//! Where the agent is when no URL was given: host and port, the agent's usual socket, or the usual port of this machine.

use super::agent_url::AgentUrl;
use super::resolution::Resolution;
use super::value::Value;

/// Where the agent listens when it shares a directory with its applications.
pub(super) const DEFAULT_SOCKET: &str = "/var/run/datadog/apm.socket";
const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 8126;

/// Derives the URL of the agent, unless a valid one was given. A host or port that was given, valid or not, means TCP.
pub(super) fn complete(resolution: &mut Resolution, has_agent_socket: bool) {
    if resolution.is_set("DD_TRACE_AGENT_URL") {
        return;
    }
    let is_tcp = resolution.is_given("DD_AGENT_HOST") || resolution.is_given("DD_TRACE_AGENT_PORT");
    let url = match is_tcp || !has_agent_socket {
        true => AgentUrl::http(&host(resolution), port(resolution)),
        false => AgentUrl::unix(DEFAULT_SOCKET),
    };
    let text = url.to_string();
    resolution.calculate("DD_TRACE_AGENT_URL", Value::Url(url, text));
}

fn host(resolution: &Resolution) -> String {
    resolution.value("DD_AGENT_HOST").text().unwrap_or_else(|| DEFAULT_HOST.to_owned())
}

fn port(resolution: &Resolution) -> u16 {
    match resolution.value("DD_TRACE_AGENT_PORT") {
        Value::Int(port) => u16::try_from(*port).unwrap_or(DEFAULT_PORT),
        _ => DEFAULT_PORT,
    }
}

/// The agent's URL that is in effect.
pub(super) fn url(resolution: &Resolution) -> AgentUrl {
    match resolution.value("DD_TRACE_AGENT_URL") {
        Value::Url(url, _) => url.clone(),
        _ => AgentUrl::http(DEFAULT_HOST, DEFAULT_PORT),
    }
}
