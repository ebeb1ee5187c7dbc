//! Who the traces come from: service, environment, version, global tags, git metadata.
//!
//! A dedicated setting wins over the tag of the same meaning in `DD_TAGS`, that over the `OTEL_*` variable, and that over the
//! process; only the name of the service in `OTEL_SERVICE_NAME`, which says nothing else, wins over that tag. Such tags are removed from the global tags: each is put on spans by a rule of its own.

use super::evaluation::Origin;
use super::process::Surroundings;
use super::resolution::Resolution;
use super::service_name;
use super::value::Value;

/// Tags in `DD_TAGS` that stand for a setting.
const TAGS_FOR_SETTINGS: &[(&str, &str)] = &[
    ("service", "DD_SERVICE"),
    ("env", "DD_ENV"),
    ("version", "DD_VERSION"),
    ("git.repository_url", "DD_GIT_REPOSITORY_URL"),
    ("git.commit.sha", "DD_GIT_COMMIT_SHA"),
];

/// Derives what the dedicated settings leave open. Answers whether the user named the service.
pub(super) fn complete(resolution: &mut Resolution, surroundings: &Surroundings) -> bool {
    let is_below_otel = resolution.origin("DD_TAGS") <= Origin::OtelEnvVar;
    let tags = tags(resolution);
    for (tag, setting) in TAGS_FOR_SETTINGS {
        let value = tags.iter().find(|(key, _)| key == tag).map(|(_, value)| value.as_str()).unwrap_or_default();
        let Some(value) = (!value.is_empty()).then(|| dedicated(setting, value)) else { continue };
        match is_below_otel || *setting == "DD_SERVICE" {
            true => resolution.calculate(setting, value),
            false => resolution.calculate_over_otel(setting, value),
        }
    }
    let is_named = *resolution.value("DD_SERVICE") != Value::Unset;
    if !is_named {
        let language = resolution.value("LIBDDTRACE_LANGUAGE").text().unwrap_or_default();
        resolution.calculate("DD_SERVICE", Value::Text(service_name::infer(surroundings, &language)));
    }
    is_named
}

fn dedicated(setting: &str, value: &str) -> Value {
    let text = match setting {
        "DD_GIT_REPOSITORY_URL" => super::git_repository::without_credentials(value),
        _ => value.to_owned(),
    };
    Value::Text(text)
}

/// The tags that go on every span: those of `DD_TAGS` that stand for no setting.
pub(super) fn global_tags(resolution: &Resolution) -> Vec<(String, String)> {
    let mut tags = tags(resolution);
    tags.retain(|(key, _)| !TAGS_FOR_SETTINGS.iter().any(|(tag, _)| tag == key));
    tags
}

fn tags(resolution: &Resolution) -> Vec<(String, String)> {
    match resolution.value("DD_TAGS") {
        Value::Tags(tags) => tags.clone(),
        _ => Vec::new(),
    }
}
