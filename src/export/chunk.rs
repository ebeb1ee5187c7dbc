//! Chunks: spans of one local trace that leave together. A head, then their records.

use crate::context::{Decision, TraceState};
use crate::record::{RecordRef, drop_records, make_room, start_numbers};
use crate::slot::FreeList;

/// Bytes that a chunk's head takes in front of its records.
pub const CHUNK_HEAD: usize = (size_of::<ChunkHead>() + 7) & !7;

/// What a chunk's records do not say.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ChunkHead {
    /// Bytes of head and records.
    pub len: u32,
    /// How many records.
    pub span_count: u32,
    /// For a partial chunk, how many finished spans it flushed; 0 for a complete one.
    pub partial_spans: u32,
    /// Whether sampling and what follows it were done, so that a retry does not do them again.
    pub is_processed: bool,
    /// The trace.
    pub trace_id: u128,
    /// The decision, if it was made when the chunk left or since.
    pub decision: Option<Decision>,
    /// The trace state, where it says more than this head or somebody else shares it. The chunk owns one reference.
    pub state: Option<&'static TraceState>,
    /// When the last of its spans ended, Unix time in nanoseconds: limiters count by this.
    pub end_ns: i64,
    /// How many spans of its segment were open when it left.
    pub open_spans: u32,
}

impl ChunkHead {
    /// A head that says nothing.
    pub const EMPTY: ChunkHead = ChunkHead {
        len: 0,
        span_count: 0,
        partial_spans: 0,
        is_processed: false,
        trace_id: 0,
        decision: None,
        state: None,
        end_ns: 0,
        open_spans: 0,
    };

    /// The head in front of records that are still gathered; all zero bytes are [`ChunkHead::EMPTY`] to its length at least.
    pub fn peek(from: &[u8]) -> Option<ChunkHead> {
        if u32::from_le_bytes(*from.first_chunk::<4>()?) == 0 || from.len() < CHUNK_HEAD {
            return None;
        }
        // SAFETY: a length that is not 0 was written by `write`, with the rest of a head.
        Some(unsafe { from.as_ptr().cast::<ChunkHead>().read_unaligned() })
    }

    /// Appends the head to `to`.
    #[inline]
    pub fn append(&self, to: &mut Vec<u8>) {
        make_room(to, CHUNK_HEAD);
        // SAFETY: there is room for a head; it is plain data, and what its size lacks to `CHUNK_HEAD` is written first.
        unsafe {
            let place = to.as_mut_ptr().add(to.len());
            place.add(CHUNK_HEAD - 8).cast::<u64>().write_unaligned(0);
            place.cast::<ChunkHead>().write_unaligned(*self);
            to.set_len(to.len() + CHUNK_HEAD);
        }
    }

    /// Writes the head to the beginning of `to`.
    #[inline]
    pub fn write(&self, to: &mut [u8]) {
        assert!(to.len() >= CHUNK_HEAD);
        // SAFETY: there is room for a head; it is plain data.
        unsafe { to.as_mut_ptr().cast::<ChunkHead>().write_unaligned(*self) };
    }

    /// The decision that holds now: who kept or dropped the trace by hand meanwhile is heard until it is sent.
    pub fn current_decision(&self) -> Option<Decision> {
        self.state.and_then(|state| state.decision()).or(self.decision)
    }

    /// Reads the head at the beginning of `from`.
    #[inline]
    pub(super) fn read(from: &[u8]) -> Option<ChunkHead> {
        if from.len() < CHUNK_HEAD {
            return None;
        }
        // SAFETY: chunks begin with a head written by `write`, and the length was checked.
        let head = unsafe { from.as_ptr().cast::<ChunkHead>().read_unaligned() };
        (head.len as usize >= CHUNK_HEAD && head.len as usize <= from.len()).then_some(head)
    }
}

/// A chunk to read.
pub struct ChunkRef<'a> {
    /// A copy of its head.
    pub head: ChunkHead,
    records: &'a [u8],
}

impl<'a> ChunkRef<'a> {
    /// Splits the first chunk off `bytes`.
    pub fn split(bytes: &'a [u8]) -> Option<(ChunkRef<'a>, &'a [u8])> {
        let head = ChunkHead::read(bytes)?;
        let (chunk, rest) = bytes.split_at(head.len as usize);
        Some((ChunkRef { head, records: chunk.get(CHUNK_HEAD..)? }, rest))
    }

    /// Fills `into` with the chunk's records in start order.
    pub fn sorted_records(&self, order: &mut StartOrder, into: &mut Vec<RecordRef<'a>>) {
        into.clear();
        into.extend(order.offsets(self.records).filter_map(|at| RecordRef::at(self.records, at)));
    }
}

/// Puts records in start order. Holds memory for the next time.
#[derive(Default)]
pub struct StartOrder {
    /// Start number and offset of each record, in one word because that sorts quickly. Both fit: a chunk says its length in 32 bits.
    places: Vec<u64>,
}

impl StartOrder {
    /// The offsets of the records in `bytes`, in start order.
    pub fn offsets(&mut self, bytes: &[u8]) -> impl Iterator<Item = usize> + use<'_> {
        self.places.clear();
        self.places.extend(start_numbers(bytes).map(|(number, at)| (u64::from(number) << 32) | at as u64));
        // Spans often end in an order close to that of their start, so this is cheap; numbers are unique in a segment.
        self.places.sort_unstable();
        self.places.iter().map(|place| *place as u32 as usize)
    }
}

/// Changes the heads of all chunks in `bytes`; `change` may change the records too.
pub fn each_chunk_mut(bytes: &mut [u8], mut change: impl FnMut(&mut ChunkHead, &mut [u8])) {
    let mut rest = bytes;
    while let Some(mut head) = ChunkHead::read(rest) {
        let (chunk, tail) = rest.split_at_mut(head.len as usize);
        let (place, records) = chunk.split_at_mut(CHUNK_HEAD);
        change(&mut head, records);
        head.write(place);
        rest = tail;
    }
}

/// Frees what the chunks in `bytes` own.
pub fn drop_chunks(bytes: &mut [u8]) {
    let mut states = FreeList::new();
    each_chunk_mut(bytes, |head, records| {
        drop_records(records);
        if let Some(state) = head.state.take() {
            state.release(&mut states);
        }
    });
}
