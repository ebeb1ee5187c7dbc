//! Metrics: a client of DogStatsD, and what the library itself reports through it.
//!
//! A [`Client`] formats on the calling thread and never sends there. What is formatted gathers in a payload; full payloads wait in a bounded
//! queue for the sender, a periodic service on a thread of the client's own, or, in host-driven mode, on the host's. Counts, gauges and sets
//! are added up for two seconds first ([`aggregation`]). What cannot be sent is dropped and counted; nobody waits for a socket.
//!
//! A forked child starts with nothing: it leaves alone what it inherited and builds its own at the first call.
//!
//! | File | What it is for |
//! |---|---|
//! | `names` | which characters names and tags have |
//! | `line` | the lines of the protocol, byte by byte |
//! | `message` | what callers say: metrics, events, checks, and why one is refused |
//! | `aggregation`, `payloads` | what waits: sums, then payloads |
//! | `socket`, `sender` | the way out |
//! | `statistics` | what was sent and dropped, and the client's metrics about itself |
//! | `collectors`, `process` | who knows the runtime; what the kernel tells of the process |
//! | `client`, `exit` | the client, its life in several processes, the flush at exit |

mod aggregation;
mod client;
mod collectors;
mod exit;
mod line;
mod message;
mod names;
mod options;
mod payloads;
mod process;
mod sender;
mod shared;
mod socket;
mod statistics;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use collectors::{Collector, CollectorFailed, LONGEST_COLLECTION, Registered as RegisteredCollector};
pub use message::{
    Cardinality, CheckStatus, Event, EventAlert, EventPriority, Metric, MetricKind, MetricValue, Refusal, ServiceCheck, TagList,
};
pub use options::{Aggregation, ClientOptions, OriginFields};
pub use process::ProcessCollector;
pub use shared::Sink;
pub use statistics::Totals as ClientTotals;
