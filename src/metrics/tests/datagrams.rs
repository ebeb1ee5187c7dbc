//! What messages look like.

use super::*;

#[test]
fn the_examples_of_the_protocol() {
    let kept = Kept::new(options());
    let send = |metric: &Metric<'_>| kept.client.send(metric).unwrap();
    send(&metric(MetricKind::Count, "page.views", 1.0));
    send(&metric(MetricKind::Gauge, "fuel.level", 0.5));
    send(&metric(MetricKind::Histogram, "song.length", 240.0));
    send(&metric(MetricKind::Distribution, "song.size", -2.5));
    send(&metric(MetricKind::Timing, "query", 0.25));
    send(&member("users.uniques", "1234"));
    let china = |each: &mut dyn FnMut(&str)| each("country:china");
    send(&Metric { tags: &china, ..metric(MetricKind::Count, "users.online", 1.0) });
    send(&Metric { timestamp: Some(1_656_581_400), ..metric(MetricKind::Count, "page.views", 15.0) });
    send(&Metric { timestamp: Some(1_656_581_400), rate: 0.5, ..metric(MetricKind::Gauge, "page.views", 15.0) });
    let mut expected = [
        "page.views:1|c",
        "fuel.level:0.5|g",
        "song.length:240|h",
        "song.size:-2.5|d",
        "query:0.25|ms",
        "users.uniques:1234|s",
        "users.online:1|c|#country:china",
        "page.views:15|c|T1656581400",
        "page.views:15|g|T1656581400",
    ];
    expected.sort_unstable();
    assert_eq!(kept.lines(), expected);
}

#[test]
fn what_all_messages_have_in_common() {
    let origin = OriginFields { local: "ci-83c0".to_owned(), external: "it-false".to_owned() };
    let kept = Kept::new(ClientOptions {
        namespace: "shop".to_owned(),
        tags: vec!["env:dev".to_owned(), "a|b".to_owned(), String::new()],
        origin,
        cardinality: Some(Cardinality::Low),
        ..options()
    });
    let tags = |each: &mut dyn FnMut(&str)| ["x:y", "", "n\new"].into_iter().for_each(each);
    kept.client.send(&Metric { tags: &tags, ..metric(MetricKind::Count, "page.views", 1.0) }).unwrap();
    kept.client.send(&Metric { cardinality: Some(Cardinality::High), ..member("u", "v|w\n") }).unwrap();
    kept.client.event(&Event { tags: &tags, ..event("t", "x") }).unwrap();
    kept.client.check(&ServiceCheck { message: "m: n", ..check("a|b") }).unwrap();
    let expected = [
        "_e{1,1}:t|x|#env:dev,a_b,x:y,new|c:ci-83c0|e:it-false",
        "_sc|a_b|0|#env:dev,a_b|m:m\\: n|c:ci-83c0|e:it-false",
        "shop.page.views:1|c|#env:dev,a_b,x:y,new|c:ci-83c0|e:it-false|card:low",
        "shop.u:v_w|s|#env:dev,a_b|c:ci-83c0|e:it-false|card:high",
    ];
    assert_eq!(kept.lines(), expected);
}

#[test]
fn a_part_of_the_calls_stands_for_all() {
    let kept = Kept::new(options());
    let calls = 10_000;
    for _ in 0..calls {
        kept.client.send(&Metric { rate: 0.25, ..metric(MetricKind::Histogram, "h", 1.0) }).unwrap();
    }
    let lines = kept.lines();
    assert!(lines.iter().all(|line| line == "h:1|h|@0.25"), "{:?}", lines.first());
    // Ten standard deviations.
    assert!((lines.len() as f64 - 2_500.0).abs() < 433.0, "{}", lines.len());
    assert_eq!(kept.client.totals().metrics[MetricKind::Histogram as usize], calls);
}

#[test]
fn rates_out_of_range() {
    let kept = Kept::new(options());
    for rate in [0.0, -1.0, f64::NEG_INFINITY] {
        kept.client.send(&Metric { rate, ..metric(MetricKind::Count, "never", 1.0) }).unwrap();
    }
    for rate in [1.0, 2.0, f64::NAN, f64::INFINITY] {
        kept.client.send(&Metric { rate, ..metric(MetricKind::Count, "always", 1.0) }).unwrap();
    }
    kept.client.send(&Metric { rate: 0.000_001, ..metric(MetricKind::Gauge, "gauge", 1.0) }).unwrap();
    assert_eq!(kept.lines(), ["always:1|c", "always:1|c", "always:1|c", "always:1|c", "gauge:1|g"]);
}

#[test]
fn bad_input_is_refused() {
    let kept = Kept::new(options());
    let refused = |metric: Metric<'_>| kept.client.send(&metric).unwrap_err();
    let count = metric(MetricKind::Count, "n", 1.0);
    for name in ["", "1.2", "|"] {
        assert_eq!(refused(Metric { name, ..count }), Refusal::NoName);
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(refused(Metric { value: MetricValue::Number(value), ..count }), Refusal::BadValue);
    }
    assert_eq!(refused(member("s", "")), Refusal::BadValue);
    assert_eq!(refused(member("s", "\n")), Refusal::BadValue);
    assert_eq!(refused(Metric { kind: MetricKind::Gauge, ..member("s", "x") }), Refusal::WrongValue);
    assert_eq!(refused(metric(MetricKind::Set, "s", 1.0)), Refusal::WrongValue);
    for timestamp in [0, -1, i64::MIN] {
        assert_eq!(refused(Metric { timestamp: Some(timestamp), ..count }), Refusal::BadTime);
        assert_eq!(kept.client.event(&Event { timestamp: Some(timestamp), ..event("t", "x") }), Err(Refusal::BadTime));
    }
    assert_eq!(refused(Metric { timestamp: Some(1), ..metric(MetricKind::Timing, "t", 1.0) }), Refusal::BadTime);
    assert_eq!(kept.client.event(&event("", "x")), Err(Refusal::NoName));
    assert_eq!(kept.client.check(&check("")), Err(Refusal::NoName));
    assert!(kept.lines().is_empty());
    assert_eq!(kept.client.totals(), ClientTotals::default());
}

