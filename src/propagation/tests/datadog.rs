use super::*;

fn with_tags(tags: &str) -> Extracted {
    extract(&styles(DATADOG), &[("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), ("x-datadog-tags", tags)])
}

#[test]
fn ids_priority_and_origin_are_read() {
    let extracted = extract(
        &styles(DATADOG),
        &[
            ("x-datadog-trace-id", "1234567890123456789"),
            ("x-datadog-parent-id", "987654321"),
            ("x-datadog-sampling-priority", "-2"),
            ("x-datadog-origin", "synthetics;=web,z"),
            ("x-datadog-tags", "_dd.p.foo=bar"),
        ],
    );
    assert_eq!((extracted.trace_id, extracted.span_id), (1234567890123456789, 987654321));
    assert_eq!(extracted.priority, Some(-2));
    assert_eq!(extracted.tags.origin(), Some("synthetics;=web,z"));
    assert_eq!(tags(&extracted.tags), [("_dd.p.foo", "bar")]);
    assert!(extracted.is_remote && extracted.tags.propagation_error().is_none());
}

#[test]
fn a_trace_id_must_be_a_decimal_of_64_bits() {
    for id in ["", "0", "00", "-1", "abc", "0x1", "1.5", "18446744073709551616"] {
        let (extracted, report) = extract_reported(&styles(DATADOG), &[("x-datadog-trace-id", id), ("x-datadog-parent-id", "1")]);
        assert!(extracted.is_empty() && !extracted.is_remote, "{id}");
        assert!(report.malformed.contains(PropagationStyle::Datadog), "{id}");
    }
    let (extracted, report) = extract_reported(&styles(DATADOG), &[("x-datadog-parent-id", "1")]);
    assert!(extracted.is_empty() && report.malformed.is_empty() && report.extracted.is_empty());
}

#[test]
fn a_parent_may_be_absent_or_zero_but_not_malformed() {
    for (headers, expected) in [
        (&[("x-datadog-trace-id", "18446744073709551615")][..], Some(0)),
        (&[("x-datadog-trace-id", "18446744073709551615"), ("x-datadog-parent-id", "0")][..], Some(0)),
        (&[("x-datadog-trace-id", "18446744073709551615"), ("x-datadog-parent-id", "5")][..], Some(5)),
        (&[("x-datadog-trace-id", "18446744073709551615"), ("x-datadog-parent-id", "five")][..], None),
    ] {
        let extracted = extract(&styles(DATADOG), headers);
        assert_eq!((!extracted.is_empty()).then_some(extracted.span_id), expected);
        assert!(expected.is_none() || extracted.trace_id == u128::from(u64::MAX));
    }
}

#[test]
fn a_priority_that_is_no_number_counts_as_absent() {
    for (value, expected) in [("3", Some(3)), ("-2", Some(-2)), ("keep", None), ("", None), ("2147483648", None)] {
        let headers = [("x-datadog-trace-id", "1"), ("x-datadog-sampling-priority", value)];
        assert_eq!(extract(&styles(DATADOG), &headers).priority, expected, "{value}");
    }
}

#[test]
fn priorities_survive_the_round_trip() {
    for priority in ["-2", "-1", "0", "1", "2", "3", "-2147483648"] {
        let headers = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), ("x-datadog-sampling-priority", priority)];
        assert_eq!(forward(&styles(DATADOG), &headers).get("x-datadog-sampling-priority"), Some(priority));
    }
}

#[test]
fn the_tag_list_follows_its_grammar() {
    let good: [(&str, &[(&str, &str)]); 8] = [
        ("", &[]),
        ("_dd.p.a=1,_dd.p.b=2", &[("_dd.p.a", "1"), ("_dd.p.b", "2")]),
        ("_dd.p.a=1 ,_dd.p.b=2", &[("_dd.p.a", "1"), ("_dd.p.b", "2")]),
        ("_dd.p.a= 1 ", &[("_dd.p.a", "1")]),
        ("_dd.p.a=1,", &[("_dd.p.a", "1")]),
        ("_dd.p.usr.id=baz64==", &[("_dd.p.usr.id", "baz64==")]),
        ("_dd.p.a=two words", &[("_dd.p.a", "two words")]),
        ("other=1,_dd.p.upstream_services=x,_dd.p.a=1", &[("_dd.p.a", "1")]),
    ];
    for (header, expected) in good {
        let extracted = with_tags(header);
        assert_eq!(tags(&extracted.tags), expected, "{header}");
        assert_eq!(extracted.tags.propagation_error(), None, "{header}");
    }
    for bad in [
        "_dd.p.a=1, _dd.p.b=2",
        "_dd.p.a =1",
        "_dd.p.a",
        "_dd.p.a=1,,_dd.p.b=2",
        ",_dd.p.a=1",
        ",",
        "=1",
        "_dd.p.a=",
        "_dd.p.a=  ,_dd.p.b=1",
        "_dd.p.a=1,b",
        "_dd.p.a=\u{7f}",
        "_dd.p.a=ü",
        "_dd.p.a=1,,",
    ] {
        let extracted = with_tags(bad);
        assert_eq!(tags(&extracted.tags), [], "{bad}");
        assert_eq!(extracted.tags.propagation_error(), Some("decoding_error"), "{bad}");
        assert_eq!((extracted.trace_id, extracted.span_id), (1, 2), "{bad}");
    }
}

#[test]
fn a_decision_maker_must_be_one() {
    for good in ["-0", "-4", "-8", "-255"] {
        assert_eq!(with_tags(&format!("_dd.p.dm={good}")).tags.get("_dd.p.dm"), Some(good));
    }
    for bad in ["0", "4", "--4", "-256", "-04", "-", "-x", "-4 x"] {
        let extracted = with_tags(&format!("_dd.p.dm={bad},_dd.p.a=1"));
        assert_eq!(tags(&extracted.tags), [("_dd.p.a", "1")], "{bad}");
        assert_eq!(extracted.tags.propagation_error(), Some("decoding_error"), "{bad}");
    }
}

#[test]
fn a_valid_tid_is_the_high_half_and_is_forwarded() {
    let headers =
        [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "1"), ("x-datadog-tags", "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4")];
    let extracted = extract(&styles(DATADOG), &headers);
    assert_eq!(extracted.trace_id, 0x640c_fd8d_0000_0000_0000_0000_0000_0001);
    assert_eq!(tags(&extracted.tags), [("_dd.p.dm", "-4")]);
    let tags = forward(&styles(DATADOG), &headers);
    assert_eq!(tags.get("x-datadog-tags"), Some("_dd.p.dm=-4,_dd.p.tid=640cfd8d00000000"));
}

