//! Finished chunks in the form that is easy to read.

use super::chunk::ChunkRef;
use super::snapshot::Snapshot;
use crate::record::msgpack::{decode_number, split_str};
use crate::record::{ChunkData, Field, RecordRef, SpanData, flag};
use crate::wire::{AddedTags, ChunkFacts};

/// What the encoders are told about a chunk.
pub fn chunk_facts<'a>(
    chunk: &ChunkRef<'_>,
    snapshot: &'a Snapshot,
    tags: Option<&'a crate::context::TraceTags>,
) -> ChunkFacts<'a> {
    let is_kept = chunk.head.decision.is_some_and(|decision| decision.is_kept());
    ChunkFacts {
        trace_id: chunk.head.trace_id,
        decision: chunk.head.decision,
        tags,
        partial_spans: chunk.head.partial_spans,
        keep_rate: 1.0,
        library: &snapshot.library,
        // A trace that was kept by hand after its spans were chosen has no use for that.
        span_rules: if is_kept { &[] } else { &snapshot.span_rules },
        native_events: snapshot.native_events,
    }
}

/// The chunk with all tags that the library adds.
pub fn chunk_data(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) -> ChunkData {
    let mut added = AddedTags::default();
    let spans = records.iter().enumerate().map(|(index, record)| span_data(facts, record, index == 0, &mut added)).collect();
    ChunkData { spans, priority: facts.decision.map(|decision| decision.priority) }
}

fn span_data(facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, added: &mut AddedTags) -> SpanData {
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let name = text_of(record.field(Field::Name));
    let mut span = SpanData {
        trace_id: facts.trace_id,
        span_id: record.head.span_id,
        parent_id: record.head.parent_id,
        service: or(text_of(record.field(Field::Service)), &facts.library.service),
        resource: or(text_of(record.field(Field::Resource)), &name),
        name,
        span_type: text_of(record.field(Field::Type)),
        start_ns: record.head.start_ns,
        duration_ns: record.head.duration_ns.max(0),
        error: record.head.has(flag::ERROR),
        meta: record.runs.each_text().map(|(key, value)| (text_of(key), text_of(value))).collect(),
        metrics: record.runs.each_number().map(|(key, value)| (text_of(key), value)).collect(),
        baggage: facts.tags.map_or_else(Vec::new, |tags| owned(tags.baggage().iter())),
        ..SpanData::default()
    };
    added.texts(facts, record, is_chunk_root, &mut |tag: &[u8]| {
        let pair = split_str(tag).and_then(|(key, rest)| Some((key, split_str(rest)?.0)));
        span.meta.extend(pair.map(|(key, value)| (text_of(key), text_of(value))));
    });
    added.numbers(facts, record, is_chunk_root, &mut |tag: &[u8]| {
        let pair = split_str(tag).and_then(|(key, rest)| Some((key, decode_number(rest)?)));
        span.metrics.extend(pair.map(|(key, value)| (text_of(key), value)));
    });
    if let Some(extra) = record.extra() {
        span.links.clone_from(&extra.links);
        span.events.clone_from(&extra.events);
        span.meta_struct.clone_from(&extra.meta_struct);
    }
    span
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
