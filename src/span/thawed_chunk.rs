//! A chunk that a callback looks at: its spans are thawed when they are asked for.

use super::access::lock_recording;
use super::parts::Parts;
use super::release::release_handle;
use super::thaw::{thaw_data, thaw_record, thawed_segment};
use crate::context::{Decision, TraceState};
use crate::export::{CHUNK_HEAD, ChunkHead, Snapshot};
use crate::record::{ChunkData, RecordRef, append_record, drop_records, start_numbers, update_head};
use crate::segment::{Segment, TracerLink};
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Guarded, Kind, SlotClass, Vanished};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

static CLASS: SlotClass = cold_class(Kind::Chunk);

/// A chunk behind a handle.
pub struct ThawedChunk(Guarded<Inner>);

struct Inner {
    /// `None` once the callback has returned.
    segment: Option<&'static Segment>,
    source: Source,
    items: Vec<Item>,
    is_dropped: bool,
    is_changed: bool,
}

enum Source {
    /// One chunk, head and records.
    Records(Vec<u8>, Arc<Snapshot>),
    Data(ChunkData),
}

/// One span: where it stands in the source, and its handle once it was asked for.
struct Item {
    at: usize,
    handle: *mut c_void,
}

// SAFETY: handles are numbers that any thread may look up, and segments live for ever.
unsafe impl Send for Inner {}

/// Why a call on a chunk failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// There is no span of this number.
    Index,
    /// Memory is out, or the span is larger than spans may be.
    Limit,
    /// The chunk is only to be read.
    ReadOnly,
    /// The callback has returned.
    Ended,
    /// A fork left the chunk's lock behind.
    Forked,
}

/// What a filter left of a chunk.
pub enum Filtered {
    /// Nothing has changed.
    Same(Vec<u8>),
    /// Some spans were changed or removed: the chunk as it is now, with its number of spans, and whether they own something.
    Changed(Vec<u8>, u32),
    /// It is to be dropped.
    Dropped(Vec<u8>),
}

impl Cold for ThawedChunk {
    const KIND: Kind = Kind::Chunk;
    const CLASS: &'static SlotClass = &CLASS;
}

impl From<Vanished> for ChunkError {
    fn from(_: Vanished) -> Self {
        ChunkError::Forked
    }
}

impl ThawedChunk {
    /// For a filter: the one chunk in `bytes`, which are given back if memory is out.
    pub fn to_filter(parts: &mut Parts, tracer: TracerLink, bytes: Vec<u8>, snapshot: &Arc<Snapshot>) -> Result<Self, Vec<u8>> {
        let state = ChunkHead::peek(&bytes).and_then(|head| head.state);
        let segment = state.and_then(|state| thawed_segment(parts, tracer, state.add_reference()));
        let Some(segment) = segment else { return Err(bytes) };
        let mut places: Vec<(u32, usize)> = start_numbers(bytes.get(CHUNK_HEAD..).unwrap_or_default()).collect();
        places.sort_unstable();
        let items = places.into_iter().map(|(_, at)| Item { at, handle: ptr::null_mut() }).collect();
        Ok(Self::new(segment, Source::Records(bytes, Arc::clone(snapshot)), items))
    }

    /// For an exporter: to be read only. `None`: memory is out.
    pub fn to_read(parts: &mut Parts, data: ChunkData) -> Option<Self> {
        let trace_id = data.spans.first().map_or(0, |span| span.trace_id);
        let state = TraceState::new(&mut parts.states, trace_id)?;
        if let Some(priority) = data.priority {
            state.decide(&Decision::inherited(priority));
        }
        let segment = thawed_segment(parts, TracerLink { slot: ptr::null(), id: 0 }, state)?;
        let items = (0..data.spans.len()).map(|at| Item { at, handle: ptr::null_mut() }).collect();
        Some(Self::new(segment, Source::Data(data), items))
    }

    fn new(segment: &'static Segment, source: Source, items: Vec<Item>) -> Self {
        ThawedChunk(Guarded::new(Inner { segment: Some(segment), source, items, is_dropped: false, is_changed: false }))
    }

