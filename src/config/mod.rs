//! Settings of the tracer: names, types, defaults, sources, and what they resolve to.

#![forbid(unsafe_code)]

mod propagation_settings;
mod sampling_settings;

pub use propagation_settings::{ExtractBehavior, PropagationSettings, PropagationStyle};
pub use sampling_settings::{Provenance, RuleSpec, SamplingSettings, SpanRuleSpec};
