//! Each thread's own part: free slots, ids, and its outbox and snapshot of every tracer that it used.

use super::core::Tracer;
use super::filtering::HeldChunk;
use crate::context::Extracted;
use crate::export::Local;
use crate::hooks::ThreadHooks;
use crate::segment::TracerLink;
use crate::service::{fork, thread_pointer};
use crate::span::Parts;
use std::cell::{Cell, UnsafeCell};
use std::ptr;
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

/// Where a thread's state is.
struct Place {
    /// Somebody uses the state.
    is_busy: Cell<bool>,
    /// Not in a thread-local, but made for one call.
    is_temporary: bool,
    thread: UnsafeCell<Option<Box<Thread>>>,
}

thread_local! {
    static THREAD: Place = const { Place::new(false) };
}

thread_pointer! {
    mod known, static ddtrace_thread: super::Place
}

impl Place {
    const fn new(is_temporary: bool) -> Self {
        Place { is_busy: Cell::new(false), is_temporary, thread: UnsafeCell::new(None) }
    }
}

impl Drop for Place {
    /// Before the thread's state goes: whoever asks from now on is sent to the thread-local, which says that it is over.
    fn drop(&mut self) {
        if !self.is_temporary {
            known::set(ptr::null());
        }
    }
}

/// Calls `use_it` with the calling thread's state. A call from inside of another (a callback that calls the library), or from a thread
/// that is ending, gets a state of its own for the moment.
#[inline]
pub fn with_thread<R>(use_it: impl FnOnce(&mut Thread) -> R) -> R {
    let lent = Lent::new();
    // SAFETY: a place that is busy is used by nobody but the one who lent it, and this lives until the end of the call.
    let thread = unsafe { &mut *(*lent.0).thread.get() }.get_or_insert_with(Thread::new);
    thread.notice_fork();
    use_it(thread)
}

/// A place that is busy until this is dropped.
struct Lent(*const Place);

impl Lent {
    #[inline(always)]
    fn new() -> Self {
        let place = known::get();
        // SAFETY: the calling thread's own place, which takes the pointer back before it goes.
        if !place.is_null() && !unsafe { &(*place).is_busy }.replace(true) {
            return Lent(place);
        }
        Self::of_another_place()
    }

    /// The place is busy, or the thread has none yet, or none any more.
    #[cold]
    fn of_another_place() -> Self {
        let own = THREAD.try_with(|place| {
            known::set(place);
            (!place.is_busy.replace(true)).then_some(Lent(place))
        });
        own.ok().flatten().unwrap_or_else(|| {
            let place = Place::new(true);
            place.is_busy.set(true);
            Lent(Box::into_raw(Box::new(place)))
        })
    }
}

impl Drop for Lent {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: as in `with_thread`; a temporary place was made by a box, for this alone.
        unsafe {
            (*self.0).is_busy.set(false);
            if (*self.0).is_temporary {
                drop_temporary(self.0.cast_mut());
            }
        }
    }
}

/// # Safety
/// The place was made by a box, and nobody uses it.
#[cold]
unsafe fn drop_temporary(place: *mut Place) {
    // SAFETY: by the contract.
    drop(unsafe { Box::from_raw(place) });
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
        let hooks: Vec<_> = of_shut_down.map(|entry| entry.local.take_hooks()).collect();
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
                entry.local.set_hooks(hooks);
                entry.version = version;
            }
            return Some(());
        }
        self.entries.retain(|entry| Tracer::of_link(entry.link).is_some());
        let mut local = Local::new(pipeline, snapshot);
        local.set_hooks(hooks);
        self.entries.insert(0, Entry { link, version, local });
        Some(())
    }
}
