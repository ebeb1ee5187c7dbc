//! A tracer's first words: how loud the library is, what the user should know of the settings, and the start-up line.

use super::build::{BuildError, Parts};
use super::core::{Tracer, TracerHandle, new_tracer, resolve_tracer};
use super::startup_log;
use crate::config::Config;
use crate::events::hub;
use crate::log::{self, Level};
use crate::telemetry::{MetricKey, MetricKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Makes a tracer with one reference, and logs what there is to say about its settings.
pub fn start_tracer(parts: Parts) -> Result<TracerHandle, BuildError> {
    let begin = Instant::now();
    let config = Arc::clone(&parts.config);
    apply_logging(&config);
    let tracer = new_tracer(parts)?;
    log_start(&config);
    // SAFETY: a handle of this library.
    if let Ok(tracer) = unsafe { resolve_tracer(tracer) } {
        tell_init_time(tracer, begin.elapsed());
    }
    Ok(tracer)
}

/// How long it took, for telemetry.
fn tell_init_time(tracer: &Tracer, took: Duration) {
    let Some(telemetry) = tracer.membership().and_then(|membership| membership.telemetry.clone()) else { return };
    let key = MetricKey::new("general", "init_time", MetricKind::Distribution, ["component:total"].into_iter(), true);
    let _ = key.and_then(|key| telemetry.record(&key, took.as_secs_f64() * 1000.0));
}

/// Sets level and rate of the library's messages, which are of the whole process: the tracer made last decides. Then warns of values that
/// were ignored and the like, once in a process.
pub(super) fn apply_logging(config: &Config) {
    let logging = &config.settings.logging;
    log::set_max_level(logging.level);
    log::set_rate_limit(logging.rate_limit);
    log::set_stderr(logging.stderr);
    hub().set_raising(config.settings.lifecycle.listeners_raise);
    if let Err(error) = log::set_file(logging.file.as_ref()) {
        log::set_stderr(true);
        let path = logging.file.as_ref().map(|file| file.path.display().to_string()).unwrap_or_default();
        log::emit(Level::Warn, format_args!("messages are not written to {path}: {error}"));
    }
    for warning in config.new_warnings() {
        log::emit(Level::Warn, format_args!("{warning}"));
    }
    if log::enabled(Level::Debug) {
        for name in config.new_unknown_variables() {
            log::emit(Level::Debug, format_args!("environment variable {name} is not a setting of this library"));
        }
    }
}

/// Writes the start-up line, unless the settings say not to.
pub(super) fn log_start(config: &Config) {
    if config.settings.logging.startup_logs {
        log::write_to_stderr(&startup_log::line(config));
    }
}
