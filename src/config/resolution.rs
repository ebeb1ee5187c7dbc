//! From sources to values: for each setting all candidates, weakest first, and the strongest that is valid.

use super::error::shown;
use super::evaluation::{Evaluation, Origin, ReportedValue, next_seq_id};
use super::grammar::quoted;
use super::otel::{self, OtelFinding};
use super::process::{Surroundings, Variable};
use super::setting::Setting;
use super::stable::StableConfig;
use super::table::{SETTINGS, position};
use super::value::Value;
use std::collections::HashMap;

/// A value that one source has for a setting.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub origin: Origin,
    /// The text given; `None` for values that the library made.
    pub raw: Option<String>,
    /// The value, or what was expected instead.
    pub value: Result<Value, String>,
    /// The name of the state of the file that it came from.
    pub config_id: Option<String>,
}

impl Candidate {
    /// A value from anywhere but a file.
    pub(super) fn new(origin: Origin, raw: Option<String>, value: Result<Value, String>) -> Self {
        Candidate { origin, raw, value, config_id: None }
    }
}

/// The candidates of one setting, weakest first. The first one is the default.
#[derive(Clone, Debug)]
struct Entry {
    setting: &'static Setting,
    candidates: Vec<Candidate>,
}

/// All candidates of all settings, in the order of the table.
#[derive(Clone, Debug)]
pub(super) struct Resolution {
    entries: Vec<Entry>,
    warnings: Vec<String>,
    otel_findings: Vec<OtelFinding>,
}

const UNSET: &Value = &Value::Unset;

impl Resolution {
    /// Collects what defaults, environment and code say. The code's values are keyed by canonical name.
    pub(super) fn gather(code: &HashMap<&'static str, String>, surroundings: &Surroundings) -> Self {
        let mut resolution = Resolution { entries: Vec::new(), warnings: Vec::new(), otel_findings: Vec::new() };
        let [local, fleet] = stable_configs(code, surroundings, |warning| resolution.warn(warning));
        for setting in SETTINGS {
            let mut entry = Entry { setting, candidates: vec![default_of(setting)] };
            resolution.offer_stable(&mut entry, Origin::LocalStableConfig, &local);
            let variable = |name: &str| surroundings.environment.read(name);
            if let Some((spelling, raw)) = resolution.first_name("environment variable", setting, variable) {
                let place = format!("environment variable {spelling}");
                resolution.offer(&mut entry, Origin::EnvVar, &place, raw);
            }
            resolution.offer_stable(&mut entry, Origin::FleetStableConfig, &fleet);
            if let Some(raw) = code.get(setting.name) {
                resolution.offer(&mut entry, Origin::Code, setting.name, raw.clone());
            }
            resolution.entries.push(entry);
        }
        otel::translate(&surroundings.environment, &mut resolution);
        resolution
    }

    fn offer_stable(&mut self, entry: &mut Entry, origin: Origin, file: &StableConfig) {
        let read = |name: &str| file.value(name).map_or(Variable::Absent, |text| Variable::Text(text.to_owned()));
        let Some((name, raw)) = self.first_name(&file.place.to_string_lossy(), entry.setting, read) else { return };
        self.offer(entry, origin, &format!("{}: {name}", file.place.display()), raw);
        if let Some(candidate) = entry.candidates.last_mut() {
            candidate.config_id.clone_from(&file.config_id);
        }
    }

    /// The value of a setting in one source: by the first of its names that is there and says something.
    fn first_name(&mut self, source: &str, setting: &Setting, read: impl Fn(&str) -> Variable) -> Option<(&'static str, String)> {
        for name in setting.names() {
            let raw = match read(name) {
                Variable::Absent => continue,
                Variable::Text(raw) => raw,
                Variable::Unusable(reason) => {
                    self.warn(format!("{source} {name} {reason} and is ignored"));
                    continue;
                }
            };
            if !says_something(setting, &raw) {
                continue;
            }
            if setting.deprecated.contains(&name) {
                self.warn(format!("{source} {name} is deprecated: use {}", setting.name));
            }
            return Some((name, raw));
        }
        None
    }

