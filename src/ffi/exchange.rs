//! Requests that the host sends for the library.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::config::HOST;
use super::guard::{guard, guard_status};
use super::handles::ddtrace_exchange;
use super::status::{
    DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT, DDTRACE_ERR_NULL, DDTRACE_ERR_TIMEOUT, ddtrace_status,
};
use super::text;
use super::types::ddtrace_str;
use crate::export::{Exchange, Refusal};
use crate::slot::cold;
use crate::transport::TransportError;

/// The request's method.
///
/// @param exchange  borrowed
/// @return `"POST"` or `"GET"`, valid until the exchange ends; DDTRACE_STR_NONE for NULL and for other handles
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exchange_method(exchange: *const ddtrace_exchange) -> ddtrace_str {
    guard(ddtrace_str::NONE, || {
        // SAFETY: the header's rule for handles.
        let exchange = unsafe { find(exchange) };
        exchange.map_or(ddtrace_str::NONE, |exchange| ddtrace_str::new(exchange.method))
    })
}

/// The request's path on the agent, such as `/v0.4/traces`; where the agent is, is for the host to know. A request to another server has
/// the whole URL here, such as `http://localhost:4318/v1/traces` for traces by OTLP: what begins with a slash is the agent's.
///
/// @param exchange  borrowed
/// @return valid until the exchange ends; DDTRACE_STR_NONE for NULL and for other handles
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exchange_path(exchange: *const ddtrace_exchange) -> ddtrace_str {
    guard(ddtrace_str::NONE, || {
        // SAFETY: the header's rule for handles.
        let exchange = unsafe { find(exchange) };
        exchange.map_or(ddtrace_str::NONE, |exchange| ddtrace_str::new(&exchange.path))
    })
}

/// The request's body: bytes, not text.
///
/// @param exchange  borrowed
/// @return valid until the exchange ends; DDTRACE_STR_NONE for NULL and for other handles
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exchange_body(exchange: *const ddtrace_exchange) -> ddtrace_str {
    guard(ddtrace_str::NONE, || {
        // SAFETY: the header's rule for handles.
        let exchange = unsafe { find(exchange) };
        // The handle keeps the bytes alive.
        exchange
            .map_or(ddtrace_str::NONE, |exchange| ddtrace_str { ptr: exchange.body.as_ptr().cast(), len: exchange.body.len() })
    })
}

/// Shows the request's headers. `Host`, `Content-Length` and what else frames a request is for the host to add.
///
/// @param exchange   borrowed
/// @param visit      called on this thread, once per header; the texts are valid until the exchange ends
/// @param user_data  passed to `visit`
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exchange_each_header(
    exchange: *const ddtrace_exchange,
    visit: Option<unsafe extern "C" fn(user_data: *mut c_void, name: ddtrace_str, value: ddtrace_str)>,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard_status(|| {
        let visit = visit.ok_or(DDTRACE_ERR_NULL)?;
        // SAFETY: the header's rule for handles.
        let exchange = unsafe { find(exchange) }?;
        for (name, value) in &exchange.headers {
            // SAFETY: the caller gave the two together, and the texts outlive the call.
            unsafe { visit(user_data, ddtrace_str::new(name), ddtrace_str::new(value)) };
        }
        Ok(())
    })
}

/// Notes a header of the response, before `ddtrace_exchange_complete`. Responses without any are fine.
///
/// @param exchange          borrowed
/// @param name, name_len    in any case
/// @param value, value_len  the header's value
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the library waits no longer, and the exchange has still to be ended; DDTRACE_ERR_LIMIT: more
///         than 100 headers, or more than 16 KiB in one; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exchange_respond_header(
    exchange: *mut ddtrace_exchange,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for handles and text.
        let (exchange, name, value) = unsafe { (find(exchange)?, text::text(name, name_len)?, text::text(value, value_len)?) };
        exchange.respond_header(&name, &value).map_err(|refusal| match refusal {
            Refusal::Complete => DDTRACE_ERR_TIMEOUT,
            Refusal::Limit => DDTRACE_ERR_LIMIT,
        })
    })
}

/// Ends an exchange with the response that came, whatever its status. May be called at once, later, or long after the tracer is gone, from
/// any thread. In host-driven mode, call `ddtrace_tracer_tick` soon after.
///
/// @param exchange        ends with this call, and with it all that was read of it, unless the answer is DDTRACE_ERR_NULL,
///                        DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED or DDTRACE_ERR_INVALID
/// @param http_status     from 100 to 599
/// @param body, body_len  the response's body, copied; of most what is beyond 1 MiB is not looked at, of
///                        remote configuration's what is beyond 64 MiB
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the library waits no longer for this response; DDTRACE_ERR_INVALID: no HTTP status;
///         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exchange_complete(
    exchange: *mut ddtrace_exchange,
    http_status: i32,
    body: *const u8,
    body_len: usize,
) -> ddtrace_status {
    guard_status(|| {
        let status = u16::try_from(http_status).ok().filter(|status| (100..600).contains(status));
        let status = status.ok_or(DDTRACE_ERR_INVALID)?;
        // SAFETY: the header's rules for handles and bytes.
        let (exchange, body) = unsafe { (find(exchange).map(|_| exchange)?, text::bytes(body, body_len)?) };
        // SAFETY: as above.
        let exchange = unsafe { end(exchange) }?;
        if exchange.complete(status, body) { Ok(()) } else { Err(DDTRACE_ERR_TIMEOUT) }
    })
}

/// Ends an exchange that brought no response. The library will try again, as it does when its own connections fail.
///
/// @param exchange     ends with this call, and with it all that was read of it, unless the answer is DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
///                     or DDTRACE_ERR_FORKED
/// @param reason, len  for the log; may be NULL and 0
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the library waits no longer for this response; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_exchange_fail(
    exchange: *mut ddtrace_exchange,
    reason: *const c_char,
    len: usize,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for handles and text.
        let (reason, exchange) = unsafe { (text::text(reason, len)?, end(exchange)?) };
        let cause = if reason.is_empty() { "no reason was given".to_owned() } else { reason.into_owned() };
        let failed = exchange.fail(TransportError::Io { address: HOST.to_owned(), cause });
        if failed { Ok(()) } else { Err(DDTRACE_ERR_TIMEOUT) }
    })
}

/// # Safety
///
/// `exchange` is NULL or a handle.
unsafe fn find(exchange: *const ddtrace_exchange) -> Result<Arc<Exchange>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { cold::get(exchange) }?)
}

/// Ends the handle. Of two calls at the same time, one is told that it is none.
///
/// # Safety
///
/// `exchange` is NULL or a handle.
unsafe fn end(exchange: *mut ddtrace_exchange) -> Result<Arc<Exchange>, ddtrace_status> {
    // SAFETY: the caller's promise.
    unsafe { cold::release::<Exchange, _>(exchange) }?.ok_or(DDTRACE_ERR_HANDLE)
}
