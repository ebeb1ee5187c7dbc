//! Configurations: settings by name, and what cannot be said in text, an exporter and a transport.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;
use std::slice;
use std::sync::Arc;

use super::error::{Failure, guard_explained, required_text};
use super::guard::{guard, guard_status, install_hook};
use super::handles::{ddtrace_config, ddtrace_error, ddtrace_exchange, ddtrace_exporter};
use super::status::{DDTRACE_ERR_LIMIT, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_NULL, ddtrace_status};
use super::text;
use super::types::{DDTRACE_ABSENT, ddtrace_str};
use super::user_data::UserData;
use crate::config::{Config, ConfigBuilder, EnvLookup, Evaluation, Origin, ReportedValue};
use crate::export::{BeginExchange, Exchange, SharedExporter};
use crate::hooks::Hooks;
use crate::log::log_warn;
use crate::slot::cold::{self, Cold, cold_class};
use crate::slot::{Guarded, HandleError, Kind, SlotClass};
use crate::tracer::TracerParts;
use crate::transport::TransportError;

static CLASS: SlotClass = cold_class(Kind::Config);

/// What stands behind a configuration's handle. What is taken out of it is dropped without its lock, because that may call the host.
#[derive(Default)]
pub(crate) struct Configuration(Guarded<Draft>);

#[derive(Clone, Default)]
struct Draft {
    settings: ConfigBuilder,
    exporter: Option<Arc<SharedExporter>>,
    transport: Option<Arc<BeginExchange>>,
    hooks: Hooks,
}

impl Cold for Configuration {
    const KIND: Kind = Kind::Config;
    const CLASS: &'static SlotClass = &CLASS;
}

/// Makes a configuration with nothing set: the environment and the defaults decide.
///
/// @param out  receives the configuration, owned by the caller: free it with `ddtrace_config_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_new(out: *mut *mut ddtrace_config) -> ddtrace_status {
    guard_status(|| {
        install_hook();
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        let config = cold::create(Arc::new(Configuration::default())).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(config) };
        Ok(())
    })
}

/// Sets a setting, which beats the environment. The keys are the names of the environment variables: `DD_SERVICE`, `DD_ENV`,
/// `DD_TRACE_SAMPLING_RULES` and so on, and the library's own, of which the most used are
///
/// - `LIBDDTRACE_EXPORTER`: `agent` (the default), `otlp`, `console`, `console-pretty`, `tree`, `file:PATH`, `log` (for cloud functions),
///   `memory`, `null`;
/// - `LIBDDTRACE_HOST_DRIVEN`: `true` for a library without threads, see `ddtrace_tracer_tick`;
/// - `LIBDDTRACE_FLUSH_AT_EXIT`, `LIBDDTRACE_SHUTDOWN_TIMEOUT_MS`, `LIBDDTRACE_MAX_LIVE_SPANS`;
/// - `LIBDDTRACE_LANGUAGE`, `LIBDDTRACE_LANGUAGE_VERSION`, `LIBDDTRACE_INTERPRETER`: what a binding tells about itself.
///
/// Tracers that were made before do not change.
///
/// @param config            borrowed
/// @param key, key_len      the setting's name or one of its aliases
/// @param value, value_len  the value as it would stand in the environment; an empty one takes the setting back, as `ddtrace_config_unset`
///                          does, unless empty is a value of this setting
/// @param err_or_null       receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such setting; DDTRACE_ERR_INVALID: not a value of this setting, which keeps its
///         former one; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_set(
    config: *mut ddtrace_config,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        // SAFETY: the header's rules for handles and text.
        unsafe {
            let config = find(config).map_err(|status| Failure::of_argument("config", status))?;
            let key = required_text(key, key_len, "key")?;
            let value = required_text(value, value_len, "value")?;
            let set = config.0.with(|draft| draft.settings.set(&key, &value));
            Ok(set.map_err(|vanished| Failure::of_argument("config", vanished))??)
        }
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Takes back what `ddtrace_config_set` set, so that the environment and the default decide again.
///
/// @param config        borrowed
/// @param key, key_len  the setting's name or one of its aliases
/// @return DDTRACE_OK, also if nothing was set; DDTRACE_ERR_NOT_FOUND: there is no such setting; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_unset(config: *mut ddtrace_config, key: *const c_char, key_len: usize) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for handles and text.
        let (config, key) = unsafe { (find(config)?, text::text(key, key_len)?) };
        config.0.with(|draft| draft.settings.unset(&key))?.map_err(|_| DDTRACE_ERR_NOT_FOUND)
    })
}

