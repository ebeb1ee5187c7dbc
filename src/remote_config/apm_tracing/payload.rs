//! One file of settings. It is taken as a whole or not at all; fields that are not known are ignored, and `null` is as good as absent.

use super::target::TargetOf;
use crate::config::{RuleSpec, parse_remote_rules};
use serde_json::{Map, Value};

/// Larger files are refused.
const MOST_BYTES: usize = 1024 * 1024;
/// Longer lists are refused.
const MOST_ITEMS: usize = 4096;

/// A file.
#[derive(Clone, Debug, PartialEq)]
pub struct ApmFile {
    /// For whom it is.
    pub target: TargetOf,
    /// Of two that count the same, the higher one wins.
    pub revision: i64,
    /// What it sets.
    pub lib_config: LibConfig,
}

/// What a file sets; `None`: nothing is said of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LibConfig {
    /// `tracing_enabled`.
    pub tracing_enabled: Option<bool>,
    /// `tracing_sampling_rate`.
    pub sampling_rate: Option<f64>,
    /// `tracing_sampling_rules`, and the JSON that they were written as. Never empty.
    pub sampling_rules: Option<(Vec<RuleSpec>, String)>,
    /// `tracing_header_tags`: names of headers, and tags; an empty one stands for the usual name.
    pub header_tags: Option<Vec<(String, String)>>,
    /// `tracing_tags`.
    pub tags: Option<Vec<(String, String)>>,
    /// `log_injection_enabled`.
    pub log_injection: Option<bool>,
    /// `tracing_service_mapping`.
    pub service_mapping: Option<Vec<(String, String)>>,
    /// `tracing_debug`.
    pub debug: Option<bool>,
    /// `dynamic_instrumentation_enabled`.
    pub dynamic_instrumentation: Option<bool>,
    /// `exception_replay_enabled`.
    pub exception_replay: Option<bool>,
    /// `code_origin_enabled`.
    pub code_origin: Option<bool>,
    /// `live_debugging_enabled`.
    pub live_debugging: Option<bool>,
    /// `data_streams_enabled`.
    pub data_streams: Option<bool>,
    /// `runtime_metrics_enabled`.
    pub runtime_metrics: Option<bool>,
}

type Object = Map<String, Value>;

impl ApmFile {
    /// Reads a file; the error says what is wrong with it.
    pub fn parse(content: &[u8]) -> Result<Self, String> {
        if content.len() > MOST_BYTES {
            return Err(format!("the file has {} bytes, expected {MOST_BYTES} at most", content.len()));
        }
        let file: Value = serde_json::from_slice(content).map_err(|error| format!("invalid JSON content: {error}"))?;
        let Value::Object(file) = file else { return Err("invalid JSON content: expected an object".to_owned()) };
        let none = Map::new();
        let lib_config = match file.get("lib_config") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(lib_config)) => lib_config,
            Some(_) => return Err("lib_config: expected an object".to_owned()),
        };
        Ok(ApmFile {
            target: TargetOf::parse(&file)?,
            revision: file.get("revision").and_then(Value::as_i64).unwrap_or_default(),
            lib_config: LibConfig::parse(lib_config)?,
        })
    }
}

impl LibConfig {
    fn parse(fields: &Object) -> Result<Self, String> {
        Ok(LibConfig {
            tracing_enabled: flag(fields, "tracing_enabled")?,
            sampling_rate: rate(fields, "tracing_sampling_rate")?,
            sampling_rules: rules(fields, "tracing_sampling_rules")?,
            header_tags: header_tags(fields, "tracing_header_tags")?,
            tags: tags(fields, "tracing_tags")?,
            log_injection: flag(fields, "log_injection_enabled")?,
            service_mapping: mapping(fields, "tracing_service_mapping")?,
            debug: flag(fields, "tracing_debug")?,
            dynamic_instrumentation: flag(fields, "dynamic_instrumentation_enabled")?,
            exception_replay: flag(fields, "exception_replay_enabled")?,
            code_origin: flag(fields, "code_origin_enabled")?,
            live_debugging: flag(fields, "live_debugging_enabled")?,
            data_streams: flag(fields, "data_streams_enabled")?,
            runtime_metrics: flag(fields, "runtime_metrics_enabled")?,
        })
    }
}

