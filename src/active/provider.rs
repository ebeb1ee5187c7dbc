//! Providers: the same calls over each kind of slot.

use super::error::ActiveError;
use super::held::{Held, Release, Scope};
use super::host::{HostSlot, HostSlots};
use super::slot::{ActiveSlot, Leftover};
use super::tasks::Tasks;
use super::thread;
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Kind, SlotClass};
use crate::span::{HandleKind, local_root};
use std::ffi::c_void;
use std::sync::Arc;

static CLASS: SlotClass = cold_class(Kind::Provider);

/// A provider of the active span.
pub struct Provider {
    slots: Slots,
    release: Release,
}

enum Slots {
    PerThread,
    PerTask(Box<Tasks>),
    Host(HostSlots),
}

impl Cold for Provider {
    const KIND: Kind = Kind::Provider;
    const CLASS: &'static SlotClass = &CLASS;
}

impl Provider {
    /// With one slot per thread.
    pub fn per_thread(release: Release) -> Self {
        Provider { slots: Slots::PerThread, release }
    }

    /// With one slot per task.
    pub fn per_task(release: Release) -> Self {
        Provider { slots: Slots::PerTask(Box::default()), release }
    }

    /// With the host's slots.
    pub fn of_host(slot: Box<dyn HostSlot>, release: Release) -> Self {
        Provider { slots: Slots::Host(HostSlots::new(slot, release)), release }
    }

    /// Makes a span active, or with NULL nothing.
    ///
    /// # Safety
    /// `span` is NULL or was given out by this library.
    pub unsafe fn activate_span(self: &Arc<Self>, span: *const c_void) -> Result<(), ActiveError> {
        // SAFETY: passed on.
        let value = unsafe { self.hold(HandleKind::Span, span) }?;
        self.replace(value)
    }

    /// The same for a scope, which [`Provider::restore`] ends with the token.
    ///
    /// # Safety
    /// As for [`Provider::activate_span`].
    pub unsafe fn open_span_scope(self: &Arc<Self>, span: *const c_void) -> Result<u64, ActiveError> {
        // SAFETY: passed on.
        let value = unsafe { self.hold(HandleKind::Span, span) }?;
        self.open_scope(value, None)
    }

    /// Makes a context active, or with NULL nothing.
    ///
    /// # Safety
    /// `context` is NULL or was given out by this library.
    pub unsafe fn activate_context(self: &Arc<Self>, context: *const c_void) -> Result<(), ActiveError> {
        // SAFETY: passed on.
        let value = unsafe { self.hold(HandleKind::Context, context) }?;
        self.replace(value)
    }

    /// The same for a scope; within it the context becomes active again when the spans that began under it are finished.
    ///
    /// # Safety
    /// As for [`Provider::activate_context`].
    pub unsafe fn open_context_scope(self: &Arc<Self>, context: *const c_void) -> Result<u64, ActiveError> {
        // SAFETY: passed on.
        let (value, marked) = unsafe { (self.hold(HandleKind::Context, context)?, self.hold(HandleKind::Context, context)?) };
        let scope = marked.map(Scope::new).transpose()?;
        self.open_scope(value, scope)
    }

    /// Ends the scope of a token, and with it all scopes that were opened in the slot since.
    pub fn restore(self: &Arc<Self>, token: u64) -> Result<(), ActiveError> {
        if let Slots::Host(slots) = &self.slots {
            return slots.close_scope(token);
        }
        let mut is_first = true;
        loop {
            let closed = self.with_slot(false, |slot| slot.close_scope(token));
            match closed {
                Ok(Some(Some((is_done, leftover)))) => {
                    drop(leftover);
                    if is_done {
                        return Ok(());
                    }
                }
                // What was left over was dropped in between, and may have run code of the host's that ended the scope.
                _ if !is_first => return Ok(()),
                Ok(_) | Err(ActiveError::NoTask) => return Err(ActiveError::Token(token)),
                Err(error) => return Err(error),
            }
            is_first = false;
        }
    }

