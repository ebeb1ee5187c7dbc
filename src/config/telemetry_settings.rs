//! Instrumentation telemetry: whether, where to, and how often.

use super::agent_url::AgentUrl;
use super::agentless::{AgentlessSettings, ApiKey};
use super::exporter_choice::ExporterChoice;
use super::process::{Environment, Surroundings};
use super::resolution::Resolution;
use super::value::Value;
use std::time::Duration;

/// Instrumentation telemetry.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// Whether there is any.
    pub enabled: bool,
    /// Whether somebody said so.
    pub enabled_is_set: bool,
    /// Where it goes.
    pub route: TelemetryRoute,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// Time between two heartbeats that tell everything again.
    pub extended_heartbeat: Duration,
    /// Whether metrics are sent.
    pub metrics: bool,
    /// Whether the library's own errors are sent.
    pub logs: bool,
    /// Whether dependencies are sent.
    pub dependencies: bool,
    /// Whether it is marked as telemetry for debugging.
    pub debug: bool,
    /// Who installed the library, if the installer said so.
    pub install_signature: Option<InstallSignature>,
    /// What the process that started this one said of the session.
    pub inherited_session: InheritedSession,
    /// Most endpoints in one message.
    pub endpoints_per_message: usize,
}

/// Where telemetry goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TelemetryRoute {
    /// To the agent, which hands it on.
    Agent,
    /// To Datadog.
    Intake {
        /// The server.
        url: AgentUrl,
        /// The key of the account, if it is known.
        api_key: Option<ApiKey>,
    },
}

/// Who installed the library, in the installer's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstallSignature {
    /// `DD_INSTRUMENTATION_INSTALL_ID`.
    pub id: Option<String>,
    /// `DD_INSTRUMENTATION_INSTALL_TYPE`.
    pub kind: Option<String>,
    /// `DD_INSTRUMENTATION_INSTALL_TIME`.
    pub time: Option<String>,
}

/// The ids of the sessions that this one descends from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InheritedSession {
    /// Of the first process.
    pub root: Option<String>,
    /// Of the process that started this one.
    pub parent: Option<String>,
}

const ENABLED: &str = "DD_INSTRUMENTATION_TELEMETRY_ENABLED";
/// The shortest time between two heartbeats: nothing here may spin.
const SHORTEST: Duration = Duration::from_millis(50);

pub(super) fn settings(
    resolution: &mut Resolution,
    agentless: Option<&AgentlessSettings>,
    surroundings: &Surroundings,
) -> TelemetrySettings {
    let route = route(resolution, agentless);
    let every = |resolution: &Resolution, name: &str| resolution.seconds(name).max(SHORTEST);
    TelemetrySettings {
        enabled: is_enabled(resolution),
        enabled_is_set: resolution.is_set(ENABLED),
        route,
        heartbeat: every(resolution, "DD_TELEMETRY_HEARTBEAT_INTERVAL"),
        extended_heartbeat: every(resolution, "DD_TELEMETRY_EXTENDED_HEARTBEAT_INTERVAL"),
        metrics: resolution.flag("DD_TELEMETRY_METRICS_ENABLED"),
        logs: resolution.flag("DD_TELEMETRY_LOG_COLLECTION_ENABLED"),
        dependencies: resolution.flag("DD_TELEMETRY_DEPENDENCY_COLLECTION_ENABLED"),
        debug: resolution.flag("DD_TELEMETRY_DEBUG"),
        install_signature: install_signature(resolution),
        inherited_session: inherited_session(resolution, &surroundings.environment),
        endpoints_per_message: resolution.count("DD_API_SECURITY_ENDPOINT_COLLECTION_MESSAGE_LIMIT"),
    }
}

/// What keeps its spans to itself says nothing of itself to others either, unless it is told to.
fn is_enabled(resolution: &Resolution) -> bool {
    let stays_here = match resolution.value("LIBDDTRACE_EXPORTER") {
        Value::Exporter(choice) => !matches!(choice, ExporterChoice::Agent | ExporterChoice::Otlp),
        _ => false,
    };
    resolution.flag(ENABLED) && (resolution.is_set(ENABLED) || !stays_here)
}

fn route(resolution: &Resolution, agentless: Option<&AgentlessSettings>) -> TelemetryRoute {
    let api_key = || resolution.text("DD_API_KEY").filter(|key| !key.is_empty()).map(|key| ApiKey::new(&key));
    if let Value::Url(url, _) = resolution.value("DD_APM_TELEMETRY_DD_URL") {
        return TelemetryRoute::Intake { url: url.clone(), api_key: api_key() };
    }
    match agentless {
        Some(agentless) => TelemetryRoute::Intake {
            url: AgentUrl::Https {
                host: intake_host(&resolution.text("DD_SITE").unwrap_or_default()),
                port: 443,
                base_path: String::new(),
            },
            api_key: Some(agentless.api_key.clone()),
        },
        None => TelemetryRoute::Agent,
    }
}

fn intake_host(site: &str) -> String {
    match site.trim_end_matches('.').to_ascii_lowercase().as_str() {
        "datad0g.com" => "all-http-intake.logs.datad0g.com".to_owned(),
        site => format!("instrumentation-telemetry-intake.{site}"),
    }
}

