use super::super::test_span::TestSpan;
use super::*;

const NOW: i64 = 1_720_000_000_000_000_000;
/// Kept at 0.5, dropped at 0.1 / dropped at 0.5.
const KEPT_AT_HALF: u64 = 1000;
const DROPPED_AT_HALF: u64 = 10;

fn rule(sample_rate: f64) -> RuleSpec {
    RuleSpec { sample_rate, service: None, name: None, resource: None, tags: Vec::new(), provenance: Provenance::Default }
}

fn service_rule(service: &str, sample_rate: f64) -> RuleSpec {
    RuleSpec { service: Some(service.into()), ..rule(sample_rate) }
}

fn tag_rule(key: &str, pattern: &str, sample_rate: f64) -> RuleSpec {
    RuleSpec { tags: vec![(key.into(), pattern.into())], ..rule(sample_rate) }
}

fn remote(provenance: Provenance, spec: RuleSpec) -> RuleSpec {
    RuleSpec { provenance, ..spec }
}

fn sampler(rules: &[RuleSpec], sample_rate: Option<f64>) -> TraceSampler {
    TraceSampler::new(rules, sample_rate, 100.0, false)
}

fn decide(sampler: &TraceSampler, span: &TestSpan) -> Decision {
    sampler.decide(KEPT_AT_HALF, span, "", NOW)
}

fn web() -> TestSpan {
    TestSpan::new("webserver", "web.request").resource("/random")
}

fn by_rule(priority: i32, mechanism: u8, rate: f64) -> Decision {
    Decision { priority, mechanism: Some(mechanism), rate: Some(rate), limit_rate: None }
}

#[test]
fn without_rules_and_rates_everything_is_kept_by_default() {
    let want = Decision { priority: 1, mechanism: Some(mechanism::DEFAULT), rate: None, limit_rate: None };
    assert_eq!(decide(&sampler(&[], None), &web()), want);
    // A limit alone limits nothing.
    let limited = TraceSampler::new(&[], None, 0.0, true);
    assert_eq!(decide(&limited, &web()), want);
}

#[test]
fn the_first_rule_that_matches_decides_even_by_rejecting() {
    let sampler = sampler(&[service_rule("other", 1.0), service_rule("webse*", 0.0), rule(1.0)], None);
    assert_eq!(decide(&sampler, &web()), by_rule(-1, mechanism::LOCAL_RULE, 0.0));
    assert_eq!(decide(&sampler, &TestSpan::new("x", "y")), by_rule(2, mechanism::LOCAL_RULE, 1.0));
}

#[test]
fn the_global_rate_is_the_last_rule() {
    let sampler = sampler(&[service_rule("webserver", 1.0)], Some(0.0));
    assert_eq!(decide(&sampler, &web()), by_rule(2, mechanism::LOCAL_RULE, 1.0));
    assert_eq!(decide(&sampler, &TestSpan::new("other", "n")), by_rule(-1, mechanism::LOCAL_RULE, 0.0));
}

#[test]
fn rule_zero_wins_over_global_rate_one() {
    let sampler = sampler(&[rule(0.0)], Some(1.0));
    assert_eq!(decide(&sampler, &web()), by_rule(-1, mechanism::LOCAL_RULE, 0.0));
}

#[test]
fn a_tiny_global_rate_rejects_with_its_rate() {
    assert_eq!(decide(&sampler(&[], Some(1e-6)), &web()), by_rule(-1, mechanism::LOCAL_RULE, 1e-6));
}

#[test]
fn rules_match_name_resource_and_tags_without_case() {
    for spec in [
        RuleSpec { name: Some("wEb.rEquEst".into()), ..rule(1.0) },
        RuleSpec { resource: Some("/rAnDom".into()), ..rule(1.0) },
        service_rule("wEbSerVer", 1.0),
        tag_rule("key", "vAlUe", 1.0),
        tag_rule("tag", "2*", 1.0),
    ] {
        let sampler = sampler(&[spec], Some(0.0));
        assert_eq!(decide(&sampler, &web().tag("key", "value").metric("tag", 20.0)).priority, 2);
        assert_eq!(decide(&sampler, &TestSpan::new("other", "other")).priority, -1);
    }
}