/// Copies out the value of a setting that is in effect now, after code, environment and default: numbers in decimal, lists and maps joined
/// with commas, `<redacted>` for secrets. A tracer made now would have the same one.
///
/// @param config        borrowed
/// @param key, key_len  the setting's name or one of its aliases
/// @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the value's length; DDTRACE_ABSENT if it is unset, there is no such setting, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_get(
    config: *const ddtrace_config,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let value = resolve_config(config).ok().zip(text::text(key, key_len).ok());
            let value = value.and_then(|(config, key)| config.value_text(&key));
            text::copy_out_optional(value.as_deref(), buf, cap)
        }
    })
}

/// Where the value of a setting that is in effect now came from.
///
/// @param config        borrowed
/// @param key, key_len  the setting's name or one of its aliases
/// @return static text: `"code"`, `"fleet_stable_config"`, `"env_var"`, `"otel_env_var"`, `"local_stable_config"`, `"calculated"` (derived by
///         the library) or `"default"`; NULL if there is no such setting, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_origin(
    config: *const ddtrace_config,
    key: *const c_char,
    key_len: usize,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the header's rules for handles and text.
        let found = unsafe { resolve_config(config).ok().zip(text::text(key, key_len).ok()) };
        let origin = found.and_then(|(config, key)| config.origin(&key));
        origin.map_or(ptr::null(), |origin| origin_name(origin).as_ptr())
    })
}

/// Shows every value that was seen for every setting, not only those in effect. The values of one setting follow each other: first those
/// that were refused, then the others from the weakest source to the strongest. So the last one of a name is the one in effect. Secrets are
/// left out.
///
/// @param config     borrowed
/// @param visit      called on this thread, once per value; the texts are valid during the call. `value.ptr` is NULL where the setting is
///                   unset, `origin` is one of the texts of `ddtrace_config_origin`
/// @param user_data  passed to `visit`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_each(
    config: *const ddtrace_config,
    visit: Option<unsafe extern "C" fn(user_data: *mut c_void, name: ddtrace_str, value: ddtrace_str, origin: ddtrace_str)>,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard_status(|| {
        let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
        // SAFETY: the header's rule for handles.
        let config = unsafe { resolve_config(config) }?;
        for record in config.records() {
            let value = value_of(record);
            let value = value.as_deref().map_or(ddtrace_str::NONE, ddtrace_str::new);
            let (name, origin) = (ddtrace_str::new(&record.name), ddtrace_str::new(record.origin.name()));
            // SAFETY: the caller gave the two together, and the texts outlive the call.
            unsafe { visit(user_data, name, value, origin) };
        }
        Ok(())
    })
}

/// Shows what the user should know of the settings that are in effect now: values that were ignored, former names, broken files.
///
/// @param config_or_null  borrowed; NULL: the environment decides
/// @param visit           called on this thread, once per warning; the text is valid during the call
/// @param user_data       passed to `visit`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL for `visit`; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_each_warning(
    config_or_null: *const ddtrace_config,
    visit: Option<unsafe extern "C" fn(user_data: *mut c_void, warning: ddtrace_str)>,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard_status(|| {
        let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
        // SAFETY: the header's rule for handles.
        let config = unsafe { resolve_config(config_or_null) }?;
        // SAFETY: the caller gave the two together, and the texts outlive the call.
        config.warnings().iter().for_each(|warning| unsafe { visit(user_data, ddtrace_str::new(warning)) });
        Ok(())
    })
}

