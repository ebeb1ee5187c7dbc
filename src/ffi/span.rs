//! The life of a span: start, end, finish, references.

use super::guard::guard;
use super::handles::{ddtrace_span, ddtrace_tracer};
use super::outcome::{of_finish, of_full, of_handle, of_start, of_tag, status};
use super::status::*;
use super::tag_input::{set_packed_tags, set_tags};
use super::types::*;
use super::{sized, text};
use crate::export::Snapshot;
use crate::record::{Field, flag};
use crate::slot::HandleError;
use crate::span::{
    AnySpan, EndTime, Finish, Parent, SpanBody, SpanGuard, SpanKind, Started, TagSink, TagValue, add_handle, finish_span,
    lock_span, open_ancestor, share_view, start_span, start_unrecorded,
};
use crate::tracer::{announce_start, finish_announced, release_span, resolve_tracer, with_thread};

/// Starts a span with everything that is known of it. The span is not activated: nothing in this library consults a hidden current span.
///
/// Without a parent the span begins a new trace. A parent may be finished, and may be freed after this call. The parent's service applies
/// unless `options` has one. Texts and tags are copied. When very many spans are live (`LIBDDTRACE_MAX_LIVE_SPANS`), or tracing is disabled,
/// the span records nothing but carries trace context on.
///
/// @param tracer       borrowed
/// @param options      borrowed; NULL: an unnamed root span that starts now
/// @param out          receives the span, owned by the caller: end it with `ddtrace_span_end`, or `ddtrace_span_finish` and
///                     `ddtrace_span_free`
/// @param ids_or_null  receives the span's ids
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE for a tracer or parent that is none; DDTRACE_ERR_UNSUPPORTED or
///         DDTRACE_ERR_INVALID for the options; DDTRACE_ERR_LIMIT when far too many spans are live. A tag that cannot be set is left out:
///         the span is started, and the status says why.
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_start(
    tracer: *mut ddtrace_tracer,
    options: *const ddtrace_span_options,
    out: *mut *mut ddtrace_span,
    ids_or_null: *mut ddtrace_span_ids,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { start(tracer, options, out, ids_or_null) })
    })
}

#[inline(always)]
pub(super) unsafe fn start(
    tracer: *mut ddtrace_tracer,
    options: *const ddtrace_span_options,
    out: *mut *mut ddtrace_span,
    ids_or_null: *mut ddtrace_span_ids,
) -> Result<(), ddtrace_status> {
    if out.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    let mut place = None;
    // SAFETY: passed on.
    let (tracer, options) =
        unsafe { (resolve_tracer(tracer.cast()).map_err(of_handle)?, sized::lend_optional(options, &mut place)?) };
    let options = options.unwrap_or(&NO_OPTIONS);
    if !options.parent_span.is_null() && !options.parent_context.is_null() {
        return Err(DDTRACE_ERR_INVALID);
    }
    let mut is_announced = false;
    let filled = with_thread(|thread| {
        let local = thread.tracers.local(tracer).ok_or(DDTRACE_ERR_HANDLE)?;
        let parts = &mut thread.parts;
        let mut view = None;
        let parent = if !options.parent_span.is_null() {
            Parent::Span(options.parent_span.cast())
        } else if !options.parent_context.is_null() {
            // SAFETY: passed on.
            let shared = unsafe { share_view(options.parent_context.cast()) }.map_err(of_handle)?;
            view = Some(shared);
            Parent::Context(shared)
        } else {
            Parent::None
        };
        let mut ids = ddtrace_span_ids::default();
        let has_service = !options.service.ptr.is_null() && options.service.len > 0;
        let is_unwanted =
            options.flags & DDTRACE_SPAN_FLAG_OTEL != 0 && local.snapshot.config.settings.otel_api.enabled == Some(false);
        // SAFETY: passed on.
        let started = unsafe {
            if is_unwanted {
                start_unrecorded(parts, local, parent).map(|handle| (handle, None))
            } else {
                start_span(parts, local, tracer.link(), parent, options.start_ns, has_service, |span| {
                    if !ids_or_null.is_null() {
                        ids = ids_of(span);
                    }
                    fill(span, options)
                })
            }
        };
        if let Some(view) = view {
            crate::span::drop_view(parts, &view);
        }
        let (handle, filled) = started.map_err(of_start)?;
        if !ids_or_null.is_null() {
            if filled.is_none() {
                // SAFETY: the span was just made.
                ids = unsafe { ids_of_light(parts, handle) };
            }
            // SAFETY: passed on.
            unsafe { ids_or_null.write(ids) };
        }
        // SAFETY: passed on.
        unsafe { out.write(handle.cast()) };
        // A span that records nothing is not announced.
        is_announced = local.hooks.is_some() && filled.is_some();
        filled.unwrap_or(Ok(()))
    });
    if is_announced {
        // SAFETY: passed on.
        announce_start(tracer, unsafe { out.read() }.cast());
    }
    filled
}

