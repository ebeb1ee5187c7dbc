//! Several styles in one set of headers.

use super::*;
use crate::record::SpanLink;

const FIRST: &str = "11111111111111110000000000000001";

fn w3c(low: u8, span: &str) -> String {
    format!("00-1111111111111111{low:016x}-{span}-01")
}

/// Ids of the result and its last Datadog parent.
fn seen(extracted: &Extracted) -> (u128, u64, Option<&str>) {
    (extracted.trace_id, extracted.span_id, extracted.tags.last_parent_id())
}

fn link(trace_id: u128, span_id: u64, flags: u32, tracestate: &str, style: &str) -> SpanLink {
    let attributes = [("reason", "terminated_context"), ("context_headers", style)];
    SpanLink {
        trace_id,
        span_id,
        flags: Some(flags),
        tracestate: tracestate.to_owned(),
        attributes: attributes.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
    }
}

#[test]
fn equal_ids_name_no_last_parent() {
    let extracted = extract(
        &styles(DATADOG_W3C),
        &[
            ("traceparent", &format!("00-{FIRST}-000000003ade68b1-01")),
            ("tracestate", "dd=s:2;p:000000003ade68b1,foo=1"),
            ("x-datadog-trace-id", "1"),
            ("x-datadog-tags", "_dd.p.tid=1111111111111111"),
            ("x-datadog-parent-id", "987654321"),
        ],
    );
    assert_eq!(seen(&extracted), (0x1111_1111_1111_1111_0000_0000_0000_0001, 987654321, None));
    assert_eq!(extracted.tags.vendor_members().collect::<Vec<_>>(), ["foo=1"]);
}

#[test]
fn another_trace_becomes_a_link_and_its_tracestate_stays_behind() {
    let headers = [
        ("traceparent", &*w3c(2, "000000003ade68b1")),
        ("tracestate", "dd=s:2;p:000000000000000a,foo=1"),
        ("x-datadog-trace-id", "2"),
        ("x-datadog-tags", "_dd.p.tid=2222222222222222"),
        ("x-datadog-parent-id", "10"),
    ];
    let (extracted, report) = extract_reported(&styles(DATADOG_W3C), &headers);
    assert_eq!(seen(&extracted), (0x2222_2222_2222_2222_0000_0000_0000_0002, 10, None));
    assert_eq!(extracted.tags.vendor_members().count(), 0);
    let expected = link(0x1111_1111_1111_1111_0000_0000_0000_0002, 987654321, 1, headers[1].1, "tracecontext");
    assert_eq!(extracted.tags.links(), [expected]);
    assert!(report.conflict && report.primary == Some(PropagationStyle::Datadog));
}

#[test]
fn a_nearer_parent_is_taken_and_the_last_datadog_one_remembered() {
    let case = |low: u8, tid: Option<&str>, state: &str| {
        let (trace, tags) = (low.to_string(), tid.map(|tid| format!("_dd.p.tid={tid}")));
        let high = tid.unwrap_or("0000000000000000");
        let parent = format!("00-{high}{low:016x}-000000003ade68b1-01");
        let ids =
            [("traceparent", &*parent), ("tracestate", state), ("x-datadog-trace-id", &*trace), ("x-datadog-parent-id", "10")];
        let headers: Vec<_> = ids.into_iter().chain(tags.as_deref().map(|tags| ("x-datadog-tags", tags))).collect();
        let extracted = extract(&styles(DATADOG_W3C), &headers);
        assert!(extracted.tags.links().is_empty());
        (extracted.span_id, extracted.tags.last_parent_id().map(str::to_owned))
    };
    let parent = |id: &str| (987654321, Some(id.to_owned()));
    assert_eq!(case(3, Some("1111111111111111"), "dd=s:2;p:000000000000000a,foo=1"), parent("000000000000000a"));
    assert_eq!(case(4, None, "dd=s:2,foo=1"), parent("000000000000000a"));
    assert_eq!(case(5, None, "dd=s:2;p:8fffffffffffffff,foo=1"), parent("8fffffffffffffff"));
}

