//! The acceptance list of sampling, item by item, as far as samplers alone can show it. What the agent receives is in `tests/wire/test_sampling.py`.

use super::test_span::TestSpan;
use super::*;
use crate::config::{Provenance, RemoteSampling, RuleSpec, SamplingSettings, SpanRuleSpec};
use crate::context::mechanism::*;

const SECOND_NS: i64 = 1_000_000_000;
const NOW: i64 = 1_720_000_000 * SECOND_NS;

fn rule(service: &str, sample_rate: f64, provenance: Provenance) -> RuleSpec {
    RuleSpec { sample_rate, service: Some(service.into()), name: None, resource: None, tags: Vec::new(), provenance }
}

fn sampler(settings: &SamplingSettings) -> TraceSampler {
    TraceSampler::of_settings(settings, None)
}

fn web() -> TestSpan {
    TestSpan::new("web", "request")
}

/// Who decided the trace of a service, and at which rate.
fn decided(sampler: &TraceSampler, service: &str) -> (u8, Option<f64>) {
    let decision = sampler.decide(1, &TestSpan::new(service, "n"), "", NOW);
    (decision.mechanism.unwrap(), decision.rate)
}

#[test]
fn item_01_rate_sampler_and_rules_keep_the_same_ids() {
    let ids = [1, 10, 1000, 123_456_789, 18444899399302180862, u64::MAX, 5401449561355763072, 0x03A9_3EE8_B199_9F00];
    for rate in [0.01, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 0.9, 0.99] {
        let by_rule = sampler(&SamplingSettings { sample_rate: Some(rate), rate_limit: -1.0, ..SamplingSettings::default() });
        for id in ids {
            let kept = RateSampler::new(rate).keeps(id);
            assert_eq!(kept, keeps(rate, id));
            assert_eq!(by_rule.decide(id, &web(), "", NOW).priority, if kept { 2 } else { -1 }, "{id} at {rate}");
        }
    }
}

