use super::*;
use crate::context::Baggage;

const BAGGAGE: &[PropagationStyle] = &[PropagationStyle::Baggage];

fn read(header: &str) -> Extracted {
    extract(&styles(BAGGAGE), &[("baggage", header)])
}

fn items(extracted: &Extracted) -> Vec<(&str, &str)> {
    extracted.tags.baggage().iter().collect()
}

fn carrying(pairs: Pairs<'_>) -> TraceTags {
    let mut carried = TraceTags::default();
    pairs.iter().for_each(|(key, value)| assert!(carried.baggage_mut().set(key, value)));
    carried
}

/// Baggage needs no ids.
fn no_trace(tags: &TraceTags) -> InjectInput<'_> {
    InjectInput { trace_id: 0, span_id: 0, decision: None, tags: Some(tags), local_span: false }
}

fn write(pairs: Pairs<'_>) -> Option<String> {
    inject(&styles(BAGGAGE), &no_trace(&carrying(pairs))).get("baggage").map(str::to_owned)
}

#[test]
fn items_are_percent_encoded() {
    for (key, value, expected) in [
        ("userId", "Amélie", "userId=Am%C3%A9lie"),
        ("serverNode", "DF 28", "serverNode=DF%2028"),
        ("\",;\\()/:<=>?@[]{}", "v", "%22%2C%3B%5C%28%29%2F%3A%3C%3D%3E%3F%40%5B%5D%7B%7D=v"),
        ("k", "\",;\\", "k=%22%2C%3B%5C"),
        ("k", "()/:<>?@[]{}", "k=()/:<>?@[]{}"),
        ("!#$&'*+-.^_`|~", "!#$&'*+-.^_`|~", "!#$&'*+-.^_`|~=!#$&'*+-.^_`|~"),
        ("k", "100%=x\n", "k=100%25%3Dx"),
        (" k ", " v ", "k=v"),
    ] {
        assert_eq!(write(&[(key, value)]).as_deref(), Some(expected));
    }
}

#[test]
fn what_is_written_is_read_again() {
    let pairs = [("100%", "50%25"), ("ключ", "значение, \"=;\\ x"), ("k", "a=b;c")];
    let header = write(&pairs).unwrap_or_default();
    assert_eq!(items(&read(&header)), pairs);
}

#[test]
fn items_are_decoded() {
    for (header, expected) in [
        ("foo=bar,fizz=buzz", &[("foo", "bar"), ("fizz", "buzz")][..]),
        ("userId=Am%C3%A9lie", &[("userId", "Amélie")]),
        ("serverNode=DF 28", &[("serverNode", "DF 28")]),
        (" foo = bar , a=b ", &[("foo", "bar"), ("a", "b")]),
        ("foo=bar;meta=1;x,a=b", &[("foo", "bar"), ("a", "b")]),
        ("foo=a=b", &[("foo", "a=b")]),
        ("foo=%zz%4%", &[("foo", "%zz%4%")]),
        ("foo=%ff", &[("foo", "\u{fffd}")]),
        ("a=1,b=2,a=3", &[("a", "3"), ("b", "2")]),
        ("", &[]),
    ] {
        assert_eq!(items(&read(header)), expected, "{header}");
    }
}

#[test]
fn one_malformed_member_discards_the_header() {
    for header in ["no-equal-sign,foo=x", "=no-key", "no-value=", "foo=x,=", "foo=x,", "foo=x,bar", "foo= ;meta"] {
        let (extracted, report) = extract_reported(&styles(BAGGAGE), &[("baggage", header)]);
        assert_eq!(items(&extracted), [], "{header}");
        assert!(report.malformed.contains(PropagationStyle::Baggage), "{header}");
    }
}

#[test]
fn repeated_headers_are_one_list() {
    let extracted = extract(&styles(BAGGAGE), &[("baggage", "a=1"), ("baggage", " "), ("baggage", "b=2")]);
    assert_eq!(items(&extracted), [("a", "1"), ("b", "2")]);
}

#[test]
fn only_the_first_64_items_leave() {
    let mut carried = TraceTags::default();
    (0..66).for_each(|index| assert!(carried.baggage_mut().set(&format!("k{index}"), "v")));
    let (written, report) = inject_reported(&styles(BAGGAGE), &no_trace(&carried));
    let header = written.get("baggage").unwrap_or_default();
    assert_eq!((header.split(',').count(), header.ends_with("k63=v")), (64, true));
    assert!(report.baggage_items_exceeded && !report.baggage_bytes_exceeded);
}

#[test]
fn the_header_never_exceeds_its_length_and_no_later_item_slips_in() {
    let big = "x".repeat(8192 - 2);
    for (pairs, expected, exceeded) in [
        (&[("a", &*big)][..], 8192, false),
        (&[("a", &big), ("b", "1")], 8192, true),
        (&[("a", "1"), ("b", &big), ("c", "1")], 3, true),
        (&[("ab", &big)], 0, true),
    ] {
        let (written, report) = inject_reported(&styles(BAGGAGE), &no_trace(&carrying(pairs)));
        assert_eq!(written.get("baggage").map_or(0, str::len), expected);
        assert_eq!(report.baggage_bytes_exceeded, exceeded);
    }
}