#[test]
fn a_malformed_tid_leaves_a_64_bit_trace() {
    for tid in
        ["1234567890abcdef1", "1234567890abcde", "1234567890abcdeX", "0000000000000000", "1234567890ABCDEF", "640cfd8d0000000 0"]
    {
        let headers = [
            ("x-datadog-trace-id", "1234567890123456789"),
            ("x-datadog-parent-id", "987654321"),
            ("x-datadog-tags", &format!("_dd.p.tid={tid},_dd.p.a=1")),
        ];
        let extracted = extract(&styles(DATADOG), &headers);
        assert_eq!(extracted.trace_id, 1234567890123456789, "{tid}");
        assert_eq!(extracted.tags.propagation_error(), Some(&*format!("malformed_tid {tid}")));
        assert_eq!(extracted.tags.get("_dd.p.tid"), None);
        assert_eq!(forward(&styles(DATADOG), &headers).get("x-datadog-tags"), Some("_dd.p.a=1"), "{tid}");
    }
}

#[test]
fn an_inherited_tag_list_leaves_as_it_came() {
    let list = "_dd.p.dm=-4,_dd.p.usr.id=baz64==,_dd.p.url=http://localhost";
    let headers = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "1"),
        ("x-datadog-sampling-priority", "1"),
        ("x-datadog-tags", list),
    ];
    assert_eq!(forward(&styles(DATADOG), &headers).get("x-datadog-tags"), Some(list));
    let rates =
        [("x-datadog-trace-id", "1"), ("x-datadog-sampling-priority", "1"), ("x-datadog-tags", "_dd.p.dm=-8,_dd.p.ksr=1.000000")];
    assert_eq!(forward(&styles(DATADOG), &rates).get("x-datadog-tags"), Some("_dd.p.dm=-8,_dd.p.ksr=1.000000"));
}

#[test]
fn a_list_that_is_too_long_is_not_read() {
    let longest = format!("_dd.p.a={}", "x".repeat(504));
    assert_eq!(longest.len(), 512);
    assert_eq!(with_tags(&longest).tags.get("_dd.p.a").map(str::len), Some(504));
    let extracted = with_tags(&format!("{longest}x"));
    assert_eq!(tags(&extracted.tags), []);
    assert_eq!(extracted.tags.propagation_error(), Some("extract_max_size"));
    assert_eq!(extracted.trace_id, 1);
}

#[test]
fn length_zero_disables_the_list_in_both_directions() {
    let settings = PropagationSettings { tags_max_length: 0, ..styles(DATADOG) };
    let headers =
        [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "1"), ("x-datadog-tags", "_dd.p.a=1,_dd.p.tid=640cfd8d00000000")];
    let extracted = extract(&settings, &headers);
    assert_eq!((tags(&extracted.tags), extracted.trace_id), (vec![], 1));
    assert_eq!(extracted.tags.propagation_error(), Some("disabled"));
    let (written, report) = inject_reported(&settings, &local(1, 0, 1, None));
    assert_eq!((written.get("x-datadog-tags"), report.error), (None, Some("disabled")));
    let undecided = InjectInput { decision: None, ..local(1, 0, 1, None) };
    assert_eq!(inject_reported(&settings, &undecided).1.error, None, "there is nothing to disable");
}

