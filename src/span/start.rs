//! The start of a span.

use super::body::SpanBody;
use super::context::ContextView;
use super::light::{LightOrigin, LightParent, LightSpan};
use super::parts::Parts;
use super::slot::{Links, SpanSlot};
use super::{AnySpan, access, lock_span};
use crate::context::TraceState;
use crate::export::{Local, Snapshot};
use crate::log::log_warn;
use crate::record::{flag, unix_ns};
use crate::segment::{Segment, TracerLink};
use crate::service::fork;
use crate::slot::{HandleError, Slot};
use std::ffi::c_void;

/// What a span is started under.
pub enum Parent {
    /// Nothing: a new trace.
    None,
    /// A span's handle.
    Span(*const c_void),
    /// A context.
    Context(ContextView),
}

/// A new span, not published yet: its body and its trace.
pub struct Started<'a> {
    /// The span's record.
    pub body: &'a mut SpanBody,
    /// Its trace.
    pub state: &'static TraceState,
    /// The settings.
    pub snapshot: &'a Snapshot,
}

/// Why no span was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The parent's handle is not one.
    Parent(HandleError),
    /// Far too many spans are live, or memory is out.
    Limit,
}

/// Light spans may outnumber the live spans that record by this factor before a start is refused.
const LIGHT_FACTOR: usize = 16;