#[test]
fn messages_that_are_too_large_are_refused_and_counted() {
    let kept = Kept::new(options());
    let text = "x".repeat(65_500);
    assert_eq!(kept.client.send(&member("s", &text)), Err(Refusal::TooLarge));
    assert_eq!(kept.client.event(&event("t", &text[..8 * 1024])), Err(Refusal::TooLarge));
    kept.client.send(&member("s", &text[..65_460])).unwrap();
    kept.client.event(&event("t", &text[..8 * 1024 - 13])).unwrap();
    kept.client.send(&metric(MetricKind::Count, "n", 1.0)).unwrap();
    let lengths: Vec<usize> = kept.payloads().iter().map(String::len).collect();
    assert_eq!(lengths, [65_464, 8 * 1024, 5], "what fits alone is alone");
    assert_eq!(kept.client.totals().dropped_messages, 2);
    let unix = Kept::new(ClientOptions { address: DogstatsdAddress::unix("/nobody"), ..options() });
    assert_eq!(unix.client.send(&member("s", &text[..8200])), Err(Refusal::TooLarge));
    unix.client.send(&member("s", &text[..8000])).unwrap();
}

#[test]
fn messages_share_payloads_up_to_their_size() {
    let kept = Kept::new(ClientOptions { max_payload: 300, ..options() });
    (0..200).for_each(|number| kept.client.send(&metric(MetricKind::Count, "some.name", f64::from(number))).unwrap());
    let payloads = kept.payloads();
    assert!(payloads.iter().all(|payload| payload.len() <= 300 && !payload.ends_with('\n')));
    assert_eq!(payloads.iter().map(|payload| payload.split('\n').count()).sum::<usize>(), 200);
    assert!(payloads.len() <= 12, "{}", payloads.len());
}

#[test]
fn a_client_that_is_switched_off_takes_everything_and_sends_nothing() {
    let kept = Kept::new(ClientOptions { is_disabled: true, report_every: Some(SOON), ..options() });
    kept.client.send(&metric(MetricKind::Count, "n", 1.0)).unwrap();
    kept.client.event(&event("t", "x")).unwrap();
    kept.client.check(&check("c")).unwrap();
    assert_eq!(kept.client.send(&metric(MetricKind::Count, "", 1.0)), Err(Refusal::NoName));
    assert!(kept.lines().is_empty());
}

#[test]
fn after_its_end_a_client_refuses() {
    let kept = Kept::new(options());
    kept.client.send(&metric(MetricKind::Count, "n", 1.0)).unwrap();
    assert!(kept.client.shutdown(SOON));
    assert_eq!(*kept.payloads.lock(), ["n:1|c"], "what was taken is sent");
    assert_eq!(kept.client.send(&metric(MetricKind::Count, "n", 1.0)), Err(Refusal::ShutDown));
    assert_eq!(kept.client.event(&event("t", "x")), Err(Refusal::ShutDown));
    assert_eq!(kept.client.check(&check("c")), Err(Refusal::ShutDown));
    assert!(kept.client.flush(SOON) && kept.client.shutdown(SOON));
}

#[test]
fn hostile_text_of_all_kinds_makes_well_formed_messages() {
    let kept = Kept::new(ClientOptions { aggregation: Aggregation::Basic, ..options() });
    let hostile = ["a|b\nc:d,e#f@g", "\u{0}\u{7f}", "é\u{fffd}", "x|c|#evil", "_e{1,1}:a|b", "\r\n", " ", "|T1|card:high"];
    for text in hostile {
        let tags = |each: &mut dyn FnMut(&str)| hostile.into_iter().for_each(each);
        let _ = kept.client.send(&Metric { tags: &tags, ..metric(MetricKind::Count, text, 1.0) });
        let _ = kept.client.send(&Metric { tags: &tags, ..member("set", text) });
        kept.client
            .event(&Event { hostname: text, aggregation_key: text, source_type: text, tags: &tags, ..event(text, text) })
            .unwrap();
        let _ = kept.client.check(&ServiceCheck { message: text, hostname: text, tags: &tags, ..check(text) });
    }
    for line in kept.lines() {
        if let Some(rest) = line.strip_prefix("_e{") {
            let (lengths, rest) = rest.split_once("}:").unwrap();
            let (title, text) = lengths.split_once(',').unwrap();
            let (title, text): (usize, usize) = (title.parse().unwrap(), text.parse().unwrap());
            assert_eq!(rest.as_bytes()[title], b'|', "{line}");
            assert!(rest.as_bytes().get(title + 1 + text).is_none_or(|byte| *byte == b'|'), "{line}");
        } else if line.starts_with("_sc|") {
            assert!(line.split('|').count() >= 3, "{line}");
        } else {
            let (head, fields) = line.split_once('|').unwrap();
            assert!(head.contains(':') && fields.starts_with(['c', 's']), "{line}");
            assert!(fields.split('|').skip(1).all(|field| field.starts_with('#')), "{line}");
        }
    }
}
