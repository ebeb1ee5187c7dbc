use super::*;
use crate::config::Origin;

#[test]
fn dedicated_settings_win_over_tags() {
    let config = with_env(&[
        ("DD_TAGS", "service:s2,env:dev2,version:1,git.commit.sha:t,git.repository_url:https://u:p@h/t,team:a"),
        ("DD_SERVICE", "s1"),
        ("DD_ENV", "dev1"),
        ("DD_VERSION", "0"),
        ("DD_GIT_COMMIT_SHA", "c"),
    ]);
    let identity = &config.settings.identity;
    assert_eq!(identity.service, "s1");
    assert_eq!((identity.env.as_deref(), identity.version.as_deref()), (Some("dev1"), Some("0")));
    assert_eq!((identity.git_commit_sha.as_deref(), identity.git_repository_url.as_deref()), (Some("c"), Some("https://h/t")));
    assert_eq!(identity.global_tags, [("team".to_owned(), "a".to_owned())]);
    assert_eq!(config.origin("DD_ENV"), Some(Origin::EnvVar));
}

#[test]
fn tags_stand_in_for_dedicated_settings() {
    let config = with_env(&[("DD_TAGS", "service:s2 env:dev2 version:1 team:a")]);
    let identity = &config.settings.identity;
    assert_eq!((identity.service.as_str(), identity.service_is_user_set), ("s2", true));
    assert_eq!((identity.env.as_deref(), identity.version.as_deref()), (Some("dev2"), Some("1")));
    assert_eq!(identity.global_tags, [("team".to_owned(), "a".to_owned())]);
    assert_eq!((text(&config, "DD_ENV").as_str(), config.origin("DD_ENV")), ("dev2", Some(Origin::Calculated)));
    assert_eq!(text(&config, "DD_TAGS"), "service:s2,env:dev2,version:1,team:a");
}

#[test]
fn empty_tags_stand_in_for_nothing() {
    let identity = with_env(&[("DD_TAGS", "service:,env:,team:")]).settings.identity;
    assert_eq!((identity.service.as_str(), identity.service_is_user_set), ("shop", false));
    assert_eq!(identity.env, None);
    assert_eq!(identity.global_tags, [("team".to_owned(), String::new())]);
    assert!(with_env(&[("DD_TAGS", " , ,")]).settings.identity.global_tags.is_empty());
}

#[test]
fn a_service_is_trimmed_and_otherwise_kept() {
    assert_eq!(with_env(&[("DD_SERVICE", "  My Shop/É ")]).settings.identity.service, "My Shop/É");
}

#[test]
fn precedence_of_service_names() {
    let mut variables = vec![
        ("DD_SERVICE", "dd"),
        ("OTEL_SERVICE_NAME", "otel"),
        ("DD_TAGS", "service:tag"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=resource"),
        ("AWS_LAMBDA_FUNCTION_NAME", "lambda"),
    ];
    for (expected, is_user_set) in
        [("dd", true), ("otel", true), ("tag", true), ("resource", true), ("lambda", false), ("shop", false)]
    {
        let identity = with_env(&variables).settings.identity;
        assert_eq!((identity.service.as_str(), identity.service_is_user_set), (expected, is_user_set));
        if !variables.is_empty() {
            variables.remove(0);
        }
    }
}

#[test]
fn a_service_derived_from_the_process_is_calculated() {
    let config = with_env(&[]);
    assert_eq!((text(&config, "DD_SERVICE").as_str(), config.origin("DD_SERVICE")), ("shop", Some(Origin::Calculated)));
    let mut surroundings = Surroundings::with_variables(&[("LIBDDTRACE_LANGUAGE", "ruby")]);
    surroundings.arguments.clear();
    assert_eq!(ConfigBuilder::new().resolve_in(&surroundings).settings.identity.service, "unnamed-ruby-service");
}

#[test]
fn credentials_of_the_repository_are_removed_everywhere() {
    let config = with_env(&[("DD_GIT_REPOSITORY_URL", "https://user:hunter2@github.com/x/y.git")]);
    assert_eq!(config.settings.identity.git_repository_url.as_deref(), Some("https://github.com/x/y.git"));
    let records: Vec<_> = config.records().iter().filter(|record| record.name == "DD_GIT_REPOSITORY_URL").collect();
    assert!(!format!("{records:?}").contains("hunter2"));
}
