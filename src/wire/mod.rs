//! Byte layouts of trace payloads, and nothing else: finished records go in, one buffer comes out.
//!
//! Formats follow the trace API of the Datadog agent, versions 0.4, 0.5 and 1.0, its statistics API, and OTLP.

mod added_tags;
mod agentless;
mod appender;
mod buffer;
mod changing_tag;
mod chunk_facts;
mod dd_sketch;
pub mod otlp;
mod payload_facts;
mod process_context;
mod process_info;
mod remembered;
mod span_json;
mod stats;
mod string_table;
#[cfg(test)]
pub(crate) mod tests;
mod v04;
mod v05;
mod v10;

pub use added_tags::AddedTags;
pub use agentless::AgentlessJson;
pub use chunk_facts::{ChunkFacts, SpanRule};
pub use dd_sketch::{SKETCH_LN_GAMMA, SKETCH_OFFSET, append_sketch};
pub use payload_facts::PayloadFacts;
pub use process_context::process_context;
pub use process_info::process_info;
pub use span_json::{events_json, links_json};
pub use stats::{StatsFacts, StatsGroup, begin_stats, begin_stats_bucket, stats_group};
pub use v04::V04;
pub use v05::V05;
pub use v10::V10;

/// A payload format: chunks go in one by one, then the payload is closed.
pub trait TraceEncoder {
    /// Begins a payload.
    fn begin(&mut self);
    /// Tells the next chunk's tracestate, for formats that have a place for it.
    fn trace_state(&mut self, _members: &str) {}
    /// Adds a chunk; `records` stand in start order.
    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[crate::record::RecordRef<'_>]);
    /// Ends the payload and returns it.
    fn finish(&mut self) -> &[u8];
    /// The finished payload to keep. Its buffer may come back by [`TraceEncoder::reuse`].
    fn take(&mut self) -> Vec<u8>;
    /// Builds the next payload in this buffer.
    fn reuse(&mut self, buffer: Vec<u8>);
}
