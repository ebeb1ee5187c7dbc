//! In which format the agent gets traces: the one that was asked for, where the agent takes it.

use super::known_agent::Knowledge;
use crate::log::log_info;

/// How a payload is encoded, which its endpoint tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceFormat {
    /// Spans as maps; all agents in use know it.
    #[default]
    V04,
    /// Spans as arrays with a table of strings.
    V05,
}

impl TraceFormat {
    /// The path of the endpoint.
    pub const fn path(self) -> &'static str {
        match self {
            TraceFormat::V04 => "/v0.4/traces",
            TraceFormat::V05 => "/v0.5/traces",
        }
    }
}

/// The format in use, and what led to it.
#[derive(Debug)]
pub(super) struct FormatChoice {
    asked: TraceFormat,
    current: TraceFormat,
    epoch: u64,
    /// The agent refused the format asked for, and has not said since that it takes it.
    was_refused: bool,
}

impl FormatChoice {
    /// Nothing is known of the agent.
    pub(super) fn new(asked: TraceFormat) -> Self {
        FormatChoice { asked, current: asked, epoch: 0, was_refused: false }
    }

    pub(super) fn current(&self) -> TraceFormat {
        self.current
    }

    /// The agent has said something new about itself. What it refused is tried again if it says now that it takes it.
    pub(super) fn adapt(&mut self, epoch: u64, knowledge: &Knowledge) {
        if epoch == self.epoch {
            return;
        }
        self.epoch = epoch;
        let former = self.current;
        let is_offered = self.is_offered(knowledge);
        self.was_refused &= !is_offered;
        self.current = if is_offered { self.asked } else { TraceFormat::V04 };
        if self.current == self.asked && former != self.asked {
            log_info!("the agent takes {} now, which is used from now on", self.asked.path());
        }
    }

    /// The agent does not know the endpoint. `false`: there is no other format.
    pub(super) fn refuse(&mut self) -> bool {
        if self.current == TraceFormat::V04 {
            return false;
        }
        self.was_refused = true;
        self.current = TraceFormat::V04;
        true
    }

    fn is_offered(&self, knowledge: &Knowledge) -> bool {
        match knowledge {
            Knowledge::Info(info) if !info.endpoints.is_empty() => info.has_endpoint(self.asked.path()),
            _ => !self.was_refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::AgentInfo;
    use std::sync::Arc;

    fn takes(endpoints: &[&str]) -> Knowledge {
        let endpoints = endpoints.iter().map(|path| (*path).to_owned()).collect();
        Knowledge::Info(Arc::new(AgentInfo { endpoints, ..AgentInfo::default() }))
    }

    #[test]
    fn the_format_asked_for_is_used_unless_the_agent_says_that_it_does_not_take_it() {
        let mut choice = FormatChoice::new(TraceFormat::V05);
        assert_eq!(choice.current(), TraceFormat::V05);
        for (epoch, knowledge, expected) in [
            (1, takes(&[]), TraceFormat::V05),
            (2, takes(&["/v0.4/traces"]), TraceFormat::V04),
            (3, takes(&["/v0.4/traces", "/v0.5/traces"]), TraceFormat::V05),
            (4, Knowledge::Old, TraceFormat::V05),
        ] {
            choice.adapt(epoch, &knowledge);
            assert_eq!(choice.current(), expected, "{epoch}");
        }
    }

    #[test]
    fn a_refusal_holds_until_the_agent_says_something_else() {
        let mut choice = FormatChoice::new(TraceFormat::V05);
        choice.adapt(1, &takes(&["/v0.5/traces"]));
        assert!(choice.refuse());
        choice.adapt(1, &takes(&["/v0.5/traces"]));
        assert_eq!(choice.current(), TraceFormat::V04, "the same answer as before the refusal");
        assert!(!choice.refuse());
        choice.adapt(2, &takes(&["/v0.4/traces"]));
        assert_eq!(choice.current(), TraceFormat::V04);
        choice.adapt(3, &takes(&["/v0.4/traces", "/v0.5/traces"]));
        assert_eq!(choice.current(), TraceFormat::V05);
    }

    #[test]
    fn who_asks_for_the_usual_format_always_gets_it() {
        let mut choice = FormatChoice::new(TraceFormat::V04);
        choice.adapt(1, &takes(&["/v0.5/traces"]));
        assert_eq!(choice.current(), TraceFormat::V04);
        assert!(!choice.refuse());
    }
}