    /// Adds a text as the strongest candidate so far.
    fn offer(&mut self, entry: &mut Entry, origin: Origin, place: &str, raw: String) {
        let parsed = entry.setting.kind.parse(&raw);
        match &parsed {
            Ok(parsed) => parsed.notes.iter().for_each(|note| self.warn(format!("{place}: {note}"))),
            Err(expected) => {
                self.warn(format!("{place}: {} is ignored: expected {expected}", shown(entry.setting, &raw)));
            }
        }
        entry.candidates.push(Candidate::new(origin, Some(raw), parsed.map(|parsed| parsed.value)));
    }

    /// Adds a candidate at its place among the origins.
    pub(super) fn insert(&mut self, name: &str, candidate: Candidate) {
        if let Some(entry) = self.entry_mut(name) {
            let place = entry.candidates.iter().take_while(|other| other.origin <= candidate.origin).count();
            entry.candidates.insert(place, candidate);
        }
    }

    /// Adds a value that the library derived: stronger than a default, weaker than everything else.
    pub(super) fn calculate(&mut self, name: &str, value: Value) {
        self.insert(name, Candidate::new(Origin::Calculated, None, Ok(value)));
    }

    /// Adds a value that the library derived from something that the user wrote for Datadog's tracers: it wins over
    /// OpenTelemetry variables too.
    pub(super) fn calculate_over_otel(&mut self, name: &str, value: Value) {
        if let Some(entry) = self.entry_mut(name) {
            let place = entry.candidates.iter().take_while(|other| other.origin <= Origin::OtelEnvVar).count();
            entry.candidates.insert(place, Candidate::new(Origin::Calculated, None, Ok(value)));
        }
    }

    /// Adds a warning, once.
    pub(super) fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Notes what is wrong with an OpenTelemetry variable.
    pub(super) fn find(&mut self, finding: OtelFinding) {
        self.otel_findings.push(finding);
    }

    /// The value in effect.
    pub(super) fn value(&self, name: &str) -> &Value {
        self.effective(name).map_or(UNSET, |(_, value)| value)
    }

    /// Where the value in effect came from.
    pub(super) fn origin(&self, name: &str) -> Origin {
        self.effective(name).map_or(Origin::Default, |(origin, _)| origin)
    }

    /// Whether anything but the library gave a valid value.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.origin(name) > Origin::Calculated
    }

    /// Whether any source gave a value, valid or not.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.entry(name).is_some_and(|entry| entry.candidates.iter().any(|candidate| candidate.origin > Origin::Calculated))
    }

    /// Whether a source gave a valid value.
    pub(super) fn has_valid(&self, name: &str, origin: Origin) -> bool {
        let valid = |candidate: &Candidate| candidate.origin == origin && candidate.value.is_ok();
        self.entry(name).is_some_and(|entry| entry.candidates.iter().any(valid))
    }

    /// The values in effect as text, in the order of the table; sensitive ones hidden.
    pub(super) fn texts(&self) -> Vec<(Option<String>, Origin)> {
        self.entries
            .iter()
            .map(|entry| entry.effective().map_or((None, Origin::Default), |(origin, value)| (entry.shown(value), origin)))
            .collect()
    }

    /// The record of everything seen, and the remarks.
    pub(super) fn into_records(self) -> (Vec<Evaluation>, Vec<String>, Vec<OtelFinding>) {
        let records = self.entries.iter().filter(|entry| !entry.setting.sensitive).flat_map(Entry::records).collect();
        (records, self.warnings, self.otel_findings)
    }

    fn effective(&self, name: &str) -> Option<(Origin, &Value)> {
        self.entry(name).and_then(Entry::effective)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        let entry = position(name).and_then(|place| self.entries.get(place));
        debug_assert!(entry.is_some(), "{name} is not in the table");
        entry
    }

    fn entry_mut(&mut self, name: &str) -> Option<&mut Entry> {
        let entry = position(name).and_then(|place| self.entries.get_mut(place));
        debug_assert!(entry.is_some(), "{name} is not in the table");
        entry
    }
}

