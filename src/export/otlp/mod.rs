//! Sends traces by OTLP over HTTP, instead of to the agent.
//!
//! Only chunks that are kept leave. Whatever keeps a payload from arriving, it is sent again four times, after 100 ms and each time twice as
//! long, then dropped; but one that the server calls bad or too large is not sent again.

mod delivery;
mod exporter;
mod headers;
mod span_metrics_sender;
#[cfg(test)]
mod span_metrics_tests;
#[cfg(test)]
mod tests;
mod with_trace_state;

pub use exporter::OtlpExporter;
pub use span_metrics_sender::SpanMetricsSender;
