//! The chunks that OTLP may carry: those of traces that are kept. Their tracestate is told, too.

use crate::propagation::{InjectInput, tracestate_field};
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
            self.to.trace_state(&trace_state(facts, records));
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

/// OpenTelemetry's sampling state, and the members of other vendors. What our own member says is among the attributes.
fn trace_state(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) -> String {
    let span_id = records.first().map_or(0, |record| record.head.span_id);
    let input = InjectInput { trace_id: facts.trace_id, span_id, decision: facts.decision, tags: facts.tags, local_span: true };
    let mut field = tracestate_field(&input);
    if field.starts_with("dd=") {
        let end = field.find(',').map_or(field.len(), |comma| comma + 1);
        field.drain(..end);
    }
    field
}
