//! What remote configuration has a tracer do, over its own settings; and whether there is remote configuration at all.

use super::evaluation::{Evaluation, Origin, ReportedValue, next_seq_id};
use super::exporter_choice::ExporterChoice;
use super::header_tags::HeaderTags;
use super::remarks::Remarks;
use super::resolution::Resolution;
use super::resolved::Config;
use super::sampling_settings::RemoteSampling;
use super::settings::LogInjection;
use super::table::{SETTINGS, position};
use super::value::Value;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// The shortest time between two polls: nothing here may spin.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

const INTERVAL: &str = "DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS";

/// How the process asks for remote configuration, if it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteConfigSettings {
    /// Whether it does.
    pub enabled: bool,
    /// Time between two polls.
    pub interval: Duration,
    /// Whether somebody set that.
    pub interval_is_set: bool,
    /// What tracers can be told to do: numbers of capabilities.
    pub capabilities: Vec<u8>,
    /// Whether tracing that was turned off remotely stays so.
    pub disabling_is_final: bool,
}

/// Settings that remote configuration asks for, besides those of sampling. `None`: the local one is in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteSettings {
    /// Off: no spans are recorded. On says nothing: what is off locally stays so.
    pub enabled: Option<bool>,
    /// In the place of `DD_TAGS`.
    pub global_tags: Option<Vec<(String, String)>>,
    /// In the place of `DD_SERVICE_MAPPING`.
    pub service_mapping: Option<Vec<(String, String)>>,
    /// In the place of `DD_TRACE_HEADER_TAGS`.
    pub header_tags: Option<HeaderTags>,
    /// In the place of `DD_LOGS_INJECTION`.
    pub log_injection: Option<bool>,
    /// In the place of `DD_TRACE_DEBUG`.
    pub debug: Option<bool>,
    /// In the place of `DD_RUNTIME_METRICS_ENABLED`.
    pub runtime_metrics: Option<bool>,
    /// What is reported of all of them.
    pub values: Vec<RemoteValue>,
}

/// One setting that remote configuration sets.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteValue {
    /// The setting.
    pub name: &'static str,
    /// Its value.
    pub value: ReportedValue,
    /// The id of the configuration that it comes from.
    pub config_id: Arc<str>,
}

/// A setting that has another value than before, or from elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingChange {
    /// The setting.
    pub name: &'static str,
    /// What it was, as text; `None`: unset.
    pub former: Option<String>,
    /// What it is now.
    pub value: ReportedValue,
    /// The same as text; `None`: unset.
    pub text: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// The id of the remote configuration that it comes from.
    pub config_id: Option<Arc<str>>,
}

impl RemoteValue {
    /// The value as text.
    pub fn text(&self) -> Option<String> {
        match &self.value {
            ReportedValue::Null => None,
            ReportedValue::Bool(value) => Some(value.to_string()),
            ReportedValue::Int(value) => Some(value.to_string()),
            ReportedValue::Float(value) => Value::Rate(*value).text(),
            ReportedValue::Text(text) => Some(text.clone()),
        }
    }

    pub(super) fn evaluation(&self) -> Evaluation {
        Evaluation {
            name: Cow::Borrowed(self.name),
            value: self.value.clone(),
            origin: Origin::RemoteConfig,
            config_id: Some(self.config_id.to_string()),
            seq_id: next_seq_id(),
            error: None,
        }
    }
}

impl Config {
    /// This configuration with what remote configuration asks for now, instead of what it asked for before.
    pub fn with_remote(&self, sampling: RemoteSampling, remote: RemoteSettings) -> Config {
        let mut config = self.clone();
        config.settings.sampling.remote = sampling;
        config.records.retain(|record| record.origin != Origin::RemoteConfig);
        for value in &remote.values {
            let last = config.records.iter().rposition(|record| record.name == value.name);
            config.records.insert(last.map_or(config.records.len(), |last| last + 1), value.evaluation());
        }
        config.remote = remote;
        config
    }

    /// What remote configuration asks for.
    pub fn remote(&self) -> &RemoteSettings {
        &self.remote
    }

    /// Whether spans are recorded.
    pub fn is_tracing(&self) -> bool {
        self.settings.enabled && self.remote.enabled != Some(false)
    }

