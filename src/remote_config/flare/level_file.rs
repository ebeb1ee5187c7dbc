//! Files of AGENT_CONFIG: `{"name": "flare-log-level.debug", "config": {"log_level": "debug"}}` wants messages of this level collected.

use super::wishes::Flare;
use crate::log::Level;
use crate::remote_config::{ApplyState, Change, Consumer, Operation};
use serde_json::Value;
use std::sync::Arc;

/// The product.
pub const AGENT_CONFIG: &str = "AGENT_CONFIG";
/// The id of a file that only orders the others.
const ORDER: &str = "configuration_order";
const PREFIX: &str = "flare-log-level.";

/// Reads the files.
pub struct LevelFiles(pub Arc<Flare>);

/// What a file asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To collect messages of this level and more urgent ones.
    Collect(CollectLevel),
    /// To end the collecting.
    End,
    /// Nothing that is for tracers.
    Nothing,
}

/// What to collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CollectLevel {
    /// Nothing.
    Off,
    /// This level and more urgent ones.
    UpTo(Level),
}

impl CollectLevel {
    fn of_name(name: &str) -> Option<Self> {
        let level = match name.to_ascii_lowercase().as_str() {
            "off" => return Some(CollectLevel::Off),
            "critical" | "error" => Level::Error,
            "warn" | "warning" => Level::Warn,
            "info" => Level::Info,
            "debug" => Level::Debug,
            "trace" => Level::Trace,
            _ => return None,
        };
        Some(CollectLevel::UpTo(level))
    }

    /// The name in file names.
    pub fn name(self) -> &'static str {
        match self {
            CollectLevel::Off => "off",
            CollectLevel::UpTo(Level::Error) => "error",
            CollectLevel::UpTo(Level::Warn) => "warn",
            CollectLevel::UpTo(Level::Info) => "info",
            CollectLevel::UpTo(Level::Debug) => "debug",
            CollectLevel::UpTo(Level::Trace) => "trace",
        }
    }
}

impl Consumer for LevelFiles {
    fn deliver(&self, changes: &[Change], results: &mut [ApplyState]) {
        for (change, result) in changes.iter().zip(results) {
            if change.operation == Operation::Remove {
                self.0.want_end();
                continue;
            }
            match read(&change.config_id, &change.content) {
                Ok(Wish::Collect(level)) => self.0.want_level(level),
                Ok(Wish::End) => self.0.want_end(),
                Ok(Wish::Nothing) => {}
                Err(error) => {
                    self.0.want_end();
                    *result = ApplyState::error(&error);
                }
            }
        }
    }

    fn batch_ended(&self) {
        self.0.act();
    }

    fn tick(&self) {
        self.0.expire();
    }
}

/// Reads a file; only what is no JSON is an error.
fn read(config_id: &str, content: &[u8]) -> Result<Wish, String> {
    let file: Value = serde_json::from_slice(content).map_err(|error| format!("invalid JSON content: {error}"))?;
    if config_id == ORDER {
        return Ok(Wish::Nothing);
    }
    if file.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(Wish::End);
    }
    let name = file.get("name").and_then(Value::as_str).unwrap_or_default();
    let Some(suffix) = name.strip_prefix(PREFIX) else { return Ok(Wish::Nothing) };
    let configured = file.get("config").and_then(|config| config.get("log_level")).and_then(Value::as_str);
    let level = configured.and_then(CollectLevel::of_name).or_else(|| CollectLevel::of_name(suffix));
    Ok(level.map_or(Wish::Nothing, Wish::Collect))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(content: &str) -> Result<Wish, String> {
        read("id", content.as_bytes())
    }

    #[test]
    fn levels_are_read_in_any_case() {
        let level = |content| match wish(content) {
            Ok(Wish::Collect(level)) => level.name(),
            other => panic!("{content}: {other:?}"),
        };
        assert_eq!(level(r#"{"name":"flare-log-level.debug","config":{"log_level":"debug"}}"#), "debug");
        assert_eq!(level(r#"{"name":"flare-log-level.TRACE"}"#), "trace");
        assert_eq!(level(r#"{"name":"flare-log-level.info","config":{"log_level":"CRITICAL"}}"#), "error");
        assert_eq!(level(r#"{"name":"flare-log-level.off","config":{"log_level":"off"}}"#), "off");
    }

    #[test]
    fn what_is_not_for_tracers_is_passed_over() {
        assert_eq!(wish("{}"), Ok(Wish::End));
        let other = r#"{"name":"flare-log-level.debug","config":{"log_level":"debug"}}"#;
        assert_eq!(read("configuration_order", other.as_bytes()), Ok(Wish::Nothing));
        for content in
            [r#"{"name":"other","config":{"log_level":"debug"}}"#, r#"{"name":7}"#, "[]", r#"{"name":"flare-log-level.loud"}"#]
        {
            assert_eq!(wish(content), Ok(Wish::Nothing), "{content}");
        }
        assert!(wish("{").is_err() && wish("").is_err());
    }
}
