//! What each thread keeps for the providers that it used: its own slot, or the task that it runs.
//!
//! A new thread starts empty. A thread's end releases what its slots held; the slots of a provider that is gone are released when the
//! thread next meets a new provider. Nothing here allocates once a provider was used and its scopes were as deep as they get.

use super::error::ActiveError;
use super::provider::Provider;
use super::shared_context;
use super::slot::ActiveSlot;
use crate::segment::Segment;
use crate::span::segment_of_span;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Weak};

/// What a thread keeps for one provider.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The thread's own slot, of a provider per thread.
    pub(super) slot: Option<Box<ActiveSlot>>,
    /// The task that the thread runs, of a provider of tasks; 0: none.
    pub(super) task: u64,
}

struct Entry {
    /// Keeps the provider's address from being used again while it is compared.
    provider: Weak<Provider>,
    place: Place,
}

/// The provider that was used last comes first.
struct Entries(Vec<Entry>);

impl Drop for Entries {
    fn drop(&mut self) {
        let entries = std::mem::take(&mut self.0);
        // A panic here would abort the process.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(entries))) {
            std::mem::forget(payload);
        }
    }
}

thread_local! {
    static ENTRIES: RefCell<Entries> = const { RefCell::new(Entries(Vec::new())) };
    /// The handle that the thread's slot holds that changed last. Has no destructor, so that reading it never allocates.
    static LATEST: Cell<*const c_void> = const { Cell::new(ptr::null()) };
}

/// Calls `use_it` with the thread's place for a provider, a new one if need be. `use_it` must not drop what a slot held.
pub(super) fn with_place<R>(provider: &Arc<Provider>, use_it: impl FnOnce(&mut Place) -> R) -> Result<R, ActiveError> {
    // What a provider that is gone left here; dropped when nothing is borrowed.
    let mut outdated = Vec::new();
    with_entries(|entries| {
        if !entries.bring_forward(provider) {
            outdated = entries.take_outdated();
            entries.0.insert(0, Entry { provider: Arc::downgrade(provider), place: Place::default() });
        }
        entries.use_first(use_it)
    })?
    .ok_or(ActiveError::ThreadEnds)
}

/// The same for a thread that may never have used the provider: `None`, there is nothing to see.
pub(super) fn with_known_place<R>(
    provider: &Arc<Provider>,
    use_it: impl FnOnce(&mut Place) -> R,
) -> Result<Option<R>, ActiveError> {
    with_entries(|entries| if entries.bring_forward(provider) { entries.use_first(use_it) } else { None })
}

/// Releases what the calling thread keeps for a provider.
pub(super) fn forget(provider: &Arc<Provider>) {
    let entry = with_entries(|entries| entries.bring_forward(provider).then(|| entries.0.swap_remove(0)));
    let Ok(Some(entry)) = entry else { return };
    if entry.place.slot.is_some() {
        let _ = LATEST.try_with(|latest| latest.set(ptr::null()));
        shared_context::show(ptr::null());
    }
    drop(entry);
}

/// The segment of the span that the calling thread activated last with a provider per thread, for a fork: waits for nothing, allocates
/// nothing.
pub fn active_segment() -> Option<&'static Segment> {
    let handle = LATEST.try_with(Cell::get).ok()?;
    // SAFETY: the handle was given out by this library; a slot of this thread keeps it, or it is stale and refused.
    unsafe { segment_of_span(handle) }
}

fn with_entries<R>(use_them: impl FnOnce(&mut Entries) -> R) -> Result<R, ActiveError> {
    let result = ENTRIES.try_with(|entries| entries.try_borrow_mut().map(|mut entries| use_them(&mut entries)));
    // They are borrowed only where nothing calls out, so that the only reason is the end of the thread.
    result.ok().and_then(Result::ok).ok_or(ActiveError::ThreadEnds)
}

impl Entries {
    /// Whether the provider has an entry, which then is the first.
    fn bring_forward(&mut self, provider: &Arc<Provider>) -> bool {
        let wanted = Arc::as_ptr(provider);
        let Some(at) = self.0.iter().position(|entry| ptr::eq(entry.provider.as_ptr(), wanted)) else { return false };
        self.0.swap(0, at);
        true
    }

    fn use_first<R>(&mut self, use_it: impl FnOnce(&mut Place) -> R) -> Option<R> {
        let place = &mut self.0.first_mut()?.place;
        let result = use_it(place);
        if let Some(slot) = &place.slot {
            let handle = slot.current().map_or(ptr::null_mut(), |held| held.handle());
            let _ = LATEST.try_with(|latest| latest.set(handle));
            shared_context::show(handle);
        }
        Some(result)
    }

    fn take_outdated(&mut self) -> Vec<Entry> {
        let (live, outdated) = std::mem::take(&mut self.0).into_iter().partition(|entry| entry.provider.strong_count() > 0);
        self.0 = live;
        outdated
    }
}
