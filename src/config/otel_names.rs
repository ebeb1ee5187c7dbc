//! Which variables of OpenTelemetry mean something.

use super::process::Environment;
use super::table::position;

/// Neither translated nor settings in their own right, and never worth a finding.
const QUIET: &[&str] =
    &["OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"];
/// What stands behind the common beginning of settings of OTLP, for all signals or after the name of one.
const OTLP_ENDS: &[&str] =
    &["ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION", "CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE", "INSECURE"];
/// Most names that are told.
const MOST: usize = 100;

/// Whether a variable means something, here or to other parts of the program.
pub(super) fn is_known(name: &str) -> bool {
    super::otel::translated().any(|known| known == name)
        || QUIET.contains(&name)
        || name.starts_with("OTEL_BLRP_")
        || position(name).is_some()
        || is_of_otlp(name)
}

fn is_of_otlp(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("OTEL_EXPORTER_OTLP_") else { return false };
    let end = ["TRACES_", "METRICS_", "LOGS_"].iter().find_map(|signal| rest.strip_prefix(signal)).unwrap_or(rest);
    OTLP_ENDS.contains(&end)
}

/// The others in an environment, sorted.
pub(super) fn unsupported(environment: &Environment) -> Vec<String> {
    let names = environment.all().map(|(name, _)| name).filter(|name| name.starts_with("OTEL_") && !is_known(name));
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names.truncate(MOST);
    names
}
