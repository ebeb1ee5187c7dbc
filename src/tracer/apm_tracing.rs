//! Settings of remote configuration, put in force on the tracers that run, and taken back.

use super::core::Tracer;
use crate::config::{Config, HeaderTags, RemoteSampling, RemoteSettings, RemoteValue, ReportedValue};
use crate::lock::Mutex;
use crate::remote_config::apm_tracing::{ApmFile, Merged, Sourced, Subject, merge};
use crate::remote_config::{ApplyState, Change, Consumer, Operation};
use crate::service::fork;
use std::sync::Arc;

/// Tags that remote configuration cannot set: they say what the process is.
const FIXED_TAGS: [&str; 4] = ["service", "env", "version", "runtime-id"];

/// Reads the files of APM_TRACING for all tracers of the process.
#[derive(Default)]
pub(super) struct ApmTracing {
    /// In the order in which they came.
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    all: Vec<(Arc<str>, Arc<str>, ApmFile)>,
    /// How often the backend has said what is to be; until it did once, what a forked child inherited stays.
    responses: u64,
}

impl Consumer for ApmTracing {
    fn deliver(&self, changes: &[Change], results: &mut [ApplyState]) {
        let mut files = self.files.lock();
        for (change, result) in changes.iter().zip(results) {
            files.all.retain(|(path, ..)| *path != change.path);
            if change.operation == Operation::Remove {
                continue;
            }
            match ApmFile::parse(&change.content) {
                Ok(file) => files.all.push((Arc::clone(&change.path), Arc::clone(&change.config_id), file)),
                Err(reason) => *result = ApplyState::error(&reason),
            }
        }
    }

    fn batch_ended(&self) {
        self.files.lock().responses += 1;
        // Functions of the host are called on the way: not while the list is walked.
        let mut tracers = Vec::new();
        Tracer::each(|tracer| tracers.push(tracer));
        tracers.into_iter().for_each(|tracer| self.apply_to(tracer));
    }
}

impl ApmTracing {
    /// Puts in force on a tracer what the files say now.
    pub(super) fn apply_to(&self, tracer: &Tracer) {
        if tracer.is_inherited() {
            return;
        }
        let Ok((pipeline, snapshot)) = tracer.current() else { return };
        let settings = &snapshot.config.settings;
        if pipeline.generation != fork::generation() || !takes_remote_settings(&snapshot.config) {
            return;
        }
        let identity = &settings.identity;
        let extra_services = pipeline.extra_services.all();
        let subject = Subject {
            service: &identity.service,
            env: identity.env.as_deref().unwrap_or_default(),
            extra_services: &extra_services,
        };
        let mut applied = 0;
        loop {
            let files = self.files.lock();
            // Another thread may have put a later response in force meanwhile, under what this one took for the newest.
            if files.responses == applied {
                return;
            }
            applied = files.responses;
            let merged = merge(files.all.iter().map(|(_, id, file)| (id, file)), &subject);
            drop(files);
            tracer.set_remote(&merged);
        }
    }
}

/// Whether remote configuration has a say in this tracer's settings.
pub(super) fn takes_remote_settings(config: &Config) -> bool {
    // What is off locally is off.
    config.settings.remote_config.enabled && config.settings.enabled
}

/// The settings that this asks for.
pub(super) fn layer(merged: &Merged, local: &Config) -> (RemoteSampling, RemoteSettings) {
    let mut values = Values::default();
    let of = |field: &Option<Sourced<bool>>| field.as_ref().map(|field| field.value);
    let mut enabled = of(&merged.tracing_enabled);
    values.flag("DD_TRACE_ENABLED", &merged.tracing_enabled);
    if local.settings.remote_config.disabling_is_final && local.remote().enabled == Some(false) {
        enabled = Some(false);
        values.keep(local, "DD_TRACE_ENABLED");
    }
    values.add("DD_TRACE_SAMPLE_RATE", &merged.sampling_rate, |rate| ReportedValue::Float(*rate));
    values.add("DD_TRACE_SAMPLING_RULES", &merged.sampling_rules, |(_, json)| ReportedValue::Text(json.clone()));
    let header_text = |(header, tag): &(String, String)| if tag.is_empty() { header.clone() } else { format!("{header}:{tag}") };
    values.add("DD_TRACE_HEADER_TAGS", &merged.header_tags, |pairs| joined(pairs, header_text));
    values.add("DD_TAGS", &merged.tags, |pairs| joined(pairs, |(key, value)| format!("{key}:{value}")));
    values.add("DD_SERVICE_MAPPING", &merged.service_mapping, |pairs| joined(pairs, |(from, to)| format!("{from}:{to}")));
    values.flag("DD_LOGS_INJECTION", &merged.log_injection);
    values.flag("DD_TRACE_DEBUG", &merged.debug);
    let products = [
        ("DD_DYNAMIC_INSTRUMENTATION_ENABLED", &merged.dynamic_instrumentation),
        ("DD_EXCEPTION_REPLAY_ENABLED", &merged.exception_replay),
        ("DD_CODE_ORIGIN_FOR_SPANS_ENABLED", &merged.code_origin),
        ("DD_LIVE_DEBUGGING_ENABLED", &merged.live_debugging),
    ];
    for (name, field) in products.into_iter().filter(|(name, _)| !local.is_off_on_purpose(name)) {
        values.flag(name, field);
    }
    values.flag("DD_DATA_STREAMS_ENABLED", &merged.data_streams);
    values.flag("DD_RUNTIME_METRICS_ENABLED", &merged.runtime_metrics);
    let sampling = RemoteSampling {
        rules: merged.sampling_rules.as_ref().map(|field| field.value.0.clone()).unwrap_or_default(),
        sample_rate: merged.sampling_rate.as_ref().map(|field| field.value),
    };
    let free = |tags: &Sourced<Vec<(String, String)>>| {
        tags.value.iter().filter(|(key, _)| !FIXED_TAGS.contains(&key.as_str())).cloned().collect()
    };
    let remote = RemoteSettings {
        enabled,
        global_tags: merged.tags.as_ref().map(free),
        service_mapping: merged.service_mapping.as_ref().map(|field| field.value.clone()),
        header_tags: merged.header_tags.as_ref().map(|field| header_tags(&field.value)),
        log_injection: of(&merged.log_injection),
        debug: of(&merged.debug),
        runtime_metrics: of(&merged.runtime_metrics),
        values: values.0,
    };
    (sampling, remote)
}

