//! Where the tags of a call go: the span's record, and for special keys the trace.

use super::body::SpanBody;
use super::tags::{SpecialKey, TagError, TagValue};
use crate::context::TraceState;
use crate::export::Snapshot;

/// A span that tags are set on, with what special keys need.
pub struct TagSink<'a> {
    /// The span's record.
    pub body: &'a mut SpanBody,
    /// The settings, while the tracer lives.
    pub snapshot: Option<&'a Snapshot>,
    /// The trace.
    pub state: &'a TraceState,
}

impl TagSink<'_> {
    /// Sets a tag, or does what its key means.
    #[inline]
    pub fn set(&mut self, key: &[u8], value: TagValue<'_>) -> Result<(), TagError> {
        match SpecialKey::of(key, self.body.head.flags) {
            None => self.body.set_plain_tag(key, value),
            Some(special) => self.body.set_special_tag(special, key, value, self.snapshot, self.state),
        }
    }
}
