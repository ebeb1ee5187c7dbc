//! The collectors of runtime metrics of this process. They outlive forks, and the tracers that report what they find.

use crate::metrics::{Collector, RegisteredCollector};
use crate::slot::Guarded;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// How many there may be.
pub const MOST_COLLECTORS: usize = 64;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);
static COLLECTORS: AtomicPtr<Guarded<Vec<RegisteredCollector>>> = AtomicPtr::new(std::ptr::null_mut());

/// Adds a collector. `None`: there are [`MOST_COLLECTORS`] already.
pub fn add_collector(name: &str, collector: Arc<dyn Collector>) -> Option<u64> {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let registered = RegisteredCollector::new(id, name, collector);
    let refused = with_collectors(|all| {
        let has_room = all.len() < MOST_COLLECTORS;
        if has_room {
            all.push(registered.clone());
        }
        !has_room
    });
    (!refused).then_some(id)
}

/// Takes a collector back. `false`: there is none of this number. A collection that is under way may still use it.
pub fn remove_collector(id: u64) -> bool {
    let removed = with_collectors(|all| {
        let place = all.iter().position(|registered| registered.id == id)?;
        Some(all.remove(place))
    });
    // Dropped without the lock: it may be the host's.
    removed.is_some()
}

/// Those that are registered now.
pub(super) fn registered_collectors() -> Vec<RegisteredCollector> {
    with_collectors(|all| all.clone())
}

/// Calls `use_it` with the collectors, their lock held.
fn with_collectors<R>(mut use_it: impl FnMut(&mut Vec<RegisteredCollector>) -> R) -> R {
    loop {
        let block = COLLECTORS.load(Ordering::Acquire);
        // SAFETY: blocks are never freed once they are here.
        match unsafe { block.as_ref() }.map(|collectors| collectors.with(&mut use_it)) {
            Some(Ok(result)) => return result,
            // The lock belongs to a thread that a fork left behind, or nothing is there yet.
            Some(Err(_)) | None => {
                let new = Box::into_raw(Box::new(Guarded::default()));
                if COLLECTORS.compare_exchange(block, new, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                    // SAFETY: nobody else has seen it.
                    drop(unsafe { Box::from_raw(new) });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ProcessCollector;

    #[test]
    fn collectors_are_taken_back_by_number() {
        let id = add_collector("one", Arc::new(ProcessCollector::default())).unwrap();
        assert!(registered_collectors().iter().any(|registered| registered.id == id));
        assert!(remove_collector(id) && !remove_collector(id));
        assert!(!registered_collectors().iter().any(|registered| registered.id == id));
    }
}
