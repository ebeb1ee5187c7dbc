//! Spans with a scope: started below what is active and made active, ended and what was active before brought back. Bindings build their blocks,
//! decorators and `with` statements on these two calls.

use super::guard::guard;
use super::handles::{ddtrace_provider, ddtrace_span, ddtrace_tracer};
use super::outcome::status;
use super::provider::{of_active, resolve};
use super::span::{finish, start};
use super::status::*;
use super::types::{ddtrace_span_end_options, ddtrace_span_ids, ddtrace_span_options};
use super::{sized, span};
use crate::span::HandleKind;
use crate::tracer::release_span;

/// Starts a span below the active span or context of the calling thread or task, and makes it active: `ddtrace_span_start` and
/// `ddtrace_provider_activate_span` in one call. A parent in `options` is the parent instead of what is active.
///
/// @param provider     borrowed
/// @param tracer       borrowed
/// @param options      borrowed; NULL: an unnamed span that starts now
/// @param out          receives the span, owned by the caller: end it with `ddtrace_provider_end_span`
/// @param token        receives the token of the scope
/// @param ids_or_null  receives the span's ids
/// @return as `ddtrace_span_start` and `ddtrace_provider_activate_span`. Where the status is of a tag that was left out, the span is started
///         and active; on any other error nothing is
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_start_span(
    provider: *mut ddtrace_provider,
    tracer: *mut ddtrace_tracer,
    options: *const ddtrace_span_options,
    out: *mut *mut ddtrace_span,
    token: *mut u64,
    ids_or_null: *mut ddtrace_span_ids,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { start_active(provider, tracer, options, out, token, ids_or_null) })
    })
}

unsafe fn start_active(
    provider: *mut ddtrace_provider,
    tracer: *mut ddtrace_tracer,
    options: *const ddtrace_span_options,
    out: *mut *mut ddtrace_span,
    token: *mut u64,
    ids_or_null: *mut ddtrace_span_ids,
) -> Result<(), ddtrace_status> {
    if out.is_null() || token.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    // SAFETY: passed on.
    unsafe {
        let provider = resolve(provider)?;
        let mut options = sized::read_optional(options)?.unwrap_or(span::NO_OPTIONS);
        options.struct_size = size_of::<ddtrace_span_options>();
        // Held until the span is started.
        let active = match options.parent_span.is_null() && options.parent_context.is_null() {
            true => provider.active().map_err(of_active)?,
            false => None,
        };
        match &active {
            Some(held) if held.kind() == HandleKind::Span => options.parent_span = held.handle().cast(),
            Some(held) => options.parent_context = held.handle().cast(),
            None => {}
        }
        let mut started = std::ptr::null_mut();
        let outcome = start(tracer, &raw const options, &raw mut started, ids_or_null);
        if started.is_null() {
            return outcome;
        }
        match provider.open_span_scope(started.cast()) {
            Ok(scope) => {
                token.write(scope);
                out.write(started);
                outcome
            }
            Err(error) => {
                let _ = release_span(started.cast());
                Err(of_active(error))
            }
        }
    }
}

/// Brings back what was active before a span was started, and ends the span: `ddtrace_provider_restore` and `ddtrace_span_end` in one call.
/// The span ends, and its reference is freed, also if the scope cannot be ended.
///
/// @param provider  borrowed
/// @param token     of `ddtrace_provider_start_span`, from the same thread or task
/// @param span      owned by this call
/// @param options   borrowed; NULL: ends now, nothing to add. An error is told by its fields
/// @return as `ddtrace_span_end`, or else as `ddtrace_provider_restore`
///
/// Threads: any; no other thread may use this reference meanwhile. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_end_span(
    provider: *mut ddtrace_provider,
    token: u64,
    span: *mut ddtrace_span,
    options: *const ddtrace_span_end_options,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        let (restored, ended) = unsafe {
            let restored = resolve(provider).and_then(|provider| provider.restore(token).map_err(of_active));
            (restored, finish(span, options, true))
        };
        status(ended.and(restored))
    })
}
