//! From settings to trace statistics.

use super::snapshot::{hostname, runtime_id};
use crate::config::Settings;
use crate::stats::Concentrator;
use crate::wire::StatsFacts;

/// Trace statistics for the agent, nothing counted yet. `now_ns`: Unix time in nanoseconds.
pub fn make_concentrator(settings: &Settings, now_ns: i64) -> Concentrator {
    let stats = &settings.stats;
    Concentrator::new(stats_facts(settings), stats.additional_tags.clone(), stats.limits, now_ns)
}

fn stats_facts(settings: &Settings) -> StatsFacts {
    let identity = &settings.identity;
    // A name that was given is reported in any case; the system's only if it is to be.
    let hostname = if identity.report_hostname { hostname(identity) } else { identity.hostname.clone() };
    StatsFacts {
        hostname: hostname.unwrap_or_default(),
        env: identity.env.clone().unwrap_or_default(),
        version: identity.version.clone().unwrap_or_default(),
        service: identity.service.clone(),
        language: settings.runtime.language.clone(),
        tracer_version: env!("CARGO_PKG_VERSION").to_owned(),
        runtime_id: runtime_id(),
        git_commit_sha: identity.git_commit_sha.clone().filter(|_| identity.git_metadata).unwrap_or_default(),
        process_tags: identity.process_tags.clone().unwrap_or_default(),
    }
}
