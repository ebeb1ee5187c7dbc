use super::*;

const PARENT: (&str, &str) = ("traceparent", "00-12345678901234567890123456789012-1234567890123456-01");

fn with_state(state: &str) -> (Extracted, ExtractReport) {
    extract_reported(&styles(W3C), &[PARENT, ("tracestate", state)])
}

fn vendors(extracted: &Extracted) -> Vec<&str> {
    extracted.tags.vendor_members().collect()
}

fn foreign(count: usize) -> Vec<String> {
    (1..=count).map(|index| format!("key{index}=v")).collect()
}

#[test]
fn other_members_follow_ours_in_order() {
    let written = forward(&styles(W3C), &[PARENT, ("tracestate", "foo=1,dd=s:2;t.dm:-4,bar=baz")]);
    assert_eq!(written.get("tracestate"), Some("dd=s:2;p:0123456789abcdef;t.dm:-4,foo=1,bar=baz"));
}

#[test]
fn the_whole_list_is_kept_for_links() {
    let (extracted, _) = with_state(" foo=1,dd=t.dm:-4;s:2,bar=baz ");
    assert_eq!(extracted.tags.tracestate(), Some("foo=1,dd=t.dm:-4;s:2,bar=baz"));
}

#[test]
fn repeated_headers_are_one_list() {
    let headers =
        [PARENT, ("tracestate", "foo=1,bar=2"), ("tracestate", ""), ("tracestate", "rojo=1,congo=2"), ("tracestate", "baz=3")];
    let extracted = extract(&styles(W3C), &headers);
    assert_eq!(vendors(&extracted), ["foo=1", "bar=2", "rojo=1", "congo=2", "baz=3"]);
}

#[test]
fn blanks_around_members_do_not_count() {
    for (state, expected) in [
        ("foo=1 \t , \t bar=2, \t baz=3", &["foo=1", "bar=2", "baz=3"][..]),
        ("foo=1\t \t,\t \tbar=2", &["foo=1", "bar=2"]),
        (" foo=1", &["foo=1"]),
        ("\tfoo=1 ", &["foo=1"]),
        ("\t foo=1 \t", &["foo=1"]),
        ("foo=1,,, ,\t,bar=2,", &["foo=1", "bar=2"]),
        ("foo= 1,a@b=c=d", &["foo= 1", "a@b=c=d"]),
        ("foo=1,foo=1", &["foo=1", "foo=1"]),
    ] {
        let (extracted, _) = with_state(state);
        assert_eq!(vendors(&extracted), expected, "{state:?}");
    }
}

#[test]
fn a_list_with_other_characters_is_discarded_but_the_parent_counts() {
    for state in ["foo=1\t2,dd=s:2", "dd=s:2,foo=ü", "foo=\u{7f}"] {
        let (extracted, _) = with_state(state);
        assert_eq!((extracted.priority, extracted.tags.tracestate()), (Some(1), None), "{state:?}");
        assert_eq!(vendors(&extracted), [""; 0]);
    }
}

#[test]
fn at_most_32_members_leave() {
    let list = |members: &[String]| members.join(",");
    let others = foreign(31);
    let first = format!("dd=s:2,{}", list(&others));
    let last = format!("{},dd=s:2", list(&others));
    for state in [first, last, list(&others)] {
        let members = forward(&styles(W3C), &[PARENT, ("tracestate", &state)]);
        assert_eq!(members.members().len(), 32, "{state}");
        assert!(members.members()[0].starts_with("dd=") && members.members()[31] == "key31=v");
    }
    let written = forward(&styles(W3C), &[PARENT, ("tracestate", &list(&foreign(32)))]);
    assert_eq!(written.members().len(), 32);
    assert!(written.members().contains(&"key31=v") && !written.members().contains(&"key32=v"));
    assert_eq!(forward(&styles(W3C), &[PARENT]).members().len(), 1);
}

#[test]
fn more_than_512_bytes_lose_long_members_and_then_the_last() {
    let long = format!("long={}", "x".repeat(200));
    let short: Vec<String> = (0..4).map(|index| format!("s{index}={}", "y".repeat(80))).collect();
    let (extracted, report) = with_state(&format!("{long},{}", short[..3].join(",")));
    assert_eq!((vendors(&extracted).len(), report.tracestate_truncated), (4, false), "all of it fits");
    let (extracted, report) = with_state(&format!("{long},{}", short.join(",")));
    assert_eq!((vendors(&extracted), report.tracestate_truncated), (short.iter().map(String::as_str).collect(), true));
    let many: Vec<String> = (0..20).map(|index| format!("k{index:02}={}", "z".repeat(46))).collect();
    let (extracted, _) = with_state(&format!("{},dd=s:2", many.join(",")));
    assert_eq!(vendors(&extracted).join(",").len(), 9 * 51 - 1);
    assert_eq!(extracted.priority, Some(2), "our member survives at the end");
}

#[test]
fn a_huge_list_is_read_at_its_beginning() {
    let (extracted, report) = with_state(&format!("dd=s:2,{}", foreign(100_000).join(",")));
    assert_eq!((extracted.priority, vendors(&extracted).len(), report.tracestate_truncated), (Some(2), 31, true));
    assert!(extracted.tags.tracestate().is_some_and(|state| state.len() <= 8192));
    assert_eq!(with_state(&"x".repeat(10_000)).0.tags.tracestate(), None);
}