#[test]
fn a_list_that_became_too_long_is_left_out_whole() {
    let mut carried = TraceTags::default();
    assert!(carried.set("_dd.p.a", &"x".repeat(504)));
    let input = InjectInput { decision: None, tags: Some(&carried), ..local(1, 0, 1, None) };
    let (written, report) = inject_reported(&styles(DATADOG), &input);
    assert_eq!((written.get("x-datadog-tags").map(str::len), report.error), (Some(512), None));
    for too_much in
        [InjectInput { trace_id: 1 << 64 | 1, ..input }, InjectInput { decision: local(1, 4, 2, None).decision, ..input }]
    {
        let (written, report) = inject_reported(&styles(DATADOG), &too_much);
        assert_eq!((written.get("x-datadog-tags"), report.error), (None, Some("inject_max_size")));
    }
    let short = PropagationSettings { tags_max_length: 511, ..styles(DATADOG) };
    assert_eq!(inject_reported(&short, &input).1.error, Some("inject_max_size"));
}

#[test]
fn a_tag_that_the_grammar_cannot_hold_costs_the_list() {
    for (key, value) in [("_dd.p.a", "1,2"), ("_dd.p.a b", "1"), ("_dd.p.a=", "1"), ("_dd.p.a", ""), ("_dd.p.a", "ü")] {
        let mut carried = TraceTags::default();
        assert!(carried.set(key, value));
        let (written, report) = inject_reported(&styles(DATADOG), &InjectInput { tags: Some(&carried), ..local(1, 4, 2, None) });
        assert_eq!((written.get("x-datadog-tags"), report.error), (None, Some("encoding_error")), "{key}={value}");
        assert_eq!(written.get("x-datadog-trace-id"), Some("1"));
    }
}

#[test]
fn an_outgoing_error_is_not_tried_again_but_an_incoming_one_does_not_matter() {
    let mut carried = TraceTags::default();
    assert!(carried.set("_dd.p.a", "1"));
    for (error, expected) in [
        ("inject_max_size", None),
        ("encoding_error", None),
        ("disabled", None),
        ("decoding_error", Some("_dd.p.a=1")),
        ("malformed_tid 1", Some("_dd.p.a=1")),
    ] {
        carried.set_propagation_error(error);
        let input = InjectInput { decision: None, tags: Some(&carried), ..local(1, 0, 1, None) };
        let (written, report) = inject_reported(&styles(DATADOG), &input);
        assert_eq!((written.get("x-datadog-tags"), report.error), (expected, None), "{error}");
    }
}

#[test]
fn a_local_decision_names_its_maker_and_rate() {
    let tags = |input: &InjectInput<'_>| inject(&styles(DATADOG), input).get("x-datadog-tags").map(str::to_owned);
    assert_eq!(tags(&local(1, 0, 1, Some(1.0))).as_deref(), Some("_dd.p.dm=-0"));
    assert_eq!(tags(&local(1, 3, 2, Some(0.25))).as_deref(), Some("_dd.p.dm=-3,_dd.p.ksr=0.25"));
    assert_eq!(tags(&local(1, 1, 0, Some(1e-6))).as_deref(), Some("_dd.p.dm=-1,_dd.p.ksr=0.000001"));
    assert_eq!(
        tags(&local(1 << 64 | 1, 12, 2, Some(1.0))).as_deref(),
        Some("_dd.p.dm=-12,_dd.p.ksr=1,_dd.p.tid=0000000000000001")
    );
    assert_eq!(tags(&local(1, 3, 2, Some(f64::NAN))).as_deref(), Some("_dd.p.dm=-3"));
}

#[test]
fn a_local_decision_replaces_the_inherited_tags() {
    let mut carried = TraceTags::default();
    for (key, value) in [("_dd.p.dm", "-4"), ("_dd.p.x", "y"), ("_dd.p.ksr", "0.1")] {
        assert!(carried.set(key, value));
    }
    let written = inject(&styles(DATADOG_W3C), &InjectInput { tags: Some(&carried), ..local(1, 4, 2, None) });
    assert_eq!(written.get("x-datadog-tags"), Some("_dd.p.x=y,_dd.p.dm=-4"));
    assert_eq!((written.item("t.dm"), written.item("t.ksr"), written.item("t.x")), (Some("-4"), None, Some("y")));
}

#[test]
fn an_origin_with_control_characters_is_dropped() {
    let headers = [("x-datadog-trace-id", "1"), ("x-datadog-origin", "a\u{1}b")];
    assert_eq!(extract(&styles(DATADOG), &headers).tags.origin(), None);
}

#[test]
fn a_trace_without_low_half_has_no_datadog_ids() {
    let written = inject(&styles(DATADOG_W3C), &local(7 << 64, 0, 1, None));
    assert_eq!(written.names(), ["traceparent", "tracestate"]);
}
