//! Propagators by handle. Using one writes no shared memory: propagators are immutable, equal ones are one, and none is ever freed, so a
//! handle leads to one that lives for ever. How many different ones a process makes is limited.

use crate::config::PropagationSettings;
use crate::propagation::Propagator;
use crate::service::fork;
use crate::slot::{FreeList, HandleError, Kind, LockWord, SLOT_ALIGN, Slot, SlotClass, SlotHeader, lock, resolve};
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Different propagators that a process can make.
const MAX_DIFFERENT: usize = 1024;

static CLASS: SlotClass = SlotClass::new(Kind::Propagator, SLOT_ALIGN);

#[repr(C)]
struct PropagatorSlot {
    header: SlotHeader,
    propagator: AtomicPtr<Propagator>,
    references: UnsafeCell<u32>,
}

// SAFETY: `references` is only touched with the lock word held.
unsafe impl Sync for PropagatorSlot {}
// SAFETY: `repr(C)` with the header first; zero bytes are a slot without a propagator.
unsafe impl Slot for PropagatorSlot {
    const CLASS: &'static SlotClass = &CLASS;

    fn header(&self) -> &SlotHeader {
        &self.header
    }
}

/// Makes a handle with one reference. `None`: too many different propagators, or memory is out.
pub fn new_propagator(settings: &PropagationSettings) -> Option<*mut c_void> {
    let propagator = interned(settings)?;
    let mut list = FreeList::<PropagatorSlot>::new();
    let slot = list.take(usize::MAX)?;
    list.drain();
    let guard = lock(&slot.header).ok()?;
    slot.propagator.store(std::ptr::from_ref(propagator).cast_mut(), Ordering::Release);
    // SAFETY: the lock is held.
    unsafe { *slot.references.get() = 1 };
    slot.header.open_handle();
    drop(guard);
    Some(slot.header.handle())
}

/// The propagator of a handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
#[inline]
pub unsafe fn resolve_propagator(handle: *const c_void) -> Result<&'static Propagator, HandleError> {
    // SAFETY: passed on.
    let slot = unsafe { slot_of(handle) }?;
    // SAFETY: propagators are never freed.
    unsafe { slot.propagator.load(Ordering::Acquire).as_ref() }.ok_or(HandleError::Stale)
}

/// Adds a reference.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn add_propagator_reference(handle: *const c_void) -> Result<(), HandleError> {
    // SAFETY: passed on.
    unsafe { change_references(handle, |references| *references += 1) }.map(drop)
}

/// Drops a reference; the last one ends the handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn release_propagator(handle: *const c_void) -> Result<(), HandleError> {
    // SAFETY: passed on.
    let ended = unsafe { change_references(handle, |references| *references -= 1) }?;
    if let Some(slot) = ended {
        FreeList::<PropagatorSlot>::new().give(slot);
    }
    Ok(())
}

/// Returns the slot if no reference is left.
unsafe fn change_references(
    handle: *const c_void,
    change: impl FnOnce(&mut u32),
) -> Result<Option<&'static PropagatorSlot>, HandleError> {
    // SAFETY: passed on.
    let slot = unsafe { slot_of(handle) }?;
    let guard = lock(&slot.header).map_err(|_| HandleError::Forked)?;
    if slot.header.handle::<c_void>().cast_const() != handle || !slot.header.has_live_handle() {
        return Err(HandleError::Stale);
    }
    // SAFETY: the lock is held.
    let references = unsafe { &mut *slot.references.get() };
    change(references);
    if *references > 0 {
        return Ok(None);
    }
    slot.header.close_handle();
    drop(guard);
    Ok(Some(slot))
}

#[inline]
unsafe fn slot_of(handle: *const c_void) -> Result<&'static PropagatorSlot, HandleError> {
    // SAFETY: passed on.
    let (header, identity) = unsafe { resolve(handle) }?;
    if !identity.is(Kind::Propagator) {
        return Err(HandleError::Stale);
    }
    let header: *const SlotHeader = header;
    // SAFETY: slots of this kind are `PropagatorSlot`, which begin with the header.
    Ok(unsafe { &*header.cast() })
}

struct Interned {
    lock: LockWord,
    all: UnsafeCell<Vec<(PropagationSettings, &'static Propagator)>>,
}

// SAFETY: the list is only touched with the lock word held.
unsafe impl Sync for Interned {}

fn interned(settings: &PropagationSettings) -> Option<&'static Propagator> {
    static INTERNED: Interned = Interned { lock: LockWord::new(), all: UnsafeCell::new(Vec::new()) };
    let Ok(guard) = INTERNED.lock.lock(fork::generation()) else {
        // A fork left the list behind half changed: this process goes on without it.
        return Some(Box::leak(Box::new(Propagator::new(settings))));
    };
    // SAFETY: the lock is held.
    let all = unsafe { &mut *INTERNED.all.get() };
    if let Some((_, known)) = all.iter().find(|(known, _)| known == settings) {
        return Some(known);
    }
    if all.len() >= MAX_DIFFERENT {
        return None;
    }
    let propagator: &'static Propagator = Box::leak(Box::new(Propagator::new(settings)));
    all.push((settings.clone(), propagator));
    drop(guard);
    Some(propagator)
}

/// How many handles are live.
pub fn live_propagators() -> usize {
    CLASS.live_handles()
}