#[test]
fn reading_stops_at_the_limits() {
    let header = |count: usize| (0..count).map(|index| format!("k{index}=v")).collect::<Vec<_>>().join(",");
    let (extracted, report) = extract_reported(&styles(BAGGAGE), &[("baggage", &header(64))]);
    assert_eq!((extracted.tags.baggage().len(), report.baggage_items_exceeded), (64, false));
    let (extracted, report) = extract_reported(&styles(BAGGAGE), &[("baggage", &header(65))]);
    assert_eq!((extracted.tags.baggage().len(), report.baggage_items_exceeded), (64, true));
    let long = format!("a=1,b={},c=1", "x".repeat(8192));
    let (extracted, report) = extract_reported(&styles(BAGGAGE), &[("baggage", &long)]);
    assert_eq!((items(&extracted), report.baggage_bytes_exceeded), (vec![("a", "1")], true));
    let narrow = PropagationSettings { baggage_max_items: 2, baggage_max_bytes: 7, ..styles(BAGGAGE) };
    assert_eq!(items(&extract(&narrow, &[("baggage", "a=1,b=2,c=3")])), [("a", "1"), ("b", "2")]);
    for (max_items, max_bytes) in [(0, 8192), (64, 0)] {
        let none = PropagationSettings { baggage_max_items: max_items, baggage_max_bytes: max_bytes, ..styles(BAGGAGE) };
        assert!(extract(&none, &[("baggage", "a=1")]).tags.baggage().is_empty());
        assert_eq!(inject(&none, &no_trace(&carrying(&[("a", "1")]))).names(), [""; 0]);
    }
}

#[test]
fn an_item_that_would_spoil_the_header_is_left_out() {
    assert_eq!(write(&[("a", ""), ("b", "2"), ("c", "  ")]).as_deref(), Some("b=2"));
    assert_eq!(write(&[]), None);
    assert_eq!(write(&[("a", "")]), None);
}

#[test]
fn baggage_goes_with_its_own_style_only() {
    let headers = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), ("baggage", "a=b")];
    let only_baggage = extract(&styles(BAGGAGE), &headers);
    assert_eq!((only_baggage.is_empty(), items(&only_baggage)), (true, vec![("a", "b")]));
    let without = extract(&styles(DATADOG), &headers);
    assert_eq!((without.trace_id, items(&without)), (1, vec![]));
    let carried = carrying(&[("a", "b")]);
    let input = InjectInput { tags: Some(&carried), ..local(1, 0, 1, None) };
    assert_eq!(inject(&styles(BAGGAGE), &input).names(), ["baggage"]);
    assert_eq!(inject(&styles(DATADOG), &input).get("baggage"), None);
    let everything = inject(&PropagationSettings::default(), &input);
    assert_eq!(everything.names()[0], "baggage");
}

#[test]
fn chosen_keys_become_tags_of_the_local_root() {
    let tags_of = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let settings = PropagationSettings { baggage_tag_keys: keys, ..PropagationSettings::default() };
        let extracted = extract(&settings, &[("baggage", "user.id=doggo,foo=bar,User.Id=other,feature*flag=1")]);
        extracted.tags.baggage_tags().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(tags_of(&["user.id", "account.id"]), ["baggage.user.id=doggo"]);
    assert_eq!(tags_of(&["*"]), ["baggage.user.id=doggo", "baggage.foo=bar", "baggage.User.Id=other", "baggage.feature*flag=1"]);
    assert_eq!(tags_of(&["feature*flag", "f*"]), ["baggage.feature*flag=1"]);
    assert_eq!(tags_of(&[]), [""; 0]);
}

#[test]
fn legacy_headers_are_used_when_enabled() {
    let legacy = PropagationSettings { http_baggage: true, ..PropagationSettings::default() };
    let headers =
        [("x-datadog-trace-id", "1"), ("OT-Baggage-Key", " raw %20 value "), ("ot-baggage-", "x"), ("ot-baggage-empty", "")];
    assert_eq!(items(&extract(&legacy, &headers)), [("key", "raw %20 value")]);
    assert_eq!(items(&extract(&PropagationSettings::default(), &headers)), []);
    let carried = carrying(&[("key", "a b"), ("not a token", "x"), ("ctl", "a\nb")]);
    let input = InjectInput { tags: Some(&carried), ..local(1, 0, 1, None) };
    let written = inject(&legacy, &input);
    assert_eq!(written.get("ot-baggage-key"), Some("a b"));
    assert_eq!(written.names().iter().filter(|name| name.starts_with("ot-baggage-")).count(), 1);
    assert_eq!(inject(&PropagationSettings::default(), &input).get("ot-baggage-key"), None);
    let alike = carrying(&[("Key", "first"), ("other", "x"), ("kEY", "last")]);
    let written = inject(&legacy, &InjectInput { tags: Some(&alike), ..input });
    let names: Vec<_> = written.names().into_iter().filter(|name| name.starts_with("ot-baggage-")).collect();
    assert_eq!(names, ["ot-baggage-other", "ot-baggage-kEY"]);
    assert_eq!(written.get("ot-baggage-kEY"), Some("last"));
}

#[test]
fn a_million_items_stay_within_the_limits() {
    let header = (0..1_000_000).map(|index| format!("{index}=v")).collect::<Vec<_>>().join(",");
    assert_eq!(read(&header).tags.baggage().len(), 64);
    let unlimited = PropagationSettings { baggage_max_items: usize::MAX, baggage_max_bytes: usize::MAX, ..styles(BAGGAGE) };
    let extracted = extract(&unlimited, &[("baggage", &header[..300_000])]);
    assert!(extracted.tags.baggage().len() <= 4096);
    let mut endless = Baggage::default();
    let taken = (0..1_000_000).take_while(|index: &u32| endless.set(&index.to_string(), "v")).count();
    assert_eq!(taken, endless.len());
}
