use super::*;
use crate::config::AgentUrl;

const ENABLED: (&str, &str) = ("_DD_APM_TRACING_AGENTLESS_ENABLED", "true");
const KEY: (&str, &str) = ("DD_API_KEY", "hunter2");

#[test]
fn agentless_needs_a_key_and_knows_the_site() {
    let config = with_env(&[ENABLED, KEY, ("DD_SITE", "us5.datadoghq.com")]);
    let agentless = config.settings.agentless.as_ref().unwrap();
    assert_eq!(agentless.url.to_string(), "https://trace.browser-intake-us5-datadoghq.com");
    assert_eq!(agentless.api_key.reveal(), "hunter2");
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
    assert!(with_env(&[KEY]).settings.agentless.is_none());
}

#[test]
fn agentless_gives_way_to_what_names_another_destination() {
    for (name, value, reason) in [
        ("DD_API_KEY", "", "DD_API_KEY is not set"),
        ("DD_TRACE_AGENT_URL", "http://agent:1", "DD_TRACE_AGENT_URL"),
        ("LIBDDTRACE_EXPORTER", "console", "console"),
        ("LIBDDTRACE_HOST_DRIVEN", "1", "LIBDDTRACE_HOST_DRIVEN"),
    ] {
        let mut variables = vec![ENABLED, KEY];
        variables.retain(|(other, _)| *other != name);
        variables.push((name, value));
        let config = with_env(&variables);
        assert_eq!(config.settings.agentless, None, "{name}");
        let warning = &config.warnings()[0];
        assert!(warning.contains("_DD_APM_TRACING_AGENTLESS_ENABLED has no effect") && warning.contains(reason), "{warning}");
    }
}

#[test]
fn the_intake_can_be_another_one() {
    let config = with_env(&[ENABLED, KEY, ("_DD_APM_TRACING_AGENTLESS_URL", "http://127.0.0.1:1/base")]);
    let url = config.settings.agentless.unwrap().url;
    assert_eq!(url, AgentUrl::Http { host: "127.0.0.1".to_owned(), port: 1, base_path: "/base".to_owned() });
}

#[test]
fn keys_and_passwords_are_never_shown() {
    let config =
        with_env(&[ENABLED, KEY, ("HTTPS_PROXY", "http://user:hunter2@proxy:3128"), ("DD_PROXY_HTTP", "x://u:hunter2@p")]);
    assert_eq!(text(&config, "DD_API_KEY"), "<redacted>");
    assert_eq!(text(&config, "DD_PROXY_HTTPS"), "http://proxy:3128");
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
    assert!(!format!("{:?}", config.records()).contains("hunter2"));
    assert!(!refusal("DD_API_KEY", "hunter2\n\u{7f}x").to_string().contains("hunter2"));
}

#[test]
fn proxies_have_their_usual_names_and_datadogs_win() {
    let proxy = |variables: &[(&str, &str)], url: &str| {
        let proxies = with_env(variables).settings.network.proxies;
        proxies.proxy_for(&AgentUrl::parse(url).unwrap()).map(ToString::to_string)
    };
    let named = |host: &str| Some(format!("http://{host}:1"));
    assert_eq!(proxy(&[("HTTPS_PROXY", "a:1"), ("https_proxy", "b:1")], "https://x"), named("a"));
    assert_eq!(proxy(&[("https_proxy", "b:1"), ("DD_PROXY_HTTPS", "c:1")], "https://x"), named("c"));
    assert_eq!(proxy(&[("http_proxy", "b:1")], "http://x"), named("b"));
    assert_eq!(proxy(&[("http_proxy", "b:1")], "https://x"), None);
    assert_eq!(proxy(&[("https_proxy", "b:1"), ("NO_PROXY", "x,y")], "https://x"), None);
    assert_eq!(proxy(&[("https_proxy", "b:1"), ("NO_PROXY", "x"), ("DD_PROXY_NO_PROXY", "y")], "https://x"), named("b"));
}

#[test]
fn in_a_cgi_program_a_header_is_no_proxy() {
    let config = with_env(&[("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")]);
    assert_eq!(config.settings.network.proxies.http, None);
    let config = with_env(&[("HTTP_PROXY", "http://good:1")]);
    assert!(config.settings.network.proxies.http.is_some());
}
