//! Trace statistics: how many spans of which sort there were, how many failed, how long they took.
//!
//! All spans count, also those of traces that are dropped later. Spans are told apart by what the agent would see of them; the text of a
//! key is compared as bytes, so that a span whose group is known costs a look-up and no memory.

#![forbid(unsafe_code)]

mod additional_tags;
mod aggregator;
mod bucket;
mod concentrator;
mod eligibility;
mod features;
mod group_key;
mod grpc_status;
mod histogram;
mod ip_address;
mod limits;
mod obfuscation;
mod peer_tags;
mod sketch;
mod span_key;
mod span_metrics;
#[cfg(test)]
mod tests;
mod values;

pub use crate::config::CardinalityLimits;
pub use aggregator::{Aggregator, Counted, Options};
pub use bucket::{Bucket, Group};
pub use concentrator::{Concentrator, StatsPayload};
pub use features::{Features, OBFUSCATION_VERSION, SqlMode};
pub use group_key::{KeyNumbers, KeyView};
pub use grpc_status::grpc_status_name;
pub use histogram::Histogram;
pub use limits::BLOCKED;
pub use sketch::Sketch;
pub use span_metrics::SpanMetrics;

/// How the durations of a group's spans are remembered.
pub trait Summary: Default {
    /// Adds a duration. `room` is the memory that is left, in bytes; what is taken is taken off.
    fn record(&mut self, nanoseconds: u64, room: &mut usize);
}
