//! Platforms that stop a process as soon as its work is done: there, traces are sent before the end of a span returns.

use super::exporter_choice::ExporterChoice;
use super::process::{Environment, Surroundings};
use super::resolution::Resolution;
use super::value::Value;

/// Where the Datadog extension of AWS Lambda lies.
pub(super) const LAMBDA_EXTENSION: &str = "/opt/extensions/datadog-agent";

/// Variables by which a platform is recognised; all of one row are set.
const PLATFORMS: &[&[&str]] = &[
    // Azure Functions
    &["FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION"],
    // Google Cloud functions of the second and the first generation, and jobs of Cloud Run
    &["K_SERVICE", "FUNCTION_TARGET"],
    &["FUNCTION_NAME", "GCP_PROJECT"],
    &["CLOUD_RUN_JOB"],
];

/// Settles whether sending is synchronous, unless the user says.
pub(super) fn complete(resolution: &mut Resolution, surroundings: &Surroundings) {
    if !resolution.is_set("LIBDDTRACE_SYNCHRONOUS") {
        // What a function writes to its log it writes before it is stopped.
        let writes_log = matches!(resolution.value("LIBDDTRACE_EXPORTER"), Value::Exporter(ExporterChoice::Log));
        let stops = stops_processes(surroundings) || (writes_log && is_lambda(&surroundings.environment));
        resolution.calculate("LIBDDTRACE_SYNCHRONOUS", Value::Bool(stops));
    }
}

fn stops_processes(surroundings: &Surroundings) -> bool {
    let environment = &surroundings.environment;
    let is_set = |name: &&str| environment.get_non_empty(name).is_some();
    let is_lambda = surroundings.has_lambda_extension && is_lambda(environment);
    is_lambda || PLATFORMS.iter().any(|variables| variables.iter().all(is_set))
}

/// Whether this is a function of AWS Lambda.
pub(super) fn is_lambda(environment: &Environment) -> bool {
    environment.get_non_empty("AWS_LAMBDA_FUNCTION_NAME").is_some()
}

#[cfg(test)]
mod tests {
    use super::super::resolved::Config;
    use super::*;
    use std::collections::HashMap;

    fn is_synchronous(variables: &[(&str, &str)], has_lambda_extension: bool) -> bool {
        let surroundings = Surroundings { has_lambda_extension, ..Surroundings::with_variables(variables) };
        Config::resolve(&HashMap::new(), &surroundings).settings.writer.is_synchronous
    }

    #[test]
    fn platforms_that_stop_processes_are_recognised() {
        let lambda = [("AWS_LAMBDA_FUNCTION_NAME", "f")];
        assert!(is_synchronous(&lambda, true));
        assert!(is_synchronous(&lambda, false), "the log is written at once");
        let elsewhere = [lambda[0], ("DD_AGENT_HOST", "agent")];
        assert!(!is_synchronous(&elsewhere, false), "an agent that is not beside the function");
        assert!(!is_synchronous(&[], true));
        assert!(is_synchronous(&[("FUNCTIONS_WORKER_RUNTIME", "node"), ("FUNCTIONS_EXTENSION_VERSION", "~4")], false));
        assert!(!is_synchronous(&[("FUNCTIONS_WORKER_RUNTIME", "node"), ("FUNCTIONS_EXTENSION_VERSION", " ")], false));
        assert!(is_synchronous(&[("K_SERVICE", "s"), ("FUNCTION_TARGET", "t")], false));
        assert!(!is_synchronous(&[("K_SERVICE", "s")], false), "a service of Cloud Run lives on");
        assert!(is_synchronous(&[("FUNCTION_NAME", "f"), ("GCP_PROJECT", "p")], false));
        assert!(is_synchronous(&[("CLOUD_RUN_JOB", "j")], false));
    }

    #[test]
    fn the_user_decides_otherwise() {
        assert!(is_synchronous(&[("LIBDDTRACE_SYNCHRONOUS", "true")], false));
        assert!(!is_synchronous(&[("CLOUD_RUN_JOB", "j"), ("LIBDDTRACE_SYNCHRONOUS", "false")], false));
    }
}
