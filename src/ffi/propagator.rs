//! Propagators: contexts out of headers and into them.

use super::config::resolve_config;
use super::error::{Failure, guard_explained, required};
use super::guard::{guard, install_hook};
use super::handles::{ddtrace_config, ddtrace_context, ddtrace_error, ddtrace_propagator, ddtrace_span};
use super::outcome::{of_handle, status};
use super::status::*;
use super::text;
use super::types::ddtrace_str;
use super::view::{decide_view, with_view_of_context, with_view_of_span};
use crate::context::{Decision, TraceState, TraceTags};
use crate::log::log_warn;
use crate::propagation::{BufferSink, ExtractReport, HeaderSink, InjectInput, InjectReport, Propagator};
use crate::span::{AnySpan, extracted_context, lock_span};
use crate::tracer::{
    add_propagator_reference, count_extracted, count_injected, new_propagator, release_propagator, resolve_propagator,
    with_thread,
};
use std::ffi::{CString, c_char, c_void};

/// Makes a propagator from the settings `DD_TRACE_PROPAGATION_*`, `DD_TRACE_BAGGAGE_*` and `DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH`.
///
/// @param config_or_null  borrowed, read now; NULL: the environment
/// @param out             receives the propagator, owned by the caller: free it with `ddtrace_propagator_free`
/// @param err_or_null     receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT for more than 1,024 different ones
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_new(
    config_or_null: *const ddtrace_config,
    out: *mut *mut ddtrace_propagator,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        install_hook();
        let out = required(out, "out")?;
        // SAFETY: the header's rules for handles.
        let config = unsafe { resolve_config(config_or_null) }.map_err(|status| Failure::of_argument("config", status))?;
        let too_many = || Failure::new(DDTRACE_ERR_LIMIT, "there are more than 1,024 different propagators");
        let propagator = new_propagator(&config.settings.propagation).ok_or_else(too_many)?;
        // SAFETY: the caller's place.
        unsafe { out.write(propagator.cast()) };
        Ok(())
    };
    // SAFETY: the header's rules for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Adds a reference to a propagator.
///
/// @param propagator  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_ref(propagator: *mut ddtrace_propagator) -> *mut ddtrace_propagator {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rules for pointers.
        match unsafe { add_propagator_reference(propagator.cast()) } {
            Ok(()) => propagator,
            Err(_) => std::ptr::null_mut(),
        }
    })
}

/// Frees a reference to a propagator.
///
/// @param propagator  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any; no other thread may use this reference meanwhile. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_free(propagator: *mut ddtrace_propagator) {
    // SAFETY: the header's rules for pointers. A handle that is none has nothing to free.
    guard((), || unsafe { release_propagator(propagator.cast()) }.unwrap_or(()));
}

/// Reads a context out of headers. It never fails for what the headers say: without a valid context in them the answer is an empty one,
/// which may still carry baggage and links. Nothing is activated, and no sampling decision is made.
///
/// @param propagator        borrowed
/// @param pairs, pairs_len  borrowed: a flat array of 2 * `pairs_len` texts, name, value, name, value, …; names in any case. A repeated
///                          header may be given repeatedly. A text whose `ptr` is NULL is empty.
/// @param out               receives the context, owned by the caller: free it with `ddtrace_context_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_extract(
    propagator: *mut ddtrace_propagator,
    pairs: *const ddtrace_str,
    pairs_len: usize,
    out: *mut *mut ddtrace_context,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            text::array(pairs, pairs_len.saturating_mul(2)).and_then(|texts| {
                let propagator = resolve_propagator(propagator.cast()).map_err(of_handle)?;
                let pairs = texts.chunks_exact(2).filter_map(|pair| match pair {
                    [name, value] => Some((text::raw_str(*name).ok()?, text::raw_str(*value).ok()?)),
                    _ => None,
                });
                let (report, context) = with_thread(|thread| {
                    let report = propagator.extract_pairs(pairs, &mut thread.extracted);
                    (report, extracted_context(&mut thread.parts, &mut thread.extracted))
                });
                count_extracted(&report);
                if !report.malformed.is_empty() {
                    log_malformed(&report);
                }
                out.write(context.ok_or(DDTRACE_ERR_LIMIT)?.cast());
                Ok(())
            })
        })
    })
}

/// Takes one value of the header that was asked for: call it once per value, before `lookup` returns.
pub type ddtrace_header_found = Option<unsafe extern "C" fn(sink: *mut c_void, value: *const c_char, len: usize)>;

/// Looks a header up by its lowercase name, and calls `found` with `sink` for each value that it has.
pub type ddtrace_header_lookup =
    Option<unsafe extern "C" fn(user_data: *mut c_void, name: *const c_char, found: ddtrace_header_found, sink: *mut c_void)>;

