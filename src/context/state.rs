//! Trace state: what all spans and context views of one local trace share.
//!
//! The ids never change. The decision is one atomic word with two rates beside it, written once; only a forced decision changes it.
//! Origin, propagated tags and baggage stand behind the state's lock word, which only calls that use them take. They are changed by putting
//! a changed copy in their place: a forked child that finds the lock in the hands of a thread that it does not have can read them all the same.

use super::{Decision, Extracted, Product, TraceTags, mechanism};
use crate::slot::{FreeList, Kind, Slot, SlotClass, SlotHeader, lock};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

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
    /// From a box. What is behind it changes only while nobody else has the state, or it has no tags; NULL before the first ones.
    tags: AtomicPtr<TraceTags>,
}

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

    /// The state of what was extracted, with one reference. The tags move into it.
    #[inline]
    pub fn of_extracted(list: &mut FreeList<TraceState>, extracted: &mut Extracted) -> Option<&'static TraceState> {
        let state = TraceState::new(list, extracted.trace_id)?;
        if let Some(priority) = extracted.priority {
            state.store(&Decision::inherited(priority));
        }
        if !extracted.tags.is_empty() {
            // SAFETY: nobody else has seen the state.
            std::mem::swap(unsafe { state.own_tags() }, &mut extracted.tags);
            state.has_tags.store(1, Ordering::Relaxed);
        }
        Some(state)
    }

    /// A copy for a trace that goes its own way: ids, decision, tags.
    pub fn fork(&self, list: &mut FreeList<TraceState>) -> Option<&'static TraceState> {
        let copy = TraceState::new(list, self.trace_id())?;
        if let Some(decision) = self.decision() {
            copy.store(&decision);
        }
        if let Some(tags) = self.read_tags(TraceTags::clone) {
            // SAFETY: nobody else has seen the copy.
            *unsafe { copy.own_tags() } = tags;
            copy.has_tags.store(1, Ordering::Relaxed);
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
            // SAFETY: the last owner has the state alone.
            unsafe { self.own_tags() }.clear();
        }
        // Only owners lock: a lock that is not free is that of a thread that a fork left behind, and its slot is of no use any more.
        if self.header.lock.is_free() {
            list.give(self);
        }
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
        self.set_priority(Some(if priority > 0 { 2 } else { -1 }));
    }

    /// The user's decision as it is, in place of any other; `None`: the trace is undecided again.
    pub fn set_priority(&self, priority: Option<i32>) {
        match priority {
            Some(priority) => self.force(priority, mechanism::MANUAL),
            None => {
                // Under the lock of `decide`, which otherwise may have looked before and store after.
                let guard = lock(&self.header);
                self.decision.store(0, Ordering::Release);
                drop(guard);
            }
        }
        let tells_decision = |tags: &TraceTags| tags.tag_views().any(|tag| tag.is_of_decision());
        if self.read_tags(tells_decision) == Some(true) {
            self.change_tags(TraceTags::remove_decision);
        }
    }

    /// A product keeps the trace, over any decision, and says so to the services that follow. `false`: the lock belongs to a thread that a
    /// fork left behind, so that they are not told.
    pub fn keep_for(&self, product: Product) -> bool {
        // The mask goes first: where APM tracing is off, nothing is injected without it.
        let changed = self.change_tags(|tags| {
            tags.remove_decision();
            tags.add_product(product);
        });
        self.force(2, product.mechanism());
        changed.is_some()
    }

    /// A rate by which the trace was decided here before stays known: its randomness goes on to be told to others.
    fn force(&self, priority: i32, mechanism: u8) {
        // Under the lock of `decide`, which otherwise may have looked before and store after.
        let guard = lock(&self.header);
        let rate = self.decision().and_then(|made| made.probability().or(made.replaced_probability()));
        self.store(&Decision { priority, mechanism: Some(mechanism), rate, limit_rate: None });
        drop(guard);
    }

    /// The rates go first, so that whoever sees the word sees them. An override beside a reader may pair the new word with an old
    /// rate only for a moment, and forced decisions report no rates.
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
        // Where a fork left the owner behind, nobody can take the lock any more, so that nothing changes either.
        let guard = lock(&self.header);
        // SAFETY: what the pointer leads to is only freed with the lock held.
        let result = unsafe { self.tags.load(Ordering::Acquire).as_ref() }.map(read);
        drop(guard);
        result
    }

    /// Changes the tags under the lock. `None` if the lock belongs to a thread that a fork left behind.
    pub fn change_tags<R>(&self, change: impl FnOnce(&mut TraceTags) -> R) -> Option<R> {
        let guard = lock(&self.header).ok()?;
        if !self.has_tags() {
            // SAFETY: the lock is held, and nobody reads the tags before the state says that it has some.
            let result = change(unsafe { self.own_tags() });
            self.has_tags.store(1, Ordering::Release);
            return Some(result);
        }
        let former = self.tags.load(Ordering::Relaxed);
        // SAFETY: the lock is held.
        let mut changed = Box::new(unsafe { former.as_ref() }.cloned().unwrap_or_default());
        let result = change(&mut changed);
        self.tags.store(Box::into_raw(changed), Ordering::Release);
        drop(guard);
        if !former.is_null() {
            // SAFETY: it came from a box, and no reader has it: they hold the lock as long as they read.
            drop(unsafe { Box::from_raw(former) });
        }
        Some(result)
    }

    /// The tags, to change them where they are.
    ///
    /// # Safety
    /// Nobody else reads or changes the tags.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    unsafe fn own_tags(&self) -> &mut TraceTags {
        let mut tags = self.tags.load(Ordering::Relaxed);
        if tags.is_null() {
            tags = Box::into_raw(Box::default());
            self.tags.store(tags, Ordering::Relaxed);
        }
        // SAFETY: it came from a box, and by the contract.
        unsafe { &mut *tags }
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
        assert_eq!(state.decision(), Some(Decision { priority: -1, mechanism: Some(4), rate: Some(0.5), limit_rate: None }));
        state.release(&mut list);
    }

    #[test]
    fn a_product_keeps_over_any_decision_and_tells_so() {
        let mut list = FreeList::new();
        let state = TraceState::new(&mut list, 1).unwrap();
        state.decide(&Decision::inherited(0));
        state.change_tags(|tags| tags.set("_dd.p.dm", "-3") && tags.set("_dd.p.ts", "1"));
        assert!(state.keep_for(Product::AppSec));
        let decision = state.decision().unwrap();
        assert_eq!((decision.priority, decision.mechanism, decision.rate), (2, Some(mechanism::APPSEC), None));
        assert!(state.keep_for(Product::AiGuard));
        assert_eq!(state.decision().unwrap().mechanism, Some(mechanism::AI_GUARD));
        let tags = state.read_tags(|tags| tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()).unwrap();
        assert_eq!(tags, ["_dd.p.ts=22"]);
        state.release(&mut list);
    }

    /// What a fork leaves to the child where another thread had the lock.
    fn abandon_lock(state: &'static TraceState) {
        std::mem::forget(state.header.lock.lock(crate::service::fork::generation() + 1));
    }

    #[test]
    fn tags_behind_a_vanished_thread_s_lock_are_read_and_not_changed() {
        let mut list = FreeList::new();
        let state = TraceState::new(&mut list, 1).unwrap();
        state.change_tags(|tags| tags.set("_dd.p.usr.id", "7"));
        state.change_tags(|tags| tags.set("_dd.p.foo", "bar"));
        abandon_lock(state);
        let count = |state: &TraceState| state.read_tags(|tags| tags.iter().count());
        assert_eq!(count(state), Some(2));
        assert_eq!(state.change_tags(|tags| tags.set("_dd.p.foo", "")), None);
        assert!(!state.keep_for(Product::AppSec));
        let copy = state.fork(&mut list).unwrap();
        assert_eq!(count(copy), Some(2));
        copy.release(&mut list);
        state.release(&mut list);
        for _ in 0..100 {
            let other = TraceState::new(&mut list, 2).unwrap();
            assert!(!std::ptr::eq(other, state), "nobody can lock that slot");
        }
    }

    #[test]
    fn a_slot_that_is_used_again_has_no_tags_of_before() {
        let mut list = FreeList::new();
        for round in 0..100 {
            let mut extracted = Extracted { trace_id: 1, priority: Some(1), ..Extracted::default() };
            assert!(extracted.tags.set("_dd.p.round", &round.to_string()));
            let state = TraceState::of_extracted(&mut list, &mut extracted).unwrap();
            assert!(extracted.tags.is_empty());
            assert_eq!(state.read_tags(|tags| tags.iter().count()), Some(1));
            assert_eq!(state.decision(), Some(Decision::inherited(1)));
            state.release(&mut list);
            let next = TraceState::new(&mut list, 2).unwrap();
            assert_eq!((next.read_tags(|_| ()), next.decision()), (None, None));
            next.change_tags(|tags| assert!(tags.is_empty()));
            next.release(&mut list);
        }
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
    fn a_priority_is_set_and_taken_back() {
        let mut list = FreeList::new();
        let state = TraceState::new(&mut list, 1).unwrap();
        for priority in [-2, 0, 1, 7, i32::MIN] {
            state.set_priority(Some(priority));
            assert_eq!(state.decision().map(|decision| (decision.priority, decision.mechanism)), Some((priority, Some(4))));
        }
        state.set_priority(None);
        assert_eq!(state.decision(), None);
        assert_eq!(state.decide(&Decision::inherited(1)).priority, 1);
        state.release(&mut list);
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
