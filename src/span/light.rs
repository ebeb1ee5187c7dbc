//! Spans that record nothing: tracing is off, or too many spans are live. They carry trace context on, and draw ids only when asked.

use super::parts::Parts;
use crate::context::TraceState;
use crate::slot::{Kind, LockGuard, Slot, SlotClass, SlotHeader};
use std::cell::UnsafeCell;

static CLASS: SlotClass = SlotClass::new(Kind::LightSpan, 256);

/// A span that records nothing.
#[repr(C)]
pub struct LightSpan {
    header: SlotHeader,
    body: UnsafeCell<LightBody>,
}

/// What its lock word guards.
pub struct LightBody {
    /// References of the user's handle.
    pub handles: u32,
    /// Whether it was finished.
    pub is_finished: bool,
    /// Whether trace ids have 128 bits.
    wide_trace_ids: bool,
    /// Its id, 0 until somebody asks.
    span_id: u64,
    /// Its parent's id.
    pub parent_id: u64,
    /// The parent's trace, or its own once somebody asks.
    state: Option<&'static TraceState>,
}

// SAFETY: the body is only touched with the lock word held, or by the only owner of a slot that is not published yet.
unsafe impl Sync for LightSpan {}
// SAFETY: `repr(C)` with the header first; zero bytes are a valid body.
unsafe impl Slot for LightSpan {
    const CLASS: &'static SlotClass = &CLASS;

    #[inline]
    fn header(&self) -> &SlotHeader {
        &self.header
    }
}

impl LightSpan {
    /// A light span with one handle; takes over the reference to `state`. `None`: memory is out.
    #[inline]
    pub fn new(
        parts: &mut Parts,
        limit: usize,
        state: Option<&'static TraceState>,
        parent_id: u64,
        wide_trace_ids: bool,
    ) -> Option<&'static LightSpan> {
        let slot = parts.lights.take(limit)?;
        // SAFETY: the slot is fresh from the list, and the former body has nothing to drop.
        unsafe {
            *slot.body.get() = LightBody { handles: 1, is_finished: false, wide_trace_ids, span_id: 0, parent_id, state };
        }
        slot.header.open_handle();
        Some(slot)
    }
}

/// A locked light span.
pub struct LightGuard {
    slot: &'static LightSpan,
    guard: LockGuard<'static>,
}

impl std::ops::Deref for LightGuard {
    type Target = LightBody;

    fn deref(&self) -> &LightBody {
        // SAFETY: the lock word is held.
        unsafe { &*self.slot.body.get() }
    }
}

impl std::ops::DerefMut for LightGuard {
    fn deref_mut(&mut self) -> &mut LightBody {
        // SAFETY: the lock word is held.
        unsafe { &mut *self.slot.body.get() }
    }
}

impl LightGuard {
    pub(super) fn new(slot: &'static LightSpan, guard: LockGuard<'static>) -> Self {
        LightGuard { slot, guard }
    }

    /// Drops a reference of the handle.
    #[inline]
    pub fn release(mut self, parts: &mut Parts) {
        self.handles -= 1;
        if self.handles > 0 {
            return;
        }
        self.slot.header.close_handle();
        let state = self.state.take();
        let slot = self.slot;
        drop(self.guard);
        if let Some(state) = state {
            state.release(&mut parts.states);
        }
        parts.lights.give(slot);
    }
}

impl LightBody {
    /// The span's id, drawn now if need be.
    pub fn span_id(&mut self, parts: &mut Parts) -> u64 {
        if self.span_id == 0 {
            self.span_id = parts.ids.id64();
        }
        self.span_id
    }

    /// The trace, if it has begun.
    pub fn known_state(&self) -> Option<&'static TraceState> {
        self.state
    }

    /// The trace, begun now if need be. `None`: memory is out.
    pub fn state(&mut self, parts: &mut Parts) -> Option<&'static TraceState> {
        if self.state.is_none() {
            let trace_id = super::start::new_trace_id(parts, self.wide_trace_ids);
            self.state = TraceState::new(&mut parts.states, trace_id);
        }
        self.state
    }
}
