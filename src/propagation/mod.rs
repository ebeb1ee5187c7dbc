//! Context propagation: reads and writes the headers by which a trace crosses process borders.
//!
//! One file per style: the Datadog headers, W3C Trace Context (`traceparent`, `tracestate`), B3 in both forms, W3C Baggage;
//! [`Propagator`] composes them as `DD_TRACE_PROPAGATION_STYLE` and its companions say. Pure functions of headers and
//! settings: no clock, no input or output, and no state but the organization's marker that the agent tells. Whatever comes in is bounded and checked; what is not valid is passed
//! over and reported, never an error.

#![forbid(unsafe_code)]

mod b3;
mod baggage;
mod datadog;
mod datadog_tags;
mod digits;
mod extract;
mod headers;
mod inject;
mod organization;
mod outgoing;
mod propagator;
mod report;
mod sampling_state;
mod scan;
mod sink;
mod span_context;
mod tracecontext;
mod tracestate;

#[cfg(test)]
mod tests;

pub use extract::Lookup;
pub use inject::{InjectInput, tracestate_field};
pub use organization::set_organization_marker;
pub use propagator::Propagator;
pub use report::{ExtractReport, InjectReport, STYLES, StyleSet};
pub use sink::{BufferSink, HeaderSink};
pub use span_context::tracestate_of;
