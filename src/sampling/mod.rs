//! Sampling: which traces are kept, which single spans of dropped traces are kept, and at which rates.
//!
//! What happens follows Datadog's public tracer conformance suite (`DataDog/system-tests`, parametric tests):
//!
//! * [`TraceSampler`] decides a trace once, by its local root: rules first, then the agent's rates, then "keep".
//! * [`SpanSampler`] picks single spans out of traces that are dropped.
//! * [`keeps`] is the hash that all of Datadog's libraries share, so that every service of a trace decides alike.
//!
//! Everything here is a function of what is passed in: the current time is an argument, and nothing is read or sent.
//! Rates are within 0 to 1. A rate outside is clamped; one that is not a number counts as not given.

#![forbid(unsafe_code)]

mod agent_rates;
#[cfg(test)]
mod checklist_tests;
mod consistent;
mod fork_lock;
mod glob;
mod hash;
mod ksr;
mod limiter;
mod rate_sampler;
mod span_pattern;
mod span_sampler;
#[cfg(test)]
mod test_span;
mod trace_sampler;

pub use consistent::ConsistentSampling;
pub use glob::{Glob, glob_matches};
pub use hash::keeps;
pub use ksr::format_rate;
pub use limiter::{Permit, RateLimiter};
pub use rate_sampler::RateSampler;
pub use span_sampler::{SpanSampler, SpanSampling};
pub use trace_sampler::TraceSampler;
