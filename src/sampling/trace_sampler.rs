//! The decision about a trace, by its local root: keep it or drop it, who says so, and at which rate.
//!
//! 1. The first rule that matches, in the order customer, dynamic, local; the global rate is the last rule. Its rate
//!    decides by the hash, then the limiter has a say. Priority 2 or -1.
//! 2. The agent's rate for service and environment, else its rate for everything. Priority 1 or 0.
//! 3. Keep, with priority 1.
//!
//! Contexts that came with a priority are not to be asked about; neither do manual decisions come here.

use super::agent_rates::AgentRates;
use super::hash::{clamp_rate, keeps};
use super::limiter::RateLimiter;
use super::span_pattern::SpanPattern;
use crate::config::{Provenance, RuleSpec};
use crate::context::{Decision, mechanism};
use crate::record::SpanView;

const USER_KEEP: i32 = 2;
const AUTO_KEEP: i32 = 1;
const AUTO_REJECT: i32 = 0;
const USER_REJECT: i32 = -1;

/// Decides traces. Threads may share it; it locks only to ask the limiter, or the agent's rates.
#[derive(Debug)]
pub struct TraceSampler {
    rules: Box<[Rule]>,
    limiter: RateLimiter,
    /// Whether decisions tell the limiter's effective rate.
    report_limit: bool,
    agent_rates: AgentRates,
}

#[derive(Debug)]
struct Rule {
    pattern: SpanPattern,
    rate: f64,
    mechanism: u8,
}

impl TraceSampler {
    /// A sampler with these rules, a rate for what no rule matches, and a limit on traces per second that rules and
    /// that rate keep (0: none, negative: no limit). The limiter's rate is reported (`_dd.limit_psr`) if `report_limit`.
    pub fn new(rules: &[RuleSpec], sample_rate: Option<f64>, rate_limit: f64, report_limit: bool) -> Self {
        let mut ordered: Vec<&RuleSpec> = rules.iter().collect();
        ordered.sort_by_key(|rule| rule.provenance);
        let rules = ordered.into_iter().filter_map(Rule::new).chain(sample_rate.and_then(Rule::catch_all)).collect();
        TraceSampler { rules, limiter: RateLimiter::new(rate_limit), report_limit, agent_rates: AgentRates::default() }
    }

    /// Decides the trace with this local root. `env` is the configured environment, which the root's own tag overrides.
    pub fn decide<S: SpanView + ?Sized>(&self, trace_id_low: u64, root: &S, env: &str, now_ns: i64) -> Decision {
        if let Some(rule) = self.rules.iter().find(|rule| rule.pattern.matches(root)) {
            return self.by_rule(rule, trace_id_low, now_ns);
        }
        if let Some(rate) = self.agent_rates.rate(root.service(), root.text("env").unwrap_or(env)) {
            return by_agent_rate(rate, trace_id_low);
        }
        Decision { priority: AUTO_KEEP, mechanism: Some(mechanism::DEFAULT), rate: None, limit_rate: None }
    }

    /// Takes the body of the agent's answer to a trace request. Whether it replaced the agent's rates; an answer
    /// without a table (`OK`, empty) keeps them. To be called for every successful answer: rates that rise do so in
    /// steps, one with each.
    pub fn update_agent_rates(&self, json_body: &[u8]) -> bool {
        self.agent_rates.update(json_body)
    }

    /// To be called in a forked child, while it has one thread: a full limiter, and no lock that a thread of the
    /// parent held. The agent's rates stay.
    pub fn reset_after_fork(&self) {
        self.limiter.reset_after_fork();
        self.agent_rates.reset_after_fork();
    }

    fn by_rule(&self, rule: &Rule, trace_id_low: u64, now_ns: i64) -> Decision {
        let permit = keeps(rule.rate, trace_id_low).then(|| self.limiter.request(now_ns));
        let kept = permit.is_some_and(|permit| permit.allowed);
        Decision {
            priority: if kept { USER_KEEP } else { USER_REJECT },
            mechanism: Some(rule.mechanism),
            rate: Some(rule.rate),
            limit_rate: permit.filter(|_| self.report_limit).map(|permit| permit.effective_rate),
        }
    }
}

fn by_agent_rate(rate: f64, trace_id_low: u64) -> Decision {
    Decision {
        priority: if keeps(rate, trace_id_low) { AUTO_KEEP } else { AUTO_REJECT },
        mechanism: Some(mechanism::AGENT_RATE),
        rate: Some(rate),
        limit_rate: None,
    }
}

impl Rule {
    /// `None` for a rate that is not a number.
    fn new(spec: &RuleSpec) -> Option<Self> {
        Some(Rule {
            pattern: SpanPattern::new(spec.service.as_deref(), spec.name.as_deref(), spec.resource.as_deref(), &spec.tags),
            rate: clamp_rate(spec.sample_rate)?,
            mechanism: match spec.provenance {
                Provenance::Customer => mechanism::REMOTE_USER_RULE,
                Provenance::Dynamic => mechanism::REMOTE_DYNAMIC_RULE,
                Provenance::Default => mechanism::LOCAL_RULE,
            },
        })
    }

    fn catch_all(sample_rate: f64) -> Option<Self> {
        Some(Rule {
            pattern: SpanPattern::new(None, None, None, &[]),
            rate: clamp_rate(sample_rate)?,
            mechanism: mechanism::LOCAL_RULE,
        })
    }
}

#[cfg(test)]
#[path = "trace_sampler_tests.rs"]
mod tests;
