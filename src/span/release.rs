//! References to spans: of the user's handle, and inner ones of children, contexts and running calls.

use super::access::{AnySpan, lock_span};
use super::parts::Parts;
use super::slot::{SpanGuard, SpanSlot};
use crate::export::Local;
use crate::segment::{SegmentGuard, TracerLink};
use crate::slot::{HandleError, Slot};
use std::ffi::c_void;

/// Adds a reference to a span's handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn add_handle(handle: *const c_void) -> Result<(), HandleError> {
    // SAFETY: passed on.
    match unsafe { lock_span(handle) }? {
        AnySpan::Light(mut light) => light.handles += 1,
        AnySpan::Recording(span) => {
            let segment = span.slot().segment().ok_or(HandleError::Stale)?;
            let _guard = segment.lock().map_err(|_| HandleError::Forked)?;
            // SAFETY: the segment's lock is held.
            unsafe { span.slot().links() }.handles += 1;
        }
    }
    Ok(())
}

/// Drops a reference of a span's handle. The last one abandons a span that was not finished.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn release_handle<'l>(
    parts: &mut Parts,
    handle: *const c_void,
    local_of: impl FnOnce(TracerLink) -> Option<&'l mut Local>,
) -> Result<(), HandleError> {
    // SAFETY: passed on.
    match unsafe { lock_span(handle) }? {
        AnySpan::Light(light) => light.release(parts),
        AnySpan::Recording(span) => {
            let segment = span.slot().segment().ok_or(HandleError::Stale)?;
            let guard = segment.lock().map_err(|_| HandleError::Forked)?;
            let local = if span.is_finished { None } else { local_of(guard.tracer) };
            drop_handle(parts, span, guard, local);
        }
    }
    Ok(())
}

/// Drops a reference of the handle; both locks are held.
#[inline]
pub(super) fn drop_handle(parts: &mut Parts, mut span: SpanGuard, mut guard: SegmentGuard, local: Option<&mut Local>) {
    let slot = span.slot();
    // SAFETY: the segment's lock is held.
    let links = unsafe { slot.links() };
    links.handles -= 1;
    if links.handles > 0 {
        return;
    }
    slot.header().close_handle();
    if !links.is_closed {
        links.is_closed = true;
        span.is_finished = true;
        abandon(&mut guard, local, links.inner == 0);
    }
    if links.inner > 0 {
        return;
    }
    give_back(parts, span, guard);
}

/// The span's segment goes on without it.
#[cold]
fn abandon(guard: &mut SegmentGuard, local: Option<&mut Local>, is_released: bool) {
    if guard.is_inherited() {
        return;
    }
    match local {
        Some(local) => {
            local.outbox.counters.spans_abandoned.add(1);
            guard.close_span(local, None, is_released);
        }
        None => guard.close_span_without_tracer(),
    }
}

/// Nobody refers to the span any more: its slot goes back, and with it its references to its parent and segment; then the parent's slot, if
/// that was all that kept it, and so on.
#[inline]
fn give_back(parts: &mut Parts, mut span: SpanGuard, mut guard: SegmentGuard) {
    let mut slot = span.slot();
    span.clear();
    drop(span);
    while let Some(parent) = give_back_one(parts, slot, &mut guard) {
        guard.references -= 1;
        // SAFETY: the parent has neither handle nor inner reference, and its handle was closed under its lock: nobody else reads its body.
        unsafe { &mut *parent.body_cell() }.clear();
        slot = parent;
    }
    guard.release(&mut parts.segments, &mut parts.states);
}

/// Gives one slot back, with the segment's lock held; returns the parent if nobody refers to that any more.
#[inline]
fn give_back_one(parts: &mut Parts, slot: &'static SpanSlot, guard: &mut SegmentGuard) -> Option<&'static SpanSlot> {
    if std::ptr::eq(guard.root, slot.header()) {
        guard.root = std::ptr::null();
    }
    // SAFETY: the segment's lock is held.
    let parent = unsafe { slot.links() }.parent.take();
    parts.spans.give(slot);
    let parent = parent?;
    // SAFETY: as above; a parent is of the same segment.
    let links = unsafe { parent.links() };
    links.inner -= 1;
    (links.inner == 0 && links.handles == 0).then_some(parent)
}

/// Drops an inner reference.
pub(super) fn drop_inner(parts: &mut Parts, slot: &'static SpanSlot) {
    let Some(segment) = slot.segment() else { return };
    let Some(span) = super::access::lock_slot(slot) else { return };
    let Ok(guard) = segment.lock() else { return };
    // SAFETY: the segment's lock is held.
    let links = unsafe { slot.links() };
    links.inner -= 1;
    if links.inner == 0 && links.handles == 0 {
        give_back(parts, span, guard);
    }
}
