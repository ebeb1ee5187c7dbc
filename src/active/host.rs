//! A slot that the host keeps: in fibers, in a request's own data, wherever its language has it.
//!
//! The host's slot is one pointer: NULL, or the handle of a span or context. The host stores it and gives it back; the references are held here,
//! one per handle that was stored and not yet overwritten. A host whose slots are copied, as context variables are, may overwrite a handle
//! more often than it was stored: the reference here ends with the first time, never a reference of somebody else's, and what has
//! become stale counts as nothing.
//!
//! Which unit a call comes from is the host's to know. The scopes of all units are in one table, and may end in any order. At most
//! [`MAX_HOST_SCOPES`] are remembered, beyond them the oldest is forgotten; beyond as many handles, further ones are stored without a
//! reference.

use super::error::ActiveError;
use super::held::{Held, Release, Scope};
use super::slot::{Saved, Settled, settle};
use super::token::Tokens;
use crate::service::fork;
use crate::slot::{HandleError, LockWord};
use crate::span::{Step, handle_kind};
use std::cell::UnsafeCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::c_void;

/// No more open scopes, and no more references of active handles, are kept per provider with callbacks.
pub const MAX_HOST_SCOPES: usize = 1 << 16;

/// The host's functions. They are called without any lock held.
pub trait HostSlot: Send + Sync {
    /// What the calling unit's slot holds, as it was stored.
    fn get(&self) -> *mut c_void;
    /// Stores a handle or NULL in the calling unit's slot.
    fn set(&self, active: *mut c_void);
}

/// A host's slot, the scopes that are open in it, and the references of what it holds.
pub(super) struct HostSlots {
    slot: Box<dyn HostSlot>,
    release: Release,
    lock: LockWord,
    table: UnsafeCell<Table>,
}

struct Table {
    /// By token, which grows: the first is the oldest.
    open: BTreeMap<u64, Saved>,
    /// Those of contexts, by trace id and token: of each trace the last is the newest.
    contexts: BTreeSet<(u128, u64)>,
    tokens: Tokens,
    /// By the handle's address.
    stored: HashMap<usize, Stored>,
}

struct Stored {
    held: Held,
    /// In how many slots it was stored.
    slots: usize,
}

// SAFETY: the table is only touched with the lock held, or by whoever has all of it alone.
unsafe impl Sync for HostSlots {}

impl HostSlots {
    pub(super) fn new(slot: Box<dyn HostSlot>, release: Release) -> Self {
        let table = Table { open: BTreeMap::new(), contexts: BTreeSet::new(), tokens: Tokens::new(), stored: HashMap::new() };
        HostSlots { slot, release, lock: LockWord::new(), table: UnsafeCell::new(table) }
    }

    /// Stores what is active from now on.
    pub(super) fn replace(&self, value: Option<Held>) -> Result<(), ActiveError> {
        let former = self.slot.get();
        let handle = value.as_ref().map_or(std::ptr::null_mut(), Held::handle);
        let surplus = self.with_table(|table| table.keep(value))?;
        self.slot.set(handle);
        let ended = self.with_table(|table| table.give_up(former))?;
        drop((surplus, ended));
        Ok(())
    }

    /// Stores it for a scope, and returns the scope's token.
    pub(super) fn open_scope(&self, value: Option<Held>, scope: Option<Scope>) -> Result<u64, ActiveError> {
        let previous = self.current();
        let (token, forgotten) = self.with_table(|table| table.open_scope(previous, scope))?;
        drop(forgotten);
        self.replace(value)?;
        Ok(token)
    }

    /// Ends a scope.
    pub(super) fn close_scope(&self, token: u64) -> Result<(), ActiveError> {
        let saved = self.with_table(|table| table.take_scope(token))?.ok_or(ActiveError::Token(token))?;
        self.replace(saved.previous)?;
        drop(saved.scope);
        Ok(())
    }

