//! Executions: a tree of what goes on in a program, with data that those below find; their beginning and end are events.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::guard::{guard, guard_status};
use super::handles::ddtrace_execution;
use super::hub::DDTRACE_DISPATCH_RAISE;
use super::hub_value::{ddtrace_value, value_of};
use super::status::*;
use super::text;
use crate::events::{Dispatch, Execution, ExecutionError, Value, hub};
use crate::slot::cold::{self, Cold, cold_class};
use crate::slot::{HandleError, Kind, SlotClass};

static CLASS: SlotClass = cold_class(Kind::Execution);

impl Cold for Execution {
    const KIND: Kind = Kind::Execution;
    const CLASS: &'static SlotClass = &CLASS;
}

/// For `ddtrace_execution_enter`: its end is published by `ddtrace_execution_end`, not by `ddtrace_execution_exit`.
pub const DDTRACE_EXECUTION_DEFER_END: u32 = 2;

/// Is shown an item; its text is valid during the call.
pub type ddtrace_value_visitor = Option<unsafe extern "C" fn(user_data: *mut c_void, value: *const ddtrace_value)>;

/// Begins an execution, and publishes `context.started.NAME` with its handle.
///
/// Which one is the current one is for the caller to keep. An execution keeps those above it alive.
///
/// @param name, len       its name; empty: `__root`
/// @param parent_or_null  borrowed: the one above it
/// @param flags           0, DDTRACE_EXECUTION_DEFER_END, DDTRACE_DISPATCH_RAISE, or both
/// @param out             receives the execution, owned by the caller: free it with `ddtrace_execution_free`
/// @return DDTRACE_OK; DDTRACE_ERR_LISTENER with DDTRACE_DISPATCH_RAISE: a listener failed, and nothing has begun; DDTRACE_ERR_LIMIT: there are
///         1000 above it, or memory is out; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_enter(
    name: *const c_char,
    len: usize,
    parent_or_null: *const ddtrace_execution,
    flags: u32,
    out: *mut *mut ddtrace_execution,
) -> ddtrace_status {
    guard_status(|| {
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        // SAFETY: the header's rules for text and handles.
        let (name, parent) = unsafe {
            let parent = (!parent_or_null.is_null()).then(|| find(parent_or_null)).transpose()?;
            (text::text(name, len)?, parent)
        };
        let execution = Execution::new(&name, parent, flags & DDTRACE_EXECUTION_DEFER_END != 0).map_err(of_execution)?;
        let execution = Arc::new(execution);
        let handle: *mut ddtrace_execution = cold::create(Arc::clone(&execution)).ok_or(DDTRACE_ERR_LIMIT)?;
        let how = if flags & DDTRACE_DISPATCH_RAISE != 0 { Dispatch::Raising } else { Dispatch::Contained };
        if let Err(error) = execution.announce(hub(), handle as usize, how) {
            // SAFETY: the handle was just made.
            let _: Result<_, HandleError> = unsafe { cold::release::<Execution, _>(handle) };
            return Err(of_execution(error));
        }
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Leaves an execution, and publishes `context.ended.NAME` with its handle and the error, once, unless that is deferred.
///
/// @param execution           borrowed
/// @param error_or_null, len  what went wrong in it, if anything
/// @return DDTRACE_OK, also if it was left before; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_exit(
    execution: *const ddtrace_execution,
    error_or_null: *const c_char,
    len: usize,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let (found, error) = (find(execution)?, text::optional_text(error_or_null, len)?);
        found.exit(hub(), execution as usize, error.as_deref());
        Ok(())
    })
}

/// Publishes the end of an execution, once: for those that defer it.
///
/// @param execution           borrowed
/// @param error_or_null, len  what went wrong in it, if anything
/// @return as `ddtrace_execution_exit`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_end(
    execution: *const ddtrace_execution,
    error_or_null: *const c_char,
    len: usize,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let (found, error) = (find(execution)?, text::optional_text(error_or_null, len)?);
        found.end(hub(), execution as usize, error.as_deref());
        Ok(())
    })
}

/// Puts an execution that has no parent below another one.
///
/// @param execution, parent  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_STATE: it has a parent, or is above the other one itself; DDTRACE_ERR_LIMIT; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_set_parent(
    execution: *const ddtrace_execution,
    parent: *const ddtrace_execution,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles.
    guard_status(|| unsafe { find(execution)?.set_parent(find(parent)?).map_err(of_execution) })
}

