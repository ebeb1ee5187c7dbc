//! Tracers: made, found by name, flushed, shut down.

use std::ffi::c_char;
use std::time::Duration;

use super::config::tracer_parts;
use super::error::{guard_explained, required, required_text};
use super::guard::{guard, guard_status, install_hook};
use super::handles::{ddtrace_config, ddtrace_error, ddtrace_exporter, ddtrace_tracer};
use super::status::{
    DDTRACE_ERR_IO, DDTRACE_ERR_LIMIT, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_NULL, DDTRACE_ERR_SHUTDOWN, DDTRACE_ERR_STATE,
    DDTRACE_ERR_TIMEOUT, ddtrace_status,
};
use super::types::{DDTRACE_ABSENT, ddtrace_counters};
use super::{sized, text};
use crate::config::PropagationStyle;
use crate::events::{Dispatch, Value, event, hub};
use crate::export::{Flushed, Totals};
use crate::slot::{HandleError, cold};
use crate::tracer::{
    HeaderCounts, Tracer, add_reference, close, default_tracer, header_counts, named_tracer, release, resolve_tracer,
    start_tracer, startup_json,
};

/// Makes a tracer. Logs what there is to say about the settings, and the start-up line unless `DD_TRACE_STARTUP_LOGS` is off. Level and rate
/// of the library's messages, which the process has once, are those of the tracer made last.
///
/// @param config_or_null  the settings as they are now; the caller may change or free it afterwards. NULL: the environment decides
/// @param out             receives the tracer, owned by the caller: free it with `ddtrace_tracer_free`
/// @param err_or_null     receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_IO: the exporter's file cannot be opened; DDTRACE_ERR_INVALID: the agent's URL cannot be used by this
///         build; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_LIMIT; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_new(
    config_or_null: *const ddtrace_config,
    out: *mut *mut ddtrace_tracer,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        install_hook();
        let out = required(out, "out")?;
        // SAFETY: the header's rule for handles.
        let parts = unsafe { tracer_parts(config_or_null) }?;
        let tracer = start_tracer(parts)?;
        // SAFETY: the caller's place.
        unsafe { out.write(tracer.cast()) };
        Ok(())
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Finds the default tracer of the process, which the first call makes from the environment. It lives as long as somebody has a reference of
/// it; after that, the next call makes another one.
///
/// @param out          receives the tracer with a reference of its own, owned by the caller: free it with `ddtrace_tracer_free`
/// @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return as `ddtrace_tracer_new`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_default(
    out: *mut *mut ddtrace_tracer,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        install_hook();
        let out = required(out, "out")?;
        let tracer = default_tracer()?;
        // SAFETY: the caller's place.
        unsafe { out.write(tracer.cast()) };
        Ok(())
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Finds the tracer of a name. All callers of the same name get the same handle. Named tracers are the default tracer under another name:
/// they share its settings, its queue and its fate; to shut one down is to shut all of them down.
///
/// @param name, len    at most 1,024 bytes; the empty name and `default` are the default tracer's. At most 1,024 names are remembered at a
///                     time
/// @param out          receives the tracer with a reference of its own, owned by the caller: free it with `ddtrace_tracer_free`
/// @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return as `ddtrace_tracer_new`; DDTRACE_ERR_INVALID also for a name that is too long, DDTRACE_ERR_LIMIT for one too many
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_get(
    name: *const c_char,
    len: usize,
    out: *mut *mut ddtrace_tracer,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        install_hook();
        let out = required(out, "out")?;
        // SAFETY: the header's rule for text.
        let name = unsafe { required_text(name, len, "name") }?;
        let tracer = named_tracer(&name)?;
        // SAFETY: the caller's place.
        unsafe { out.write(tracer.cast()) };
        Ok(())
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Adds a reference to a tracer.
///
/// @param tracer  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_ref(tracer: *mut ddtrace_tracer) -> *mut ddtrace_tracer {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rule for handles.
        let added = unsafe { add_reference(tracer.cast()) };
        if added.is_ok() { tracer } else { std::ptr::null_mut() }
    })
}

/// Gives a reference back. The last one shuts the tracer down, waiting for `LIBDDTRACE_SHUTDOWN_TIMEOUT_MS` at most. Spans that are still
/// open go on to propagate and are never sent.
///
/// @param tracer  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_free(tracer: *mut ddtrace_tracer) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<(), HandleError> = unsafe { release(tracer.cast()) };
    });
}

