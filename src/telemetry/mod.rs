//! Instrumentation telemetry: what the library tells Datadog of its configuration, its use and its own errors.
//!
//! [`Telemetry`] is what the rest of the library and bindings talk to: it keeps, within limits, what is to be told. The [`Worker`] is a
//! service of the process that sends it. There is one of each per process and session; a forked child has its own.
//!
//! The very first request of a session is `app-started`. Until it was accepted nothing else is sent, and the last message of the session is
//! `app-closing`. A failure is never the application's: what cannot be sent is kept within limits, then dropped and counted.

#![forbid(unsafe_code)]

mod configuration;
mod delivery;
mod facts;
mod input;
mod inventory;
mod logs;
mod message;
mod metrics;
mod observed;
mod payloads;
mod recording;
mod series;
mod shared;
mod worker;

pub use configuration::{ConfigurationChange, EntryValue};
pub use delivery::{AGENT_PATH, INTAKE_PATH, Receiver};
pub use facts::{Application, Facts, Host, Session};
pub use input::Refusal;
pub use inventory::{Endpoint, Integration};
pub use logs::{LogEntry, LogLevel};
pub use metrics::MetricKey;
pub use observed::{Reading, Source};
pub use payloads::InstallSignature;
pub use recording::Metric;
pub use series::MetricKind;
pub use shared::{Statistics, Telemetry, TelemetryOptions};
pub use worker::Worker;
