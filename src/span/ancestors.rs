//! From a span to those above it in its segment: the nearest that is open, and the local root.
//!
//! Lock order as everywhere: the span that the caller names, then its segment; ancestors are reached by their links alone, which the
//! segment's lock guards. An ancestor that is open has a handle, since the last handle to go closes its span; one that is closed may
//! have lost it, and gets a new one here.

use super::access::{AnySpan, lock_light_slot, lock_span};
use super::light::{LightGuard, LightParent};
use super::slot::SpanSlot;
use crate::slot::{HandleError, Slot, SlotHeader};
use std::ffi::c_void;

/// Where a walk up from a finished span is.
pub enum Step {
    /// Before the ancestor in this slot, open or not. The slot is for comparison only.
    Ancestor(&'static SpanSlot),
    /// At the end: no ancestor is open. The id is that of the trace, 0 if it has none yet.
    End(u128),
}

/// What a walk up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearest<T> {
    /// An open span: the one asked about, or its nearest open ancestor. The handle has one reference more, which is the caller's.
    Span(*mut c_void),
    /// What the caller's own function answered.
    Instead(T),
    /// Nothing is open.
    Nothing,
}

/// The span of a handle if it is open, else its nearest open ancestor, unless `instead` has something better at a step of the walk.
/// `instead` runs under locks: it compares, and nothing else.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn nearest_open<T>(handle: *const c_void, instead: impl Fn(Step) -> Option<T>) -> Result<Nearest<T>, HandleError> {
    // SAFETY: passed on.
    let span = match unsafe { lock_span(handle) }? {
        AnySpan::Recording(span) => span,
        AnySpan::Light(mut light) => {
            if !light.is_finished {
                light.handles += 1;
                return Ok(Nearest::Span(handle.cast_mut()));
            }
            let trace_id = light.known_state().map_or(0, |state| state.trace_id());
            return match open_above_light(light)? {
                AboveLight::Open(ancestor) => Ok(Nearest::Span(ancestor)),
                AboveLight::Recording(slot) => match instead(Step::Ancestor(slot)) {
                    Some(answer) => Ok(Nearest::Instead(answer)),
                    None => nearest_recording(slot, instead),
                },
                AboveLight::Nothing => Ok(instead(Step::End(trace_id)).map_or(Nearest::Nothing, Nearest::Instead)),
            };
        }
    };
    let slot = span.slot();
    // Kept by its handle, which is locked.
    nearest_recording(slot, instead)
}

/// What is above a light span.
enum AboveLight {
    /// An open light span, with one reference more.
    Open(*mut c_void),
    /// A span that records; nothing between the two is open.
    Recording(&'static SpanSlot),
    /// Nothing.
    Nothing,
}

/// The nearest open light ancestor of a light span, or the first one that records. The caller keeps the span, and each keeps its parent.
fn open_above_light(light: LightGuard) -> Result<AboveLight, HandleError> {
    let mut parent = light.parent;
    drop(light);
    loop {
        match parent {
            None => return Ok(AboveLight::Nothing),
            Some(LightParent::Recording(slot)) => return Ok(AboveLight::Recording(slot)),
            Some(LightParent::Light(slot)) => {
                let mut light = lock_light_slot(slot).ok_or(HandleError::Forked)?;
                if light.is_open() {
                    light.handles += 1;
                    return Ok(AboveLight::Open(slot.header().handle()));
                }
                parent = light.parent;
            }
        }
    }
}

/// The span of a slot that something keeps if it is open, else its nearest open ancestor.
fn nearest_recording<T>(slot: &'static SpanSlot, instead: impl Fn(Step) -> Option<T>) -> Result<Nearest<T>, HandleError> {
    let segment = slot.segment().ok_or(HandleError::Stale)?;
    let guard = segment.lock().map_err(|_| HandleError::Forked)?;
    let mut at = slot;
    loop {
        // SAFETY: the segment's lock is held until the end of this function; an ancestor is of the same segment, and its child keeps it.
        let (is_closed, parent) = unsafe { (at.links().is_closed, at.links().parent) };
        if !is_closed {
            // SAFETY: as above.
            return Ok(Nearest::Span(unsafe { add_reference(at) }));
        }
        let step = parent.map_or_else(|| Step::End(guard.state().map_or(0, |state| state.trace_id())), Step::Ancestor);
        if let Some(answer) = instead(step) {
            return Ok(Nearest::Instead(answer));
        }
        let Some(parent) = parent else { return Ok(Nearest::Nothing) };
        at = parent;
    }
}

/// The nearest open ancestor of a span, not the span itself; the handle has one reference more, which is the caller's. Whoever finishes a span
/// with its ancestors finishes the span, then asks, finishes and releases the answer until there is none. A forked child finishes no span of the
/// process that it came from, so it gets none.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn open_ancestor(handle: *const c_void) -> Result<Option<*mut c_void>, HandleError> {
    // SAFETY: passed on.
    let (slot, _span) = match unsafe { lock_span(handle) }? {
        AnySpan::Recording(span) => (span.slot(), Some(span)),
        AnySpan::Light(light) => match open_above_light(light)? {
            AboveLight::Open(ancestor) => return Ok(Some(ancestor)),
            AboveLight::Nothing => return Ok(None),
            AboveLight::Recording(slot) => return open_from(slot, true),
        },
    };
    open_from(slot, false)
}