    /// What is active, after cleaning up; a reference of its own.
    pub(super) fn read(&self) -> Result<Option<Held>, ActiveError> {
        let Some(current) = self.current() else { return Ok(None) };
        let new = match settle(&current, |step| self.context_at(&step)) {
            Ok(Settled::Same(answer)) => return Ok(Some(answer)),
            Ok(Settled::Changed(new)) => new,
            Err(HandleError::Stale | HandleError::Null) => None,
            Err(error) => return Err(error.into()),
        };
        let answer = new.as_ref().and_then(Held::share);
        self.replace(new)?;
        Ok(answer)
    }

    /// What the host's slot holds, with a reference of its own. What is stale counts as nothing.
    fn current(&self) -> Option<Held> {
        let handle = self.slot.get();
        // SAFETY: the host gives back what it was given.
        unsafe {
            let kind = handle_kind(handle).ok()?;
            Held::reference(kind, handle, self.release).ok()
        }
    }

    /// The context of the newest scope that a trace which ended began under. An ancestor is passed by: the scope may be another unit's.
    fn context_at(&self, step: &Step) -> Option<*mut c_void> {
        let Step::End(trace_id) = step else { return None };
        self.with_table(|table| table.context_of(*trace_id).or_else(|| table.context_of(0))).ok().flatten()
    }

    /// `use_it` must not drop what is held, nor lock anything.
    fn with_table<R>(&self, use_it: impl FnOnce(&mut Table) -> R) -> Result<R, ActiveError> {
        let guard = self.lock.lock(fork::generation())?;
        // SAFETY: the lock is held.
        let result = use_it(unsafe { &mut *self.table.get() });
        drop(guard);
        Ok(result)
    }
}

impl Table {
    /// Remembers a scope; the answer has what was forgotten for it.
    fn open_scope(&mut self, previous: Option<Held>, scope: Option<Scope>) -> (u64, [Option<Saved>; 2]) {
        let oldest = self.open.first_key_value().map(|(token, _)| *token).filter(|_| self.open.len() >= MAX_HOST_SCOPES);
        let token = self.tokens.draw();
        // Tokens begin again after very many: one of the same number would be of a scope that was never ended.
        let forgotten = [oldest, Some(token)].map(|token| self.take_scope(token?));
        if let Some(scope) = &scope {
            self.contexts.insert((scope.trace_id(), token));
        }
        self.open.insert(token, Saved { token, previous, scope });
        (token, forgotten)
    }

    fn take_scope(&mut self, token: u64) -> Option<Saved> {
        let saved = self.open.remove(&token)?;
        if let Some(scope) = &saved.scope {
            self.contexts.remove(&(scope.trace_id(), token));
        }
        Some(saved)
    }

    /// The context of a trace's newest scope.
    fn context_of(&self, trace_id: u128) -> Option<*mut c_void> {
        let (_, token) = self.contexts.range((trace_id, 0)..=(trace_id, u64::MAX)).next_back()?;
        Some(self.open.get(token)?.scope.as_ref()?.context().handle())
    }

    /// Keeps the reference of a handle that is stored next, and returns it if that is not needed.
    fn keep(&mut self, value: Option<Held>) -> Option<Held> {
        let held = value?;
        let at = held.handle().addr();
        if let Some(stored) = self.stored.get_mut(&at) {
            stored.slots += 1;
            return Some(held);
        }
        if self.stored.len() >= MAX_HOST_SCOPES {
            return Some(held);
        }
        self.stored.insert(at, Stored { held, slots: 1 });
        None
    }

    /// A handle was overwritten: returns its reference if no other slot has it.
    fn give_up(&mut self, handle: *mut c_void) -> Option<Held> {
        let stored = self.stored.get_mut(&handle.addr())?;
        stored.slots -= 1;
        if stored.slots > 0 {
            return None;
        }
        self.stored.remove(&handle.addr()).map(|stored| stored.held)
    }
}
