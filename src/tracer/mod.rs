//! Tracers: made from settings, found by name, flushed, shut down; and each thread's part of them.

mod build;
mod core;
mod exit;
mod fork;
mod registry;
mod snapshot;
mod thread;

pub use build::{BuildError, Parts as TracerParts, build_pipeline};
pub use core::{Tracer, TracerHandle, add_reference, close, new_tracer, release, resolve_tracer};
pub use registry::{default_tracer, named_tracer};
pub use snapshot::{make_snapshot, runtime_id};
pub use thread::{Thread, with_thread};
