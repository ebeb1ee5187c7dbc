//! Filters: functions of the host that change or drop chunks before they are sent.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{guard, guard_status};
use super::handles::{ddtrace_chunk, ddtrace_config, ddtrace_filter, ddtrace_tracer};
use super::hook_lists::{change_of_config, change_of_tracer};
use super::status::{DDTRACE_ERR_LIMIT, DDTRACE_ERR_NULL, DDTRACE_OK, ddtrace_status};
use super::user_data::UserData;
use crate::hooks::{ChunkFilter, Filter};
use crate::slot::{HandleError, cold};

struct Callback {
    filter: unsafe extern "C" fn(user_data: *mut c_void, chunk: *mut ddtrace_chunk) -> ddtrace_status,
    user_data: UserData,
}

impl ChunkFilter for Callback {
    fn filter(&self, chunk: *mut c_void) -> Result<(), i32> {
        // SAFETY: the host registered the two together; the chunk lives for the time of the call.
        match unsafe { (self.filter)(self.user_data.pointer(), chunk.cast()) } {
            DDTRACE_OK => Ok(()),
            status => Err(status),
        }
    }
}

/// Makes a filter, which several tracers may have.
///
/// A filter sees the finished spans of a trace when they leave together, before it is decided whether the trace is kept. Their setters work on
/// them, `ddtrace_chunk_remove_at` takes one out, `ddtrace_chunk_drop` all of them; that is counted. Filters run in the order in which they
/// were registered, each on what the one before left.
///
/// @param filter          gets `user_data` and the chunk, which is borrowed: it and its spans are there for the time of the call. With another
///                        answer than DDTRACE_OK the chunk goes on as it was before. Called with no lock held on the thread that finishes
///                        the last span of the trace, or the one that makes a part of it leave. It may call the library; chunks of what it
///                        traces itself are not shown to filters
/// @param user_data       passed to `filter`
/// @param free_user_data  called once with `user_data`, when nobody has the filter any more, or at once if this call fails; may be NULL.
///                        Threads that used a tracer with the filter may have it until they use the library again, or end
/// @param out             receives the filter, owned by the caller: free it with `ddtrace_filter_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_filter_new(
    filter: Option<unsafe extern "C" fn(user_data: *mut c_void, chunk: *mut ddtrace_chunk) -> ddtrace_status>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    out: *mut *mut ddtrace_filter,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        let filter = filter.ok_or(DDTRACE_ERR_NULL)?;
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        let filter = Filter::new(Box::new(Callback { filter, user_data }));
        let handle = cold::create(Arc::new(filter)).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Adds a reference to a filter.
///
/// @param filter  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_filter_ref(filter: *mut ddtrace_filter) -> *mut ddtrace_filter {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rule for handles.
        let added = unsafe { cold::add_reference::<Filter, _>(filter) };
        if added.is_ok() { filter } else { std::ptr::null_mut() }
    })
}

/// Gives a reference back. Configurations and tracers that the filter is registered with keep it.
///
/// @param filter  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_filter_free(filter: *mut ddtrace_filter) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Filter, _>(filter) };
    });
}

/// Registers a filter with the tracers that are made from a configuration.
///
/// @param config     borrowed
/// @param filter  borrowed, may be freed at any time
/// @return DDTRACE_OK; DDTRACE_ERR_STATE: it is registered already; DDTRACE_ERR_LIMIT: there are 64; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_add_filter(config: *mut ddtrace_config, filter: *mut ddtrace_filter) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe {
        let filter = cold::get::<Filter, _>(filter)?;
        change_of_config(config, |hooks| hooks.add_filter(filter))
    })
}

/// Registers a filter with a tracer that runs. It sees the chunks that leave from now on.
///
/// @param tracer     borrowed
/// @param filter  borrowed, may be freed at any time
/// @return as `ddtrace_config_add_filter`; DDTRACE_ERR_SHUTDOWN
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_add_filter(tracer: *mut ddtrace_tracer, filter: *mut ddtrace_filter) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe {
        let filter = cold::get::<Filter, _>(filter)?;
        change_of_tracer(tracer, |hooks| hooks.add_filter(filter))
    })
}

/// Removes a filter from a tracer. Calls that are under way on other threads go on to use it.
///
/// @param tracer     borrowed
/// @param filter  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: it is not registered; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_remove_filter(
    tracer: *mut ddtrace_tracer,
    filter: *mut ddtrace_filter,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe {
        let filter = cold::get::<Filter, _>(filter)?;
        change_of_tracer(tracer, |hooks| hooks.remove_filter(&filter))
    })
}