pub(super) const NO_OPTIONS: ddtrace_span_options = ddtrace_span_options {
    struct_size: 0,
    name: ddtrace_str::NONE,
    service: ddtrace_str::NONE,
    resource: ddtrace_str::NONE,
    r#type: ddtrace_str::NONE,
    parent_span: std::ptr::null(),
    parent_context: std::ptr::null(),
    start_ns: 0,
    kind: 0,
    flags: 0,
    tags: std::ptr::null(),
    tags_len: 0,
    packed_tags: std::ptr::null(),
    packed_tags_len: 0,
};

fn ids_of(span: &Started<'_>) -> ddtrace_span_ids {
    let trace_id = span.state.trace_id();
    ddtrace_span_ids {
        trace_id_high: (trace_id >> 64) as u64,
        trace_id_low: trace_id as u64,
        span_id: span.body.head.span_id,
        parent_id: span.body.head.parent_id,
    }
}

/// # Safety
/// The handle is of a live span.
unsafe fn ids_of_light(parts: &mut crate::span::Parts, handle: *const std::ffi::c_void) -> ddtrace_span_ids {
    // SAFETY: passed on.
    let Ok(AnySpan::Light(mut light)) = (unsafe { lock_span(handle) }) else { return ddtrace_span_ids::default() };
    let trace_id = light.state(parts).map_or(0, |state| state.trace_id());
    ddtrace_span_ids {
        trace_id_high: (trace_id >> 64) as u64,
        trace_id_low: trace_id as u64,
        span_id: light.span_id(parts),
        parent_id: light.parent_id,
    }
}

/// # Safety
/// What the options point to is readable.
#[inline]
unsafe fn fill(span: &mut Started<'_>, options: &ddtrace_span_options) -> Result<(), ddtrace_status> {
    let (snapshot, state) = (span.snapshot, span.state);
    let body = &mut *span.body;
    let mut outcome = Ok(());
    // SAFETY: passed on.
    unsafe {
        outcome = outcome.and(fill_fields(body, snapshot, options));
        if options.kind != 0 {
            let kind = SpanKind::from_number(options.kind).ok_or(DDTRACE_ERR_INVALID);
            outcome = outcome.and(kind.and_then(|kind| body.set_kind(kind).map_err(of_tag)));
        }
        if options.flags != 0 {
            outcome = outcome.and(set_flags(body, options.flags));
        }
        let mut sink = TagSink { body, snapshot: Some(snapshot), state };
        let given = set_given_tags(&mut sink, (options.tags, options.tags_len), (options.packed_tags, options.packed_tags_len));
        outcome.and(given)
    }
}

#[cold]
fn set_flags(body: &mut SpanBody, flags: u32) -> Result<(), ddtrace_status> {
    body.head.set_flag(flag::OPENTRACING, flags & DDTRACE_SPAN_FLAG_OPENTRACING != 0);
    if flags & DDTRACE_SPAN_FLAG_INTEGRATION_SERVICE != 0 {
        body.mark_integration_service();
    }
    if flags & DDTRACE_SPAN_FLAG_MEASURED == 0 {
        return Ok(());
    }
    body.set_plain_tag(b"_dd.measured", TagValue::Int(1)).map_err(of_tag)
}

/// # Safety
/// What the options point to is readable.
#[inline]
unsafe fn fill_fields(body: &mut SpanBody, snapshot: &Snapshot, options: &ddtrace_span_options) -> Result<(), ddtrace_status> {
    let mut outcome = Ok(());
    let mut read = |given| {
        // SAFETY: passed on. A field that cannot be read is left out, and the others are set.
        unsafe { text::raw_str(given) }.unwrap_or_else(|status| {
            outcome = Err(status);
            &[]
        })
    };
    let (mut name, service, mut resource, span_type) =
        (read(options.name), read(options.service), read(options.resource), read(options.r#type));
    if options.flags & DDTRACE_SPAN_FLAG_OTEL != 0 {
        resource = if resource.is_empty() { name } else { resource };
        name = &[];
        body.head.flags |= flag::OTEL;
        body.head.set_flag(flag::OTEL_SEMANTICS, snapshot.config.settings.otel_api.semantics);
    }
    outcome.and(body.set_first_fields(snapshot, name, service, resource, span_type).map_err(of_full))
}

/// # Safety
/// The tags and what they point to are readable.
#[inline]
unsafe fn set_given_tags(
    sink: &mut TagSink<'_>,
    tags: (*const ddtrace_tag, usize),
    packed: (*const u8, usize),
) -> Result<(), ddtrace_status> {
    if tags.1 == 0 && packed.1 == 0 {
        return Ok(());
    }
    // SAFETY: passed on.
    unsafe {
        let array = text::array(tags.0, tags.1).and_then(|tags| set_tags(sink, tags));
        let packed = text::bytes(packed.0, packed.1).and_then(|packed| set_packed_tags(sink, packed));
        array.and(packed)
    }
}

/// Finishes a span and frees the caller's reference: the usual end of a span, in one call.
///
/// @param span     owned by this call; NULL answers DDTRACE_ERR_NULL
/// @param options  borrowed; NULL: ends now, nothing to add
/// @return DDTRACE_OK; DDTRACE_ERR_FINISHED if it was finished before (the reference is freed all the same, what `options` say is ignored);
///         DDTRACE_ERR_HANDLE for a span that was freed; DDTRACE_ERR_LIMIT or DDTRACE_ERR_INVALID for a tag that was left out. In a forked
///         child, a span that the parent process began is only freed.
///
/// Threads: any; no other thread may use this reference meanwhile. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_end(span: *mut ddtrace_span, options: *const ddtrace_span_end_options) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { finish(span, options, true) })
    })
}