#[test]
fn the_state_at_decision_time_is_matched() {
    let sampler = sampler(&[tag_rule("tag2", "val2", 0.0), tag_rule("tag1", "val1", 1.0)], None);
    let span = web().tag("tag0", "val0");
    assert_eq!(decide(&sampler, &span).mechanism, Some(mechanism::DEFAULT));
    let span = span.tag("tag1", "val1");
    assert_eq!(decide(&sampler, &span), by_rule(2, mechanism::LOCAL_RULE, 1.0));
    let span = span.tag("tag2", "val2");
    assert_eq!(decide(&sampler, &span), by_rule(-1, mechanism::LOCAL_RULE, 0.0));
}

#[test]
fn provenance_orders_rules_and_names_the_mechanism() {
    let sampler = sampler(
        &[
            service_rule("local", 0.0),
            remote(Provenance::Dynamic, service_rule("*", 0.4)),
            remote(Provenance::Customer, service_rule("test_service", 0.8)),
            remote(Provenance::Customer, service_rule("test_*", 0.0)),
        ],
        Some(0.9),
    );
    let decide = |service: &str| decide(&sampler, &TestSpan::new(service, "n"));
    assert_eq!(decide("test_service"), by_rule(2, mechanism::REMOTE_USER_RULE, 0.8));
    assert_eq!(decide("test_other"), by_rule(-1, mechanism::REMOTE_USER_RULE, 0.0));
    assert_eq!(decide("other"), by_rule(2, mechanism::REMOTE_DYNAMIC_RULE, 0.4));
    // The dynamic rule comes before the local one.
    assert_eq!(decide("local"), by_rule(2, mechanism::REMOTE_DYNAMIC_RULE, 0.4));
}

#[test]
fn what_remote_rules_do_not_match_gets_the_global_rate() {
    let tagged = remote(Provenance::Customer, tag_rule("tag-a", "tag-a-val*", 0.8));
    let sampler = sampler(&[tagged], Some(0.3));
    assert_eq!(decide(&sampler, &web().tag("tag-a", "tag-a-value")), by_rule(2, mechanism::REMOTE_USER_RULE, 0.8));
    assert_eq!(decide(&sampler, &web()), by_rule(2, mechanism::LOCAL_RULE, 0.3));
}

#[test]
fn rules_keep_by_the_hash_of_the_trace_id() {
    let sampler = sampler(&[rule(0.5)], None);
    let span = web().id(DROPPED_AT_HALF);
    assert_eq!(sampler.decide(KEPT_AT_HALF, &span, "", NOW).priority, 2);
    let span = web().id(KEPT_AT_HALF);
    assert_eq!(sampler.decide(DROPPED_AT_HALF, &span, "", NOW).priority, -1);
}

#[test]
fn rates_outside_the_range_are_clamped_and_no_numbers_left_out() {
    assert_eq!(decide(&sampler(&[rule(7.0)], None), &web()), by_rule(2, mechanism::LOCAL_RULE, 1.0));
    assert_eq!(decide(&sampler(&[rule(-7.0)], None), &web()), by_rule(-1, mechanism::LOCAL_RULE, 0.0));
    assert_eq!(decide(&sampler(&[rule(f64::NAN), rule(0.25)], None), &web()).rate, Some(0.25));
    assert_eq!(decide(&sampler(&[], Some(f64::NAN)), &web()).mechanism, Some(mechanism::DEFAULT));
}

#[test]
fn limit_one_keeps_the_first_and_rejects_the_second() {
    let sampler = TraceSampler::new(&[rule(1.0)], None, 1.0, true);
    let first = decide(&sampler, &web());
    assert_eq!((first.priority, first.limit_rate), (2, Some(1.0)));
    let second = decide(&sampler, &web());
    assert_eq!(second, Decision { limit_rate: Some(0.5), ..by_rule(-1, mechanism::LOCAL_RULE, 1.0) });
    assert_eq!(sampler.decide(KEPT_AT_HALF, &web(), "", NOW + 1_000_000_000).priority, 2);
}

#[test]
fn all_rules_and_the_global_rate_share_one_limiter() {
    let sampler = TraceSampler::new(&[service_rule("a", 1.0), service_rule("b", 1.0)], Some(1.0), 2.0, false);
    let priorities = ["a", "b", "c", "a"].map(|service| decide(&sampler, &TestSpan::new(service, "n")).priority);
    assert_eq!(priorities, [2, 2, -1, -1]);
}

