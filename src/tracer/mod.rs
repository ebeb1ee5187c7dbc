//! Tracers: made from settings, found by name, flushed, shut down; and each thread's part of them.

pub mod build;
mod build_agent;
mod core;
mod exit;
mod filtering;
mod fork;
mod header_counts;
mod hooks;
mod links;
mod otlp;
mod process_context;
mod propagators;
mod reconfigure;
mod registry;
mod snapshot;
mod start;
mod startup_log;
mod statistics;
mod thread;
mod weak;

pub use build::{BuildError, Parts as TracerParts, build_pipeline, open_exporter};
pub use core::{Tracer, TracerHandle, add_reference, close, new_tracer, release, resolve_tracer};
pub use filtering::HeldChunk;
pub use fork::decide_before_fork;
pub use header_counts::{ByStyle, HeaderCounts, count_extracted, count_injected, header_counts};
pub use hooks::{announce_start, finish_announced, release_span};
pub use propagators::{add_propagator_reference, live_propagators, new_propagator, release_propagator, resolve_propagator};
pub use reconfigure::{ConfigureError, OpenTraces};
pub use registry::{default_tracer, named_tracer};
pub use snapshot::{make_snapshot, runtime_id};
pub use start::start_tracer;
pub use statistics::{make_concentrator, make_span_metrics};
pub use thread::{Thread, with_thread};