    /// What is active after cleaning up, with a reference of its own.
    pub fn active(self: &Arc<Self>) -> Result<Option<Held>, ActiveError> {
        if let Slots::Host(slots) = &self.slots {
            return slots.read();
        }
        let read = match self.with_slot(false, ActiveSlot::read) {
            Ok(Some(read)) => read,
            Ok(None) | Err(ActiveError::NoTask) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (answer, leftover) = read?;
        drop(leftover);
        Ok(answer)
    }

    /// The active span, if it is a span that is active.
    pub fn current_span(self: &Arc<Self>) -> Result<Option<Held>, ActiveError> {
        Ok(self.active()?.filter(|held| held.kind() == HandleKind::Span))
    }

    /// The local root of the active span.
    pub fn current_root_span(self: &Arc<Self>) -> Result<Option<Held>, ActiveError> {
        let Some(span) = self.current_span()? else { return Ok(None) };
        // SAFETY: the reference keeps the handle.
        let root = unsafe { local_root(span.handle()) }?;
        Ok(root.map(|root| Held::adopt(HandleKind::Span, root, self.release)))
    }

    /// From now on the calling thread runs this task. A task that was not known starts with a copy of its creator's slot.
    pub fn enter_task(self: &Arc<Self>, task: u64, creator: u64) -> Result<(), ActiveError> {
        let tasks = self.tasks()?;
        if task == 0 {
            return Err(ActiveError::TaskKey(task));
        }
        let entered = tasks.ensure(task, creator);
        // A task that could not be entered must not go on in the slot of another.
        let runs = if entered.is_ok() { task } else { 0 };
        thread::with_place(self, |place| place.task = runs)?;
        entered
    }

    /// The task has ended: its slot is removed. `false`: it was not entered.
    pub fn leave_task(self: &Arc<Self>, task: u64) -> Result<bool, ActiveError> {
        let slot = self.tasks()?.remove(task)?;
        let _ = thread::with_known_place(self, |place| {
            if place.task == task {
                place.task = 0;
            }
        });
        Ok(slot.is_some())
    }

    /// How many tasks are entered.
    pub fn task_count(&self) -> usize {
        self.tasks().map_or(0, Tasks::count)
    }

    /// Releases what the calling thread's own slot holds; to be called when the provider ends. Other threads do so later.
    pub fn forget_thread(self: &Arc<Self>) {
        thread::forget(self);
    }

    fn tasks(&self) -> Result<&Tasks, ActiveError> {
        match &self.slots {
            Slots::PerTask(tasks) => Ok(tasks),
            _ => Err(ActiveError::NotTasks),
        }
    }

    /// # Safety
    /// `handle` is NULL or was given out by this library.
    unsafe fn hold(&self, kind: HandleKind, handle: *const c_void) -> Result<Option<Held>, ActiveError> {
        if handle.is_null() {
            return Ok(None);
        }
        // SAFETY: passed on.
        Ok(Some(unsafe { Held::reference(kind, handle, self.release) }?))
    }

    fn replace(self: &Arc<Self>, value: Option<Held>) -> Result<(), ActiveError> {
        if let Slots::Host(slots) = &self.slots {
            return slots.replace(value);
        }
        let leftover: Option<Leftover> = self.with_slot(true, |slot| slot.replace(value))?;
        drop(leftover);
        Ok(())
    }

    fn open_scope(self: &Arc<Self>, value: Option<Held>, scope: Option<Scope>) -> Result<u64, ActiveError> {
        if let Slots::Host(slots) = &self.slots {
            return slots.open_scope(value, scope);
        }
        let (token, leftover) = self.with_slot(true, |slot| slot.open_scope(value, scope))?.ok_or(ActiveError::NoTask)?;
        drop(leftover);
        Ok(token)
    }

    /// Calls `use_it` with the calling unit's slot; `None` if the thread has none and `make` is not set.
    fn with_slot<R>(self: &Arc<Self>, make: bool, use_it: impl FnOnce(&mut ActiveSlot) -> R) -> Result<Option<R>, ActiveError> {
        match &self.slots {
            Slots::PerThread if make => thread::with_place(self, |place| use_it(place.slot.get_or_insert_default())).map(Some),
            Slots::PerThread => Ok(thread::with_known_place(self, |place| place.slot.as_deref_mut().map(use_it))?.flatten()),
            Slots::PerTask(tasks) => {
                let task = thread::with_known_place(self, |place| place.task)?.unwrap_or(0);
                tasks.with_slot(task, use_it)?.map(Some).ok_or(ActiveError::NoTask)
            }
            // The host keeps the slot; its own functions are called instead.
            Slots::Host(_) => Ok(None),
        }
    }
}
