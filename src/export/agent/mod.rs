//! The protocol between the tracer and the agent's trace endpoints, without the sending.
//!
//! [`AgentProtocol`] says what a request looks like and judges what came of it. Whoever sends, a thread of ours or a host
//! with a transport of its own, drives it like this, for one payload at a time:
//!
//! 1. encode the chunks in [`AgentProtocol::format`], and send them to [`AgentProtocol::path`] with [`AgentProtocol::headers`];
//! 2. hand the result to [`AgentProtocol::judge`] and do what the [`Verdict`] says;
//! 3. if the payload is given up for another reason (a deadline, a full buffer), say so with [`AgentProtocol::give_up`].
//!
//! The endpoints are `/v0.4/traces`, `/v0.5/traces` and `/v1.0/traces`. Retries: 5, after 100 ms and each time twice as long. While no connection comes
//! about, the payload has not left and its retries do not count: it waits for the agent to return, as long as the budget holds what follows.

#[cfg(test)]
pub(super) mod agent_double;
mod discovery;
mod exporter;
mod facts;
mod format;
mod known_agent;
mod preparation;
mod protocol;
mod reachability;
pub(super) mod stats_sender;
mod trace_filters;
mod verdict;

pub use discovery::Discovery;
pub use exporter::AgentExporter;
pub use facts::AgentFacts;
pub use format::TraceFormat;
pub use known_agent::{Knowledge, KnownAgent, Looked};
pub use preparation::{Preparation, Prepared};
pub use protocol::AgentProtocol;
pub use reachability::{Reachability, agent_error};
pub use stats_sender::{StatsSender, StatsWish};
pub use trace_filters::TraceFilters;
pub use verdict::{DropReason, MAX_RETRIES, Verdict};

#[cfg(test)]
mod tests;
