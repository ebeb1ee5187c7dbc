//! Settings of single integrations.

use std::ffi::c_char;

use super::config::draft_settings;
use super::guard::guard;
use super::handles::ddtrace_config;
use super::text;
use super::types::DDTRACE_ABSENT;
use crate::config::{AttributeSchema, ConfigBuilder};

/// Copies out what the settings say of one integration: `DD_TRACE_<INTEGRATION>_ENABLED` and the like, with the integration's name in upper
/// case and `_` for what is neither letter nor digit. They come from the environment and the files of stable configuration.
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
