//! The slot of a live span.

use super::body::SpanBody;
use crate::context::TraceState;
use crate::segment::Segment;
use crate::slot::{Kind, LockGuard, Slot, SlotClass, SlotHeader};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Size of a span's slot.
pub const SLOT_BYTES: usize = 1024;
static CLASS: SlotClass = SlotClass::new(Kind::Span, SLOT_BYTES);

/// A span.
#[repr(C)]
pub struct SpanSlot {
    header: SlotHeader,
    segment: AtomicPtr<Segment>,
    links: UnsafeCell<Links>,
    body: UnsafeCell<SpanBody>,
}

/// What the lock word of the segment guards.
pub struct Links {
    /// References of the user's handle.
    pub handles: u32,
    /// References from children, contexts and running calls.
    pub inner: u32,
    /// Whether the span is finished or abandoned.
    pub is_closed: bool,
    /// The nearest ancestor that was open when this span looked last; holds an inner reference.
    pub parent: Option<&'static SpanSlot>,
}

// SAFETY: `links` is only touched with the segment's lock word held, `body` with the span's own, both also by whoever has the slot alone.
unsafe impl Sync for SpanSlot {}
// SAFETY: `repr(C)` with the header first; whoever takes a slot writes links and body; the size is checked below.
unsafe impl Slot for SpanSlot {
    const CLASS: &'static SlotClass = &CLASS;

    #[inline]
    fn header(&self) -> &SlotHeader {
        &self.header
    }
}
const _: () = assert!(size_of::<SpanSlot>() == SLOT_BYTES);

impl SpanSlot {
    /// Calls `use_it` with every slot there is, in use or not.
    pub(super) fn each(mut use_it: impl FnMut(&'static SpanSlot)) {
        CLASS.each_slot(|header| {
            let header: *const SlotHeader = header;
            // SAFETY: slots of this class are `SpanSlot`, which begin with the header, and are never unmapped.
            use_it(unsafe { &*header.cast() });
        });
    }

    /// Bytes of a slot in front of its body.
    pub const BODY_OFFSET: usize = size_of::<SlotHeader>() + size_of::<usize>() + size_of::<Links>();

    /// The span's segment; one that is not published yet, or held by a handle or inner reference, has one.
    #[inline]
    pub fn segment(&self) -> Option<&'static Segment> {
        // SAFETY: segments live in slots, which are never unmapped.
        unsafe { self.segment.load(Ordering::Acquire).as_ref() }
    }

    /// Sets the segment of a span that is not published yet.
    #[inline]
    pub(super) fn set_segment(&self, segment: &'static Segment) {
        self.segment.store(std::ptr::from_ref(segment).cast_mut(), Ordering::Release);
    }

    /// The links.
    ///
    /// # Safety
    /// The caller holds the segment's lock word, or has the slot alone, and no other reference to the links.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub(super) unsafe fn links(&self) -> &mut Links {
        // SAFETY: by the contract.
        unsafe { &mut *self.links.get() }
    }

    /// Where the body is.
    #[inline]
    pub(super) fn body_cell(&self) -> *mut SpanBody {
        self.body.get()
    }
}

/// A locked span.
pub struct SpanGuard {
    slot: &'static SpanSlot,
    _guard: LockGuard<'static>,
}

impl SpanGuard {
    pub(super) fn new(slot: &'static SpanSlot, guard: LockGuard<'static>) -> Self {
        SpanGuard { slot, _guard: guard }
    }

    /// The span's slot.
    #[inline]
    pub fn slot(&self) -> &'static SpanSlot {
        self.slot
    }

    /// The state of its trace.
    #[inline]
    pub fn trace_state(&self) -> Option<&'static TraceState> {
        self.slot.segment()?.state()
    }
}

impl std::ops::Deref for SpanGuard {
    type Target = SpanBody;

    #[inline]
    fn deref(&self) -> &SpanBody {
        // SAFETY: the lock word is held.
        unsafe { &*self.slot.body.get() }
    }
}

impl std::ops::DerefMut for SpanGuard {
    #[inline]
    fn deref_mut(&mut self) -> &mut SpanBody {
        // SAFETY: the lock word is held.
        unsafe { &mut *self.slot.body.get() }
    }
}
