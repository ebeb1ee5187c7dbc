//! The sampling decision of a trace, as it is kept, propagated and reported.

/// Sampling mechanisms: who decided. The numbers are those of the decision maker tag `_dd.p.dm`.
pub mod mechanism {
    /// No information: keep.
    pub const DEFAULT: u8 = 0;
    /// The agent's rate for the service.
    pub const AGENT_RATE: u8 = 1;
    /// Deprecated rates of the backend.
    pub const REMOTE_RATE: u8 = 2;
    /// A local rule or the global sample rate.
    pub const LOCAL_RULE: u8 = 3;
    /// The user's code.
    pub const MANUAL: u8 = 4;
    /// AppSec, and the limiter of standalone products.
    pub const APPSEC: u8 = 5;
    /// Deprecated rates that the user set in the backend.
    pub const REMOTE_RATE_USER: u8 = 6;
    /// Deprecated rates that the backend computed.
    pub const REMOTE_RATE_DATADOG: u8 = 7;
    /// Single-span sampling; never decides a trace.
    pub const SPAN_RULE: u8 = 8;
    /// A remote rule written by the user.
    pub const REMOTE_USER_RULE: u8 = 11;
    /// A remote rule computed by the backend.
    pub const REMOTE_DYNAMIC_RULE: u8 = 12;
    /// AI Guard.
    pub const AI_GUARD: u8 = 13;
}

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The sampling priority; above 0 means kept.
    pub priority: i32,
    /// Who decided here; `None` for a decision that came from upstream (its `_dd.p.dm` is among the propagated tags).
    pub mechanism: Option<u8>,
    /// The rate that was applied: of the rule, or the agent's. Reported as `_dd.rule_psr` or `_dd.agent_psr` by mechanism. A forced decision
    /// reports none; its rate is that of the decision by probability that it replaced.
    pub rate: Option<f64>,
    /// The limiter's effective rate, where the limiter was consulted: `_dd.limit_psr`.
    pub limit_rate: Option<f64>,
}

impl Decision {
    /// A decision that was made upstream.
    pub fn inherited(priority: i32) -> Self {
        Decision { priority, mechanism: None, rate: None, limit_rate: None }
    }

    /// The rate of a decision by probability that was made here: 1 where there was no information.
    pub fn probability(&self) -> Option<f64> {
        use mechanism::*;
        match self.mechanism? {
            DEFAULT => Some(self.rate.unwrap_or(1.0)),
            AGENT_RATE | REMOTE_RATE | LOCAL_RULE | REMOTE_RATE_USER | REMOTE_RATE_DATADOG | REMOTE_USER_RULE
            | REMOTE_DYNAMIC_RULE => self.rate,
            _ => None,
        }
    }

    /// The rate of the decision by probability that a forced one replaced.
    pub fn replaced_probability(&self) -> Option<f64> {
        if self.probability().is_some() { None } else { self.rate.filter(|_| self.mechanism.is_some()) }
    }

    /// Whether the trace is kept.
    pub fn is_kept(&self) -> bool {
        self.priority > 0
    }
}
