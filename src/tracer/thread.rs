//! Each thread's own part: free slots, ids, and its outbox and snapshot of every tracer that it used.

use super::core::Tracer;
use super::filtering::HeldChunk;
use crate::context::Extracted;
use crate::export::Local;
use crate::hooks::ThreadHooks;
use crate::segment::TracerLink;
use crate::service::fork;
use crate::span::Parts;
use std::cell::{Cell, UnsafeCell};
use std::sync::Arc;

/// One thread's state.
pub struct Thread {
    /// What spans of any tracer need.
    pub parts: Parts,
    /// The tracers that this thread used.
    pub tracers: Tracers,
    /// What the last extraction found; its memory serves the next one.
    pub extracted: Extracted,
    generation: u32,
}

/// Tracers that a thread used, the last one first.
#[derive(Default)]
pub struct Tracers {
    entries: Vec<Entry>,
}

struct Entry {
    link: TracerLink,
    version: u32,
    local: Local,
}

struct Place {
    is_busy: Cell<bool>,
    thread: UnsafeCell<Option<Box<Thread>>>,
}

thread_local! {
    static THREAD: Place = const { Place { is_busy: Cell::new(false), thread: UnsafeCell::new(None) } };
}

/// Calls `use_it` with the calling thread's state. A call from inside of another (a callback that calls the library), or from a thread
/// that is ending, gets a state of its own for the moment.
#[inline]
pub fn with_thread<R>(use_it: impl FnOnce(&mut Thread) -> R) -> R {
    let mut use_it = Some(use_it);
    let result = THREAD.try_with(|place| {
        if place.is_busy.replace(true) {
            return None;
        }
        // SAFETY: `is_busy` was false, so no other reference to the state exists; it is true until this one is gone.
        let slot = unsafe { &mut *place.thread.get() };
        let busy = Busy(&place.is_busy);
        let thread = slot.get_or_insert_with(Thread::new);
        thread.notice_fork();
        let result = use_it.take().map(|use_it| use_it(thread));
        drop(busy);
        result
    });
    match result {
        Ok(Some(result)) => result,
        _ => outside(use_it),
    }
}

struct Busy<'a>(&'a Cell<bool>);

impl Drop for Busy<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.set(false);
    }
}

#[cold]
fn outside<R>(use_it: Option<impl FnOnce(&mut Thread) -> R>) -> R {
    let mut thread = Thread::new();
    match use_it {
        Some(use_it) => use_it(&mut thread),
        // The closure is only taken where its result is returned.
        None => unreachable!("the work was done and its result lost"),
    }
}

impl Thread {
    #[cold]
    fn new() -> Box<Self> {
        Box::new(Thread {
            parts: Parts::default(),
            tracers: Tracers::default(),
            extracted: Extracted::default(),
            generation: fork::generation(),
        })
    }

    #[inline]
    fn notice_fork(&mut self) {
        if self.generation != fork::generation() {
            self.become_child();
        }
    }

    /// The forking thread in the child: its free slots are whole and stay; ids must differ from the parent's; what belongs to the parent's
    /// pipelines is left alone.
    #[cold]
    fn become_child(&mut self) {
        self.generation = fork::generation();
        self.parts.ids.reseed();
        self.parts.clock = Default::default();
        std::mem::forget(std::mem::take(&mut self.tracers.entries));
    }
}

impl Tracers {
    /// The thread's part of a tracer, with its newest snapshot. `None`: the tracer has ended.
    #[inline]
    pub fn local(&mut self, tracer: &'static Tracer) -> Option<&mut Local> {
        let link = tracer.link();
        let is_first = self.entries.first().is_some_and(|entry| entry.link == link && entry.version == tracer.version());
        if !is_first || tracer.is_inherited() {
            self.find(tracer, link)?;
        }
        self.entries.first_mut().map(|entry| &mut entry.local)
    }

    /// The thread's part of a link's tracer. `None`: the tracer has ended.
    #[inline]
    pub fn local_of_link(&mut self, link: TracerLink) -> Option<&mut Local> {
        self.local(Tracer::of_link(link)?)
    }

    /// The hooks of this tracer, and all that is of tracers that have ended: to be dropped by the caller, because the host may own some of it.
    pub(super) fn take_unneeded(&mut self, shut_down: Option<TracerLink>) -> impl Sized + use<> {
        let of_shut_down = self.entries.iter_mut().filter(|entry| Some(entry.link) == shut_down);
        let hooks: Vec<_> = of_shut_down.map(|entry| entry.local.hooks.take()).collect();
        let (ended, live): (Vec<_>, Vec<_>) = self.entries.drain(..).partition(|entry| Tracer::of_link(entry.link).is_none());
        self.entries = live;
        (hooks, ended)
    }

    /// The chunks that filters have to see, of the tracer that was used last.
    #[cold]
    pub fn take_held(&mut self) -> Vec<HeldChunk> {
        let Some(Entry { link, local, .. }) = self.entries.first_mut() else { return Vec::new() };
        let Some(hooks) = local.hooks.clone() else { return Vec::new() };
        let held = |block| HeldChunk { block, hooks: Arc::clone(&hooks), pipeline: Arc::clone(&local.pipeline), link: *link };
        std::mem::take(&mut local.held).into_iter().map(held).collect()
    }

    /// Brings the tracer's entry to the front, made or renewed if need be.
    #[cold]
    fn find(&mut self, tracer: &'static Tracer, link: TracerLink) -> Option<()> {
        if link.id == 0 {
            return None;
        }
        // Read first: if the tracer changes meanwhile, the next call looks again.
        let version = tracer.version();
        let (pipeline, snapshot) = tracer.current().ok()?;
        let hooks = tracer.hooks().ok()?.map(ThreadHooks::share);
        if let Some(at) = self.entries.iter().position(|entry| entry.link == link) {
            self.entries.swap(0, at);
            if let Some(entry) = self.entries.first_mut() {
                entry.local.renew(snapshot);
                entry.local.hooks = hooks;
                entry.version = version;
            }
            return Some(());
        }
        self.entries.retain(|entry| Tracer::of_link(entry.link).is_some());
        let mut local = Local::new(pipeline, snapshot);
        local.hooks = hooks;
        self.entries.insert(0, Entry { link, version, local });
        Some(())
    }
}
