//! One set of settings out of several files: for each field, what the file says that counts most of those that say anything.

use super::payload::{ApmFile, LibConfig};
use super::target::Subject;
use std::sync::Arc;

/// A value, and the id of the configuration that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The configuration's id.
    pub config_id: Arc<str>,
}

type Field<T> = Option<Sourced<T>>;
type Pairs = Vec<(String, String)>;

/// What all files together set for one tracer. The fields are those of [`LibConfig`].
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "as in LibConfig")]
pub struct Merged {
    pub tracing_enabled: Field<bool>,
    pub sampling_rate: Field<f64>,
    pub sampling_rules: Field<(Vec<crate::config::RuleSpec>, String)>,
    pub header_tags: Field<Pairs>,
    pub tags: Field<Pairs>,
    pub log_injection: Field<bool>,
    pub service_mapping: Field<Pairs>,
    pub debug: Field<bool>,
    pub dynamic_instrumentation: Field<bool>,
    pub exception_replay: Field<bool>,
    pub code_origin: Field<bool>,
    pub live_debugging: Field<bool>,
    pub data_streams: Field<bool>,
    pub runtime_metrics: Field<bool>,
}

/// Merges the files that are for this tracer. They are given with the ids of their configurations, the one that was received last at the end.
pub fn merge<'a>(files: impl Iterator<Item = (&'a Arc<str>, &'a ApmFile)>, subject: &Subject<'_>) -> Merged {
    let mut applying: Vec<_> = files.filter(|(_, file)| file.target.is_for(subject)).collect();
    // Stable: of those that count the same, the one received last stays last.
    applying.sort_by_key(|(_, file)| (file.target.priority(), file.revision));
    let of = |config: &LibConfig, id: &Arc<str>, merged: &mut Merged| {
        set(&mut merged.tracing_enabled, &config.tracing_enabled, id);
        set(&mut merged.sampling_rate, &config.sampling_rate, id);
        set(&mut merged.sampling_rules, &config.sampling_rules, id);
        set(&mut merged.header_tags, &config.header_tags, id);
        set(&mut merged.tags, &config.tags, id);
        set(&mut merged.log_injection, &config.log_injection, id);
        set(&mut merged.service_mapping, &config.service_mapping, id);
        set(&mut merged.debug, &config.debug, id);
        set(&mut merged.dynamic_instrumentation, &config.dynamic_instrumentation, id);
        set(&mut merged.exception_replay, &config.exception_replay, id);
        set(&mut merged.code_origin, &config.code_origin, id);
        set(&mut merged.live_debugging, &config.live_debugging, id);
        set(&mut merged.data_streams, &config.data_streams, id);
        set(&mut merged.runtime_metrics, &config.runtime_metrics, id);
    };
    let mut merged = Merged::default();
    for (id, file) in applying {
        of(&file.lib_config, id, &mut merged);
    }
    merged
}

fn set<T: Clone>(field: &mut Field<T>, said: &Option<T>, id: &Arc<str>) {
    if let Some(value) = said {
        *field = Some(Sourced { value: value.clone(), config_id: Arc::clone(id) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn file(service: &str, env: &str, revision: i64, lib_config: Value) -> ApmFile {
        let file = json!({
            "service_target": {"service": service, "env": env}, "revision": revision, "lib_config": lib_config,
        });
        ApmFile::parse(file.to_string().as_bytes()).unwrap()
    }

    fn merged(files: &[ApmFile]) -> Merged {
        let ids: Vec<Arc<str>> = (0..files.len()).map(|number| Arc::from(number.to_string())).collect();
        merge(ids.iter().zip(files), &Subject { service: "web", env: "prod", extra_services: &[] })
    }

    #[test]
    fn each_field_comes_from_the_file_that_counts_most_of_those_that_set_it() {
        let merged = merged(&[
            file("web", "prod", 1, json!({"tracing_sampling_rate": 0.5, "tracing_tags": null})),
            file("*", "*", 9, json!({"tracing_sampling_rate": 0.1, "tracing_enabled": false})),
            file("web", "*", 9, json!({"tracing_tags": ["a:b"], "tracing_sampling_rate": 0.2})),
            file("*", "prod", 9, json!({"tracing_tags": ["c:d"], "log_injection_enabled": true})),
            file("other", "prod", 99, json!({"tracing_debug": true})),
        ]);
        assert_eq!(merged.sampling_rate.map(|rate| (rate.value, rate.config_id.to_string())), Some((0.5, "0".to_owned())));
        assert_eq!(merged.tracing_enabled.map(|on| (on.value, on.config_id.to_string())), Some((false, "1".to_owned())));
        assert_eq!(merged.tags.map(|tags| tags.value), Some(vec![("a".to_owned(), "b".to_owned())]));
        assert_eq!(merged.log_injection.map(|on| on.value), Some(true));
        assert_eq!(merged.debug, None, "that file is for somebody else");
    }

    #[test]
    fn of_equals_the_highest_revision_counts_then_the_one_received_last() {
        let rate = |rates: &[(i64, f64)]| {
            let files: Vec<ApmFile> = rates
                .iter()
                .map(|(revision, rate)| file("web", "prod", *revision, json!({"tracing_sampling_rate": rate})))
                .collect();
            merged(&files).sampling_rate.unwrap().value
        };
        assert_eq!(rate(&[(2, 0.2), (1, 0.1)]), 0.2);
        assert_eq!(rate(&[(1, 0.2), (1, 0.1)]), 0.1);
    }

    #[test]
    fn nothing_is_merged_to_nothing() {
        assert_eq!(merged(&[]), Merged::default());
    }
}