#[test]
fn no_zero_id_is_remembered_as_parent() {
    let headers = [("traceparent", "00-00000000000000000000000000000004-000000003ade68b1-01"), ("x-datadog-trace-id", "4")];
    assert_eq!(seen(&extract(&styles(DATADOG_W3C), &headers)), (4, 987654321, None));
}

#[test]
fn extract_first_reads_one_style_alone() {
    let settings = PropagationSettings { extract_first: true, ..styles(DATADOG_W3C) };
    let headers = [
        ("traceparent", "00-00000000000000000000000000000006-000000000000000f-01"),
        ("tracestate", "dd=s:2;p:0123456789abcdef,foo=1"),
        ("x-datadog-trace-id", "6"),
        ("x-datadog-parent-id", "987654320"),
    ];
    let extracted = extract(&settings, &headers);
    assert_eq!(seen(&extracted), (6, 987654320, None));
    assert_eq!(extracted.tags.vendor_members().count(), 0);
    assert!(extract(&settings, &headers[..2]).is_empty(), "a first style without a context ends it");
    let baggage_first = [PropagationStyle::Baggage, PropagationStyle::Datadog, PropagationStyle::TraceContext];
    let settings = PropagationSettings { extract_first: true, ..styles(&baggage_first) };
    let extracted = extract(&settings, &[&headers[..], &[("baggage", "a=b")]].concat());
    assert_eq!((extracted.trace_id, extracted.tags.baggage().get("a")), (6, Some("b")));
}

#[test]
fn with_w3c_first_datadog_overrides_nothing() {
    let with_state = |state| {
        let headers = [
            ("traceparent", "00-00000000000000000000000000000004-000000003ade68b1-01"),
            ("tracestate", state),
            ("x-datadog-trace-id", "4"),
            ("x-datadog-parent-id", "10"),
            ("x-datadog-sampling-priority", "-1"),
        ];
        let extracted = extract(&styles(W3C_DATADOG), &headers);
        (extracted.span_id, extracted.priority, extracted.tags.last_parent_id().map(str::to_owned))
    };
    assert_eq!(with_state("dd=s:2"), (987654321, Some(2), None));
    assert_eq!(with_state("dd=s:2;p:000000000000000a"), (987654321, Some(2), Some("000000000000000a".to_owned())));
}

#[test]
fn our_items_come_from_the_primary_style() {
    let headers = [
        ("traceparent", "00-00000000000000000000000000000004-000000000000000a-01"),
        ("tracestate", "dd=s:1;o:rum;t.a:w3c;x:unknown,foo=1"),
        ("x-datadog-trace-id", "4"),
        ("x-datadog-parent-id", "10"),
        ("x-datadog-sampling-priority", "2"),
        ("x-datadog-tags", "_dd.p.a=datadog"),
    ];
    let datadog_first = forward(&styles(DATADOG_W3C), &headers);
    assert_eq!(datadog_first.get("tracestate"), Some("dd=s:2;p:0123456789abcdef;t.a:datadog;x:unknown,foo=1"));
    assert_eq!(datadog_first.get("x-datadog-origin"), None);
    let w3c_first = forward(&styles(W3C_DATADOG), &headers);
    assert_eq!(w3c_first.get("tracestate"), Some("dd=s:1;p:0123456789abcdef;o:rum;t.a:w3c;x:unknown,foo=1"));
    assert_eq!(w3c_first.get("x-datadog-sampling-priority"), Some("1"));
}

#[test]
fn every_later_style_with_another_trace_is_linked() {
    let all = [PropagationStyle::Datadog, PropagationStyle::B3, PropagationStyle::B3Multi, PropagationStyle::TraceContext];
    let headers = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "1"),
        ("b3", "2-20-d"),
        ("x-b3-traceid", "3"),
        ("x-b3-spanid", "30"),
        ("x-b3-sampled", "0"),
        ("traceparent", "00-00000000000000000000000000000004-0000000000000040-00"),
    ];
    let extracted = extract(&styles(&all), &headers);
    let expected = [link(2, 0x20, 1, "", "b3"), link(3, 0x30, 0, "", "b3multi"), link(4, 0x40, 0, "", "tracecontext")];
    assert_eq!((extracted.trace_id, extracted.tags.links()), (1, &expected[..]));
    let no_span = extract(&styles(&all), &[("x-datadog-trace-id", "1"), ("x-b3-traceid", "3")]);
    assert!(no_span.tags.links().is_empty(), "a link needs a span");
}

