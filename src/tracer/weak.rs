//! Tracers that are remembered without a reference.
//!
//! A handle alone is not enough for that: after 256 owners of its slot it means somebody else. A tracer's number is never used again.

use super::core::{Tracer, TracerHandle, resolve_alias, with_references};

/// A tracer that may have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WeakTracer {
    handle: TracerHandle,
    id: u64,
}

// SAFETY: two numbers, which any thread may look up.
unsafe impl Send for WeakTracer {}

impl WeakTracer {
    /// Remembers the tracer of a handle that the caller has a reference of.
    pub(super) fn of(handle: TracerHandle) -> Self {
        // SAFETY: the handle was given out by this library.
        let tracer = unsafe { resolve_alias(handle) };
        WeakTracer { handle, id: tracer.map_or(0, |(tracer, _)| tracer.serial()) }
    }

    /// The handle with one more reference, if it is alive.
    pub(super) fn upgrade(self) -> Option<TracerHandle> {
        let add = |tracer: &'static Tracer, references: &mut u32| {
            let is_same = tracer.serial() == self.id;
            *references = references.saturating_add(u32::from(is_same));
            is_same
        };
        // SAFETY: as above.
        let is_same = unsafe { with_references(self.handle, |tracer, body| add(tracer, &mut body.references)) };
        is_same.is_ok_and(|is_same| is_same).then_some(self.handle)
    }

    /// Whether it is alive. Waits for nothing.
    pub(super) fn is_alive(self) -> bool {
        // SAFETY: as above.
        unsafe { resolve_alias(self.handle) }.is_ok_and(|(tracer, _)| tracer.serial() == self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;
    use crate::tracer::{TracerParts, new_tracer, release};

    #[test]
    fn a_tracer_is_not_taken_for_a_later_one_in_its_slot() {
        let mut builder = ConfigBuilder::new();
        builder.set("LIBDDTRACE_EXPORTER", "null").unwrap();
        let parts = TracerParts::from_config(builder.resolve()).unwrap();
        let first = new_tracer(parts.clone()).unwrap();
        let weak = WeakTracer::of(first);
        assert!(weak.is_alive());
        assert_eq!(weak.upgrade(), Some(first));
        // SAFETY: handles of this library.
        unsafe {
            release(first).unwrap();
            assert!(weak.is_alive());
            release(first).unwrap();
            assert!(!weak.is_alive() && weak.upgrade().is_none());
            for _ in 0..1_000 {
                let later = new_tracer(parts.clone()).unwrap();
                assert!(!weak.is_alive() && weak.upgrade().is_none());
                release(later).unwrap();
            }
        }
    }
}
