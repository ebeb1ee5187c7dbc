//! Providers of the active span.

use super::guard::guard;
use super::handles::{ddtrace_context, ddtrace_provider, ddtrace_span};
use super::outcome::{of_handle, status};
use super::status::*;
use super::user_data::UserData;
use crate::active::{ActiveError, Held, HostSlot, Provider};
use crate::slot::cold;
use crate::span::{HandleKind, context_of_span, drop_context};
use crate::tracer::{release_span, with_thread};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// Makes a provider with one slot per thread, for programs whose work stays on its thread. A new thread starts empty; a thread that ends
/// releases what its slot held.
///
/// An active span or context is held by a reference of its own: it stays readable after its owner freed it, and an unfinished span is not
/// abandoned before it is replaced. What is active is only ever looked up by those who ask here: a span's parent is named at its start.
///
/// @param out  receives the provider, owned by the caller: free it with `ddtrace_provider_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_thread_local(out: *mut *mut ddtrace_provider) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { hand_out(out, || Provider::per_thread(release)) })
    })
}

/// Makes a provider with one slot per task, for programs whose tasks wander between threads or take turns on one. Which task a thread runs
/// is said by `ddtrace_provider_task_enter`.
///
/// @param out  receives the provider, owned by the caller: free it with `ddtrace_provider_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_new_tasks(out: *mut *mut ddtrace_provider) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { hand_out(out, || Provider::per_task(release)) })
    })
}

/// Makes a provider whose slot the host keeps: in fibers, in context variables, wherever its language has it. The slot is one pointer, NULL
/// or the handle of a span or of a context.
///
/// The host only stores the pointer and gives it back; references are held by the provider until the slot is overwritten. So a unit that
/// ends activates nothing first, or its span is kept until the provider ends. A slot may be copied, as context variables are: where a handle
/// has become stale meanwhile, nothing is active. Scopes may end in any order; their tokens are not checked against the unit that the call
/// comes from.
///
/// @param get             answers what the calling unit's slot holds: NULL, or a pointer that `set` stored; called on the thread that calls
///                        the provider, with no lock held
/// @param set             stores a pointer in the calling unit's slot; called like `get`
/// @param user_data       their first argument
/// @param free_user_data  called once with `user_data` when the provider ends, or if it could not be made; may be NULL
/// @param out             receives the provider, owned by the caller: free it with `ddtrace_provider_free`
/// @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_new_callbacks(
    get: Option<unsafe extern "C" fn(user_data: *mut c_void) -> *mut c_void>,
    set: Option<unsafe extern "C" fn(user_data: *mut c_void, active: *mut c_void)>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    out: *mut *mut ddtrace_provider,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let user_data = UserData::new(user_data, free_user_data);
        let (Some(get), Some(set)) = (get, set) else { return DDTRACE_ERR_NULL };
        let make = || Provider::of_host(Box::new(Callbacks { get, set, user_data }), release);
        // SAFETY: the header's rules for pointers.
        status(unsafe { hand_out(out, make) })
    })
}

/// Frees a provider, and releases what the slots of the calling thread, of all tasks or of the host held. Other threads release theirs when
/// they end or first use another provider.
///
/// @param provider  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any; no other thread may use the provider meanwhile. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_free(provider: *mut ddtrace_provider) {
    guard((), || {
        // SAFETY: the header's rules for pointers. A handle that is none has nothing to free.
        if let Ok(Some(provider)) = unsafe { cold::release::<Provider, _>(provider) } {
            provider.forget_thread();
        }
    });
}

/// Makes a span active on the calling thread or task, in place of what was active.
///
/// When it is finished, its nearest unfinished ancestor of the same process is active, so that spans need not be finished in the reverse
/// order of their activation.
///
/// With a token, the call opens a scope, and `ddtrace_provider_restore` brings back what was active before. At most 1,024 scopes per thread
/// or task are remembered (65,536 per provider with callbacks), beyond them the oldest is forgotten. Tokens are numbers other than 0, below
/// 2^53.
///
/// @param provider       borrowed
/// @param span_or_null   borrowed, may be freed by its owner while it is active; NULL: nothing is active
/// @param token_or_null  receives the scope's token; NULL: no scope
/// @return DDTRACE_OK; DDTRACE_ERR_NULL for the provider; DDTRACE_ERR_HANDLE for a provider or span that is none; DDTRACE_ERR_STATE if a
///         provider of tasks is used on a thread that runs no task, or on a thread that is ending; DDTRACE_ERR_FORKED. On an error nothing
///         is changed.
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_activate_span(
    provider: *mut ddtrace_provider,
    span_or_null: *mut ddtrace_span,
    token_or_null: *mut u64,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve(provider).and_then(|provider| {
                if token_or_null.is_null() {
                    return provider.activate_span(span_or_null.cast()).map_err(of_active);
                }
                token_or_null.write(provider.open_span_scope(span_or_null.cast()).map_err(of_active)?);
                Ok(())
            })
        })
    })
}

