//! Packed tags, through the C function that takes them.

use ddtrace::ffi::config::{ddtrace_config_free, ddtrace_config_new, ddtrace_config_set};
use ddtrace::ffi::handles::ddtrace_tracer;
use ddtrace::ffi::span::{ddtrace_span_end, ddtrace_span_free, ddtrace_span_start};
use ddtrace::ffi::span_tags::ddtrace_span_set_packed_tags;
use ddtrace::ffi::status::DDTRACE_ERR_PANIC;
use ddtrace::ffi::tracer::ddtrace_tracer_new;
use ddtrace::ffi::types::DDTRACE_NTS;
use std::cell::OnceCell;
use std::ptr::{null, null_mut};

/// One buffer of packed tags.
pub fn packed(data: &[u8]) {
    thread_local!(static TRACER: OnceCell<*mut ddtrace_tracer> = const { OnceCell::new() });
    let tracer = TRACER.with(|tracer| *tracer.get_or_init(new_tracer));
    // SAFETY: the handles are those that were given out; pointer and length are of one slice.
    unsafe {
        let mut span = null_mut();
        assert_eq!(ddtrace_span_start(tracer, null(), &mut span, null_mut()), 0);
        let status = ddtrace_span_set_packed_tags(span, data.as_ptr(), data.len());
        assert_ne!(status, DDTRACE_ERR_PANIC);
        assert_eq!(ddtrace_span_end(span, null()), 0);
        ddtrace_span_free(span);
    }
}

/// A tracer that sends nothing and says nothing; there is one per thread.
fn new_tracer() -> *mut ddtrace_tracer {
    let (mut config, mut tracer) = (null_mut(), null_mut());
    // SAFETY: C texts, and pointers to locals.
    unsafe {
        assert_eq!(ddtrace_config_new(&mut config), 0);
        for (key, value) in [(c"LIBDDTRACE_EXPORTER", c"null"), (c"DD_TRACE_STARTUP_LOGS", c"false")] {
            assert_eq!(ddtrace_config_set(config, key.as_ptr(), DDTRACE_NTS, value.as_ptr(), DDTRACE_NTS, null_mut()), 0);
        }
        assert_eq!(ddtrace_tracer_new(config, &mut tracer, null_mut()), 0);
        ddtrace_config_free(config);
    }
    tracer
}
