//! The decision about a trace, by its local root: keep it or drop it, who says so, and at which rate.
//!
//! 1. The first rule that matches, in the order customer, dynamic, local; the global rate is the last rule. Its rate
//!    decides by the hash, then the limiter has a say. Priority 2 or -1.
//! 2. The agent's rate for service and environment, else its rate for everything. Priority 1 or 0.
//! 3. Keep, with priority 1.
//!
//! Where APM tracing is off there are no rates of the agent, and the limiter lets one trace a minute pass: rules ask it, and what no rule matches
//! does, too. Products that want more traces keep them by hand.
//!
//! Contexts that came with a priority are not to be asked about; neither do manual decisions come here.

use super::agent_rates::AgentRates;
use super::hash::{clamp_rate, keeps};
use super::limiter::RateLimiter;
use super::span_pattern::SpanPattern;
use crate::config::{Provenance, RuleSpec, SamplingSettings};
use crate::context::{Decision, mechanism};
use crate::record::SpanView;
use std::sync::Arc;

const USER_KEEP: i32 = 2;
const AUTO_KEEP: i32 = 1;
const AUTO_REJECT: i32 = 0;
const USER_REJECT: i32 = -1;

const MINUTE_NS: i64 = 60_000_000_000;

/// Decides traces. Threads may share it; it locks only to ask the limiter, or the agent's rates.
#[derive(Debug)]
pub struct TraceSampler {
    rules: Box<[Rule]>,
    shared: Arc<Shared>,
}

/// What stays when rules change.
#[derive(Debug)]
struct Shared {
    limiter: RateLimiter,
    limit: Limit,
    agent_rates: AgentRates,
}

/// How many traces rules may keep.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    /// So many a second (0: none, negative: no limit). Whether decisions tell the limiter's effective rate.
    PerSecond(f64, bool),
    /// One a minute, also of those that no rule matches.
    Standalone,
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
        Self::with(&ordered, sample_rate, Shared::new(Limit::PerSecond(rate_limit, report_limit)))
    }

    /// The sampler of these settings. It goes on with the limiter and the agent's rates of the `former` one, if its limit is the same.
    pub fn of_settings(settings: &SamplingSettings, former: Option<&TraceSampler>) -> Self {
        let limit = match settings.apm_tracing {
            true => Limit::PerSecond(settings.rate_limit, settings.rate_limit_is_set),
            false => Limit::Standalone,
        };
        let shared = former.map(|former| &former.shared).filter(|shared| shared.limit == limit).map(Arc::clone);
        let shared = shared.unwrap_or_else(|| Shared::new(limit));
        Self::with(&settings.rules_in_force(), settings.sample_rate_in_force(), shared)
    }

    fn with(rules: &[&RuleSpec], sample_rate: Option<f64>, shared: Arc<Shared>) -> Self {
        let rules = rules.iter().filter_map(|rule| Rule::new(rule)).chain(sample_rate.and_then(Rule::catch_all)).collect();
        TraceSampler { rules, shared }
    }

    /// Whether both work with the same rates of the agent.
    pub fn shares_rates_with(&self, other: &TraceSampler) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Decides the trace with this local root. `env` is the configured environment, which the root's own tag overrides.
    pub fn decide<S: SpanView + ?Sized>(&self, trace_id_low: u64, root: &S, env: &str, now_ns: i64) -> Decision {
        if let Some(rule) = self.rules.iter().find(|rule| rule.pattern.matches(root)) {
            return self.by_rule(rule, trace_id_low, now_ns);
        }
        if self.shared.limit == Limit::Standalone {
            return self.standalone(now_ns);
        }
        if let Some(rate) = self.shared.agent_rates.rate(root.service(), root.text("env").unwrap_or(env)) {
            return by_agent_rate(rate, trace_id_low);
        }
        Decision { priority: AUTO_KEEP, mechanism: Some(mechanism::DEFAULT), rate: None, limit_rate: None }
    }

    /// Takes the body of the agent's answer to a trace request. Whether it replaced the agent's rates; an answer
    /// without a table (`OK`, empty) keeps them. To be called for every successful answer: rates that rise do so in
    /// steps, one with each.
    pub fn update_agent_rates(&self, json_body: &[u8]) -> bool {
        self.shared.agent_rates.update(json_body)
    }

    /// To be called in a forked child, while it has one thread: a full limiter, and no lock that a thread of the
    /// parent held. The agent's rates stay.
    pub fn reset_after_fork(&self) {
        self.shared.limiter.reset_after_fork();
        self.shared.agent_rates.reset_after_fork();
    }

    fn by_rule(&self, rule: &Rule, trace_id_low: u64, now_ns: i64) -> Decision {
        let permit = keeps(rule.rate, trace_id_low).then(|| self.shared.limiter.request(now_ns));
        let kept = permit.is_some_and(|permit| permit.allowed);
        Decision {
            priority: if kept { USER_KEEP } else { USER_REJECT },
            mechanism: Some(rule.mechanism),
            rate: Some(rule.rate),
            limit_rate: permit.filter(|_| self.shared.reports_limit()).map(|permit| permit.effective_rate),
        }
    }

    /// A trace that nobody asked for, to show that the service is there.
    fn standalone(&self, now_ns: i64) -> Decision {
        let permit = self.shared.limiter.request(now_ns);
        Decision {
            priority: if permit.allowed { AUTO_KEEP } else { AUTO_REJECT },
            mechanism: Some(mechanism::APPSEC),
            rate: None,
            limit_rate: Some(permit.effective_rate),
        }
    }
}

impl Shared {
    fn new(limit: Limit) -> Arc<Self> {
        let limiter = match limit {
            Limit::PerSecond(limit, _) => RateLimiter::new(limit),
            Limit::Standalone => RateLimiter::with_window(1.0, MINUTE_NS),
        };
        Arc::new(Shared { limiter, limit, agent_rates: AgentRates::default() })
    }

    fn reports_limit(&self) -> bool {
        matches!(self.limit, Limit::PerSecond(_, true) | Limit::Standalone)
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
