//! How the `sampled` flag, the priority of the tracestate and the decision maker go together.

use super::*;

fn parent(flag: &str) -> String {
    format!("00-12345678901234567890123456789012-1234567890123456-{flag}")
}

fn resolve(flag: &str, state: Option<&str>) -> Extracted {
    let parent = parent(flag);
    let state = state.map(|state| ("tracestate", state));
    let headers: Vec<_> = [("traceparent", &*parent)].into_iter().chain(state).collect();
    extract(&styles(W3C), &headers)
}

#[test]
fn the_flag_counts_where_the_priority_contradicts_it() {
    let cases = [
        ("01", Some("dd=s:-1"), 1, Some("-0")),
        ("01", Some("dd=s:2"), 2, None),
        ("01", Some("dd=s:2;t.dm:-4"), 2, Some("-4")),
        ("01", Some("dd=s:0;t.dm:-0"), 1, Some("-0")),
        ("01", Some("dd=s:-1;t.dm:-4"), 1, Some("-0")),
        ("01", Some("dd=t.dm:-4"), 1, Some("-0")),
        ("01", Some("foo=1"), 1, Some("-0")),
        ("01", Some("dd=s:two;t.dm:-4"), 1, Some("-0")),
        ("01", None, 1, Some("-0")),
        ("00", Some("dd=s:-1"), -1, None),
        ("00", Some("dd=s:0;t.dm:-3"), 0, Some("-3")),
        ("00", Some("dd=s:1"), 0, None),
        ("00", Some("dd=t.dm:-4"), 0, None),
        ("00", None, 0, None),
    ];
    for (flag, state, priority, decision_maker) in cases {
        let extracted = resolve(flag, state);
        assert_eq!(extracted.priority, Some(priority), "{flag} {state:?}");
        assert_eq!(extracted.tags.get("_dd.p.dm"), decision_maker, "{flag} {state:?}");
    }
}

#[test]
fn a_dropped_decision_maker_takes_nothing_else_along() {
    let extracted = resolve("00", Some("dd=s:2;t.dm:-4;t.usr.id:baz64~~"));
    assert_eq!((extracted.priority, tags(&extracted.tags)), (Some(0), vec![("_dd.p.usr.id", "baz64==")]));
    let written = inject(&styles(DATADOG_W3C), &child_of(&extracted));
    assert_eq!(written.get("x-datadog-tags"), Some("_dd.p.usr.id=baz64==,_dd.p.tid=1234567890123456"));
    assert_eq!(written.item("t.dm"), None);
}

#[test]
fn a_browser_session_may_leave_the_decision_open() {
    for flag in ["00", "01"] {
        assert_eq!(resolve(flag, Some("dd=o:rum")).priority, None);
        assert_eq!(resolve(flag, Some("dd=s:0;o:rum")).priority, Some(0));
        assert_eq!(resolve(flag, Some("dd=s:x;o:rum")).priority, None);
    }
    assert_eq!(resolve("01", Some("dd=s:2;o:rum")).priority, Some(2));
    let decisionless = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), ("x-datadog-origin", "rum")];
    let extracted = extract(&PropagationSettings::default(), &decisionless);
    assert_eq!((extracted.trace_id, extracted.priority, extracted.tags.origin()), (1, None, Some("rum")));
}

#[test]
fn a_decision_maker_in_the_tracestate_must_be_one() {
    let extracted = resolve("01", Some("dd=s:2;t.dm:4;t.x:y"));
    assert_eq!(tags(&extracted.tags), [("_dd.p.x", "y")]);
    assert_eq!(extracted.tags.propagation_error(), Some("decoding_error"));
}
