//! Context handles: a view of ids over trace state. Of a local span it also keeps the span's slot, so that children join its segment.

use super::access::{AnySpan, lock_span};
use super::parts::Parts;
use super::release::drop_inner;
use super::slot::SpanSlot;
use crate::context::{Extracted, TraceState};
use crate::slot::{HandleError, Kind, LockGuard, Slot, SlotClass, SlotHeader, lock, resolve};
use std::cell::UnsafeCell;
use std::ffi::c_void;

static CLASS: SlotClass = SlotClass::new(Kind::Context, 256);

/// A context.
#[repr(C)]
pub struct ContextSlot {
    header: SlotHeader,
    body: UnsafeCell<Body>,
}

struct Body {
    handles: u32,
    view: Option<ContextView>,
}

/// What a context says. A copy is valid while the context is.
#[derive(Clone, Copy)]
pub struct ContextView {
    /// The trace; its id is 0 in an empty context.
    pub state: &'static TraceState,
    /// The span, 0 for none.
    pub span_id: u64,
    /// The local span that this is the context of.
    pub span: Option<&'static SpanSlot>,
    /// Whether it came from another process.
    pub is_remote: bool,
}

// SAFETY: the body is only touched with the lock word held, or by the only owner of a slot that is not published yet.
unsafe impl Sync for ContextSlot {}
// SAFETY: `repr(C)` with the header first; whoever takes a slot writes the body.
unsafe impl Slot for ContextSlot {
    const CLASS: &'static SlotClass = &CLASS;

    fn header(&self) -> &SlotHeader {
        &self.header
    }
}
const _: () = assert!(size_of::<ContextSlot>() <= 256);

/// Makes a context; takes over the references of the view (to the state, and the inner one to the span). `None`: memory is out, and the
/// references are given back.
#[inline]
pub fn new_context(parts: &mut Parts, view: ContextView) -> Option<*mut c_void> {
    let Some(slot) = parts.contexts.take(usize::MAX) else {
        drop_view(parts, &view);
        return None;
    };
    // SAFETY: the slot is fresh from the list; what its last owner left has nothing to drop.
    unsafe { *slot.body.get() = Body { handles: 1, view: Some(view) } };
    slot.header.open_handle();
    Some(slot.header.handle())
}

/// A context of what was extracted. The tags move into the new trace state.
#[inline]
pub fn extracted_context(parts: &mut Parts, extracted: &mut Extracted) -> Option<*mut c_void> {
    let state = TraceState::of_extracted(&mut parts.states, extracted)?;
    new_context(parts, ContextView { state, span_id: extracted.span_id, span: None, is_remote: extracted.is_remote })
}

/// The context of a span. `None`: memory is out.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn context_of_span(parts: &mut Parts, handle: *const c_void) -> Result<Option<*mut c_void>, HandleError> {
    // SAFETY: passed on.
    let view = unsafe { view_of_span(parts, handle) }?;
    Ok(view.and_then(|view| new_context(parts, view)))
}

/// A view of a span with references of its own; give it back with [`drop_view`]. `None`: memory is out.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn view_of_span(parts: &mut Parts, handle: *const c_void) -> Result<Option<ContextView>, HandleError> {
    // SAFETY: passed on.
    Ok(match unsafe { lock_span(handle) }? {
        AnySpan::Light(mut light) => {
            let Some(state) = light.state(parts) else { return Ok(None) };
            Some(ContextView { state: state.add_reference(), span_id: light.span_id(parts), span: None, is_remote: false })
        }
        AnySpan::Recording(span) => {
            let slot = span.slot();
            let segment = slot.segment().ok_or(HandleError::Stale)?;
            let guard = segment.lock().map_err(|_| HandleError::Forked)?;
            let state = guard.state().ok_or(HandleError::Stale)?;
            // SAFETY: the segment's lock is held.
            unsafe { slot.links() }.inner += 1;
            Some(ContextView { state: state.add_reference(), span_id: span.head.span_id, span: Some(slot), is_remote: false })
        }
    })
}

/// Calls `use_it` with the view of a context, whose lock is held meanwhile.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
#[inline]
pub unsafe fn with_context<R>(handle: *const c_void, use_it: impl FnOnce(ContextView) -> R) -> Result<R, HandleError> {
    // SAFETY: passed on.
    let (slot, _guard) = unsafe { lock_context(handle) }?;
    // SAFETY: the lock is held.
    let view = unsafe { &*slot.body.get() }.view.ok_or(HandleError::Stale)?;
    Ok(use_it(view))
}

/// A copy of a context's view with references of its own; give it back with [`drop_view`].
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn share_view(handle: *const c_void) -> Result<ContextView, HandleError> {
    // SAFETY: passed on.
    unsafe {
        with_context(handle, |view| {
            view.state.add_reference();
            let segment = view.span.and_then(SpanSlot::segment);
            if let (Some(span), Some(Ok(_guard))) = (view.span, segment.map(|segment| segment.lock())) {
                // The segment's lock is held, and the context's own inner reference keeps the span.
                span.links().inner += 1;
            }
            view
        })
    }
}

/// Adds a reference to a context's handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn reference_context(handle: *const c_void) -> Result<(), HandleError> {
    // SAFETY: passed on.
    let (slot, _guard) = unsafe { lock_context(handle) }?;
    // SAFETY: the lock is held.
    unsafe { &mut *slot.body.get() }.handles += 1;
    Ok(())
}

/// Drops a reference of a context's handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn drop_context(parts: &mut Parts, handle: *const c_void) -> Result<(), HandleError> {
    // SAFETY: passed on.
    let (slot, guard) = unsafe { lock_context(handle) }?;
    // SAFETY: the lock is held.
    let body = unsafe { &mut *slot.body.get() };
    body.handles -= 1;
    if body.handles > 0 {
        return Ok(());
    }
    slot.header.close_handle();
    let view = body.view.take();
    drop(guard);
    parts.contexts.give(slot);
    if let Some(view) = view {
        drop_view(parts, &view);
    }
    Ok(())
}

/// Gives back the references of a view.
pub fn drop_view(parts: &mut Parts, view: &ContextView) {
    view.state.release(&mut parts.states);
    if let Some(span) = view.span {
        drop_inner(parts, span);
    }
}

/// # Safety
/// `handle` is NULL or was given out by this library.
#[inline]
unsafe fn lock_context(handle: *const c_void) -> Result<(&'static ContextSlot, LockGuard<'static>), HandleError> {
    // SAFETY: passed on.
    let (header, identity) = unsafe { resolve(handle) }?;
    if !identity.is(Kind::Context) {
        return Err(HandleError::Stale);
    }
    let guard = lock(header).map_err(|_| HandleError::Forked)?;
    if !identity.still(header) {
        return Err(HandleError::Stale);
    }
    let header: *const SlotHeader = header;
    // SAFETY: slots of this kind are `ContextSlot`, which begin with the header.
    Ok((unsafe { &*header.cast() }, guard))
}
