//! Finished chunks on their way out: export blocks, the queue, and the exporters.

pub mod agent;
mod block;
mod budget;
mod chunk;
mod chunk_data;
mod counters;
mod data_exporter;
mod exchange;
mod exporter;
mod keep_rate;
mod local;
mod outbox;
mod pipeline;
mod sender;
mod snapshot;
mod span_ref;

pub use block::{Block, BlockPool};
pub use budget::{Budget, Reserve};
pub use chunk::{CHUNK_HEAD, ChunkHead, drop_chunks};
pub use counters::{Counter, ThreadCounters, Totals};
pub use data_exporter::{DataExporter, ExportError};
pub use exchange::{BeginExchange, Exchange};
pub use exporter::{AgentExporter, Exporter, Link};
pub use keep_rate::KeepRate;
pub use local::Local;
pub use outbox::Outbox;
pub use pipeline::{Flushed, Pipeline};
pub use sender::Sender;
pub use snapshot::Snapshot;
pub use span_ref::SpanRef;
