//! Instrumentation telemetry: what a binding tells of the configuration, of products and of its own errors, and when it is sent.

use std::ffi::c_char;
use std::sync::Arc;
use std::time::Instant;

use super::guard::guard_status;
use super::handles::ddtrace_tracer;
use super::sized;
use super::status::{
    DDTRACE_ERR_INVALID, DDTRACE_ERR_IO, DDTRACE_ERR_LIMIT, DDTRACE_ERR_SHUTDOWN, DDTRACE_ERR_TIMEOUT, ddtrace_status,
};
use super::text;
use super::tracer::{find, timeout};
use super::types::ddtrace_telemetry_stats;
use crate::log::log_debug;
use crate::record::unix_ns;
use crate::telemetry::{ConfigurationChange, EntryValue, LogEntry, LogLevel, Refusal, Telemetry};
use crate::tracer::Membership;

/// For `ddtrace_telemetry_log`: the message may have something of the user's.
pub const DDTRACE_TELEMETRY_LOG_SENSITIVE: u32 = 1;
/// For `ddtrace_telemetry_log`: the message is the report of a crash, which is sent at once.
pub const DDTRACE_TELEMETRY_LOG_CRASH: u32 = 2;

/// Tells telemetry at once that a setting has another value. Settings that the library reads itself are told without this call.
///
/// Where telemetry is off (`DD_INSTRUMENTATION_TELEMETRY_ENABLED`), this and the other functions of telemetry do nothing and answer
/// DDTRACE_OK.
///
/// @param tracer                borrowed
/// @param name, name_len        the setting's name, that of its environment variable
/// @param value, value_len      its value as text; `true` and `false` are booleans; `(NULL, 0)`: it is unset
/// @param origin, origin_len    where the value came from: `default`, `calculated`, `env_var`, `otel_env_var`, `local_stable_config`,
///                              `fleet_stable_config`, `code`, `remote_config` or `unknown`
/// @param config_id, id_len     the configuration document that it came from; `(NULL, 0)`: none
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name, or no such origin; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_add_config(
    tracer: *mut ddtrace_tracer,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    origin: *const c_char,
    origin_len: usize,
    config_id: *const c_char,
    id_len: usize,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let telemetry = telemetry_of(tracer)?;
        let (name, value) = (text::text(name, name_len)?, text::optional_text(value, value_len)?);
        let (origin, config_id) = (text::text(origin, origin_len)?, text::optional_text(config_id, id_len)?);
        let Some(telemetry) = telemetry else { return Ok(()) };
        let name = name.trim();
        let Some(origin) = ORIGINS.into_iter().find(|known| *known == origin) else {
            log_debug!("telemetry: a setting's origin is none of {ORIGINS:?}");
            return Err(DDTRACE_ERR_INVALID);
        };
        if name.is_empty() {
            return Err(DDTRACE_ERR_INVALID);
        }
        let value = match value.as_deref() {
            None => EntryValue::Null,
            Some("true") => EntryValue::Bool(true),
            Some("false") => EntryValue::Bool(false),
            Some(text) => EntryValue::Text(text.to_owned()),
        };
        let config_id = config_id.map(|id| id.into_owned()).filter(|id| !id.is_empty());
        telemetry.change_configuration(ConfigurationChange { name: name.to_owned().into(), value, origin, config_id });
        Ok(())
    })
}

const ORIGINS: [&str; 9] = [
    "default",
    "calculated",
    "env_var",
    "otel_env_var",
    "local_stable_config",
    "fleet_stable_config",
    "code",
    "remote_config",
    "unknown",
];

