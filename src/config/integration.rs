//! Settings of one integration: `DD_TRACE_<INTEGRATION>_ENABLED` and the like. Their names are not in the table, because nobody knows all
//! integrations; they are looked up when one asks.

use super::error::ConfigError;
use super::evaluation::{Evaluation, Origin, ReportedValue, next_seq_id};
use super::grammar::{self, quoted};
use super::process::{LONGEST_VALUE, Surroundings};
use super::resolution::stable_configs;
use crate::lock::Mutex;
use crate::log::log_warn;
use std::collections::HashMap;

/// What the settings say of one integration; `None`: nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IntegrationSettings {
    /// Whether it makes spans.
    pub enabled: Option<bool>,
    /// The service of its spans.
    pub service: Option<String>,
    /// Whether it reads and writes headers.
    pub distributed_tracing: Option<bool>,
    /// Whether App Analytics was asked for, which is of the past.
    pub analytics_enabled: Option<bool>,
    /// Its rate.
    pub analytics_sample_rate: Option<f64>,
}

/// What can be said of an integration: key, the setting with `*` in the place of its name, what values look like.
const KEYS: [(&str, &str, Takes); 5] = [
    ("enabled", "DD_TRACE_*_ENABLED", Takes::Flag),
    ("service", "DD_*_SERVICE", Takes::Text),
    ("distributed_tracing", "DD_*_DISTRIBUTED_TRACING", Takes::Flag),
    ("analytics_enabled", "DD_TRACE_*_ANALYTICS_ENABLED", Takes::Flag),
    ("analytics_sample_rate", "DD_TRACE_*_ANALYTICS_SAMPLE_RATE", Takes::Rate),
];

#[derive(Clone, Copy)]
enum Takes {
    Flag,
    Text,
    Rate,
}

const A_FLAG: &str = "true, false, 1 or 0";
const A_RATE: &str = "a number from 0 to 1";

/// The name of the setting that code sets by this key of an integration, if the value may be one of it.
pub(super) fn named(integration: &str, key: &str, value: &str) -> Result<String, ConfigError> {
    let known = KEYS.iter().find(|(known, ..)| *known == key);
    let Some((key, pattern, takes)) = known else {
        return Err(ConfigError::UnknownName { name: key.chars().take(LONGEST_NAME).collect(), suggestion: None });
    };
    let (is_valid, expected) = match takes {
        Takes::Flag => (grammar::boolean(value).is_some(), A_FLAG),
        Takes::Rate => (grammar::rate(value).is_some(), A_RATE),
        Takes::Text => (value.len() <= LONGEST_VALUE, "at most 1 MiB"),
    };
    if !is_valid && !value.trim().is_empty() {
        return Err(ConfigError::InvalidValue { name: key, value: quoted(value), expected: expected.to_owned() });
    }
    Ok(pattern.replace('*', &identifier(integration)))
}

/// Most values that are kept to be reported.
const MOST_LOOKUPS: usize = 1024;
/// Longest name of an integration.
const LONGEST_NAME: usize = 100;

/// What was found since the process began, each name with its value once.
static LOOKUPS: Mutex<Vec<Evaluation>> = Mutex::new(Vec::new());

/// The values that integrations asked for and that are set, for telemetry; 1024 at most.
pub fn integration_lookups() -> Vec<Evaluation> {
    LOOKUPS.lock_soon().map(|lookups| lookups.clone()).unwrap_or_default()
}

/// Looks an integration up: in what code said of it by the names of settings, in the fleet's file, the environment, the local file. `code`: what
/// it said of other settings.
pub(super) fn settings(
    name: &str,
    own: &HashMap<String, String>,
    code: &HashMap<&'static str, String>,
    surroundings: &Surroundings,
) -> IntegrationSettings {
    let [local, fleet] = stable_configs(code, surroundings, |_| ());
    let name = identifier(name);
    let find = |names: &[String]| {
        let set = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        let in_file = |file: &super::stable::StableConfig| {
            names.iter().find_map(|name| Some((name.clone(), set(file.value(name).map(str::to_owned))?, file.config_id.clone())))
        };
        let variable = || names.iter().find_map(|name| Some((name.clone(), surroundings.environment.get_non_empty(name)?, None)));
        let in_code = || names.iter().find_map(|name| Some((name.clone(), set(own.get(name).cloned())?, None)));
        let found = in_code().map(|found| (Origin::Code, found));
        let found = found.or_else(|| in_file(&fleet).map(|found| (Origin::FleetStableConfig, found)));
        let found = found.or_else(|| variable().map(|found| (Origin::EnvVar, found)));
        let (origin, (spelling, value, config_id)) =
            found.or_else(|| in_file(&local).map(|found| (Origin::LocalStableConfig, found)))?;
        note(names.first().cloned().unwrap_or_default(), &value, origin, config_id);
        Some((spelling, value))
    };
    let flag = |setting: String| parsed(find(&[setting])?, grammar::boolean, A_FLAG);
    IntegrationSettings {
        enabled: flag(format!("DD_TRACE_{name}_ENABLED")),
        service: find(&[format!("DD_{name}_SERVICE"), format!("DD_{name}_SERVICE_NAME")])
            .map(|(_, value)| value.trim().to_owned()),
        distributed_tracing: flag(format!("DD_{name}_DISTRIBUTED_TRACING")),
        analytics_enabled: flag(format!("DD_TRACE_{name}_ANALYTICS_ENABLED")),
        analytics_sample_rate: find(&[format!("DD_TRACE_{name}_ANALYTICS_SAMPLE_RATE")])
            .and_then(|found| parsed(found, grammar::rate, A_RATE)),
    }
}

