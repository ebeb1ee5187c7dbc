//! A tracer that sends nothing and says nothing.

use ddtrace::ffi::config::{ddtrace_config_free, ddtrace_config_new, ddtrace_config_set};
use ddtrace::ffi::handles::{ddtrace_config, ddtrace_tracer};
use ddtrace::ffi::tracer::ddtrace_tracer_new;
use ddtrace::ffi::types::DDTRACE_NTS;
use std::ptr::null_mut;

pub fn tracer() -> *mut ddtrace_tracer {
    let mut config: *mut ddtrace_config = null_mut();
    let mut tracer = null_mut();
    // SAFETY: C texts, and pointers to locals.
    unsafe {
        assert_eq!(ddtrace_config_new(&mut config), 0);
        for (key, value) in [(c"LIBDDTRACE_EXPORTER", c"null"), (c"DD_TRACE_STARTUP_LOGS", c"false")] {
            let set = ddtrace_config_set(config, key.as_ptr(), DDTRACE_NTS, value.as_ptr(), DDTRACE_NTS, null_mut());
            assert_eq!(set, 0);
        }
        assert_eq!(ddtrace_tracer_new(config, &mut tracer, null_mut()), 0);
        ddtrace_config_free(config);
    }
    tracer
}
