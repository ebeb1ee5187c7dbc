//! What a handle says without being used: its kind, its ids, its segment.

use super::access::{AnySpan, lock_span};
use super::parts::Parts;
use super::slot::SpanSlot;
use crate::segment::Segment;
use crate::slot::{HandleError, Kind, SlotHeader, resolve};
use std::ffi::c_void;

/// Which of the two a handle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleKind {
    /// A span, recording or not.
    Span,
    /// A context.
    Context,
}

/// Whether a handle is a span's or a context's; any other is refused.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn handle_kind(handle: *const c_void) -> Result<HandleKind, HandleError> {
    // SAFETY: passed on.
    let (_, identity) = unsafe { resolve(handle) }?;
    if identity.is(Kind::Context) {
        return Ok(HandleKind::Context);
    }
    let is_span = identity.is(Kind::Span) || identity.is(Kind::LightSpan);
    if is_span { Ok(HandleKind::Span) } else { Err(HandleError::Stale) }
}

/// The segment of a span that records; takes no lock. Whoever asks keeps a reference to the handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn segment_of_span(handle: *const c_void) -> Option<&'static Segment> {
    // SAFETY: passed on.
    let (header, identity) = unsafe { resolve(handle) }.ok()?;
    if !identity.is(Kind::Span) {
        return None;
    }
    let header: *const SlotHeader = header;
    // SAFETY: slots of this kind are `SpanSlot`, which begin with the header.
    unsafe { &*header.cast::<SpanSlot>() }.segment()
}

/// The ids of a span's trace and of the span; one that records nothing draws them now.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn trace_and_span_id(parts: &mut Parts, handle: *const c_void) -> Result<(u128, u64), HandleError> {
    // SAFETY: passed on.
    match unsafe { lock_span(handle) }? {
        AnySpan::Light(mut light) => {
            let trace_id = light.state(parts).map_or(0, |state| state.trace_id());
            Ok((trace_id, light.span_id(parts)))
        }
        AnySpan::Recording(span) => {
            let segment = span.slot().segment().ok_or(HandleError::Stale)?;
            let guard = segment.lock().map_err(|_| HandleError::Forked)?;
            let state = guard.state().ok_or(HandleError::Stale)?;
            Ok((state.trace_id(), span.head.span_id))
        }
    }
}
