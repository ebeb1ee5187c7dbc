//! The locks of the standard library, without poisoning.
//!
//! A panic is contained where it happens and the value behind a lock stays usable, so a lock that was held then is like any other: asking
//! for it gives a guard, never an error. What a forked child may reach is only tried, or is behind a [`crate::slot::Guarded`] instead.
//!
//! The standard library is not instrumented when this one is built for the thread sanitizer (scripts/test-races), and whoever waits for a
//! lock gets it in there, unseen. In such a build, and in no other, the locks say themselves what happened before what.

mod mutex;
mod order;
mod rw_lock;
mod soon;
mod turn;

pub use mutex::{Condvar, Mutex, MutexGuard};
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use turn::{Turn, TurnGuard};
