use super::*;
use crate::config::{AgentUrl, Origin};

fn url(variables: &[(&str, &str)]) -> String {
    let config = with_env(variables);
    assert_eq!(AgentUrl::parse(&text(&config, "DD_TRACE_AGENT_URL")).as_ref(), Some(&config.settings.agent.url));
    text(&config, "DD_TRACE_AGENT_URL")
}

fn beside_a_socket(variables: &[(&str, &str)]) -> Config {
    let mut surroundings = Surroundings::with_variables(variables);
    surroundings.has_agent_socket = true;
    ConfigBuilder::new().resolve_in(&surroundings)
}

#[test]
fn a_url_wins_and_is_kept_as_it_is() {
    for (given, kept) in [
        ("http://agent:8126", "http://agent:8126"),
        ("http://agent:80/", "http://agent:80"),
        ("https://agent:8443/base/", "https://agent:8443/base"),
        ("unix:///no/such/socket", "unix:///no/such/socket"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ] {
        assert_eq!(url(&[("DD_TRACE_AGENT_URL", given), ("DD_AGENT_HOST", "other"), ("DD_TRACE_AGENT_PORT", "1")]), kept);
    }
    assert_eq!(url(&[("DD_TRACE_URL", "http://old:1")]), "http://old:1");
}

#[test]
fn host_or_port_make_a_url() {
    for (variables, expected) in [
        (&[("DD_AGENT_HOST", "agent")][..], "http://agent:8126"),
        (&[("DD_TRACE_AGENT_HOSTNAME", "agent")], "http://agent:8126"),
        (&[("DD_TRACE_AGENT_PORT", "9126")], "http://localhost:9126"),
        (&[("DD_AGENT_PORT", "9126"), ("DD_AGENT_HOST", "10.0.0.1")], "http://10.0.0.1:9126"),
        (&[("DD_AGENT_HOST", "::1")], "http://[::1]:8126"),
        (&[("DD_AGENT_HOST", "[::1]")], "http://[::1]:8126"),
        (&[("DD_AGENT_HOST", "agent"), ("DD_TRACE_AGENT_PORT", "99999")], "http://agent:8126"),
        (&[("DD_AGENT_HOST", "agent"), ("DD_TRACE_AGENT_PORT", "x")], "http://agent:8126"),
        (&[("DD_AGENT_HOST", "http://agent:1")], "http://localhost:8126"),
        (&[("DD_TRACE_AGENT_URL", "ftp://x"), ("DD_AGENT_HOST", "agent")], "http://agent:8126"),
        (&[("DD_TRACE_AGENT_URL", "ftp://x")], "http://localhost:8126"),
        (&[("DD_TRACE_AGENT_URL", "")], "http://localhost:8126"),
        (&[], "http://localhost:8126"),
    ] {
        assert_eq!(url(variables), expected, "{variables:?}");
    }
}

#[test]
fn the_socket_is_used_where_it_is_there_and_nothing_was_given() {
    let config = beside_a_socket(&[]);
    assert_eq!(config.settings.agent.url, AgentUrl::unix("/var/run/datadog/apm.socket"));
    assert_eq!(config.origin("DD_TRACE_AGENT_URL"), Some(Origin::Calculated));
    for variables in [&[("DD_AGENT_HOST", "localhost")][..], &[("DD_TRACE_AGENT_PORT", "8126")], &[("DD_TRACE_AGENT_PORT", "0")]]
    {
        assert_eq!(beside_a_socket(variables).settings.agent.url, AgentUrl::http("localhost", 8126), "{variables:?}");
    }
    let url = beside_a_socket(&[("DD_TRACE_AGENT_URL", "ftp://x")]).settings.agent.url;
    assert_eq!(url, AgentUrl::unix("/var/run/datadog/apm.socket"));
}

#[test]
fn user_and_password_are_never_shown() {
    let secret = "http://user:hunter2@agent:8126";
    let config = with_env(&[("DD_TRACE_AGENT_URL", secret), ("DD_AGENT_HOST", "u:hunter2@host")]);
    assert_eq!(config.settings.agent.url, AgentUrl::http("agent", 8126));
    assert_eq!(text(&config, "DD_TRACE_AGENT_URL"), "http://agent:8126");
    assert!(!format!("{config:?}").contains("hunter2"));
    let config = with_env(&[("DD_TRACE_AGENT_URL", "ftp://user:hunter2@agent")]);
    assert!(config.warnings()[0].contains("ftp://agent"));
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!refusal("DD_TRACE_AGENT_URL", "ftp://user:hunter2@agent").to_string().contains("hunter2"));
}