/// Starts a span and fills it. `has_service`: `fill` sets a service; otherwise the parent's is there already. `fill` sets fields and tags before anybody else sees the span. Returns its handle.
///
/// # Safety
/// A parent's handle is NULL or was given out by this library.
#[inline]
#[allow(clippy::too_many_arguments)]
pub unsafe fn start_span<R>(
    parts: &mut Parts,
    local: &mut Local,
    tracer: TracerLink,
    parent: Parent,
    start_ns: i64,
    has_service: bool,
    fill: impl FnOnce(&mut Started<'_>) -> R,
) -> Result<(*mut c_void, Option<R>), StartError> {
    if !local.starts_as_usual {
        if !local.snapshot.is_enabled {
            // SAFETY: passed on.
            return Ok((unsafe { start_light(parts, local, parent) }?, None));
        }
        log_warn!("a span is started after the tracer was shut down: it propagates, and is not sent");
    }
    let Some(slot) = parts.spans.take(local.snapshot.max_live_spans) else {
        local.outbox.counters.spans_not_recorded.add(1);
        // SAFETY: passed on.
        return Ok((unsafe { start_light(parts, local, parent) }?, None));
    };
    // SAFETY: the slot is fresh from this thread's list.
    let body = unsafe { SpanBody::reset(slot.body_cell()) };
    let now = parts.clock.now();
    // SAFETY: the slot is still this thread's alone; the parent's handle is passed on.
    let placed = unsafe { place(parts, local, tracer, parent, slot, body, now, has_service) };
    let placed = match placed {
        Ok(placed) => placed,
        Err(error) => {
            parts.spans.give(slot);
            return Err(error);
        }
    };
    body.started_at = now;
    body.head.span_id = parts.ids.id64();
    body.head.start_ns = if start_ns == 0 { now + placed.wall_offset } else { start_ns };
    body.head.set_flag(flag::START_GIVEN, start_ns != 0);
    let mut started = Started { body, state: placed.state, snapshot: &local.snapshot };
    let result = fill(&mut started);
    settle(started.body);
    local.outbox.counters.spans_started.add(1);
    slot.header().open_handle();
    Ok((slot.header().handle(), Some(result)))
}

/// Starts a span that records nothing, whatever the settings say.
///
/// # Safety
/// As for [`start_span`].
pub unsafe fn start_unrecorded(parts: &mut Parts, local: &Local, parent: Parent) -> Result<*mut c_void, StartError> {
    // SAFETY: passed on.
    unsafe { start_light(parts, local, parent) }
}

/// Where a new span belongs.
struct Placed {
    state: &'static TraceState,
    wall_offset: i64,
}

/// `has_service`: the span gets a service of its own, so that the parent's is not wanted.
///
/// # Safety
/// The slot and body are the caller's alone; a parent's handle is NULL or was given out by this library.
#[inline]
#[allow(clippy::too_many_arguments)]
unsafe fn place(
    parts: &mut Parts,
    local: &mut Local,
    tracer: TracerLink,
    parent: Parent,
    slot: &'static SpanSlot,
    body: &mut SpanBody,
    now: i64,
    has_service: bool,
) -> Result<Placed, StartError> {
    match parent {
        Parent::None => begin_trace(parts, local, tracer, slot, body, now),
        Parent::Span(handle) => {
            // SAFETY: passed on.
            match unsafe { lock_span(handle) }.map_err(StartError::Parent)? {
                AnySpan::Recording(parent) => {
                    let parent_slot = parent.slot();
                    // SAFETY: the lock of the parent is held, so its handle keeps it in its segment.
                    match unsafe { join(slot, body, parent_slot, &parent, has_service) } {
                        Some(placed) => Ok(placed),
                        None => {
                            let (state, id) = (inherited_state(parts, parent_slot)?, parent.head.span_id);
                            drop(parent);
                            begin_segment(parts, local, tracer, slot, body, now, state, id)
                        }
                    }
                }
                AnySpan::Light(mut parent) => {
                    let state = parent.state(parts).ok_or(StartError::Limit)?.add_reference();
                    let id = parent.span_id(parts);
                    drop(parent);
                    begin_segment(parts, local, tracer, slot, body, now, state, id)
                }
            }
        }
        Parent::Context(ContextView { span: Some(parent_slot), state, span_id, .. }) => {
            let joined = access::lock_slot(parent_slot).and_then(|parent| {
                // SAFETY: the context's inner reference keeps the parent in its segment.
                unsafe { join(slot, body, parent_slot, &parent, has_service) }
            });
            match joined {
                Some(placed) => Ok(placed),
                None => {
                    let state = state.fork(&mut parts.states).ok_or(StartError::Limit)?;
                    begin_segment(parts, local, tracer, slot, body, now, state, span_id)
                }
            }
        }
        Parent::Context(context) if context.state.trace_id() == 0 => {
            begin_with_baggage(parts, local, tracer, slot, body, now, &context)
        }
        Parent::Context(context) => {
            let state = context.state.add_reference();
            begin_segment(parts, local, tracer, slot, body, now, state, context.span_id)
        }
    }
}

/// The span becomes a child in its parent's segment. `None`: the segment belongs to the parent process.
///
/// # Safety
/// The slot is the caller's alone; the parent is locked, and kept in its segment by a handle or inner reference.
#[inline]
unsafe fn join(
    slot: &'static SpanSlot,
    body: &mut SpanBody,
    parent_slot: &'static SpanSlot,
    parent: &SpanBody,
    has_service: bool,
) -> Option<Placed> {
    let segment = parent_slot.segment()?;
    let mut guard = segment.lock().ok()?;
    if guard.is_inherited() {
        return None;
    }
    let state = guard.state()?;
    body.head.start_number = guard.open_span();
    body.head.parent_id = parent.head.span_id;
    body.parent_service_hash = parent.head.service_hash;
    body.head.flags |= parent.head.flags & flag::ROOT_VERSION;
    let ancestor = nearest_open(parent_slot);
    // SAFETY: the segment's lock is held, which guards the links of all its spans; the new slot is ours.
    unsafe {
        if let Some(ancestor) = ancestor {
            ancestor.links().inner += 1;
        }
        *slot.links() = Links { handles: 1, inner: 0, is_closed: false, parent: ancestor };
    }
    slot.set_segment(segment);
    if parent.head.has(flag::SERVICE_GIVEN) && !has_service {
        body.inherit_service(parent);
    }
    Some(Placed { state, wall_offset: guard.wall_offset })
}

/// The span itself, or its nearest ancestor, that is still open. The segment's lock is held.
fn nearest_open(slot: &'static SpanSlot) -> Option<&'static SpanSlot> {
    let mut at = slot;
    loop {
        // SAFETY: the caller holds the segment's lock; the links are only read.
        let (is_closed, parent) = unsafe { (at.links().is_closed, at.links().parent) };
        if !is_closed {
            return Some(at);
        }
        at = parent?;
    }
}

#[inline]
fn begin_trace(
    parts: &mut Parts,
    local: &mut Local,
    tracer: TracerLink,
    slot: &'static SpanSlot,
    body: &mut SpanBody,
    now: i64,
) -> Result<Placed, StartError> {
    let seconds = ((now + parts.clock.offset(now)) / 1_000_000_000) as u32;
    let trace_id = if local.snapshot.wide_trace_ids { parts.ids.trace_id128(seconds) } else { u128::from(parts.ids.id64()) };
    let state = TraceState::new(&mut parts.states, trace_id).ok_or(StartError::Limit)?;
    begin_segment(parts, local, tracer, slot, body, now, state, 0)
}

/// A context without ids, but with baggage or links: a new trace takes them over.
#[cold]
fn begin_with_baggage(
    parts: &mut Parts,
    local: &mut Local,
    tracer: TracerLink,
    slot: &'static SpanSlot,
    body: &mut SpanBody,
    now: i64,
    context: &ContextView,
) -> Result<Placed, StartError> {
    let trace_id = new_trace_id(parts, local.snapshot.wide_trace_ids);
    let state = TraceState::new(&mut parts.states, trace_id).ok_or(StartError::Limit)?;
    if let Some(tags) = context.state.read_tags(Clone::clone) {
        state.change_tags(|own| *own = tags);
    }
    begin_segment(parts, local, tracer, slot, body, now, state, 0)
}

/// The span becomes the local root of a segment of its own. Takes over the reference to `state`.
#[inline]
#[allow(clippy::too_many_arguments)]
fn begin_segment(
    parts: &mut Parts,
    local: &mut Local,
    tracer: TracerLink,
    slot: &'static SpanSlot,
    body: &mut SpanBody,
    now: i64,
    state: &'static TraceState,
    parent_id: u64,
) -> Result<Placed, StartError> {
    let wall_offset = parts.clock.offset(now);
    let Some(segment) = Segment::new(&mut parts.segments, fork::generation(), tracer, wall_offset, state) else {
        state.release(&mut parts.states);
        return Err(StartError::Limit);
    };
    segment.set_first_root(slot.header());
    // SAFETY: the slot is ours alone.
    unsafe { *slot.links() = Links { handles: 1, inner: 0, is_closed: false, parent: None } };
    slot.set_segment(segment);
    body.head.parent_id = parent_id;
    body.head.flags |= flag::LOCAL_ROOT | flag::TOP_LEVEL;
    if state.has_tags() {
        take_over_tags(body, state);
    }
    local.outbox.counters.segments_started.add(1);
    Ok(Placed { state, wall_offset })
}

/// What an extracted context leaves to the first span made from it: links, and tags for the local root.
#[cold]
fn take_over_tags(body: &mut SpanBody, state: &'static TraceState) {
    let has_links = state.read_tags(|tags| {
        if let Some(id) = tags.last_parent_id() {
            let _ = body.set_text(b"_dd.parent_id", id.as_bytes());
        }
        for (key, value) in tags.baggage_tags() {
            let _ = body.set_text(key.as_bytes(), value.as_bytes());
        }
        !tags.links().is_empty()
    });
    if has_links == Some(true) {
        state.change_tags(|tags| {
            for link in tags.links_mut().drain(..) {
                body.extra_mut().add_link(link);
            }
        });
    }
}

/// A child process's own copy of the state of a span that its parent began.
#[cold]
fn inherited_state(parts: &mut Parts, parent: &'static SpanSlot) -> Result<&'static TraceState, StartError> {
    let segment = parent.segment().ok_or(StartError::Parent(HandleError::Stale))?;
    let guard = segment.lock().map_err(|_| StartError::Parent(HandleError::Forked))?;
    let state = guard.state().ok_or(StartError::Parent(HandleError::Stale))?;
    state.fork(&mut parts.states).ok_or(StartError::Limit)
}

/// Now that everything is known that the start says: whether the span is top-level, and has the configured version. Rules may ask for the
/// name before the end.
#[inline]
fn settle(body: &mut SpanBody) {
    if body.head.has(flag::OTEL) {
        // A span without room for a name has none.
        let _ = body.settle_otel_name();
    }
    body.follow_service();
}

/// A new trace's id.
#[cold]
pub(super) fn new_trace_id(parts: &mut Parts, is_wide: bool) -> u128 {
    if is_wide {
        return parts.ids.trace_id128((unix_ns() / 1_000_000_000) as u32);
    }
    u128::from(parts.ids.id64())
}

/// A span that records nothing.
///
/// # Safety
/// A parent's handle is NULL or was given out by this library.
#[inline]
unsafe fn start_light(parts: &mut Parts, local: &Local, parent: Parent) -> Result<*mut c_void, StartError> {
    let origin = match parent {
        Parent::None => LightOrigin::default(),
        // SAFETY: passed on.
        Parent::Span(handle) => unsafe { light_origin(parts, handle) }?,
        Parent::Context(context) if context.state.trace_id() == 0 => LightOrigin::default(),
        Parent::Context(context) => {
            let parent = context.span.filter(|slot| keep(slot)).map(LightParent::Recording);
            LightOrigin { state: Some(context.state.add_reference()), parent_id: context.span_id, parent }
        }
    };
    let limit = local.snapshot.max_live_spans.saturating_mul(LIGHT_FACTOR);
    let (state, parent_id, parent) = (origin.state, origin.parent_id, origin.parent);
    match LightSpan::new(parts, limit, origin, local.snapshot.wide_trace_ids) {
        Some(light) => Ok(light.header().handle()),
        None => {
            LightOrigin { state, parent_id, parent }.release(parts);
            Err(StartError::Limit)
        }
    }
}

/// Adds an inner reference to a span that something keeps.
fn keep(slot: &'static SpanSlot) -> bool {
    let Some(Ok(_guard)) = slot.segment().map(Segment::lock) else { return false };
    // SAFETY: the segment's lock is held.
    unsafe { slot.links() }.inner += 1;
    true
}

/// # Safety
/// The handle is NULL or was given out by this library.
unsafe fn light_origin(parts: &mut Parts, handle: *const c_void) -> Result<LightOrigin, StartError> {
    // SAFETY: passed on.
    match unsafe { lock_span(handle) }.map_err(StartError::Parent)? {
        AnySpan::Light(mut parent) => {
            let state = parent.state(parts).ok_or(StartError::Limit)?;
            let parent_id = parent.span_id(parts);
            Ok(LightOrigin { state: Some(state.add_reference()), parent_id, parent: Some(parent.as_parent()) })
        }
        AnySpan::Recording(parent) => {
            let slot = parent.slot();
            let segment = slot.segment().ok_or(StartError::Parent(HandleError::Stale))?;
            let guard = segment.lock().map_err(|_| StartError::Parent(HandleError::Forked))?;
            let state = guard.state().ok_or(StartError::Parent(HandleError::Stale))?.add_reference();
            // SAFETY: the segment's lock is held.
            unsafe { slot.links() }.inner += 1;
            Ok(LightOrigin { state: Some(state), parent_id: parent.head.span_id, parent: Some(LightParent::Recording(slot)) })
        }
    }
}