#[test]
fn the_limiter_is_asked_only_for_what_the_hash_keeps() {
    let sampler = TraceSampler::new(&[rule(0.5)], None, 1.0, true);
    for _ in 0..5 {
        assert_eq!(sampler.decide(DROPPED_AT_HALF, &web(), "", NOW), by_rule(-1, mechanism::LOCAL_RULE, 0.5));
    }
    assert_eq!(decide(&sampler, &web()).limit_rate, Some(1.0));
}

#[test]
fn limit_zero_rejects_and_a_negative_one_never_does() {
    let none = TraceSampler::new(&[rule(1.0)], None, 0.0, true);
    assert_eq!(decide(&none, &web()), Decision { limit_rate: Some(0.0), ..by_rule(-1, mechanism::LOCAL_RULE, 1.0) });
    let unlimited = TraceSampler::new(&[rule(1.0)], None, -1.0, true);
    assert!((0..500).all(|_| decide(&unlimited, &web()).priority == 2));
}

#[test]
fn the_limit_is_reported_only_on_request() {
    let sampler = TraceSampler::new(&[rule(1.0)], None, 1.0, false);
    assert_eq!([decide(&sampler, &web()).limit_rate, decide(&sampler, &web()).limit_rate], [None, None]);
}

#[test]
fn agent_rates_decide_what_no_rule_matches() {
    let sampler = TraceSampler::new(&[service_rule("ruled", 1.0)], None, 0.0, true);
    let body = br#"{"rate_by_service":{"service:webserver,env:prod":0.5,"service:,env:":0.0}}"#;
    assert!(sampler.update_agent_rates(body));
    let by_agent = |priority, rate| by_rule(priority, mechanism::AGENT_RATE, rate);
    assert_eq!(sampler.decide(KEPT_AT_HALF, &web(), "prod", NOW), by_agent(1, 0.5));
    assert_eq!(sampler.decide(DROPPED_AT_HALF, &web(), "prod", NOW), by_agent(0, 0.5));
    assert_eq!(sampler.decide(KEPT_AT_HALF, &web(), "dev", NOW), by_agent(0, 0.0));
    assert_eq!(decide(&sampler, &TestSpan::new("ruled", "n")).mechanism, Some(mechanism::LOCAL_RULE));
}

#[test]
fn the_roots_own_env_tag_wins_over_the_configured_one() {
    let sampler = sampler(&[], None);
    sampler.update_agent_rates(br#"{"rate_by_service":{"service:webserver,env:prod":0.5,"service:webserver,env:dev":0.25}}"#);
    assert_eq!(sampler.decide(1, &web(), "prod", NOW).rate, Some(0.5));
    assert_eq!(sampler.decide(1, &web().tag("env", "dev"), "prod", NOW).rate, Some(0.25));
}

#[test]
fn a_forked_child_has_a_limit_of_its_own() {
    let sampler = TraceSampler::new(&[rule(1.0)], None, 1.0, false);
    assert_eq!([decide(&sampler, &web()).priority, decide(&sampler, &web()).priority], [2, -1]);
    sampler.reset_after_fork();
    assert_eq!([decide(&sampler, &web()).priority, decide(&sampler, &web()).priority], [2, -1]);
}

#[test]
fn a_forked_child_is_not_stopped_by_rates_that_were_being_replaced() {
    let sampler = sampler(&[], None);
    let body = br#"{"rate_by_service":{"service:,env:":0.5}}"#;
    sampler.update_agent_rates(body);
    sampler.shared.agent_rates.abandon();
    sampler.reset_after_fork();
    assert_eq!(decide(&sampler, &web()).mechanism, Some(mechanism::DEFAULT));
    assert!(sampler.update_agent_rates(body));
    assert_eq!(decide(&sampler, &web()).rate, Some(0.5));
}

#[test]
fn threads_share_a_sampler() {
    let sampler = TraceSampler::new(&[rule(1.0)], None, 50.0, true);
    let kept: usize = std::thread::scope(|scope| {
        let count = || (0..50).filter(|_| decide(&sampler, &web()).is_kept()).count();
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(kept, 50);
}

#[test]
fn a_span_behind_a_trait_object_is_matched_too() {
    let span: &dyn SpanView = &web();
    assert_eq!(sampler(&[service_rule("web*", 1.0)], None).decide(1, span, "", NOW).priority, 2);
}
