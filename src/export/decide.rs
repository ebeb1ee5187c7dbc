//! Sampling in the background: the decisions that nobody needed earlier, and single-span sampling.

use super::block::Block;
use super::census::Census;
use super::chunk::{ChunkHead, ChunkRef, StartOrder, each_chunk_mut};
use super::snapshot::Snapshot;
use super::span_ref::SpanRef;
use crate::context::Decision;
use crate::record::{RecordRef, start_numbers, unix_ns, update_head};
use std::sync::Arc;

/// Makes the decisions that are open, in the order in which the chunks ended, and applies single-span sampling. What there is to
/// count of the chunks is counted on the way.
pub fn decide(blocks: &mut [Block], census: &Census) {
    let mut tally = census.begin();
    let now = unix_ns();
    let mut open: Vec<(i64, usize, usize)> = Vec::new();
    for (index, block) in blocks.iter_mut().enumerate() {
        let mut at = 0;
        each_chunk_mut(&mut block.bytes, |head, _| {
            if !head.is_processed {
                // A chunk may claim to end in the future, which must not fill the limiters.
                open.push((head.end_ns.min(now), index, at));
            }
            at += head.len as usize;
        });
    }
    open.sort_unstable();
    for (end_ns, index, at) in open {
        let Some(block) = blocks.get_mut(index) else { continue };
        let snapshot = Arc::clone(&block.snapshot);
        let Some(rest) = block.bytes.get_mut(at..) else { continue };
        let len = ChunkRef::split(rest).map_or(0, |(chunk, _)| chunk.head.len as usize);
        let Some(chunk) = rest.get_mut(..len) else { continue };
        each_chunk_mut(chunk, |head, records| {
            process(head, records, end_ns, &snapshot);
            if let Some(tally) = &mut tally {
                tally.chunk(head, records);
            }
        });
    }
    if let Some(tally) = tally {
        census.add(tally);
    }
}

fn process(head: &mut ChunkHead, records: &mut [u8], end_ns: i64, snapshot: &Snapshot) {
    head.decision = head.current_decision();
    if head.decision.is_none() {
        let decision = decide_chunk(head, records, end_ns, snapshot);
        head.decision = Some(head.state.map_or(decision, |state| state.decide(&decision)));
    }
    head.is_processed = true;
    if head.decision.is_some_and(|decision| !decision.is_kept()) && !snapshot.span_sampler.is_empty() {
        sample_spans(end_ns, records, snapshot);
    }
}

/// Decides on the local root; where it is not in the chunk, on the first record.
fn decide_chunk(head: &ChunkHead, records: &[u8], end_ns: i64, snapshot: &Snapshot) -> Decision {
    let first = start_numbers(records).min_by_key(|(number, _)| *number);
    let Some(root) = first.and_then(|(_, at)| RecordRef::at(records, at)) else {
        return Decision { priority: 1, mechanism: Some(0), rate: None, limit_rate: None };
    };
    let span = SpanRef::of_record(&root, snapshot);
    let env = snapshot.env_of(&span);
    snapshot.sampler.decide(head.trace_id as u64, &span, env, end_ns)
}

/// Marks the spans of a dropped trace that single-span rules keep, in start order.
fn sample_spans(end_ns: i64, records: &mut [u8], snapshot: &Snapshot) {
    for at in StartOrder::default().offsets(records) {
        let Some(bytes) = records.get_mut(at..) else { continue };
        let rule = RecordRef::split(bytes)
            .and_then(|(record, _)| snapshot.span_sampler.decide(&SpanRef::of_record(&record, snapshot), end_ns))
            .map(|sampling| sampling.rule as u32 + 1);
        if let Some(rule) = rule {
            update_head(bytes, |head| head.span_rule = rule);
        }
    }
}
