//! Chunks: what filters change and exporters take.

use super::guard::{guard, guard_status};
use super::handles::{ddtrace_chunk, ddtrace_span};
use super::status::*;
use crate::slot::cold;
use crate::span::{ChunkError, ThawedChunk};
use crate::tracer::with_thread;
use std::sync::Arc;

/// How many spans a chunk has.
///
/// @param chunk  borrowed
/// @return 0 also for NULL, and for a chunk whose callback has returned
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_chunk_len(chunk: *const ddtrace_chunk) -> usize {
    // SAFETY: the header's rule for handles.
    guard(0, || unsafe { find(chunk) }.map_or(0, |chunk| chunk.len()))
}

/// A span of a chunk, in the order in which the spans were started. All functions that read spans work on it: in an exporter with every tag
/// that is sent, in a filter with those that every span has, and in a filter all that change spans, too. It is finished; to be a parent, or to
/// be injected, is allowed.
///
/// @param chunk  borrowed
/// @param index  from 0
/// @param out    receives the span, which is the chunk's: not to be freed or ended, and valid until the callback returns or
///               `ddtrace_chunk_remove_at` removes it. Who takes a `ddtrace_span_ref` may go on reading it, but changes nothing any more
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such span; DDTRACE_ERR_LIMIT when memory is out; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE: the callback has returned; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_chunk_span_at(
    chunk: *mut ddtrace_chunk,
    index: usize,
    out: *mut *mut ddtrace_span,
) -> ddtrace_status {
    guard_status(|| {
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        // SAFETY: the header's rule for handles.
        let chunk = unsafe { find(chunk) }?;
        let span = with_thread(|thread| chunk.span_at(&mut thread.parts, index)).map_err(of_chunk)?;
        // SAFETY: the caller's place.
        unsafe { out.write(span.cast()) };
        Ok(())
    })
}

/// The sampling priority of a chunk's trace. In a filter most traces are not decided yet.
///
/// @param chunk  borrowed
/// @param out    receives the priority
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: not decided; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_chunk_get_priority(chunk: *const ddtrace_chunk, out: *mut i32) -> ddtrace_status {
    guard_status(|| {
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        // SAFETY: the header's rule for handles.
        let priority = unsafe { find(chunk) }?.priority().ok_or(DDTRACE_ERR_NOT_FOUND)?;
        // SAFETY: the caller's place.
        unsafe { out.write(priority) };
        Ok(())
    })
}

/// Takes a span out of the chunk that a filter looks at: it is not sent. Those behind it move up by one. A chunk without spans is dropped.
///
/// @param chunk  borrowed
/// @param index  from 0
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such span; DDTRACE_ERR_STATE: the chunk is an exporter's; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_chunk_remove_at(chunk: *mut ddtrace_chunk, index: usize) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let chunk = unsafe { find(chunk) }?;
        with_thread(|thread| chunk.remove_at(&mut thread.parts, index)).map_err(of_chunk)
    })
}

/// Drops the chunk that a filter looks at, when the filter returns DDTRACE_OK. Later filters do not see it.
///
/// @param chunk  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_STATE: the chunk is an exporter's; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_chunk_drop(chunk: *mut ddtrace_chunk) -> ddtrace_status {
    // SAFETY: the header's rule for handles.
    guard_status(|| unsafe { find(chunk) }?.drop_all().map_err(of_chunk))
}

/// # Safety
///
/// `chunk` is NULL or a handle.
unsafe fn find(chunk: *const ddtrace_chunk) -> Result<Arc<ThawedChunk>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { cold::get::<ThawedChunk, _>(chunk) }?)
}

fn of_chunk(error: ChunkError) -> ddtrace_status {
    match error {
        ChunkError::Index => DDTRACE_ERR_NOT_FOUND,
        ChunkError::Limit => DDTRACE_ERR_LIMIT,
        ChunkError::ReadOnly => DDTRACE_ERR_STATE,
        ChunkError::Ended => DDTRACE_ERR_HANDLE,
        ChunkError::Forked => DDTRACE_ERR_FORKED,
    }
}
