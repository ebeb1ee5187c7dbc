//! Memory of handles: type-stable slots with generations, lock words, per-thread free lists.
//!
//! A slot is never unmapped and never serves another kind, so that the kind and generation of a stale handle can be read and compared
//! at any time. A handle is the slot's address with the generation in its low 8 bits.

mod class;
pub mod cold;
mod free_list;
mod guarded;
mod identity;
mod lock_word;
mod pool;
mod sync;

pub use class::{Slot, SlotClass};
pub use free_list::FreeList;
pub use guarded::Guarded;
pub use identity::{HandleError, Identity, Kind, SLOT_ALIGN, SlotHeader, resolve, resolve_kind};
pub use lock_word::{LockGuard, LockWord, Vanished};

/// Takes a slot's lock word for the current process.
#[inline]
pub fn lock(header: &SlotHeader) -> Result<LockGuard<'_>, Vanished> {
    header.lock.lock(crate::service::fork::generation())
}
