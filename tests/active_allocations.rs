//! Activating and restoring spans allocates nothing once a thread has done it before.

mod quiet_tracer;

use ddtrace::ffi::handles::{ddtrace_provider, ddtrace_span};
use ddtrace::ffi::provider::{
    ddtrace_provider_activate_span, ddtrace_provider_current_span, ddtrace_provider_free, ddtrace_provider_restore,
    ddtrace_provider_thread_local,
};
use ddtrace::ffi::span::{ddtrace_span_end, ddtrace_span_free, ddtrace_span_start};
use ddtrace::ffi::tracer::ddtrace_tracer_free;
use quiet_tracer::tracer;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::{null, null_mut};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is passed on.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Two nested scopes, each with a look at what is active.
unsafe fn nest(provider: *mut ddtrace_provider, spans: [*mut ddtrace_span; 2]) {
    let mut tokens = [0; 2];
    // SAFETY: live handles, and pointers to locals.
    unsafe {
        for (span, token) in spans.into_iter().zip(&mut tokens) {
            let mut current = null_mut();
            assert_eq!(ddtrace_provider_activate_span(provider, span, token), 0);
            assert_eq!(ddtrace_provider_current_span(provider, &mut current), 0);
            assert_eq!(current, span);
            ddtrace_span_free(current);
        }
        for token in tokens.into_iter().rev() {
            assert_eq!(ddtrace_provider_restore(provider, token), 0);
        }
    }
}

#[test]
fn scopes_of_spans_allocate_nothing_in_steady_state() {
    // SAFETY: live handles, and pointers to locals.
    unsafe {
        let tracer = tracer();
        let mut spans = [null_mut(); 2];
        let mut provider = null_mut();
        for span in &mut spans {
            assert_eq!(ddtrace_span_start(tracer, null(), span, null_mut()), 0);
        }
        assert_eq!(ddtrace_provider_thread_local(&mut provider), 0);
        nest(provider, spans);
        let before = ALLOCATIONS.get();
        assert!(before > 0, "what came before allocated, and was counted");
        (0..1000).for_each(|_| nest(provider, spans));
        assert_eq!(ALLOCATIONS.get() - before, 0);
        for span in spans {
            assert_eq!(ddtrace_span_end(span, null()), 0);
        }
        ddtrace_provider_free(provider);
        ddtrace_tracer_free(tracer);
    }
}
