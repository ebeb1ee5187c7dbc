//! Before a fork: the forking thread's active root is decided, so that both processes agree.

use super::core::Tracer;
use crate::segment::Segment;
use crate::service::fork;
use crate::span::try_decide_segment;
use std::cell::Cell;
use std::sync::Once;

thread_local! {
    /// The segment of the thread's active span, as the provider of this thread last said.
    static ACTIVE: Cell<Option<&'static Segment>> = const { Cell::new(None) };
}

/// Makes `prepare` run before every fork.
pub fn register() {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| fork::set_prepare_hook(prepare));
}

/// Notes the segment of the calling thread's active span.
pub fn set_active_segment(segment: Option<&'static Segment>) {
    let _ = ACTIVE.try_with(|active| active.set(segment));
}

fn prepare() {
    if let Ok(Some(segment)) = ACTIVE.try_with(Cell::get) {
        decide_before_fork(segment);
    }
}

/// Decides a segment's trace without waiting.
pub fn decide_before_fork(segment: &'static Segment) {
    let Some(guard) = segment.try_lock() else { return };
    let (link, state) = (guard.tracer, guard.state());
    drop(guard);
    let (Some(tracer), Some(state)) = (Tracer::of_link(link), state) else { return };
    if let Some(snapshot) = tracer.try_snapshot() {
        try_decide_segment(segment, state, &snapshot);
    }
}
