//! Processors: functions of the host that are told of spans.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{guard, guard_status};
use super::handles::{ddtrace_config, ddtrace_processor, ddtrace_span, ddtrace_tracer};
use super::hook_lists::{change_of_config, change_of_tracer};
use super::sized;
use super::status::{DDTRACE_ERR_LIMIT, DDTRACE_ERR_NULL, ddtrace_status};
use super::user_data::UserData;
use crate::hooks::{Processor, SpanProcessor};
use crate::slot::{HandleError, cold};

/// The functions of a processor. Begin with DDTRACE_PROCESSOR_CALLBACKS_INIT; each of them may stay NULL.
///
/// They are called on the thread that starts or finishes the span, in the order in which processors were registered, with no lock held. They
/// may call the library; what a processor starts and finishes itself is not told to processors. Spans that record nothing are not told of, nor
/// those that are freed unfinished. The spans are borrowed: who wants to keep one takes a `ddtrace_span_ref`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_processor_callbacks {
    /// `sizeof(ddtrace_processor_callbacks)`
    pub struct_size: usize,
    /// A span was started, with what its options say; before the start returns
    pub on_start: Option<unsafe extern "C" fn(user_data: *mut c_void, span: *mut ddtrace_span)>,
    /// A span is finished, its duration is known; for the time of this call it can still be changed, before it is sent
    pub on_finish: Option<unsafe extern "C" fn(user_data: *mut c_void, span: *mut ddtrace_span)>,
    /// The last tracer that the processor is registered with is shut down; called once, before what waits is sent. Nothing is called after it
    pub shutdown: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

struct Callbacks {
    table: ddtrace_processor_callbacks,
    user_data: UserData,
}

impl SpanProcessor for Callbacks {
    fn on_start(&self, span: *mut c_void) {
        if let Some(on_start) = self.table.on_start {
            // SAFETY: the host registered the two together; the span lives for the time of the call.
            unsafe { on_start(self.user_data.pointer(), span.cast()) };
        }
    }

    fn on_finish(&self, span: *mut c_void) {
        if let Some(on_finish) = self.table.on_finish {
            // SAFETY: as above.
            unsafe { on_finish(self.user_data.pointer(), span.cast()) };
        }
    }

    fn shutdown(&self) {
        if let Some(shutdown) = self.table.shutdown {
            // SAFETY: as above.
            unsafe { shutdown(self.user_data.pointer()) };
        }
    }
}

/// Makes a processor, which several tracers may have.
///
/// @param callbacks       borrowed, copied
/// @param user_data       the first argument of all of them
/// @param free_user_data  called once with `user_data`, when nobody has the processor any more, or at once if this call fails; may be NULL.
///                        Threads that used a tracer with the processor may have it until they use the library again, or end
/// @param out             receives the processor, owned by the caller: free it with `ddtrace_processor_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_UNSUPPORTED or DDTRACE_ERR_INVALID for the callbacks; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_processor_new(
    callbacks: *const ddtrace_processor_callbacks,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    out: *mut *mut ddtrace_processor,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rules for pointers.
        let table = unsafe { sized::read(callbacks) }?;
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        let processor = Processor::new(Box::new(Callbacks { table, user_data }));
        let handle = cold::create(Arc::new(processor)).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Adds a reference to a processor.
///
/// @param processor  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_processor_ref(processor: *mut ddtrace_processor) -> *mut ddtrace_processor {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rule for handles.
        let added = unsafe { cold::add_reference::<Processor, _>(processor) };
        if added.is_ok() { processor } else { std::ptr::null_mut() }
    })
}

/// Gives a reference back. Configurations and tracers that the processor is registered with keep it.
///
/// @param processor  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_processor_free(processor: *mut ddtrace_processor) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Processor, _>(processor) };
    });
}

/// Registers a processor with the tracers that are made from a configuration.
///
/// @param config     borrowed
/// @param processor  borrowed, may be freed at any time
/// @return DDTRACE_OK; DDTRACE_ERR_STATE: it is registered already; DDTRACE_ERR_LIMIT: there are 64; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_add_processor(
    config: *mut ddtrace_config,
    processor: *mut ddtrace_processor,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe {
        let processor = cold::get::<Processor, _>(processor)?;
        change_of_config(config, |hooks| hooks.add_processor(processor))
    })
}

/// Registers a processor with a tracer that runs. It is told of what is started and finished from now on, of spans that are open by now only
/// when they are finished.
///
/// @param tracer     borrowed
/// @param processor  borrowed, may be freed at any time
/// @return as `ddtrace_config_add_processor`; DDTRACE_ERR_SHUTDOWN
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_add_processor(
    tracer: *mut ddtrace_tracer,
    processor: *mut ddtrace_processor,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe {
        let processor = cold::get::<Processor, _>(processor)?;
        change_of_tracer(tracer, |hooks| hooks.add_processor(processor))
    })
}

/// Removes a processor from a tracer. Calls that are under way on other threads go on to use it. Its function `shutdown` is not called.
///
/// @param tracer     borrowed
/// @param processor  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: it is not registered; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_remove_processor(
    tracer: *mut ddtrace_tracer,
    processor: *mut ddtrace_processor,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe {
        let processor = cold::get::<Processor, _>(processor)?;
        change_of_tracer(tracer, |hooks| hooks.remove_processor(&processor))
    })
}
