//! The records of a segment's finished spans, until they leave as a chunk.

use crate::context::TraceState;
use crate::export::{CHUNK_HEAD, COPIED_BYTES, ChunkHead, Local, drop_chunks};
use crate::record::{Head, RunsRef, append_record, record_len};

const FIRST_BYTES: usize = 4 * 1024;

/// A span that has just finished.
#[derive(Clone, Copy)]
pub struct Finished<'a> {
    /// Its head.
    pub head: &'a Head,
    /// Its runs.
    pub runs: RunsRef<'a>,
}

/// Records of one segment. The buffer has room for a chunk's head in front.
pub struct Records {
    bytes: Vec<u8>,
    spans: u32,
    end_ns: i64,
    owns: bool,
    booked: usize,
    /// Spans that were lost because the budget was used up; their chunk is lost as a whole.
    lost: u32,
}

/// What a chunk says besides its records.
pub struct Leaving {
    /// The trace's state.
    pub state: &'static TraceState,
    /// Whether the chunk keeps a reference to the state.
    pub holds_state: bool,
    /// How many open spans stay behind.
    pub open_spans: u32,
}

impl Records {
    /// No records.
    pub const EMPTY: Records = Records { bytes: Vec::new(), spans: 0, end_ns: 0, owns: false, booked: 0, lost: 0 };

    /// How many finished spans wait, or are lost and wait to be counted as one chunk.
    pub fn len(&self) -> u32 {
        self.spans + self.lost
    }

