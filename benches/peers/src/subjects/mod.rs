//! One file per peer.

mod datadog;
mod fastrace;
mod opentelemetry;

pub use datadog::Datadog;
pub use fastrace::Fastrace;
pub use opentelemetry::OpenTelemetry;

/// What a subject can be asked to do. Settings come from its own environment variables.
pub trait Peer: Sync {
    fn start() -> Self;
    /// One root span.
    fn root(&self);
    /// A root and nine children, one call per tag.
    fn trace_tag_by_tag(&self);
    /// The same, all tags of a span in the call that starts it.
    fn trace_tags_at_start(&self);
    /// Writes the headers of one context, again and again, into the same carrier.
    fn inject(&self, iterations: u64);
    /// Reads the same headers again and again.
    fn extract(&self, iterations: u64);
    /// Sends what waits, for a second at most.
    fn shutdown(&self);
}
