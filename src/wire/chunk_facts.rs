//! What an encoder is told about a chunk besides its records.

use crate::context::{Decision, TraceTags};
use crate::record::LibraryTags;

/// Facts of one chunk.
#[derive(Clone, Copy)]
pub struct ChunkFacts<'a> {
    /// The trace.
    pub trace_id: u128,
    /// The decision, if there is one.
    pub decision: Option<Decision>,
    /// Origin, propagated tags and the rest of the trace state, if there is any.
    pub tags: Option<&'a TraceTags>,
    /// For a partial chunk, how many finished spans it flushes; 0 for a complete one.
    pub partial_spans: u32,
    /// Share of chunks that were not dropped lately: `_dd.tracer_kr`.
    pub keep_rate: f64,
    /// Tags that the library adds.
    pub library: &'a LibraryTags,
    /// The single-span sampling rules that records name by number.
    pub span_rules: &'a [SpanRule],
    /// Whether events travel as a list of their own (`span_events`), or as JSON in the tag `events`.
    pub native_events: bool,
}

/// What a span says of the single-span sampling rule that kept it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanRule {
    /// The rule's rate.
    pub rate: f64,
    /// The rule's limit, if it has one.
    pub max_per_second: Option<f64>,
}
