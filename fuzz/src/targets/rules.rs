//! Sampling rules, and the spans that they are matched with.

use super::agent::Root;
use ddtrace::config::ConfigBuilder;
use ddtrace::record::SpanData;
use ddtrace::sampling::{SpanSampler, TraceSampler};
use std::sync::Arc;

/// JSON up to a NUL; the lines behind it are the fields of a span.
pub fn trace_rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (rules, span) = text.split_once('\0').unwrap_or((&text, ""));
    let mut builder = ConfigBuilder::new();
    builder.set_env_lookup(Arc::new(|_| None));
    let trace_rules = builder.set("DD_TRACE_SAMPLING_RULES", rules).is_ok();
    let span_rules = builder.set("DD_SPAN_SAMPLING_RULES", rules).is_ok();
    if !trace_rules && !span_rules {
        return;
    }
    let sampling = builder.resolve().settings.sampling;
    let mut lines = span.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let span = SpanData { service: next(), name: next(), resource: next(), meta: vec![(next(), next())], ..SpanData::default() };
    let root = Root(span);
    let sampler = TraceSampler::new(&sampling.rules, None, sampling.rate_limit, sampling.rate_limit_is_set);
    for id in [0, 1, u64::MAX / 2, u64::MAX] {
        let decision = sampler.decide(id, &root, "", 1_700_000_000_000_000_000);
        assert!(decision.rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)), "{decision:?}");
    }
    let single = SpanSampler::new(&sampling.span_rules);
    if let Some(kept) = single.decide(&root, 1_700_000_000_000_000_000) {
        assert!(kept.rule < sampling.span_rules.len());
    }
}
