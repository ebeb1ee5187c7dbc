//! The library's lock word with loom's atomics in place of the real ones. The models are in `tests/`.
//!
//! Run them with `RUSTFLAGS="--cfg loom" cargo test --manifest-path tests/loom/Cargo.toml`.

#[cfg(not(loom))]
compile_error!("the models need RUSTFLAGS=\"--cfg loom\"");

#[cfg(loom)]
#[path = "../../../src/slot/lock_word.rs"]
pub mod lock_word;

/// What the lock word takes its atomics from.
#[cfg(loom)]
pub mod sync {
    pub use loom::sync::atomic::{AtomicU32, Ordering};

    /// Lets another thread go on.
    pub fn rest(_tries: u32) {
        loom::thread::yield_now();
    }
}

/// Checks every interleaving with at most so many preemptions, which is enough to find what few threads can do to each other.
#[cfg(loom)]
pub fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}
