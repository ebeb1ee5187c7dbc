use super::*;

const BODY: &[u8] = br#"{"rate_by_service":{"service:foo,env:prod":0.25,"service:,env:":0.8}}"#;

fn rates(body: &str) -> AgentRates {
    let rates = AgentRates::default();
    assert!(rates.update(body.as_bytes()), "{body}");
    rates
}

fn default_rate(rate: f64) -> Vec<u8> {
    format!(r#"{{"rate_by_service":{{"service:,env:":{rate}}}}}"#).into_bytes()
}

#[test]
fn without_an_answer_there_is_no_rate() {
    assert_eq!(AgentRates::default().rate("foo", "prod"), None);
}

#[test]
fn a_key_of_its_own_wins_over_the_default_key() {
    let rates = AgentRates::default();
    assert!(rates.update(BODY));
    assert_eq!(rates.rate("foo", "prod"), Some(0.25));
    assert_eq!(rates.rate("", ""), Some(0.8));
    for (service, env) in [("foo", "dev"), ("foo", ""), ("fo", "prod"), ("fooo", "prod"), ("bar", "prod"), ("", "prod")] {
        assert_eq!(rates.rate(service, env), Some(0.8), "{service} {env}");
    }
}

#[test]
fn without_a_default_key_other_services_have_no_rate() {
    let rates = rates(r#"{"rate_by_service":{"service:foo,env:prod":0.25,"service:foo,env:":0.5}}"#);
    assert_eq!(rates.rate("bar", "prod"), None);
    assert_eq!(rates.rate("foo", ""), Some(0.5));
}

#[test]
fn keys_are_compared_exactly() {
    let rates = rates(r#"{"rate_by_service":{"service:Foo,env:prod":0.25,"service:a,env:b,env:c":0.5}}"#);
    assert_eq!(rates.rate("foo", "prod"), None);
    assert_eq!(rates.rate("Foo", "Prod"), None);
    // Names that contain the separator: the text of the key is what counts.
    assert_eq!(rates.rate("a,env:b", "c"), Some(0.5));
    assert_eq!(rates.rate("a", "b,env:c"), Some(0.5));
}

#[test]
fn many_keys_are_all_found() {
    let entries: Vec<String> = (0..500).map(|n| format!(r#""service:s{n},env:e{}":{}"#, n % 7, f64::from(n) / 500.0)).collect();
    let rates = rates(&format!(r#"{{"rate_by_service":{{{}}}}}"#, entries.join(",")));
    for n in 0..500 {
        assert_eq!(rates.rate(&format!("s{n}"), &format!("e{}", n % 7)), Some(f64::from(n) / 500.0));
        assert_eq!(rates.rate(&format!("s{n}"), "e7"), None);
    }
}

#[test]
fn a_new_table_replaces_the_old_one_as_a_whole() {
    let rates = AgentRates::default();
    assert!(rates.update(BODY));
    assert!(rates.update(br#"{"rate_by_service":{"service:bar,env:prod":0.5}}"#));
    assert_eq!(rates.rate("bar", "prod"), Some(0.5));
    assert_eq!(rates.rate("foo", "prod"), None);
    assert!(rates.update(br#"{"rate_by_service":{}}"#));
    assert_eq!(rates.rate("bar", "prod"), None);
}

#[test]
fn an_answer_without_a_table_keeps_the_old_one() {
    let rates = AgentRates::default();
    assert!(rates.update(BODY));
    let bodies: [&[u8]; 12] = [
        b"",
        b"OK",
        b"OK\n",
        b"{}",
        b"null",
        b"[]",
        br#"[{"service:foo,env:prod":1}]"#,
        br#"{"rate_by_service":null}"#,
        br#"{"rate_by_service":"0.5"}"#,
        br#"{"rate_by_service":{"service:foo,env:prod":1"#,
        b"\xff\xfe",
        br#"{"other":{"service:foo,env:prod":1}}"#,
    ];
    for body in bodies {
        assert!(!rates.update(body), "{}", String::from_utf8_lossy(body));
        assert_eq!(rates.rate("foo", "prod"), Some(0.25));
        assert_eq!(rates.rate("bar", "prod"), Some(0.8));
    }
}

#[test]
fn entries_that_make_no_sense_are_ignored_alone() {
    let rates = rates(
        r#"{"extra":1,"rate_by_service":{"service:a,env:":1.5,"service:b,env:":-0.1,"service:c,env:":"0.5",
            "service:d,env:":null,"service:e,env:":{},"f":0.5,"Service:g,env:":0.5,"service:h,env:":0,"service:i,env:":1}}"#,
    );
    for service in ["a", "b", "c", "d", "e", "f", "g"] {
        assert_eq!(rates.rate(service, ""), None, "{service}");
    }
    assert_eq!(rates.rate("h", ""), Some(0.0));
    assert_eq!(rates.rate("i", ""), Some(1.0));
}

#[test]
fn a_rising_rate_doubles_with_each_answer() {
    let rates = AgentRates::default();
    rates.update(&default_rate(0.1));
    for want in [0.2, 0.4, 0.8, 1.0, 1.0] {
        rates.update(&default_rate(1.0));
        assert_eq!(rates.rate("any", "env"), Some(want));
    }
}

#[test]
fn a_small_rise_and_every_fall_apply_at_once() {
    let rates = AgentRates::default();
    for rate in [0.4, 0.6, 0.01, 0.02, 0.015] {
        rates.update(&default_rate(rate));
        assert_eq!(rates.rate("", ""), Some(rate));
    }
}

#[test]
fn a_fall_counts_from_the_rate_in_use() {
    let rates = AgentRates::default();
    for (received, used) in [(0.1, 0.1), (1.0, 0.2), (0.3, 0.3), (0.05, 0.05), (0.5, 0.1)] {
        rates.update(&default_rate(received));
        assert_eq!(rates.rate("", ""), Some(used), "received {received}");
    }
}

#[test]
fn each_key_rises_on_its_own() {
    let rates = rates(r#"{"rate_by_service":{"service:a,env:":0.1,"service:b,env:":0.5}}"#);
    let all = br#"{"rate_by_service":{"service:a,env:":1,"service:b,env:":1,"service:new,env:":1}}"#;
    rates.update(all);
    assert_eq!(rates.rate("a", ""), Some(0.2));
    assert_eq!(rates.rate("b", ""), Some(1.0));
    assert_eq!(rates.rate("new", ""), Some(1.0));
}

#[test]
fn a_rate_leaves_zero_at_once() {
    let rates = AgentRates::default();
    rates.update(&default_rate(0.0));
    rates.update(&default_rate(0.7));
    assert_eq!(rates.rate("", ""), Some(0.7));
}

#[test]
fn a_rate_keeps_rising_while_the_agent_repeats_nothing() {
    let rates = AgentRates::default();
    rates.update(&default_rate(0.1));
    rates.update(&default_rate(0.5));
    assert_eq!(rates.rate("", ""), Some(0.2));
    for want in [0.4, 0.5, 0.5] {
        assert!(!rates.update(b"OK"));
        assert_eq!(rates.rate("", ""), Some(want));
    }
}

#[test]
fn too_many_keys_are_cut_but_never_the_default_key() {
    let mut entries: Vec<String> = (0..MAX_KEYS + 10).map(|n| format!(r#""service:+{n:06},env:":0.5"#)).collect();
    entries.push(r#""service:,env:":0.25"#.into());
    let rates = rates(&format!(r#"{{"rate_by_service":{{{}}}}}"#, entries.join(",")));
    assert_eq!(rates.table.read().entries.len(), MAX_KEYS);
    assert_eq!(rates.rate("unknown", ""), Some(0.25));
    assert_eq!(rates.rate("+000000", ""), Some(0.5));
}

#[test]
fn concurrent_decisions_see_one_table_or_the_other() {
    let rates = AgentRates::default();
    let tables: [&[u8]; 2] = [BODY, br#"{"rate_by_service":{"service:foo,env:prod":0.25}}"#];
    rates.update(tables[0]);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..500).for_each(|n| assert!(rates.update(tables[n % 2]))));
        for _ in 0..2 {
            scope.spawn(|| (0..2000).for_each(|_| assert_eq!(rates.rate("foo", "prod"), Some(0.25))));
        }
    });
}

#[test]
fn a_forked_child_keeps_the_rates_unless_they_were_being_replaced() {
    let rates = AgentRates::default();
    rates.update(BODY);
    rates.reset_after_fork();
    assert_eq!(rates.rate("foo", "prod"), Some(0.25));
    std::thread::scope(|scope| {
        scope.spawn(|| std::mem::forget(rates.table.read()));
    });
    rates.reset_after_fork();
    assert_eq!(rates.rate("foo", "prod"), Some(0.25));
    rates.abandon();
    rates.reset_after_fork();
    assert_eq!(rates.rate("foo", "prod"), None);
    assert!(rates.update(BODY));
    assert_eq!(rates.rate("foo", "prod"), Some(0.25));
}
