//! The chunks that OTLP may carry: those of traces that are kept.

use crate::record::RecordRef;
use crate::wire::{ChunkFacts, TraceEncoder};

/// Hands on the chunks that are kept.
pub(super) struct KeptOnly<'a> {
    to: &'a mut dyn TraceEncoder,
    chunks: usize,
}

impl<'a> KeptOnly<'a> {
    pub(super) fn new(to: &'a mut dyn TraceEncoder) -> Self {
        KeptOnly { to, chunks: 0 }
    }

    /// How many chunks were handed on.
    pub(super) fn chunks(&self) -> usize {
        self.chunks
    }
}

impl TraceEncoder for KeptOnly<'_> {
    fn begin(&mut self) {
        self.to.begin();
        self.chunks = 0;
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        if facts.decision.is_some_and(|decision| decision.is_kept()) {
            self.to.chunk(facts, records);
            self.chunks += 1;
        }
    }

    fn finish(&mut self) -> &[u8] {
        self.to.finish()
    }

    fn take(&mut self) -> Vec<u8> {
        self.to.take()
    }

    fn reuse(&mut self, buffer: Vec<u8>) {
        self.to.reuse(buffer);
    }
}
