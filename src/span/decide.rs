//! Decisions on the calling thread: for injection, for partial chunks, before a fork. All others are made in the background.

use super::access::lock_slot;
use super::parts::Parts;
use super::release::drop_inner;
use super::slot::SpanSlot;
use crate::context::{Decision, TraceState};
use crate::export::{Local, Snapshot, SpanRef};
use crate::record::{RecordRef, unix_ns};
use crate::segment::Segment;
use crate::slot::{Slot, SlotHeader};

/// Makes the decision on a segment's local root unless it is made. No span and no segment may be locked by the caller, who holds a
/// reference that keeps the segment.
#[cold]
pub fn decide_segment(parts: &mut Parts, segment: &'static Segment, state: &'static TraceState, local: &Local) {
    if state.decision().is_some() {
        return;
    }
    let snapshot = &local.snapshot;
    let decision = match live_root(segment) {
        Root::Live(root) => {
            let decision = lock_slot(root).map(|root| {
                let span = SpanRef { head: &root.head, runs: root.runs(), snapshot };
                decide(&span, state, snapshot)
            });
            drop_inner(parts, root);
            decision
        }
        Root::Finished => {
            let guard = segment.lock().ok();
            guard.and_then(|guard| decide_on_record(guard.record_bytes(), state, snapshot))
        }
    };
    if let Some(decision) = decision {
        state.decide(&decision);
    }
}

/// The same before a fork: nothing is waited for, nothing allocated.
pub fn try_decide_segment(segment: &'static Segment, state: &'static TraceState, snapshot: &Snapshot) {
    if state.decision().is_some() {
        return;
    }
    let Some(guard) = segment.try_lock() else { return };
    let root = guard.root;
    if root.is_null() {
        return;
    }
    // SAFETY: a segment's root points to a span's slot, which is not given back while the segment is locked.
    let root = unsafe { &*root.cast::<SpanSlot>() };
    let generation = crate::service::fork::generation();
    // Against the order of locks, but not waiting.
    let Some(root_guard) = root.header().lock.try_lock(generation) else { return };
    let root = super::slot::SpanGuard::new(root, root_guard);
    let span = SpanRef { head: &root.head, runs: root.runs(), snapshot };
    let decision = decide(&span, state, snapshot);
    drop(root);
    drop(guard);
    state.decide(&decision);
}

enum Root {
    Live(&'static SpanSlot),
    Finished,
}

/// The local root with an inner reference more, if it still has its slot.
fn live_root(segment: &'static Segment) -> Root {
    let Ok(guard) = segment.lock() else { return Root::Finished };
    let root: *const SlotHeader = guard.root;
    if root.is_null() {
        return Root::Finished;
    }
    // SAFETY: a segment's root points to a span's slot; the segment's lock is held, under which it would be cleared.
    let root: &'static SpanSlot = unsafe { &*root.cast() };
    // SAFETY: the segment's lock is held.
    unsafe { root.links() }.inner += 1;
    Root::Live(root)
}

fn decide_on_record(records: &[u8], state: &TraceState, snapshot: &Snapshot) -> Option<Decision> {
    let mut root: Option<RecordRef<'_>> = None;
    let mut rest = records;
    while let Some((record, tail)) = RecordRef::split(rest) {
        if root.as_ref().is_none_or(|root| record.head.start_number < root.head.start_number) {
            root = Some(record);
        }
        rest = tail;
    }
    let root = root?;
    Some(decide(&SpanRef::of_record(&root, snapshot), state, snapshot))
}

fn decide(span: &SpanRef<'_>, state: &TraceState, snapshot: &Snapshot) -> Decision {
    snapshot.sampler.decide(state.trace_id() as u64, span, snapshot.env_of(span), unix_ns())
}
