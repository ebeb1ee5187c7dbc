//! Background work: services, the runtime that drives them, and what happens around fork and exit.

pub mod fork;
mod runtime;
mod thread;

pub use runtime::{Cause, PeriodicService, Runtime, ServiceId, StartError};
