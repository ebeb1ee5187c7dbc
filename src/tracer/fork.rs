//! Before a fork: whoever wants to know is told, and the forking thread's active root is decided, so that both processes agree.

use super::core::Tracer;
use crate::active::active_segment;
use crate::events::{Dispatch, Value, event, hub};
use crate::segment::Segment;
use crate::service::fork;
use crate::span::try_decide_segment;
use std::sync::Once;

/// Makes `prepare` run before every fork, and `forked` after it.
pub fn register() {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| fork::set_hooks(prepare, forked));
}

fn prepare() {
    publish(event::FORK_PREPARE);
    if let Some(segment) = active_segment() {
        decide_before_fork(segment);
    }
}

/// In the parent, on the thread that forked.
fn forked() {
    publish(event::FORK_PARENT);
}

/// Costs one look while nobody listens to anything.
fn publish(event: &str) {
    let process = Value::Int(i64::from(std::process::id()));
    // Listeners' errors are theirs here.
    let _ = hub().dispatch(event, &[process], Dispatch::Contained);
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
