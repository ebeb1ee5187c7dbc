//! The flush at normal exit, so that a short program that forgets to shut down still gets its spans out.
//!
//! All tracers send at the same time: the exit takes as long as the longest of their shutdown timeouts, not as long as all of them.

use super::core::{Tracer, close, warn_of_open_spans};
use crate::service::fork;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

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
        let begin = Instant::now();
        each_to_flush(|tracer, timeout| {
            if let Ok(pipeline) = tracer.pipeline() {
                if pipeline.accepts() {
                    warn_of_open_spans(tracer);
                }
                pipeline.begin_shutdown(begin + timeout);
            }
        });
        each_to_flush(|tracer, timeout| {
            let _ = close(tracer, timeout.saturating_sub(begin.elapsed()));
        });
    };
    if let Err(panic) = std::panic::catch_unwind(flush) {
        std::mem::forget(panic);
    }
}

/// Calls `use_it` with the tracers that are flushed at exit, and their shutdown timeouts.
fn each_to_flush(mut use_it: impl FnMut(&'static Tracer, Duration)) {
    Tracer::each(|tracer| {
        // Never the data of the process that this one was forked from.
        let Some(snapshot) = tracer.try_snapshot().filter(|_| !tracer.is_inherited()) else { return };
        let lifecycle = &snapshot.config.settings.lifecycle;
        if lifecycle.flush_at_exit {
            use_it(tracer, lifecycle.shutdown_timeout);
        }
    });
}
