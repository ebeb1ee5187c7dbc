//! What one attempt sends: the chunks of some blocks.

use super::block::Block;
use super::chunk::{ChunkRef, StartOrder};
use super::chunk_data::{chunk_data, chunk_facts};
use super::exporter::Payload;
use super::pipeline::EARLY_FLUSH_BYTES;
use super::snapshot::Snapshot;
use crate::context::TraceTags;
use crate::record::{ChunkData, RecordRef};
use crate::wire::{ChunkFacts, TraceEncoder};
use std::collections::VecDeque;

/// What one attempt sends.
pub struct Batch<'a> {
    /// Blocks, oldest first.
    pub blocks: &'a VecDeque<Block>,
    /// How many of them.
    pub count: usize,
    /// The keep rate that chunk roots tell.
    pub keep_rate: f64,
    /// Whether the exporter takes events as lists of their own, whatever the settings say.
    pub native_events: bool,
}

impl Batch<'_> {
    fn facts<'a>(&self, snapshot: &'a Snapshot, chunk: &ChunkRef<'_>, tags: Option<&'a TraceTags>) -> ChunkFacts<'a> {
        let native_events = self.native_events || snapshot.native_events;
        ChunkFacts { keep_rate: self.keep_rate, native_events, ..chunk_facts(chunk, snapshot, tags) }
    }

    /// Calls `use_it` with every chunk: its snapshot, itself, its tags, its records in start order.
    fn each_chunk(&self, mut use_it: impl FnMut(&Snapshot, &ChunkRef<'_>, Option<&TraceTags>, &[RecordRef<'_>])) {
        let (mut order, mut records) = (StartOrder::default(), Vec::new());
        for block in self.blocks.iter().take(self.count) {
            each_chunk(block, &mut order, &mut records, |chunk, tags, records| use_it(&block.snapshot, chunk, tags, records));
        }
    }
}

impl Payload for Batch<'_> {
    fn chunk_count(&self) -> usize {
        self.blocks.iter().take(self.count).map(|block| block.chunks as usize).sum()
    }

    fn encode(&self, format: &mut dyn TraceEncoder) {
        format.begin();
        self.each_chunk(|snapshot, chunk, tags, records| {
            format.chunk(&self.facts(snapshot, chunk, tags), records);
        });
    }

    fn data(&self) -> Vec<ChunkData> {
        let mut all = Vec::new();
        self.each_chunk(|snapshot, chunk, tags, records| {
            all.push(chunk_data(&self.facts(snapshot, chunk, tags), records));
        });
        all
    }
}

/// How many blocks go into one payload.
pub fn batch_len(waiting: &VecDeque<Block>) -> usize {
    let mut bytes = 0;
    let fits = waiting.iter().take_while(|block| {
        bytes += block.bytes.len();
        bytes <= EARLY_FLUSH_BYTES
    });
    fits.count().max(1)
}

/// Calls `use_it` with every chunk of a block: itself, its tags, its records in start order.
pub fn each_chunk<'a>(
    block: &'a Block,
    order: &mut StartOrder,
    records: &mut Vec<RecordRef<'a>>,
    mut use_it: impl FnMut(&ChunkRef<'_>, Option<&TraceTags>, &[RecordRef<'_>]),
) {
    let mut rest = block.bytes.as_slice();
    while let Some((mut chunk, tail)) = ChunkRef::split(rest) {
        rest = tail;
        chunk.head.decision = chunk.head.current_decision();
        chunk.sorted_records(order, records);
        let tags = chunk.head.state.filter(|state| state.has_tags());
        // A copy, so that no thread of the application waits for what is done here.
        let tags = tags.and_then(|state| state.read_tags(TraceTags::clone));
        use_it(&chunk, tags.as_ref(), records);
    }
}