fn flag(fields: &Object, key: &str) -> Result<Option<bool>, String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => Err(unexpected(key, other, "true or false")),
    }
}

fn rate(fields: &Object, key: &str) -> Result<Option<f64>, String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(other) => {
            let rate = other.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
            rate.map(Some).ok_or_else(|| unexpected(key, other, "a number from 0 to 1"))
        }
    }
}

fn rules(fields: &Object, key: &str) -> Result<Option<(Vec<RuleSpec>, String)>, String> {
    let Some(items) = list(fields, key)?.filter(|items| !items.is_empty()) else { return Ok(None) };
    let text = Value::Array(items.clone()).to_string();
    let (rules, notes) = parse_remote_rules(&text).map_err(|expected| format!("{key}: expected {expected}"))?;
    match notes.first() {
        Some(note) => Err(format!("{key}: {note}")),
        None => Ok(Some((rules, text))),
    }
}

/// Entries without a header are left out alone.
fn header_tags(fields: &Object, key: &str) -> Result<Option<Vec<(String, String)>>, String> {
    let Some(items) = list(fields, key)? else { return Ok(None) };
    let text = |item: &Value, part: &str| item.get(part).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let pairs = items.iter().map(|item| (text(item, "header"), text(item, "tag_name")));
    Ok(Some(pairs.filter(|(header, _)| !header.is_empty()).collect()))
}

/// `key:value`; without a colon the value is empty.
fn tags(fields: &Object, key: &str) -> Result<Option<Vec<(String, String)>>, String> {
    let Some(items) = list(fields, key)? else { return Ok(None) };
    let mut tags = Vec::with_capacity(items.len());
    for item in items {
        let tag = item.as_str().ok_or_else(|| unexpected(key, item, "a list of texts key:value"))?;
        let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
        if !name.trim().is_empty() {
            tags.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    Ok(Some(tags))
}

fn mapping(fields: &Object, key: &str) -> Result<Option<Vec<(String, String)>>, String> {
    let Some(items) = list(fields, key)? else { return Ok(None) };
    let pair = |item: &Value| {
        let text = |part: &str| item.get(part).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        Some((text("from_key")?, text("to_name")?))
    };
    let pairs: Option<Vec<_>> = items.iter().map(pair).collect();
    pairs.map(Some).ok_or_else(|| format!("{key}: expected a list of objects with from_key and to_name"))
}

fn list<'a>(fields: &'a Object, key: &str) -> Result<Option<&'a Vec<Value>>, String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) if items.len() > MOST_ITEMS => {
            Err(format!("{key}: {} items, expected {MOST_ITEMS} at most", items.len()))
        }
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(other) => Err(unexpected(key, other, "a list")),
    }
}

