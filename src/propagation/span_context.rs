//! The `tracestate` of a place in a trace, for APIs that show a span's context without injecting it.

use super::inject::InjectInput;
use super::propagator::Propagator;
use super::sink::HeaderSink;
use crate::config::{PropagationSettings, PropagationStyle};
use crate::context::{TraceState, TraceTags};
use std::sync::OnceLock;

/// The tracestate that would be injected: our own member, then the others. `None`: it is empty.
pub fn tracestate_of(state: &TraceState, span_id: u64, is_local: bool) -> Option<String> {
    let (trace_id, decision) = (state.trace_id(), state.decision());
    let mut found = Found(None);
    let mut write = |tags: Option<&TraceTags>| {
        let input = InjectInput { trace_id, span_id, decision, tags, local_span: is_local };
        tracecontext().inject(&input, &mut found);
    };
    if state.read_tags(|tags| write(Some(tags))).is_none() {
        write(None);
    }
    found.0
}

struct Found(Option<String>);

impl HeaderSink for Found {
    fn header(&mut self, name: &str, value: &[u8]) {
        if name == "tracestate" {
            self.0 = Some(String::from_utf8_lossy(value).into_owned());
        }
    }
}

/// Writes the W3C style and nothing else.
fn tracecontext() -> &'static Propagator {
    static PROPAGATOR: OnceLock<Propagator> = OnceLock::new();
    PROPAGATOR.get_or_init(|| {
        Propagator::new(&PropagationSettings { inject: vec![PropagationStyle::TraceContext], ..PropagationSettings::default() })
    })
}
