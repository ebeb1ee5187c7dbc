//! The active span, for those who want one: no other part of the library looks here.
//!
//! A provider has a slot per execution unit (thread, task, or whatever the host says) that holds nothing, a span or a context. A new
//! thread starts empty; a new task starts with a copy of its creator's slot; passing a context to another thread is explicit. Whoever
//! starts a span names its parent: the active one, if he asks for it here.
//!
//! Limits: [`MAX_SCOPES`] open scopes per thread or task, [`MAX_HOST_SCOPES`] per provider with callbacks, [`MAX_TASKS`] tasks.

mod error;
mod held;
mod host;
mod log_correlation;
mod provider;
mod shared_context;
mod slot;
mod tasks;
mod thread;
mod token;

pub use error::ActiveError;
pub use held::{Held, Release};
pub use host::{HostSlot, MAX_HOST_SCOPES};
pub use log_correlation::LogCorrelation;
pub use provider::Provider;
pub use shared_context::share_thread_contexts;
pub use slot::MAX_SCOPES;
pub use tasks::MAX_TASKS;
pub use thread::active_segment;

#[cfg(test)]
mod tests;
