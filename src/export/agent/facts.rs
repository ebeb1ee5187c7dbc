//! What every trace request says about the process that sends it.

use std::borrow::Cow;

use super::TraceFormat;
use crate::config::HeaderList;
use crate::transport::Origin;

/// What is known when an [`AgentProtocol`](super::AgentProtocol) is made. Empty texts are unknown, and their headers are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentFacts {
    /// The language of the application, such as `cpp` or `nodejs`.
    pub language: String,
    /// The version of the language or its runtime.
    pub language_version: String,
    /// The interpreter, such as `CPython`.
    pub interpreter: String,
    /// Who makes the interpreter.
    pub interpreter_vendor: String,
    /// The version of the tracer.
    pub tracer_version: String,
    /// The container that the process runs in.
    pub origin: Origin,
    /// The value of `DD_EXTERNAL_ENV`, passed on as it is.
    pub external_env: String,
    /// The session of a test agent.
    pub test_session_token: String,
    /// Whether the agent has to leave stats to the tracer whatever it says about itself.
    pub computes_stats: bool,
    /// Further headers. One of the same name as a header of this list replaces it; those that describe the payload stay.
    pub extra_headers: HeaderList,
    /// The format asked for.
    pub format: TraceFormat,
}

impl AgentFacts {
    /// The headers that are the same in all requests.
    pub(super) fn headers(&self) -> Vec<(Cow<'static, str>, String)> {
        let known: [(&'static str, &str); 12] = [
            ("Content-Type", "application/msgpack"),
            ("Datadog-Meta-Lang", &self.language),
            ("Datadog-Meta-Lang-Version", &self.language_version),
            ("Datadog-Meta-Lang-Interpreter", &self.interpreter),
            ("Datadog-Meta-Lang-Interpreter-Vendor", &self.interpreter_vendor),
            ("Datadog-Meta-Tracer-Version", &self.tracer_version),
            // The tracer marks `_dd.top_level` itself.
            ("Datadog-Client-Computed-Top-Level", "yes"),
            // Without it an overloaded agent answers 200.
            ("Datadog-Send-Real-Http-Status", "1"),
            ("Datadog-Container-ID", self.origin.container_id.as_deref().unwrap_or_default()),
            ("Datadog-Entity-ID", self.origin.entity_id.as_deref().unwrap_or_default()),
            ("Datadog-External-Env", &self.external_env),
            ("X-Datadog-Test-Session-Token", &self.test_session_token),
        ];
        let is_replaced = |name: &str| self.extra_headers.iter().any(|(extra, _)| extra.eq_ignore_ascii_case(name));
        let own = known.into_iter().filter(|(name, value)| !value.is_empty() && !is_replaced(name));
        let extra = self.extra_headers.iter().filter(|(name, _)| !describes_payload(name));
        own.map(|(name, value)| (Cow::Borrowed(name), value.to_owned()))
            .chain(extra.map(|(name, value)| (Cow::Owned(name.clone()), value.clone())))
            .collect()
    }

    /// The headers of requests that carry no traces.
    pub fn headers_without_traces(&self) -> Vec<(Cow<'static, str>, String)> {
        let mut headers = self.headers();
        headers.retain(|(name, _)| !OF_TRACES.iter().any(|own| own.eq_ignore_ascii_case(name)));
        headers
    }
}

/// Headers that say something about traces.
const OF_TRACES: [&str; 4] =
    ["Content-Type", "Datadog-Client-Computed-Top-Level", COMPUTES_STATS, "Datadog-Send-Real-Http-Status"];

pub(super) const COMPUTES_STATS: &str = "Datadog-Client-Computed-Stats";
pub(super) const TRACE_COUNT: &str = "X-Datadog-Trace-Count";
pub(super) const RATES_VERSION: &str = "Datadog-Rates-Payload-Version";
pub(super) const DROPPED_TRACES: &str = "Datadog-Client-Dropped-P0-Traces";
pub(super) const DROPPED_SPANS: &str = "Datadog-Client-Dropped-P0-Spans";

/// Headers that change from request to request, and that no setting may replace.
fn describes_payload(name: &str) -> bool {
    [TRACE_COUNT, RATES_VERSION, DROPPED_TRACES, DROPPED_SPANS].iter().any(|own| own.eq_ignore_ascii_case(name))
}
