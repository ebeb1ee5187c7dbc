//! Services of the program: work that is done again and again on a thread of its own.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::error::{Failure, guard_explained};
use super::guard::{guard, guard_status, install_hook};
use super::handles::{ddtrace_error, ddtrace_service};
use super::status::*;
use super::text;
use super::user_data::UserData;
use crate::events::{Dispatch, Value, event, hub};
use crate::service::{Manner, Repeat, RepeatedService, ServiceError, Work, fork};
use crate::slot::cold::{self, Cold, cold_class};
use crate::slot::{HandleError, Kind, SlotClass};

static CLASS: SlotClass = cold_class(Kind::Service);

/// For `ddtrace_service_new`: the first turn is at once, not after the interval.
pub const DDTRACE_SERVICE_AT_ONCE: u32 = 1;
/// For `ddtrace_service_new`: it does not run in forked children unless it is started there.
pub const DDTRACE_SERVICE_NOT_IN_CHILDREN: u32 = 2;

/// Answer of a service's function: it has ended, and is not called again.
pub const DDTRACE_SERVICE_END: ddtrace_status = -1;

/// Why a service's function is called: its time has come, or somebody called `ddtrace_service_awake`.
pub const DDTRACE_SERVICE_TURN: i32 = 0;
/// Why a service's function is called: the service has ended; the last call of its run.
pub const DDTRACE_SERVICE_ENDED: i32 = 1;
/// Why a service's function is called: this is a forked child, in which the service is about to run.
pub const DDTRACE_SERVICE_FORKED: i32 = 2;

/// The function of a service. Gets `user_data` and one of the reasons above. Answers DDTRACE_OK, DDTRACE_SERVICE_END, or another status, which
/// is logged; the service goes on then.
pub type ddtrace_service_function = Option<unsafe extern "C" fn(user_data: *mut c_void, reason: i32) -> ddtrace_status>;

/// What a handle owns: the service ends with it.
struct Owner(Arc<RepeatedService>);

impl Cold for Owner {
    const KIND: Kind = Kind::Service;
    const CLASS: &'static SlotClass = &CLASS;
}

impl Drop for Owner {
    fn drop(&mut self) {
        // One that does not run is as it should be.
        let _ = self.0.stop();
    }
}

struct HostWork {
    name: String,
    function: unsafe extern "C" fn(user_data: *mut c_void, reason: i32) -> ddtrace_status,
    user_data: UserData,
}

impl HostWork {
    fn call(&self, reason: i32) -> ddtrace_status {
        // SAFETY: the host registered the two together.
        unsafe { (self.function)(self.user_data.pointer(), reason) }
    }
}

impl Work for HostWork {
    fn turn(&self) -> Result<Repeat, String> {
        match self.call(DDTRACE_SERVICE_TURN) {
            DDTRACE_OK => Ok(Repeat::Again),
            DDTRACE_SERVICE_END => Ok(Repeat::End),
            status => Err(format!("it answered {status}")),
        }
    }

    fn ended(&self) {
        self.call(DDTRACE_SERVICE_ENDED);
        let _ = hub().dispatch(event::SERVICE_STOPPED, &[Value::from(self.name.as_str())], Dispatch::Contained);
    }

    fn forked(&self) {
        self.call(DDTRACE_SERVICE_FORKED);
    }
}

