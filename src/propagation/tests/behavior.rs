//! `DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT`: continue, restart, ignore.

use super::*;
use crate::config::ExtractBehavior;
use crate::record::SpanLink;

const TID: u64 = 1229782938247303441;

fn settings(behavior: ExtractBehavior, extract_first: bool) -> PropagationSettings {
    PropagationSettings { behavior, extract_first, ..PropagationSettings::default() }
}

/// The Datadog headers of a trace and a traceparent.
fn headers<'a>(ids: &'a str, parent: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("x-datadog-trace-id", ids),
        ("x-datadog-parent-id", ids),
        ("x-datadog-sampling-priority", "2"),
        ("x-datadog-tags", "_dd.p.tid=1111111111111111,_dd.p.dm=-4"),
        ("traceparent", parent),
        ("tracestate", "dd=s:2;t.dm:-4,foo=1"),
        ("baggage", "key1=value1"),
    ]
}

const SAME: &str = "00-11111111111111110000000000000001-0000000000000001-01";
const OTHER_SPAN: &str = "00-11111111111111110000000000000001-1234567890123456-01";
const OTHER_TRACE: &str = "00-12345678901234567890123456789012-1234567890123456-01";

fn restart_link(span_id: u64) -> SpanLink {
    let attributes = [("reason", "propagation_behavior_extract"), ("context_headers", "datadog")];
    SpanLink {
        trace_id: u128::from(TID) << 64 | 1,
        span_id,
        flags: Some(1),
        tracestate: String::new(),
        attributes: attributes.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
    }
}

#[test]
fn continue_goes_on_with_the_trace() {
    let settings = settings(ExtractBehavior::Continue, false);
    let extracted = extract(&settings, &headers("1", SAME));
    assert_eq!((extracted.trace_id, extracted.span_id), (u128::from(TID) << 64 | 1, 1));
    assert!(extracted.tags.links().is_empty());
    assert_eq!(extracted.tags.baggage().get("key1"), Some("value1"));
    let written = inject(&settings, &child_of(&extracted));
    assert_eq!(written.get("x-datadog-tags"), Some("_dd.p.dm=-4,_dd.p.tid=1111111111111111"));
    assert_eq!(written.get("baggage"), Some("key1=value1"));
}

#[test]
fn continue_links_a_conflicting_trace() {
    let extracted = extract(&settings(ExtractBehavior::Continue, false), &headers("2", OTHER_TRACE));
    assert_eq!(extracted.trace_id as u64, 2);
    let [link] = extracted.tags.links() else { panic!("one link expected") };
    assert_eq!(link.trace_id as u64, 8687463697196027922);
    assert_eq!(((link.trace_id >> 64) as u64, link.span_id), (1311768467284833366, 1311768467284833366));
    assert_eq!(link.tracestate, "dd=s:2;t.dm:-4,foo=1");
    let expected = [("reason", "terminated_context"), ("context_headers", "tracecontext")];
    assert_eq!(link.attributes, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn restart_keeps_one_link_and_the_baggage() {
    for (extract_first, parent, span_id) in [
        (false, SAME, 1),
        (false, OTHER_TRACE, 1),
        (false, OTHER_SPAN, 0x1234_5678_9012_3456),
        (true, SAME, 1),
        (true, OTHER_TRACE, 1),
        (true, OTHER_SPAN, 1),
    ] {
        let settings = settings(ExtractBehavior::Restart, extract_first);
        let extracted = extract(&settings, &headers("1", parent));
        assert!(extracted.is_empty() && extracted.span_id == 0 && extracted.priority.is_none() && !extracted.is_remote);
        assert_eq!(extracted.tags.links(), [restart_link(span_id)], "{parent}");
        assert_eq!((tags(&extracted.tags), extracted.tags.vendor_members().count()), (vec![], 0));
        assert_eq!(extracted.tags.last_parent_id(), None);
        assert_eq!(extracted.tags.baggage().get("key1"), Some("value1"));
        let new_trace = InjectInput { tags: Some(&extracted.tags), ..local(5, 0, 1, None) };
        let written = inject(&settings, &new_trace);
        assert_eq!((written.get("x-datadog-tags"), written.get("baggage")), (Some("_dd.p.dm=-0"), Some("key1=value1")));
    }
}

#[test]
fn restart_from_w3c_headers_links_their_tracestate() {
    let settings = PropagationSettings { behavior: ExtractBehavior::Restart, ..styles(W3C) };
    let extracted = extract(&settings, &headers("1", SAME));
    let [link] = extracted.tags.links() else { panic!("one link expected") };
    assert_eq!(link.tracestate, "dd=s:2;t.dm:-4,foo=1");
    assert_eq!(link.attributes[1].1, "tracecontext");
    assert_eq!(extracted.tags.tracestate(), None);
}

#[test]
fn restart_without_a_context_or_a_span_has_no_link() {
    let settings = settings(ExtractBehavior::Restart, false);
    assert_eq!(extract(&settings, &[("x-datadog-trace-id", "0")]), Extracted::default());
    assert_eq!(extract(&settings, &[("x-datadog-trace-id", "1")]), Extracted::default());
}

#[test]
fn ignore_reads_nothing() {
    let settings = settings(ExtractBehavior::Ignore, false);
    for parent in [SAME, OTHER_TRACE] {
        let (extracted, report) = extract_reported(&settings, &headers("1", parent));
        assert_eq!((extracted, report), (Extracted::default(), ExtractReport::default()));
    }
}

#[test]
fn no_style_means_no_headers() {
    let (extracted, _) = extract_reported(&styles(&[]), &headers("1", SAME));
    assert_eq!(extracted, Extracted::default());
    assert_eq!(inject(&styles(&[]), &local(1, 0, 1, None)).names(), [""; 0]);
}
