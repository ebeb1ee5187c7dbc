//! Values of settings, from code and from the environment.

use ddtrace::config::{ConfigBuilder, SETTINGS, Setting};
use std::collections::HashMap;
use std::sync::Arc;

const SECRET: &str = "hunter2";

/// Lines `NAME=value`; a name that is none stands for one of them all the same. The first byte chooses where they come from.
pub fn values(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let pairs: Vec<(&'static Setting, &str)> = text.split('\n').filter_map(pair).collect();
    let mut builder = ConfigBuilder::new();
    if choice % 2 == 0 {
        let variables: HashMap<&str, String> = pairs.iter().map(|(setting, value)| (setting.name, (*value).to_owned())).collect();
        builder.set_env_lookup(Arc::new(move |name| variables.get(name).cloned()));
    } else {
        builder.set_env_lookup(Arc::new(|_| None));
        for (setting, value) in &pairs {
            if let Err(error) = builder.set(setting.name, value) {
                assert!(error.to_string().contains(setting.name), "{error}");
            }
        }
    }
    let config = builder.resolve();
    for setting in SETTINGS {
        let shown = config.value_text(setting.name);
        assert!(!setting.sensitive || shown.is_none_or(|shown| shown == "<redacted>"), "{}", setting.name);
    }
    assert!(!config.settings.identity.service.is_empty());
    assert!(config.settings.sampling.sample_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)));
    // What is secret is neither shown nor reported, whatever is wrong with it.
    if pairs.iter().all(|(setting, value)| setting.sensitive || !value.contains(SECRET)) {
        let texts: Vec<_> = SETTINGS.iter().map(|setting| config.value_text(setting.name)).collect();
        let told = format!("{texts:?} {:?} {:?}", config.records(), config.warnings());
        assert!(!told.contains(SECRET), "{told}");
    }
}

/// Settings that name a file are left out: the fuzzer must not open what it makes up.
fn pair(line: &str) -> Option<(&'static Setting, &str)> {
    let (name, value) = line.split_once('=')?;
    let by_number = || SETTINGS.get(name.bytes().map(usize::from).sum::<usize>() % SETTINGS.len());
    let setting = SETTINGS.iter().find(|setting| setting.names().any(|known| known == name)).or_else(by_number)?;
    (!setting.name.ends_with("_FILE")).then_some((setting, value))
}
