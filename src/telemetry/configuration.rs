//! The configuration as it is reported: one entry for every source that had a value, and one for every change.

use crate::config::{Evaluation, Origin, ReportedValue, next_seq_id};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::VecDeque;

/// A value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EntryValue {
    /// Unset.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    #[serde(serialize_with = "finite")]
    Float(f64),
    /// Text.
    Text(String),
}

fn finite<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.is_finite() { serializer.serialize_f64(*number) } else { serializer.serialize_none() }
}

impl From<&ReportedValue> for EntryValue {
    fn from(value: &ReportedValue) -> Self {
        match value {
            ReportedValue::Null => EntryValue::Null,
            ReportedValue::Bool(value) => EntryValue::Bool(*value),
            ReportedValue::Int(value) => EntryValue::Int(*value),
            ReportedValue::Float(value) => EntryValue::Float(*value),
            ReportedValue::Text(text) => EntryValue::Text(cut(text)),
        }
    }
}

/// A setting that got another value while the program runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigurationChange {
    /// The setting.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: EntryValue,
    /// Where it came from: `remote_config`, `code` and so on.
    pub origin: &'static str,
    /// The configuration document that it came from.
    pub config_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Entry {
    pub(super) name: Cow<'static, str>,
    value: EntryValue,
    pub(super) origin: &'static str,
    config_id: Option<String>,
    seq_id: u64,
    error: Option<EntryError>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct EntryError {
    code: u32,
    message: String,
}

/// Longer names and values are cut.
const LONGEST: usize = 32 * 1024;
/// No more are remembered, and no more wait.
const MOST: usize = 5000;
/// Why a value was not used: it is none of its setting.
const INVALID_VALUE: u32 = 1;

fn cut(text: &str) -> String {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

impl From<&Evaluation> for Entry {
    fn from(record: &Evaluation) -> Self {
        Entry {
            name: record.name.clone(),
            value: (&record.value).into(),
            origin: record.origin.name(),
            config_id: record.config_id.clone(),
            seq_id: record.seq_id,
            error: record.error.as_ref().map(|error| EntryError { code: INVALID_VALUE, message: error.clone() }),
        }
    }
}

impl Entry {
    fn says_the_same_as(&self, other: &Entry) -> bool {
        self.value == other.value && self.config_id == other.config_id && self.error == other.error
    }
}

/// What is known, and what of it was not told yet.
#[derive(Default)]
pub(super) struct Configuration {
    /// The newest entry for every name and origin.
    all: Vec<Entry>,
    pending: VecDeque<Entry>,
    pub(super) dropped: u64,
    /// Of most languages the backend knows itself what `DD_APPSEC_SCA_ENABLED` is when nobody sets it.
    tells_unset_sca: bool,
}

impl Configuration {
    /// Nothing is known.
    pub(super) fn new(tells_unset_sca: bool) -> Self {
        Configuration { tells_unset_sca, ..Configuration::default() }
    }

    fn is_left_out(&self, record: &Evaluation) -> bool {
        record.name == "DD_APPSEC_SCA_ENABLED" && record.origin == Origin::Default && !self.tells_unset_sca
    }

    /// Notes what a tracer works with from now on. Where that is a value that was told before another one, it is told again.
    pub(super) fn change_records(&mut self, records: &[Evaluation]) {
        self.add_records(records);
        let effective = records.iter().enumerate().filter(|(place, record)| {
            // Those of one setting stand together, the one in effect last.
            records.get(place + 1).is_none_or(|next| next.name != record.name) && record.error.is_none()
        });
        for (_, record) in effective.filter(|(_, record)| !self.is_left_out(record)).collect::<Vec<_>>() {
            let last = self.all.iter().rev().find(|known| known.name == record.name);
            if last.is_some_and(|last| last.origin != record.origin.name()) {
                self.add(Entry { seq_id: next_seq_id(), ..Entry::from(record) });
            }
        }
    }

    /// Notes what a tracer's settings came from. What is known already is not told again.
    pub(super) fn add_records(&mut self, records: &[Evaluation]) {
        for record in records {
            if self.is_left_out(record) {
                continue;
            }
            let entry = Entry::from(record);
            let known = self
                .all
                .iter()
                .any(|known| known.name == entry.name && known.origin == entry.origin && known.says_the_same_as(&entry));
            if !known {
                self.add(entry);
            }
        }
    }

    /// Notes a change.
    pub(super) fn change(&mut self, change: ConfigurationChange) {
        let value = match change.value {
            EntryValue::Text(text) => EntryValue::Text(cut(&text)),
            other => other,
        };
        self.add(Entry {
            name: change.name,
            value,
            origin: change.origin,
            config_id: change.config_id,
            seq_id: next_seq_id(),
            error: None,
        });
    }

    fn add(&mut self, entry: Entry) {
        // The last one in the list is the one in effect, so a known one moves to the end.
        self.all.retain(|known| known.name != entry.name || known.origin != entry.origin);
        if self.all.len() < MOST {
            self.all.push(entry.clone());
        } else {
            self.dropped += 1;
        }
        if self.pending.len() >= MOST {
            self.pending.pop_front();
            self.dropped += 1;
        }
        self.pending.push_back(entry);
    }

    /// Everything; nothing waits to be told then.
    pub(super) fn take_all(&mut self) -> Vec<&Entry> {
        self.pending.clear();
        self.all.iter().collect()
    }

    /// Everything.
    pub(super) fn all(&self) -> Vec<&Entry> {
        self.all.iter().collect()
    }

    /// What is new.
    pub(super) fn take_pending(&mut self) -> Vec<Entry> {
        self.pending.drain(..).collect()
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn reported(code: &[(&str, &str)], environment: &'static [(&str, &str)]) -> Vec<Value> {
        let mut builder = ConfigBuilder::new();
        builder.set_env_lookup(Arc::new(|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }));
        code.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
        let mut configuration = Configuration::default();
        configuration.add_records(builder.resolve().records());
        configuration.take_all().into_iter().map(|entry| serde_json::to_value(entry).unwrap()).collect()
    }

    fn of_name<'a>(entries: &'a [Value], name: &str) -> Vec<(&'a Value, &'a str)> {
        let entries = entries.iter().filter(|entry| entry["name"] == name);
        entries.map(|entry| (&entry["value"], entry["origin"].as_str().unwrap())).collect()
    }

    #[test]
    fn every_source_has_an_entry_in_the_order_of_precedence() {
        let entries = reported(&[("DD_ENV", "of code")], &[("DD_ENV", "of environment"), ("DD_TRACE_ENABLED", "False")]);
        let (null, of_environment, of_code) = (Value::Null, json!("of environment"), json!("of code"));
        let expected = [(&null, "default"), (&of_environment, "env_var"), (&of_code, "code")];
        assert_eq!(of_name(&entries, "DD_ENV"), expected);
        assert_eq!(of_name(&entries, "DD_TRACE_ENABLED"), [(&json!(true), "default"), (&json!(false), "env_var")]);
        let numbers: Vec<u64> =
            entries.iter().filter(|entry| entry["name"] == "DD_ENV").map(|entry| entry["seq_id"].as_u64().unwrap()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn values_are_reported_as_the_backend_wants_them() {
        let entries = reported(&[], &[("DD_TRACE_RATE_LIMIT", "10"), ("DD_TRACE_HTTP_SERVER_ERROR_STATUSES", "250-200")]);
        for (name, value) in
            [("DD_TRACE_SAMPLE_RATE", json!(null)), ("DD_TAGS", json!("")), ("DD_TELEMETRY_HEARTBEAT_INTERVAL", json!(60))]
        {
            assert_eq!(of_name(&entries, name), [(&value, "default")], "{name}");
        }
        assert_eq!(of_name(&entries, "DD_TRACE_RATE_LIMIT")[1], (&json!("10"), "env_var"));
        assert_eq!(of_name(&entries, "DD_TRACE_HTTP_SERVER_ERROR_STATUSES")[1], (&json!("250-200"), "env_var"));
    }

    #[test]
    fn a_product_that_nobody_spoke_of_is_not_reported() {
        const NAME: &str = "DD_APPSEC_SCA_ENABLED";
        assert!(of_name(&reported(&[], &[]), NAME).is_empty());
        assert_eq!(of_name(&reported(&[], &[(NAME, "1")]), NAME), [(&json!(true), "env_var")]);
        let mut of_python = Configuration::new(true);
        of_python.add_records(ConfigBuilder::new().resolve().records());
        assert!(of_python.all().iter().any(|entry| entry.name == NAME && entry.value == EntryValue::Null));
        assert_eq!(of_name(&reported(&[], &[]), "DD_INSTRUMENTATION_SOURCE"), [(&json!("manual"), "default")]);
    }

    #[test]
    fn secrets_are_not_reported() {
        let variables = &[
            ("DD_API_KEY", "hunter2"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2"),
            ("DD_TRACE_AGENT_URL", "http://user:hunter2@localhost:8126"),
        ];
        let entries = reported(&[], variables);
        assert!(of_name(&entries, "DD_API_KEY").is_empty());
        assert!(!serde_json::to_string(&entries).unwrap().contains("hunter2"));
    }

    #[test]
    fn values_that_were_refused_say_why() {
        let entries = reported(&[], &[("DD_TRACE_SAMPLE_RATE", "7")]);
        let refused = entries.iter().find(|entry| entry["value"] == "7").unwrap();
        assert!(refused["error"]["code"].is_u64());
        assert!(refused["error"]["message"].as_str().unwrap().contains("0 to 1"));
        assert_eq!(of_name(&entries, "DD_TRACE_SAMPLE_RATE").last().unwrap().1, "default", "what is in effect is last");
    }

    #[test]
    fn a_change_is_told_once_and_kept() {
        let mut configuration = Configuration::default();
        let change = |value: f64, origin| ConfigurationChange {
            name: "DD_TRACE_SAMPLE_RATE".into(),
            value: EntryValue::Float(value),
            origin,
            config_id: Some("7".to_owned()),
        };
        configuration.change(change(0.5, "remote_config"));
        configuration.change(change(0.7, "remote_config"));
        let told = configuration.take_pending();
        assert_eq!(told.len(), 2);
        assert!(told[0].seq_id < told[1].seq_id);
        assert_eq!(configuration.pending(), 0);
        assert_eq!(configuration.all(), [&told[1]]);
    }

    #[test]
    fn a_value_that_is_taken_back_is_told_with_what_counts_again() {
        let resolved = |code: &[(&str, &str)]| {
            let mut builder = ConfigBuilder::new();
            builder.set_env_lookup(Arc::new(|name| (name == "DD_ENV").then(|| "of environment".to_owned())));
            code.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
            builder.resolve()
        };
        let mut configuration = Configuration::default();
        configuration.add_records(resolved(&[("DD_ENV", "of code"), ("DD_VERSION", "7")]).records());
        let told = configuration.take_pending().iter().map(|entry| entry.seq_id).max().unwrap();
        configuration.change_records(resolved(&[]).records());
        let again = configuration.take_pending();
        let shown: Vec<_> = again.iter().map(|entry| (&*entry.name, &entry.value, entry.origin)).collect();
        let expected = EntryValue::Text("of environment".to_owned());
        assert_eq!(shown, [("DD_ENV", &expected, "env_var"), ("DD_VERSION", &EntryValue::Null, "default")]);
        assert!(again.iter().all(|entry| entry.seq_id > told));
        configuration.change_records(resolved(&[]).records());
        assert_eq!(configuration.take_pending(), [], "once");
        configuration.change_records(resolved(&[("DD_ENV", "of code")]).records());
        assert_eq!(configuration.take_pending().iter().map(|entry| entry.origin).collect::<Vec<_>>(), ["code"]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut configuration = Configuration::default();
        for number in 0..MOST + 10 {
            configuration.change(ConfigurationChange {
                name: format!("DD_{number}").into(),
                value: EntryValue::Null,
                origin: "code",
                config_id: None,
            });
        }
        assert_eq!((configuration.pending(), configuration.all().len()), (MOST, MOST));
        assert_eq!(configuration.dropped, 20);
        assert_eq!(cut(&"é".repeat(LONGEST)).len(), LONGEST);
    }
}
