//! The record of every value that was seen for a setting, and where it came from. Telemetry reports it.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a value came from. The order is that of precedence, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The built-in default.
    Default,
    /// Derived by the library from other settings or the process.
    Calculated,
    /// The stable configuration file of this machine's administrator.
    LocalStableConfig,
    /// An `OTEL_*` environment variable.
    OtelEnvVar,
    /// A `DD_*` or `LIBDDTRACE_*` environment variable.
    EnvVar,
    /// The stable configuration file that is managed from afar.
    FleetStableConfig,
    /// Set in code.
    Code,
    /// Set by remote configuration.
    RemoteConfig,
}

impl Origin {
    /// The name in telemetry.
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Default => "default",
            Origin::Calculated => "calculated",
            Origin::LocalStableConfig => "local_stable_config",
            Origin::OtelEnvVar => "otel_env_var",
            Origin::EnvVar => "env_var",
            Origin::FleetStableConfig => "fleet_stable_config",
            Origin::Code => "code",
            Origin::RemoteConfig => "remote_config",
        }
    }
}

/// A value as it is reported. Lists, maps and whatever came from the environment are the text that was given.
#[derive(Clone, Debug, PartialEq)]
pub enum ReportedValue {
    /// Unset.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number; never infinite, never NaN.
    Float(f64),
    /// Text.
    Text(String),
}

/// One value that was seen for one setting. Values of sensitive settings are never recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The setting.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: ReportedValue,
    /// Where it came from.
    pub origin: Origin,
    /// The configuration document that it came from, for sources that have one.
    pub config_id: Option<String>,
    /// Rises through the process; of the records of one setting the last one is in effect.
    pub seq_id: u64,
    /// Why the value was not used.
    pub error: Option<String>,
}

/// The next number for [`Evaluation::seq_id`].
pub fn next_seq_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