/// Finishes a span and keeps the caller's reference: the span can still be read, injected, linked and be a parent, and no longer changed.
///
/// @param span     borrowed
/// @param options  borrowed; NULL: ends now, nothing to add
/// @return as `ddtrace_span_end`; a second call answers DDTRACE_ERR_FINISHED and changes nothing
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_finish(
    span: *mut ddtrace_span,
    options: *const ddtrace_span_end_options,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { finish(span, options, false) })
    })
}

#[inline]
pub(super) unsafe fn finish(
    span: *mut ddtrace_span,
    options: *const ddtrace_span_end_options,
    release: bool,
) -> Result<(), ddtrace_status> {
    let mut place = None;
    // SAFETY: passed on.
    let options = unsafe { sized::lend_optional(options, &mut place) };
    // Options that cannot be read must not keep the span from ending.
    let (options, outcome) = match options {
        Ok(options) => (options, Ok(())),
        Err(status) => (None, Err(status)),
    };
    let end = end_time(options.map_or(0, |options| options.end_ns));
    // SAFETY: passed on.
    unsafe { finish_at(span, end, options, release) }?;
    outcome
}

fn end_time(end_ns: i64) -> EndTime {
    if end_ns == 0 { EndTime::Now } else { EndTime::At(end_ns) }
}

/// # Safety
/// `span` is NULL or was given out by this library; what the options point to is readable.
#[inline]
unsafe fn finish_at(
    span: *mut ddtrace_span,
    end: EndTime,
    options: Option<&ddtrace_span_end_options>,
    release: bool,
) -> Result<(), ddtrace_status> {
    let mut outcome = Ok(());
    let finish = with_thread(|thread| {
        let (parts, tracers) = (&mut thread.parts, &mut thread.tracers);
        // SAFETY: passed on.
        unsafe {
            finish_span(
                parts,
                span.cast(),
                end,
                release,
                |link| tracers.local_of_link(link),
                |body, segment, local| {
                    if let (Some(options), Some(state)) = (options, segment.state()) {
                        let snapshot = local.as_ref().map(|local| &*local.snapshot);
                        outcome = last_changes(&mut TagSink { body, snapshot, state }, options);
                    }
                },
            )
        }
    });
    match finish {
        Ok(Finish::Done) => outcome,
        // SAFETY: passed on.
        finish => unsafe { finish_otherwise(span, release, finish) }.and(outcome),
    }
}

/// What is left to do where a span did not end as usual.
///
/// # Safety
/// As for [`finish_at`].
#[cold]
unsafe fn finish_otherwise(
    span: *mut ddtrace_span,
    release: bool,
    finish: Result<Finish, HandleError>,
) -> Result<(), ddtrace_status> {
    let finish = match finish {
        // SAFETY: passed on.
        Ok(Finish::Announce) => unsafe { finish_announced(span.cast(), release) },
        finish => finish,
    };
    if finish == Ok(Finish::Send)
        && let Some(pipeline) = with_thread(|thread| thread.parts.to_send.take())
    {
        pipeline.send_finished();
    }
    match of_finish(finish.map_err(of_handle)?) {
        DDTRACE_OK => Ok(()),
        status => Err(status),
    }
}

/// Finishes a span and then each unfinished ancestor in its trace segment, up to the local root: how a program that leaves in a hurry closes
/// what it has open. The caller's references are kept.
///
/// @param span    borrowed
/// @param end_ns  nanoseconds since the Unix epoch; 0: now
/// @return DDTRACE_OK; DDTRACE_ERR_FINISHED if the span itself was finished before (its ancestors are finished all the same);
///         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE for a span that was freed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_finish_with_ancestors(span: *mut ddtrace_span, end_ns: i64) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { finish_with_ancestors(span, end_ns) })
    })
}

