//! A segment's slot: open spans, start numbers, records, under one lock word.

use super::records::{Finished, Leaving, Records};
use crate::context::TraceState;
use crate::export::Local;
use crate::slot::{FreeList, Kind, LockGuard, Slot, SlotClass, SlotHeader, Vanished, lock};
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

static CLASS: SlotClass = SlotClass::new(Kind::Segment, 256);

/// A trace segment. Lives in a slot; spans and contexts count as its references.
#[repr(C)]
pub struct Segment {
    header: SlotHeader,
    /// The trace's state, which stays the same from the segment's first reference to its last.
    state: AtomicPtr<TraceState>,
    body: UnsafeCell<SegmentBody>,
}

// SAFETY: the body is only touched with the lock word held, or by the only owner of a slot that is not published yet.
unsafe impl Sync for Segment {}
// SAFETY: `repr(C)` with the header first; whoever takes a slot writes the whole body; the size is checked below.
unsafe impl Slot for Segment {
    const CLASS: &'static SlotClass = &CLASS;

    fn header(&self) -> &SlotHeader {
        &self.header
    }
}
const _: () = assert!(size_of::<Segment>() <= 256);

/// The tracer that a segment belongs to: its slot, and the number that tells it from later tracers in the same slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TracerLink {
    /// The tracer's slot.
    pub slot: *const SlotHeader,
    /// The tracer's number, never reused.
    pub id: u64,
}

/// What the lock word guards.
pub struct SegmentBody {
    /// The fork generation in which it began. In a later one it belongs to the parent process.
    pub generation: u32,
    /// Spans (live or finished) and contexts that point here.
    pub references: u32,
    /// Spans that are neither finished nor freed.
    pub open: u32,
    /// The number of the span that starts next.
    pub next_number: u32,
    /// The tracer.
    pub tracer: TracerLink,
    /// What to add to monotonic time to get Unix time, for all spans of the segment.
    pub wall_offset: i64,
    /// The local root's slot, while it has one.
    pub root: *const SlotHeader,
    state: Option<&'static TraceState>,
    records: Records,
}

/// What follows when a span is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanClosed {
    /// Nothing.
    Done,
    /// Enough spans are finished to send a partial chunk: decide, then call [`SegmentBody::leave_partially`].
    PartialChunkDue,
}

impl Segment {
    /// A segment with one open span and one reference. Takes over the caller's reference to `state`. `None`: memory is out.
    #[inline]
    pub fn new(
        list: &mut FreeList<Segment>,
        generation: u32,
        tracer: TracerLink,
        wall_offset: i64,
        state: &'static TraceState,
    ) -> Option<&'static Segment> {
        let segment = list.take(usize::MAX)?;
        // SAFETY: the slot is fresh from the list, so nobody else has it. Its last owner left records without a buffer, and zero bytes
        // are no valid `Vec`, so they are written anew in either case.
        unsafe {
            let body = segment.body.get();
            (&raw mut (*body).records).write(Records::EMPTY);
            (*body).generation = generation;
            (*body).references = 1;
            (*body).open = 1;
            (*body).next_number = 1;
            (*body).tracer = tracer;
            (*body).wall_offset = wall_offset;
            (*body).root = ptr::null();
            (*body).state = Some(state);
        }
        segment.state.store(ptr::from_ref(state).cast_mut(), Ordering::Relaxed);
        Some(segment)
    }

    /// The trace's state, for whoever keeps a reference, as each span does: without the lock that all spans of the segment share.
    #[inline]
    pub fn state(&self) -> Option<&'static TraceState> {
        // SAFETY: states live in slots, which are never unmapped. That of a published segment was set before.
        unsafe { self.state.load(Ordering::Relaxed).as_ref() }
    }

    /// Takes the lock word.
    #[inline]
    pub fn lock(&'static self) -> Result<SegmentGuard, Vanished> {
        Ok(SegmentGuard { segment: self, _guard: lock(&self.header)? })
    }

    /// Takes the lock word only if it is free.
    pub fn try_lock(&'static self) -> Option<SegmentGuard> {
        let guard = self.header.lock.try_lock(crate::service::fork::generation())?;
        Some(SegmentGuard { segment: self, _guard: guard })
    }

    /// Sets the local root of a segment that is not published yet.
    #[inline]
    pub fn set_first_root(&self, root: &SlotHeader) {
        // SAFETY: only the thread that made the segment has it.
        unsafe { (*self.body.get()).root = root };
    }
}

/// A locked segment.
pub struct SegmentGuard {
    segment: &'static Segment,
    _guard: LockGuard<'static>,
}

impl std::ops::Deref for SegmentGuard {
    type Target = SegmentBody;

    #[inline]
    fn deref(&self) -> &SegmentBody {
        // SAFETY: the lock word is held.
        unsafe { &*self.segment.body.get() }
    }
}

impl std::ops::DerefMut for SegmentGuard {
    #[inline]
    fn deref_mut(&mut self) -> &mut SegmentBody {
        // SAFETY: the lock word is held.
        unsafe { &mut *self.segment.body.get() }
    }
}

impl SegmentGuard {
    /// Drops a reference; the last one gives the slot back.
    #[inline]
    pub fn release(mut self, segments: &mut FreeList<Segment>, states: &mut FreeList<TraceState>) {
        self.references -= 1;
        if self.references > 0 {
            return;
        }
        if self.open > 0 || self.records.len() > 0 {
            self.records.discard();
        }
        let state = self.state.take();
        let segment = self.segment;
        drop(self);
        if let Some(state) = state {
            state.release(states);
        }
        segments.give(segment);
    }
}

impl SegmentBody {
    /// The trace's state.
    #[inline]
    pub fn state(&self) -> Option<&'static TraceState> {
        self.state
    }

    /// Whether a forked child inherited this segment.
    #[inline]
    pub fn is_inherited(&self) -> bool {
        self.generation != crate::service::fork::generation()
    }

    /// A span joins: its start number.
    #[inline]
    pub fn open_span(&mut self) -> u32 {
        self.open += 1;
        self.references += 1;
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// A span is closed, with a record if it finished and records. `is_released`: the span's slot gives its reference back next.
    #[inline]
    pub fn close_span(&mut self, local: &mut Local, span: Option<Finished<'_>>, is_released: bool) -> SpanClosed {
        self.open -= 1;
        if self.open == 0 {
            let survives = self.references > u32::from(is_released);
            self.leave(local, span, survives, 0);
            local.outbox.counters.segments_closed.add(1);
            return SpanClosed::Done;
        }
        let Some(span) = span else { return SpanClosed::Done };
        self.records.push(local, span);
        if self.records.len() >= local.snapshot.partial_flush_min { SpanClosed::PartialChunkDue } else { SpanClosed::Done }
    }

    /// Sends the finished spans of an open segment.
    #[cold]
    pub fn leave_partially(&mut self, local: &mut Local) {
        if self.open > 0 && self.records.len() >= local.snapshot.partial_flush_min {
            self.leave(local, None, true, self.open);
        }
    }

    /// A span is closed whose tracer is gone: nobody is left to send or count it.
    #[cold]
    pub fn close_span_without_tracer(&mut self) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.records.discard();
        }
    }

    /// The records of finished spans, for the decision.
    pub fn record_bytes(&self) -> &[u8] {
        self.records.bytes()
    }

    #[inline]
    fn leave(&mut self, local: &mut Local, last: Option<Finished<'_>>, survives: bool, open_spans: u32) {
        let Some(state) = self.state else { return };
        let holds_state = survives || !state.is_unshared();
        self.records.leave(local, last, &Leaving { state, holds_state, open_spans });
    }
}