/// A bad value is as good as none, and is warned about.
fn parsed<T>((name, value): (String, String), parse: impl Fn(&str) -> Option<T>, expected: &str) -> Option<T> {
    let parsed = parse(&value);
    if parsed.is_none() {
        log_warn!("{name}: {} is ignored: expected {expected}", quoted(&value));
    }
    parsed
}

/// The name as it stands in settings: in upper case, with `_` for what cannot be there.
fn identifier(name: &str) -> String {
    let upper = name.trim().chars().take(LONGEST_NAME).map(|character| character.to_ascii_uppercase());
    upper.map(|character| if character.is_ascii_alphanumeric() { character } else { '_' }).collect()
}

/// Whether a variable may be of some integration, so that it is not unknown.
pub(super) fn is_name(variable: &str) -> bool {
    let Some(rest) = variable.strip_prefix("DD_") else { return false };
    let of_trace = rest.strip_prefix("TRACE_").is_some_and(|rest| {
        ["_ENABLED", "_ANALYTICS_SAMPLE_RATE"].iter().any(|end| rest.strip_suffix(end).is_some_and(|name| !name.is_empty()))
    });
    let ends = ["_SERVICE", "_SERVICE_NAME", "_DISTRIBUTED_TRACING"];
    of_trace || ends.iter().any(|end| rest.strip_suffix(end).is_some_and(|name| !name.is_empty()))
}

fn note(name: String, value: &str, origin: Origin, config_id: Option<String>) {
    let Some(mut lookups) = LOOKUPS.lock_soon() else { return };
    let value = grammar::boolean(value).map_or_else(|| ReportedValue::Text(value.to_owned()), ReportedValue::Bool);
    let is_known = |known: &Evaluation| known.name == name && known.value == value && known.origin == origin;
    if lookups.len() < MOST_LOOKUPS && !lookups.iter().any(is_known) {
        lookups.push(Evaluation { name: name.into(), value, origin, config_id, seq_id: next_seq_id(), error: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, variables: &[(&str, &str)]) -> IntegrationSettings {
        settings(name, &HashMap::new(), &HashMap::new(), &Surroundings::with_variables(variables))
    }

    #[test]
    fn what_code_says_of_an_integration_wins() {
        let own = HashMap::from([(named("my-db", "service", "coded").unwrap(), "coded".to_owned())]);
        let surroundings = Surroundings::with_variables(&[("DD_MY_DB_SERVICE", "set"), ("DD_TRACE_MY_DB_ENABLED", "0")]);
        let found = settings("my-db", &own, &HashMap::new(), &surroundings);
        assert_eq!((found.service.as_deref(), found.enabled), (Some("coded"), Some(false)));
        let told = integration_lookups();
        let service = told.iter().find(|lookup| lookup.name == "DD_MY_DB_SERVICE").unwrap();
        assert_eq!((&service.value, service.origin), (&ReportedValue::Text("coded".to_owned()), Origin::Code));
        for (key, value) in [("enabled", "maybe"), ("analytics_sample_rate", "2"), ("colour", "red")] {
            assert!(named("my-db", key, value).is_err(), "{key}");
        }
    }

    #[test]
    fn an_integration_has_settings_by_its_name() {
        let variables = [
            ("DD_TRACE_ASYNC_PG_V2_ENABLED", "false"),
            ("DD_ASYNC_PG_V2_SERVICE_NAME", "old"),
            ("DD_ASYNC_PG_V2_SERVICE", "db"),
            ("DD_ASYNC_PG_V2_DISTRIBUTED_TRACING", "0"),
            ("DD_TRACE_ASYNC_PG_V2_ANALYTICS_ENABLED", "1"),
            ("DD_TRACE_ASYNC_PG_V2_ANALYTICS_SAMPLE_RATE", "0.5"),
        ];
        let expected = IntegrationSettings {
            enabled: Some(false),
            service: Some("db".to_owned()),
            distributed_tracing: Some(false),
            analytics_enabled: Some(true),
            analytics_sample_rate: Some(0.5),
        };
        assert_eq!(of("async-pg.v2", &variables), expected);
        assert_eq!(of("other", &variables), IntegrationSettings::default());
        let noted = integration_lookups();
        let service = noted.iter().find(|lookup| lookup.name == "DD_ASYNC_PG_V2_SERVICE").unwrap();
        assert_eq!((&service.value, service.origin), (&ReportedValue::Text("db".to_owned()), Origin::EnvVar));
    }

    #[test]
    fn bad_and_empty_values_say_nothing() {
        let variables = [
            ("DD_TRACE_FOO_ENABLED", "maybe"),
            ("DD_FOO_SERVICE", " "),
            ("DD_FOO_SERVICE_NAME", "x"),
            ("DD_TRACE_FOO_ANALYTICS_SAMPLE_RATE", "2"),
        ];
        let expected = IntegrationSettings { service: Some("x".to_owned()), ..IntegrationSettings::default() };
        assert_eq!(of("foo", &variables), expected);
    }

    #[test]
    fn names_of_integrations_are_not_unknown() {
        for name in
            ["DD_TRACE_REDIS_ENABLED", "DD_REDIS_SERVICE", "DD_TRACE_REDIS_ANALYTICS_SAMPLE_RATE", "DD_REDIS_DISTRIBUTED_TRACING"]
        {
            assert!(is_name(name), "{name}");
        }
        assert!(!is_name("DD_TRACE_ENABLED") && !is_name("DD_SERVICE") && !is_name("DD_SERVCE"));
    }
}