/// Reads this environment instead of the process's, for hosts that have one of their own.
///
/// @param config          borrowed
/// @param lookup          gets `user_data` and the name of a variable, answers its value or NULL; the text is copied before the next call.
///                        Called while a tracer or propagator is made from this configuration, and while it is read, on the calling thread
/// @param user_data       passed to `lookup`
/// @param free_user_data  called once with `user_data`: when the configuration is freed, when another environment is set, or at once if this
///                        call fails; may be NULL
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_set_env_lookup(
    config: *mut ddtrace_config,
    lookup: Option<unsafe extern "C" fn(user_data: *mut c_void, name: *const c_char) -> *const c_char>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rule for handles.
        let config = unsafe { find(config) }?;
        let lookup = lookup.ok_or(DDTRACE_ERR_NULL)?;
        let lookup: EnvLookup = Arc::new(move |name| {
            let c_name = CString::new(name).ok()?;
            // SAFETY: the host registered the two together; the answer is NULL or text that ends with a NUL.
            unsafe { variable(name, lookup(user_data.pointer(), c_name.as_ptr())) }
        });
        let former = config.0.with(|draft| {
            let former = draft.settings.clone();
            draft.settings.set_env_lookup(lookup);
            former
        })?;
        drop(former);
        Ok(())
    })
}

/// Sends finished spans to this exporter, whatever `LIBDDTRACE_EXPORTER` says.
///
/// @param config    borrowed
/// @param exporter  borrowed, may be freed at any time; several configurations may have the same one
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_set_exporter(
    config: *mut ddtrace_config,
    exporter: *mut ddtrace_exporter,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let (config, exporter) = unsafe { (find(config)?, cold::get::<SharedExporter, _>(exporter)?) };
        drop(config.0.with(|draft| draft.exporter.replace(exporter))?);
        Ok(())
    })
}

/// Lets the host carry the requests to the agent: the library opens no sockets. Another exporter, set in code or by `LIBDDTRACE_EXPORTER`,
/// wins.
///
/// @param config          borrowed
/// @param begin           gets `user_data` and a request that it owns: it sends it at once or later, and ends it with
///                        `ddtrace_exchange_complete` or `ddtrace_exchange_fail`. Called on the library's thread, in host-driven mode from
///                        `ddtrace_tracer_tick`, `_flush`, `_shutdown` and `_free`
/// @param user_data       passed to `begin`
/// @param free_user_data  called once with `user_data`: when neither the configuration nor a tracer needs it any longer, or at once if this
///                        call fails; may be NULL
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_set_transport(
    config: *mut ddtrace_config,
    begin: Option<unsafe extern "C" fn(user_data: *mut c_void, exchange: *mut ddtrace_exchange)>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rule for handles.
        let config = unsafe { find(config) }?;
        let begin = begin.ok_or(DDTRACE_ERR_NULL)?;
        let transport: Arc<BeginExchange> = Arc::new(move |exchange: Arc<Exchange>| match cold::create(Arc::clone(&exchange)) {
            // SAFETY: the host registered the two together; it owns the handle from here on.
            Some(handle) => unsafe { begin(user_data.pointer(), handle) },
            None => drop(exchange.fail(TransportError::Io { address: HOST.to_owned(), cause: "memory is out".to_owned() })),
        });
        drop(config.0.with(|draft| draft.transport.replace(transport))?);
        Ok(())
    })
}

/// Frees a configuration. Tracers made from it go on.
///
/// @param config  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_free(config: *mut ddtrace_config) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Configuration, _>(config) };
    });
}

/// Calls `change` with the processors and filters of a configuration.
///
/// # Safety
///
/// `config` is NULL or a handle.
pub(super) unsafe fn change_hooks<R>(
    config: *mut ddtrace_config,
    change: impl FnOnce(&mut Hooks) -> R,
) -> Result<R, ddtrace_status> {
    // SAFETY: the caller's promise.
    let config = unsafe { find(config) }?;
    Ok(config.0.with(|draft| change(&mut draft.hooks))?)
}

/// What errors name as the address where the host carries the requests.
pub(crate) const HOST: &str = "the host's transport";

/// The settings of a configuration, from all sources; of NULL, those of the environment.
///
/// # Safety
///
/// `config` is NULL or a handle.
pub(crate) unsafe fn resolve_config(config: *const ddtrace_config) -> Result<Config, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { draft_of(config) }?.settings.resolve())
}

/// What a tracer is made from.
///
/// # Safety
///
/// As for [`resolve_config`].
pub(crate) unsafe fn tracer_parts(config: *const ddtrace_config) -> Result<TracerParts, Failure> {
    // SAFETY: the caller's promise.
    let draft = unsafe { draft_of(config) }.map_err(|status| Failure::of_argument("config", status))?;
    let config = draft.settings.resolve();
    let Some(exporter) = draft.exporter else {
        return Ok(TracerParts { transport: draft.transport, hooks: draft.hooks, ..TracerParts::from_config(config)? });
    };
    Ok(TracerParts { config: Arc::new(config), exporter: Some(exporter), transport: draft.transport, hooks: draft.hooks })
}

