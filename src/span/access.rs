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
#[inline(always)]
pub unsafe fn lock_span(handle: *const c_void) -> Result<AnySpan, HandleError> {
    // SAFETY: passed on.
    if let Some((header, identity)) = unsafe { resolve_kind(handle, Kind::Span) } {
        let guard = lock(header).map_err(|_| HandleError::Forked)?;
        if !identity.still(header) {
            return Err(HandleError::Stale);
        }
        let header: *const SlotHeader = header;
        // SAFETY: slots of this kind are `SpanSlot`, which begin with the header.
        return Ok(AnySpan::Recording(SpanGuard::new(unsafe { &*header.cast::<SpanSlot>() }, guard)));
    }
    // SAFETY: passed on.
    unsafe { lock_light(handle) }.map(AnySpan::Light)
}

/// Locks the span of a handle that is not of a recording one.
///
/// # Safety
/// As for [`lock_span`].
#[inline(never)]
unsafe fn lock_light(handle: *const c_void) -> Result<LightGuard, HandleError> {
    // SAFETY: passed on.
    let (header, identity) = unsafe { resolve(handle) }?;
    if !identity.is(Kind::LightSpan) {
        return Err(HandleError::Stale);
    }
    let guard = lock(header).map_err(|_| HandleError::Forked)?;
    if !identity.still(header) {
        return Err(HandleError::Stale);
    }
    let header: *const SlotHeader = header;
    // SAFETY: slots of this kind are `LightSpan`, which begin with the header.
    Ok(LightGuard::new(unsafe { &*header.cast::<LightSpan>() }, guard))
}

/// Locks the span of a handle; `None` for one that records nothing.
///
/// # Safety
/// As for [`lock_span`].
#[inline(always)]
pub unsafe fn lock_recording(handle: *const c_void) -> Result<Option<SpanGuard>, HandleError> {
    // SAFETY: passed on.
    Ok(match unsafe { lock_span(handle) }? {
        AnySpan::Recording(span) => Some(span),
        AnySpan::Light(_) => None,
    })
}

/// Locks a light span that one of its children keeps. `None`: a fork left its lock behind.
pub(super) fn lock_light_slot(span: &'static LightSpan) -> Option<LightGuard> {
    use crate::slot::Slot;
    Some(LightGuard::new(span, lock(span.header()).ok()?))
}

/// Locks a span that an inner reference keeps. `None`: a fork left its lock behind.
#[inline]
pub fn lock_slot(slot: &'static SpanSlot) -> Option<SpanGuard> {
    use crate::slot::Slot;
    Some(SpanGuard::new(slot, lock(slot.header()).ok()?))
}
