//! Background work: services, the runtime that drives them, and what happens around fork and exit.

pub mod fork;
mod repeated;
#[cfg(test)]
mod repeated_tests;
mod runtime;
mod thread;
mod thread_pointer;

pub use repeated::{Manner, Repeat, RepeatedService, ServiceError, Work, restart_in_child};
pub use runtime::{Cause, PeriodicService, Runtime, ServiceId, StartError};
pub(crate) use thread_pointer::thread_pointer;
