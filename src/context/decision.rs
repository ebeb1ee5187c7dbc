//! The sampling decision of a trace, as it is kept, propagated and reported.

/// Sampling mechanisms: who decided. The numbers are those of the decision maker tag `_dd.p.dm`.
pub mod mechanism {
    /// No information: keep.
    pub const DEFAULT: u8 = 0;
    /// The agent's rate for the service.
    pub const AGENT_RATE: u8 = 1;
    /// A local rule or the global sample rate.
    pub const LOCAL_RULE: u8 = 3;
    /// The user's code.
    pub const MANUAL: u8 = 4;
    /// AppSec, and the limiter of standalone products.
    pub const APPSEC: u8 = 5;
    /// Single-span sampling; never decides a trace.
    pub const SPAN_RULE: u8 = 8;
    /// A remote rule written by the user.
    pub const REMOTE_USER_RULE: u8 = 11;
    /// A remote rule computed by the backend.
    pub const REMOTE_DYNAMIC_RULE: u8 = 12;
}

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The sampling priority; above 0 means kept.
    pub priority: i32,
    /// Who decided here; `None` for a decision that came from upstream (its `_dd.p.dm` is among the propagated tags).
    pub mechanism: Option<u8>,
    /// The rate that was applied: of the rule, or the agent's. Reported as `_dd.rule_psr` or `_dd.agent_psr` by mechanism.
    pub rate: Option<f64>,
    /// The limiter's effective rate, where the limiter was consulted: `_dd.limit_psr`.
    pub limit_rate: Option<f64>,
}

impl Decision {
    /// A decision that was made upstream.
    pub fn inherited(priority: i32) -> Self {
        Decision { priority, mechanism: None, rate: None, limit_rate: None }
    }

    /// Whether the trace is kept.
    pub fn is_kept(&self) -> bool {
        self.priority > 0
    }
}