    /// The bytes of the records.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(CHUNK_HEAD..).unwrap_or_default()
    }

    /// Adds a record.
    #[inline]
    pub fn push(&mut self, local: &mut Local, span: Finished<'_>) {
        let len = record_len(span.head);
        if self.lost > 0 || !self.make_room(local, len) {
            self.lose(local, span.head);
            return;
        }
        append_record(&mut self.bytes, span.head, span.runs);
        self.note(span.head);
    }

    /// Sends everything, and `last` with it, as one chunk.
    #[inline]
    pub fn leave(&mut self, local: &mut Local, last: Option<Finished<'_>>, leaving: &Leaving) {
        if let Some(span) = &last {
            self.note(span.head);
        }
        let last_len = last.as_ref().map_or(0, |span| record_len(span.head));
        let len = self.bytes.len().max(CHUNK_HEAD) + last_len;
        if self.spans + self.lost > 0 {
            if self.lost > 0 || len > local.snapshot.max_chunk_bytes || !local.pipeline.accepts() {
                self.drop_all(local, last);
            } else {
                self.send(local, last, leaving, len);
            }
        }
        self.reset(local);
    }

    /// Frees the records of a segment whose tracer, or process, is gone.
    #[cold]
    pub fn discard(&mut self) {
        self.free_records();
        *self = Records::EMPTY;
    }

    fn send(&mut self, local: &mut Local, last: Option<Finished<'_>>, leaving: &Leaving, len: usize) {
        let is_filtered = !local.ends_as_usual && local.has_filters();
        let holds_state = leaving.holds_state || leaving.state.has_tags() || is_filtered;
        let head = ChunkHead {
            len: len as u32,
            span_count: self.spans,
            partial_spans: if leaving.open_spans > 0 { self.spans } else { 0 },
            is_processed: false,
            trace_id: leaving.state.trace_id(),
            decision: leaving.state.decision(),
            state: holds_state.then(|| leaving.state.add_reference()),
            end_ns: self.end_ns,
            open_spans: leaving.open_spans,
        };
        let owns = self.owns || holds_state;
        if len > COPIED_BYTES || is_filtered {
            self.hand_over(local, last, &head, owns);
            return;
        }
        let Local { outbox, pipeline, snapshot, .. } = local;
        let records = self.bytes.get(CHUNK_HEAD..).unwrap_or_default();
        let sent = outbox.append(pipeline, snapshot, &head, owns, |block| {
            head.append(block);
            block.extend_from_slice(records);
            if let Some(span) = &last {
                append_record(block, span.head, span.runs);
            }
        });
        if sent {
            local.outbox.counters.chunks_enqueued.add(1);
            self.owns = false;
            return;
        }
        if owns {
            self.own_head(&head);
        }
        self.drop_all(local, last);
    }

    /// The buffer itself becomes a block.
    #[cold]
    fn hand_over(&mut self, local: &mut Local, last: Option<Finished<'_>>, head: &ChunkHead, owns: bool) {
        let last_len = last.as_ref().map_or(0, |span| record_len(span.head));
        self.own_head(head);
        if !self.make_room(local, last_len) {
            self.drop_all(local, last);
            return;
        }
        if let Some(span) = &last {
            append_record(&mut self.bytes, span.head, span.runs);
        }
        let bytes = std::mem::take(&mut self.bytes);
        let booked = std::mem::take(&mut self.booked);
        let mut block = local.pipeline.pool.adopt(bytes, booked, &local.snapshot);
        block.count(head, owns);
        self.owns = false;
        if local.has_filters() {
            local.held.push(block);
            return;
        }
        local.pipeline.push(block);
        local.pipeline.ensure_started();
        local.outbox.counters.chunks_enqueued.add(1);
    }

    /// Writes the head in front of the records, so that dropping them drops what the head owns.
    fn own_head(&mut self, head: &ChunkHead) {
        if self.bytes.len() < CHUNK_HEAD {
            self.bytes.resize(CHUNK_HEAD, 0);
        }
        head.write(&mut self.bytes);
        self.owns = true;
    }

    /// Counts and frees all records, and `last`.
    #[cold]
    fn drop_all(&mut self, local: &mut Local, last: Option<Finished<'_>>) {
        local.count_dropped(self.spans + self.lost);
        if let Some(span) = last {
            free_extra(span.head);
        }
        self.free_records();
    }

    #[cold]
    fn free_records(&mut self) {
        if !self.owns || self.bytes.len() < CHUNK_HEAD {
            return;
        }
        // The head's length may be of a chunk with one record more than the buffer has; this is the length of what is here.
        let len = self.bytes.len() as u32;
        let head = ChunkHead::peek(&self.bytes).filter(|head| head.len > 0);
        let state = head.and_then(|head| head.state);
        let head = ChunkHead { len, state, ..ChunkHead::EMPTY };
        head.write(&mut self.bytes);
        drop_chunks(&mut self.bytes);
        self.owns = false;
    }

    /// The budget is used up: this segment's chunk is lost, with the spans that it has already.
    #[cold]
    fn lose(&mut self, local: &mut Local, head: &Head) {
        self.free_records();
        free_extra(head);
        self.lost += self.spans + 1;
        self.spans = 0;
        local.keep_buffer(std::mem::take(&mut self.bytes));
        local.reserve.give(&local.pipeline.pool.budget, std::mem::take(&mut self.booked));
    }

    #[inline]
    fn note(&mut self, head: &Head) {
        self.spans += 1;
        self.end_ns = self.end_ns.max(head.end_ns());
        self.owns |= !head.extra.is_null();
    }

    /// Books and makes room for `len` more bytes.
    #[inline]
    fn make_room(&mut self, local: &mut Local, len: usize) -> bool {
        if self.bytes.is_empty() {
            self.bytes = local.take_buffer();
            self.bytes.resize(CHUNK_HEAD, 0);
        }
        let needed = self.bytes.len() + len;
        if needed <= self.booked && needed <= self.bytes.capacity() {
            return true;
        }
        let wanted = needed.max(self.bytes.capacity()).max(FIRST_BYTES);
        let wanted = if wanted > self.bytes.capacity() { wanted.next_power_of_two() } else { wanted };
        if !local.reserve.take(&local.pipeline.pool.budget, wanted - self.booked) {
            return false;
        }
        self.booked = wanted;
        self.bytes.reserve_exact(wanted - self.bytes.len());
        true
    }

    #[inline]
    fn reset(&mut self, local: &mut Local) {
        if self.booked > 0 {
            local.reserve.give(&local.pipeline.pool.budget, std::mem::take(&mut self.booked));
        }
        if self.bytes.capacity() > 0 {
            local.keep_buffer(std::mem::take(&mut self.bytes));
        }
        (self.spans, self.end_ns, self.owns, self.lost) = (0, 0, false, 0);
    }
}

fn free_extra(head: &Head) {
    if !head.extra.is_null() {
        // SAFETY: the finished span gave its extra away with this head, and no record took it over.
        drop(unsafe { Box::from_raw(head.extra) });
    }
}