unsafe fn finish_with_ancestors(span: *mut ddtrace_span, end_ns: i64) -> Result<(), ddtrace_status> {
    let end = end_time(end_ns);
    // SAFETY: passed on.
    let outcome = unsafe { finish_at(span, end, None, false) };
    if !matches!(outcome, Ok(()) | Err(DDTRACE_ERR_FINISHED)) {
        return outcome;
    }
    // SAFETY: passed on; each ancestor comes with a reference, which its end takes.
    while let Some(ancestor) = unsafe { open_ancestor(span.cast()) }.map_err(of_handle)? {
        match unsafe { finish_at(ancestor.cast(), end, None, true) } {
            // Another thread was faster.
            Ok(()) | Err(DDTRACE_ERR_FINISHED) => {}
            failure => return failure,
        }
    }
    outcome
}

/// # Safety
/// What the options point to is readable.
unsafe fn last_changes(sink: &mut TagSink<'_>, options: &ddtrace_span_end_options) -> Result<(), ddtrace_status> {
    let mut outcome = Ok(());
    // SAFETY: passed on.
    unsafe {
        for (field, given) in [
            (Field::Name, options.name),
            (Field::Service, options.service),
            (Field::Resource, options.resource),
            (Field::Type, options.r#type),
        ] {
            if given.ptr.is_null() {
                continue;
            }
            let set = text::raw_str(given).and_then(|text| match field {
                Field::Service => sink.body.set_service(sink.snapshot, text).map_err(of_full),
                Field::Name => sink.body.set_name(text).map_err(of_full),
                field => sink.body.set_field(field, text).map_err(of_full),
            });
            outcome = outcome.and(set);
        }
        let given = |text: ddtrace_str| if text.ptr.is_null() { Ok(None) } else { text::raw_str(text).map(Some) };
        let error = (given(options.error_type)?, given(options.error_message)?, given(options.error_stack)?);
        if options.error != 0 || error != (None, None, None) {
            outcome = outcome.and(sink.body.set_exception(error.0, error.1, error.2).map_err(of_tag));
        }
        outcome.and(set_given_tags(sink, (options.tags, options.tags_len), (options.packed_tags, options.packed_tags_len)))
    }
}

/// Adds a reference to a span, so that two owners can free it.
///
/// @param span  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_ref(span: *mut ddtrace_span) -> *mut ddtrace_span {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rules for pointers.
        match unsafe { add_handle(span.cast()) } {
            Ok(()) => span,
            Err(_) => std::ptr::null_mut(),
        }
    })
}

/// Frees a reference to a span. It never finishes one: a span that is freed unfinished is abandoned, counted, and never sent; its trace goes
/// on without it. A garbage collector may call this at any time, from any thread.
///
/// @param span  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any; no other thread may use this reference meanwhile. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_free(span: *mut ddtrace_span) {
    guard((), || {
        // SAFETY: the header's rules for pointers. A handle that is none has nothing to free.
        let _ = unsafe { release_span(span.cast()) };
    })
}

/// The ids of a span.
///
/// @param span  borrowed; may be finished
/// @param out   receives the ids
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_get_ids(span: *const ddtrace_span, out: *mut ddtrace_span_ids) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        let ids = with_thread(|thread| {
            // SAFETY: the header's rules for pointers.
            match unsafe { lock_span(span.cast()) }? {
                AnySpan::Recording(span) => Ok(recording_ids(&span)),
                AnySpan::Light(light) => {
                    drop(light);
                    // SAFETY: as above.
                    Ok(unsafe { ids_of_light(&mut thread.parts, span.cast()) })
                }
            }
        });
        match ids {
            Ok(ids) => {
                // SAFETY: the header's rules for pointers.
                unsafe { out.write(ids) };
                DDTRACE_OK
            }
            Err(error) => of_handle(error),
        }
    })
}

fn recording_ids(span: &SpanGuard) -> ddtrace_span_ids {
    let trace_id = span.trace_state().map_or(0, |state| state.trace_id());
    ddtrace_span_ids {
        trace_id_high: (trace_id >> 64) as u64,
        trace_id_low: trace_id as u64,
        span_id: span.head.span_id,
        parent_id: span.head.parent_id,
    }
}

/// Whether a span is finished.
///
/// @param span  borrowed; false for NULL and handles that were freed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_is_finished(span: *const ddtrace_span) -> bool {
    guard(false, || {
        // SAFETY: the header's rules for pointers.
        match unsafe { lock_span(span.cast()) } {
            Ok(AnySpan::Recording(span)) => span.is_finished || span.is_settled,
            Ok(AnySpan::Light(light)) => light.is_finished,
            Err(_) => false,
        }
    })
}
