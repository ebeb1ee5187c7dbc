//! A tracer's slot: type-stable, so that a call that races with the tracer's end reads an ended tracer, never freed memory.

use super::build::{BuildError, Parts, build_pipeline};
use super::config_listeners::Listeners;
use super::hooks::leave_thread;
use super::process_metrics::ProcessMetrics;
use super::process_services::{self, Membership};
use crate::events::{Dispatch, Value, event, hub};
use crate::export::{Flushed, Pipeline, SharedExporter, Snapshot};
use crate::hooks::Hooks;
use crate::log::log_warn;
use crate::record::draw_ids_directly;
use crate::segment::TracerLink;
use crate::service::{fork, restart_in_child};
use crate::slot::{FreeList, HandleError, Identity, Kind, Slot, SlotClass, SlotHeader, lock, resolve};
use crate::span::open_spans;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

static CLASS: SlotClass = SlotClass::new(Kind::Tracer, 256);
/// Numbers of tracers; 0 is none.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A tracer. Lives in a slot.
#[repr(C)]
pub struct Tracer {
    header: SlotHeader,
    /// Tells this tracer from earlier and later ones in the same slot; 0 once it has ended.
    serial: AtomicU64,
    /// The number that segments remember; another one from the moment on when open traces are given up.
    id: AtomicU64,
    /// Grows with every new snapshot.
    version: AtomicU32,
    /// The fork generation that the pipeline belongs to.
    generation: AtomicU32,
    /// The tracer that this one is another name of, with a reference that belongs to this one; NULL: it is one of its own.
    base: AtomicPtr<c_void>,
    body: UnsafeCell<Body>,
}

/// What a tracer's lock word guards.
pub(super) struct Body {
    pub(super) references: u32,
    pub(super) running: Option<Box<Running>>,
}

/// What a tracer consists of in this process.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) parts: Parts,
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) snapshot: Arc<Snapshot>,
    /// Processors and filters, if there are any: those of the settings, then those that were added since.
    pub(super) hooks: Option<Arc<Hooks>>,
    /// Its part in the services of the process.
    pub(super) membership: Option<Arc<Membership>>,
    /// Who is told of settings that change.
    pub(super) listeners: Listeners,
}

/// A tracer's handle, as a pointer.
pub type TracerHandle = *mut c_void;

// SAFETY: the body is only touched with the lock word held; the rest is atomic.
unsafe impl Sync for Tracer {}
// SAFETY: `repr(C)` with the header first; zero bytes are an ended tracer; the size is checked below.
unsafe impl Slot for Tracer {
    const CLASS: &'static SlotClass = &CLASS;

    fn header(&self) -> &SlotHeader {
        &self.header
    }
}
const _: () = assert!(size_of::<Tracer>() <= 256);

/// Makes a tracer with one reference, without saying a word; [`super::start_tracer`] also logs.
pub fn new_tracer(parts: Parts) -> Result<TracerHandle, BuildError> {
    fork::register();
    super::fork::register();
    if parts.config.settings.lifecycle.is_restored {
        draw_ids_directly();
    }
    let (pipeline, snapshot) = build_pipeline(&parts, 1)?;
    let flushes_at_exit = snapshot.config.settings.lifecycle.flush_at_exit && !pipeline.is_host_driven;
    let hooks = Some(parts.hooks.clone()).filter(|hooks| !hooks.is_empty()).map(Arc::new);
    let tracer = open(
        Some(Box::new(Running {
            parts,
            pipeline,
            snapshot,
            hooks: hooks.clone(),
            membership: None,
            listeners: Listeners::default(),
        })),
        std::ptr::null_mut(),
    )?;
    if let Some(hooks) = hooks {
        hooks.take_over(&Hooks::default());
    }
    if flushes_at_exit {
        super::exit::flush_at_exit();
    }
    // SAFETY: a handle of this library.
    if let Ok(tracer) = unsafe { resolve_tracer(tracer) } {
        tracer.join_services(false);
        tracer.publish_spans_if_wanted();
    }
    Ok(tracer)
}

/// Makes another handle, with one reference, of the tracer `base`: it ends for itself, and all else is the base's. Takes over the
/// caller's reference of the base.
pub fn new_alias(base: TracerHandle) -> Result<TracerHandle, BuildError> {
    let alias = open(None, base);
    if alias.is_err() {
        // SAFETY: the caller's handle.
        let _ = unsafe { release(base) };
    }
    alias
}

