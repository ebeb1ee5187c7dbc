//! Where settings are collected before a tracer is built.

use super::error::ConfigError;
use super::integration::{self, IntegrationSettings};
use super::process::{EnvLookup, LONGEST_VALUE, Surroundings};
use super::resolution::says_something;
use super::resolved::Config;
use super::setting::Setting;
use super::table::{SETTINGS, nearest, position};
use std::collections::HashMap;
use std::fmt;

/// Values set in code, and the environment to read; makes a [`Config`].
#[derive(Clone, Default)]
pub struct ConfigBuilder {
    values: HashMap<&'static str, String>,
    /// Of integrations, by the names of their settings.
    integrations: HashMap<String, String>,
    environment: Option<EnvLookup>,
}

impl ConfigBuilder {
    /// A builder with nothing set, which reads the environment of the process.
    pub fn new() -> Self {
        ConfigBuilder::default()
    }

    /// Sets a value, by any name of its setting. It is checked at once; if it is refused, the previous value is kept. An empty
    /// value is as good as [`ConfigBuilder::unset`], where empty says nothing.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        let setting = find(name)?;
        if value.len() > LONGEST_VALUE {
            return Err(ConfigError::invalid(setting, value, format!("at most {LONGEST_VALUE} bytes")));
        }
        if !says_something(setting, value) {
            self.values.remove(setting.name);
            return Ok(());
        }
        if let Err(expected) = setting.kind.parse(value) {
            return Err(ConfigError::invalid(setting, value, expected));
        }
        self.values.insert(setting.name, value.to_owned());
        Ok(())
    }

    /// Takes back a value, so that the other sources apply again.
    pub fn unset(&mut self, name: &str) -> Result<(), ConfigError> {
        let setting = find(name)?;
        self.values.remove(setting.name);
        Ok(())
    }

    /// Reads this environment instead of that of the process.
    pub fn set_env_lookup(&mut self, lookup: EnvLookup) {
        self.environment = Some(lookup);
    }

    /// Reads all sources and settles every setting.
    pub fn resolve(&self) -> Config {
        self.resolve_in(&Surroundings::of_process(self.environment.clone()))
    }

    /// What the sources say of one integration, by its name: `redis`, `aws-sdk`.
    pub fn integration(&self, name: &str) -> IntegrationSettings {
        integration::settings(name, &self.integrations, &self.values, &Surroundings::of_process(self.environment.clone()))
    }

    /// Sets what one integration is to do, by the words of [`IntegrationSettings`]; an empty value takes it back.
    pub fn set_integration(&mut self, integration: &str, key: &str, value: &str) -> Result<(), ConfigError> {
        let name = integration::named(integration, key, value)?;
        match value.trim() {
            "" => drop(self.integrations.remove(&name)),
            value => drop(self.integrations.insert(name, value.to_owned())),
        }
        Ok(())
    }

    /// The same as [`ConfigBuilder::resolve`] in given surroundings.
    pub(super) fn resolve_in(&self, surroundings: &Surroundings) -> Config {
        Config::resolve(&self.values, surroundings)
    }
}

fn find(name: &str) -> Result<&'static Setting, ConfigError> {
    const LONGEST_NAME: usize = 200;
    position(name)
        .and_then(|place| SETTINGS.get(place))
        .ok_or_else(|| ConfigError::UnknownName { name: name.chars().take(LONGEST_NAME).collect(), suggestion: nearest(name) })
}

impl fmt::Debug for ConfigBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be sensitive.
        let mut names: Vec<_> = self.values.keys().collect();
        names.sort_unstable();
        f.debug_struct("ConfigBuilder").field("values", &names).finish_non_exhaustive()
    }
}
