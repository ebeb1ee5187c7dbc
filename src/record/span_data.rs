//! Finished spans in a form that is easy to read: for the exporters that people look at, and for tests.

use super::{SpanEvent, SpanLink};

/// A numeric tag's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer stays one.
    Int(i64),
    /// Everything else.
    Float(f64),
}

/// One finished span, with the tags that the library adds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanData {
    /// The trace, all 128 bits.
    pub trace_id: u128,
    /// This span.
    pub span_id: u64,
    /// Its parent, 0 for a root.
    pub parent_id: u64,
    /// Operation name.
    pub name: String,
    /// Service.
    pub service: String,
    /// Resource.
    pub resource: String,
    /// Type, may be empty.
    pub span_type: String,
    /// Unix time in nanoseconds.
    pub start_ns: i64,
    /// Nanoseconds.
    pub duration_ns: i64,
    /// Whether the span failed.
    pub error: bool,
    /// String tags.
    pub meta: Vec<(String, String)>,
    /// Numeric tags.
    pub metrics: Vec<(String, Number)>,
    /// Structured tags: MessagePack documents.
    pub meta_struct: Vec<(String, Vec<u8>)>,
    /// Links.
    pub links: Vec<SpanLink>,
    /// Events.
    pub events: Vec<SpanEvent>,
    /// The trace's baggage, which is not sent.
    pub baggage: Vec<(String, String)>,
}

/// One chunk: spans of one local trace that leave together, in start order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChunkData {
    /// The spans, in start order.
    pub spans: Vec<SpanData>,
    /// The sampling priority, if decided.
    pub priority: Option<i32>,
}
