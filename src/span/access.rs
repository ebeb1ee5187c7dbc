//! From a handle to a locked span.

use super::light::{LightGuard, LightSpan};
use super::slot::{SpanGuard, SpanSlot};
use crate::slot::{HandleError, Kind, SlotHeader, lock, resolve, resolve_kind};
use std::ffi::c_void;

/// A locked span of either sort.
pub enum AnySpan {
    /// It records.
    Recording(SpanGuard),
    /// It records nothing.
    Light(LightGuard),
}

/// Locks the span of a handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
#[inline]
pub unsafe fn lock_span(handle: *const c_void) -> Result<AnySpan, HandleError> {
    // SAFETY: passed on.
    let (header, identity) = unsafe { resolve(handle) }?;
    let is_recording = identity.is(Kind::Span);
    if !is_recording && !identity.is(Kind::LightSpan) {
        return Err(HandleError::Stale);
    }
    let guard = lock(header).map_err(|_| HandleError::Forked)?;
    if !identity.still(header) {
        return Err(HandleError::Stale);
    }
    let header: *const SlotHeader = header;
    if is_recording {
        // SAFETY: slots of this kind are `SpanSlot`, which begin with the header.
        return Ok(AnySpan::Recording(SpanGuard::new(unsafe { &*header.cast::<SpanSlot>() }, guard)));
    }
    // SAFETY: slots of this kind are `LightSpan`, which begin with the header.
    Ok(AnySpan::Light(LightGuard::new(unsafe { &*header.cast::<LightSpan>() }, guard)))
}

/// Locks the span of a handle; `None` for one that records nothing.
///
/// # Safety
/// As for [`lock_span`].
#[inline(always)]
pub unsafe fn lock_recording(handle: *const c_void) -> Result<Option<SpanGuard>, HandleError> {
    // SAFETY: passed on.
    if let Some((header, identity)) = unsafe { resolve_kind(handle, Kind::Span) } {
        let guard = lock(header).map_err(|_| HandleError::Forked)?;
        if !identity.still(header) {
            return Err(HandleError::Stale);
        }
        let header: *const SlotHeader = header;
        // SAFETY: slots of this kind are `SpanSlot`, which begin with the header.
        return Ok(Some(SpanGuard::new(unsafe { &*header.cast::<SpanSlot>() }, guard)));
    }
    // SAFETY: passed on.
    unsafe { lock_other(handle) }
}

/// # Safety
/// As for [`lock_span`].
#[cold]
unsafe fn lock_other(handle: *const c_void) -> Result<Option<SpanGuard>, HandleError> {
    // SAFETY: passed on.
    match unsafe { lock_span(handle) }? {
        AnySpan::Recording(span) => Ok(Some(span)),
        AnySpan::Light(_) => Ok(None),
    }
}

/// Locks a span that an inner reference keeps. `None`: a fork left its lock behind.
#[inline]
pub fn lock_slot(slot: &'static SpanSlot) -> Option<SpanGuard> {
    use crate::slot::Slot;
    Some(SpanGuard::new(slot, lock(slot.header()).ok()?))
}
