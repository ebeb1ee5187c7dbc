//! Views: what a span and a context have in common, for the calls that work on either.

use super::handles::{ddtrace_context, ddtrace_span};
use super::outcome::of_handle;
use super::status::ddtrace_status;
use crate::slot::HandleError;
use crate::span::{ContextView, decide_segment, drop_view, share_view, view_of_span};
use crate::tracer::{Thread, with_thread};

/// Calls `use_it` with the view of a context.
///
/// # Safety
/// The pointer follows the header's rules.
pub unsafe fn with_view_of_context<R>(
    context: *const ddtrace_context,
    use_it: impl FnOnce(&mut Thread, &ContextView) -> Result<R, ddtrace_status>,
) -> Result<R, ddtrace_status> {
    // SAFETY: passed on.
    let view = unsafe { share_view(context.cast()) }.map_err(of_handle)?;
    with_thread(|thread| {
        let result = use_it(thread, &view);
        drop_view(&mut thread.parts, &view);
        result
    })
}

/// Calls `use_it` with the view of a span.
///
/// # Safety
/// The pointer follows the header's rules.
pub unsafe fn with_view_of_span<R>(
    span: *const ddtrace_span,
    use_it: impl FnOnce(&mut Thread, &ContextView) -> Result<R, ddtrace_status>,
) -> Result<R, ddtrace_status> {
    with_thread(|thread| {
        // SAFETY: passed on.
        let view = unsafe { view_of_span(&mut thread.parts, span.cast()) }.map_err(of_handle)?;
        let view = view.ok_or(of_handle(HandleError::Stale))?;
        let result = use_it(thread, &view);
        drop_view(&mut thread.parts, &view);
        result
    })
}

/// Makes the sampling decision of a view's trace, if it has spans here and is not decided.
pub fn decide_view(thread: &mut Thread, view: &ContextView) {
    let Some(segment) = view.span.and_then(|span| span.segment()) else { return };
    if view.state.decision().is_some() {
        return;
    }
    let Some(link) = segment.lock().ok().map(|segment| segment.tracer) else { return };
    if let Some(local) = thread.tracers.local_of_link(link) {
        decide_segment(&mut thread.parts, segment, view.state, local);
    }
}
