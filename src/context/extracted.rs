//! What extraction finds in the headers of a request or a message: the remote end of a trace.

use super::trace_tags::TraceTags;

/// A remote context. It is empty when no ids were found; it may hold baggage and links even then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extracted {
    /// The trace, all 128 bits; 0: none.
    pub trace_id: u128,
    /// The remote parent; 0: none.
    pub span_id: u64,
    /// The sampling priority that was decided upstream.
    pub priority: Option<i32>,
    /// Everything else that travels with the trace.
    pub tags: TraceTags,
    /// Whether it came from another process; false for one that was made by hand.
    pub is_remote: bool,
}

impl Extracted {
    /// Whether there is no trace to continue.
    pub fn is_empty(&self) -> bool {
        self.trace_id == 0
    }

    /// Back to nothing; memory is kept for the next use.
    pub fn clear(&mut self) {
        self.trace_id = 0;
        self.span_id = 0;
        self.priority = None;
        // Mostly they were cleared when they were handed back.
        if !self.tags.is_empty() {
            self.tags.clear();
        }
        self.is_remote = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_empty_without_a_trace_even_with_baggage() {
        let mut extracted = Extracted::default();
        assert!(extracted.tags.baggage_mut().set("key1", "value1"));
        assert!(extracted.is_empty());
        extracted.trace_id = 1 << 64;
        assert!(!extracted.is_empty());
        extracted.clear();
        assert_eq!(extracted, Extracted::default());
    }
}
