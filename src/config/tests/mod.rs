//! Behaviour of the whole configuration, from sources to settings.

mod agent;
mod defaults;
mod dogstatsd;
mod identity;
mod network;
mod otel;
mod otlp;
mod reports;
mod rules;
mod serverless;
mod sources;
mod span_metrics;
mod stable;

use super::process::Surroundings;
use super::resolved::Config;
use super::{ConfigBuilder, ConfigError};

/// Settings from these environment variables alone.
fn with_env(variables: &[(&str, &str)]) -> Config {
    ConfigBuilder::new().resolve_in(&Surroundings::with_variables(variables))
}

/// Settings from values in code and environment variables.
fn with_code(code: &[(&str, &str)], variables: &[(&str, &str)]) -> Config {
    let mut builder = ConfigBuilder::new();
    for (name, value) in code {
        builder.set(name, value).unwrap();
    }
    builder.resolve_in(&Surroundings::with_variables(variables))
}

fn text(config: &Config, name: &str) -> String {
    config.value_text(name).unwrap_or_else(|| "(unset)".to_owned())
}

fn refusal(name: &str, value: &str) -> ConfigError {
    ConfigBuilder::new().set(name, value).unwrap_err()
}
