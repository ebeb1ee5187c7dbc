//! Single-span sampling: which spans of a dropped trace are kept all the same.
//!
//! To be asked for every span of a chunk whose trace is dropped (priority 0 or less). The first rule that matches a span
//! decides it, even by rejecting: first by the hash of the span id, then by the rule's own limiter. A kept span gets the
//! metrics `_dd.span_sampling.mechanism` = 8, `.rule_rate` and, where there is a limit, `.max_per_second`; the trace's own
//! decision stays as it is.

use super::hash::{clamp_rate, keeps};
use super::limiter::RateLimiter;
use super::span_pattern::SpanPattern;
use crate::config::SpanRuleSpec;
use crate::record::SpanView;

/// The rules of single-span sampling. Threads may share them; each rule's limiter has a lock of its own.
#[derive(Debug)]
pub struct SpanSampler {
    rules: Box<[Rule]>,
}

/// By what a span was kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanSampling {
    /// The rule's place among the rules.
    pub rule: usize,
    /// The rule's rate: `_dd.span_sampling.rule_rate`.
    pub rule_rate: f64,
    /// The rule's limit, where it has one: `_dd.span_sampling.max_per_second`.
    pub max_per_second: Option<f64>,
}

#[derive(Debug)]
struct Rule {
    pattern: SpanPattern,
    outcome: SpanSampling,
    limiter: Option<RateLimiter>,
}

impl SpanSampler {
    /// A sampler with these rules, in this order.
    pub fn new(rules: &[SpanRuleSpec]) -> Self {
        SpanSampler { rules: rules.iter().filter_map(Rule::new).enumerate().map(|(place, rule)| rule.at(place)).collect() }
    }

    /// Whether there are no rules, so that nobody needs to ask.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What spans say of each rule that keeps them, by the rules' places.
    pub fn outcomes(&self) -> impl Iterator<Item = SpanSampling> + '_ {
        self.rules.iter().map(|rule| rule.outcome)
    }

    /// Whether the span is kept, and by what.
    pub fn decide<S: SpanView + ?Sized>(&self, span: &S, now_ns: i64) -> Option<SpanSampling> {
        let rule = self.rules.iter().find(|rule| rule.pattern.matches(span))?;
        if !keeps(rule.outcome.rule_rate, span.span_id()) {
            return None;
        }
        let allowed = rule.limiter.as_ref().is_none_or(|limiter| limiter.allow(now_ns));
        allowed.then_some(rule.outcome)
    }

    /// To be called in a forked child, while it has one thread: full limiters, and no lock that a thread of the parent
    /// held.
    pub fn reset_after_fork(&self) {
        for limiter in self.rules.iter().filter_map(|rule| rule.limiter.as_ref()) {
            limiter.reset_after_fork();
        }
    }
}

impl Rule {
    fn at(mut self, place: usize) -> Rule {
        self.outcome.rule = place;
        self
    }