/// Sends what is finished by now, and waits until it is delivered. Traces that are still open stay.
///
/// In host-driven mode it starts the sending on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes all of it
/// at once.
///
/// @param tracer      borrowed
/// @param timeout_ms  how long to wait; what is not sent by then stays queued
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_IO: something was dropped; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_flush(tracer: *mut ddtrace_tracer, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let pipeline = unsafe { find(tracer) }?.pipeline()?;
        if !pipeline.accepts() {
            return Err(DDTRACE_ERR_SHUTDOWN);
        }
        let flushed = outcome(pipeline.flush(timeout(timeout_ms)));
        // Listeners' errors are theirs here.
        let _ = hub().dispatch(event::WRITER_FLUSH, &[Value::Bool(flushed.is_ok())], Dispatch::Contained);
        flushed
    })
}

/// Sends what is finished by now, waits until it is delivered, and ends the tracer's threads. The handle stays valid. Spans may still be
/// started, and propagate; they are never sent. A second call finds nothing to do.
///
/// In host-driven mode there is one attempt, which the host's transport has to complete at once: flush and tick before.
///
/// @param tracer      borrowed
/// @param timeout_ms  how long to wait; what is not sent by then is dropped
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: a thread is still busy and left alone; DDTRACE_ERR_IO: something was dropped; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_shutdown(tracer: *mut ddtrace_tracer, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let tracer = unsafe { find(tracer) }?;
        outcome(close(tracer, timeout(timeout_ms))?)
    })
}

/// Does on this thread what is due now, in host-driven mode (`LIBDDTRACE_HOST_DRIVEN`), where the library has no threads. The host calls it
/// from its event loop, and soon after it completed an exchange. Without a transport of the host (`ddtrace_config_set_transport`) it sends
/// by itself and waits for the agent, for `DD_TRACE_AGENT_TIMEOUT_SECONDS` per request.
///
/// @param tracer           borrowed
/// @param next_ms_or_null  receives the time after which to call again at the latest, rounded up to whole milliseconds
/// @return DDTRACE_OK; DDTRACE_ERR_STATE: this tracer has threads of its own; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_tick(tracer: *mut ddtrace_tracer, next_ms_or_null: *mut u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let tracer = unsafe { find(tracer) }?;
        let pipeline = tracer.pipeline()?;
        if !pipeline.is_host_driven {
            return Err(DDTRACE_ERR_STATE);
        }
        if !pipeline.accepts() {
            return Err(DDTRACE_ERR_SHUTDOWN);
        }
        let of_traces = pipeline.runtime.tick();
        let of_services = tracer.membership().and_then(|membership| membership.tick());
        let next = whole_ms(of_services.map_or(of_traces, |next| next.min(of_traces)));
        if !next_ms_or_null.is_null() {
            // SAFETY: the caller's place.
            unsafe { next_ms_or_null.write(next) };
        }
        Ok(())
    })
}

/// Copies out the value of a setting that the tracer works with, as `ddtrace_config_get` does.
///
/// @param tracer        borrowed
/// @param key, key_len  the setting's name or one of its aliases
/// @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the value's length; DDTRACE_ABSENT if it is unset, there is no such setting, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_config_get(
    tracer: *const ddtrace_tracer,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let snapshot = find(tracer).and_then(|tracer| Ok(tracer.snapshot()?)).ok();
            let value = snapshot.zip(text::text(key, key_len).ok());
            let value = value.and_then(|(snapshot, key)| snapshot.config.value_text(&key));
            text::copy_out_optional(value.as_deref(), buf, cap)
        }
    })
}

/// Copies out what the start-up line says: one line of JSON with the settings in effect, which has no secrets. The line is written before
/// anybody has asked the agent; here `agent_error` and `agent_features` tell what came of that since.
///
/// @param tracer    borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if an argument is wrong. The date in it is that of the call
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_startup_json(tracer: *const ddtrace_tracer, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let current = find(tracer).and_then(|tracer| Ok(tracer.current()?)).ok();
            let json = current.map(|(pipeline, snapshot)| {
                let agent = pipeline.known_agent().and_then(|known| known.knowledge().1.info().cloned());
                startup_json(&snapshot.config, agent.as_deref())
            });
            text::copy_out_optional(json.as_deref(), buf, cap)
        }
    })
}

/// Gives out the exporter that the tracer feeds, so that spans that `LIBDDTRACE_EXPORTER=memory` keeps can be read.
///
/// @param tracer  borrowed
/// @param out     receives the exporter with a reference of its own, owned by the caller: free it with `ddtrace_exporter_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: the spans go to the agent; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_LIMIT;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_get_exporter(
    tracer: *const ddtrace_tracer,
    out: *mut *mut ddtrace_exporter,
) -> ddtrace_status {
    guard_status(|| {
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        // SAFETY: the header's rule for handles.
        let exporter = unsafe { find(tracer) }?.exporter()?.ok_or(DDTRACE_ERR_NOT_FOUND)?;
        let handle = cold::create(exporter).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Tells what the tracer counted in this process. The numbers are read one after the other while threads go on counting.
///
/// @param tracer  borrowed
/// @param out     receives the numbers; its `struct_size` is set by the caller, with DDTRACE_COUNTERS_INIT, and stays
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: the size is none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_counters(tracer: *const ddtrace_tracer, out: *mut ddtrace_counters) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for handles and outputs.
        unsafe {
            let totals = find(tracer)?.pipeline()?.totals();
            sized::write(out, &counters(&totals, &header_counts()))
        }
    })
}

