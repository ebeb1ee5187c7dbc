//! Spans that record nothing: tracing is off, or too many spans are live. They carry trace context on, and draw ids only when asked.
//!
//! A light span keeps its parent, light or not, so that the active span can go back to it. Whoever gives back the last that keeps a light
//! span has it alone.

use super::parts::Parts;
use super::release::drop_inner;
use super::slot::SpanSlot;
use crate::context::TraceState;
use crate::slot::{Kind, LockGuard, Slot, SlotClass, SlotHeader};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, Ordering};

static CLASS: SlotClass = SlotClass::new(Kind::LightSpan, 256);

/// A span that records nothing.
#[repr(C)]
pub struct LightSpan {
    header: SlotHeader,
    /// 1 for its handle, while there is one, and 1 for each light child.
    keepers: AtomicU32,
    body: UnsafeCell<LightBody>,
}

/// What a light span was started under.
#[derive(Clone, Copy)]
pub enum LightParent {
    /// A light span, which the child keeps.
    Light(&'static LightSpan),
    /// A span that records, of which the child has an inner reference.
    Recording(&'static SpanSlot),
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
    /// Its parent in this process; never changes.
    pub(super) parent: Option<LightParent>,
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
    /// A light span with one handle; takes over what `origin` refers to. `None`: memory is out.
    #[inline]
    pub fn new(parts: &mut Parts, limit: usize, origin: LightOrigin, wide_trace_ids: bool) -> Option<&'static LightSpan> {
        let slot = parts.lights.take(limit)?;
        let LightOrigin { state, parent_id, parent } = origin;
        slot.keepers.store(1, Ordering::Relaxed);
        // SAFETY: the slot is fresh from the list, and the former body has nothing to drop.
        unsafe {
            *slot.body.get() = LightBody { handles: 1, is_finished: false, wide_trace_ids, span_id: 0, parent_id, parent, state };
        }
        slot.header.open_handle();
        Some(slot)
    }
}

/// Where a light span comes from.
#[derive(Default)]
pub struct LightOrigin {
    /// The trace, if it has begun: one reference.
    pub state: Option<&'static TraceState>,
    /// The parent's id, 0 for none.
    pub parent_id: u64,
    /// The parent in this process: one reference.
    pub parent: Option<LightParent>,
}

impl LightOrigin {
    /// Gives back what it refers to.
    pub(super) fn release(self, parts: &mut Parts) {
        if let Some(state) = self.state {
            state.release(&mut parts.states);
        }
        match self.parent {
            Some(LightParent::Light(parent)) => let_go(parts, parent),
            Some(LightParent::Recording(parent)) => drop_inner(parts, parent),
            None => {}
        }
    }
}

/// Gives back one that kept the span, and with the last one the span, and so on with its parents.
#[inline]
fn let_go(parts: &mut Parts, span: &'static LightSpan) {
    let mut span = span;
    loop {
        // Whoever sees himself alone needs no exchange: only those who keep a span add another.
        let is_last = span.keepers.load(Ordering::Acquire) == 1 || span.keepers.fetch_sub(1, Ordering::AcqRel) == 1;
        if !is_last {
            return;
        }
        // SAFETY: nothing keeps the span: its handle is closed, and no child refers to it.
        let body = unsafe { &mut *span.body.get() };
        let (state, parent) = (body.state.take(), body.parent.take());
        parts.lights.give(span);
        if let Some(state) = state {
            state.release(&mut parts.states);
        }
        match parent {
            Some(LightParent::Light(parent)) => span = parent,
            Some(LightParent::Recording(parent)) => return drop_inner(parts, parent),
            None => return,
        }
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
        let slot = self.slot;
        drop(self.guard);
        let_go(parts, slot);
    }

    /// The span as the parent of another light one, which keeps it.
    #[inline]
    pub(super) fn as_parent(&self) -> LightParent {
        self.slot.keepers.fetch_add(1, Ordering::Relaxed);
        LightParent::Light(self.slot)
    }

    /// Whether the span is neither finished nor freed.
    pub(super) fn is_open(&self) -> bool {
        self.handles > 0 && !self.is_finished
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
