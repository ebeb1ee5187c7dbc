//! OpenTelemetry's sampling state: what a local decision says, what is handed on, and where it stands.

use super::*;
use crate::context::mechanism::{AGENT_RATE, DEFAULT, LOCAL_RULE, MANUAL, REMOTE_DYNAMIC_RULE, REMOTE_USER_RULE};
use crate::sampling::keeps;

const PARENT: &str = "00-0000000000000000000000000000000a-000000000000000b-0";

/// The member `ot` that a span sends.
fn member(input: &InjectInput<'_>) -> Option<String> {
    inject(&styles(W3C), input).members().into_iter().find(|member| member.starts_with("ot=")).map(str::to_owned)
}

fn decided(id: u64, rate: f64) -> Option<String> {
    let priority = if keeps(rate, id) { 2 } else { -1 };
    member(&local(u128::from(id), LOCAL_RULE, priority, Some(rate)))
}

/// The member that is handed on with a decision of upstream, and what a forced keep makes of it.
fn handed_on(flag: &str, state: &str) -> (Option<String>, Option<String>) {
    let parent = format!("{PARENT}{flag}");
    let extracted = extract(&styles(W3C), &[("traceparent", &parent), ("tracestate", state)]);
    let kept = Decision { priority: 2, mechanism: Some(MANUAL), rate: None, limit_rate: None };
    let inherited = member(&child_of(&extracted));
    (inherited, member(&InjectInput { decision: Some(kept), ..child_of(&extracted) }))
}

#[test]
fn thresholds_are_written_without_trailing_zeros() {
    for (rate, threshold) in [
        (0.99, "028f5c28f5c29"),
        (0.75, "4"),
        (0.5, "8"),
        (0.25, "c"),
        (0.2, "ccccccccccccd"),
        (0.1, "e6666666666668"),
        (0.05, "f333333333333"),
        (0.01, "fd70a3d70a3d7"),
        (1.0, "0"),
    ] {
        let written = decided(10, rate).unwrap();
        assert_eq!(written, format!("ot=rv:65cd67504a538e;th:{threshold}"), "{rate}");
    }
}

#[test]
fn randomness_is_written_with_all_digits() {
    for (id, randomness) in [
        (1, "f0948a54d43b8e"),
        (100, "fa060922e7438e"),
        (1000, "c43c5b5d08a38e"),
        (u64::MAX, "0f6b75ab2bc471"),
        (18444899399302180863, "ef284ace7a91e1"),
        (83, "0028d980cf4f1c"),
        (9223372036854775809, "70948a54d43b8e"),
        (5198373796167680436, "7188fdce730439"),
    ] {
        assert_eq!(decided(id, 1.0), Some(format!("ot=rv:{randomness};th:0")), "{id}");
    }
}

#[test]
fn the_border_of_a_rate_agrees_with_the_decision() {
    assert_eq!(decided(0x03A9_3EE8_B199_9F00, 0.1).as_deref(), Some("ot=rv:e6666666666668;th:e6666666666668"));
    assert_eq!(decided(5401449561355763072, 0.05).as_deref(), Some("ot=rv:f333333333332f;th:f333333333333"));
}

#[test]
fn every_decision_by_probability_is_told_and_no_other() {
    let pair = Some("ot=rv:f0948a54d43b8e;th:0".to_owned());
    assert_eq!(member(&local(1, DEFAULT, 1, None)), pair);
    for mechanism in [AGENT_RATE, 2, LOCAL_RULE, 6, 7, REMOTE_USER_RULE, REMOTE_DYNAMIC_RULE] {
        assert_eq!(member(&local(1, mechanism, 2, Some(1.0))), pair, "{mechanism}");
    }
    for mechanism in [MANUAL, 5, 8, 9, 10, 13] {
        assert_eq!(member(&local(1, mechanism, 2, None)), None, "{mechanism}");
    }
    // The limiter overturned it.
    assert_eq!(member(&local(1, LOCAL_RULE, -1, Some(1.0))), None);
}

#[test]
fn a_forced_decision_over_one_by_probability_has_no_threshold() {
    assert_eq!(member(&local(10, MANUAL, 2, Some(0.1))).as_deref(), Some("ot=rv:65cd67504a538e"));
}

#[test]
fn an_inherited_member_is_handed_on_as_it_came() {
    for state in [
        "ot=rv:65cd67504a538e;th:e6666666666668",
        "ot=th:8;rv:65cd67504a538e",
        "ot=th:8",
        "ot=foo:bar",
        "ot=rv:1234567890abcd;th:0;foo:bar;x",
    ] {
        for flag in ["0", "1"] {
            assert_eq!(handed_on(flag, &format!("dd=s:1,{state},congo=1")).0.as_deref(), Some(state), "{flag}");
        }
    }
}