    /// Tags of every span.
    pub fn global_tags(&self) -> &[(String, String)] {
        self.remote.global_tags.as_deref().unwrap_or(&self.settings.identity.global_tags)
    }

    /// New names of services.
    pub fn service_mapping(&self) -> &[(String, String)] {
        self.remote.service_mapping.as_deref().unwrap_or(&self.settings.content.service_mapping)
    }

    /// HTTP headers that become tags.
    pub fn header_tags(&self) -> &HeaderTags {
        self.remote.header_tags.as_ref().unwrap_or(&self.settings.web.header_tags)
    }

    /// Whether log lines of the program name their trace.
    pub fn log_injection(&self) -> LogInjection {
        match self.remote.log_injection {
            Some(true) => LogInjection::On,
            Some(false) => LogInjection::Off,
            None => self.settings.logging.injection,
        }
    }

    /// Whether metrics of the runtime are sent.
    pub fn has_runtime_metrics(&self) -> bool {
        self.remote.runtime_metrics.unwrap_or(self.settings.own_metrics.runtime)
    }

    /// Whether somebody turned a setting off by hand.
    pub fn is_off_on_purpose(&self, name: &str) -> bool {
        let local = self.records.iter().rev().find(|record| record.name == name && record.origin != Origin::RemoteConfig);
        local.is_some_and(|record| record.origin != Origin::Default && is_false(&record.value))
    }

    /// What remote configuration set or withdrew between two configurations of a tracer.
    pub fn remote_changes(&self, former: &Config) -> Vec<SettingChange> {
        let of = |config: &Config, name: &str| config.remote_value(name).cloned();
        let mut names: Vec<&'static str> = Vec::new();
        for value in former.remote.values.iter().chain(&self.remote.values) {
            if !names.contains(&value.name) && of(former, value.name) != of(self, value.name) {
                names.push(value.name);
            }
        }
        names.into_iter().map(|name| self.change(name, former)).collect()
    }

    /// The settings that have another value than they had in another configuration, or the same from elsewhere.
    pub fn changes(&self, former: &Config) -> Vec<SettingChange> {
        let differs = |name: &&str| self.value_text(name) != former.value_text(name) || self.origin(name) != former.origin(name);
        SETTINGS.iter().map(|setting| setting.name).filter(differs).map(|name| self.change(name, former)).collect()
    }

    fn change(&self, name: &'static str, former: &Config) -> SettingChange {
        let effective = self.records.iter().rev().find(|record| record.name == name && record.error.is_none());
        SettingChange {
            name,
            former: former.value_text(name),
            value: effective.map_or(ReportedValue::Null, |record| record.value.clone()),
            text: self.value_text(name),
            origin: self.origin(name).or(effective.map(|record| record.origin)).unwrap_or(Origin::Default),
            config_id: self.remote_value(name).map(|value| Arc::clone(&value.config_id)),
        }
    }

    /// What remote configuration says of a setting, by any of its names.
    pub(super) fn remote_value(&self, name: &str) -> Option<&RemoteValue> {
        let is_it =
            |value: &&RemoteValue| value.name == name || (position(name).is_some() && position(value.name) == position(name));
        self.remote.values.iter().find(is_it)
    }
}

fn is_false(value: &ReportedValue) -> bool {
    match value {
        ReportedValue::Bool(value) => !value,
        ReportedValue::Text(text) => super::grammar::boolean(text) == Some(false),
        _ => false,
    }
}

pub(super) fn settings(resolution: &mut Resolution) -> RemoteConfigSettings {
    RemoteConfigSettings {
        enabled: is_enabled(resolution),
        interval: resolution.seconds(INTERVAL).max(SHORTEST_INTERVAL),
        interval_is_set: resolution.is_set(INTERVAL),
        capabilities: capabilities(resolution),
        disabling_is_final: resolution
            .optional_flag("LIBDDTRACE_REMOTE_DISABLING_IS_FINAL")
            .unwrap_or_else(|| resolution.text("LIBDDTRACE_LANGUAGE").as_deref() == Some("go")),
    }
}

