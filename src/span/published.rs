//! What is told of a span to those who look from outside.

use super::access::{AnySpan, lock_slot, lock_span};
use super::parts::Parts;
use super::release::drop_inner;
use super::slot::SpanSlot;
use crate::slot::{Slot, SlotHeader};
use std::ffi::c_void;

/// Ids of a span that records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The trace.
    pub trace_id: u128,
    /// The span.
    pub span_id: u64,
    /// The local root, if it still has a slot.
    pub root_id: Option<u64>,
    /// Whether the trace is decided and kept.
    pub is_kept: bool,
}

/// What is told of the span of a handle. `None`: it records nothing, or is none.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn published_span(handle: *const c_void) -> Option<Published> {
    // SAFETY: passed on.
    let Ok(AnySpan::Recording(span)) = (unsafe { lock_span(handle) }) else { return None };
    let slot = span.slot();
    let guard = slot.segment()?.lock().ok()?;
    let state = guard.state()?;
    let root: *const SlotHeader = guard.root;
    let is_root = std::ptr::eq(root, slot.header());
    let mut published = Published {
        trace_id: state.trace_id(),
        span_id: span.head.span_id,
        root_id: is_root.then_some(span.head.span_id),
        is_kept: state.decision().is_some_and(|decision| decision.is_kept()),
    };
    if is_root || root.is_null() {
        return Some(published);
    }
    // SAFETY: a segment's root points to a span's slot; the segment's lock is held, under which it would be cleared.
    let root: &'static SpanSlot = unsafe { &*root.cast() };
    // SAFETY: as above.
    unsafe { root.links() }.inner += 1;
    drop(guard);
    // Never two spans at a time.
    drop(span);
    published.root_id = lock_slot(root).map(|root| root.head.span_id);
    drop_inner(&mut Parts::default(), root);
    Some(published)
}