/// Sets an item of an execution.
///
/// @param execution     borrowed
/// @param key, key_len  copied
/// @param value         copied; what pointers point to is the caller's
/// @return DDTRACE_OK; DDTRACE_ERR_LIMIT: it has 1000 items; DDTRACE_ERR_INVALID for what is no value; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_set(
    execution: *const ddtrace_execution,
    key: *const c_char,
    key_len: usize,
    value: *const ddtrace_value,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles, text and values.
    guard_status(|| unsafe {
        let (execution, key, value) = given(execution, key, key_len, value)?;
        execution.set(&key, value).map_err(of_execution)
    })
}

/// Sets an item of an execution that has none of this key.
///
/// @param execution     borrowed
/// @param key, key_len  copied
/// @param value         copied
/// @return as `ddtrace_execution_set`; DDTRACE_ERR_STATE: it has one, which stays
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_set_new(
    execution: *const ddtrace_execution,
    key: *const c_char,
    key_len: usize,
    value: *const ddtrace_value,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles, text and values.
    guard_status(|| unsafe {
        let (execution, key, value) = given(execution, key, key_len, value)?;
        execution.set_new(&key, value).map_err(of_execution)
    })
}

/// Shows an item of an execution.
///
/// @param execution     borrowed
/// @param key, key_len  the item's key
/// @param upwards       0: only its own, anything else: of the nearest above it that has one
/// @param visit         called on this thread, once if the item is there; no lock is held meanwhile
/// @param user_data     passed to `visit`
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_get(
    execution: *const ddtrace_execution,
    key: *const c_char,
    key_len: usize,
    upwards: i32,
    visit: ddtrace_value_visitor,
    user_data: *mut c_void,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
        let (execution, key) = (find(execution)?, text::text(key, key_len)?);
        let found = if upwards == 0 { execution.get(&key) } else { execution.find(&key) };
        let value = found.map_err(of_execution)?.ok_or(DDTRACE_ERR_NOT_FOUND)?;
        let value_for_c = ddtrace_value::of(&value);
        visit(user_data, &raw const value_for_c);
        Ok(())
    })
}

/// Removes an item.
///
/// @param execution     borrowed
/// @param key, key_len  the item's key
/// @param upwards       0: only its own, anything else: of the nearest above it that has one
/// @return DDTRACE_OK, also if there was none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_discard(
    execution: *const ddtrace_execution,
    key: *const c_char,
    key_len: usize,
    upwards: i32,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let (execution, key) = (find(execution)?, text::text(key, key_len)?);
        let discarded = if upwards == 0 { execution.discard_local(&key) } else { execution.discard(&key) };
        discarded.map(|_| ()).map_err(of_execution)
    })
}

/// Frees an execution, without a word. Those below it keep it alive.
///
/// @param execution  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_execution_free(execution: *mut ddtrace_execution) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Execution, _>(execution) };
    });
}

/// # Safety
///
/// `execution` is NULL or a handle.
unsafe fn find(execution: *const ddtrace_execution) -> Result<Arc<Execution>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { cold::get(execution) }?)
}

/// # Safety
///
/// The header's rules for handles, text and values.
unsafe fn given<'a>(
    execution: *const ddtrace_execution,
    key: *const c_char,
    key_len: usize,
    value: *const ddtrace_value,
) -> Result<(Arc<Execution>, std::borrow::Cow<'a, str>, Value<'static>), ddtrace_status> {
    // SAFETY: the caller's promise.
    unsafe {
        let value = value.as_ref().ok_or(DDTRACE_ERR_NULL)?;
        Ok((find(execution)?, text::text(key, key_len)?, value_of(value)?.into_owned()))
    }
}

fn of_execution(error: ExecutionError) -> ddtrace_status {
    match error {
        ExecutionError::KeyExists | ExecutionError::HasParent => DDTRACE_ERR_STATE,
        ExecutionError::Limit => DDTRACE_ERR_LIMIT,
        ExecutionError::Forked => DDTRACE_ERR_FORKED,
        ExecutionError::Listener(_) => DDTRACE_ERR_LISTENER,
    }
}