/// Reads a context out of a carrier that can be asked for headers. See `ddtrace_propagator_extract`, which is quicker where the headers are
/// at hand.
///
/// @param propagator  borrowed
/// @param lookup      called on this thread, once per header that the configured styles know
/// @param user_data   its first argument
/// @param out         receives the context, owned by the caller: free it with `ddtrace_context_free`
/// @return as `ddtrace_propagator_extract`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_extract_with(
    propagator: *mut ddtrace_propagator,
    lookup: ddtrace_header_lookup,
    user_data: *mut c_void,
    out: *mut *mut ddtrace_context,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let (false, Some(lookup)) = (out.is_null(), lookup) else { return DDTRACE_ERR_NULL };
        // SAFETY: the header's rules for pointers.
        let propagator = match unsafe { resolve_propagator(propagator.cast()) } {
            Ok(propagator) => propagator,
            Err(error) => return of_handle(error),
        };
        let mut extracted = crate::context::Extracted::default();
        let mut carrier = |name: &'static str, add: &mut dyn FnMut(&str)| {
            let Ok(name) = CString::new(name) else { return };
            let mut found: &mut dyn FnMut(&str) = add;
            // SAFETY: the host's function, with the data that it gave; `found` outlives the call.
            unsafe { lookup(user_data, name.as_ptr(), Some(take_value), (&raw mut found).cast()) };
        };
        let report = propagator.extract(&mut carrier, &mut extracted);
        count_extracted(&report);
        if !report.malformed.is_empty() {
            log_malformed(&report);
        }
        match with_thread(|thread| extracted_context(&mut thread.parts, &mut extracted)) {
            Some(context) => {
                // SAFETY: the header's rules for pointers.
                unsafe { out.write(context.cast()) };
                DDTRACE_OK
            }
            None => DDTRACE_ERR_LIMIT,
        }
    })
}

#[cold]
fn log_malformed(report: &ExtractReport) {
    log_warn!("the headers of these styles are malformed and were not read: {}", report.malformed);
}

unsafe extern "C" fn take_value(sink: *mut c_void, value: *const c_char, len: usize) {
    guard((), || {
        if sink.is_null() {
            return;
        }
        // SAFETY: `sink` is what `ddtrace_propagator_extract_with` gave to the host, which calls back before its own call ends.
        let found = unsafe { &mut *sink.cast::<&mut dyn FnMut(&str)>() };
        // SAFETY: the header's rules for text.
        if let Ok(value) = unsafe { text::text(value, len) } {
            found(&value);
        }
    });
}

/// Writes the headers of a span into a buffer: `name\0value\0name\0value\0…`. Makes the trace's sampling decision if that is open.
///
/// @param propagator  borrowed
/// @param span        borrowed; may be finished
/// @param buf, cap    receives the headers; 1 KiB is enough where there is little baggage
/// @param needed      receives the size of all headers
/// @return DDTRACE_OK; DDTRACE_ERR_BUFFER if `cap` is less than `needed`: nothing useful was written, call again with more;
///         DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_inject_span(
    propagator: *mut ddtrace_propagator,
    span: *mut ddtrace_span,
    buf: *mut c_char,
    cap: usize,
    needed: *mut usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve_propagator(propagator.cast())
                .map_err(of_handle)
                .and_then(|propagator| into_buffer(buf, cap, needed, |sink| inject_span(propagator, span, sink)))
        })
    })
}

/// Writes the headers of a context into a buffer, as `ddtrace_propagator_inject_span`. An extracted context is handed through.
///
/// @param propagator  borrowed
/// @param context     borrowed; an empty one has no headers but baggage
/// @param buf, cap    receives the headers
/// @param needed      receives the size of all headers
/// @return as `ddtrace_propagator_inject_span`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_inject_context(
    propagator: *mut ddtrace_propagator,
    context: *mut ddtrace_context,
    buf: *mut c_char,
    cap: usize,
    needed: *mut usize,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve_propagator(propagator.cast())
                .map_err(of_handle)
                .and_then(|propagator| into_buffer(buf, cap, needed, |sink| inject_context(propagator, context, sink)))
        })
    })
}

/// Takes one header; the texts are valid during the call and end with a NUL.
pub type ddtrace_header_setter = Option<unsafe extern "C" fn(user_data: *mut c_void, name: ddtrace_str, value: ddtrace_str)>;

/// Hands the headers of a span to a function, one by one. See `ddtrace_propagator_inject_span`, which is quicker.
///
/// @param propagator  borrowed
/// @param span        borrowed; may be finished
/// @param set         called on this thread; no lock is held meanwhile
/// @param user_data   its first argument
/// @return as `ddtrace_propagator_inject_span`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_inject_span_with(
    propagator: *mut ddtrace_propagator,
    span: *mut ddtrace_span,
    set: ddtrace_header_setter,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve_propagator(propagator.cast())
                .map_err(of_handle)
                .and_then(|propagator| into_setter(set, user_data, |sink| inject_span(propagator, span, sink)))
        })
    })
}

