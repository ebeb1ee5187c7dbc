//! The atomics of this room in one place: a loom model includes the files beside this one with loom's types instead.

pub use std::hint::spin_loop;
pub use std::sync::atomic::{AtomicU32, Ordering};
pub use std::thread::yield_now;