/// The nearest open ancestor of a span that something keeps, or with `itself` the span, if it is open.
fn open_from(slot: &'static SpanSlot, itself: bool) -> Result<Option<*mut c_void>, HandleError> {
    let segment = slot.segment().ok_or(HandleError::Stale)?;
    let guard = segment.lock().map_err(|_| HandleError::Forked)?;
    if guard.is_inherited() {
        return Ok(None);
    }
    let mut at = slot;
    // SAFETY: the segment's lock is held.
    if itself && !unsafe { slot.links() }.is_closed {
        // SAFETY: as above.
        return Ok(Some(unsafe { add_reference(slot) }));
    }
    loop {
        // SAFETY: the segment's lock is held; an ancestor is of the same segment, and its child keeps it.
        let Some(parent) = unsafe { at.links() }.parent else { return Ok(None) };
        // SAFETY: as above.
        if !unsafe { parent.links() }.is_closed {
            // SAFETY: as above.
            return Ok(Some(unsafe { add_reference(parent) }));
        }
        at = parent;
    }
}

/// The local root of a span's segment, with one reference more, which is the caller's; it may be finished. `None`: the root was finished and
/// freed, and nothing keeps it any more. A span that records nothing is its own root.
///
/// # Safety
/// `handle` is NULL or was given out by this library.
pub unsafe fn local_root(handle: *const c_void) -> Result<Option<*mut c_void>, HandleError> {
    // SAFETY: passed on.
    let span = match unsafe { lock_span(handle) }? {
        AnySpan::Recording(span) => span,
        AnySpan::Light(mut light) => {
            light.handles += 1;
            return Ok(Some(handle.cast_mut()));
        }
    };
    let segment = span.slot().segment().ok_or(HandleError::Stale)?;
    let guard = segment.lock().map_err(|_| HandleError::Forked)?;
    let root: *const SlotHeader = guard.root;
    if root.is_null() {
        return Ok(None);
    }
    // SAFETY: a segment's root points to a span's slot; the segment's lock is held, under which it would be cleared.
    Ok(Some(unsafe { add_reference(&*root.cast::<SpanSlot>()) }))
}

