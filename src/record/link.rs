//! Span links: references to spans of other traces, or of other parts of the same one.

/// One link. A span pointer is a link whose ids are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanLink {
    /// The linked trace, all 128 bits.
    pub trace_id: u128,
    /// The linked span.
    pub span_id: u64,
    /// The linked trace's full tracestate, empty if there is none.
    pub tracestate: String,
    /// Trace flags (bit 0: sampled) without the marker bit 31; `None` when unknown.
    pub flags: Option<u32>,
    /// Attributes; nested values are flattened already.
    pub attributes: Vec<(String, String)>,
}