/// Makes a context active on the calling thread or task: how a trace is passed to another thread, or goes on from headers.
///
/// With a token, the call opens a scope as `ddtrace_provider_activate_span` does; within it the context becomes active again when the spans
/// that were started under it are finished.
///
/// @param provider         borrowed
/// @param context_or_null  borrowed, may be freed by its owner while it is active; NULL: nothing is active
/// @param token_or_null    receives the scope's token; NULL: no scope
/// @return as `ddtrace_provider_activate_span`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_activate_context(
    provider: *mut ddtrace_provider,
    context_or_null: *mut ddtrace_context,
    token_or_null: *mut u64,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            resolve(provider).and_then(|provider| {
                if token_or_null.is_null() {
                    return provider.activate_context(context_or_null.cast()).map_err(of_active);
                }
                token_or_null.write(provider.open_context_scope(context_or_null.cast()).map_err(of_active)?);
                Ok(())
            })
        })
    })
}

/// Ends a scope: what was active when it was opened is active again, cleaned up if it was finished meanwhile. Scopes that were opened in it
/// on the same thread or task end too; their tokens are then wrong.
///
/// @param provider  borrowed
/// @param token     of `ddtrace_provider_activate_span` or `ddtrace_provider_activate_context`, from the same thread or task
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID for a token that is not of an open scope: nothing is changed; DDTRACE_ERR_NULL,
///         DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE on a thread that is ending, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_restore(provider: *mut ddtrace_provider, token: u64) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { resolve(provider) }.and_then(|provider| provider.restore(token).map_err(of_active)))
    })
}

/// The active span: to be tagged, or the parent of the next one.
///
/// @param provider  borrowed
/// @param out       receives the span with a reference of its own, owned by the caller: free it with `ddtrace_span_free`; NULL on an error
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if nothing or a context is active; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE,
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_current_span(
    provider: *mut ddtrace_provider,
    out: *mut *mut ddtrace_span,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { answer_span(provider, out, Provider::current_span) })
    })
}

/// The local root of the active span: the first span of its trace in this process, finished or not.
///
/// @param provider  borrowed
/// @param out       receives the span with a reference of its own, owned by the caller: free it with `ddtrace_span_free`; NULL on an error
/// @return as `ddtrace_provider_current_span`; DDTRACE_ERR_NOT_FOUND also if the root was finished and freed, and nothing keeps it any more
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_current_root_span(
    provider: *mut ddtrace_provider,
    out: *mut *mut ddtrace_span,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { answer_span(provider, out, Provider::current_root_span) })
    })
}

/// The active context, or that of the active span: to be injected, or passed to another thread.
///
/// @param provider  borrowed
/// @param out       receives the context with a reference of its own, owned by the caller: free it with `ddtrace_context_free`; NULL on an
///                  error
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if nothing is active; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE,
///         DDTRACE_ERR_FORKED, DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_current_context(
    provider: *mut ddtrace_provider,
    out: *mut *mut ddtrace_context,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        if out.is_null() {
            return DDTRACE_ERR_NULL;
        }
        // SAFETY: the header's rules for pointers.
        status(unsafe {
            out.write(ptr::null_mut());
            resolve(provider).and_then(|provider| {
                let held = provider.active().map_err(of_active)?.ok_or(DDTRACE_ERR_NOT_FOUND)?;
                out.write(context_of(held)?.cast());
                Ok(())
            })
        })
    })
}

/// From now on the calling thread runs this task: to be called when a task is made, each time it goes on, and on whichever thread.
///
/// A task that is not known yet starts with a copy of what is active in the task that made it; what either activates later, the other does
/// not see. Whoever makes a task on its creator's thread enters the new one, and then the creator again. At most 262,144 tasks are entered at
/// a time.
///
/// @param provider     borrowed; one of tasks
/// @param task         any number but 0 that no other living task has
/// @param parent_task  the task that makes it, looked at when `task` is new; 0, or a task that was left: it starts with nothing
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID for the task 0, and for a provider that keeps no tasks; DDTRACE_ERR_LIMIT if too many tasks are
///         entered: the thread then runs no task; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_task_enter(
    provider: *mut ddtrace_provider,
    task: u64,
    parent_task: u64,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { resolve(provider) }.and_then(|provider| provider.enter_task(task, parent_task).map_err(of_active)))
    })
}

