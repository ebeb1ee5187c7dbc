//! What can be wrong with a setting that is set in code.

use super::grammar::quoted;
use super::setting::Setting;
use std::error::Error;
use std::fmt;

/// A setting that could not be set; the previous value is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// There is no setting of this name.
    UnknownName {
        /// The name given.
        name: String,
        /// A known name that is much like it.
        suggestion: Option<&'static str>,
    },
    /// The value does not fit the setting.
    InvalidValue {
        /// The setting.
        name: &'static str,
        /// The value given, as it may be shown.
        value: String,
        /// What values look like.
        expected: String,
    },
}

impl ConfigError {
    pub(super) fn invalid(setting: &'static Setting, raw: &str, expected: String) -> Self {
        ConfigError::InvalidValue { name: setting.name, value: shown(setting, raw), expected }
    }
}

/// A value as it may appear in messages: quoted and cut, without secrets.
pub(super) fn shown(setting: &Setting, raw: &str) -> String {
    match setting.sensitive {
        true => "<redacted>".to_owned(),
        false => quoted(&setting.kind.without_secrets(raw)),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::UnknownName { name, suggestion } => {
                write!(f, "unknown setting {}", quoted(name))?;
                suggestion.map_or(Ok(()), |known| write!(f, "; did you mean {known}?"))
            }
            ConfigError::InvalidValue { name, value, expected } => {
                write!(f, "{name}: {value} is not valid: expected {expected}")
            }
        }
    }
}

impl Error for ConfigError {}
