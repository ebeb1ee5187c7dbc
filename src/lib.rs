//! libddtrace: the tracer core that every language can load.
//!
//! This file is the map of the crate. Dependencies point down only, in this order:
//! `ffi` → `tracer` → {`active`, `telemetry`} → `span` → `segment` → `remote_config` → `export` → `stats` → {`propagation`, `sampling`, `wire`} →
//! `instrument` → `context` → `record` → `hooks` → `slot` → {`metrics`, `events`} → {`config`, `service`, `transport`, `log`} → `lock`.

#![warn(missing_docs)]

#[cfg(all(not(test), panic = "abort"))]
compile_error!("libddtrace contains its panics with catch_unwind: build it with panic = \"unwind\"");

pub mod active;
pub mod config;
pub mod context;
pub mod events;
pub mod export;
pub mod ffi;
pub mod hooks;
pub mod instrument;
pub(crate) mod lock;
pub mod log;
pub mod metrics;
pub mod propagation;
pub mod record;
pub mod remote_config;
pub mod sampling;
pub mod segment;
pub mod service;
pub mod slot;
pub mod span;
pub mod stats;
pub mod telemetry;
pub mod tracer;
pub mod transport;
pub mod wire;
