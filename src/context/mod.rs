//! Trace state: sampling decision, origin, propagated tags, baggage.

mod decision;

pub use decision::{Decision, mechanism};
