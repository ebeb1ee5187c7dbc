//! Where traces go from functions in the cloud.

use super::*;
use crate::config::{ExporterChoice, Origin};

const LAMBDA: (&str, &str) = ("AWS_LAMBDA_FUNCTION_NAME", "resize");

#[test]
fn a_lambda_function_without_the_extension_writes_traces_to_its_log() {
    let config = with_env(&[LAMBDA]);
    assert_eq!(config.settings.exporter, ExporterChoice::Log);
    assert_eq!(text(&config, "LIBDDTRACE_EXPORTER"), "log");
    assert_eq!(config.origin("LIBDDTRACE_EXPORTER"), Some(Origin::Calculated));
    assert_eq!(with_env(&[("AWS_LAMBDA_FUNCTION_NAME", " ")]).settings.exporter, ExporterChoice::Agent);
}

#[test]
fn the_extension_is_an_agent() {
    let mut surroundings = Surroundings::with_variables(&[LAMBDA]);
    surroundings.has_lambda_extension = true;
    assert_eq!(ConfigBuilder::new().resolve_in(&surroundings).settings.exporter, ExporterChoice::Agent);
}

#[test]
fn an_agent_or_another_way_that_is_named_wins() {
    for named in [
        ("DD_TRACE_AGENT_URL", "http://agent:8126"),
        ("DD_AGENT_HOST", "agent"),
        ("DD_TRACE_AGENT_PORT", "8126"),
        ("LIBDDTRACE_EXPORTER", "agent"),
        ("LIBDDTRACE_HOST_DRIVEN", "true"),
        ("_DD_APM_TRACING_AGENTLESS_ENABLED", "true"),
    ] {
        assert_eq!(with_env(&[LAMBDA, named]).settings.exporter, ExporterChoice::Agent, "{named:?}");
    }
    assert_eq!(with_code(&[("LIBDDTRACE_EXPORTER", "null")], &[LAMBDA]).settings.exporter, ExporterChoice::Null);
}
