//! The flush at normal exit, so that a short program that forgets to shut down still gets its spans out.

use super::core::{Tracer, close};
use crate::service::fork;
use std::sync::atomic::{AtomicU32, Ordering};

/// The fork generation of the process that asked for the flush: a forked child that runs the parent's exit handlers does nothing.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Registers the flush, once for a process.
pub fn flush_at_exit() {
    let generation = fork::generation();
    if GENERATION.swap(generation, Ordering::AcqRel) != generation {
        // SAFETY: the handler is a plain function that lives as long as the library, which is never unloaded.
        unsafe { libc::atexit(at_exit) };
    }
}

extern "C" fn at_exit() {
    if GENERATION.swap(0, Ordering::AcqRel) != fork::generation() {
        return;
    }
    let flush = || {
        Tracer::each(|tracer| {
            // Never the data of the process that this one was forked from.
            let Some(snapshot) = tracer.try_snapshot().filter(|_| !tracer.is_inherited()) else { return };
            let lifecycle = &snapshot.config.settings.lifecycle;
            if lifecycle.flush_at_exit {
                let _ = close(tracer, lifecycle.shutdown_timeout);
            }
        });
    };
    if let Err(panic) = std::panic::catch_unwind(flush) {
        std::mem::forget(panic);
    }
}
