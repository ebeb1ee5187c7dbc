//! In which format the agent gets traces: the one that was asked for, where the agent takes it.

use super::known_agent::Knowledge;
use crate::log::{log_info, log_warn};

/// How a payload is encoded, which its endpoint tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceFormat {
    /// Spans as maps; all agents in use know it.
    #[default]
    V04,
    /// Spans as arrays with a table of strings.
    V05,
    /// Typed attributes, and strings that are written once; for agents that say that they take it.
    V10,
}

impl TraceFormat {
    /// The path of the endpoint.
    pub const fn path(self) -> &'static str {
        match self {
            TraceFormat::V04 => "/v0.4/traces",
            TraceFormat::V05 => "/v0.5/traces",
            TraceFormat::V10 => "/v1.0/traces",
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
    absence_was_logged: bool,
}

impl FormatChoice {
    /// Nothing is known of the agent.
    pub(super) fn new(asked: TraceFormat) -> Self {
        let current = if asked == TraceFormat::V10 { TraceFormat::V04 } else { asked };
        FormatChoice { asked, current, epoch: 0, was_refused: false, absence_was_logged: false }
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
        if !is_offered && !matches!(knowledge, Knowledge::Unknown) && !std::mem::replace(&mut self.absence_was_logged, true) {
            log_warn!("the agent does not take {}: {} is used", self.asked.path(), self.current.path());
        }
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
            _ => self.asked != TraceFormat::V10 && !self.was_refused,
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
    fn the_newest_format_is_for_agents_that_name_it() {
        let mut choice = FormatChoice::new(TraceFormat::V10);
        assert_eq!(choice.current(), TraceFormat::V04);
        for (epoch, knowledge, expected) in [
            (1, takes(&[]), TraceFormat::V04),
            (2, takes(&["/v0.4/traces", "/v1.0/traces"]), TraceFormat::V10),
            (3, Knowledge::Old, TraceFormat::V04),
            (4, takes(&["v1.0/traces"]), TraceFormat::V10),
        ] {
            choice.adapt(epoch, &knowledge);
            assert_eq!(choice.current(), expected, "{epoch}");
        }
        assert!(choice.refuse());
        assert_eq!(choice.current(), TraceFormat::V04);
    }

    #[test]
    fn who_asks_for_the_usual_format_always_gets_it() {
        let mut choice = FormatChoice::new(TraceFormat::V04);
        choice.adapt(1, &takes(&["/v0.5/traces"]));
        assert_eq!(choice.current(), TraceFormat::V04);
        assert!(!choice.refuse());
    }
}