/// Changes the settings of a configuration.
///
/// # Safety
///
/// As for [`resolve_config`].
pub(super) unsafe fn change_settings<R>(
    config: *mut ddtrace_config,
    change: impl FnOnce(&mut ConfigBuilder) -> R,
) -> Result<R, ddtrace_status> {
    // SAFETY: the caller's promise.
    let config = unsafe { find(config) }?;
    Ok(config.0.with(|draft| change(&mut draft.settings))?)
}

/// The values set in a configuration, and the environment that it reads.
///
/// # Safety
///
/// As for [`resolve_config`].
pub(super) unsafe fn draft_settings(config: *const ddtrace_config) -> Result<ConfigBuilder, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { draft_of(config) }?.settings)
}

/// # Safety
///
/// As for [`resolve_config`].
unsafe fn draft_of(config: *const ddtrace_config) -> Result<Draft, ddtrace_status> {
    if config.is_null() {
        return Ok(Draft::default());
    }
    // SAFETY: the caller's promise.
    let config = unsafe { find(config) }?;
    Ok(config.0.with(|draft| draft.clone())?)
}

/// # Safety
///
/// `config` is NULL or a handle.
unsafe fn find(config: *const ddtrace_config) -> Result<Arc<Configuration>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { cold::get(config) }?)
}

/// The host's answer to the question for a variable. What is longer than any value may be is cut, which the configuration then refuses.
///
/// # Safety
///
/// `value` is NULL or text that ends with a NUL.
unsafe fn variable(name: &str, value: *const c_char) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let most = text::TEXT_BYTES_MAX + 1;
    // SAFETY: not NULL, and ends with a NUL; no more than `most` bytes are read.
    let bytes = unsafe { slice::from_raw_parts(value.cast::<u8>(), libc::strnlen(value, most)) };
    if bytes.len() == most {
        return Some(String::from_utf8_lossy(bytes).into_owned());
    }
    let text = std::str::from_utf8(bytes).ok().map(str::to_owned);
    if text.is_none() {
        log_warn!("environment variable {name} is not UTF-8 and is ignored");
    }
    text
}

fn value_of(record: &Evaluation) -> Option<String> {
    match &record.value {
        ReportedValue::Null => None,
        ReportedValue::Bool(value) => Some(value.to_string()),
        ReportedValue::Int(value) => Some(value.to_string()),
        ReportedValue::Float(value) => Some(value.to_string()),
        ReportedValue::Text(text) => Some(text.clone()),
    }
}

pub(super) fn origin_name(origin: Origin) -> &'static CStr {
    match origin {
        Origin::Default => c"default",
        Origin::Calculated => c"calculated",
        Origin::LocalStableConfig => c"local_stable_config",
        Origin::OtelEnvVar => c"otel_env_var",
        Origin::EnvVar => c"env_var",
        Origin::FleetStableConfig => c"fleet_stable_config",
        Origin::Code => c"code",
        Origin::RemoteConfig => c"remote_config",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_the_names_that_telemetry_gives_them() {
        let files = [Origin::LocalStableConfig, Origin::FleetStableConfig];
        for origin in
            [Origin::Default, Origin::Calculated, Origin::OtelEnvVar, Origin::EnvVar, Origin::Code].into_iter().chain(files)
        {
            assert_eq!(origin_name(origin).to_str(), Ok(origin.name()));
        }
    }

    #[test]
    fn variables_of_the_host_are_text_within_the_limit() {
        let long = CString::new("x".repeat(2 * text::TEXT_BYTES_MAX)).unwrap();
        // SAFETY: C strings, and NULL.
        unsafe {
            assert_eq!(variable("A", c"value".as_ptr()).as_deref(), Some("value"));
            assert_eq!(variable("A", c"".as_ptr()).as_deref(), Some(""));
            assert_eq!(variable("A", c"\xff".as_ptr()), None);
            assert_eq!(variable("A", ptr::null()), None);
            assert_eq!(variable("A", long.as_ptr()).map(|text| text.len()), Some(text::TEXT_BYTES_MAX + 1));
        }
    }
}
