//! Who is told of the library's own messages beside their reader: how many there were, and what they said before anything was put into them.

use super::Level;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Is called with the level, and with the text before anything was put into it; `None`: it was made at run time.
pub type Observer = fn(Level, Option<&'static str>);

static OBSERVER: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static EMITTED: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];

/// Sets what is called for every message that is let through, whether or not it is repeated too often to be shown. It must not wait, and its
/// own messages must not lead back to it without end.
pub fn set_observer(observer: Observer) {
    OBSERVER.store(observer as *mut (), Ordering::Release);
}

/// How many messages of a level were let through in this process and those that it was forked from.
pub fn emitted(level: Level) -> u64 {
    counter(level).map_or(0, |counter| counter.load(Ordering::Relaxed))
}

fn counter(level: Level) -> Option<&'static AtomicU64> {
    EMITTED.get(level as usize - 1)
}

pub(super) fn observe(level: Level, template: Option<&'static str>) {
    if let Some(counter) = counter(level) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    let observer = OBSERVER.load(Ordering::Acquire);
    if observer.is_null() {
        return;
    }
    // SAFETY: only `set_observer` stores here, and it stores an `Observer`.
    let observer: Observer = unsafe { std::mem::transmute(observer) };
    observer(level, template);
}
