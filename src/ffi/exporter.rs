//! Exporters: where finished spans go, if not to the agent.

use std::ffi::c_char;
use std::sync::Arc;

use super::error::{Failure, guard_explained, required, required_text};
use super::guard::{guard, guard_status};
use super::handles::{ddtrace_error, ddtrace_exporter};
use super::status::{DDTRACE_ERR_INVALID, DDTRACE_ERR_IO, DDTRACE_ERR_LIMIT, DDTRACE_ERR_NULL, ddtrace_status};
use super::text;
use super::types::DDTRACE_ABSENT;
use crate::config::ConfigBuilder;
use crate::export::{Colour, ConsoleExporter, ConsoleFormat, FileExporter, MemoryExporter, Output, SharedExporter};
use crate::slot::HandleError;
use crate::slot::cold;

/// Console format: each span as JSON on a line of its own.
pub const DDTRACE_CONSOLE_JSON: i32 = 0;
/// Console format: each span as indented JSON.
pub const DDTRACE_CONSOLE_PRETTY: i32 = 1;
/// Console format: each trace as a tree for people, in colour on a terminal unless `NO_COLOR` is set.
pub const DDTRACE_CONSOLE_TREE: i32 = 2;

/// Makes an exporter that writes to a stream of the process.
///
/// @param format  one of DDTRACE_CONSOLE_*
/// @param fd      1: standard output, 2: standard error, whatever these are at the time of each write; any other descriptor is duplicated,
///                so that the caller may close it
/// @param out     receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: no such format; DDTRACE_ERR_IO: the descriptor is not open; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_console_new(format: i32, fd: i32, out: *mut *mut ddtrace_exporter) -> ddtrace_status {
    guard_status(|| {
        let format = match format {
            DDTRACE_CONSOLE_JSON => ConsoleFormat::Json,
            DDTRACE_CONSOLE_PRETTY => ConsoleFormat::Pretty,
            DDTRACE_CONSOLE_TREE => ConsoleFormat::Tree,
            _ => return Err(DDTRACE_ERR_INVALID),
        };
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        let colour = if wants_colour() { Colour::Auto } else { Colour::Never };
        let console = ConsoleExporter::new(format, Output::Fd(fd), colour).map_err(|_| DDTRACE_ERR_IO)?;
        // SAFETY: the caller's place.
        unsafe { give_out(SharedExporter::of_data(Arc::new(console)), out) }
    })
}

/// Makes an exporter that appends each span as a line of JSON to a file. The file is made if need be, readable by its owner only.
///
/// @param path, len    a regular file; links, pipes and devices are refused
/// @param out          receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
/// @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_IO: the file cannot be opened; DDTRACE_ERR_NULL; DDTRACE_ERR_INVALID; DDTRACE_ERR_LIMIT
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_file_new(
    path: *const c_char,
    len: usize,
    out: *mut *mut ddtrace_exporter,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        let out = required(out, "out")?;
        // SAFETY: the header's rule for text.
        let path = unsafe { required_text(path, len, "path") }?;
        let exporter = SharedExporter::of_data(Arc::new(FileExporter::open(&path)?));
        // SAFETY: the caller's place.
        unsafe { give_out(exporter, out) }.map_err(|_| Failure::out_of_memory())
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Makes an exporter that keeps spans in memory, for tests and for programs that look at their own traces.
///
/// @param max_spans  when there are more, the oldest go; 0: no limit
/// @param out        receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_memory_new(max_spans: usize, out: *mut *mut ddtrace_exporter) -> ddtrace_status {
    // SAFETY: the caller's place.
    guard_status(|| unsafe { give_out(SharedExporter::memory(max_spans), out) })
}

/// Makes an exporter that takes spans and forgets them.
///
/// @param out  receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_null_new(out: *mut *mut ddtrace_exporter) -> ddtrace_status {
    // SAFETY: the caller's place.
    guard_status(|| unsafe { give_out(SharedExporter::null(), out) })
}

/// Adds a reference to an exporter.
///
/// @param exporter  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_ref(exporter: *mut ddtrace_exporter) -> *mut ddtrace_exporter {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rule for handles.
        let added = unsafe { cold::add_reference::<SharedExporter, _>(exporter) };
        if added.is_ok() { exporter } else { std::ptr::null_mut() }
    })
}

/// Gives a reference back. Tracers and configurations that have the exporter keep it alive.
///
/// @param exporter  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_free(exporter: *mut ddtrace_exporter) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<SharedExporter, _>(exporter) };
    });
}

/// Copies out the spans of an in-memory exporter as a JSON array, oldest first. What is finished by now is in it: the tracers that feed the
/// exporter are flushed first, for 2 s at most each.
///
/// @param exporter                     borrowed
/// @param trace_id_high, trace_id_low  only the spans of this trace; both 0: all
/// @param buf, cap                     receives the text and a NUL, cut to `cap` bytes; may be NULL with 0. Between asking for the length
///                                     and asking for the text, spans may come
/// @return the text's length; DDTRACE_ABSENT for other exporters, for NULL and for other handles
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_memory_json(
    exporter: *mut ddtrace_exporter,
    trace_id_high: u64,
    trace_id_low: u64,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        let trace_id = (u128::from(trace_id_high) << 64) | u128::from(trace_id_low);
        let read = |memory: &MemoryExporter| memory.json(Some(trace_id).filter(|id| *id != 0));
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let json = with_memory(exporter, read).ok();
            text::copy_out_optional(json.as_deref(), buf, cap)
        }
    })
}

/// How many spans an in-memory exporter keeps, after flushing as `ddtrace_exporter_memory_json` does.
///
/// @param exporter  borrowed
/// @return 0 also for other exporters, for NULL and for other handles
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_memory_count(exporter: *mut ddtrace_exporter) -> usize {
    guard(0, || {
        // SAFETY: the header's rule for handles.
        unsafe { with_memory(exporter, MemoryExporter::count) }.unwrap_or(0)
    })
}

/// Makes an in-memory exporter forget all spans that are finished by now.
///
/// @param exporter  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: this exporter has no memory; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_memory_clear(exporter: *mut ddtrace_exporter) -> ddtrace_status {
    // SAFETY: the header's rule for handles.
    guard_status(|| unsafe { with_memory(exporter, MemoryExporter::clear) })
}

/// # Safety
///
/// `exporter` is NULL or a handle.
unsafe fn with_memory<R>(
    exporter: *mut ddtrace_exporter,
    use_it: impl FnOnce(&MemoryExporter) -> R,
) -> Result<R, ddtrace_status> {
    // SAFETY: the caller's promise.
    let exporter = unsafe { cold::get::<SharedExporter, _>(exporter) }?;
    exporter.drained_memory().map(use_it).ok_or(DDTRACE_ERR_INVALID)
}

/// # Safety
///
/// `out` is NULL or a place for a pointer.
unsafe fn give_out(exporter: SharedExporter, out: *mut *mut ddtrace_exporter) -> Result<(), ddtrace_status> {
    if out.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    let handle = cold::create(Arc::new(exporter)).ok_or(DDTRACE_ERR_LIMIT)?;
    // SAFETY: not NULL, and the caller's promise.
    unsafe { out.write(handle) };
    Ok(())
}

/// What the environment says about colour.
fn wants_colour() -> bool {
    !ConfigBuilder::new().resolve().settings.logging.no_color
}
