//! What integrations ask: which statuses are errors, how long a stack may be, what an object's hash is, what a process and its services are called.

use super::guard::guard;
use super::handles::ddtrace_tracer;
use super::outcome::status;
use super::status::*;
use super::text;
use super::tracer::find;
use super::types::*;
use crate::export::Snapshot;
use crate::instrument::{limited_stack, pointer_hash};
use std::borrow::Cow;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Called with a text, which is valid during the call.
pub type ddtrace_text_visitor = Option<unsafe extern "C" fn(user_data: *mut c_void, text: ddtrace_str)>;

/// Whether an HTTP status is an error by the settings (`DD_TRACE_HTTP_SERVER_ERROR_STATUSES`, `DD_TRACE_HTTP_CLIENT_ERROR_STATUSES`). Server
/// spans with such an `http.status_code` are marked as failed when they end; for client spans the integration does so, if it wants to.
///
/// @param tracer       borrowed
/// @param kind         DDTRACE_SPAN_KIND_SERVER or DDTRACE_SPAN_KIND_CLIENT; false for others
/// @param http_status  the status, 100 to 599
/// @return false for NULL and handles that were freed, too
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_is_http_error(tracer: *const ddtrace_tracer, kind: i32, http_status: i32) -> bool {
    guard(false, || {
        let is_server = kind == DDTRACE_SPAN_KIND_SERVER;
        // SAFETY: the header's rule for handles.
        let snapshot = unsafe { snapshot_of(tracer) };
        let (Ok(snapshot), Ok(http_status)) = (snapshot, u16::try_from(http_status)) else { return false };
        (is_server || kind == DDTRACE_SPAN_KIND_CLIENT) && snapshot.finish_rules.is_http_error(is_server, http_status)
    })
}

/// Copies a stack out as the tag `error.stack` may have it, a line per frame: the most recent frames, `DD_TRACE_SPAN_TRACEBACK_MAX_SIZE` of
/// them, or half as many, and so on, if the text would have more than 25,000 characters.
///
/// @param tracer             borrowed
/// @param frames, len        borrowed
/// @param most_recent_first  0: the most recent frame is the last one, anything else: it is the first
/// @param buf, cap           receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_limit_stack(
    tracer: *const ddtrace_tracer,
    frames: *const ddtrace_str,
    len: usize,
    most_recent_first: i32,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let stack = snapshot_of(tracer).and_then(|snapshot| {
                let most = snapshot.config.settings.content.traceback_max_size;
                Ok(limited_stack(&texts(frames, len)?, most, most_recent_first != 0))
            });
            text::copy_out_optional(stack.ok().as_deref(), buf, cap)
        }
    })
}

/// Calls `visit` with every service other than the configured one that finished spans have named in this process, 64 at most.
///
/// @param tracer     borrowed
/// @param visit      called on this thread; no lock is held meanwhile
/// @param user_data  its first argument
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_each_extra_service(
    tracer: *const ddtrace_tracer,
    visit: ddtrace_text_visitor,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rule for handles.
        let services = unsafe { find(tracer) }.and_then(|tracer| Ok(tracer.pipeline()?.extra_services.all()));
        status(services.and_then(|services| {
            let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
            // SAFETY: the host's function, with the data that it gave.
            services.iter().for_each(|service| unsafe { visit(user_data, ddtrace_str::new(service)) });
            Ok(())
        }))
    })
}

/// Adds a service to those of `ddtrace_tracer_each_extra_service`, for an integration that knows of it before there are spans.
///
/// @param tracer        borrowed
/// @param service, len  copied; empty ones, the configured one, and those beyond the limit are not remembered
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_add_extra_service(
    tracer: *const ddtrace_tracer,
    service: *const c_char,
    len: usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for handles and text.
        status(unsafe {
            text::text(service, len).and_then(|service| {
                let (pipeline, snapshot) = find(tracer)?.current()?;
                if *service != *snapshot.library.service {
                    pipeline.extra_services.add(&service);
                }
                Ok(())
            })
        })
    })
}

/// Copies the tags that describe this process out (`_dd.tags.process`): `key:value` in order, with commas between them.
///
/// @param tracer    borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length without the NUL; DDTRACE_ABSENT if they are not reported
///         (`DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED`), or the handle is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_get_process_tags(tracer: *const ddtrace_tracer, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let snapshot = snapshot_of(tracer).ok();
            let tags = snapshot.as_ref().and_then(|snapshot| snapshot.config.settings.identity.process_tags.as_deref());
            text::copy_out_optional(tags, buf, cap)
        }
    })
}

/// Copies the hash of an object out, for `ddtrace_span_add_pointer`: 32 hexadecimal digits of the SHA-256 over the object's parts (bucket, key
/// and tag of an S3 object, say) with `|` between them.
///
/// @param parts, len  borrowed
/// @param buf, cap    receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return 32; DDTRACE_ABSENT if an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_pointer_hash(parts: *const ddtrace_str, len: usize, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for text and buffers.
        unsafe {
            let hash = texts(parts, len).map(|parts| pointer_hash(&parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>()));
            text::copy_out_optional(hash.ok().as_deref(), buf, cap)
        }
    })
}

/// # Safety
/// `tracer` is NULL or a handle.
pub(super) unsafe fn snapshot_of(tracer: *const ddtrace_tracer) -> Result<Arc<Snapshot>, ddtrace_status> {
    // SAFETY: passed on.
    Ok(unsafe { find(tracer) }?.snapshot()?)
}

/// # Safety
/// The array and its texts are readable.
unsafe fn texts<'a>(array: *const ddtrace_str, len: usize) -> Result<Vec<Cow<'a, str>>, ddtrace_status> {
    // SAFETY: passed on.
    unsafe { text::array(array, len)?.iter().map(|given| text::text(given.ptr, given.len)).collect() }
}