/// What has no agent, or keeps its spans to itself, does not ask one unless it is told to.
fn is_enabled(resolution: &Resolution) -> bool {
    const NAME: &str = "DD_REMOTE_CONFIGURATION_ENABLED";
    let stays_here = match resolution.value("LIBDDTRACE_EXPORTER") {
        Value::Exporter(choice) => !matches!(choice, ExporterChoice::Agent | ExporterChoice::Otlp),
        _ => false,
    };
    let has_no_agent = resolution.flag("_DD_APM_TRACING_AGENTLESS_ENABLED");
    resolution.flag(NAME) && (resolution.is_set(NAME) || !(stays_here || has_no_agent))
}

fn capabilities(resolution: &mut Resolution) -> Vec<u8> {
    const NAME: &str = "LIBDDTRACE_REMOTE_CAPABILITIES";
    let mut remarks = Remarks::default();
    let items = match resolution.value(NAME) {
        Value::List(items) => items.clone(),
        _ => Vec::new(),
    };
    let read = |item: &String| {
        let bit = item.parse().ok().filter(|bit| (1..=63).contains(bit));
        if bit.is_none() {
            remarks.add(|| format!("{NAME}: {item:?} is left out: expected a number from 1 to 63"));
        }
        bit
    };
    let bits = items.iter().filter_map(read).collect();
    remarks.into_vec().into_iter().for_each(|remark| resolution.warn(remark));
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;
    use crate::config::process::Surroundings;

    fn of(variables: &[(&str, &str)]) -> (RemoteConfigSettings, usize) {
        let config = ConfigBuilder::new().resolve_in(&Surroundings::with_variables(variables));
        (config.settings.remote_config.clone(), config.warnings().len())
    }

    #[test]
    fn defaults() {
        let (settings, warnings) = of(&[]);
        assert!(settings.enabled && !settings.disabling_is_final && warnings == 0);
        assert_eq!(settings.interval, Duration::from_secs(5));
        assert_eq!(settings.capabilities, [12, 13, 14, 15, 19, 29]);
    }

    #[test]
    fn intervals_may_be_fractions_and_zero() {
        let interval = |text| of(&[("DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS", text)]).0.interval;
        assert_eq!(interval("0.2"), Duration::from_millis(200));
        assert_eq!(interval("0"), SHORTEST_INTERVAL);
        for invalid in ["-1", "nan", "inf", "soon", ""] {
            assert_eq!(interval(invalid), Duration::from_secs(5), "{invalid}");
        }
        assert_eq!(of(&[("DD_REMOTECONFIG_POLL_SECONDS", "7")]).0.interval, Duration::from_secs(7));
    }

    #[test]
    fn what_has_no_agent_asks_none_unless_it_is_told_to() {
        let is_on = |variables: &[(&str, &str)]| of(variables).0.enabled;
        let on = ("DD_REMOTE_CONFIGURATION_ENABLED", "true");
        assert!(is_on(&[("LIBDDTRACE_EXPORTER", "otlp")]) && !is_on(&[("DD_REMOTE_CONFIG_ENABLED", "0")]));
        for alone in
            [("LIBDDTRACE_EXPORTER", "console"), ("LIBDDTRACE_EXPORTER", "null"), ("_DD_APM_TRACING_AGENTLESS_ENABLED", "true")]
        {
            assert!(!is_on(&[alone]) && is_on(&[alone, on]), "{alone:?}");
        }
    }

    #[test]
    fn capabilities_are_checked_one_by_one() {
        let capabilities = |text| of(&[("LIBDDTRACE_REMOTE_CAPABILITIES", text)]);
        assert_eq!(capabilities("19, 12").0.capabilities, [19, 12]);
        let (settings, warnings) = capabilities("19,0,64,x,300,-1");
        assert_eq!((settings.capabilities, warnings), (vec![19], 5));
        assert_eq!(capabilities("").0.capabilities, Vec::<u8>::new());
    }

    #[test]
    fn only_go_stays_off() {
        let is_final = |variables: &[(&str, &str)]| of(variables).0.disabling_is_final;
        assert!(is_final(&[("LIBDDTRACE_LANGUAGE", "go")]) && !is_final(&[("LIBDDTRACE_LANGUAGE", "python")]));
        let setting = "LIBDDTRACE_REMOTE_DISABLING_IS_FINAL";
        assert!(is_final(&[(setting, "true")]) && !is_final(&[("LIBDDTRACE_LANGUAGE", "go"), (setting, "false")]));
    }
}