/// Makes a service, which does not run yet. One whose function answers DDTRACE_SERVICE_END at its first turn is a timer: starting sets it,
/// stopping it before cancels it, and once it has ended it can be started again. A thread of a service is not waited for before a fork, which
/// would keep the forking thread waiting; the child's service starts with fresh locks.
///
/// @param name, len       its name, for messages
/// @param interval_ms     the time between two turns, at least 1
/// @param function        called on the service's thread, in forked children first on the thread that uses the library there
/// @param user_data       passed to `function`
/// @param free_user_data  called once with `user_data`, when the service is freed and its thread has ended, or at once if this call fails; may
///                        be NULL
/// @param flags           0, DDTRACE_SERVICE_AT_ONCE, DDTRACE_SERVICE_NOT_IN_CHILDREN, or both
/// @param out             receives the service, owned by the caller: free it with `ddtrace_service_free`
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID for an empty name or no interval; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_new(
    name: *const c_char,
    len: usize,
    interval_ms: u32,
    function: ddtrace_service_function,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    flags: u32,
    out: *mut *mut ddtrace_service,
) -> ddtrace_status {
    guard_status(|| {
        install_hook();
        fork::register();
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rules for text.
        let name = unsafe { text::text(name, len) }?;
        let function = function.ok_or(DDTRACE_ERR_NULL)?;
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        if name.is_empty() || interval_ms == 0 {
            return Err(DDTRACE_ERR_INVALID);
        }
        let manner = Manner {
            at_once: flags & DDTRACE_SERVICE_AT_ONCE != 0,
            not_in_children: flags & DDTRACE_SERVICE_NOT_IN_CHILDREN != 0,
        };
        let work = HostWork { name: name.clone().into_owned(), function, user_data };
        let service = RepeatedService::new(&name, Duration::from_millis(interval_ms.into()), manner, Box::new(work));
        let handle = cold::create(Arc::new(Owner(service))).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Starts a service. One that was stopped may be started again.
///
/// @param service      borrowed
/// @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_STATE: it is running; DDTRACE_ERR_IO: the system refused a thread; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_start(
    service: *const ddtrace_service,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        // SAFETY: the header's rule for handles.
        let service = unsafe { find(service) }.map_err(|status| Failure::of_argument("service", status))?;
        service.0.start().map_err(failure)?;
        let _ = hub().dispatch(event::SERVICE_STARTED, &[Value::from(service.0.name())], Dispatch::Contained);
        Ok(())
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Lets a service end after the turn that it is in. Does not wait: `ddtrace_service_join` does.
///
/// @param service      borrowed
/// @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_STATE: it does not run; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any, the service's own included. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_stop(
    service: *const ddtrace_service,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        // SAFETY: the header's rule for handles.
        let service = unsafe { find(service) }.map_err(|status| Failure::of_argument("service", status))?;
        service.0.stop().map_err(failure)
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Waits until the thread of a service has ended.
///
/// @param service     borrowed
/// @param timeout_ms  how long to wait
/// @return DDTRACE_OK, also if it never ran; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_STATE: the caller is the service itself; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_join(service: *const ddtrace_service, timeout_ms: u32) -> ddtrace_status {
    // SAFETY: the header's rule for handles.
    guard_status(|| unsafe { find(service)?.0.join(Duration::from_millis(timeout_ms.into())).map_err(status_of) })
}

/// Lets a service take a turn at once, and waits until one that began after this call has ended. Callers at the same time share turns. A service
/// that does not run does nothing; from inside of itself it takes another turn afterwards.
///
/// @param service     borrowed
/// @param timeout_ms  how long to wait
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_awake(service: *const ddtrace_service, timeout_ms: u32) -> ddtrace_status {
    // SAFETY: the header's rule for handles.
    guard_status(|| unsafe { find(service)?.0.awake(Duration::from_millis(timeout_ms.into())).map_err(status_of) })
}

/// Sets the time between two turns, from the next wait on.
///
/// @param service      borrowed
/// @param interval_ms  at least 1
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_set_interval(service: *const ddtrace_service, interval_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let service = unsafe { find(service) }?;
        if interval_ms == 0 {
            return Err(DDTRACE_ERR_INVALID);
        }
        service.0.set_interval(Duration::from_millis(interval_ms.into()));
        Ok(())
    })
}

/// Whether a service runs; false for NULL and handles that were freed, too.
///
/// @param service  borrowed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_is_running(service: *const ddtrace_service) -> bool {
    // SAFETY: the header's rule for handles.
    guard(false, || unsafe { find(service) }.is_ok_and(|service| service.0.is_running()))
}

/// Frees a service, and stops it if it runs. Does not wait for its thread.
///
/// @param service  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_service_free(service: *mut ddtrace_service) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Owner, _>(service) };
    });
}

/// # Safety
///
/// `service` is NULL or a handle.
unsafe fn find(service: *const ddtrace_service) -> Result<Arc<Owner>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { cold::get(service) }?)
}

fn status_of(error: ServiceError) -> ddtrace_status {
    match error {
        ServiceError::Already { .. } | ServiceError::Itself => DDTRACE_ERR_STATE,
        ServiceError::Timeout => DDTRACE_ERR_TIMEOUT,
        ServiceError::Thread(_) => DDTRACE_ERR_IO,
    }
}

fn failure(error: ServiceError) -> Failure {
    let message = error.to_string();
    Failure::new(status_of(error), message)
}
