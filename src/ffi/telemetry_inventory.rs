//! Instrumentation telemetry: what the program is made of.

use std::borrow::Cow;
use std::ffi::c_char;

use super::guard::guard_status;
use super::handles::ddtrace_tracer;
use super::sized;
use super::status::{DDTRACE_ERR_INVALID, ddtrace_status};
use super::telemetry::{of_refusal, telemetry_of};
use super::text;
use super::types::{ddtrace_endpoint, ddtrace_integration, ddtrace_str};
use crate::events::{Dispatch, Value, event, hub};
use crate::telemetry::{Endpoint, Integration};

/// Tells telemetry of a library that the program uses. The same name and version is told once. Nothing is told with
/// `DD_TELEMETRY_DEPENDENCY_COLLECTION_ENABLED` off.
///
/// @param tracer                borrowed
/// @param name, name_len        the library
/// @param version, version_len  its version; `(NULL, 0)`: not known
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_add_dependency(
    tracer: *mut ddtrace_tracer,
    name: *const c_char,
    name_len: usize,
    version: *const c_char,
    version_len: usize,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let telemetry = telemetry_of(tracer)?;
        let (name, version) = (text::text(name, name_len)?, text::optional_text(version, version_len)?);
        let Some(telemetry) = telemetry else { return Ok(()) };
        telemetry.add_dependency(&name, version.as_deref().unwrap_or_default()).map_err(of_refusal)
    })
}

/// Tells telemetry of an integration with a library of the program, and whether it works. Of what was not sent yet, the last word about the
/// same name and version counts. It is also an event, `integration.patched`, whether telemetry is on or not.
///
/// @param tracer       borrowed
/// @param integration  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name, or a number is none of its field's; DDTRACE_ERR_UNSUPPORTED;
///         DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_add_integration(
    tracer: *mut ddtrace_tracer,
    integration: *const ddtrace_integration,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and structs.
    guard_status(|| unsafe {
        let telemetry = telemetry_of(tracer)?;
        let given = sized::read(integration)?;
        let integration = Integration {
            name: text::optional_str(given.name)?.map(Cow::into_owned).unwrap_or_default(),
            enabled: given.enabled != 0,
            version: text::optional_str(given.version)?.map(Cow::into_owned),
            compatible: answer(given.compatible)?,
            auto_enabled: answer(given.auto_enabled)?,
            error: text::optional_str(given.error)?.map(Cow::into_owned),
        };
        let is_ok = integration.enabled && integration.error.as_deref().is_none_or(str::is_empty);
        let name = integration.name.clone();
        if let Some(telemetry) = telemetry {
            telemetry.add_integration(integration).map_err(of_refusal)?;
        }
        let arguments = [Value::from(name.as_str()), Value::Bool(is_ok)];
        // Listeners' errors are theirs here.
        let _ = hub().dispatch(event::INTEGRATION_PATCHED, &arguments, Dispatch::Contained);
        Ok(())
    })
}

/// 0: not known; 1: no; 2: yes.
fn answer(number: i32) -> Result<Option<bool>, ddtrace_status> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(false)),
        2 => Ok(Some(true)),
        _ => Err(DDTRACE_ERR_INVALID),
    }
}

/// Tells telemetry of an HTTP endpoint that the program offers. The same endpoint is told once, and at most 10,000 of them.
///
/// @param tracer    borrowed
/// @param endpoint  borrowed
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no operation, or no resource; DDTRACE_ERR_LIMIT: there are too many;
///         DDTRACE_ERR_UNSUPPORTED; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_add_endpoint(
    tracer: *mut ddtrace_tracer,
    endpoint: *const ddtrace_endpoint,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and structs.
    guard_status(|| unsafe {
        let telemetry = telemetry_of(tracer)?;
        let given = sized::read(endpoint)?;
        let optional = |given: ddtrace_str| Ok::<_, ddtrace_status>(text::optional_str(given)?.map(Cow::into_owned));
        let endpoint = Endpoint {
            kind: optional(given.r#type)?,
            method: optional(given.method)?,
            path: optional(given.path)?,
            operation_name: optional(given.operation_name)?.unwrap_or_default(),
            resource_name: optional(given.resource_name)?.unwrap_or_default(),
            request_body_type: texts(given.request_body_types, given.request_body_types_len)?,
            response_body_type: texts(given.response_body_types, given.response_body_types_len)?,
            response_code: text::array(given.response_codes, given.response_codes_len)?.to_vec(),
            authentication: texts(given.authentication, given.authentication_len)?,
        };
        let Some(telemetry) = telemetry else { return Ok(()) };
        telemetry.add_endpoint(endpoint).map_err(of_refusal)
    })
}

/// # Safety
///
/// The texts and what they point to are readable.
unsafe fn texts(items: *const ddtrace_str, len: usize) -> Result<Vec<String>, ddtrace_status> {
    const MOST: usize = 100;
    // SAFETY: the caller's promise.
    let items = unsafe { text::array(items, len) }?;
    let text = |item: &ddtrace_str| {
        // SAFETY: as above.
        Ok(unsafe { text::optional_str(*item) }?.map(Cow::into_owned).unwrap_or_default())
    };
    items.iter().take(MOST).map(text).collect()
}
