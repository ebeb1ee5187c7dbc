//! The `tracestate` of a place in a trace, for APIs that show a span's context without injecting it.

use super::inject::{InjectInput, tracestate_field};
use crate::context::{TraceState, TraceTags};

/// The tracestate that would be injected: our own member, then the others. `None`: it is empty.
pub fn tracestate_of(state: &TraceState, span_id: u64, is_local: bool) -> Option<String> {
    let (trace_id, decision) = (state.trace_id(), state.decision());
    if trace_id == 0 || span_id == 0 {
        return None;
    }
    let field =
        |tags: Option<&TraceTags>| tracestate_field(&InjectInput { trace_id, span_id, decision, tags, local_span: is_local });
    let found = state.read_tags(|tags| field(Some(tags))).unwrap_or_else(|| field(None));
    Some(found).filter(|found| !found.is_empty())
}
