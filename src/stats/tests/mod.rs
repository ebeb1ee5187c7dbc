//! Spans go in, payloads come out and are decoded by another MessagePack implementation.

mod checklist;
mod decoded;
mod keys;
mod limits;
mod random;
mod span_metrics;
mod time;

use super::{Concentrator, Features};
use crate::config::CardinalityLimits;
use crate::record::{Field, LibraryTags, RecordRef, flag};
use crate::wire::tests::records::{BuiltRecord, RecordBuilder};
use crate::wire::tests::{facts, library};
use crate::wire::{ChunkFacts, StatsFacts};
use decoded::{DecodedGroup, DecodedPayload, decode};

const SECOND: i64 = 1_000_000_000;
/// Some time, at the beginning of a bucket.
const NOW: i64 = 1_700_000_000 * SECOND;

fn concentrator() -> Concentrator {
    concentrator_with(&[], CardinalityLimits::default())
}

fn concentrator_with(additional_tags: &[&str], limits: CardinalityLimits) -> Concentrator {
    let facts = StatsFacts {
        env: "prod".to_owned(),
        version: "1.2".to_owned(),
        service: "web".to_owned(),
        language: "cpp".to_owned(),
        tracer_version: "0.1.0".to_owned(),
        runtime_id: "id".to_owned(),
        git_commit_sha: "abc".to_owned(),
        ..StatsFacts::default()
    };
    Concentrator::new(facts, additional_tags.iter().map(|tag| (*tag).to_owned()).collect(), limits, NOW)
}

/// A root that ended now and took a second.
fn root() -> RecordBuilder {
    span().flags(flag::LOCAL_ROOT | flag::TOP_LEVEL)
}

/// A span within its service.
fn child() -> RecordBuilder {
    span().head(|head| (head.span_id, head.parent_id) = (3, 2))
}

fn span() -> RecordBuilder {
    RecordBuilder::new().head(|head| (head.start_ns, head.duration_ns) = (NOW - SECOND, SECOND)).field(Field::Resource, "GET /")
}

fn add(concentrator: &mut Concentrator, chunk: impl IntoIterator<Item = RecordBuilder>) {
    add_to(concentrator, &facts(&library()), chunk);
}

fn add_to(concentrator: &mut Concentrator, facts: &ChunkFacts<'_>, chunk: impl IntoIterator<Item = RecordBuilder>) {
    let records: Vec<BuiltRecord> = chunk.into_iter().map(RecordBuilder::build).collect();
    let records: Vec<RecordRef<'_>> = records.iter().map(BuiltRecord::get).collect();
    concentrator.add(facts, &records, NOW);
}

/// Everything, in one payload.
fn flushed(concentrator: &mut Concentrator) -> DecodedPayload {
    let payloads = concentrator.flush(NOW, true);
    assert_eq!(payloads.len(), 1);
    decode(&payloads[0].body)
}

/// The groups of one chunk, counted alone.
fn groups_of(chunk: impl IntoIterator<Item = RecordBuilder>) -> Vec<DecodedGroup> {
    groups_with(&facts(&library()), chunk)
}

fn groups_with(facts: &ChunkFacts<'_>, chunk: impl IntoIterator<Item = RecordBuilder>) -> Vec<DecodedGroup> {
    let mut concentrator = concentrator();
    add_to(&mut concentrator, facts, chunk);
    concentrator.flush(NOW, true).iter().flat_map(|payload| decode(&payload.body).into_groups()).collect()
}

/// The only group of one span.
fn group_of(span: RecordBuilder) -> DecodedGroup {
    let mut groups = groups_of([span]);
    assert_eq!(groups.len(), 1);
    groups.remove(0)
}
