use super::*;
use crate::config::Origin;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A file that goes with the test.
struct File(PathBuf);

impl File {
    fn new(content: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ddtrace-stable-{}-{number}.yaml", std::process::id()));
        std::fs::write(&path, content).unwrap();
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn resolved(local: &str, fleet: &str, variables: &[(&str, &str)]) -> Config {
    let (local, fleet) = (File::new(local), File::new(fleet));
    let mut surroundings = Surroundings::with_variables(variables);
    surroundings.arguments = ["/usr/bin/shop", "-Darg1=value", "--verbose"].map(str::to_owned).to_vec();
    surroundings.stable_files = [Some(local.0.clone()), Some(fleet.0.clone())];
    ConfigBuilder::new().resolve_in(&surroundings)
}

fn of_local(content: impl AsRef<[u8]>) -> Config {
    let file = File::new(content);
    let mut surroundings = Surroundings::with_variables(&[]);
    surroundings.stable_files = [Some(file.0.clone()), None];
    ConfigBuilder::new().resolve_in(&surroundings)
}

const EMPTY: &str = "";

#[test]
fn fleet_beats_environment_and_that_beats_local_setting_by_setting() {
    let local = "apm_configuration_default:\n  DD_ENV: local\n  DD_VERSION: local\n  DD_SERVICE: local\n";
    let fleet = "apm_configuration_default:\n  DD_SERVICE: fleet\n  DD_TRACE_DEBUG: true\n";
    let config = resolved(local, fleet, &[("DD_SERVICE", "env"), ("DD_VERSION", "env"), ("OTEL_SERVICE_NAME", "otel")]);
    for (name, value, origin) in [
        ("DD_SERVICE", "fleet", Origin::FleetStableConfig),
        ("DD_VERSION", "env", Origin::EnvVar),
        ("DD_ENV", "local", Origin::LocalStableConfig),
        ("DD_TRACE_DEBUG", "true", Origin::FleetStableConfig),
    ] {
        assert_eq!((text(&config, name).as_str(), config.origin(name)), (value, Some(origin)), "{name}");
    }
    let origins: Vec<_> =
        config.records().iter().filter(|record| record.name == "DD_SERVICE").map(|record| record.origin).collect();
    use Origin::{Default, EnvVar, FleetStableConfig, LocalStableConfig, OtelEnvVar};
    assert_eq!(origins, [Default, LocalStableConfig, OtelEnvVar, EnvVar, FleetStableConfig]);
}

#[test]
fn code_beats_the_fleet() {
    let file = File::new("apm_configuration_default: {DD_ENV: fleet}");
    let mut surroundings = Surroundings::with_variables(&[]);
    surroundings.stable_files = [None, Some(file.0.clone())];
    let mut builder = ConfigBuilder::new();
    builder.set("DD_ENV", "code").unwrap();
    assert_eq!(text(&builder.resolve_in(&surroundings), "DD_ENV"), "code");
}

#[test]
fn the_config_id_is_that_of_the_values_file() {
    let local = "apm_configuration_default:\n  DD_ENV: local\n";
    let fleet = "config_id: abc-1\napm_configuration_default:\n  DD_VERSION: 2\n";
    let config = resolved(local, fleet, &[]);
    let id = |name: &str| config.records().iter().rev().find(|record| record.name == name).unwrap().config_id.clone();
    assert_eq!((id("DD_ENV"), id("DD_VERSION"), id("DD_SERVICE")), (None, Some("abc-1".to_owned()), None));
}

#[test]
fn scalars_are_text_and_what_is_not_known_is_ignored() {
    let local = "later: [1, 2]\napm_configuration_default:\n  DD_TRACE_ENABLED: false\n  DD_TRACE_RATE_LIMIT: 7\n  DD_NOT_KNOWN: x\n  DD_ENV: ~\n";
    let config = resolved(local, EMPTY, &[]);
    assert_eq!((text(&config, "DD_TRACE_ENABLED"), text(&config, "DD_TRACE_RATE_LIMIT")), ("false".to_owned(), "7".to_owned()));
    assert_eq!(config.value_text("DD_ENV"), None);
    assert_eq!(config.warnings(), [""; 0]);
}

#[test]
fn aliases_and_bad_values_are_as_in_the_environment() {
    let config = resolved("apm_configuration_default: {DD_SERVICE_NAME: old, DD_TRACE_SAMPLE_RATE: 2}", EMPTY, &[]);
    assert_eq!(text(&config, "DD_SERVICE"), "old");
    assert_eq!(config.value_text("DD_TRACE_SAMPLE_RATE"), None);
    assert_eq!(config.warnings().len(), 2, "{:?}", config.warnings());
    assert!(config.warnings()[1].contains("DD_TRACE_SAMPLE_RATE: \"2\" is ignored: expected a number from 0 to 1"));
}

#[test]
fn the_first_rule_that_fits_applies() {
    let rules = "
apm_configuration_default:
  DD_ENV: all
apm_configuration_rules:
  - selectors:
      - {origin: language, operator: equals, matches: [java]}
    configuration: {DD_ENV: java}
  - selectors:
      - {origin: process_arguments, key: -Darg1, operator: equals, matches: [other, value]}
      - {origin: environment_variables, key: TEAM, operator: prefix_matches, matches: [blue]}
    configuration: {DD_ENV: first, DD_VERSION: '{{process_arguments[''-Darg1'']}}'}
  - selectors: []
    configuration: {DD_ENV: last}
";
    let config = resolved(rules, EMPTY, &[("TEAM", "blueberry")]);
    assert_eq!((text(&config, "DD_ENV").as_str(), text(&config, "DD_VERSION").as_str()), ("first", "value"));
    assert_eq!(text(&resolved(rules, EMPTY, &[("TEAM", "red")]), "DD_ENV"), "last");
    assert_eq!(text(&resolved(&rules.replace("apm_configuration_rules", "rules"), EMPTY, &[]), "DD_ENV"), "last");
}

#[test]
fn selectors() {
    for (selector, fits) in [
        ("origin: process_arguments, operator: equals, matches: [--verbose]", true),
        ("origin: process_arguments, operator: equals, matches: [--verb]", false),
        ("origin: process_arguments, operator: prefix_matches, matches: [--verb]", true),
        ("origin: process_arguments, key: -Darg1, operator: exists", true),
        ("origin: process_arguments, key: --verbose, operator: exists", false),
        ("origin: environment_variables, key: A, operator: suffix_matches, matches: [z, 'c']", true),
        ("origin: environment_variables, operator: equals, matches: ['A=b=c']", true),
        ("origin: environment_variables, key: B, operator: exists", false),
        ("origin: language, operator: equals, matches: [cpp]", true),
        ("origin: tags, key: k, operator: equals, matches: [v]", true),
        ("origin: tags, operator: exists", false),
        ("origin: tags, key: k, operator: equals, matches: []", false),
    ] {
        let file = format!("tags: {{k: v}}\nrules:\n- selectors: [{{{selector}}}]\n  configuration: {{DD_ENV: fits}}\n");
        let config = resolved(&file, EMPTY, &[("A", "b=c")]);
        assert_eq!((config.value_text("DD_ENV").is_some(), config.warnings()), (fits, &[][..]), "{selector}");
    }
}

#[test]
fn templates() {
    for (value, expected) in [
        ("{{ language }}", "cpp"),
        ("a-{{environment_variables[A]}}-{{ tags['k'] }}", "a-b=c-v"),
        ("{{process_arguments[\"-Darg1\"]}}", "value"),
        ("{{ process_arguments[-Darg1] }}{{language}}", "valuecpp"),
        ("{{ environment_variables[NOPE] }}", "UNDEFINED"),
        ("{{ weather }}/{{}}", "UNDEFINED/UNDEFINED"),
        ("no } template {", "no } template {"),
    ] {
        let file = format!("tags: {{k: v}}\nrules:\n- configuration: {{DD_ENV: '{}'}}\n", value.replace('\'', "''"));
        assert_eq!(text(&resolved(&file, EMPTY, &[("A", "b=c")]), "DD_ENV"), expected, "{value}");
    }
}

#[test]
fn a_broken_file_is_ignored_with_one_warning_and_the_others_count() {
    let long = format!("apm_configuration_default:\n  DD_ENV: '{}'\n", "{{language}}".repeat(3)) + &"# x\n".repeat(300_000);
    for broken in [
        "?? ??; ??\t\n\n --- `\n x: {",
        "- a list",
        "apm_configuration_default: text",
        "apm_configuration_default: {DD_ENV: [a]}",
        "apm_configuration_default: {DD_ENV: '{{ language'}",
        "rules: [{selectors: [{origin: weather, operator: exists}], configuration: {DD_ENV: x}}]",
        "rules: [{selectors: [{origin: language, operator: like, matches: [x]}]}]",
        "rules: [{selectors: [{origin: language, operator: equals}]}]",
        "config_id: {a: b}",
        "a: &a [x]\nb: *a",
        &long,
    ] {
        let config = resolved(broken, "apm_configuration_default: {DD_VERSION: 3}", &[]);
        assert_eq!((config.value_text("DD_ENV"), text(&config, "DD_VERSION").as_str()), (None, "3"), "{broken:.60}");
        assert_eq!(config.warnings().len(), 1, "{broken:.60}: {:?}", config.warnings());
    }
    assert_eq!(of_local([0xff, 0xfe]).warnings().len(), 1);
}

#[test]
fn garbage_and_emptiness_do_no_harm() {
    for content in ["", "\n \n", "# only a comment\n", "~", "?? ??; ??\t\n\n --- `", "\u{0}\u{0}", "---\n...\n---"] {
        let config = of_local(content);
        assert_eq!(config.value_text("DD_ENV"), None);
        assert!(config.warnings().len() <= 1, "{content:?}: {:?}", config.warnings());
    }
    let mut surroundings = Surroundings::with_variables(&[]);
    surroundings.stable_files = [Some("/nowhere/at/all.yaml".into()), Some("/".into())];
    let config = ConfigBuilder::new().resolve_in(&surroundings);
    assert_eq!(config.warnings().len(), 1, "a directory is worth a warning, an absent file is not: {:?}", config.warnings());
}

#[test]
fn templates_cannot_blow_a_value_up() {
    let template = "{{ environment_variables[BIG] }}".repeat(1_000);
    let big = "x".repeat(1 << 19);
    let config = resolved(&format!("rules:\n- configuration: {{DD_ENV: '{template}'}}\n"), EMPTY, &[("BIG", &big)]);
    assert_eq!(config.value_text("DD_ENV"), None);
    assert_eq!(config.warnings().len(), 1);
}
