//! The sampling decision of a trace: taken now, by hand, or for a product; and the rules of remote configuration.

use super::error::{Failure, guard_explained};
use super::guard::guard;
use super::handles::{ddtrace_error, ddtrace_span, ddtrace_tracer};
use super::outcome::{of_handle, status};
use super::status::*;
use super::text;
use super::tracer::find;
use super::view::{decide_view, with_view_of_span};
use crate::config::{RemoteSampling, parse_remote_rules};
use crate::context::{Product, set_active_products};
use crate::log::log_warn;
use crate::sampling::keeps;
use crate::span::{AnySpan, lock_span};
use crate::tracer::{decide_before_fork, resolve_tracer};
use std::ffi::c_char;

/// Product: application security.
pub const DDTRACE_PRODUCT_APPSEC: u32 = 0x02;
/// Product: the guard of language models.
pub const DDTRACE_PRODUCT_AI_GUARD: u32 = 0x20;

/// Decides a trace by hand, over any decision: `manual.keep` and `manual.drop` as a call. What was sent already keeps the old decision.
///
/// @param span      borrowed: any span of the trace
/// @param priority  above 0: keep, else drop
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_override_sampling(span: *mut ddtrace_span, priority: i32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_span(span, |_, view| {
                view.state.override_priority(priority);
                Ok(())
            })
        })
    })
}

/// Keeps a trace for a product, over any decision, and lets the services that follow know: priority 2, the product's decision maker, and its
/// bit in the propagated mask of products (`_dd.p.ts`). Where `DD_APM_TRACING_ENABLED` is off, only such traces are propagated.
///
/// @param span     borrowed: any span of the trace
/// @param product  one of DDTRACE_PRODUCT_*
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_UNSUPPORTED for another product; DDTRACE_ERR_FORKED, also where the
///         trace is kept, but the mask is that of a parent process which was changing it
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_keep_for(span: *mut ddtrace_span, product: u32) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let Some(product) = Product::of_bit(product) else { return DDTRACE_ERR_UNSUPPORTED };
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            with_view_of_span(span, |_, view| if view.state.keep_for(product) { Ok(()) } else { Err(DDTRACE_ERR_FORKED) })
        })
    })
}

/// Says which products work in this process besides tracing. Where `DD_APM_TRACING_ENABLED` is off, traces that another service kept for one of
/// them are kept here, too.
///
/// @param products  DDTRACE_PRODUCT_* put together by `|`; replaces what was said before
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_set_active_products(products: u32) {
    set_active_products(products);
}

/// Sets what remote configuration asks for about sampling, both at once and instead of what it asked for before. It holds for traces that
/// are decided from now on, over the settings `DD_TRACE_SAMPLING_RULES` and `DD_TRACE_SAMPLE_RATE`, which apply again when it is gone.
/// Limits and what the agent asks for stay. This is for hosts that read remote configuration themselves: where the library does so
/// (`DD_REMOTE_CONFIGURATION_ENABLED`), its next response replaces what was set here.
///
/// @param tracer            borrowed
/// @param rules, rules_len  borrowed: a JSON array as in `tracing_sampling_rules`: `sample_rate` and `provenance` (`customer` or `dynamic`), and
///                          `service`, `name`, `resource` or `tags` (a list of `{"key", "value_glob"}`). A rule that lacks something is
///                          left out with a warning. The rules come instead of the local ones. NULL, and an empty array: no rules
/// @param rate_or_null      borrowed: the rate from 0 to 1 for what no rule matches; NULL: none
/// @param err_or_null       receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; all others change nothing: DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED, DDTRACE_ERR_INVALID for what is no
///         JSON array or no rate
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_set_remote_sampling(
    tracer: *mut ddtrace_tracer,
    rules: *const c_char,
    rules_len: usize,
    rate_or_null: *const f64,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        // SAFETY: the header's rules for handles and texts.
        let (tracer, rules) = unsafe {
            let tracer = find(tracer).map_err(|status| Failure::of_argument("tracer", status))?;
            (tracer, text::optional_text(rules, rules_len).map_err(|status| Failure::of_argument("rules", status))?)
        };
        // SAFETY: NULL or readable, by the header's rules.
        let sample_rate = if rate_or_null.is_null() { None } else { Some(unsafe { rate_or_null.read_unaligned() }) };
        if let Some(rate) = sample_rate.filter(|rate| !(0.0..=1.0).contains(rate)) {
            return Err(Failure::new(DDTRACE_ERR_INVALID, format_args!("rate: {rate}: expected a number from 0 to 1")));
        }
        let parsed = rules.filter(|rules| !rules.is_empty()).map(|rules| parse_remote_rules(&rules)).transpose();
        let expected = |expected: String| Failure::new(DDTRACE_ERR_INVALID, format_args!("rules: expected {expected}"));
        let (rules, notes) = parsed.map_err(expected)?.unwrap_or_default();
        notes.iter().for_each(|note| log_warn!("sampling rules of remote configuration: {note}"));
        let remote = RemoteSampling { rules, sample_rate };
        tracer
            .change_settings(|settings| settings.sampling.remote.clone_from(&remote))
            .map_err(|error| Failure::of_argument("tracer", error))
    };
    // SAFETY: the header's rules for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Whether the trace of this id is kept at this rate, by the same rule in all services: for a sampler of one's own that keeps a share of all
/// traces.
///
/// @param rate          from 0 to 1; what is beyond counts as the nearest of them, and what is not a number as 0
/// @param trace_id_low  lower half of the trace id
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rate_keeps(rate: f64, trace_id_low: u64) -> bool {
    keeps(rate, trace_id_low)
}

/// Makes the sampling decision of a span's trace now, on its local root. From here on only a manual override changes it.
///
/// @param tracer  borrowed
/// @param span    borrowed: any span of the trace
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_sample(tracer: *mut ddtrace_tracer, span: *mut ddtrace_span) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve_tracer(tracer.cast()).map_err(of_handle).and_then(|_| {
                with_view_of_span(span, |thread, view| {
                    decide_view(thread, view);
                    Ok(())
                })
            })
        })
    })
}

/// To be called before `fork` by a binding that keeps the active span itself: decides the span's trace, so that both processes agree.
///
/// @param active_or_null  borrowed: any span of the trace
/// @return DDTRACE_OK, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_before_fork(active_or_null: *mut ddtrace_span) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if active_or_null.is_null() {
            return DDTRACE_OK;
        }
        // SAFETY: the header's rules for pointers.
        let segment = match unsafe { lock_span(active_or_null.cast()) } {
            Ok(AnySpan::Recording(span)) => span.slot().segment(),
            Ok(AnySpan::Light(_)) => None,
            Err(error) => return of_handle(error),
        };
        if let Some(segment) = segment {
            decide_before_fork(segment);
        }
        DDTRACE_OK
    })
}