#[test]
fn our_member_is_read_item_by_item() {
    let (extracted, _) =
        with_state("dd=s:2;o:synth~;p:000000000000000a;junk;t.dm:-4;t.usr.id:baz64~~;t.url:http://localhost;:x;t.:y");
    assert_eq!(extracted.tags.origin(), Some("synth="));
    assert_eq!(extracted.tags.last_parent_id(), Some("000000000000000a"));
    assert_eq!(tags(&extracted.tags), [("_dd.p.dm", "-4"), ("_dd.p.usr.id", "baz64=="), ("_dd.p.url", "http://localhost")]);
    assert_eq!(extracted.tags.unknown_items().count(), 0);
}

#[test]
fn only_a_member_with_the_exact_key_is_ours() {
    for state in ["DD=s:2", "dd2=s:2", "dd =s:2", "xdd=s:2"] {
        let (extracted, _) = with_state(state);
        assert_eq!((extracted.priority, vendors(&extracted)), (Some(1), vec![state]));
    }
}

#[test]
fn a_second_member_of_ours_is_not_written_again() {
    let written = forward(&styles(W3C), &[PARENT, ("tracestate", "dd=s:2,foo=1,dd=s:1")]);
    assert_eq!(written.members(), ["dd=s:2;p:0123456789abcdef", "foo=1"]);
}

#[test]
fn other_members_survive_when_ours_is_broken() {
    for own in ["dd=", "dd=;;", "dd=s", "dd=~~~"] {
        let (extracted, _) = with_state(&format!("foo=1,{own},bar=2"));
        assert_eq!((extracted.priority, vendors(&extracted)), (Some(1), vec!["foo=1", "bar=2"]), "{own}");
    }
}

#[test]
fn a_member_of_ours_that_is_too_long_is_not_read() {
    let (extracted, _) = with_state(&format!("dd=s:2;t.x:{},foo=1", "y".repeat(510)));
    assert_eq!(extracted.tags.propagation_error(), Some("extract_max_size"));
    assert_eq!((extracted.priority, extracted.tags.get("_dd.p.x"), vendors(&extracted)), (Some(1), None, vec!["foo=1"]));
}

#[test]
fn unknown_items_and_foreign_sampling_state_are_handed_on() {
    let state = "ot=rv:1234567890abcd;th:c,dd=s:2;x:1;future:a;t.opm:token,foo=1";
    let written = forward(&styles(W3C), &[PARENT, ("tracestate", state)]);
    assert_eq!(
        written.get("tracestate"),
        Some("dd=s:2;p:0123456789abcdef;t.opm:token;x:1;future:a,ot=rv:1234567890abcd;th:c,foo=1")
    );
}

#[test]
fn characters_that_the_list_keeps_for_itself_are_replaced() {
    let mut carried = TraceTags::default();
    assert!(carried.set_origin("synthetics~;=web,z"));
    for (key, value) in
        [("_dd.p.usr.id", "baz64=="), ("_dd.p.url", "http://localhost"), ("_dd.p.a b;c", "ü~,;=x"), ("_dd.p.é=", "1")]
    {
        assert!(carried.set(key, value));
    }
    let written = inject(&styles(W3C), &InjectInput { tags: Some(&carried), ..local(1, 4, 2, None) });
    assert_eq!(written.item("o"), Some("synthetics__~web_z"));
    assert_eq!(written.item("t.usr.id"), Some("baz64~~"));
    assert_eq!(written.item("t.url"), Some("http://localhost"));
    assert_eq!(written.item("t.a_b_c"), Some("____~x"));
    assert_eq!(written.item("t.__"), Some("1"));
    assert_eq!(carried.get("_dd.p.usr.id"), Some("baz64=="));
}

#[test]
fn our_member_has_at_most_256_characters_of_whole_items() {
    let mut carried = TraceTags::default();
    assert!(carried.set_origin("rum") && carried.set("_dd.p.a", &"x".repeat(150)));
    assert!(carried.set("_dd.p.b", &"y".repeat(100)) && carried.set("_dd.p.c", "z") && carried.set("_dd.p.dm", "-4"));
    let input = InjectInput { decision: Some(Decision::inherited(2)), ..local(1, 0, 0, None) };
    let written = inject(&styles(W3C), &InjectInput { tags: Some(&carried), ..input });
    let expected = format!("dd=s:2;p:0123456789abcdef;o:rum;t.dm:-4;t.a:{};t.c:z", "x".repeat(150));
    assert_eq!(written.get("tracestate"), Some(&*expected));
    for len in 0..300 {
        assert!(carried.set("_dd.p.a", &"=".repeat(len)));
        let written = inject(&styles(W3C), &InjectInput { tags: Some(&carried), ..input });
        assert!(written.members()[0].len() <= 256 && !written.members()[0].ends_with(';'));
    }
}

#[test]
fn a_tag_that_would_cost_the_datadog_list_is_not_taken_over() {
    let (extracted, _) = with_state("dd=s:2;t.a~b:1;t.c=d:1;t.e:;t.f:  ;t.g h:1;t.i:1");
    assert_eq!(tags(&extracted.tags), [("_dd.p.a~b", "1"), ("_dd.p.i", "1")]);
    let written = inject(&styles(DATADOG), &child_of(&extracted));
    assert_eq!(written.get("x-datadog-tags"), Some("_dd.p.a~b=1,_dd.p.i=1,_dd.p.tid=1234567890123456"));
}
