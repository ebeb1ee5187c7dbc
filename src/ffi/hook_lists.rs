//! Registering processors and filters, with configurations and with tracers.

use super::config;
use super::handles::{ddtrace_config, ddtrace_tracer};
use super::status::{DDTRACE_ERR_LIMIT, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_SHUTDOWN, DDTRACE_ERR_STATE, ddtrace_status};
use super::tracer::find;
use crate::hooks::{HookError, Hooks};

/// # Safety
///
/// `config` is NULL or a handle.
pub(super) unsafe fn change_of_config(
    config: *mut ddtrace_config,
    change: impl FnOnce(&mut Hooks) -> Result<(), HookError>,
) -> Result<(), ddtrace_status> {
    // SAFETY: the caller's promise.
    unsafe { config::change_hooks(config, change) }?.map_err(of_hook)
}

/// # Safety
///
/// `tracer` is NULL or a handle.
pub(super) unsafe fn change_of_tracer(
    tracer: *mut ddtrace_tracer,
    change: impl FnOnce(&mut Hooks) -> Result<(), HookError>,
) -> Result<(), ddtrace_status> {
    // SAFETY: the caller's promise.
    let changed = unsafe { find(tracer) }?.change_hooks(change)?;
    changed.ok_or(DDTRACE_ERR_SHUTDOWN)?.map_err(of_hook)
}

fn of_hook(error: HookError) -> ddtrace_status {
    match error {
        HookError::Known => DDTRACE_ERR_STATE,
        HookError::Unknown => DDTRACE_ERR_NOT_FOUND,
        HookError::TooMany => DDTRACE_ERR_LIMIT,
    }
}