#[test]
fn a_64_bit_id_is_not_that_of_a_128_bit_trace() {
    let headers = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "10"), ("traceparent", &*w3c(1, "000000000000000a"))];
    assert_eq!(extract(&styles(DATADOG_W3C), &headers).tags.links().len(), 1);
    let completed = [&headers[..], &[("x-datadog-tags", "_dd.p.tid=1111111111111111")]].concat();
    assert!(extract(&styles(DATADOG_W3C), &completed).tags.links().is_empty());
    assert!(extract(&styles(W3C_DATADOG), &completed).tags.links().is_empty());
    let linked = extract(&styles(W3C_DATADOG), &headers);
    assert_eq!(linked.tags.links(), [link(1, 10, 0, "", "datadog")]);
}

#[test]
fn a_style_that_is_not_valid_leaves_the_lead_to_the_next() {
    let headers = [
        ("x-datadog-trace-id", "0"),
        ("x-datadog-parent-id", "10"),
        ("x-datadog-origin", "rum"),
        ("traceparent", &*w3c(1, "000000000000000a")),
    ];
    let (extracted, report) = extract_reported(&styles(DATADOG_W3C), &headers);
    assert_eq!((extracted.span_id, extracted.tags.origin()), (10, None));
    assert_eq!(report.primary, Some(PropagationStyle::TraceContext));
    assert!(report.malformed.contains(PropagationStyle::Datadog));
}

#[test]
fn datadog_headers_alone_leave_in_every_style() {
    let all = [PropagationStyle::Datadog, PropagationStyle::TraceContext, PropagationStyle::B3, PropagationStyle::B3Multi];
    let headers = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "2"),
        ("x-datadog-sampling-priority", "2"),
        ("x-datadog-origin", "synthetics"),
        ("x-datadog-tags", "_dd.p.dm=-4,_dd.p.tid=640cfd8d00000000"),
    ];
    let written = forward(&styles(&all), &headers);
    let trace = "640cfd8d000000000000000000000001";
    assert_eq!(
        written.pairs(),
        [
            ("x-datadog-trace-id", "1"),
            ("x-datadog-parent-id", "81985529216486895"),
            ("x-datadog-sampling-priority", "2"),
            ("x-datadog-origin", "synthetics"),
            ("x-datadog-tags", "_dd.p.dm=-4,_dd.p.tid=640cfd8d00000000"),
            ("traceparent", &*format!("00-{trace}-0123456789abcdef-01")),
            ("tracestate", "dd=s:2;p:0123456789abcdef;o:synthetics;t.dm:-4"),
            ("b3", &*format!("{trace}-0123456789abcdef-d")),
            ("x-b3-traceid", trace),
            ("x-b3-spanid", "0123456789abcdef"),
            ("x-b3-flags", "1"),
        ]
    );
}

#[test]
fn what_one_service_writes_the_next_reads_alike_in_both_styles() {
    let mut carried = TraceTags::default();
    assert!(carried.set_origin("synthetics") && carried.set("_dd.p.usr.id", "baz64=="));
    let input = InjectInput { tags: Some(&carried), ..local(0x640c_fd8d_0000_0000_0000_0000_0000_002a, 3, 2, Some(0.5)) };
    let written = inject(&styles(DATADOG_W3C), &input);
    let by_datadog = extract(&styles(DATADOG), &written.pairs());
    let by_w3c = extract(&styles(W3C), &written.pairs());
    for extracted in [&by_datadog, &by_w3c] {
        assert_eq!((extracted.trace_id, extracted.span_id, extracted.priority), (input.trace_id, LOCAL_SPAN, Some(2)));
        assert_eq!(extracted.tags.origin(), Some("synthetics"));
        for (key, value) in [("_dd.p.usr.id", "baz64=="), ("_dd.p.dm", "-3"), ("_dd.p.ksr", "0.5")] {
            assert_eq!(extracted.tags.get(key), Some(value));
        }
    }
}
