//! Telling processors of spans, and the tracer's list of processors and filters.

use super::core::{Running, Tracer};
use super::filtering::HeldChunk;
use super::thread::with_thread;
use crate::hooks::{HookError, Hooks};
use crate::segment::TracerLink;
use crate::slot::HandleError;
use crate::span::{EndTime, Finish, finish_span, release_handle, segment_of_span};
use std::ffi::c_void;
use std::sync::Arc;

impl Running {
    /// Puts other hooks in force; the former ones are to be dropped without a lock.
    pub(super) fn set_hooks(&mut self, next: Hooks) -> Option<Arc<Hooks>> {
        let former = self.hooks.take();
        next.take_over(former.as_deref().unwrap_or(&Hooks::default()));
        self.hooks = Some(next).filter(|hooks| !hooks.is_empty()).map(Arc::new);
        former
    }
}

impl Tracer {
    /// Processors and filters, if there are any.
    pub fn hooks(&self) -> Result<Option<Arc<Hooks>>, HandleError> {
        self.with_body(|body| body.running.as_deref().map(|running| running.hooks.clone()))?.ok_or(HandleError::Stale)
    }

    /// Registers or removes hooks, which all threads notice with their next call. A thread that is inside of a call may still use the former
    /// ones. `None`: the tracer is shut down.
    pub fn change_hooks(
        &self,
        change: impl FnOnce(&mut Hooks) -> Result<(), HookError>,
    ) -> Result<Option<Result<(), HookError>>, HandleError> {
        if !self.pipeline()?.accepts() {
            return Ok(None);
        }
        let changed = self.with_body(|body| {
            let running = body.running.as_deref_mut().ok_or(HandleError::Stale)?;
            let mut next = running.hooks.as_deref().cloned().unwrap_or_default();
            let outcome = change(&mut next);
            let former = if outcome.is_ok() { running.set_hooks(next) } else { None };
            self.set_version(self.version().wrapping_add(1));
            Ok((outcome, former))
        })?;
        // Dropped here, without the lock: what hooks own is the host's.
        let (outcome, _former) = changed?;
        Ok(Some(outcome))
    }

    /// The tracer is shut down: nobody is told of spans any more.
    pub(super) fn end_hooks(&self) {
        let taken = self.with_body(|body| {
            let taken = body.running.as_deref_mut().and_then(|running| running.hooks.take());
            self.set_version(self.version().wrapping_add(1));
            taken
        });
        if let Ok(Some(hooks)) = taken {
            hooks.tracer_ended();
        }
    }
}

/// The calling thread, at least, does not keep what the host gave to a tracer that is shut down, or to those that have ended.
pub(super) fn leave_thread(shut_down: Option<TracerLink>) {
    drop(with_thread(|thread| thread.tracers.take_unneeded(shut_down)));
}

/// Tells the processors of a span that was started.
#[cold]
pub fn announce_start(tracer: &'static Tracer, span: *mut c_void) {
    let hooks = with_thread(|thread| thread.tracers.local(tracer).and_then(|local| local.hooks.clone()));
    if let Some(hooks) = hooks {
        hooks.on_start(span);
    }
}

/// Goes on where [`finish_span`] answered [`Finish::Announce`]: tells the processors, finishes the span, and lets filters see its chunk.
///
/// # Safety
/// `span` is NULL or was given out by this library.
#[cold]
pub unsafe fn finish_announced(span: *mut c_void, release: bool) -> Result<Finish, HandleError> {
    // SAFETY: passed on.
    let link = unsafe { segment_of_span(span) }.and_then(|segment| Some(segment.lock().ok()?.tracer));
    let hooks = with_thread(|thread| thread.tracers.local_of_link(link?).and_then(|local| local.hooks.clone()));
    if let Some(hooks) = hooks {
        hooks.on_finish(span);
    }
    let (finish, held) = with_thread(|thread| {
        let (parts, tracers) = (&mut thread.parts, &mut thread.tracers);
        // SAFETY: passed on.
        let finish =
            unsafe { finish_span(parts, span, EndTime::Settled, release, |link| tracers.local_of_link(link), |_, _, _| ()) };
        (finish, tracers.take_held())
    });
    held.into_iter().for_each(HeldChunk::filter);
    finish
}

/// Drops a reference of a span. Where that ends the trace, filters see its chunk.
///
/// # Safety
/// `span` is NULL or was given out by this library.
#[inline]
pub unsafe fn release_span(span: *mut c_void) -> Result<(), HandleError> {
    let mut is_abandoned = false;
    let mut held = Vec::new();
    let released = with_thread(|thread| {
        let (parts, tracers) = (&mut thread.parts, &mut thread.tracers);
        // SAFETY: passed on.
        let released = unsafe {
            release_handle(parts, span, |link| {
                is_abandoned = true;
                tracers.local_of_link(link)
            })
        };
        if is_abandoned {
            held = thread.tracers.take_held();
        }
        released
    });
    if !held.is_empty() {
        held.into_iter().for_each(HeldChunk::filter);
    }
    released
}