fn open(running: Option<Box<Running>>, base: TracerHandle) -> Result<TracerHandle, BuildError> {
    let mut list = FreeList::<Tracer>::new();
    let tracer = list.take(usize::MAX).ok_or(BuildError::OutOfMemory)?;
    list.drain();
    let guard = lock(&tracer.header).map_err(|_| BuildError::OutOfMemory)?;
    // SAFETY: the lock is held.
    unsafe { *tracer.body.get() = Body { references: 1, running } };
    tracer.base.store(base, Ordering::Relaxed);
    tracer.generation.store(fork::generation(), Ordering::Relaxed);
    tracer.version.store(1, Ordering::Relaxed);
    let number = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    tracer.serial.store(number, Ordering::Release);
    tracer.id.store(number, Ordering::Release);
    tracer.header.open_handle();
    drop(guard);
    Ok(tracer.header.handle())
}

/// The tracer of a handle; of an alias, the tracer behind it.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
#[inline]
pub unsafe fn resolve_tracer(handle: *const c_void) -> Result<&'static Tracer, HandleError> {
    // SAFETY: passed on.
    let (tracer, _) = unsafe { resolve_alias(handle) }?;
    let base = tracer.base.load(Ordering::Relaxed);
    if base.is_null() {
        return Ok(tracer);
    }
    // SAFETY: the alias has a reference of its base, which is no alias.
    Ok(unsafe { resolve_alias(base) }?.0)
}

/// The slot of a handle, be it an alias or not.
///
/// # Safety
/// As for [`resolve_tracer`].
#[inline]
pub(super) unsafe fn resolve_alias(handle: *const c_void) -> Result<(&'static Tracer, Identity), HandleError> {
    // SAFETY: passed on.
    let (header, identity) = unsafe { resolve(handle) }?;
    if !identity.is(Kind::Tracer) {
        return Err(HandleError::Stale);
    }
    let header: *const SlotHeader = header;
    // SAFETY: slots of this kind are `Tracer`, which begin with the header.
    Ok((unsafe { &*header.cast() }, identity))
}

/// Adds a reference.
///
/// # Safety
/// As for [`resolve_tracer`].
pub unsafe fn add_reference(handle: *const c_void) -> Result<(), HandleError> {
    // SAFETY: passed on.
    unsafe { with_references(handle, |_, body| body.references = body.references.saturating_add(1)) }
}

/// Drops a reference; the last one ends the tracer, with a flush within its shutdown timeout.
///
/// # Safety
/// As for [`resolve_tracer`].
pub unsafe fn release(handle: *const c_void) -> Result<(), HandleError> {
    let drop_one = |tracer: &'static Tracer, body: &mut Body| {
        body.references = body.references.saturating_sub(1);
        if body.references > 0 {
            return None;
        }
        tracer.serial.store(0, Ordering::Release);
        tracer.id.store(0, Ordering::Release);
        tracer.header.close_handle();
        Some((tracer, tracer.base.load(Ordering::Relaxed), body.running.take()))
    };
    // SAFETY: passed on.
    let ended = unsafe { with_references(handle, drop_one) }?;
    let Some((tracer, base, running)) = ended else { return Ok(()) };
    FreeList::<Tracer>::new().give(tracer);
    if let Some(running) = running {
        end(*running);
        leave_thread(None);
    }
    if !base.is_null() {
        // SAFETY: the alias had a reference of its base, which is given back here.
        let _ = unsafe { release(base) };
    }
    Ok(())
}

