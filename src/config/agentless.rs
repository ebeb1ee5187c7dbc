//! Traces without an agent, straight to Datadog: whether, where to, and with which key.

use super::agent_url::AgentUrl;
use super::exporter_choice::ExporterChoice;
use super::resolution::Resolution;
use super::value::Value;
use std::fmt;

const SWITCH: &str = "_DD_APM_TRACING_AGENTLESS_ENABLED";
const HTTPS_PORT: u16 = 443;

/// Sending without an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentlessSettings {
    /// The intake.
    pub url: AgentUrl,
    /// The key of the account.
    pub api_key: ApiKey,
}

/// A key, which is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key.
    pub fn new(key: &str) -> Self {
        ApiKey(key.to_owned())
    }

    /// The key, for the header of a request and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(<redacted>)")
    }
}

/// Decides whether there is an agent. What names another destination wins, with a warning, and so does the agent without a key.
pub(super) fn settle(resolution: &mut Resolution) -> Option<AgentlessSettings> {
    if !resolution.flag(SWITCH) {
        return None;
    }
    match obstacle(resolution) {
        Some(obstacle) => {
            resolution.warn(format!("{SWITCH} has no effect: {obstacle}"));
            None
        }
        None => Some(AgentlessSettings {
            url: match resolution.value("_DD_APM_TRACING_AGENTLESS_URL") {
                Value::Url(url, _) => url.clone(),
                _ => intake(&resolution.text("DD_SITE").unwrap_or_default()),
            },
            api_key: ApiKey::new(&resolution.text("DD_API_KEY").unwrap_or_default()),
        }),
    }
}

fn obstacle(resolution: &Resolution) -> Option<String> {
    match resolution.value("LIBDDTRACE_EXPORTER") {
        Value::Exporter(ExporterChoice::Agent) => {}
        Value::Exporter(other) => return Some(format!("traces go to {other}")),
        _ => {}
    }
    if resolution.flag("LIBDDTRACE_HOST_DRIVEN") {
        return Some("the host sends, and it sends to the agent (LIBDDTRACE_HOST_DRIVEN)".to_owned());
    }
    if resolution.is_set("DD_TRACE_AGENT_URL") {
        return Some("DD_TRACE_AGENT_URL names an agent".to_owned());
    }
    if resolution.text("DD_API_KEY").is_none_or(|key| key.is_empty()) {
        return Some("DD_API_KEY is not set; traces go to the agent".to_owned());
    }
    None
}

/// The intake of a site.
fn intake(site: &str) -> AgentUrl {
    let site = site.trim_end_matches('.').to_ascii_lowercase();
    let host = match site.as_str() {
        "datadoghq.com" | "datadoghq.eu" | "datad0g.com" => format!("public-trace-http-intake.logs.{site}"),
        "us3.datadoghq.com" | "us5.datadoghq.com" => format!("trace.{}", browser_intake(&site)),
        _ => browser_intake(&site),
    };
    AgentUrl::Https { host, port: HTTPS_PORT, base_path: String::new() }
}

fn browser_intake(site: &str) -> String {
    match site.rsplit_once('.') {
        Some((name, top_level)) => format!("browser-intake-{}.{top_level}", name.replace('.', "-")),
        None => format!("browser-intake-{site}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_has_its_intake() {
        for (site, host) in [
            ("datadoghq.com", "public-trace-http-intake.logs.datadoghq.com"),
            ("DatadogHQ.eu", "public-trace-http-intake.logs.datadoghq.eu"),
            ("datad0g.com", "public-trace-http-intake.logs.datad0g.com"),
            ("us3.datadoghq.com", "trace.browser-intake-us3-datadoghq.com"),
            ("us5.datadoghq.com", "trace.browser-intake-us5-datadoghq.com"),
            ("ap1.datadoghq.com", "browser-intake-ap1-datadoghq.com"),
            ("ap2.datadoghq.com", "browser-intake-ap2-datadoghq.com"),
            ("uk1.datadoghq.com", "browser-intake-uk1-datadoghq.com"),
            ("ddog-gov.com", "browser-intake-ddog-gov.com"),
            ("a.b.c.example", "browser-intake-a-b-c.example"),
            ("local", "browser-intake-local"),
        ] {
            assert_eq!(intake(site).to_string(), format!("https://{host}"), "{site}");
        }
    }

    #[test]
    fn the_key_is_not_shown() {
        assert!(!format!("{:?}", ApiKey::new("hunter2")).contains("hunter2"));
    }
}
