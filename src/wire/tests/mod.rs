//! Payloads are decoded by another MessagePack implementation, and their values compared.

mod added_tags;
mod agentless;
pub(crate) mod decoded;
mod decoded_v10;
mod formats_agree;
mod otlp;
pub(crate) mod records;
mod v04;
mod v05;
mod v10;

use super::{ChunkFacts, TraceEncoder};
use crate::record::{LibraryTags, RecordRef};
use records::BuiltRecord;

/// A chunk that nothing is known of: no decision, no tags, nothing dropped lately.
pub(crate) fn facts(library: &LibraryTags) -> ChunkFacts<'_> {
    ChunkFacts {
        trace_id: 1,
        decision: None,
        tags: None,
        partial_spans: 0,
        keep_rate: 1.0,
        library,
        span_rules: &[],
        native_events: true,
    }
}

pub(crate) fn library() -> LibraryTags {
    LibraryTags::new("web", "cpp")
}

/// The payload of one chunk.
fn encode(format: &mut impl TraceEncoder, facts: &ChunkFacts<'_>, records: &[BuiltRecord]) -> Vec<u8> {
    let records: Vec<RecordRef<'_>> = records.iter().map(BuiltRecord::get).collect();
    format.begin();
    format.chunk(facts, &records);
    format.finish().to_vec()
}

pub(crate) fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
