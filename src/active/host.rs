//! A slot that the host keeps: in context variables, in fibers, wherever its language has it.
//!
//! The host's slot is one pointer, the handle of a span or context or NULL, with one reference that `set` hands over to the host: what is
//! overwritten, or dies with its fiber, is the host's to free. So a host may copy its slot as its language does, as long as it counts the
//! copies. Which unit a call comes from is the host's to know; scopes of all units are in one table, of at most [`MAX_HOST_SCOPES`],
//! and may end in any order. Beyond that number the oldest is forgotten.

use super::error::ActiveError;
use super::held::{Held, Release, Scope};
use super::slot::{Saved, Settled, context_at, settle};
use super::token::Tokens;
use crate::service::fork;
use crate::slot::{HandleError, LockWord};
use crate::span::{Step, handle_kind};
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::ffi::c_void;

/// No more open scopes are remembered.
pub const MAX_HOST_SCOPES: usize = 1 << 16;

/// The host's functions. They are called without any lock held.
pub trait HostSlot: Send + Sync {
    /// What the calling unit's slot holds: a handle or NULL, borrowed.
    fn get(&self) -> *mut c_void;
    /// Stores a handle or NULL; its reference is the host's from here on.
    fn set(&self, active: *mut c_void);
}

/// A host's slot, and the scopes that are open in it.
pub(super) struct HostSlots {
    slot: Box<dyn HostSlot>,
    release: Release,
    lock: LockWord,
    scopes: UnsafeCell<Scopes>,
}

struct Scopes {
    /// By token, which grows: the first is the oldest.
    open: BTreeMap<u64, Saved>,
    tokens: Tokens,
}

// SAFETY: the scopes are only touched with the lock held, or by whoever has all of it alone.
unsafe impl Sync for HostSlots {}

impl HostSlots {
    pub(super) fn new(slot: Box<dyn HostSlot>, release: Release) -> Self {
        let scopes = Scopes { open: BTreeMap::new(), tokens: Tokens::new() };
        HostSlots { slot, release, lock: LockWord::new(), scopes: UnsafeCell::new(scopes) }
    }

    /// Stores what is active from now on.
    pub(super) fn replace(&self, value: Option<Held>) {
        self.slot.set(value.map_or(std::ptr::null_mut(), Held::into_handle));
    }

    /// Stores it for a scope, and returns the scope's token.
    pub(super) fn open_scope(&self, value: Option<Held>, scope: Option<Scope>) -> Result<u64, ActiveError> {
        let previous = self.current();
        let mut forgotten = None;
        let token = self.with_scopes(|scopes| {
            if scopes.open.len() >= MAX_HOST_SCOPES {
                forgotten = scopes.open.pop_first();
            }
            let token = scopes.tokens.draw();
            let replaced = scopes.open.insert(token, Saved { token, previous, scope });
            forgotten = forgotten.take().or(replaced.map(|saved| (token, saved)));
            token
        })?;
        drop(forgotten);
        self.replace(value);
        Ok(token)
    }

    /// Ends a scope.
    pub(super) fn close_scope(&self, token: u64) -> Result<(), ActiveError> {
        let saved = self.with_scopes(|scopes| scopes.open.remove(&token))?.ok_or(ActiveError::Token(token))?;
        self.replace(saved.previous);
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
        self.replace(new);
        Ok(answer)
    }

    /// What the host's slot holds, with a reference of its own. What is stale counts as nothing.
    fn current(&self) -> Option<Held> {
        let handle = self.slot.get();
        // SAFETY: the host stores what it was given.
        unsafe {
            let kind = handle_kind(handle).ok()?;
            Held::reference(kind, handle, self.release).ok()
        }
    }

    /// The newest scope whose trace ends at this step. An ancestor is passed by: the scope may be another unit's.
    fn context_at(&self, step: &Step) -> Option<*mut c_void> {
        if matches!(step, Step::Ancestor(_)) {
            return None;
        }
        let found = self.with_scopes(|scopes| {
            let mut open = scopes.open.values().rev().filter_map(|saved| saved.scope.as_ref());
            open.find_map(|scope| context_at(scope, step))
        });
        found.ok().flatten()
    }

    /// `use_it` must not drop what a scope held, nor lock anything.
    fn with_scopes<R>(&self, use_it: impl FnOnce(&mut Scopes) -> R) -> Result<R, ActiveError> {
        let guard = self.lock.lock(fork::generation())?;
        // SAFETY: the lock is held.
        let result = use_it(unsafe { &mut *self.scopes.get() });
        drop(guard);
        Ok(result)
    }
}