/// Calls `use_it` with the body behind this very handle, which is compared again once the lock is held.
///
/// # Safety
/// As for [`resolve_tracer`].
pub(super) unsafe fn with_references<R>(
    handle: *const c_void,
    use_it: impl FnOnce(&'static Tracer, &mut Body) -> R,
) -> Result<R, HandleError> {
    // SAFETY: passed on.
    let (tracer, identity) = unsafe { resolve_alias(handle) }?;
    let guard = lock(&tracer.header).map_err(|_| HandleError::Forked)?;
    if !identity.still(&tracer.header) {
        return Err(HandleError::Stale);
    }
    // SAFETY: the lock is held.
    let result = use_it(tracer, unsafe { &mut *tracer.body.get() });
    drop(guard);
    Ok(result)
}

/// What a forked child inherited is left alone: its threads, locks and sockets are the parent's.
fn end(running: Running) {
    if running.pipeline.generation != fork::generation() {
        std::mem::forget(running);
        return;
    }
    if let Some(hooks) = running.hooks {
        hooks.tracer_ended();
    }
    let timeout = running.snapshot.config.settings.lifecycle.shutdown_timeout;
    let deadline = Instant::now() + timeout;
    running.pipeline.shutdown(timeout);
    if let Some(membership) = running.membership {
        process_services::leave(&membership, deadline);
    }
}

/// Says which spans will never be sent, the first time that a tracer is shut down.
pub(super) fn warn_of_open_spans(tracer: &Tracer) {
    const MOST_NAMES: usize = 10;
    let (count, names) = open_spans(tracer.link(), MOST_NAMES);
    if count > 0 {
        let more = if count > names.len() { ", …" } else { "" };
        log_warn!("{count} spans are unfinished at shutdown and will not be sent: {}{more}", names.join(", "));
    }
}

/// Shuts a tracer down; its spans go on to propagate. A second call finds nothing to do.
pub fn close(tracer: &Tracer, timeout: Duration) -> Result<Flushed, HandleError> {
    let pipeline = tracer.pipeline()?;
    if pipeline.accepts() {
        warn_of_open_spans(tracer);
    }
    tracer.end_hooks();
    leave_thread(Some(tracer.link()));
    let deadline = Instant::now() + timeout;
    let flushed = pipeline.shutdown(timeout);
    let membership = tracer.with_body(|body| body.running.as_deref_mut().and_then(|running| running.membership.take()))?;
    if let Some(membership) = membership {
        process_services::leave(&membership, deadline);
    }
    // Threads look at the pipeline again, so that spans which start from now on are said to be lost.
    tracer.with_body(|_| tracer.set_version(tracer.version().wrapping_add(1)))?;
    Ok(flushed)
}

impl Tracer {
    /// Calls `use_it` with every tracer that lives.
    pub fn each(mut use_it: impl FnMut(&'static Tracer)) {
        CLASS.each_slot(|header| {
            let header: *const SlotHeader = header;
            // SAFETY: slots of this class are `Tracer`, which begin with the header, and are never unmapped.
            let tracer: &'static Tracer = unsafe { &*header.cast() };
            if tracer.header.has_live_handle() {
                use_it(tracer);
            }
        });
    }

    /// The number of this tracer, which no other one ever has; 0 once it has ended.
    pub(super) fn serial(&self) -> u64 {
        self.serial.load(Ordering::Acquire)
    }

    /// Segments that began before do not find their tracer any more: their spans go on to propagate and are never sent.
    pub(super) fn give_up_open_segments(&self) {
        self.id.store(NEXT_ID.fetch_add(1, Ordering::Relaxed), Ordering::Release);
    }

    /// Lets the threads look for what is new. The tracer's lock is held.
    pub(super) fn set_version(&self, version: u32) {
        self.version.store(version, Ordering::Release);
    }

    /// What segments remember of their tracer.
    #[inline]
    pub fn link(&self) -> TracerLink {
        TracerLink { slot: &self.header, id: self.id.load(Ordering::Acquire) }
    }

    /// The tracer of a link, if it still lives.
    #[inline]
    pub fn of_link(link: TracerLink) -> Option<&'static Tracer> {
        // SAFETY: links point to slots of tracers, which are never unmapped.
        let tracer: &'static Tracer = unsafe { link.slot.cast::<Tracer>().as_ref() }?;
        (tracer.id.load(Ordering::Acquire) == link.id && link.id != 0).then_some(tracer)
    }

    /// The version of the newest snapshot.
    #[inline]
    pub fn version(&self) -> u32 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether this process forked off since the pipeline was built.
    #[inline]
    pub fn is_inherited(&self) -> bool {
        self.generation.load(Ordering::Relaxed) != fork::generation()
    }

    /// Pipeline and snapshot, new ones in a forked child.
    pub fn current(&self) -> Result<(Arc<Pipeline>, Arc<Snapshot>), HandleError> {
        let (current, is_new) = self.with_body(|body| {
            let running = body.running.as_deref_mut().ok_or(HandleError::Stale)?;
            let is_inherited = running.pipeline.generation != fork::generation();
            if is_inherited {
                self.rebuild(running)?;
            }
            Ok(((Arc::clone(&running.pipeline), Arc::clone(&running.snapshot)), is_inherited))
        })??;
        if is_new {
            self.join_services(false);
            restart_in_child();
            let process = Value::Int(i64::from(std::process::id()));
            // Listeners' errors are theirs here.
            let _ = hub().dispatch(event::FORK_CHILD, &[process], Dispatch::Contained);
        }
        Ok(current)
    }

    /// Takes part in the services of the process. No lock is held.
    /// `needs_metrics`: those of the process are wanted whatever the settings say.
    fn join_services(&self, needs_metrics: bool) {
        let wanted = self.with_body(|body| {
            let running = body.running.as_deref()?;
            let is_open = running.membership.is_none() && running.pipeline.accepts();
            is_open.then(|| (running.parts.clone(), Arc::clone(&running.pipeline)))
        });
        let Ok(Some((parts, pipeline))) = wanted else { return };
        let Some(membership) = process_services::join(&parts, &pipeline, needs_metrics) else { return };
        let remote = membership.remote.clone();
        let mut membership = Some(Arc::new(membership));
        let _ = self.with_body(|body| {
            let running = body.running.as_deref_mut().filter(|running| running.membership.is_none())?;
            if running.pipeline.accepts() {
                running.membership = membership.take();
            }
            Some(())
        });
        // The tracer has ended meanwhile, or another thread was faster.
        if let Some(unwanted) = membership {
            process_services::leave(&unwanted, Instant::now());
        }
        if let Some(remote) = remote {
            remote.apply_to(self);
        }
    }

    /// The metrics of the process, started if need be. `None`: the tracer is shut down.
    pub fn metrics(&self) -> Result<Option<Arc<ProcessMetrics>>, HandleError> {
        self.current()?;
        self.join_services(true);
        let found = self.with_body(|body| {
            let running = body.running.as_deref()?;
            Some((running.membership.clone()?, running.parts.clone()))
        })?;
        Ok(found.map(|(membership, parts)| membership.metrics(&parts)))
    }

    /// The pipeline.
    pub fn pipeline(&self) -> Result<Arc<Pipeline>, HandleError> {
        Ok(self.current()?.0)
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, HandleError> {
        Ok(self.current()?.1)
    }

    /// The exporter given in code or named by the settings; `None`: the spans go to the agent.
    pub fn exporter(&self) -> Result<Option<Arc<SharedExporter>>, HandleError> {
        self.with_body(|body| body.running.as_deref().map(|running| running.parts.exporter.clone()))?.ok_or(HandleError::Stale)
    }

    /// The snapshot, without waiting and without building one; for the fork handler.
    pub fn try_snapshot(&self) -> Option<Arc<Snapshot>> {
        let _guard = self.header.lock.try_lock(fork::generation())?;
        // SAFETY: the lock is held.
        let running = unsafe { &*self.body.get() }.running.as_deref()?;
        Some(Arc::clone(&running.snapshot))
    }

    /// A forked child leaks what it inherited, whose locks and threads belong to the parent, and builds its own.
    #[cold]
    fn rebuild(&self, running: &mut Running) -> Result<(), HandleError> {
        let version = self.version.load(Ordering::Relaxed).wrapping_add(1);
        let (pipeline, snapshot) = build_pipeline(&running.parts, version).map_err(|_| HandleError::Forked)?;
        if !running.pipeline.accepts() {
            pipeline.refuse();
        }
        std::mem::forget(std::mem::replace(&mut running.pipeline, pipeline));
        std::mem::forget(std::mem::replace(&mut running.snapshot, snapshot));
        std::mem::forget(running.membership.take());
        self.version.store(version, Ordering::Release);
        self.generation.store(fork::generation(), Ordering::Release);
        Ok(())
    }

    pub(super) fn with_body<R>(&self, use_it: impl FnOnce(&mut Body) -> R) -> Result<R, HandleError> {
        let guard = lock(&self.header).map_err(|_| HandleError::Forked)?;
        if !self.header.has_live_handle() {
            return Err(HandleError::Stale);
        }
        // SAFETY: the lock is held.
        let result = use_it(unsafe { &mut *self.body.get() });
        drop(guard);
        Ok(result)
    }
}