/// Tells telemetry how a product is. A change is told at once.
///
/// @param tracer                borrowed
/// @param product, product_len  `appsec`, `profiler`, `dynamic_instrumentation`, `mlobs` and so on
/// @param enabled               0: it is off
/// @param version, version_len  its version; `(NULL, 0)`: that of the library
/// @param error_code            0: nothing is wrong with it
/// @param error, error_len      what is wrong with it; `(NULL, 0)`: nothing
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name; DDTRACE_ERR_LIMIT: there are too many products; DDTRACE_ERR_SHUTDOWN;
///         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_set_product(
    tracer: *mut ddtrace_tracer,
    product: *const c_char,
    product_len: usize,
    enabled: i32,
    version: *const c_char,
    version_len: usize,
    error_code: i32,
    error: *const c_char,
    error_len: usize,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let telemetry = telemetry_of(tracer)?;
        let (product, version) = (text::text(product, product_len)?, text::optional_text(version, version_len)?);
        let error = text::optional_text(error, error_len)?.unwrap_or_default();
        let Some(telemetry) = telemetry else { return Ok(()) };
        let version = version.as_deref().unwrap_or(env!("CARGO_PKG_VERSION"));
        telemetry.set_product(&product, enabled != 0, version, error_code, &error).map_err(of_refusal)
    })
}

/// Tells telemetry of an error of the binding, or of a product. The same message is sent once with the number of times that it happened, and
/// at most 256 different ones are kept until they are sent. Messages below DDTRACE_LOG_WARN are sent only with `DD_TELEMETRY_DEBUG`.
///
/// @param tracer              borrowed
/// @param level               DDTRACE_LOG_ERROR to DDTRACE_LOG_DEBUG
/// @param message, len        a constant text, without anything of the user's: no ids, no paths, no texts of exceptions
/// @param stack, stack_len    where it happened, without frames of the user's; `(NULL, 0)`: not known. 8 KiB are kept
/// @param tags, tags_len      `key:value` pairs with commas between them; `(NULL, 0)`: none
/// @param flags               DDTRACE_TELEMETRY_LOG_* put together by `|`, or 0
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no message, or no such level or flag; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_log(
    tracer: *mut ddtrace_tracer,
    level: i32,
    message: *const c_char,
    len: usize,
    stack: *const c_char,
    stack_len: usize,
    tags: *const c_char,
    tags_len: usize,
    flags: u32,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let telemetry = telemetry_of(tracer)?;
        let (message, stack) = (text::text(message, len)?, text::optional_text(stack, stack_len)?);
        let tags = text::optional_text(tags, tags_len)?.unwrap_or_default();
        let Some(telemetry) = telemetry else { return Ok(()) };
        let level = match level {
            1 => LogLevel::Error,
            2 => LogLevel::Warn,
            3 => LogLevel::Info,
            4 => LogLevel::Debug,
            _ => return Err(DDTRACE_ERR_INVALID),
        };
        if message.trim().is_empty() || flags & !(DDTRACE_TELEMETRY_LOG_SENSITIVE | DDTRACE_TELEMETRY_LOG_CRASH) != 0 {
            return Err(DDTRACE_ERR_INVALID);
        }
        telemetry.log(LogEntry {
            message: message.into_owned(),
            level,
            count: 1,
            stack_trace: stack.map(|stack| stack.into_owned()).filter(|stack| !stack.is_empty()),
            tags: tags.into_owned(),
            tracer_time: unix_ns() / 1_000_000_000,
            is_sensitive: flags & DDTRACE_TELEMETRY_LOG_SENSITIVE != 0,
            is_crash: flags & DDTRACE_TELEMETRY_LOG_CRASH != 0,
        });
        Ok(())
    })
}

/// Sends now what telemetry has to tell, and waits until it is delivered. It has nothing to do with traces, as `ddtrace_tracer_flush` has
/// nothing to do with telemetry.
///
/// In host-driven mode it starts the sending on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes all of it
/// at once.
///
/// @param tracer      borrowed
/// @param timeout_ms  how long to wait; the sending goes on afterwards
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_IO: something was not taken; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_flush(tracer: *mut ddtrace_tracer, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let Some(membership) = (unsafe { membership_of(tracer) })? else { return Ok(()) };
        let Some(telemetry) = membership.telemetry.as_ref().filter(|telemetry| telemetry.accepts()) else { return Ok(()) };
        let deadline = Instant::now() + timeout(timeout_ms);
        let ticket = telemetry.request_flush();
        match telemetry.wait_for_flush(ticket, end_of_wait(&membership, deadline)) {
            Some(true) => Ok(()),
            Some(false) => Err(DDTRACE_ERR_IO),
            None => Err(DDTRACE_ERR_TIMEOUT),
        }
    })
}

