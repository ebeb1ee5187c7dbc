//! What the tests of all providers use: a tracer, spans, contexts, and checks of what is active.

mod host;
mod per_task;
mod per_thread;

use super::{ActiveError, Held, Provider, Release};
use crate::config::ConfigBuilder;
use crate::context::Extracted;
use crate::span::{
    EndTime, HandleKind, Parent, context_of_span, drop_context, drop_view, extracted_context, finish_span, handle_kind,
    release_handle, share_view, start_span,
};
use crate::tracer::{TracerParts, new_tracer, resolve_tracer, with_thread};
use std::ffi::c_void;
use std::sync::{Arc, OnceLock};

type Handle = *mut c_void;

pub const RELEASE: Release = |kind, handle| match kind {
    HandleKind::Span => free(handle),
    HandleKind::Context => free_context(handle),
};

fn tracer() -> &'static crate::tracer::Tracer {
    static TRACER: OnceLock<usize> = OnceLock::new();
    let handle = TRACER.get_or_init(|| {
        let mut builder = ConfigBuilder::new();
        builder.set_env_lookup(Arc::new(|_: &str| None));
        let settings = [("LIBDDTRACE_EXPORTER", "null"), ("LIBDDTRACE_FLUSH_AT_EXIT", "false")];
        settings.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
        let parts = TracerParts::from_config(builder.resolve()).unwrap();
        new_tracer(parts).unwrap().expose_provenance()
    });
    // SAFETY: the handle lives as long as the tests.
    unsafe { resolve_tracer(std::ptr::with_exposed_provenance(*handle)) }.unwrap()
}

fn start_under(parent: Parent) -> Handle {
    let tracer = tracer();
    with_thread(|thread| {
        let local = thread.tracers.local(tracer).unwrap();
        // SAFETY: a live parent, or none.
        unsafe { start_span(&mut thread.parts, local, tracer.link(), parent, 0, false, |_| ()) }.unwrap().0
    })
}

fn root() -> Handle {
    start_under(Parent::None)
}

fn child(parent: Handle) -> Handle {
    start_under(Parent::Span(parent))
}

fn child_of_context(context: Handle) -> Handle {
    // SAFETY: a live context.
    let view = unsafe { share_view(context) }.unwrap();
    let span = start_under(Parent::Context(view));
    with_thread(|thread| drop_view(&mut thread.parts, &view));
    span
}

fn remote_context(trace_id: u128) -> Handle {
    let mut extracted = Extracted { trace_id, span_id: 7, is_remote: true, ..Extracted::default() };
    with_thread(|thread| extracted_context(&mut thread.parts, &mut extracted)).unwrap()
}

fn context_of(span: Handle) -> Handle {
    // SAFETY: a live span.
    with_thread(|thread| unsafe { context_of_span(&mut thread.parts, span) }).unwrap().unwrap()
}

fn end(span: Handle, release: bool) {
    with_thread(|thread| {
        let (parts, tracers) = (&mut thread.parts, &mut thread.tracers);
        // SAFETY: the handle was given out by this library.
        unsafe { finish_span(parts, span, EndTime::Now, release, |link| tracers.local_of_link(link), |_, _, _| ()) }.unwrap();
    });
}

fn finish(span: Handle) {
    end(span, false);
}

fn free(span: Handle) {
    with_thread(|thread| {
        let (parts, tracers) = (&mut thread.parts, &mut thread.tracers);
        // SAFETY: the handle was given out by this library; a stale one is refused.
        let _ = unsafe { release_handle(parts, span, |link| tracers.local_of_link(link)) };
    });
}

fn free_context(context: Handle) {
    // SAFETY: as above.
    let _ = with_thread(|thread| unsafe { drop_context(&mut thread.parts, context) });
}

fn is_live(handle: Handle) -> bool {
    // SAFETY: the handle was given out by this library.
    unsafe { handle_kind(handle) }.is_ok()
}

fn activate(provider: &Arc<Provider>, span: Handle) {
    // SAFETY: the handle was given out by this library, or is NULL.
    unsafe { provider.activate_span(span) }.unwrap();
}

fn scope(provider: &Arc<Provider>, span: Handle) -> u64 {
    // SAFETY: as above.
    unsafe { provider.open_span_scope(span) }.unwrap()
}

fn context_scope(provider: &Arc<Provider>, context: Handle) -> u64 {
    // SAFETY: as above.
    unsafe { provider.open_context_scope(context) }.unwrap()
}

/// The handle of what is active, or NULL; the reference that comes with it is released.
fn active(provider: &Arc<Provider>) -> Handle {
    provider.active().unwrap().map_or(std::ptr::null_mut(), |held| held.handle())
}

fn is_empty(provider: &Arc<Provider>) -> bool {
    active(provider).is_null()
}

fn error_of<T>(result: Result<T, ActiveError>) -> Option<ActiveError> {
    result.err()
}

fn handle_of(held: Option<Held>) -> Handle {
    held.map_or(std::ptr::null_mut(), |held| held.handle())
}
