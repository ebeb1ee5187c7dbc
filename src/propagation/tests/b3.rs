use super::*;

const SINGLE: &[PropagationStyle] = &[PropagationStyle::B3];
const MULTI: &[PropagationStyle] = &[PropagationStyle::B3Multi];

#[test]
fn the_single_header_is_read() {
    for (value, expected) in [
        ("000000000000000000000000075bcd15-000000003ade68b1-1", (123456789, 987654321, Some(1))),
        ("640cfd8d00000000abcdefab12345678-000000003ade68b1-1", (0x640c_fd8d_0000_0000_abcd_efab_1234_5678, 987654321, Some(1))),
        ("75BCD15-3ADE68B1", (123456789, 987654321, None)),
        ("1-2-d", (1, 2, Some(2))),
        ("1-2-0", (1, 2, Some(0))),
        ("1-2-1-0000000000000003", (1, 2, Some(1))),
        ("1-2-x", (1, 2, None)),
    ] {
        let extracted = extract(&styles(SINGLE), &[("b3", value)]);
        assert_eq!((extracted.trace_id, extracted.span_id, extracted.priority), expected, "{value}");
        assert_eq!(extracted.tags.origin(), None);
    }
}

#[test]
fn the_single_header_without_valid_ids_is_no_context() {
    for value in ["0-0-1", "1-0-1", "0-1-1", "g-1-1", "1-g", "", "-", "1-", "-1", "0000000000000000000000000000000001-1"] {
        assert!(extract(&styles(SINGLE), &[("b3", value)]).is_empty(), "{value}");
    }
    let (extracted, report) = extract_reported(&styles(SINGLE), &[("b3", "0")]);
    assert!(extracted.is_empty() && report.malformed.is_empty(), "a lone sampling state");
}

#[test]
fn the_headers_are_read() {
    let ids = [("x-b3-traceid", "640CFD8D00000000abcdefab12345678"), ("x-b3-spanid", "3ade68b1")];
    let with = |more: Pairs<'_>| extract(&styles(MULTI), &[&ids[..], more].concat());
    let extracted = with(&[("x-b3-sampled", "1"), ("x-b3-parentspanid", "5")]);
    assert_eq!((extracted.trace_id, extracted.span_id), (0x640c_fd8d_0000_0000_abcd_efab_1234_5678, 987654321));
    assert_eq!(extracted.priority, Some(1));
    assert_eq!(with(&[("x-b3-sampled", "0")]).priority, Some(0));
    assert_eq!(with(&[("x-b3-sampled", "0"), ("x-b3-flags", "1")]).priority, Some(2));
    assert_eq!(with(&[("x-b3-sampled", "true"), ("x-b3-flags", "0")]).priority, None);
}

#[test]
fn the_headers_need_a_trace_but_no_span() {
    assert_eq!(extract(&styles(MULTI), &[("x-b3-traceid", "1")]).trace_id, 1);
    assert_eq!(extract(&styles(MULTI), &[("x-b3-traceid", "1"), ("x-b3-spanid", "0")]).span_id, 0);
    for headers in [
        &[("x-b3-traceid", "0"), ("x-b3-spanid", "1")][..],
        &[("x-b3-spanid", "1")],
        &[("x-b3-traceid", "1"), ("x-b3-spanid", "x")],
    ] {
        assert!(extract(&styles(MULTI), headers).is_empty());
    }
}

#[test]
fn ids_are_written_with_all_digits() {
    let long = local(0x640c_fd8d_0000_0000_abcd_efab_1234_5678, 0, 1, None);
    assert_eq!(inject(&styles(SINGLE), &long).get("b3"), Some("640cfd8d00000000abcdefab12345678-0123456789abcdef-1"));
    assert_eq!(inject(&styles(MULTI), &long).get("x-b3-traceid"), Some("640cfd8d00000000abcdefab12345678"));
    let short = local(10, 0, 1, None);
    assert_eq!(inject(&styles(SINGLE), &short).get("b3"), Some("000000000000000a-0123456789abcdef-1"));
    assert_eq!(inject(&styles(MULTI), &short).get("x-b3-traceid"), Some("000000000000000a"));
}

#[test]
fn priorities_become_states() {
    let cases = [
        (-1, "0", Some("0"), None),
        (0, "0", Some("0"), None),
        (1, "1", Some("1"), None),
        (2, "d", None, Some("1")),
        (3, "d", None, Some("1")),
    ];
    for (priority, state, sampled, flags) in cases {
        let input = local(1, 4, priority, None);
        let single = inject(&styles(SINGLE), &input);
        assert_eq!(single.get("b3"), Some(&*format!("0000000000000001-0123456789abcdef-{state}")));
        let multi = inject(&styles(MULTI), &input);
        assert_eq!((multi.get("x-b3-sampled"), multi.get("x-b3-flags")), (sampled, flags), "{priority}");
    }
    let undecided = InjectInput { decision: None, ..local(1, 0, 0, None) };
    assert_eq!(inject(&styles(SINGLE), &undecided).get("b3"), Some("0000000000000001-0123456789abcdef"));
    assert_eq!(inject(&styles(MULTI), &undecided).names(), ["x-b3-traceid", "x-b3-spanid"]);
}

#[test]
fn a_long_id_reaches_the_datadog_tags() {
    let both = [PropagationStyle::B3, PropagationStyle::Datadog];
    let written = forward(&styles(&both), &[("b3", "640cfd8d00000000abcdefab12345678-000000003ade68b1-1")]);
    assert_eq!(written.get("x-datadog-tags"), Some("_dd.p.tid=640cfd8d00000000"));
    assert_eq!(written.get("x-datadog-trace-id"), Some("12379814468735227512"));
    assert_eq!(written.get("b3"), Some("640cfd8d00000000abcdefab12345678-0123456789abcdef-1"));
}