/// Adds a reference to a span's handle, a new one if the former handle has ended.
///
/// # Safety
/// The lock of the slot's segment is held, and something keeps the slot in that segment.
unsafe fn add_reference(slot: &'static SpanSlot) -> *mut c_void {
    // SAFETY: by the contract.
    let links = unsafe { slot.links() };
    if links.handles == 0 {
        // A span's handle is closed with the segment's lock held too, so the two cannot meet.
        slot.header().open_handle();
    }
    links.handles += 1;
    slot.header().handle()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::test_tracer::{NONE, TestTracer};
    use crate::span::EndTime;

    fn never(_: Step) -> Option<()> {
        None
    }

    /// The nearest open span; the reference that comes with it is given back.
    fn nearest(tracer: &mut TestTracer, span: *const c_void) -> *const c_void {
        // SAFETY: a live span.
        match unsafe { nearest_open(span, never) }.unwrap() {
            Nearest::Span(open) => {
                tracer.free(open);
                open
            }
            _ => NONE,
        }
    }

    #[test]
    fn finished_spans_lead_to_the_nearest_open_one() {
        let mut tracer = TestTracer::new(&[]);
        let a = tracer.start(NONE, "a");
        let b = tracer.start(a, "b");
        let c = tracer.start(b, "c");
        assert_eq!(nearest(&mut tracer, c), c);
        tracer.finish(c, EndTime::Now, false);
        assert_eq!(nearest(&mut tracer, c), b);
        tracer.end(b);
        assert_eq!(nearest(&mut tracer, c), a);
        tracer.end(a);
        assert_eq!(nearest(&mut tracer, c), NONE);
        tracer.free(c);
    }

    #[test]
    fn light_spans_lead_to_their_open_ancestors_too() {
        let mut tracer = TestTracer::new(&[("DD_TRACE_ENABLED", "false")]);
        let a = tracer.start(NONE, "a");
        let b = tracer.start(a, "b");
        let c = tracer.start(b, "c");
        tracer.end(b);
        tracer.finish(c, EndTime::Now, false);
        assert_eq!(nearest(&mut tracer, c), a);
        tracer.free(c);
        let d = tracer.start(a, "d");
        tracer.free(a);
        tracer.finish(d, EndTime::Now, false);
        assert_eq!(nearest(&mut tracer, d), NONE, "an abandoned one is not open");
        tracer.free(d);
    }

    #[test]
    fn a_light_span_leads_to_its_recording_ancestors() {
        let mut tracer = TestTracer::new(&[]);
        let a = tracer.start(NONE, "a");
        let b = tracer.start(a, "b");
        // SAFETY: a live span.
        let light = unsafe { crate::span::start_unrecorded(&mut tracer.parts, &tracer.local, crate::span::Parent::Span(b)) };
        let light = light.unwrap().cast_const();
        tracer.finish(light, EndTime::Now, false);
        assert_eq!(nearest(&mut tracer, light), b);
        tracer.end(b);
        assert_eq!(nearest(&mut tracer, light), a);
        // SAFETY: as above.
        let ancestor = unsafe { open_ancestor(light) }.unwrap().unwrap();
        tracer.finish(ancestor, EndTime::Now, true);
        // SAFETY: as above.
        assert_eq!(unsafe { open_ancestor(light) }.unwrap(), None);
        tracer.free(a);
        assert_eq!(tracer.send()[0].spans.len(), 2);
        tracer.free(light);
    }

    #[test]
    fn an_abandoned_ancestor_is_passed_by() {
        let mut tracer = TestTracer::new(&[]);
        let a = tracer.start(NONE, "a");
        let b = tracer.start(a, "b");
        let c = tracer.start(b, "c");
        tracer.free(b);
        tracer.finish(c, EndTime::Now, false);
        assert_eq!(nearest(&mut tracer, c), a);
        tracer.free(c);
        tracer.end(a);
    }

    #[test]
    fn steps_of_the_walk_name_ancestors_and_the_trace() {
        let mut tracer = TestTracer::new(&[]);
        let a = tracer.start(NONE, "a");
        let b = tracer.start(a, "b");
        // SAFETY: a live span.
        let (trace_id, _) = unsafe { crate::span::trace_and_span_id(&mut tracer.parts, b) }.unwrap();
        tracer.finish(b, EndTime::Now, false);
        tracer.finish(a, EndTime::Now, false);
        let steps = std::cell::RefCell::new(Vec::new());
        // SAFETY: a live span.
        let end = unsafe {
            nearest_open(b, |step| {
                let (name, answer) = match step {
                    Step::Ancestor(slot) => (slot.header().handle::<c_void>().cast_const(), None),
                    Step::End(id) => (NONE, Some(id)),
                };
                steps.borrow_mut().push(name);
                answer
            })
        };
        assert_eq!(end, Ok(Nearest::Instead(trace_id)));
        assert_eq!(steps.into_inner(), [a, NONE]);
        tracer.free(a);
        tracer.free(b);
    }

    #[test]
    fn a_span_is_finished_with_its_ancestors_one_by_one() {
        let mut tracer = TestTracer::new(&[]);
        let a = tracer.start(NONE, "a");
        let b = tracer.start(a, "b");
        let c = tracer.start(b, "c");
        tracer.finish(c, EndTime::Now, false);
        let mut found = Vec::new();
        // SAFETY: a live span.
        while let Some(ancestor) = unsafe { open_ancestor(c) }.unwrap() {
            tracer.finish(ancestor, EndTime::Now, true);
            found.push(ancestor.cast_const());
        }
        assert_eq!(found, [b, a]);
        [a, b, c].into_iter().for_each(|span| tracer.free(span));
        // SAFETY: a handle that was given out, stale by now.
        assert_eq!(unsafe { open_ancestor(c) }, Err(HandleError::Stale));
    }

    #[test]
    fn a_root_that_lost_its_handle_gets_a_new_one() {
        let mut tracer = TestTracer::new(&[]);
        let a = tracer.start(NONE, "a");
        let b = tracer.start(a, "b");
        // SAFETY: live spans, and a stale handle.
        unsafe {
            assert_eq!(local_root(b).unwrap().map(<*mut c_void>::cast_const), Some(a));
            tracer.free(a);
            tracer.end(a);
            assert_eq!(local_root(a), Err(HandleError::Stale));
            let root = local_root(b).unwrap().unwrap();
            assert_ne!(root.cast_const(), a);
            assert_eq!(nearest(&mut tracer, root), NONE);
            tracer.free(root);
            assert_eq!(local_root(root), Err(HandleError::Stale));
        }
        tracer.end(b);
    }
}
