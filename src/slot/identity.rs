//! What a handle is checked against: the kind and the generation of its slot.

use super::lock_word::LockWord;
use super::sync::{AtomicU32, Ordering};
use std::sync::atomic::AtomicPtr;

/// Slots are aligned to this, so that the low 8 bits of a handle are free for the generation.
pub const SLOT_ALIGN: usize = 256;
const GENERATION_MASK: usize = 0xff;
const LIVE: u32 = 1 << 16;

/// What lives in a slot. The numbers below 32 are those of `DDTRACE_HANDLE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Settings.
    Config = 1,
    /// A tracer.
    Tracer = 2,
    /// A recording span.
    Span = 3,
    /// A context.
    Context = 4,
    /// A propagator.
    Propagator = 5,
    /// A provider of the active span.
    Provider = 6,
    /// An exporter.
    Exporter = 7,
    /// An error object.
    Error = 8,
    /// A request on its way through a host's transport.
    Exchange = 9,
    /// A processor of spans.
    Processor = 10,
    /// A filter of chunks.
    Filter = 11,
    /// A chunk that a callback looks at.
    Chunk = 12,
    /// What belongs to one object of the program.
    Pin = 13,
    /// A client of DogStatsD.
    Statsd = 20,
    /// A metric of telemetry.
    TelemetryMetric = 14,
    /// Something that goes on in the program.
    Execution = 24,
    /// Answers to an event.
    EventResults = 25,
    /// A periodic service of the program.
    Service = 26,
    /// A span that records nothing.
    LightSpan = 32,
    /// A trace segment; never a handle.
    Segment = 33,
    /// Trace state; never a handle.
    TraceState = 34,
}

/// Why a handle was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleError {
    /// It is NULL.
    Null,
    /// It is of another kind, or was freed.
    Stale,
    /// Its lock belongs to a thread that a fork left behind.
    Forked,
}

/// The beginning of every slot.
#[repr(C)]
pub struct SlotHeader {
    identity: AtomicU32,
    /// Guards the slot.
    pub lock: LockWord,
    pub(super) next: AtomicPtr<SlotHeader>,
    pub(super) next_batch: AtomicPtr<SlotHeader>,
}

impl SlotHeader {
    pub(super) fn new(kind: Kind) -> Self {
        SlotHeader {
            identity: AtomicU32::new((kind as u32) << 8),
            lock: LockWord::new(),
            next: AtomicPtr::new(std::ptr::null_mut()),
            next_batch: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// Makes the current generation's handle valid.
    #[inline]
    pub fn open_handle(&self) {
        let identity = self.identity.load(Ordering::Relaxed);
        self.identity.store(identity | LIVE, Ordering::Release);
    }

    /// Makes every handle given out so far stale. Called with the slot's lock held.
    #[inline]
    pub fn close_handle(&self) {
        let identity = self.identity.load(Ordering::Relaxed);
        let generation = identity.wrapping_add(1) & GENERATION_MASK as u32;
        self.identity.store((identity & 0xff00) | generation, Ordering::Release);
    }

    /// Whether a handle to this slot is out.
    pub fn has_live_handle(&self) -> bool {
        self.identity.load(Ordering::Acquire) & LIVE != 0
    }

    /// The identity that a handle must find again under the lock.
    #[inline]
    pub fn identity(&self) -> u32 {
        self.identity.load(Ordering::Acquire)
    }

    /// This slot's handle.
    #[inline]
    pub fn handle<T>(&self) -> *mut T {
        let generation = self.identity.load(Ordering::Relaxed) as usize & GENERATION_MASK;
        let address: *const SlotHeader = self;
        address.map_addr(|a| a | generation).cast_mut().cast()
    }
}

/// Finds the slot of a handle; the answer has the identity to compare again under the slot's lock.
///
/// # Safety
/// `handle` must be NULL, or a handle that this library gave out once, alive or freed.
#[inline]
pub unsafe fn resolve<T>(handle: *const T) -> Result<(&'static SlotHeader, Identity), HandleError> {
    if handle.is_null() {
        return Err(HandleError::Null);
    }
    let base = handle.map_addr(|a| a & !GENERATION_MASK);
    if base.is_null() {
        return Err(HandleError::Stale);
    }
    // SAFETY: every handle points into a slot, slots are never unmapped, and all begin with a header.
    let header = unsafe { &*base.cast::<SlotHeader>() };
    let identity = header.identity();
    let wanted = (handle.addr() & GENERATION_MASK) as u32 | LIVE;
    if identity & (GENERATION_MASK as u32 | LIVE) != wanted {
        return Err(HandleError::Stale);
    }
    Ok((header, Identity(identity)))
}

/// The same for handles of one kind only, in one comparison. `None`: it is none, see [`resolve`] for why.
///
/// # Safety
/// As for [`resolve`].
#[inline(always)]
pub unsafe fn resolve_kind<T>(handle: *const T, kind: Kind) -> Option<(&'static SlotHeader, Identity)> {
    let base = handle.map_addr(|a| a & !GENERATION_MASK);
    if base.is_null() {
        return None;
    }
    // SAFETY: as in `resolve`.
    let header = unsafe { &*base.cast::<SlotHeader>() };
    let wanted = (handle.addr() & GENERATION_MASK) as u32 | ((kind as u32) << 8) | LIVE;
    (header.identity() == wanted).then_some((header, Identity(wanted)))
}

/// The identity that a handle had when it was resolved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identity(u32);

impl Identity {
    /// Whether the slot is of this kind.
    #[inline]
    pub fn is(self, kind: Kind) -> bool {
        (self.0 >> 8) & 0xff == kind as u32
    }

    /// Whether the slot still serves the same handle.
    #[inline]
    pub fn still(self, header: &SlotHeader) -> bool {
        header.identity() == self.0
    }
}
