//! Chunks on their way to OTLP, which are told the `tracestate` of their trace first.

use crate::propagation::{InjectInput, tracestate_field};
use crate::record::RecordRef;
use crate::wire::{ChunkFacts, TraceEncoder};

/// Tells the encoder the tracestate of each chunk.
pub(super) struct WithTraceState<'a>(&'a mut dyn TraceEncoder);

impl<'a> WithTraceState<'a> {
    pub(super) fn new(to: &'a mut dyn TraceEncoder) -> Self {
        WithTraceState(to)
    }
}

impl TraceEncoder for WithTraceState<'_> {
    fn begin(&mut self) {
        self.0.begin();
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        self.0.trace_state(&trace_state(facts, records));
        self.0.chunk(facts, records);
    }

    fn finish(&mut self) -> &[u8] {
        self.0.finish()
    }

    fn take(&mut self) -> Vec<u8> {
        self.0.take()
    }

    fn reuse(&mut self, buffer: Vec<u8>) {
        self.0.reuse(buffer);
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
