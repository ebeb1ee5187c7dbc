use super::*;
use crate::config::Origin;
use std::fs;
use std::path::PathBuf;

/// A file of its own for a test, removed when the test ends.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str, content: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ddtrace-config-{}-{name}", std::process::id()));
        fs::write(&path, content).unwrap();
        TestFile(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn rules_in_code_and_environment() {
    let env = [
        ("DD_TRACE_SAMPLING_RULES", r#"[{"sample_rate":0.5,"service":"env"}]"#),
        ("DD_SPAN_SAMPLING_RULES", r#"[{"name":"n"}]"#),
    ];
    let sampling = with_env(&env).settings.sampling;
    assert_eq!(sampling.rules[0].service.as_deref(), Some("env"));
    assert_eq!(sampling.span_rules[0].name.as_deref(), Some("n"));
    assert!(with_code(&[("DD_TRACE_SAMPLING_RULES", "[]")], &env).settings.sampling.rules.is_empty());
}

#[test]
fn bad_rules_are_ignored_with_an_error_for_the_startup_log() {
    let config = with_env(&[("DD_TRACE_SAMPLING_RULES", "{not json")]);
    assert!(config.settings.sampling.rules.is_empty());
    assert_eq!(config.warnings().len(), 1);
    let error =
        config.records().iter().find(|record| record.name == "DD_TRACE_SAMPLING_RULES").and_then(|record| record.error.clone());
    assert!(error.unwrap().starts_with("expected a JSON array of rules"));
    assert!(matches!(refusal("DD_TRACE_SAMPLING_RULES", "7"), ConfigError::InvalidValue { .. }));
}

#[test]
fn a_bad_rule_is_left_out_with_a_warning() {
    let config = with_env(&[("DD_TRACE_SAMPLING_RULES", r#"[{"service":"a"},{"sample_rate":1}]"#)]);
    assert_eq!(config.settings.sampling.rules.len(), 1);
    assert_eq!(config.warnings(), ["environment variable DD_TRACE_SAMPLING_RULES: rule 1 is left out: it has no sample_rate"]);
}

#[test]
fn rules_from_files() {
    let trace_rules = TestFile::new("trace", r#"[{"sample_rate":0.25}]"#);
    let span_rules = TestFile::new("span", r#" [{"service":"s","sample_rate":0.75}] "#);
    let config =
        with_env(&[("DD_TRACE_SAMPLING_RULES_FILE", trace_rules.path()), ("DD_SPAN_SAMPLING_RULES_FILE", span_rules.path())]);
    assert_eq!(config.settings.sampling.rules[0].sample_rate, 0.25);
    assert_eq!(config.settings.sampling.span_rules[0].sample_rate, 0.75);
    assert_eq!(config.origin("DD_SPAN_SAMPLING_RULES"), Some(Origin::Calculated));
    assert_eq!(text(&config, "DD_SPAN_SAMPLING_RULES"), r#"[{"service":"s","sample_rate":0.75}]"#);
    assert!(config.warnings().is_empty());
}

#[test]
fn inline_rules_win_over_a_file_with_a_warning() {
    let file = TestFile::new("loser", r#"[{"service":"file"}]"#);
    let config =
        with_env(&[("DD_SPAN_SAMPLING_RULES", r#"[{"service":"inline"}]"#), ("DD_SPAN_SAMPLING_RULES_FILE", file.path())]);
    assert_eq!(config.settings.sampling.span_rules[0].service.as_deref(), Some("inline"));
    assert_eq!(config.warnings(), ["DD_SPAN_SAMPLING_RULES_FILE is ignored: DD_SPAN_SAMPLING_RULES is set too"]);
}

#[test]
fn files_that_cannot_be_used_are_ignored_with_a_warning() {
    let garbage = TestFile::new("garbage", "?? ??; ??\t\n\n --- ");
    let huge = TestFile::new("huge", &" ".repeat((1 << 20) + 1));
    for path in [garbage.path(), huge.path(), "/no/such/file", "/dev/zero", "/"] {
        let config = with_env(&[("DD_SPAN_SAMPLING_RULES_FILE", path)]);
        assert!(config.settings.sampling.span_rules.is_empty());
        assert_eq!(config.warnings().len(), 1, "{:?}", config.warnings());
    }
}
