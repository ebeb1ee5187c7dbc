//! Handles of things that are made rarely: a slot that holds a reference-counted object.

use super::class::{Slot, SlotClass};
use super::free_list::FreeList;
use super::identity::{HandleError, Identity, Kind, SLOT_ALIGN, SlotHeader, resolve};
use super::lock;
use std::cell::UnsafeCell;
use std::sync::Arc;

/// An object behind a handle of its own kind.
pub trait Cold: Send + Sync + Sized + 'static {
    /// The kind of its handles.
    const KIND: Kind;
    /// Where its slots come from.
    const CLASS: &'static SlotClass;
}

/// Declares the slot class of a cold kind.
pub const fn cold_class(kind: Kind) -> SlotClass {
    SlotClass::new(kind, SLOT_ALIGN)
}

#[repr(C)]
struct ColdSlot<T: Cold> {
    header: SlotHeader,
    contents: UnsafeCell<Contents<T>>,
}

struct Contents<T> {
    references: usize,
    object: Option<Arc<T>>,
}

// SAFETY: the contents are only touched with the slot's lock held; `Option<Arc<T>>` is `None` when its bytes are zero.
unsafe impl<T: Cold> Slot for ColdSlot<T> {
    const CLASS: &'static SlotClass = T::CLASS;

    fn header(&self) -> &SlotHeader {
        &self.header
    }
}

/// Makes a handle with one reference. `None` when memory is out.
pub fn create<T: Cold, H>(object: Arc<T>) -> Option<*mut H> {
    let mut list = FreeList::<ColdSlot<T>>::new();
    let slot = list.take(usize::MAX)?;
    list.drain();
    let guard = lock(&slot.header).ok()?;
    // SAFETY: the slot is fresh from the list and locked.
    unsafe { *slot.contents.get() = Contents { references: 1, object: Some(object) } };
    slot.header.open_handle();
    drop(guard);
    Some(slot.header.handle())
}

/// The object of a handle.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn get<T: Cold, H>(handle: *const H) -> Result<Arc<T>, HandleError> {
    // SAFETY: passed on.
    unsafe { with_contents::<T, H, _>(handle, |contents, _| contents.object.clone()) }?.ok_or(HandleError::Stale)
}

/// Adds a reference.
///
/// # Safety
/// As for [`get`].
pub unsafe fn add_reference<T: Cold, H>(handle: *const H) -> Result<(), HandleError> {
    // SAFETY: passed on.
    unsafe { with_contents::<T, H, _>(handle, |contents, _| contents.references += 1) }
}

/// Drops a reference; with the last one the handle ends and its object is returned.
///
/// # Safety
/// As for [`get`].
pub unsafe fn release<T: Cold, H>(handle: *const H) -> Result<Option<Arc<T>>, HandleError> {
    // SAFETY: passed on.
    let ended = unsafe {
        with_contents::<T, H, _>(handle, |contents, slot| {
            contents.references -= 1;
            if contents.references > 0 {
                return None;
            }
            slot.header.close_handle();
            Some((contents.object.take(), slot))
        })
    }?;
    let Some((object, slot)) = ended else { return Ok(None) };
    let mut list = FreeList::<ColdSlot<T>>::new();
    list.give(slot);
    Ok(object)
}

/// # Safety
/// As for [`get`].
unsafe fn with_contents<T: Cold, H, R>(
    handle: *const H,
    use_it: impl FnOnce(&mut Contents<T>, &'static ColdSlot<T>) -> R,
) -> Result<R, HandleError> {
    // SAFETY: passed on.
    let (header, identity) = unsafe { resolve(handle) }?;
    if !identity.is(T::KIND) {
        return Err(HandleError::Stale);
    }
    let guard = lock(header).map_err(|_| HandleError::Forked)?;
    if !Identity::still(identity, header) {
        return Err(HandleError::Stale);
    }
    let header: *const SlotHeader = header;
    // SAFETY: slots of this kind are `ColdSlot<T>`, which begin with the header.
    let slot: &'static ColdSlot<T> = unsafe { &*header.cast() };
    // SAFETY: the lock is held, and nothing in here calls out.
    let result = use_it(unsafe { &mut *slot.contents.get() }, slot);
    drop(guard);
    Ok(result)
}