impl Entry {
    fn effective(&self) -> Option<(Origin, &Value)> {
        let valid = self
            .candidates
            .iter()
            .rev()
            .find_map(|candidate| candidate.value.as_ref().ok().map(|value| (candidate.origin, value)));
        // A flaw in a default is caught by a test; it would count as unset.
        valid.or_else(|| self.candidates.first().map(|candidate| (candidate.origin, UNSET)))
    }

    fn shown(&self, value: &Value) -> Option<String> {
        let text = value.text()?;
        Some(if self.setting.sensitive { "<redacted>".to_owned() } else { text })
    }

    /// One record per candidate. Those that were refused come first, so that the last one is the value in effect.
    fn records(&self) -> Vec<Evaluation> {
        let refused = self.candidates.iter().filter(|candidate| candidate.value.is_err());
        let valid = self.candidates.iter().filter(|candidate| candidate.value.is_ok());
        refused.chain(valid).map(|candidate| self.record(candidate)).collect()
    }

    fn record(&self, candidate: &Candidate) -> Evaluation {
        Evaluation {
            name: self.setting.name.into(),
            value: self.reported(candidate),
            origin: candidate.origin,
            config_id: candidate.config_id.clone(),
            seq_id: next_seq_id(),
            error: candidate.value.as_ref().err().map(|expected| format!("expected {expected}")),
        }
    }

    fn reported(&self, candidate: &Candidate) -> ReportedValue {
        match (&candidate.value, &candidate.raw) {
            (Ok(Value::Bool(value)), _) if candidate.origin != Origin::OtelEnvVar => ReportedValue::Bool(*value),
            (_, Some(raw)) => ReportedValue::Text(self.setting.kind.without_secrets(raw)),
            (Ok(Value::Unset), None) if self.setting.kind.is_collection() => ReportedValue::Text(String::new()),
            (Ok(value), None) => value.reported(),
            (Err(_), None) => ReportedValue::Null,
        }
    }
}

/// The files of stable configuration, the local one and the fleet's. What rules of theirs may ask for is settled before them: language,
/// environment, arguments.
pub(super) fn stable_configs(
    code: &HashMap<&'static str, String>,
    surroundings: &Surroundings,
    mut warn: impl FnMut(String),
) -> [StableConfig; 2] {
    const LANGUAGE: &str = "LIBDDTRACE_LANGUAGE";
    let language = code.get(LANGUAGE).cloned().or_else(|| surroundings.environment.get_non_empty(LANGUAGE));
    let default = position(LANGUAGE).and_then(|place| SETTINGS.get(place)).and_then(|setting| setting.default);
    let language = language.or_else(|| default.map(str::to_owned)).unwrap_or_default();
    surroundings.stable_files.each_ref().map(|place| {
        let Some(place) = place else { return StableConfig::default() };
        let read = StableConfig::read(place, &surroundings.environment, &surroundings.arguments, language.trim());
        read.unwrap_or_else(|reason| {
            warn(format!("the configuration file {} is ignored: {reason}", quoted(&place.to_string_lossy())));
            StableConfig::default()
        })
    })
}

fn default_of(setting: &Setting) -> Candidate {
    let value = setting.default.map_or(Ok(Value::Unset), |text| setting.kind.parse(text).map(|parsed| parsed.value));
    Candidate::new(Origin::Default, None, value)
}

/// Whether a text sets a setting: an empty one mostly does not.
pub(super) fn says_something(setting: &Setting, raw: &str) -> bool {
    setting.empty_is_value || !raw.trim().is_empty()
}
