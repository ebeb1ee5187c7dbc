//! Events inside of the process: parts of the library and of bindings publish what happens, others listen.
//!
//! * An event has a name. Whoever publishes one often asks for its [`EventId`] once.
//! * Listeners are called in the order of their registration, on the publishing thread, with no lock held: they may register, remove and
//!   publish. What they change is in force from the next event on.
//! * Errors and panics of listeners are contained, and the others are called all the same; [`Dispatch::Raising`] hands the first one out.
//! * Nobody listening costs one look at a number. Readers take no lock: the table of listeners is replaced as a whole.
//!
//! [`Execution`]s are a tree of what goes on, with data that their descendants find. Their beginning and end are events.

#![forbid(unsafe_code)]

mod execution;
mod hub;
mod names;
mod results;
mod table;
mod value;

pub use execution::{Execution, ExecutionError};
pub use hub::{Dispatch, EventHub, ListenerFunction, hub};
pub use names::event;
pub use results::{Outcome, Results};
pub use table::{EventId, HubLimit, Identity, ListenerId};
pub use value::{HubError, Value};

#[cfg(test)]
mod tests;
