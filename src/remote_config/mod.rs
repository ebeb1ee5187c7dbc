//! Remote configuration: settings and other files that the backend sends by way of the agent while the process runs.
//!
//! The [`RemoteConfig`] of a process asks the agent at every tick of its [`Poller`] which files of the products that somebody is subscribed to
//! are to be active. An answer is one transaction: all of it is checked before anything changes ([`TrackedFiles`]); then consumers are told,
//! and what they made of each file is part of the next request.
//!
//! Signatures are not checked: the agent is trusted to have done so, as by other tracers. All else is: sizes and numbers, paths,
//! lengths and hashes.

#![forbid(unsafe_code)]

pub mod apm_tracing;
mod apply_state;
mod capabilities;
mod client;
mod files;
pub mod flare;
mod path;
mod poller;
mod request;
mod response;
mod subscriptions;

#[cfg(test)]
mod tests;

pub use apply_state::{ApplyState, LONGEST_ERROR};
pub use capabilities::{
    APM_TRACING_CUSTOM_TAGS, APM_TRACING_ENABLED, APM_TRACING_HTTP_HEADER_TAGS, APM_TRACING_LOGS_INJECTION,
    APM_TRACING_SAMPLE_RATE, APM_TRACING_SAMPLE_RULES, Capabilities,
};
pub use client::{Processed, RemoteConfig, SlowCall};
pub use files::{Change, ConsumerId, Operation, Subscribers, TrackedFile, TrackedFiles};
pub use path::{ConfigPath, LONGEST_PATH};
pub use poller::{Headers, PollTimes, Poller};
pub use request::ClientFacts;
pub use response::{MOST_FILES, MOST_RESPONSE_BYTES};
pub use subscriptions::{Consumer, LONGEST_PRODUCT, MOST_SUBSCRIPTIONS, SubscribeError, Subscriptions};
