//! Slots by task, for hosts whose tasks wander between threads.
//!
//! The host says which task a thread runs: on its creation, each time it goes on, and when it ends. Slots are found by the task's
//! number in one of [`SHARDS`] maps, each under a lock word of its own. At most [`MAX_TASKS`] tasks are entered at a time.

use super::error::ActiveError;
use super::slot::ActiveSlot;
use crate::service::fork;
use crate::slot::{LockGuard, LockWord};
use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};

/// No more tasks are entered at a time.
pub const MAX_TASKS: usize = 1 << 18;
const SHARDS: usize = 16;

/// The slots of all tasks of a provider.
#[derive(Default)]
pub(super) struct Tasks {
    shards: [Shard; SHARDS],
    count: AtomicUsize,
}

type Slots = HashMap<u64, Box<ActiveSlot>>;

#[derive(Default)]
struct Shard {
    lock: LockWord,
    slots: UnsafeCell<Slots>,
}

// SAFETY: the slots are only touched with the lock held, or by whoever has the shard alone.
unsafe impl Sync for Shard {}

struct ShardGuard<'a> {
    shard: &'a Shard,
    _guard: LockGuard<'a>,
}

impl Deref for ShardGuard<'_> {
    type Target = Slots;

    fn deref(&self) -> &Slots {
        // SAFETY: the lock is held.
        unsafe { &*self.shard.slots.get() }
    }
}

impl DerefMut for ShardGuard<'_> {
    fn deref_mut(&mut self) -> &mut Slots {
        // SAFETY: the lock is held.
        unsafe { &mut *self.shard.slots.get() }
    }
}

impl Tasks {
    /// How many tasks are entered.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Makes a slot for a task that has none: a copy of its creator's, or an empty one if that has none.
    pub(super) fn ensure(&self, task: u64, creator: u64) -> Result<(), ActiveError> {
        if self.lock(task)?.contains_key(&task) {
            return Ok(());
        }
        if self.count.fetch_add(1, Ordering::Relaxed) >= MAX_TASKS {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return Err(ActiveError::TooManyTasks(MAX_TASKS));
        }
        let copy = self.copy(creator);
        let mut unused = None;
        let made = copy.and_then(|slot| {
            // Of two threads that make the same one, the second finds it made.
            let mut shard = self.lock(task)?;
            match shard.entry(task) {
                Entry::Occupied(_) => unused = Some(slot),
                Entry::Vacant(place) => {
                    place.insert(slot);
                }
            }
            Ok(())
        });
        if made.is_err() || unused.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        made
    }

    fn copy(&self, creator: u64) -> Result<Box<ActiveSlot>, ActiveError> {
        let shard = self.lock(creator)?;
        Ok(Box::new(shard.get(&creator).map_or_else(ActiveSlot::new, |slot| slot.copy())))
    }

    /// Takes a task's slot away; the caller drops it.
    pub(super) fn remove(&self, task: u64) -> Result<Option<Box<ActiveSlot>>, ActiveError> {
        let slot = self.lock(task)?.remove(&task);
        if slot.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(slot)
    }

    /// Calls `use_it` with a task's slot. `None`: the task was not entered, or was left. `use_it` must not drop what the slot held.
    pub(super) fn with_slot<R>(&self, task: u64, use_it: impl FnOnce(&mut ActiveSlot) -> R) -> Result<Option<R>, ActiveError> {
        Ok(self.lock(task)?.get_mut(&task).map(|slot| use_it(slot)))
    }

    /// # Errors
    /// A thread of the parent process held the lock at the fork.
    fn lock(&self, task: u64) -> Result<ShardGuard<'_>, ActiveError> {
        // Keys are often addresses or counters; the multiplication spreads both.
        let at = (task.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as usize % SHARDS;
        let shard = self.shards.get(at).ok_or(ActiveError::TaskKey(task))?;
        Ok(ShardGuard { shard, _guard: shard.lock.lock(fork::generation())? })
    }
}