/// The tracer behind a handle.
///
/// # Safety
///
/// `tracer` is NULL or a handle.
pub(crate) unsafe fn find(tracer: *const ddtrace_tracer) -> Result<&'static Tracer, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { resolve_tracer(tracer.cast()) }?)
}

pub(super) fn outcome(flushed: Flushed) -> Result<(), ddtrace_status> {
    match flushed {
        Flushed::All => Ok(()),
        Flushed::Dropped => Err(DDTRACE_ERR_IO),
        Flushed::TimedOut => Err(DDTRACE_ERR_TIMEOUT),
    }
}

pub(super) fn timeout(milliseconds: u32) -> Duration {
    Duration::from_millis(u64::from(milliseconds))
}

fn whole_ms(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

fn counters(totals: &Totals, headers: &HeaderCounts) -> ddtrace_counters {
    ddtrace_counters {
        struct_size: size_of::<ddtrace_counters>(),
        spans_started: totals.spans_started,
        spans_finished: totals.spans_finished,
        spans_abandoned: totals.spans_abandoned,
        spans_not_recorded: totals.spans_not_recorded,
        segments_started: totals.segments_started,
        segments_closed: totals.segments_closed,
        chunks_enqueued: totals.chunks_enqueued,
        chunks_sent: totals.chunks_sent,
        spans_sent: totals.spans_sent,
        chunks_dropped: totals.chunks_dropped,
        spans_dropped: totals.spans_dropped,
        payloads_sent: totals.payloads_sent,
        payloads_failed: totals.payloads_failed,
        bytes_sent: totals.bytes_sent,
        buffered_bytes: totals.buffered_bytes,
        chunks_filtered: totals.chunks_filtered,
        spans_filtered: totals.spans_filtered,
        chunks_rejected: totals.chunks_rejected,
        spans_rejected: totals.spans_rejected,
        chunks_filtered_by_agent: totals.chunks_filtered_by_agent,
        spans_filtered_by_agent: totals.spans_filtered_by_agent,
        injected_datadog: headers.injected.of(PropagationStyle::Datadog),
        injected_tracecontext: headers.injected.of(PropagationStyle::TraceContext),
        injected_b3multi: headers.injected.of(PropagationStyle::B3Multi),
        injected_b3: headers.injected.of(PropagationStyle::B3),
        injected_baggage: headers.injected.of(PropagationStyle::Baggage),
        extracted_datadog: headers.extracted.of(PropagationStyle::Datadog),
        extracted_tracecontext: headers.extracted.of(PropagationStyle::TraceContext),
        extracted_b3multi: headers.extracted.of(PropagationStyle::B3Multi),
        extracted_b3: headers.extracted.of(PropagationStyle::B3),
        extracted_baggage: headers.extracted.of(PropagationStyle::Baggage),
        malformed_datadog: headers.malformed.of(PropagationStyle::Datadog),
        malformed_tracecontext: headers.malformed.of(PropagationStyle::TraceContext),
        malformed_b3multi: headers.malformed.of(PropagationStyle::B3Multi),
        malformed_b3: headers.malformed.of(PropagationStyle::B3),
        malformed_baggage: headers.malformed.of(PropagationStyle::Baggage),
        baggage_items_exceeded: headers.baggage_items_exceeded,
        baggage_bytes_exceeded: headers.baggage_bytes_exceeded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_so_that_nobody_calls_too_early() {
        assert_eq!(whole_ms(Duration::ZERO), 0);
        assert_eq!(whole_ms(Duration::from_nanos(1)), 1);
        assert_eq!(whole_ms(Duration::from_millis(7)), 7);
        assert_eq!(whole_ms(Duration::from_secs(u64::MAX)), u32::MAX);
    }

    #[test]
    fn every_end_of_a_flush_has_its_status() {
        assert_eq!(outcome(Flushed::All), Ok(()));
        assert_eq!(outcome(Flushed::Dropped), Err(DDTRACE_ERR_IO));
        assert_eq!(outcome(Flushed::TimedOut), Err(DDTRACE_ERR_TIMEOUT));
    }
}