fn unexpected(key: &str, value: &Value, expected: &str) -> String {
    let shown: String = value.to_string().chars().take(64).collect();
    format!("{key}: {shown}: expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(lib_config: Value) -> Result<LibConfig, String> {
        ApmFile::parse(json!({"lib_config": lib_config}).to_string().as_bytes()).map(|file| file.lib_config)
    }

    #[test]
    fn all_fields_are_read() {
        let file = json!({
            "id": "x", "action": "enable", "revision": 17, "service_target": {"service": "web", "env": "prod"},
            "lib_config": {
                "tracing_enabled": false, "tracing_sampling_rate": 0.5, "log_injection_enabled": true,
                "tracing_sampling_rules": [{"service": "a", "resource": "*", "sample_rate": 0.1, "provenance": "customer"}],
                "tracing_header_tags": [{"header": " X-A ", "tag_name": "a"}, {"header": "b", "tag_name": ""}, {"tag_name": "c"}],
                "tracing_tags": ["a:b:c", "d", ":e"], "tracing_service_mapping": [{"from_key": "a", "to_name": "b"}],
                "tracing_debug": true, "dynamic_instrumentation_enabled": true, "exception_replay_enabled": false,
                "code_origin_enabled": true, "live_debugging_enabled": null, "data_streams_enabled": true,
                "runtime_metrics_enabled": true, "dynamic_sampling_enabled": "true", "unknown": {}
            }
        });
        let file = ApmFile::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!((file.revision, file.target.priority()), (17, 5));
        let config = file.lib_config;
        assert_eq!((config.tracing_enabled, config.sampling_rate, config.log_injection), (Some(false), Some(0.5), Some(true)));
        assert_eq!(config.sampling_rules.unwrap().0.len(), 1);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(config.header_tags.unwrap(), [pair("X-A", "a"), pair("b", "")]);
        assert_eq!(config.tags.unwrap(), [pair("a", "b:c"), pair("d", "")]);
        assert_eq!(config.service_mapping.unwrap(), [pair("a", "b")]);
        let flags = [config.dynamic_instrumentation, config.exception_replay, config.code_origin, config.live_debugging];
        assert_eq!(flags, [Some(true), Some(false), Some(true), None]);
        assert_eq!((config.data_streams, config.runtime_metrics, config.debug), (Some(true), Some(true), Some(true)));
    }

    #[test]
    fn whole_numbers_are_rates_too_and_null_is_unset() {
        assert_eq!(read(json!({"tracing_sampling_rate": 1})).unwrap().sampling_rate, Some(1.0));
        assert_eq!(read(json!({"tracing_sampling_rate": 0})).unwrap().sampling_rate, Some(0.0));
        let unset = read(json!({"tracing_sampling_rate": null, "tracing_tags": null, "tracing_sampling_rules": []})).unwrap();
        assert_eq!(unset, LibConfig::default());
        assert_eq!(read(json!(null)).unwrap(), LibConfig::default());
        assert_eq!(ApmFile::parse(b"{}").unwrap().lib_config, LibConfig::default());
    }

    #[test]
    fn a_bad_field_spoils_the_file() {
        for (field, value) in [
            ("tracing_sampling_rate", json!(1.5)),
            ("tracing_sampling_rate", json!(-0.1)),
            ("tracing_sampling_rate", json!("0.5")),
            ("tracing_sampling_rate", json!(true)),
            ("tracing_enabled", json!("true")),
            ("log_injection_enabled", json!(1)),
            ("tracing_tags", json!("a:b")),
            ("tracing_tags", json!([7])),
            ("tracing_header_tags", json!({})),
            ("tracing_sampling_rules", json!({})),
            ("tracing_sampling_rules", json!([{"service": "a", "sample_rate": 1}])),
            ("tracing_sampling_rules", json!([{"service": "a", "provenance": "customer"}])),
            ("tracing_sampling_rules", json!([{"sample_rate": 1, "provenance": "customer"}])),
            ("tracing_service_mapping", json!([{"from_key": "a"}])),
            ("tracing_tags", json!(vec!["a:b"; MOST_ITEMS + 1])),
        ] {
            let error = read(json!({field: value, "tracing_debug": true})).unwrap_err();
            assert!(error.starts_with(field), "{error}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for content in ["", "x", "[]", "1", "{", "{\"lib_config\":[]}", "{\"service_target\":[]}"] {
            assert!(ApmFile::parse(content.as_bytes()).is_err(), "{content}");
        }
        assert!(ApmFile::parse(&vec![b' '; MOST_BYTES + 1]).unwrap_err().contains("1048576"));
        assert!(ApmFile::parse(b"\xff\xfe").is_err());
    }
}