/// What is reported.
#[derive(Default)]
struct Values(Vec<RemoteValue>);

impl Values {
    fn add<T>(&mut self, name: &'static str, field: &Option<Sourced<T>>, value: impl FnOnce(&T) -> ReportedValue) {
        let reported =
            |field: &Sourced<T>| RemoteValue { name, value: value(&field.value), config_id: Arc::clone(&field.config_id) };
        self.0.extend(field.as_ref().map(reported));
    }

    fn flag(&mut self, name: &'static str, field: &Option<Sourced<bool>>) {
        self.add(name, field, |value| ReportedValue::Bool(*value));
    }

    /// What was said before is still said.
    fn keep(&mut self, local: &Config, name: &'static str) {
        self.0.retain(|value| value.name != name);
        self.0.extend(local.remote().values.iter().find(|value| value.name == name).cloned());
    }
}

fn header_tags(pairs: &[(String, String)]) -> HeaderTags {
    let mut tags = HeaderTags::default();
    pairs.iter().for_each(|(header, tag)| tags.add(header, Some(tag.as_str()).filter(|tag| !tag.is_empty())));
    tags
}

fn joined(pairs: &[(String, String)], text: impl Fn(&(String, String)) -> String) -> ReportedValue {
    ReportedValue::Text(pairs.iter().map(text).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigBuilder, Origin, SettingChange};
    use crate::tracer::{TracerHandle, TracerParts, new_tracer, release, resolve_tracer};
    use serde_json::{Value, json};

    /// Name, former and present value, origin, configuration.
    type Shown = (&'static str, Option<String>, Option<String>, &'static str, Option<String>);

    struct Running(TracerHandle, &'static Tracer, Arc<Mutex<Vec<SettingChange>>>);

    impl Running {
        fn with(settings: &[(&str, &str)]) -> Self {
            let mut builder = ConfigBuilder::new();
            builder.set_env_lookup(Arc::new(|_| None));
            let base = [("LIBDDTRACE_EXPORTER", "null"), ("DD_SERVICE", "web"), ("DD_ENV", "prod")];
            base.iter().chain(settings).for_each(|(name, value)| builder.set(name, value).unwrap());
            let handle = new_tracer(TracerParts::from_config(builder.resolve()).unwrap()).unwrap();
            // SAFETY: a handle of this library.
            let tracer = unsafe { resolve_tracer(handle) }.unwrap();
            let changes = Arc::new(Mutex::new(Vec::new()));
            let seen = Arc::clone(&changes);
            tracer.add_config_listener(Arc::new(move |change| seen.lock().push(change.clone()))).unwrap().unwrap();
            Running(handle, tracer, changes)
        }

        /// Puts these settings in force, alone.
        fn set(&self, lib_config: Value) {
            let file = json!({"service_target": {"service": "WEB", "env": "Prod"}, "lib_config": lib_config});
            let file = ApmFile::parse(file.to_string().as_bytes()).unwrap();
            let id: Arc<str> = "id".into();
            let subject = Subject { service: "web", env: "prod", extra_services: &[] };
            self.1.set_remote(&merge([(&id, &file)].into_iter(), &subject));
        }

        fn config(&self) -> Arc<Config> {
            Arc::clone(&self.1.snapshot().unwrap().config)
        }

        fn value(&self, name: &str) -> (Option<String>, Origin) {
            let config = self.config();
            (config.value_text(name), config.origin(name).unwrap())
        }

        fn changes(&self) -> Vec<Shown> {
            let changes = std::mem::take(&mut *self.2.lock());
            let shown = |change: SettingChange| {
                let id = change.config_id.map(|id| id.to_string());
                (change.name, change.former, change.text, change.origin.name(), id)
            };
            changes.into_iter().map(shown).collect()
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            // SAFETY: a handle of this library.
            unsafe { release(self.0) }.unwrap();
        }
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn settings_are_put_in_force_and_taken_back_and_told() {
        let running = Running::with(&[("DD_TRACE_SAMPLE_RATE", "0.25"), ("DD_TAGS", "local:1"), ("DD_SERVICE_MAPPING", "a:b")]);
        running.set(json!({
            "tracing_sampling_rate": 0.5, "tracing_tags": ["team:blue", "env:no", "service:no"],
            "tracing_service_mapping": [{"from_key": "c", "to_name": "d"}],
            "tracing_sampling_rules": [{"service": "x", "provenance": "customer", "sample_rate": 0}],
        }));
        let config = running.config();
        assert_eq!(config.settings.sampling.sample_rate_in_force(), Some(0.5));
        assert_eq!(config.settings.sampling.rules_in_force().len(), 1);
        assert_eq!(config.global_tags(), [("team".to_owned(), "blue".to_owned())]);
        assert_eq!(config.service_mapping(), [("c".to_owned(), "d".to_owned())]);
        assert_eq!(running.value("DD_TRACE_SAMPLE_RATE"), (text("0.5"), Origin::RemoteConfig));
        assert_eq!(running.value("DD_TAGS"), (text("team:blue,env:no,service:no"), Origin::RemoteConfig));
        let told = running.changes();
        assert_eq!(told.len(), 4);
        assert!(told.contains(&("DD_TRACE_SAMPLE_RATE", text("0.25"), text("0.5"), "remote_config", text("id"))), "{told:?}");
        let last = |name: &str| running.config().records().iter().rev().find(|record| record.name == name).cloned().unwrap();
        assert_eq!((last("DD_TAGS").origin, last("DD_TAGS").config_id), (Origin::RemoteConfig, text("id")));

        running.set(json!({"tracing_sampling_rate": 1}));
        assert_eq!(running.value("DD_TRACE_SAMPLE_RATE"), (text("1.0"), Origin::RemoteConfig));
        assert_eq!(running.config().global_tags(), [("local".to_owned(), "1".to_owned())]);
        let told = running.changes();
        assert!(told.contains(&("DD_TAGS", text("team:blue,env:no,service:no"), text("local:1"), "code", None)), "{told:?}");
        running.set(json!({"tracing_sampling_rate": 1}));
        assert_eq!(running.changes(), []);

        running.set(json!({}));
        let told = running.changes();
        assert_eq!(told, [("DD_TRACE_SAMPLE_RATE", text("1.0"), text("0.25"), "code", None)]);
        assert_eq!(running.config().settings.sampling.sample_rate_in_force(), Some(0.25));
        assert!(!running.config().records().iter().any(|record| record.origin == Origin::RemoteConfig));
    }

    #[test]
    fn tracing_goes_off_and_on_again_unless_that_is_final() {
        let running = Running::with(&[]);
        let is_enabled = |running: &Running| running.1.snapshot().unwrap().is_enabled;
        running.set(json!({"tracing_enabled": false}));
        assert!(!is_enabled(&running));
        assert_eq!(running.value("DD_TRACE_ENABLED"), (text("false"), Origin::RemoteConfig));
        running.set(json!({"tracing_enabled": null}));
        assert!(is_enabled(&running));

        let stubborn = Running::with(&[("LIBDDTRACE_LANGUAGE", "go")]);
        stubborn.set(json!({"tracing_enabled": false}));
        for later in [json!({"tracing_enabled": true}), json!({})] {
            stubborn.set(later);
            assert!(!is_enabled(&stubborn));
            assert_eq!(stubborn.value("DD_TRACE_ENABLED"), (text("false"), Origin::RemoteConfig));
        }

        let off = Running::with(&[("DD_TRACE_ENABLED", "false"), ("DD_REMOTE_CONFIGURATION_ENABLED", "true")]);
        off.set(json!({"tracing_enabled": true}));
        assert!(!is_enabled(&off));
        assert!(!takes_remote_settings(&off.config()));
    }

    #[test]
    fn what_remote_configuration_asks_for_outlasts_other_settings() {
        let running = Running::with(&[]);
        running.set(json!({"tracing_tags": ["a:b"], "tracing_enabled": false}));
        let mut builder = ConfigBuilder::new();
        builder.set_env_lookup(Arc::new(|_| None));
        [("LIBDDTRACE_EXPORTER", "null"), ("DD_TAGS", "c:d")].iter().for_each(|(name, value)| builder.set(name, value).unwrap());
        let parts = TracerParts::from_config(builder.resolve()).unwrap();
        running.1.configure(parts, crate::tracer::OpenTraces::Keep, std::time::Duration::ZERO).unwrap();
        assert_eq!(running.config().global_tags(), [("a".to_owned(), "b".to_owned())]);
        assert!(!running.1.snapshot().unwrap().is_enabled);
        running.set(json!({}));
        assert_eq!(running.config().global_tags(), [("c".to_owned(), "d".to_owned())]);
        assert!(running.1.snapshot().unwrap().is_enabled);
    }
}
