//! Resources of queries, and addresses among peer tags, as statistics tell them apart.

use super::encoders::{Span, stats};
use ddtrace::context::Decision;
use ddtrace::record::{Extra, Field, Head, LibraryTags, RecordRef, Runs, clean, flag};
use ddtrace::wire::ChunkFacts;

/// The first byte chooses a type; then a host name up to a line feed, then the resource.
pub fn resources(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let types = ["sql", "cassandra", "redis", "valkey", "memcached", "mongodb", "elasticsearch", "web"];
    let line_end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (host, resource) = rest.split_at(line_end);
    let mut head =
        Head { span_id: 1, flags: flag::TOP_LEVEL, duration_ns: 1000, start_ns: 1_700_000_000_000_000_000, ..Head::EMPTY };
    let mut buffer = vec![0; 64 * 1024];
    let mut runs = Runs { head: &mut head, buffer: &mut buffer };
    let _ = runs.set_field(Field::Name, b"query");
    let _ = runs.set_field(Field::Type, types[usize::from(choice % 8)].as_bytes());
    let _ = runs.set_field(Field::Resource, &clean(resource));
    let _ = runs.set_text(b"span.kind", b"client");
    let _ = runs.set_text(b"out.host", &clean(host));
    let span = Span::of(head, &buffer, Extra::default());
    let library = LibraryTags::new("web", "cpp");
    let facts = ChunkFacts {
        trace_id: 1,
        decision: Some(Decision::inherited(1)),
        tags: None,
        partial_spans: 0,
        keep_rate: 1.0,
        library: &library,
        span_rules: &[],
        native_events: true,
    };
    let records: [RecordRef<'_>; 1] = [span.get()];
    let payloads = stats(&facts, &records);
    assert_eq!(payloads.len(), 1, "{payloads:?}");
}
