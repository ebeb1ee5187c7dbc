//! The end of a span.

use super::body::SpanBody;
use super::decide::decide_segment;
use super::parts::Parts;
use super::slot::SpanGuard;
use super::{AnySpan, lock_span, release};
use crate::export::Local;
use crate::record::{Clock, Field, flag};
use crate::segment::{Finished, SegmentGuard, SpanClosed, TracerLink};
use crate::slot::HandleError;
use std::ffi::c_void;
use std::sync::Arc;

/// When a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndTime {
    /// Now.
    Now,
    /// At this Unix time in nanoseconds.
    At(i64),
    /// As settled by the call before, which answered [`Finish::Announce`].
    Settled,
}

/// How a call to finish ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The span is finished.
    Done,
    /// It was finished already.
    Already,
    /// It belongs to the parent process, which finishes it.
    Inherited,
    /// As [`Finish::Done`], and its chunk is to be sent before the call returns, by the pipeline in [`Parts::to_send`].
    Send,
    /// The tracer has processors or filters: the end is settled, and the span can still be changed. The caller tells the processors, then
    /// calls again with [`EndTime::Settled`], and takes the chunks that filters have to see.
    Announce,
}

/// Finishes the span of a handle. `last_changes` sets what the caller still has to say; with `release` the caller's reference is
/// dropped in the same step. `local_of` finds the thread's part of the span's tracer, if that tracer still exists.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
#[inline]
pub unsafe fn finish_span<'l>(
    parts: &mut Parts,
    handle: *const c_void,
    end: EndTime,
    release: bool,
    local_of: impl FnOnce(TracerLink) -> Option<&'l mut Local>,
    last_changes: impl FnOnce(&mut SpanBody, &mut SegmentGuard, &Option<&'l mut Local>),
) -> Result<Finish, HandleError> {
    // SAFETY: passed on.
    let mut span = match unsafe { lock_span(handle) }? {
        AnySpan::Recording(span) => span,
        AnySpan::Light(mut light) => {
            let finish = if light.is_finished { Finish::Already } else { Finish::Done };
            light.is_finished = true;
            if release {
                light.release(parts);
            }
            return Ok(finish);
        }
    };
    let slot = span.slot();
    let segment = slot.segment().ok_or(HandleError::Stale)?;
    let mut guard = segment.lock().map_err(|_| HandleError::Forked)?;
    let unwanted = if guard.is_inherited() { Some(Finish::Inherited) } else { span.is_finished.then_some(Finish::Already) };
    if let Some(finish) = unwanted {
        if release {
            release::drop_handle(parts, span, guard, None);
        }
        return Ok(finish);
    }
    let mut local = local_of(guard.tracer);
    let is_usual = local.as_ref().is_none_or(|local| local.ends_as_usual);
    let is_announced = !is_usual && end != EndTime::Settled && local.as_ref().is_some_and(|local| local.hooks.is_some());
    if is_announced && span.is_settled {
        // Another thread is telling the processors, or one of them ends the span that it is told of.
        if release {
            release::drop_handle(parts, span, guard, local);
        }
        return Ok(Finish::Already);
    }
    last_changes(&mut span, &mut guard, &local);
    if let Some(local) =
        local.as_deref().filter(|local| local.snapshot.finish_rules.concern(&span.head) && end != EndTime::Settled)
    {
        span.settle_at_finish(&local.snapshot.finish_rules);
    }
    set_duration(&mut span, end, &mut parts.clock);
    if is_announced {
        span.is_settled = true;
        return Ok(Finish::Announce);
    }
    span.is_finished = true;
    // SAFETY: the segment's lock is held.
    let is_last_handle = release && unsafe { slot.links().handles } == 1;
    // SAFETY: as above.
    let is_released = is_last_handle && unsafe { slot.links().inner } == 0;
    let closed = close(&mut span, &mut guard, local.as_deref_mut(), is_last_handle, is_released);
    let finish = if is_usual { Finish::Done } else { lend_pipeline(parts, local.as_deref()) };
    if closed == SpanClosed::PartialChunkDue {
        guard.references += 1;
        let state = guard.state();
        if release {
            release::drop_handle(parts, span, guard, None);
        } else {
            drop(guard);
            drop(span);
        }
        if let (Some(local), Some(state)) = (local, state) {
            decide_segment(parts, segment, state, local);
            if let Ok(mut guard) = segment.lock() {
                guard.leave_partially(local);
            }
        }
        if let Ok(guard) = segment.lock() {
            guard.release(&mut parts.segments, &mut parts.states);
        }
        return Ok(finish);
    }
    if release {
        release::drop_handle(parts, span, guard, None);
    }
    Ok(finish)
}

/// Whoever sends at once gets the pipeline, because the span may be gone by then.
#[cold]
fn lend_pipeline(parts: &mut Parts, local: Option<&Local>) -> Finish {
    let sending = local.filter(|local| local.snapshot.is_synchronous);
    parts.to_send = sending.map(|local| Arc::clone(&local.pipeline));
    if parts.to_send.is_some() { Finish::Send } else { Finish::Done }
}

#[inline]
fn set_duration(span: &mut SpanBody, end: EndTime, clock: &mut Clock) {
    span.head.duration_ns = match end {
        EndTime::Settled => return,
        EndTime::At(end) => end.saturating_sub(span.head.start_ns),
        EndTime::Now if !span.head.has(flag::START_GIVEN) => clock.now() - span.started_at,
        EndTime::Now => crate::record::unix_ns().saturating_sub(span.head.start_ns),
    };
    span.head.duration_ns = span.head.duration_ns.max(0);
}

/// Gives the record to the segment.
#[inline(always)]
fn close(
    span: &mut SpanGuard,
    guard: &mut SegmentGuard,
    local: Option<&mut Local>,
    is_last_handle: bool,
    is_released: bool,
) -> SpanClosed {
    // SAFETY: the segment's lock is held.
    unsafe { span.slot().links() }.is_closed = true;
    let Some(local) = local else {
        guard.close_span_without_tracer();
        return SpanClosed::Done;
    };
    local.outbox.counters.spans_finished.add(1);
    let runs = span.runs();
    if span.head.service_hash != 0 {
        local.note_service(span.head.service_hash, || runs.field(&span.head, Field::Service));
    }
    if span.head.extra.is_null() {
        return guard.close_span(local, Some(Finished { head: &span.head, runs }), is_released);
    }
    close_with_extra(span, guard, local, is_last_handle, is_released)
}

#[cold]
fn close_with_extra(
    span: &mut SpanGuard,
    guard: &mut SegmentGuard,
    local: &mut Local,
    is_last_handle: bool,
    is_released: bool,
) -> SpanClosed {
    // The record takes the extra over; a span that can still be read keeps a copy.
    let kept = if is_last_handle { None } else { span.extra().cloned() };
    let head = span.head;
    span.head.extra = kept.map_or(std::ptr::null_mut(), |extra| Box::into_raw(Box::new(extra)));
    guard.close_span(local, Some(Finished { head: &head, runs: span.runs() }), is_released)
}
