//! Trace state: what all spans and context views of one local trace share.
//!
//! The ids never change. The decision is one atomic word with two rates beside it, written once; only a manual override changes it.
//! Origin, propagated tags and baggage stand behind the state's lock word, which only calls that use them take.

use super::{Decision, TraceTags, mechanism};
use crate::slot::{FreeList, Kind, Slot, SlotClass, SlotHeader, lock};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

static CLASS: SlotClass = SlotClass::new(Kind::TraceState, 256);

const DECIDED: u64 = 1 << 63;
const HAS_RATE: u64 = 1 << 62;
const HAS_LIMIT_RATE: u64 = 1 << 61;
const MECHANISM_SHIFT: u32 = 32;
const NO_MECHANISM: u64 = 0x1ff;

/// The state of one local trace. Reference counted; lives in a slot.
#[repr(C)]
pub struct TraceState {
    header: SlotHeader,
    references: AtomicU32,
    /// 1 while there are tags, so that the usual trace without any takes no lock.
    has_tags: AtomicU32,
    trace_id_high: AtomicU64,
    trace_id_low: AtomicU64,
    decision: AtomicU64,
    rate: AtomicU64,
    limit_rate: AtomicU64,
    tags: UnsafeCell<Option<Box<TraceTags>>>,
}

// SAFETY: everything shared is atomic or guarded by the lock word.
unsafe impl Sync for TraceState {}
// SAFETY: `repr(C)` with the header first; zero bytes are a state without tags; the size is checked below.
unsafe impl Slot for TraceState {
    const CLASS: &'static SlotClass = &CLASS;

    fn header(&self) -> &SlotHeader {
        &self.header
    }
}
const _: () = assert!(size_of::<TraceState>() <= 256);

