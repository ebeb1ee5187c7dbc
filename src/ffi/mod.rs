//! The C ABI: what `include/ddtrace.h` declares. One file per handle, on top of the small files that every entry point uses.
//!
//! This folder converts, checks and contains panics; it decides nothing. Rules for an entry point:
//!
//! * a plain `#[unsafe(no_mangle)] pub unsafe extern "C" fn`, written by hand (cbindgen does not see macro output), whose body is one
//!   call of [`guard::guard`];
//! * no Rust `bool` or enum among the parameters: `i32`, compared by hand;
//! * every pointer is checked for NULL; text comes in through [`text`], options with a size through [`sized`];
//! * its doc comment is the header's text: what it does, who owns each pointer, NULL, statuses, since when.
//!
//! Several things hold for all of them, so that they are said once, at the top of the header: the safety of pointers, threads, fork.

#![allow(non_camel_case_types, clippy::missing_safety_doc)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo, clippy::unimplemented, clippy::indexing_slicing)
)]

// What all entry points use.
pub mod guard;
mod hook_lists;
mod outcome;
pub mod sized;
mod statsd_input;
mod tag_input;
pub mod text;
pub mod user_data;
mod view;

// The order of these is the order of the header; the empty lines keep it.
pub mod library;

pub mod logging;

pub mod status;

/// Database monitoring.
pub mod dbm;
pub mod error;

pub mod config;

pub mod config_integration;

pub mod tracer;

pub mod tracer_configure;

pub mod agent_info;

pub mod telemetry;

pub mod telemetry_inventory;

pub mod telemetry_metric;
/// Sessions of telemetry.
pub mod telemetry_session;

pub mod span;

pub mod span_fields;

pub mod span_tags;

pub mod span_each;

pub mod span_events;

pub mod span_context;

pub mod context;

pub mod context_forms;

pub mod baggage;

pub mod sampling;

pub mod config_change;

pub mod remote_config;

pub mod propagator;

pub mod provider;

pub mod provider_span;

pub mod log_correlation;

pub mod chunk;

pub mod processor;

pub mod filter;

pub mod exporter_callbacks;

pub mod pin;

pub mod exporter;

pub mod exchange;

pub mod instrument;

pub mod web;

pub mod hub_value;

pub mod hub;

pub mod event_results;

pub mod execution;

pub mod service;

pub mod own_metrics;

pub mod statsd;

pub mod statsd_messages;

pub mod statsd_types;

pub mod types;

pub mod handles;