/// Hands the headers of a context to a function, one by one.
///
/// @param propagator  borrowed
/// @param context     borrowed
/// @param set         called on this thread; no lock is held meanwhile
/// @param user_data   its first argument
/// @return as `ddtrace_propagator_inject_span`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_propagator_inject_context_with(
    propagator: *mut ddtrace_propagator,
    context: *mut ddtrace_context,
    set: ddtrace_header_setter,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve_propagator(propagator.cast())
                .map_err(of_handle)
                .and_then(|propagator| into_setter(set, user_data, |sink| inject_context(propagator, context, sink)))
        })
    })
}

#[inline]
unsafe fn into_buffer(
    buf: *mut c_char,
    cap: usize,
    needed: *mut usize,
    inject: impl FnOnce(&mut BufferSink<'_>) -> Result<InjectReport, ddtrace_status>,
) -> Result<(), ddtrace_status> {
    if needed.is_null() || (buf.is_null() && cap > 0) {
        return Err(DDTRACE_ERR_NULL);
    }
    // SAFETY: not NULL, and writable by the header's rules.
    let buffer = if cap == 0 { &mut [][..] } else { unsafe { std::slice::from_raw_parts_mut(buf.cast::<u8>(), cap) } };
    let mut sink = BufferSink::new(buffer);
    let report = inject(&mut sink)?;
    // SAFETY: as above.
    unsafe { needed.write(sink.needed()) };
    if sink.needed() > cap {
        return Err(DDTRACE_ERR_BUFFER);
    }
    count_injected(&report);
    Ok(())
}

/// Headers that are handed over once no lock is held.
#[derive(Default)]
struct Collected(Vec<(CString, CString)>);

impl HeaderSink for Collected {
    fn header(&mut self, name: &str, value: &[u8]) {
        if let (Ok(name), Ok(value)) = (CString::new(name), CString::new(value)) {
            self.0.push((name, value));
        }
    }
}

unsafe fn into_setter(
    set: ddtrace_header_setter,
    user_data: *mut c_void,
    inject: impl FnOnce(&mut Collected) -> Result<InjectReport, ddtrace_status>,
) -> Result<(), ddtrace_status> {
    let set = set.ok_or(DDTRACE_ERR_NULL)?;
    let mut headers = Collected::default();
    count_injected(&inject(&mut headers)?);
    for (name, value) in &headers.0 {
        let text = |text: &CString| ddtrace_str { ptr: text.as_ptr(), len: text.as_bytes().len() };
        // SAFETY: the host's function, with the data that it gave.
        unsafe { set(user_data, text(name), text(value)) };
    }
    Ok(())
}

#[inline]
unsafe fn inject_span<S: HeaderSink>(
    propagator: &Propagator,
    span: *const ddtrace_span,
    sink: &mut S,
) -> Result<InjectReport, ddtrace_status> {
    // SAFETY: passed on.
    if let AnySpan::Recording(span) = unsafe { lock_span(span.cast()) }.map_err(of_handle)? {
        let state = span.trace_state().ok_or(DDTRACE_ERR_HANDLE)?;
        if let decision @ Some(_) = state.decision() {
            // The span's lock keeps the span, and so its trace.
            return Ok(inject(propagator, state, decision, span.head.span_id, true, sink));
        }
    }
    // SAFETY: passed on.
    unsafe {
        with_view_of_span(span, |thread, view| {
            decide_view(thread, view);
            Ok(inject(propagator, view.state, view.state.decision(), view.span_id, true, sink))
        })
    }
}

unsafe fn inject_context<S: HeaderSink>(
    propagator: &Propagator,
    context: *const ddtrace_context,
    sink: &mut S,
) -> Result<InjectReport, ddtrace_status> {
    // SAFETY: passed on.
    unsafe {
        with_view_of_context(context, |thread, view| {
            decide_view(thread, view);
            Ok(inject(propagator, view.state, view.state.decision(), view.span_id, !view.is_remote, sink))
        })
    }
}

#[inline]
fn inject<S: HeaderSink>(
    propagator: &Propagator,
    state: &TraceState,
    decision: Option<Decision>,
    span_id: u64,
    local_span: bool,
    sink: &mut S,
) -> InjectReport {
    let trace_id = state.trace_id();
    let mut write =
        |tags: Option<&TraceTags>| propagator.inject(&InjectInput { trace_id, span_id, decision, tags, local_span }, sink);
    let report = match state.read_tags(|tags| write(Some(tags))) {
        Some(report) => report,
        None => write(None),
    };
    if let Some(error) = report.error {
        state.change_tags(|tags| tags.set_propagation_error(error));
    }
    report
}