impl TraceState {
    /// A state with one reference, undecided and without tags. `None` when memory is out.
    #[inline]
    pub fn new(list: &mut FreeList<TraceState>, trace_id: u128) -> Option<&'static TraceState> {
        let state = list.take(usize::MAX)?;
        state.references.store(1, Ordering::Relaxed);
        state.has_tags.store(0, Ordering::Relaxed);
        state.trace_id_high.store((trace_id >> 64) as u64, Ordering::Relaxed);
        state.trace_id_low.store(trace_id as u64, Ordering::Relaxed);
        state.decision.store(0, Ordering::Relaxed);
        Some(state)
    }

    /// A copy for a trace that goes its own way: ids, decision, tags.
    pub fn fork(&self, list: &mut FreeList<TraceState>) -> Option<&'static TraceState> {
        let copy = TraceState::new(list, self.trace_id())?;
        if let Some(decision) = self.decision() {
            copy.store(&decision);
        }
        if let Some(tags) = self.read_tags(TraceTags::clone) {
            copy.change_tags(|own| *own = tags);
        }
        Some(copy)
    }

    /// Adds a reference. The caller has one.
    #[inline]
    pub fn add_reference(&'static self) -> &'static TraceState {
        self.references.fetch_add(1, Ordering::Relaxed);
        self
    }

    /// Drops a reference.
    #[inline]
    pub fn release(&'static self, list: &mut FreeList<TraceState>) {
        // Whoever sees itself alone needs no exchange: only owners add references.
        let last = self.references.load(Ordering::Acquire) == 1 || self.references.fetch_sub(1, Ordering::AcqRel) == 1;
        if !last {
            return;
        }
        if self.has_tags.load(Ordering::Relaxed) != 0 {
            self.change_tags(TraceTags::clear);
        }
        list.give(self);
    }

    /// Whether the caller's reference is the only one.
    #[inline]
    pub fn is_unshared(&self) -> bool {
        self.references.load(Ordering::Acquire) == 1
    }

    /// The trace's id.
    #[inline]
    pub fn trace_id(&self) -> u128 {
        let high = self.trace_id_high.load(Ordering::Relaxed);
        (u128::from(high) << 64) | u128::from(self.trace_id_low.load(Ordering::Relaxed))
    }

    /// The decision, once made.
    #[inline]
    pub fn decision(&self) -> Option<Decision> {
        let word = self.decision.load(Ordering::Acquire);
        if word & DECIDED == 0 {
            return None;
        }
        let rate = |bit, of: &AtomicU64| (word & bit != 0).then(|| f64::from_bits(of.load(Ordering::Relaxed)));
        let mechanism = (word >> MECHANISM_SHIFT) & 0x1ff;
        Some(Decision {
            priority: word as u32 as i32,
            mechanism: (mechanism != NO_MECHANISM).then_some(mechanism as u8),
            rate: rate(HAS_RATE, &self.rate),
            limit_rate: rate(HAS_LIMIT_RATE, &self.limit_rate),
        })
    }

    /// Records a decision unless there is one already, and returns the one that stands.
    pub fn decide(&self, decision: &Decision) -> Decision {
        let guard = lock(&self.header);
        if let Some(made) = self.decision() {
            return made;
        }
        self.store(decision);
        drop(guard);
        *decision
    }

    /// The user's decision replaces any other: above 0 the trace is kept with priority 2, otherwise dropped with -1.
    pub fn override_priority(&self, priority: i32) {
        let priority = if priority > 0 { 2 } else { -1 };
        let manual = Decision { priority, mechanism: Some(mechanism::MANUAL), rate: None, limit_rate: None };
        // Under the lock of `decide`, which otherwise may have looked before and store after.
        let guard = lock(&self.header);
        self.store(&manual);
        drop(guard);
        if self.has_tags() {
            self.change_tags(|tags| {
                tags.remove("_dd.p.dm");
                tags.remove("_dd.p.ksr");
            });
        }
    }

    /// The rates go first, so that whoever sees the word sees them. An override beside a reader may pair the new word with an old
    /// rate only for a moment, and manual decisions report no rates.
    fn store(&self, decision: &Decision) {
        let mut word = DECIDED | u64::from(decision.priority as u32);
        word |= decision.mechanism.map_or(NO_MECHANISM, u64::from) << MECHANISM_SHIFT;
        for (bit, rate, to) in [(HAS_RATE, decision.rate, &self.rate), (HAS_LIMIT_RATE, decision.limit_rate, &self.limit_rate)] {
            let Some(rate) = rate else { continue };
            word |= bit;
            to.store(rate.to_bits(), Ordering::Relaxed);
        }
        self.decision.store(word, Ordering::Release);
    }

    /// Whether there may be tags.
    #[inline]
    pub fn has_tags(&self) -> bool {
        self.has_tags.load(Ordering::Acquire) != 0
    }

    /// Reads the tags under the lock; `None` if there are none. `read` must not call out.
    #[inline]
    pub fn read_tags<R>(&self, read: impl FnOnce(&TraceTags) -> R) -> Option<R> {
        if !self.has_tags() {
            return None;
        }
        let guard = lock(&self.header).ok()?;
        // SAFETY: the lock is held.
        let result = unsafe { &*self.tags.get() }.as_deref().map(read);
        drop(guard);
        result
    }

    /// Changes the tags under the lock. `None` if the lock belongs to a thread that a fork left behind.
    pub fn change_tags<R>(&self, change: impl FnOnce(&mut TraceTags) -> R) -> Option<R> {
        let guard = lock(&self.header).ok()?;
        // SAFETY: the lock is held.
        let tags = unsafe { &mut *self.tags.get() }.get_or_insert_default();
        let result = change(tags);
        self.has_tags.store(1, Ordering::Release);
        drop(guard);
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_made_once_and_overridden_only_by_hand() {
        let mut list = FreeList::new();
        let state = TraceState::new(&mut list, (7 << 64) | 9).unwrap();
        assert_eq!((state.trace_id(), state.decision()), ((7 << 64) | 9, None));
        let rule = Decision { priority: 2, mechanism: Some(3), rate: Some(0.5), limit_rate: None };
        assert_eq!(state.decide(&rule), rule);
        let later = Decision { priority: -1, ..rule };
        assert_eq!(state.decide(&later), rule);
        state.override_priority(-1);
        assert_eq!(state.decision(), Some(Decision { priority: -1, mechanism: Some(4), rate: None, limit_rate: None }));
        state.release(&mut list);
    }

    #[test]
    fn an_override_beats_a_decision_that_is_made_at_the_same_time() {
        let mut list = FreeList::new();
        let rule = Decision { priority: 2, mechanism: Some(3), rate: Some(0.5), limit_rate: None };
        for _ in 0..2_000 {
            let state = TraceState::new(&mut list, 1).unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| state.decide(&rule));
                state.override_priority(-1);
            });
            assert_eq!(state.decision().map(|decision| decision.priority), Some(-1));
            state.release(&mut list);
        }
    }

    #[test]
    fn any_upstream_priority_survives() {
        let mut list = FreeList::new();
        for priority in [-2, -1, 0, 1, 2, 3, i32::MAX, i32::MIN] {
            let state = TraceState::new(&mut list, 1).unwrap();
            state.decide(&Decision::inherited(priority));
            assert_eq!(state.decision(), Some(Decision::inherited(priority)));
            state.release(&mut list);
        }
    }
}
