//! Where metrics go.

use super::super::dogstatsd::DogstatsdAddress;
use super::super::process::Surroundings;
use super::super::resolved::Config;
use super::{text, with_env};
use std::collections::HashMap;

fn address(variables: &[(&str, &str)]) -> String {
    with_env(variables).settings.dogstatsd.address.to_string()
}

#[test]
fn url_then_host_and_port_then_the_machine() {
    for (variables, expected) in [
        (&[][..], "udp://localhost:8125"),
        (&[("DD_AGENT_HOST", "localhost")], "udp://localhost:8125"),
        (&[("DD_AGENT_HOST", "agent")], "udp://agent:8125"),
        (&[("DD_AGENT_HOST", "agent"), ("DD_DOGSTATSD_HOST", "other")], "udp://other:8125"),
        (&[("DD_DOGSTATSD_HOSTNAME", "::1"), ("DD_DOGSTATSD_PORT", "8150")], "udp://[::1]:8150"),
        (&[("DD_DOGSTATSD_PORT", "0")], "udp://localhost:8125"),
        (&[("DD_DOGSTATSD_PORT", "x"), ("DD_AGENT_HOST", "agent")], "udp://agent:8125"),
        (&[("DD_DOGSTATSD_URL", "unix:///a"), ("DD_DOGSTATSD_HOST", "other")], "unix:///a"),
        (&[("DD_DOGSTATSD_URL", "/a")], "unix:///a"),
        (&[("DD_DOGSTATSD_URL", "http://x"), ("DD_DOGSTATSD_HOST", "other")], "udp://other:8125"),
    ] {
        assert_eq!(address(variables), expected, "{variables:?}");
    }
}

#[test]
fn a_url_that_cannot_be_used_is_warned_of() {
    let config = with_env(&[("DD_DOGSTATSD_URL", "tcp://x:1")]);
    assert!(config.warnings().iter().any(|warning| warning.contains("DD_DOGSTATSD_URL") && warning.contains("tcp://x:1")));
}

#[test]
fn the_socket_is_used_where_it_is_there_and_no_host_was_given() {
    let beside_a_socket = |variables: &[(&str, &str)]| {
        let surroundings = Surroundings { has_dogstatsd_socket: true, ..Surroundings::with_variables(variables) };
        Config::resolve(&HashMap::new(), &surroundings).settings.dogstatsd
    };
    let settings = beside_a_socket(&[]);
    assert_eq!(settings.address, DogstatsdAddress::unix("/var/run/datadog/dsd.socket"));
    assert!(!settings.address_is_given);
    for name in ["DD_AGENT_HOST", "DD_DOGSTATSD_HOST"] {
        assert_eq!(beside_a_socket(&[(name, "agent")]).address, DogstatsdAddress::udp("agent", 8125));
    }
    assert_eq!(beside_a_socket(&[("DD_DOGSTATSD_PORT", "9")]).address, DogstatsdAddress::udp("localhost", 9));
}

#[test]
fn host_and_port_can_be_asked_for() {
    let shown = |variables: &[(&str, &str)]| {
        let config = with_env(variables);
        (text(&config, "DD_DOGSTATSD_HOST"), text(&config, "DD_DOGSTATSD_PORT"))
    };
    let pair = |host: &str, port: &str| (host.to_owned(), port.to_owned());
    assert_eq!(shown(&[]), pair("localhost", "8125"));
    assert_eq!(shown(&[("DD_AGENT_HOST", "localhost")]), pair("localhost", "8125"));
    assert_eq!(shown(&[("DD_DOGSTATSD_HOST", "192.168.10.1")]), pair("192.168.10.1", "8125"));
    assert_eq!(shown(&[("DD_AGENT_HOST", "agent"), ("DD_DOGSTATSD_PORT", "8150")]), pair("agent", "8150"));
}

#[test]
fn switches_take_more_words() {
    for (word, expected) in [("True", true), ("yes", true), ("1", true), ("no", false), ("0", false), ("perhaps", false)] {
        assert_eq!(with_env(&[("DD_DOGSTATSD_DISABLE", word)]).settings.dogstatsd.is_disabled, expected, "{word}");
    }
    for (word, expected) in [("NO", false), ("n", false), ("off", false), ("false", false), ("0", false), ("perhaps", true)] {
        assert_eq!(with_env(&[("DD_ORIGIN_DETECTION_ENABLED", word)]).settings.dogstatsd.origin_detection, expected, "{word}");
    }
}

#[test]
fn cardinality_is_one_of_four_words() {
    let cardinality = |variables: &[(&str, &str)]| with_env(variables).settings.dogstatsd.cardinality;
    assert_eq!(cardinality(&[]), None);
    assert_eq!(cardinality(&[("DD_CARDINALITY", "low"), ("DATADOG_CARDINALITY", "high")]), Some("low"));
    assert_eq!(cardinality(&[("DATADOG_CARDINALITY", "orchestrator")]), Some("orchestrator"));
    assert_eq!(cardinality(&[("DD_CARDINALITY", "medium")]), None);
}

#[test]
fn open_telemetry_switches_metrics_of_the_runtime_off() {
    let runtime = |variables: &[(&str, &str)]| with_env(variables).settings.own_metrics.runtime;
    assert!(!runtime(&[]));
    assert!(runtime(&[("DD_RUNTIME_METRICS_ENABLED", "true")]));
    assert!(runtime(&[("DD_RUNTIME_METRICS_ENABLED", "true"), ("OTEL_METRICS_EXPORTER", "none")]), "the other one wins");
    assert!(!runtime(&[("OTEL_METRICS_EXPORTER", "none")]));
    assert!(!runtime(&[("OTEL_METRICS_EXPORTER", "otlp")]));
    let found = with_env(&[("OTEL_METRICS_EXPORTER", "prometheus")]);
    assert!(found.otel_findings().iter().any(|finding| finding.otel == "OTEL_METRICS_EXPORTER"));
}
