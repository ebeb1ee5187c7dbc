//! Exporters of the host: functions that take finished chunks.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::guard::guard_status;
use super::handles::{ddtrace_chunk, ddtrace_exporter};
use super::sized;
use super::status::{DDTRACE_ERR_LIMIT, DDTRACE_ERR_NULL, DDTRACE_OK, ddtrace_status};
use super::user_data::UserData;
use crate::export::{DataExporter, ExportError, SharedExporter};
use crate::record::ChunkData;
use crate::slot::{HandleError, cold};
use crate::span::ThawedChunk;
use crate::tracer::with_thread;

/// The functions of an exporter. Begin with DDTRACE_EXPORTER_CALLBACKS_INIT.
///
/// They are called in the background, by the thread of a tracer; in host-driven mode by the thread that ticks, flushes or shuts down. The
/// threads of several tracers that feed one exporter may call it at the same time. They may take their time: what comes meanwhile waits, within
/// the limits of its buffer. But a flush and a shutdown wait for them, so they must not call those of the tracers that feed them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_exporter_callbacks {
    /// `sizeof(ddtrace_exporter_callbacks)`
    pub struct_size: usize,
    /// Takes a chunk, whose spans are read with `ddtrace_chunk_span_at`; it is borrowed for the time of the call. DDTRACE_OK: it counts as
    /// sent; anything else: as dropped. Required
    pub export_chunk: Option<unsafe extern "C" fn(user_data: *mut c_void, chunk: *mut ddtrace_chunk) -> ddtrace_status>,
    /// No more chunks are at hand for now: what was gathered should go out. Anything but DDTRACE_OK: the chunks since the last call count as
    /// dropped. May be NULL
    pub flush: Option<unsafe extern "C" fn(user_data: *mut c_void) -> ddtrace_status>,
    /// The last tracer that has the exporter is shut down, or has another one now. Called once; nothing is called after it. May be NULL
    pub shutdown: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

struct Callbacks {
    table: ddtrace_exporter_callbacks,
    export_chunk: unsafe extern "C" fn(user_data: *mut c_void, chunk: *mut ddtrace_chunk) -> ddtrace_status,
    user_data: UserData,
    is_shut_down: AtomicBool,
}

const EXPORTER: &str = "the program's";

/// Makes an exporter of functions of the program: finished spans go to them instead of the agent. Several tracers may feed it.
///
/// @param callbacks       borrowed, copied
/// @param user_data       the first argument of all of them
/// @param free_user_data  called once with `user_data`, when nobody has the exporter any more, or at once if this call fails; may be NULL
/// @param out             receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL: also without `export_chunk`; DDTRACE_ERR_UNSUPPORTED or DDTRACE_ERR_INVALID for the callbacks;
///         DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exporter_new_callbacks(
    callbacks: *const ddtrace_exporter_callbacks,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    out: *mut *mut ddtrace_exporter,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rules for pointers.
        let table = unsafe { sized::read(callbacks) }?;
        let export_chunk = table.export_chunk.ok_or(DDTRACE_ERR_NULL)?;
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        let exporter = Callbacks { table, export_chunk, user_data, is_shut_down: AtomicBool::new(false) };
        let exporter = SharedExporter::of_data(Arc::new(exporter));
        let handle = cold::create(Arc::new(exporter)).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

impl Callbacks {
    /// Shows one chunk to the program. Whether it took it.
    fn export_one(&self, chunk: &ChunkData) -> bool {
        let chunk = with_thread(|thread| ThawedChunk::to_read(&mut thread.parts, chunk.clone()));
        let Some(chunk) = chunk.map(Arc::new) else { return false };
        let handle: Option<*mut ddtrace_chunk> = cold::create(Arc::clone(&chunk));
        let is_taken = handle.is_some_and(|handle| {
            // SAFETY: the host registered the two together; the chunk lives for the time of the call.
            let status = unsafe { (self.export_chunk)(self.user_data.pointer(), handle) };
            // SAFETY: the handle was just made.
            let _: Result<_, HandleError> = unsafe { cold::release::<ThawedChunk, _>(handle) };
            status == DDTRACE_OK
        });
        with_thread(|thread| chunk.end_reading(&mut thread.parts));
        is_taken
    }
}

impl DataExporter for Callbacks {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        if self.is_shut_down.load(Ordering::Acquire) {
            return Err(ExportError::ShutDown { exporter: EXPORTER });
        }
        let (mut refused, mut spans) = (0, 0);
        for chunk in chunks {
            if !self.export_one(chunk) {
                refused += 1;
                spans += chunk.spans.len();
            }
        }
        // SAFETY: the host registered the two together.
        let flushed = self.table.flush.map_or(DDTRACE_OK, |flush| unsafe { flush(self.user_data.pointer()) });
        if flushed != DDTRACE_OK {
            (refused, spans) = (chunks.len(), chunks.iter().map(|chunk| chunk.spans.len()).sum());
        }
        if refused == 0 { Ok(()) } else { Err(ExportError::Refused { chunks: refused, spans }) }
    }

    fn shutdown(&self) {
        if self.is_shut_down.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(shutdown) = self.table.shutdown {
            // SAFETY: the host registered the two together.
            unsafe { shutdown(self.user_data.pointer()) };
        }
    }

    fn ends_with_its_tracers(&self) -> bool {
        true
    }
}
