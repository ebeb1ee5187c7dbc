//! For whom a file of settings is.

use serde_json::{Map, Value};

/// Whom settings may be for.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// Its service.
    pub service: &'a str,
    /// Its environment; empty: none.
    pub env: &'a str,
    /// Further services that its spans name.
    pub extra_services: &'a [String],
}

/// For whom a file is. `None` in a field: for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetOf {
    service: Option<String>,
    env: Option<String>,
    names_clusters: bool,
}

impl TargetOf {
    /// Reads it from a file.
    pub fn parse(file: &Map<String, Value>) -> Result<Self, String> {
        let target = match file.get("service_target") {
            None | Some(Value::Null) => None,
            Some(Value::Object(target)) => Some(target),
            Some(_) => return Err("service_target: expected an object".to_owned()),
        };
        let name = |key: &str| match target.and_then(|target| target.get(key)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) => Ok(Some(name.to_lowercase()).filter(|name| !name.is_empty() && name != "*")),
            Some(_) => Err(format!("service_target.{key}: expected a text")),
        };
        let clusters = file.get("k8s_target_v2").and_then(|target| target.get("cluster_targets")).and_then(Value::as_array);
        let names_clusters = clusters.is_some_and(|clusters| !clusters.is_empty());
        Ok(TargetOf { service: name("service")?, env: name("env")?, names_clusters })
    }

    /// Whether it is for this one. Case does not matter.
    pub fn is_for(&self, subject: &Subject<'_>) -> bool {
        let is = |wanted: &str, actual: &str| !actual.is_empty() && actual.to_lowercase() == wanted;
        let services = || std::iter::once(subject.service).chain(subject.extra_services.iter().map(String::as_str));
        self.service.as_deref().is_none_or(|wanted| services().any(|service| is(wanted, service)))
            && self.env.as_deref().is_none_or(|wanted| is(wanted, subject.env))
    }

    /// How much it counts beside others: the more it says, the more.
    pub fn priority(&self) -> u8 {
        match (&self.service, &self.env) {
            (Some(_), Some(_)) => 5,
            (Some(_), None) => 4,
            (None, Some(_)) => 3,
            (None, None) if self.names_clusters => 2,
            (None, None) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target(file: Value) -> TargetOf {
        TargetOf::parse(file.as_object().unwrap()).unwrap()
    }

    fn of(service: Value, env: Value) -> TargetOf {
        target(json!({"service_target": {"service": service, "env": env}}))
    }

    #[test]
    fn a_target_names_service_and_environment_in_any_case() {
        let web = Subject { service: "Web", env: "Prod", extra_services: &["db".to_owned()] };
        for (service, env, expected) in [
            (json!("wEB"), json!("pROD"), true),
            (json!("web"), json!(null), true),
            (json!("*"), json!("*"), true),
            (json!("db"), json!("prod"), true),
            (json!("other"), json!("prod"), false),
            (json!("web"), json!("dev"), false),
        ] {
            assert_eq!(of(service.clone(), env.clone()).is_for(&web), expected, "{service} {env}");
        }
        let nameless = Subject { service: "", env: "", extra_services: &[] };
        assert!(!of(json!("web"), json!("*")).is_for(&nameless) && !of(json!("*"), json!("prod")).is_for(&nameless));
        assert!(target(json!({})).is_for(&nameless));
    }

    #[test]
    fn the_more_a_target_says_the_more_it_counts() {
        assert_eq!(of(json!("a"), json!("b")).priority(), 5);
        assert_eq!(of(json!("a"), json!("*")).priority(), 4);
        assert_eq!(of(json!(null), json!("b")).priority(), 3);
        let clusters = json!({"k8s_target_v2": {"cluster_targets": [{"cluster_name": "c", "enabled": true}]}});
        assert_eq!(target(clusters).priority(), 2);
        assert_eq!(target(json!({"service_target": null})).priority(), 1);
        assert!(TargetOf::parse(json!({"service_target": 1}).as_object().unwrap()).is_err());
        assert!(TargetOf::parse(json!({"service_target": {"env": 1}}).as_object().unwrap()).is_err());
    }
}
