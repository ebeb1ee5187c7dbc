//! Spans through their segments to a sender that the tests run.

mod budget;
mod chunks;
mod decisions;
mod partial;
