//! Spans and chunks as events of the hub. Tracers have a processor and a filter for this while somebody listens, and nothing otherwise.

use super::core::Tracer;
use crate::events::{Dispatch, Value, event, hub};
use crate::hooks::{ChunkFilter, Filter, Hooks, Processor, SpanProcessor};
use std::ffi::c_void;
use std::sync::Arc;

/// Publishes the events.
struct Publisher;

fn publish(event: &str, handle: *mut c_void) {
    // Listeners' errors are theirs here.
    let _ = hub().dispatch(event, &[Value::Handle(handle as usize)], Dispatch::Contained);
}

impl SpanProcessor for Publisher {
    fn on_start(&self, span: *mut c_void) {
        publish(event::SPAN_START, span);
    }

    fn on_finish(&self, span: *mut c_void) {
        publish(event::SPAN_FINISH, span);
    }

    fn shutdown(&self) {}

    fn publishes_events(&self) -> bool {
        true
    }
}

impl ChunkFilter for Publisher {
    fn filter(&self, chunk: *mut c_void) -> Result<(), i32> {
        publish(event::CHUNK_READY, chunk);
        Ok(())
    }

    fn publishes_events(&self) -> bool {
        true
    }
}

/// Lets all tracers publish what somebody listens to, and nothing else. To be called when listeners came or went.
pub fn publish_spans_if_wanted() {
    super::fork::register();
    Tracer::each(|tracer| tracer.publish_spans_if_wanted());
}

impl Tracer {
    /// The same for one tracer.
    pub(super) fn publish_spans_if_wanted(&self) {
        let wants_spans = hub().has_listeners(event::SPAN_START) || hub().has_listeners(event::SPAN_FINISH);
        let wants_chunks = hub().has_listeners(event::CHUNK_READY);
        let Ok(hooks) = self.hooks() else { return };
        let has = hooks.as_deref().map_or((false, false), Hooks::publishers);
        if has == (wants_spans, wants_chunks) {
            return;
        }
        // A tracer that is shut down has no spans to tell of.
        let _ = self.change_hooks(|hooks| {
            hooks.remove_publishers();
            if wants_spans {
                hooks.add_processor(Arc::new(Processor::new(Box::new(Publisher))))?;
            }
            if wants_chunks {
                hooks.add_filter(Arc::new(Filter::new(Box::new(Publisher))))?;
            }
            Ok(())
        });
    }
}
