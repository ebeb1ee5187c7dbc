//! What a slot holds: a reference to the handle of a span or a context.
//!
//! It is a reference like the user's own, so that an active span stays readable, and is not abandoned, when the user frees his. Each
//! is released exactly once, when the value is dropped. Releasing may end a span's trace and with it run much of the library, even the
//! host's log callback: never drop one with a slot borrowed or locked.

use crate::slot::HandleError;
use crate::span::{HandleKind, SpanSlot, add_handle, reference_context, with_context};
use std::ffi::c_void;

/// Releases one reference of a handle. It must not panic: it also runs when a thread ends.
pub type Release = fn(HandleKind, *mut c_void);

/// One reference of a handle.
#[must_use]
#[derive(Debug)]
pub struct Held {
    kind: HandleKind,
    handle: *mut c_void,
    release: Release,
}

// SAFETY: handles may be used from any thread.
unsafe impl Send for Held {}
// SAFETY: as above; a shared reference only hands the handle out.
unsafe impl Sync for Held {}

impl Held {
    /// A new reference of a handle of this kind.
    ///
    /// # Safety
    /// `handle` is NULL or was given out by this library.
    pub unsafe fn reference(kind: HandleKind, handle: *const c_void, release: Release) -> Result<Self, HandleError> {
        // SAFETY: passed on.
        unsafe {
            match kind {
                HandleKind::Span => add_handle(handle),
                HandleKind::Context => reference_context(handle),
            }
        }?;
        Ok(Held::adopt(kind, handle.cast_mut(), release))
    }

    /// Takes charge of a reference that the caller has.
    pub fn adopt(kind: HandleKind, handle: *mut c_void, release: Release) -> Self {
        Held { kind, handle, release }
    }

    /// One reference more. `None`: the handle is stale, because somebody freed more references than were his.
    pub fn share(&self) -> Option<Self> {
        // SAFETY: the handle was given out by this library.
        unsafe { Held::reference(self.kind, self.handle, self.release) }.ok()
    }

    /// Whether it is a span's or a context's.
    pub fn kind(&self) -> HandleKind {
        self.kind
    }

    /// The handle, borrowed.
    pub fn handle(&self) -> *mut c_void {
        self.handle
    }

    /// How it is released.
    pub fn release(&self) -> Release {
        self.release
    }

    /// The handle; its reference is the caller's from here on.
    pub fn into_handle(self) -> *mut c_void {
        let handle = self.handle;
        std::mem::forget(self);
        handle
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.release)(self.kind, self.handle);
    }
}

/// A context that was activated for a scope: until the scope ends it becomes active again where a chain of finished spans leads to it.
#[derive(Debug)]
pub struct Scope {
    context: Held,
    trace_id: u128,
    /// The local span that the context is of; for comparison only.
    span: Option<ByAddress>,
}

#[derive(Clone, Copy)]
struct ByAddress(&'static SpanSlot);

impl std::fmt::Debug for ByAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:p}", self.0)
    }
}

impl Scope {
    /// The scope of a context.
    pub fn new(context: Held) -> Result<Self, HandleError> {
        // SAFETY: the handle was given out by this library.
        let (trace_id, span) = unsafe { with_context(context.handle(), |view| (view.state.trace_id(), view.span)) }?;
        Ok(Scope { context, trace_id, span: span.map(ByAddress) })
    }

    /// The context.
    pub fn context(&self) -> &Held {
        &self.context
    }

    /// The same scope for a copy of the slot.
    pub fn share(&self) -> Option<Self> {
        Some(Scope { context: self.context.share()?, trace_id: self.trace_id, span: self.span })
    }

    /// The context's trace, 0 if it has none.
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// Whether the context is of this local span.
    pub fn is_of_span(&self, span: &'static SpanSlot) -> bool {
        self.span.is_some_and(|own| std::ptr::eq(own.0, span))
    }

    /// Whether a trace that ended here began under the context: it has the context's id, or the context has none.
    pub fn is_of_trace(&self, trace_id: u128) -> bool {
        self.trace_id == trace_id || self.trace_id == 0
    }
}
