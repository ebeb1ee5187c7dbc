//! Trace filters of the agent, and the spans that they are matched with.

use super::encoders::Span;
use ddtrace::context::Decision;
use ddtrace::export::agent::TraceFilters;
use ddtrace::record::{Extra, Field, Head, LibraryTags, RecordRef, Runs, clean};
use ddtrace::transport::{AgentInfo, TagFilters};
use ddtrace::wire::ChunkFacts;

/// Six lines: a pattern of resources, a filter that rejects and one that is required, the same as patterns, and `key=value` of a tag. The
/// rest is the resource.
pub fn patterns(data: &[u8]) {
    ddtrace::log::set_max_level(None);
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(7, '\n');
    let mut next = || vec![lines.next().unwrap_or_default().to_owned()];
    let info = AgentInfo {
        ignore_resources: next(),
        filter_tags: TagFilters { reject: next(), require: next() },
        filter_tags_regex: TagFilters { reject: next(), require: next() },
        ..AgentInfo::default()
    };
    let (tag, resource) = (next().concat(), next().concat());
    let (key, value) = tag.split_once('=').unwrap_or((&tag, ""));
    let mut head = Head { span_id: 1, ..Head::EMPTY };
    let mut buffer = vec![0; 64 * 1024];
    let mut runs = Runs { head: &mut head, buffer: &mut buffer };
    let _ = runs.set_field(Field::Name, b"op");
    let _ = runs.set_field(Field::Resource, &clean(resource.as_bytes()));
    let _ = runs.set_text(&clean(key.as_bytes()), &clean(value.as_bytes()));
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
    let mut filters = TraceFilters::of_info(&info);
    let rejected = filters.reject(&facts, &records);
    assert_eq!(filters.reject(&facts, &records), rejected, "the same trace, the same answer");
    assert!(!rejected || !filters.is_empty());
}