#[test]
fn malformed_items_go_one_by_one() {
    for (state, left) in [
        ("ot=rv:1234567890abcd;th:not-hex-either", Some("ot=rv:1234567890abcd")),
        ("ot=rv:not-hex;th:not-hex", None),
        ("ot=rv:1234567890abc;th:8", Some("ot=th:8")),
        ("ot=rv:1234567890abcde;th:8", Some("ot=th:8")),
        ("ot=rv:1234567890abcd;th:", Some("ot=rv:1234567890abcd")),
        ("ot=rv:1234567890abcd;th:123456789012345", Some("ot=rv:1234567890abcd")),
        ("ot=rv:xx;foo:bar", Some("ot=foo:bar")),
        ("ot=;;", None),
        ("ot=", None),
    ] {
        assert_eq!(handed_on("1", state).0.as_deref(), left, "{state}");
    }
    let extracted = extract(
        &styles(W3C),
        &[("traceparent", &format!("{PARENT}1")), ("tracestate", "dd=s:1,ot=rv:not-hex;th:not-hex,congo=xyz123")],
    );
    let written = inject(&styles(W3C), &child_of(&extracted));
    assert_eq!(written.members().last(), Some(&"congo=xyz123"));
    assert_eq!(written.members().len(), 2);
}

#[test]
fn nothing_is_made_up_for_a_decision_of_somebody_else() {
    assert_eq!(handed_on("1", "dd=s:2,congo=1"), (None, None));
    assert_eq!(member(&child_of(&extract(&styles(W3C), &[("traceparent", &format!("{PARENT}1"))]))), None);
}

#[test]
fn a_forced_keep_over_an_inherited_drop_keeps_the_randomness_alone() {
    let (inherited, forced) = handed_on("0", "ot=rv:65cd67504a538e;th:e6666666666668");
    assert_eq!(inherited.as_deref(), Some("ot=rv:65cd67504a538e;th:e6666666666668"));
    assert_eq!(forced.as_deref(), Some("ot=rv:65cd67504a538e"));
    assert_eq!(handed_on("0", "ot=th:8").1, None);
}

#[test]
fn a_local_decision_replaces_the_pair_and_keeps_other_items() {
    // Without a priority of the primary style the decision is made here.
    let headers = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "2"),
        ("traceparent", "00-00000000000000000000000000000001-0000000000000002-01"),
        ("tracestate", "congo=1,ot=foo:bar;rv:00000000000001;th:8"),
    ];
    let extracted = extract(&styles(DATADOG_W3C), &headers);
    assert_eq!(extracted.priority, None);
    let decision = local(1, LOCAL_RULE, 2, Some(0.5)).decision;
    let written = inject(&styles(W3C), &InjectInput { decision, ..child_of(&extracted) });
    assert_eq!(written.members()[1..], ["ot=rv:f0948a54d43b8e;th:8;foo:bar", "congo=1"]);
    // Before there is a decision, what came in is all that is known.
    assert_eq!(member(&child_of(&extracted)).as_deref(), Some("ot=foo:bar;rv:00000000000001;th:8"));
}

#[test]
fn it_stands_behind_ours_and_before_the_others_and_counts() {
    let foreign: Vec<String> = (0..31).map(|number| format!("key{number}=v")).collect();
    let state = format!("{},ot=th:8,dd=s:1", foreign.join(","));
    let parent = format!("{PARENT}1");
    let extracted = extract(&styles(W3C), &[("traceparent", &parent), ("tracestate", &state)]);
    let written = inject(&styles(W3C), &child_of(&extracted));
    let members = written.members();
    assert_eq!(members.len(), 32);
    assert!(members[0].starts_with("dd="));
    assert_eq!((members[1], members[2], members[31]), ("ot=th:8", "key0=v", "key29=v"));
}

#[test]
fn a_second_member_and_an_endless_one_are_dropped() {
    assert_eq!(handed_on("1", "ot=th:8,ot=th:c").0.as_deref(), Some("ot=th:8"));
    let endless = format!("a=1,ot=foo:{},b=2", "x".repeat(300));
    let parent = format!("{PARENT}1");
    let extracted = extract(&styles(W3C), &[("traceparent", &parent), ("tracestate", &endless)]);
    assert_eq!(inject(&styles(W3C), &child_of(&extracted)).members()[1..], ["a=1", "b=2"]);
}

#[test]
fn everything_at_its_longest_fits() {
    let others: Vec<String> = (0..4).map(|number| format!("k{number}={}", "v".repeat(57))).collect();
    let state = format!("dd=t.a:{},ot=foo:{},{}", "x".repeat(20), "y".repeat(200), others.join(","));
    let headers =
        [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), ("x-datadog-tags", &*format!("_dd.p.a={}", "z".repeat(180)))];
    let with_state = [
        headers[0],
        headers[1],
        headers[2],
        ("traceparent", "00-00000000000000000000000000000001-0000000000000002-01"),
        ("tracestate", &state),
    ];
    let extracted = extract(&styles(DATADOG_W3C), &with_state);
    let decision = local(1, LOCAL_RULE, 2, Some(0.99)).decision;
    let written = inject(&styles(W3C), &InjectInput { decision, ..child_of(&extracted) });
    assert_eq!(written.members().len(), 2 + others.len(), "{:?}", written.members());
}

#[test]
fn the_field_of_other_formats_says_the_same_as_the_header() {
    let input = local(10, LOCAL_RULE, 2, Some(0.75));
    let written = inject(&styles(W3C), &input);
    assert_eq!(Some(&*crate::propagation::tracestate_field(&input)), written.get("tracestate"));
    assert!(crate::propagation::tracestate_field(&input).contains(",ot=rv:65cd67504a538e;th:4"));
}