    /// `None` for a rate that is not a number.
    fn new(spec: &SpanRuleSpec) -> Option<Self> {
        Some(Rule {
            pattern: SpanPattern::new(spec.service.as_deref(), spec.name.as_deref(), spec.resource.as_deref(), &spec.tags),
            outcome: SpanSampling { rule: 0, rule_rate: clamp_rate(spec.sample_rate)?, max_per_second: spec.max_per_second },
            limiter: spec.max_per_second.map(RateLimiter::new),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_span::TestSpan;
    use super::*;

    const SECOND_NS: i64 = 1_000_000_000;
    const NOW: i64 = 1_720_000_000 * SECOND_NS;

    fn rule(service: &str, name: &str, sample_rate: f64) -> SpanRuleSpec {
        SpanRuleSpec {
            service: Some(service.into()),
            name: Some(name.into()),
            resource: None,
            tags: Vec::new(),
            sample_rate,
            max_per_second: None,
        }
    }

    fn limited(service: &str, max_per_second: f64) -> SpanRuleSpec {
        SpanRuleSpec { max_per_second: Some(max_per_second), ..rule(service, "*", 1.0) }
    }

    fn kept(rule_rate: f64, max_per_second: Option<f64>) -> Option<SpanSampling> {
        Some(SpanSampling { rule: 0, rule_rate, max_per_second })
    }

    fn web() -> TestSpan {
        TestSpan::new("webserver", "web.request").id(1)
    }

    #[test]
    fn without_rules_nothing_is_kept() {
        let sampler = SpanSampler::new(&[]);
        assert!(sampler.is_empty());
        assert_eq!(sampler.decide(&web(), NOW), None);
        assert!(!SpanSampler::new(&[rule("*", "*", 1.0)]).is_empty());
    }

    #[test]
    fn a_matching_rule_keeps_the_span_with_its_rate() {
        for spec in [rule("webserver", "web.request", 1.0), rule("webse*", "web.re?uest", 1.0)] {
            let sampler = SpanSampler::new(&[spec]);
            assert_eq!(sampler.decide(&web(), NOW), kept(1.0, None));
            assert_eq!(sampler.decide(&TestSpan::new("webserver", "other"), NOW), None);
            assert_eq!(sampler.decide(&TestSpan::new("other", "web.request"), NOW), None);
        }
    }

    #[test]
    fn resource_and_tags_are_matched_too() {
        let spec =
            SpanRuleSpec { resource: Some("/a*".into()), tags: vec![("status".into(), "5??".into())], ..rule("*", "*", 1.0) };
        let sampler = SpanSampler::new(&[spec]);
        assert_eq!(sampler.decide(&web().resource("/abc").metric("status", 503.0), NOW), kept(1.0, None));
        assert_eq!(sampler.decide(&web().resource("/abc").metric("status", 404.0), NOW), None);
        assert_eq!(sampler.decide(&web().resource("/b").metric("status", 503.0), NOW), None);
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let keep_then_drop = SpanSampler::new(&[rule("web*", "*", 1.0), rule("*", "*", 0.0)]);
        assert_eq!(keep_then_drop.decide(&web(), NOW), kept(1.0, None));
        let drop_then_keep = SpanSampler::new(&[rule("web*", "*", 0.0), rule("*", "*", 1.0)]);
        assert_eq!(drop_then_keep.decide(&web(), NOW), None);
        let second = drop_then_keep.decide(&TestSpan::new("x", "y"), NOW);
        assert_eq!(second, Some(SpanSampling { rule: 1, rule_rate: 1.0, max_per_second: None }));
    }

    #[test]
    fn the_hash_is_on_the_span_id() {
        let sampler = SpanSampler::new(&[rule("*", "*", 0.5)]);
        assert_eq!(sampler.decide(&web().id(1000), NOW), kept(0.5, None));
        assert_eq!(sampler.decide(&web().id(10), NOW), None);
    }

    #[test]
    fn half_of_many_spans_are_kept_at_half_rate() {
        let sampler = SpanSampler::new(&[rule("*", "*", 0.5)]);
        // Ids spread like random ones, from a fixed start.
        let mut id: u64 = 42;
        let count = (0..200)
            .filter(|_| {
                id = id.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                sampler.decide(&web().id(id), NOW).is_some()
            })
            .count();
        assert!((60..=140).contains(&count), "{count}");
    }

    #[test]
    fn two_a_second_are_two_of_six_and_two_more_later() {
        let sampler = SpanSampler::new(&[limited("*", 2.0)]);
        let answers: Vec<bool> = (0..6).map(|_| sampler.decide(&web(), NOW).is_some()).collect();
        assert_eq!(answers, [true, true, false, false, false, false]);
        assert_eq!(sampler.decide(&web(), NOW + 2 * SECOND_NS), kept(1.0, Some(2.0)));
    }

    #[test]
    fn each_rule_has_a_limiter_of_its_own() {
        let sampler = SpanSampler::new(&[limited("a", 2.0), limited("b", 4.0)]);
        let count = |service: &str| {
            let span = TestSpan::new(service, "n");
            (0..10).filter(|_| sampler.decide(&span, NOW).is_some()).count()
        };
        assert_eq!([count("a"), count("b")], [2, 4]);
    }

    #[test]
    fn spans_that_the_hash_rejects_take_no_token() {
        let spec = SpanRuleSpec { sample_rate: 0.5, ..limited("*", 1.0) };
        let sampler = SpanSampler::new(&[spec]);
        assert_eq!(sampler.decide(&web().id(10), NOW), None);
        assert_eq!(sampler.decide(&web().id(1000), NOW), kept(0.5, Some(1.0)));
    }

    #[test]
    fn half_a_span_a_second_is_one_every_two_seconds() {
        let sampler = SpanSampler::new(&[limited("*", 0.5)]);
        let answers = [0, 1, 2, 3, 4].map(|second| sampler.decide(&web(), NOW + second * SECOND_NS).is_some());
        assert_eq!(answers, [true, false, true, false, true]);
    }

    #[test]
    fn a_rule_whose_rate_is_no_number_is_left_out() {
        let sampler = SpanSampler::new(&[rule("*", "*", f64::NAN), rule("*", "*", 1.0)]);
        assert_eq!(sampler.decide(&web(), NOW), kept(1.0, None));
    }

    #[test]
    fn a_forked_child_starts_with_full_limiters() {
        let sampler = SpanSampler::new(&[limited("*", 1.0)]);
        assert!(sampler.decide(&web(), NOW).is_some() && sampler.decide(&web(), NOW).is_none());
        sampler.reset_after_fork();
        assert!(sampler.decide(&web(), NOW).is_some());
    }
}