#[test]
fn item_04_agent_rates_by_exact_key_then_by_default_and_replaced_as_a_whole() {
    let sampler = sampler(&SamplingSettings::default());
    let rate = |service: &str, env: &str| sampler.decide(1, &TestSpan::new(service, "n"), env, NOW);
    let answer = |body: &str| sampler.update_agent_rates(body.as_bytes());
    assert_eq!(rate("web", "prod").mechanism, Some(DEFAULT));
    assert!(answer(r#"{"rate_by_service":{"service:web,env:prod":0.25,"service:,env:":0.5}}"#));
    assert_eq!((rate("web", "prod").rate, rate("web", "prod").mechanism), (Some(0.25), Some(AGENT_RATE)));
    assert_eq!(rate("Web", "prod").rate, Some(0.5), "keys are compared exactly");
    assert_eq!(rate("web", "").rate, Some(0.5));
    for nothing in ["OK", "", "{}", r#"{"rate_by_service":3}"#] {
        assert!(!answer(nothing));
        assert_eq!(rate("web", "prod").rate, Some(0.25), "{nothing}");
    }
    assert!(answer(r#"{"rate_by_service":{"service:other,env:":0.5}}"#));
    assert_eq!((rate("web", "prod").mechanism, rate("web", "prod").rate), (Some(DEFAULT), None), "absent keys disappear");
}

#[test]
fn item_04_a_rising_rate_rises_by_doubling() {
    let sampler = sampler(&SamplingSettings::default());
    let answer = |rate: f64| {
        sampler.update_agent_rates(format!(r#"{{"rate_by_service":{{"service:,env:":{rate}}}}}"#).as_bytes());
        sampler.decide(1, &web(), "", NOW).rate.unwrap()
    };
    assert_eq!([answer(0.1), answer(1.0), answer(1.0), answer(1.0), answer(1.0)], [0.1, 0.2, 0.4, 0.8, 1.0]);
    assert_eq!(answer(0.05), 0.05);
}

#[test]
fn item_05_a_burst_passes_up_to_the_limit_and_more_after_a_pause() {
    let limited = |rate_limit: f64| {
        let settings = SamplingSettings { sample_rate: Some(1.0), rate_limit, ..SamplingSettings::default() };
        let sampler = sampler(&settings);
        move |traces: usize, now| (0..traces).filter(|_| sampler.decide(1, &web(), "", now).is_kept()).count()
    };
    let kept = limited(100.0);
    assert_eq!((kept(150, NOW), kept(150, NOW + SECOND_NS / 2)), (100, 50));
    assert_eq!(limited(0.0)(150, NOW), 0);
    assert_eq!(limited(-1.0)(150, NOW), 150);
}

#[test]
fn item_07_span_rules_by_order_limit_and_hash_of_the_span_id() {
    let rule = |name: &str, sample_rate: f64, max_per_second: Option<f64>| SpanRuleSpec {
        service: None,
        name: Some(name.into()),
        resource: None,
        tags: Vec::new(),
        sample_rate,
        max_per_second,
    };
    let sampler = SpanSampler::new(&[rule("a", 0.5, None), rule("*", 1.0, Some(2.0))]);
    let span = |name: &str, id: u64| TestSpan::new("s", name).id(id);
    assert_eq!(sampler.decide(&span("a", 1000), NOW).map(|kept| kept.rule), Some(0));
    assert_eq!(sampler.decide(&span("a", 10), NOW), None, "the first rule that matches decides");
    let kept = (0..6).filter(|_| sampler.decide(&span("b", 10), NOW).is_some()).count();
    assert_eq!(kept, 2);
}

#[test]
fn item_09_without_apm_tracing_one_trace_a_minute_and_no_agent_rates() {
    let sampler = sampler(&SamplingSettings { apm_tracing: false, ..SamplingSettings::default() });
    sampler.update_agent_rates(br#"{"rate_by_service":{"service:,env:":0}}"#);
    let decide = |seconds: i64| sampler.decide(1, &web(), "", NOW + seconds * SECOND_NS);
    let first = decide(0);
    assert_eq!((first.priority, first.mechanism, first.rate, first.limit_rate), (1, Some(APPSEC), None, Some(1.0)));
    assert_eq!([0, 1, 59].map(|seconds| decide(seconds).priority), [0, 0, 0]);
    assert_eq!([60, 61, 120].map(|seconds| decide(seconds).priority), [1, 0, 1]);
    assert!(decide(121).limit_rate.is_some_and(|rate| rate < 1.0));
}

#[test]
fn item_10_rates_as_text() {
    for (rate, text) in [
        (1.0, "1"),
        (0.5, "0.5"),
        (0.000001, "0.000001"),
        (0.000_000_51, "0.000001"),
        (0.000_000_1, "0"),
        (0.0, "0"),
        (0.25, "0.25"),
    ] {
        assert_eq!(format_rate(rate, &mut [0; 16]), Some(text));
    }
    for rate in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        assert_eq!(format_rate(rate, &mut [0; 16]), None);
    }
}

#[test]
fn item_11_what_is_remote_comes_before_what_is_local() {
    use Provenance::{Customer, Default, Dynamic};
    let local = SamplingSettings { rules: vec![rule("a", 0.1, Default)], sample_rate: Some(0.2), ..SamplingSettings::default() };
    let remote_rules = vec![rule("*", 0.4, Dynamic), rule("a", 0.8, Customer)];
    let with = |rules: &[RuleSpec], sample_rate| SamplingSettings {
        remote: RemoteSampling { rules: rules.to_vec(), sample_rate },
        ..local.clone()
    };
    for (settings, of_a, of_b) in [
        (local.clone(), (LOCAL_RULE, Some(0.1)), (LOCAL_RULE, Some(0.2))),
        (with(&[], Some(0.5)), (LOCAL_RULE, Some(0.1)), (LOCAL_RULE, Some(0.5))),
        (with(&remote_rules, None), (REMOTE_USER_RULE, Some(0.8)), (REMOTE_DYNAMIC_RULE, Some(0.4))),
        (with(&remote_rules[1..], None), (REMOTE_USER_RULE, Some(0.8)), (LOCAL_RULE, Some(0.2))),
        (with(&remote_rules[1..], Some(0.5)), (REMOTE_USER_RULE, Some(0.8)), (LOCAL_RULE, Some(0.5))),
    ] {
        let sampler = sampler(&settings);
        assert_eq!((decided(&sampler, "a"), decided(&sampler, "b")), (of_a, of_b), "{:?}", settings.remote);
    }
    let unlimited = SamplingSettings { sample_rate: None, ..with(&remote_rules[1..], None) };
    assert_eq!(decided(&sampler(&unlimited), "b"), (DEFAULT, None), "the agent decides what is left");
    let catch_all = SamplingSettings { rules: vec![rule("*", 0.1, Default)], ..with(&[], Some(0.5)) };
    assert_eq!(decided(&sampler(&catch_all), "a"), (LOCAL_RULE, Some(0.5)), "a last rule for everything is superseded");
}

#[test]
fn item_11_a_change_of_rules_keeps_limits_and_agent_rates() {
    let local = SamplingSettings { sample_rate: Some(1.0), rate_limit: 1.0, ..SamplingSettings::default() };
    let former = sampler(&local);
    assert!(former.decide(1, &web(), "", NOW).is_kept());
    former.update_agent_rates(br#"{"rate_by_service":{"service:,env:":0.5}}"#);
    let remote = RemoteSampling { rules: vec![rule("web", 1.0, Provenance::Customer)], sample_rate: None };
    let next = TraceSampler::of_settings(&SamplingSettings { remote, sample_rate: None, ..local.clone() }, Some(&former));
    assert!(next.shares_rates_with(&former));
    assert_eq!(next.decide(1, &web(), "", NOW).priority, -1, "the limit is used up");
    assert_eq!(decided(&next, "other"), (AGENT_RATE, Some(0.5)));
    let other_limit = TraceSampler::of_settings(&SamplingSettings { rate_limit: 2.0, ..local }, Some(&former));
    assert!(!other_limit.shares_rates_with(&former));
}