/// A task has ended: its slot is removed, and what it held is released. A calling thread that ran it runs no task until it enters one. To be
/// called for each task that was entered, by its finalizer if not before: a task that is never left keeps its spans.
///
/// @param provider  borrowed; one of tasks
/// @param task      its number, which may be used again
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if it was not entered; DDTRACE_ERR_INVALID for a provider that keeps no tasks;
///         DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_task_leave(provider: *mut ddtrace_provider, task: u64) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        // SAFETY: the header's rules for pointers.
        status(unsafe { resolve(provider) }.and_then(|provider| match provider.leave_task(task).map_err(of_active)? {
            true => Ok(()),
            false => Err(DDTRACE_ERR_NOT_FOUND),
        }))
    })
}

/// How many tasks are entered and not left; for tests.
///
/// @param provider  borrowed
/// @return the number; 0 for NULL, for handles that were freed, and for providers that keep no tasks
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_provider_task_count(provider: *const ddtrace_provider) -> usize {
    // SAFETY: the header's rules for pointers.
    guard(0, || unsafe { resolve(provider) }.map_or(0, |provider| provider.task_count()))
}

/// The host's slot behind its two functions.
struct Callbacks {
    get: unsafe extern "C" fn(user_data: *mut c_void) -> *mut c_void,
    set: unsafe extern "C" fn(user_data: *mut c_void, active: *mut c_void),
    user_data: UserData,
}

impl HostSlot for Callbacks {
    fn get(&self) -> *mut c_void {
        // SAFETY: the host registered the two together.
        unsafe { (self.get)(self.user_data.pointer()) }
    }

    fn set(&self, active: *mut c_void) {
        // SAFETY: as above.
        unsafe { (self.set)(self.user_data.pointer(), active) }
    }
}

/// Releases what a slot held. Guarded, because it also runs when a thread ends.
fn release(kind: HandleKind, handle: *mut c_void) {
    guard((), || {
        // SAFETY: the slot had a reference to this handle; if somebody freed that too, it is refused.
        let _ = unsafe {
            match kind {
                HandleKind::Span => release_span(handle),
                HandleKind::Context => with_thread(|thread| drop_context(&mut thread.parts, handle)),
            }
        };
    });
}

unsafe fn hand_out(out: *mut *mut ddtrace_provider, make: impl FnOnce() -> Provider) -> Result<(), ddtrace_status> {
    if out.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    let handle = cold::create(Arc::new(make())).ok_or(DDTRACE_ERR_LIMIT)?;
    // SAFETY: passed on.
    unsafe { out.write(handle) };
    Ok(())
}

pub(super) unsafe fn resolve(provider: *const ddtrace_provider) -> Result<Arc<Provider>, ddtrace_status> {
    // SAFETY: passed on.
    unsafe { cold::get::<Provider, _>(provider) }.map_err(of_handle)
}

unsafe fn answer_span(
    provider: *const ddtrace_provider,
    out: *mut *mut ddtrace_span,
    find: impl FnOnce(&Arc<Provider>) -> Result<Option<Held>, ActiveError>,
) -> Result<(), ddtrace_status> {
    if out.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    // SAFETY: passed on.
    unsafe {
        out.write(ptr::null_mut());
        let provider = resolve(provider)?;
        let span = find(&provider).map_err(of_active)?.ok_or(DDTRACE_ERR_NOT_FOUND)?;
        out.write(span.into_handle().cast());
    }
    Ok(())
}

/// The context that is held, or that of the span.
fn context_of(held: Held) -> Result<*mut c_void, ddtrace_status> {
    if held.kind() == HandleKind::Context {
        return Ok(held.into_handle());
    }
    // SAFETY: the reference keeps the span.
    let context = with_thread(|thread| unsafe { context_of_span(&mut thread.parts, held.handle()) });
    context.map_err(of_handle)?.ok_or(DDTRACE_ERR_LIMIT)
}

pub(super) fn of_active(error: ActiveError) -> ddtrace_status {
    match error {
        ActiveError::Handle(error) => of_handle(error),
        ActiveError::Token(_) | ActiveError::TaskKey(_) | ActiveError::NotTasks => DDTRACE_ERR_INVALID,
        ActiveError::NoTask | ActiveError::ThreadEnds => DDTRACE_ERR_STATE,
        ActiveError::TooManyTasks(_) => DDTRACE_ERR_LIMIT,
    }
}
