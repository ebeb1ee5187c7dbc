//! What is sent of traces that sampling rejected, where whoever receives the others does not want them; and how chunks leave a block.

use super::block::Block;
use super::chunk::{CHUNK_HEAD, ChunkHead, drop_chunks};
use crate::context::{Decision, mechanism};
use crate::record::{Number, RecordRef, drop_records, flag};

/// What becomes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Keep,
    /// Of its spans, only those stay that a rule of their own kept.
    Reduce,
    /// It goes.
    Drop,
}

/// What is done with traces that sampling rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RejectedTraces {
    /// They are sent all the same, and the receiver decides.
    #[default]
    Sent,
    /// Those with errors are sent; of the others, the spans that a rule of their own kept.
    Reduced,
    /// They are not sent.
    Dropped,
}

/// Chunks that left a block, wholly or in part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Chunks of which nothing is left.
    pub chunks: u64,
    /// Spans.
    pub spans: u64,
}

impl RejectedTraces {
    /// What becomes of a chunk with this decision.
    pub fn fate(self, decision: Option<Decision>, records: &[RecordRef<'_>]) -> Fate {
        if self == RejectedTraces::Sent || decision.is_none_or(|decision| decision.priority > 0) {
            return Fate::Keep;
        }
        if self == RejectedTraces::Dropped {
            return Fate::Drop;
        }
        if records.iter().any(|record| record.head.has(flag::ERROR)) {
            return Fate::Keep;
        }
        match records.iter().filter(|record| is_kept_for_itself(record)).count() {
            0 => Fate::Drop,
            count if count == records.len() => Fate::Keep,
            _ => Fate::Reduce,
        }
    }
}

/// Whether a span is sent without its trace: by a rule for single spans, here or by the program's own hand, or because it is analysed.
fn is_kept_for_itself(record: &RecordRef<'_>) -> bool {
    if record.head.span_rule != 0 {
        return true;
    }
    let kept_by_rule = match record.number(b"_dd.span_sampling.mechanism") {
        Some(Number::Int(value)) => value == i64::from(mechanism::SPAN_RULE),
        Some(Number::Float(value)) => value == f64::from(mechanism::SPAN_RULE),
        None => false,
    };
    kept_by_rule || record.number(b"_dd1.sr.eausr").is_some()
}

/// Lets all chunks of traces go that sampling rejected.
pub fn drop_rejected(block: &mut Block) -> Removed {
    let mut fates = Vec::with_capacity(block.chunks as usize);
    let mut rest = block.bytes.as_slice();
    while let Some(head) = ChunkHead::read(rest) {
        fates.push(RejectedTraces::Dropped.fate(head.current_decision(), &[]));
        rest = rest.get(head.len as usize..).unwrap_or_default();
    }
    if fates.contains(&Fate::Drop) { apply(&fates, block) } else { Removed::default() }
}

/// Lets the chunks of a block go or stay, one fate for each in their order. Their memory is free at once; the block's budget is given back when
/// it is shrunk or dropped.
pub fn apply(fates: &[Fate], block: &mut Block) -> Removed {
    let mut removed = Removed::default();
    let (mut from, mut to) = (0, 0);
    for fate in fates {
        let Some(head) = block.bytes.get(from..).and_then(ChunkHead::read) else { break };
        let len = head.len as usize;
        let kept_len = match (fate, block.bytes.get_mut(from..from + len)) {
            (Fate::Drop, Some(chunk)) => {
                drop_chunks(chunk);
                removed.chunks += 1;
                removed.spans += u64::from(head.span_count);
                0
            }
            (Fate::Reduce, Some(chunk)) => {
                let (kept_len, spans) = reduce(chunk, head);
                removed.spans += spans;
                kept_len
            }
            _ => len,
        };
        block.bytes.copy_within(from..from + kept_len, to);
        from += len;
        to += kept_len;
    }
    let rest = block.bytes.len().saturating_sub(from);
    block.bytes.copy_within(from.., to);
    block.bytes.truncate(to + rest);
    block.chunks = block.chunks.saturating_sub(u32::try_from(removed.chunks).unwrap_or(u32::MAX));
    block.spans = block.spans.saturating_sub(u32::try_from(removed.spans).unwrap_or(u32::MAX));
    removed
}

/// Takes the spans out that no rule of their own kept. Returns the length of the chunk that is left, and how many spans went.
fn reduce(chunk: &mut [u8], mut head: ChunkHead) -> (usize, u64) {
    let (mut from, mut to, mut kept) = (CHUNK_HEAD, CHUNK_HEAD, 0);
    while let Some((record, rest)) = chunk.get(from..).and_then(RecordRef::split) {
        let len = chunk.len() - from - rest.len();
        if is_kept_for_itself(&record) {
            chunk.copy_within(from..from + len, to);
            to += len;
            kept += 1;
        } else {
            drop_records(&mut chunk[from..from + len]);
        }
        from += len;
    }
    let gone = head.span_count.saturating_sub(kept);
    head.len = to as u32;
    head.span_count = kept;
    head.write(chunk);
    (to, u64::from(gone))
}

#[cfg(test)]
#[path = "rejected_tests.rs"]
mod tests;