/// Ends telemetry for the process: what is left is sent, and a last message. The tracers go on. `ddtrace_tracer_shutdown` of the last tracer
/// does so by itself.
///
/// @param tracer      borrowed
/// @param timeout_ms  how long to wait; the ending goes on afterwards, for three seconds at most
/// @return DDTRACE_OK, also where it had ended before; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_stop(tracer: *mut ddtrace_tracer, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let Some(membership) = (unsafe { membership_of(tracer) })? else { return Ok(()) };
        let Some(telemetry) = membership.telemetry.as_ref().filter(|telemetry| telemetry.accepts()) else { return Ok(()) };
        let deadline = Instant::now() + timeout(timeout_ms);
        let ticket = telemetry.request_stop();
        let ended = telemetry.wait_for_flush(ticket, end_of_wait(&membership, deadline));
        ended.map(|_| ()).ok_or(DDTRACE_ERR_TIMEOUT)
    })
}

/// Tells what telemetry has done since it began in this process.
///
/// @param tracer  borrowed
/// @param out     receives the numbers, all 0 where telemetry is off; its `struct_size` is set by the caller, with
///                DDTRACE_TELEMETRY_STATS_INIT, and stays
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: the size is none; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_get_stats(
    tracer: *const ddtrace_tracer,
    out: *mut ddtrace_telemetry_stats,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and outputs.
    guard_status(|| unsafe {
        let membership = membership_of(tracer)?;
        let telemetry = membership.as_ref().and_then(|membership| membership.telemetry.as_ref());
        let numbers = telemetry.map(|telemetry| telemetry.statistics()).unwrap_or_default();
        let stats = ddtrace_telemetry_stats {
            struct_size: size_of::<ddtrace_telemetry_stats>(),
            requests: numbers.requests,
            requests_delivered: numbers.delivered,
            requests_failed: numbers.failed,
            messages_sent: numbers.messages_sent,
            dropped: numbers.dropped,
            waiting: numbers.waiting,
            is_accepted: u64::from(numbers.is_accepted),
        };
        sized::write(out, &stats)
    })
}

/// Until when to wait: where the host drives, all that can be done is done at once.
fn end_of_wait(membership: &Membership, deadline: Instant) -> Instant {
    match membership.tick() {
        Some(_) => Instant::now(),
        None => deadline,
    }
}

/// # Safety
///
/// `tracer` is NULL or a handle.
unsafe fn membership_of(tracer: *const ddtrace_tracer) -> Result<Option<Arc<Membership>>, ddtrace_status> {
    // SAFETY: the caller's promise.
    let tracer = unsafe { find(tracer) }?;
    if !tracer.pipeline()?.accepts() {
        return Err(DDTRACE_ERR_SHUTDOWN);
    }
    Ok(tracer.membership())
}

/// The telemetry of a tracer; `None`: it is off.
///
/// # Safety
///
/// `tracer` is NULL or a handle.
pub(super) unsafe fn telemetry_of(tracer: *const ddtrace_tracer) -> Result<Option<Arc<Telemetry>>, ddtrace_status> {
    // SAFETY: the caller's promise.
    let membership = unsafe { membership_of(tracer) }?;
    Ok(membership.and_then(|membership| membership.telemetry.clone()))
}

pub(super) fn of_refusal(refusal: Refusal) -> ddtrace_status {
    log_debug!("telemetry refused a value: {refusal:?}");
    match refusal {
        Refusal::Full => DDTRACE_ERR_LIMIT,
        Refusal::Name | Refusal::Namespace | Refusal::Value | Refusal::Kind => DDTRACE_ERR_INVALID,
    }
}
