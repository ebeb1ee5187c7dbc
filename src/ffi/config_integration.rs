//! Settings of single integrations.

use std::ffi::c_char;

use super::config::{change_settings, draft_settings};
use super::error::{Failure, guard_explained, required_text};
use super::guard::guard;
use super::handles::{ddtrace_config, ddtrace_error};
use super::status::ddtrace_status;
use super::text;
use super::types::DDTRACE_ABSENT;
use crate::config::{AttributeSchema, ConfigBuilder};

/// Copies out what the settings say of one integration: `DD_TRACE_<INTEGRATION>_ENABLED` and the like, with the integration's name in upper
/// case and `_` for what is neither letter nor digit. They come from `ddtrace_config_integration_set`, the environment and the files of stable
/// configuration; what is asked for and set is told to telemetry.
///
/// Keys are `enabled`, `distributed_tracing` and `analytics_enabled`, which are `true` or `false`; `service`; `analytics_sample_rate`, a
/// number. Where `DD_TRACE_REMOVE_INTEGRATION_SERVICE_NAMES_ENABLED` is on, or `DD_TRACE_SPAN_ATTRIBUTE_SCHEMA` is `v1`, the service of all
/// integrations that have none of their own is the program's.
///
/// @param config_or_null         borrowed; NULL: the environment decides
/// @param integration, name_len  its name: `redis`, `aws-sdk`, …
/// @param key, key_len           one of the words above
/// @param buf, cap               receives the value and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the value's length without the NUL; DDTRACE_ABSENT: nothing is set, and the integration's default holds; or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_integration_get(
    config_or_null: *const ddtrace_config,
    integration: *const c_char,
    name_len: usize,
    key: *const c_char,
    key_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let find = || {
                let (integration, key) = (text::text(integration, name_len).ok()?, text::text(key, key_len).ok()?);
                value_of(&draft_settings(config_or_null).ok()?, &integration, &key)
            };
            text::copy_out_optional(find().as_deref(), buf, cap)
        }
    })
}

/// Sets what one integration is to do. It counts more than all other sources, as with `ddtrace_config_set`.
///
/// @param config                 borrowed
/// @param integration, name_len  its name, as for `ddtrace_config_integration_get`
/// @param key, key_len           one of the words named there
/// @param value, value_len       the value as text; an empty one takes back what was set
/// @param err_or_null            receives an error, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such word; DDTRACE_ERR_INVALID: the value does not fit, and nothing has changed;
///         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_config_integration_set(
    config: *mut ddtrace_config,
    integration: *const c_char,
    name_len: usize,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        // SAFETY: the header's rules for handles and text.
        unsafe {
            let integration = required_text(integration, name_len, "integration")?;
            let key = required_text(key, key_len, "key")?;
            let value = required_text(value, value_len, "value")?;
            let set = change_settings(config, |settings| settings.set_integration(&integration, &key, &value));
            Ok(set.map_err(|status| Failure::of_argument("config", status))??)
        }
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

fn value_of(builder: &ConfigBuilder, integration: &str, key: &str) -> Option<String> {
    let settings = builder.integration(integration);
    let flag = |value: Option<bool>| value.map(|value| value.to_string());
    match key {
        "enabled" => flag(settings.enabled),
        "distributed_tracing" => flag(settings.distributed_tracing),
        "analytics_enabled" => flag(settings.analytics_enabled),
        "analytics_sample_rate" => settings.analytics_sample_rate.map(|rate| rate.to_string()),
        "service" => settings.service.or_else(|| common_service(builder)),
        _ => None,
    }
}

/// The program's service, where integrations are to name none of their own.
fn common_service(builder: &ConfigBuilder) -> Option<String> {
    let settings = builder.resolve().settings;
    let is_common = settings.content.one_service || settings.content.schema == AttributeSchema::V1;
    is_common.then_some(settings.identity.service)
}
