//! The result of a resolution: typed settings, and the account of how they came about.

use super::agent_endpoint;
use super::assemble;
use super::dogstatsd;
use super::evaluation::{Evaluation, Origin};
use super::identity;
use super::otel::OtelFinding;
use super::platform;
use super::process::Surroundings;
use super::remote_settings::RemoteSettings;
use super::resolution::Resolution;
use super::rule_files;
use super::serverless;
use super::settings::Settings;
use super::table::position;
use super::unknown;
use super::value::Value;
use crate::lock::Mutex;
use std::collections::{HashMap, HashSet};

/// Settled settings; never changes.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings, typed.
    pub settings: Settings,
    texts: Vec<(Option<String>, Origin)>,
    pub(super) remote: RemoteSettings,
    pub(super) records: Vec<Evaluation>,
    warnings: Vec<String>,
    otel_findings: Vec<OtelFinding>,
    unknown_variables: Vec<String>,
}

impl Config {
    pub(super) fn resolve(code: &HashMap<&'static str, String>, surroundings: &Surroundings) -> Self {
        let mut resolution = Resolution::gather(code, surroundings);
        serverless::complete(&mut resolution, surroundings);
        agent_endpoint::complete(&mut resolution, surroundings.has_agent_socket);
        dogstatsd::complete(&mut resolution);
        rule_files::complete(&mut resolution);
        let service_is_user_set = identity::complete(&mut resolution, surroundings);
        complete_log_level(&mut resolution);
        platform::complete(&mut resolution, surroundings);
        let settings = assemble::settings(&mut resolution, service_is_user_set, surroundings);
        let texts = resolution.texts();
        let (records, warnings, otel_findings) = resolution.into_records();
        let unknown_variables = unknown::variables(&surroundings.environment);
        let remote = RemoteSettings::default();
        Config { settings, texts, remote, records, warnings, otel_findings, unknown_variables }
    }

    /// The value in effect as text, by any name of the setting: numbers in decimal, lists and maps joined with commas. `None`
    /// if it is unset or there is no such setting; `<redacted>` if it is sensitive.
    pub fn value_text(&self, name: &str) -> Option<String> {
        if let Some(remote) = self.remote_value(name) {
            return remote.text();
        }
        self.texts.get(position(name)?)?.0.clone()
    }

    /// Where the value in effect came from; `None` if there is no such setting.
    pub fn origin(&self, name: &str) -> Option<Origin> {
        if self.remote_value(name).is_some() {
            return Some(Origin::RemoteConfig);
        }
        self.texts.get(position(name)?).map(|(_, origin)| *origin)
    }

    /// Every value seen, setting by setting in the order of the table. Within a setting those that were refused come first,
    /// then the others from weakest to strongest: the last one is in effect.
    pub fn records(&self) -> &[Evaluation] {
        &self.records
    }

    /// What the user should know: values that were ignored, deprecated names, and the like.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The warnings that nobody in this process has asked for before, for the log: many tracers may be built with one
    /// environment. At most 1024 are remembered.
    pub fn new_warnings(&self) -> Vec<&str> {
        static KNOWN: Mutex<Option<HashSet<String>>> = Mutex::new(None);
        const MOST: usize = 1024;
        // In a forked child the lock may be held by a thread that is gone: then everything is new.
        let Some(mut known) = KNOWN.lock_soon() else { return self.warnings.iter().map(String::as_str).collect() };
        let known = known.get_or_insert_with(HashSet::new);
        let mut is_new =
            |warning: &&String| !known.contains(*warning) && (known.len() >= MOST || known.insert((*warning).clone()));
        self.warnings.iter().filter(|warning| is_new(warning)).map(String::as_str).collect()
    }

    /// Variables that look like settings and are none, those that nobody in this process has asked for before.
    pub fn new_unknown_variables(&self) -> Vec<&str> {
        unknown::new_ones(&self.unknown_variables)
    }

    /// What is wrong with OpenTelemetry variables, for telemetry.
    pub fn otel_findings(&self) -> &[OtelFinding] {
        &self.otel_findings
    }
}

/// Debug mode means level `debug`, unless a level was given.
fn complete_log_level(resolution: &mut Resolution) {
    if *resolution.value("DD_TRACE_DEBUG") == Value::Bool(true) && !resolution.is_set("DD_TRACE_LOG_LEVEL") {
        resolution.calculate("DD_TRACE_LOG_LEVEL", Value::Choice("debug"));
    }
}