fn install_signature(resolution: &Resolution) -> Option<InstallSignature> {
    let text = |what: &str| resolution.text(&format!("DD_INSTRUMENTATION_INSTALL_{what}"));
    let signature = InstallSignature { id: text("ID"), kind: text("TYPE"), time: text("TIME") };
    (signature != InstallSignature::default()).then_some(signature)
}

fn inherited_session(resolution: &Resolution, environment: &Environment) -> InheritedSession {
    let language = resolution.text("LIBDDTRACE_LANGUAGE").unwrap_or_default();
    let read = |whose: &str| {
        let found = session_variables(whose, &language).iter().find_map(|name| environment.get_non_empty(name));
        // It goes into a header.
        found.filter(|id| id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    InheritedSession { root: read("ROOT"), parent: read("PARENT") }
}

/// The names of the variable that tells children of the session of the `ROOT` or the `PARENT`; the first one is what this language writes.
pub fn session_variables(whose: &str, language: &str) -> [String; 2] {
    let short = session_language(language);
    let mut names = [format!("_DD_{whose}_{short}_SESSION_ID"), format!("DD_{whose}_{short}_SESSION_ID")];
    if language == "nodejs" {
        names.reverse();
    }
    names
}

/// The language in the names of these variables.
fn session_language(language: &str) -> String {
    match language {
        "python" => "PY".to_owned(),
        "rust" => "RS".to_owned(),
        "nodejs" => "JS".to_owned(),
        "ruby" => "RB".to_owned(),
        other => other.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;

    fn of(variables: &[(&str, &str)]) -> TelemetrySettings {
        ConfigBuilder::new().resolve_in(&Surroundings::with_variables(variables)).settings.telemetry
    }

    #[test]
    fn defaults() {
        let settings = of(&[]);
        assert!(settings.enabled && settings.metrics && settings.logs && settings.dependencies && !settings.debug);
        assert_eq!(settings.heartbeat, Duration::from_secs(60));
        assert_eq!(settings.extended_heartbeat, Duration::from_secs(86400));
        assert_eq!(settings.route, TelemetryRoute::Agent);
        assert_eq!(settings.install_signature, None);
        assert_eq!(settings.endpoints_per_message, 300);
    }

    #[test]
    fn intervals_that_are_none_leave_the_default() {
        for text in ["0", "-1", "nan", "inf", "soon", ""] {
            assert_eq!(of(&[("DD_TELEMETRY_HEARTBEAT_INTERVAL", text)]).heartbeat, Duration::from_secs(60), "{text}");
        }
        assert_eq!(of(&[("DD_TELEMETRY_HEARTBEAT_INTERVAL", "0.1")]).heartbeat, Duration::from_millis(100));
        assert_eq!(of(&[("DD_TELEMETRY_HEARTBEAT_INTERVAL", "0.000001")]).heartbeat, SHORTEST);
    }

    #[test]
    fn what_stays_on_this_machine_has_no_telemetry_unless_it_is_wanted() {
        for (exporter, expected) in [("agent", true), ("otlp", true), ("console", false), ("null", false), ("file:/tmp/x", false)]
        {
            assert_eq!(of(&[("LIBDDTRACE_EXPORTER", exporter)]).enabled, expected, "{exporter}");
        }
        let on = ("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "true");
        assert!(of(&[("LIBDDTRACE_EXPORTER", "null"), on]).enabled);
        assert!(!of(&[("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false")]).enabled);
        assert!(!of(&[("DD_TRACE_TELEMETRY_ENABLED", "0")]).enabled);
    }

    #[test]
    fn routes() {
        let host = |variables: &[(&str, &str)]| match of(variables).route {
            TelemetryRoute::Agent => "agent".to_owned(),
            TelemetryRoute::Intake { url, api_key } => format!("{url} {}", api_key.is_some()),
        };
        let agentless = [("_DD_APM_TRACING_AGENTLESS_ENABLED", "true"), ("DD_API_KEY", "k")];
        assert_eq!(host(&agentless), "https://instrumentation-telemetry-intake.datadoghq.com true");
        let staging = [agentless[0], agentless[1], ("DD_SITE", "datad0g.com")];
        assert_eq!(host(&staging), "https://all-http-intake.logs.datad0g.com true");
        assert_eq!(host(&[agentless[0]]), "agent", "without a key there is an agent");
        assert_eq!(host(&[("DD_APM_TELEMETRY_DD_URL", "http://localhost:7777")]), "http://localhost:7777 false");
    }

    #[test]
    fn the_signature_of_an_installer_is_there_if_any_part_is() {
        let signature = of(&[("DD_INSTRUMENTATION_INSTALL_TYPE", "k8s_single_step")]).install_signature;
        assert_eq!(signature.and_then(|signature| signature.kind).as_deref(), Some("k8s_single_step"));
    }

    #[test]
    fn sessions_are_inherited_by_language() {
        let variables =
            [("_DD_ROOT_CPP_SESSION_ID", "r-1"), ("_DD_PARENT_CPP_SESSION_ID", "bad\nid"), ("_DD_ROOT_PY_SESSION_ID", "x")];
        assert_eq!(of(&variables).inherited_session, InheritedSession { root: Some("r-1".to_owned()), parent: None });
        let python = [("LIBDDTRACE_LANGUAGE", "python"), ("_DD_PARENT_PY_SESSION_ID", "p")];
        assert_eq!(of(&python).inherited_session.parent.as_deref(), Some("p"));
    }
}
