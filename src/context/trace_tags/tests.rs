use super::*;

fn pairs(tags: &TraceTags) -> Vec<(&str, &str)> {
    tags.iter().collect()
}

#[test]
fn propagated_tags_keep_their_order() {
    let mut tags = TraceTags::default();
    assert!(tags.set("_dd.p.dm", "-4") && tags.set("_dd.p.usr.id", "baz64==") && tags.set("_dd.p.url", "http://localhost"));
    assert!(tags.set("_dd.p.dm", "-0"));
    assert_eq!(pairs(&tags), [("_dd.p.dm", "-0"), ("_dd.p.usr.id", "baz64=="), ("_dd.p.url", "http://localhost")]);
    assert!(tags.remove("_dd.p.usr.id") && !tags.remove("_dd.p.usr.id"));
    assert_eq!(pairs(&tags), [("_dd.p.dm", "-0"), ("_dd.p.url", "http://localhost")]);
    assert_eq!(tags.get("_dd.p.url"), Some("http://localhost"));
}

#[test]
fn only_propagated_keys_are_taken() {
    let mut tags = TraceTags::default();
    assert!(!tags.set("_dd.p.tid", "640cfd8d00000000"));
    assert!(!tags.set("_dd.origin", "rum"));
    assert!(!tags.set("_dd.p.", "x"));
    assert_eq!(tags, TraceTags::default());
}

#[test]
fn an_origin_that_no_header_can_carry_is_dropped() {
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("synthetics;=web,z"));
    assert_eq!(tags.origin(), Some("synthetics;=web,z"));
    assert!(!tags.set_origin("line\nbreak"));
    assert_eq!(tags.origin(), None);
    assert!(!tags.set_origin("naïve") && tags.set_origin("rum") && tags.set_origin(""));
    assert_eq!(tags.origin(), None);
}

#[test]
fn every_text_survives_the_change_of_every_other() {
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("rum") && tags.set("_dd.p.a", "1"));
    tags.set_tracestate("foo=1,dd=x:y,bar=2");
    tags.push_vendor_member(0..5);
    tags.push_unknown_item(9..12);
    tags.push_vendor_member(13..18);
    tags.set_last_parent_id("000000000000000a");
    tags.set_propagation_error("decoding_error");
    assert!(tags.baggage_mut().set("user.id", "ö"));
    tags.take_baggage_tags(|_| true);
    assert!(tags.set_origin("synthetics-browser") && tags.set("_dd.p.a", "longer") && tags.set("_dd.p.b", "2"));
    tags.set_propagation_error("inject_max_size");
    assert!(tags.remove("_dd.p.a"));
    assert_eq!(tags.origin(), Some("synthetics-browser"));
    assert_eq!(pairs(&tags), [("_dd.p.b", "2")]);
    assert_eq!(tags.tracestate(), Some("foo=1,dd=x:y,bar=2"));
    assert_eq!(tags.vendor_members().collect::<Vec<_>>(), ["foo=1", "bar=2"]);
    assert_eq!(tags.unknown_items().collect::<Vec<_>>(), ["x:y"]);
    assert_eq!(tags.last_parent_id(), Some("000000000000000a"));
    assert_eq!(tags.propagation_error(), Some("inject_max_size"));
    assert_eq!(tags.baggage_tags().collect::<Vec<_>>(), [("baggage.user.id", "ö")]);
}

#[test]
fn parts_outside_the_tracestate_are_ignored() {
    let mut tags = TraceTags::default();
    tags.set_tracestate("foo=1");
    tags.push_vendor_member(0..6);
    tags.push_unknown_item(3..3);
    assert_eq!(tags.vendor_members().count() + tags.unknown_items().count(), 0);
}

#[test]
fn baggage_tags_are_a_copy_of_the_moment() {
    let mut tags = TraceTags::default();
    assert!(tags.baggage_mut().set("a", "1") && tags.baggage_mut().set("b", "2"));
    tags.take_baggage_tags(|key| key == "b");
    assert!(tags.baggage_mut().set("b", "3") && tags.baggage_mut().remove("a"));
    assert_eq!(tags.baggage_tags().collect::<Vec<_>>(), [("baggage.b", "2")]);
}

#[test]
fn text_is_bounded() {
    let mut tags = TraceTags::default();
    assert!(!tags.set("_dd.p.big", &"x".repeat(MAX_TEXT)));
    let stored = (0..MAX_TEXT).take_while(|index| tags.set(&format!("_dd.p.{index}"), "0123456789")).count();
    assert!(stored > 1000 && tags.text.len() <= MAX_TEXT);
    tags.set_last_parent_id(&"f".repeat(MAX_TEXT));
    assert_eq!(tags.last_parent_id(), None);
}

#[test]
fn setting_again_does_not_grow() {
    let mut tags = TraceTags::default();
    for round in 0..10_000 {
        assert!(tags.set("_dd.p.a", &round.to_string()) && tags.set_origin("rum"));
    }
    assert!(tags.text.len() < 32);
}

#[test]
fn recycling_keeps_usual_memory_and_returns_unusual() {
    let mut tags = TraceTags::default();
    assert!(tags.set("_dd.p.a", &"x".repeat(1000)));
    let kept = tags.text.capacity();
    tags.clear();
    assert_eq!((tags.text.capacity(), &tags), (kept, &TraceTags::default()));
    assert!(tags.set("_dd.p.a", &"x".repeat(40_000)));
    tags.clear();
    assert_eq!(tags.text.capacity(), 0);
}

#[test]
fn a_tag_knows_which_headers_take_it() {
    let mut tags = TraceTags::default();
    for (key, value) in [
        ("_dd.p.dm", "-4"),
        ("_dd.p.usr.id", "baz64=="),
        ("_dd.p.comma", "a,b"),
        ("_dd.p.sp ace", "x"),
        ("_dd.p.eq=", "x"),
        ("_dd.p.none", ""),
        ("_dd.p.ä", "x"),
    ] {
        assert!(tags.set(key, value));
    }
    let forms: Vec<_> = tags.tag_views().map(|tag| (tag.fits_datadog(), tag.fits_tracestate())).collect();
    let neither = (false, false);
    assert_eq!(forms, [(true, true), (true, false), neither, neither, neither, neither, neither]);
}