    /// How many spans it has.
    pub fn len(&self) -> usize {
        self.0.with(|inner| inner.items.len()).unwrap_or(0)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sampling priority, if the trace is decided.
    pub fn priority(&self) -> Option<i32> {
        let state = self.0.with(|inner| inner.segment?.lock().ok()?.state()).ok()??;
        Some(state.decision()?.priority)
    }

    /// The handle of a span, which is the chunk's.
    pub fn span_at(&self, parts: &mut Parts, index: usize) -> Result<*mut c_void, ChunkError> {
        self.0.with(|inner| {
            let segment = inner.segment.ok_or(ChunkError::Ended)?;
            let item = inner.items.get_mut(index).ok_or(ChunkError::Index)?;
            if item.handle.is_null() {
                let handle = match &inner.source {
                    Source::Records(bytes, snapshot) => {
                        record_at(bytes, item.at).and_then(|record| thaw_record(parts, segment, &record, snapshot))
                    }
                    Source::Data(data) => {
                        data.spans.get(item.at).and_then(|span| thaw_data(parts, segment, item.at as u32, span))
                    }
                };
                item.handle = handle.ok_or(ChunkError::Limit)?;
                inner.is_changed = true;
            }
            Ok(item.handle)
        })?
    }

    /// Removes a span; those behind it move up.
    pub fn remove_at(&self, parts: &mut Parts, index: usize) -> Result<(), ChunkError> {
        let removed = self.0.with(|inner| {
            inner.check_writable()?;
            if index >= inner.items.len() {
                return Err(ChunkError::Index);
            }
            inner.is_changed = true;
            Ok(inner.items.remove(index))
        })??;
        end_span(parts, removed.handle);
        Ok(())
    }

    /// Drops the chunk as a whole when the filter returns.
    pub fn drop_all(&self) -> Result<(), ChunkError> {
        self.0.with(|inner| {
            inner.check_writable()?;
            inner.is_dropped = true;
            Ok(())
        })?
    }

    /// The filter has returned. Unless its work is to be kept, the chunk is as it was before. `None`: nothing is left to have.
    pub fn end_filter(&self, parts: &mut Parts, keep: bool) -> Option<Filtered> {
        let ended = self.0.with(|inner| {
            let segment = inner.segment.take()?;
            let items = std::mem::take(&mut inner.items);
            let source = std::mem::replace(&mut inner.source, Source::Data(ChunkData::default()));
            Some((segment, items, source, inner.is_dropped, inner.is_changed))
        });
        let (segment, items, source, is_dropped, is_changed) = ended.ok()??;
        let filtered = match source {
            Source::Data(_) => None,
            Source::Records(bytes, _) if !keep => Some(Filtered::Same(bytes)),
            Source::Records(bytes, _) if is_dropped || items.is_empty() => Some(Filtered::Dropped(bytes)),
            Source::Records(bytes, _) if !is_changed => Some(Filtered::Same(bytes)),
            Source::Records(bytes, _) => Some(freeze(bytes, &items)),
        };
        items.iter().for_each(|item| end_span(parts, item.handle));
        if let Ok(guard) = segment.lock() {
            guard.release(&mut parts.segments, &mut parts.states);
        }
        filtered
    }

    /// The exporter has returned.
    pub fn end_reading(&self, parts: &mut Parts) {
        let _ = self.end_filter(parts, false);
    }
}

impl Inner {
    fn check_writable(&self) -> Result<(), ChunkError> {
        match self.source {
            _ if self.segment.is_none() => Err(ChunkError::Ended),
            Source::Records(..) => Ok(()),
            Source::Data(_) => Err(ChunkError::ReadOnly),
        }
    }
}

fn record_at(bytes: &[u8], at: usize) -> Option<RecordRef<'_>> {
    RecordRef::at(bytes.get(CHUNK_HEAD..)?, at)
}

/// The chunk of these spans: records that nobody asked for as they are, the others anew.
fn freeze(mut old: Vec<u8>, items: &[Item]) -> Filtered {
    let Some(head) = ChunkHead::peek(&old) else { return Filtered::Same(old) };
    let mut new = Vec::with_capacity(old.len());
    new.resize(CHUNK_HEAD, 0);
    for item in items {
        if append_thawed(&mut new, item.handle).is_none() {
            append_old(&mut new, &mut old, item.at);
        }
    }
    let span_count = items.len() as u32;
    let partial_spans = if head.partial_spans > 0 { span_count } else { 0 };
    // The new head takes the reference to the trace's state over, the new records what they were given; the rest goes with the old ones.
    ChunkHead { len: new.len() as u32, span_count, partial_spans, ..head }.write(&mut new);
    if let Some(records) = old.get_mut(CHUNK_HEAD..) {
        drop_records(records);
    }
    Filtered::Changed(new, span_count)
}

/// `None`: the span was not asked for, or was freed by the callback, which it must not do.
fn append_thawed(to: &mut Vec<u8>, handle: *mut c_void) -> Option<()> {
    if handle.is_null() {
        return None;
    }
    // SAFETY: the handle was given out by this library.
    let mut span = unsafe { lock_recording(handle) }.ok()??;
    let mut head = span.head;
    head.extra = span.take_extra().map_or(ptr::null_mut(), Box::into_raw);
    span.is_finished = true;
    append_record(to, &head, span.runs());
    Some(())
}

/// Moves a record, with what it owns.
fn append_old(to: &mut Vec<u8>, old: &mut [u8], at: usize) {
    let Some(record) = old.get_mut(CHUNK_HEAD..).and_then(|records| records.get_mut(at..)) else { return };
    let len = record.first_chunk::<4>().map_or(0, |len| u32::from_le_bytes(*len) as usize);
    let Some(record) = record.get_mut(..len) else { return };
    to.extend_from_slice(record);
    update_head(record, |head| head.extra = ptr::null_mut());
}

/// Takes the chunk's reference to a thawed span back. Who has one of his own may go on reading it.
fn end_span(parts: &mut Parts, handle: *mut c_void) {
    if handle.is_null() {
        return;
    }
    // SAFETY: the handle was given out by this library.
    unsafe {
        if let Ok(Some(mut span)) = lock_recording(handle) {
            span.is_finished = true;
        }
        let _ = release_handle(parts, handle, |_| None);
    }
}
