use super::*;

const TRACE: &str = "12345678901234567890123456789012";
const SPAN: &str = "1234567890123456";

fn parent(value: &str) -> (Extracted, ExtractReport) {
    extract_reported(&styles(W3C), &[("traceparent", value), ("tracestate", "foo=1")])
}

#[test]
fn a_valid_traceparent_gives_ids_and_flag() {
    for (value, priority) in [
        (format!("00-{TRACE}-{SPAN}-01"), 1),
        (format!("00-{TRACE}-{SPAN}-00"), 0),
        (format!(" \t00-{TRACE}-{SPAN}-03\t "), 1),
        (format!("00-{TRACE}-{SPAN}-fe"), 0),
        (format!("cc-{TRACE}-{SPAN}-01"), 1),
        (format!("cc-{TRACE}-{SPAN}-01-what-the-future"), 1),
        (format!("cc-{TRACE}-{SPAN}-01-"), 1),
    ] {
        let (extracted, _) = parent(&value);
        assert_eq!(extracted.trace_id, 0x1234_5678_9012_3456_7890_1234_5678_9012, "{value}");
        assert_eq!((extracted.span_id, extracted.priority), (0x1234_5678_9012_3456, Some(priority)), "{value}");
        assert_eq!(extracted.tags.tracestate(), Some("foo=1"));
    }
}

#[test]
fn an_invalid_traceparent_gives_nothing_and_spoils_the_tracestate() {
    for value in [
        String::new(),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-01-what-the-future-will-not-be-like"),
        format!("00-{TRACE}-{SPAN}-01-"),
        format!("00-{TRACE}-{SPAN}-011"),
        format!("cc-{TRACE}-{SPAN}-01.what"),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{}-{SPAN}-01", "ABCDEF00901234567890123456789012"),
        format!("00-{TRACE}-ABCDEF7890123456-01"),
        format!("0G-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-0g"),
        format!("00-{TRACE}-{SPAN}-0"),
        format!("00-{TRACE}-{SPAN}"),
        format!("00_{TRACE}_{SPAN}_01"),
        format!("0-{TRACE}-{SPAN}-001"),
        format!("00-{}-{SPAN}-01", &TRACE[1..]),
    ] {
        let (extracted, report) = parent(&value);
        assert_eq!(extracted, Extracted::default(), "{value}");
        assert!(report.malformed.contains(PropagationStyle::TraceContext), "{value}");
    }
}

#[test]
fn a_repeated_traceparent_spoils_the_style() {
    let value = format!("00-{TRACE}-{SPAN}-01");
    assert!(extract(&styles(W3C), &[("traceparent", &value), ("traceparent", &value)]).is_empty());
}

#[test]
fn names_that_are_nearly_right_are_ignored() {
    let value = format!("00-{TRACE}-{SPAN}-01");
    assert!(extract(&styles(W3C), &[("trace-parent", &value), ("trace.parent", &value)]).is_empty());
    let extracted = extract(&styles(W3C), &[("traceparent", &value), ("trace-state", "foo=1"), ("trace.state", "foo=1")]);
    assert_eq!(extracted.tags.tracestate(), None);
}

#[test]
fn a_tracestate_alone_is_nothing() {
    assert_eq!(extract(&styles(W3C), &[("tracestate", "foo=1")]), Extracted::default());
}

#[test]
fn written_is_version_00_with_all_digits() {
    let kept = inject(&styles(W3C), &local(0x640c_fd8d_0000_0000_abcd_efab_1234_5678, 0, 1, None));
    assert_eq!(kept.get("traceparent"), Some("00-640cfd8d00000000abcdefab12345678-0123456789abcdef-01"));
    let dropped = inject(&styles(W3C), &local(10, 0, 0, None));
    assert_eq!(dropped.get("traceparent"), Some("00-0000000000000000000000000000000a-0123456789abcdef-00"));
    let undecided = InjectInput { decision: None, ..local(10, 0, 0, None) };
    assert_eq!(
        inject(&styles(W3C), &undecided).pairs(),
        [("traceparent", "00-0000000000000000000000000000000a-0123456789abcdef-00"), ("tracestate", "dd=p:0123456789abcdef"),]
    );
    let future = forward(&styles(W3C), &[("traceparent", &format!("cc-{TRACE}-{SPAN}-01-x"))]);
    assert_eq!(future.get("traceparent"), Some(&*format!("00-{TRACE}-0123456789abcdef-01")));
}

#[test]
fn the_high_half_comes_from_the_traceparent_alone() {
    for state in ["dd=t.tid:640cfd8d0000ffff", "dd=t.tid:XXXX", "dd=t.tid:640cfd8d00000000"] {
        let headers = [("traceparent", "00-640cfd8d00000000abcdefab12345678-000000003ade68b1-01"), ("tracestate", state)];
        let extracted = extract(&styles(W3C), &headers);
        assert_eq!(extracted.trace_id >> 64, 0x640c_fd8d_0000_0000, "{state}");
        assert_eq!((extracted.tags.get("_dd.p.tid"), extracted.tags.propagation_error()), (None, None));
        let written = forward(&styles(DATADOG_W3C), &headers);
        assert_eq!(written.get("x-datadog-tags"), Some("_dd.p.dm=-0,_dd.p.tid=640cfd8d00000000"));
        assert_eq!(written.item("t.tid"), None);
    }
}

#[test]
fn the_last_datadog_parent_is_kept_as_it_came() {
    let extract_state =
        |state| extract(&styles(W3C), &[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("tracestate", state)]);
    let extracted = extract_state("dd=s:2;t.dm:-4;p:XX!X");
    assert_eq!(extracted.tags.last_parent_id(), Some("XX!X"));
    assert_eq!(inject(&styles(W3C), &child_of(&extracted)).item("p"), Some("0123456789abcdef"));
    assert_eq!(extract_state("dd=s:2").tags.last_parent_id(), None);
}

#[test]
fn a_remote_context_is_handed_through_with_the_parent_it_brought() {
    let through = |state| {
        let extracted = extract(&styles(W3C), &[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("tracestate", state)]);
        let input = InjectInput { span_id: extracted.span_id, local_span: false, ..child_of(&extracted) };
        let written = inject(&styles(W3C), &input);
        assert_eq!(written.get("traceparent"), Some(&*format!("00-{TRACE}-{SPAN}-01")));
        written.get("tracestate").map(str::to_owned)
    };
    assert_eq!(through("dd=s:2;p:000000000000000a").as_deref(), Some("dd=s:2;p:000000000000000a"));
    assert_eq!(through("dd=s:2").as_deref(), Some("dd=s:2"));
}

#[test]
fn nothing_to_say_means_no_tracestate() {
    let input = InjectInput { decision: None, local_span: false, ..local(10, 0, 0, None) };
    assert_eq!(inject(&styles(W3C), &input).names(), ["traceparent"]);
}
