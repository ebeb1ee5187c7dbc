//! Remote configuration: products that the host reads, and the client of the process.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::error::{Failure, guard_explained};
use super::guard::{guard, guard_status};
use super::handles::{ddtrace_error, ddtrace_tracer};
use super::sized;
use super::status::{
    DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_NULL, DDTRACE_ERR_SHUTDOWN, DDTRACE_ERR_STATE,
    DDTRACE_ERR_TIMEOUT, ddtrace_status,
};
use super::text;
use super::tracer::{find, timeout};
use super::types::{DDTRACE_ABSENT, ddtrace_str};
use super::user_data::UserData;
use crate::remote_config::{
    ApplyState, Capabilities, Change, Consumer, LONGEST_PRODUCT, MOST_SUBSCRIPTIONS, Operation, Processed, RemoteConfig,
    SubscribeError,
};
use crate::tracer::RemoteServices;

/// A file is new.
pub const DDTRACE_RC_ADD: i32 = 0;
/// A file that was active has another content.
pub const DDTRACE_RC_UPDATE: i32 = 1;
/// A file is active no more.
pub const DDTRACE_RC_REMOVE: i32 = 2;

/// Nobody has told what became of a file.
pub const DDTRACE_RC_UNKNOWN: i32 = 0;
/// A file was received; what becomes of it is told later.
pub const DDTRACE_RC_UNACKNOWLEDGED: i32 = 1;
/// A file is in force, or rightly ignored.
pub const DDTRACE_RC_ACKNOWLEDGED: i32 = 2;
/// A file was refused.
pub const DDTRACE_RC_ERROR: i32 = 3;

/// Bytes of the text in `ddtrace_rc_result`, its NUL among them.
pub const DDTRACE_RC_ERROR_SIZE: usize = 504;

/// A change of one file. All texts and bytes are valid during the callback only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_rc_change {
    /// One of DDTRACE_RC_ADD, DDTRACE_RC_UPDATE, DDTRACE_RC_REMOVE
    pub operation: i32,
    /// 0
    pub reserved: u32,
    /// The file's path, which names it
    pub path: ddtrace_str,
    /// The product
    pub product: ddtrace_str,
    /// The id of the configuration
    pub config_id: ddtrace_str,
    /// The version of the file
    pub version: u64,
    /// The content, bytes of any kind; empty for DDTRACE_RC_REMOVE
    pub content: *const u8,
    /// Its length
    pub content_len: usize,
    /// SHA-256 of the content in hexadecimal; empty where the backend gave another hash
    pub sha256: ddtrace_str,
    /// 0
    pub more: [u64; 4],
}

/// What became of one file.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_rc_result {
    /// One of DDTRACE_RC_UNKNOWN, _UNACKNOWLEDGED, _ACKNOWLEDGED, _ERROR; preset to DDTRACE_RC_ACKNOWLEDGED
    pub state: i32,
    /// Why it was refused, to be written by the callback: UTF-8 with a NUL behind it
    pub error: [c_char; DDTRACE_RC_ERROR_SIZE],
}

/// The functions of a subscription. Begin with DDTRACE_RC_CALLBACKS_INIT; all but the first may stay NULL.
///
/// They are called on the library's thread, in host-driven mode on one that calls `ddtrace_tracer_tick`, one at a time and without any lock of
/// the library. They may call the library, but not `ddtrace_rc_poll` and `ddtrace_rc_process_response`, and should return within half a second.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_rc_callbacks {
    /// `sizeof(ddtrace_rc_callbacks)`
    pub struct_size: usize,
    /// Files of the product have changed, removed ones first; `results` has an item for each of the changes
    pub on_changes: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            changes: *const ddtrace_rc_change,
            count: usize,
            results: *mut ddtrace_rc_result,
        ),
    >,
    /// All subscribers have been told of a response
    pub on_batch_end: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// A poll begins, be the agent there or not
    pub on_tick: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

struct Callbacks {
    table: ddtrace_rc_callbacks,
    user_data: UserData,
}

impl Consumer for Callbacks {
    fn deliver(&self, changes: &[Change], results: &mut [ApplyState]) {
        let Some(on_changes) = self.table.on_changes else { return };
        let shown: Vec<ddtrace_rc_change> = changes.iter().map(shown).collect();
        let preset = ddtrace_rc_result { state: DDTRACE_RC_ACKNOWLEDGED, error: [0; DDTRACE_RC_ERROR_SIZE] };
        let mut told = vec![preset; changes.len()];
        // SAFETY: the host registered the two together; both lists have as many items and outlive the call.
        unsafe { on_changes(self.user_data.pointer(), shown.as_ptr(), shown.len(), told.as_mut_ptr()) };
        for (told, result) in told.iter().zip(results) {
            *result = state_of(told);
        }
    }

    fn batch_ended(&self) {
        if let Some(on_batch_end) = self.table.on_batch_end {
            // SAFETY: the host registered the two together.
            unsafe { on_batch_end(self.user_data.pointer()) };
        }
    }

    fn tick(&self) {
        if let Some(on_tick) = self.table.on_tick {
            // SAFETY: as above.
            unsafe { on_tick(self.user_data.pointer()) };
        }
    }

    fn outlasts_fork(&self) -> bool {
        true
    }
}

fn shown(change: &Change) -> ddtrace_rc_change {
    ddtrace_rc_change {
        operation: match change.operation {
            Operation::Add => DDTRACE_RC_ADD,
            Operation::Update => DDTRACE_RC_UPDATE,
            Operation::Remove => DDTRACE_RC_REMOVE,
        },
        reserved: 0,
        path: ddtrace_str::new(&change.path),
        product: ddtrace_str::new(&change.product),
        config_id: ddtrace_str::new(&change.config_id),
        version: change.version,
        content: change.content.as_ptr(),
        content_len: change.content.len(),
        sha256: ddtrace_str::new(&change.sha256),
        more: [0; 4],
    }
}

fn state_of(told: &ddtrace_rc_result) -> ApplyState {
    let reason: Vec<u8> = told.error.iter().map(|character| character.to_ne_bytes()[0]).take_while(|byte| *byte != 0).collect();
    let reason = String::from_utf8_lossy(&reason);
    ApplyState::of_number(told.state, &reason)
        .unwrap_or_else(|| ApplyState::error(&format!("the consumer answered the unknown state {}", told.state)))
}

/// Subscribes to a product: its files are asked for from now on, and each change is told. There may be several subscriptions of a product;
/// a later one gets the files that are active, too. Remote configuration is of the whole process: the files are told once, whatever tracers
/// there are, until the last of them has ended. A forked child goes on with the subscriptions, and is told of all files anew.
///
/// With remote configuration off (`DD_REMOTE_CONFIGURATION_ENABLED`) the call succeeds, and nothing is ever called.
///
/// @param tracer           borrowed
/// @param product, len     such as `LIVE_DEBUGGING`: 1 to 256 bytes, no slash
/// @param capabilities, n  borrowed: numbers from 1 to 63 of what the host can do with the product's files; may be NULL and 0
/// @param callbacks        borrowed, copied
/// @param user_data        the first argument of all of them
/// @param free_user_data   called once with `user_data`, when the subscription has ended and no call is under way, or at once if this call
///                         fails; may be NULL
/// @param out_or_null      receives a number for `ddtrace_rc_unsubscribe`; 0 where remote configuration is off
/// @param err_or_null      receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: the product's name or a capability is none; DDTRACE_ERR_LIMIT: there are 256 subscriptions;
///         DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL, also for `on_changes`; DDTRACE_ERR_UNSUPPORTED for the callbacks; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_subscribe(
    tracer: *mut ddtrace_tracer,
    product: *const c_char,
    len: usize,
    capabilities: *const u8,
    n: usize,
    callbacks: *const ddtrace_rc_callbacks,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    out_or_null: *mut u64,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rules for pointers.
        let (remote, product, capabilities, table) = unsafe {
            let remote = remote_of(tracer).map_err(|status| Failure::of_argument("tracer", status))?;
            let product = super::error::required_text(product, len, "product")?;
            let capabilities = set_of(capabilities, n)?;
            let table = sized::read(callbacks).map_err(|status| Failure::of_argument("callbacks", status))?;
            (remote, product, capabilities, table)
        };
        if table.on_changes.is_none() {
            return Err(Failure::of_argument("callbacks.on_changes", DDTRACE_ERR_NULL));
        }
        let Some(remote) = remote else {
            drop(user_data);
            // SAFETY: as above.
            unsafe { write_out(out_or_null, 0) };
            return Ok(());
        };
        let subscribed = remote.client().subscribe(&product, capabilities, Arc::new(Callbacks { table, user_data }));
        let id = subscribed.map_err(|error| of_subscribe(error, &product))?;
        remote.client().awake();
        // SAFETY: as above.
        unsafe { write_out(out_or_null, id) };
        Ok(())
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// Ends a subscription. A call that is under way on another thread goes on. Files of a product without subscriptions are let go of, and
/// nobody is told.
///
/// @param tracer  borrowed
/// @param id      what `ddtrace_rc_subscribe` gave; 0 is ignored
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_unsubscribe(tracer: *mut ddtrace_tracer, id: u64) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let remote = unsafe { remote_of(tracer) }?;
        match remote {
            Some(remote) if id != 0 => remote.client().unsubscribe(id).map(drop).ok_or(DDTRACE_ERR_NOT_FOUND),
            _ => Ok(()),
        }
    })
}

/// Tells the backend of capabilities besides those of the subscriptions, or keeps some of those back, from the next request on. For what must
/// be right in the first request of a process there is the setting `LIBDDTRACE_REMOTE_CAPABILITIES`.
///
/// @param tracer           borrowed
/// @param capabilities, n  borrowed: numbers from 1 to 63
/// @param enabled          not 0: they are told; 0: they are not
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: a number is none; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_set_capabilities(
    tracer: *mut ddtrace_tracer,
    capabilities: *const u8,
    n: usize,
    enabled: i32,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for handles and bytes.
        let (remote, bits) = unsafe { (remote_of(tracer)?, text::bytes(capabilities, n)?) };
        let set = Capabilities::of(bits).ok_or(DDTRACE_ERR_INVALID)?;
        if let Some(remote) = remote {
            remote.client().set_capabilities(set, enabled != 0);
        }
        Ok(())
    })
}

/// Tells what became of a file for which a callback answered DDTRACE_RC_UNACKNOWLEDGED. May be called before that callback returns.
///
/// @param tracer            borrowed
/// @param path, path_len    the file's path
/// @param state             one of DDTRACE_RC_UNKNOWN, _UNACKNOWLEDGED, _ACKNOWLEDGED, _ERROR
/// @param error, error_len  why it was refused; cut to 500 bytes; may be NULL and 0
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: no such file is active; DDTRACE_ERR_INVALID: no such state; DDTRACE_ERR_SHUTDOWN;
///         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_acknowledge(
    tracer: *mut ddtrace_tracer,
    path: *const c_char,
    path_len: usize,
    state: i32,
    error: *const c_char,
    error_len: usize,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for handles and text.
        let (remote, path, error) = unsafe { (remote_of(tracer)?, text::text(path, path_len)?, text::text(error, error_len)?) };
        let state = ApplyState::of_number(state, &error).ok_or(DDTRACE_ERR_INVALID)?;
        let remote = remote.ok_or(DDTRACE_ERR_NOT_FOUND)?;
        if remote.client().acknowledge(&path, state) { Ok(()) } else { Err(DDTRACE_ERR_NOT_FOUND) }
    })
}

/// Polls now, and waits until the answer is processed and all subscribers know. For tests, and for those who cannot wait for the next tick.
///
/// In host-driven mode it starts the poll on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes it at once.
///
/// @param tracer      borrowed
/// @param timeout_ms  how long to wait; the poll goes on afterwards
/// @return DDTRACE_OK: the poll has ended, be it that the agent did not answer; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_STATE: called from inside of
///         a callback of a subscription; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_poll(tracer: *mut ddtrace_tracer, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let remote = unsafe { remote_of(tracer) }?;
        if RemoteConfig::delivers_here() {
            return Err(DDTRACE_ERR_STATE);
        }
        let ended = remote.is_none_or(|remote| remote.poll(timeout(timeout_ms)));
        if ended { Ok(()) } else { Err(DDTRACE_ERR_TIMEOUT) }
    })
}

/// Takes a response as if the agent had given it, and tells all subscribers. For tests.
///
/// @param tracer       borrowed
/// @param http_status  the response's status
/// @param body, len    borrowed: its body
/// @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK, also for statuses that say nothing; DDTRACE_ERR_INVALID: the response was refused as a whole, the error says why;
///         DDTRACE_ERR_STATE: called from inside of a callback of a subscription; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_process_response(
    tracer: *mut ddtrace_tracer,
    http_status: i32,
    body: *const u8,
    len: usize,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let run = || {
        // SAFETY: the header's rules for handles and bytes.
        let (remote, body) = unsafe {
            let remote = remote_of(tracer).map_err(|status| Failure::of_argument("tracer", status))?;
            (remote, text::bytes(body, len).map_err(|status| Failure::of_argument("body", status))?)
        };
        let Some(remote) = remote else { return Ok(()) };
        match remote.client().process(u16::try_from(http_status).unwrap_or(0), body) {
            Processed::Taken | Processed::Unchanged | Processed::Ignored => Ok(()),
            Processed::Refused(error) => Err(Failure::new(DDTRACE_ERR_INVALID, format_args!("{error}"))),
            Processed::Inside => Err(Failure::of_argument("the calling thread", DDTRACE_ERR_STATE)),
        }
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, run) }
}

/// Copies out the id by which the backend knows this process: a UUID, and another one than the runtime id of its traces.
///
/// @param tracer    borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT where remote configuration is off, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_client_id(tracer: *mut ddtrace_tracer, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let remote = remote_of(tracer).ok().flatten();
            text::copy_out_optional(remote.as_ref().map(|remote| remote.client_id()), buf, cap)
        }
    })
}

/// Copies out the body of the next request, for diagnosis: JSON with the client's state, products and capabilities.
///
/// @param tracer    borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT where remote configuration is off, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_rc_next_request(tracer: *mut ddtrace_tracer, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let remote = remote_of(tracer).ok().flatten();
            let body = remote.map(|remote| String::from_utf8_lossy(&remote.next_request()).into_owned());
            text::copy_out_optional(body.as_deref(), buf, cap)
        }
    })
}

/// Adds a file to the flares that this process sends when Datadog's support asks for one, such as the binding's own log. A file of the same
/// name is replaced.
///
/// @param tracer          borrowed
/// @param name, name_len  1 to 255 letters, digits, dots, dashes and underscores, no dot first
/// @param data, len       borrowed: the content
/// @param err_or_null     receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK, also where remote configuration is off; DDTRACE_ERR_INVALID for the name; DDTRACE_ERR_LIMIT: more than 32 files, or
///         more than 8 MiB in all; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_flare_add_file(
    tracer: *mut ddtrace_tracer,
    name: *const c_char,
    name_len: usize,
    data: *const u8,
    len: usize,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        // SAFETY: the header's rules for handles, text and bytes.
        let (remote, name, data) = unsafe {
            let remote = remote_of(tracer).map_err(|status| Failure::of_argument("tracer", status))?;
            let name = super::error::required_text(name, name_len, "name")?;
            (remote, name, text::bytes(data, len).map_err(|status| Failure::of_argument("data", status))?)
        };
        let Some(remote) = remote else { return Ok(()) };
        remote.add_flare_file(&name, data).map_err(|error| {
            let status = match error {
                crate::remote_config::flare::FlareError::Name(_) => DDTRACE_ERR_INVALID,
                crate::remote_config::flare::FlareError::Limit => DDTRACE_ERR_LIMIT,
            };
            Failure::new(status, format_args!("{error}"))
        })
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// The remote configuration of a tracer's process; `None`: it is off.
///
/// # Safety
///
/// `tracer` is NULL or a handle.
unsafe fn remote_of(tracer: *mut ddtrace_tracer) -> Result<Option<Arc<RemoteServices>>, ddtrace_status> {
    // SAFETY: the caller's promise.
    let tracer = unsafe { find(tracer) }?;
    if !tracer.pipeline()?.accepts() {
        return Err(DDTRACE_ERR_SHUTDOWN);
    }
    Ok(tracer.remote_services())
}

/// # Safety
///
/// As for [`text::bytes`].
unsafe fn set_of(bits: *const u8, n: usize) -> Result<Capabilities, Failure> {
    // SAFETY: the caller's promise.
    let bits = unsafe { text::bytes(bits, n) }.map_err(|status| Failure::of_argument("capabilities", status))?;
    let wrong = bits.iter().find(|bit| !(1..=63).contains(*bit));
    Capabilities::of(bits).ok_or_else(|| {
        let shown = wrong.copied().unwrap_or_default();
        Failure::new(DDTRACE_ERR_INVALID, format_args!("capabilities: {shown}: expected numbers from 1 to 63"))
    })
}

fn of_subscribe(error: SubscribeError, product: &str) -> Failure {
    match error {
        SubscribeError::Product => {
            let shown: String = product.chars().take(64).collect();
            let expected = format_args!("product: {shown:?}: expected 1 to {LONGEST_PRODUCT} bytes without a slash").to_string();
            Failure::new(DDTRACE_ERR_INVALID, format_args!("{expected}"))
        }
        SubscribeError::Limit => {
            Failure::new(DDTRACE_ERR_LIMIT, format_args!("{MOST_SUBSCRIPTIONS} subscriptions are there, which is the limit"))
        }
        SubscribeError::Closed => Failure::of_argument("tracer", DDTRACE_ERR_SHUTDOWN),
    }
}

/// # Safety
///
/// `out` is NULL or the caller's place.
unsafe fn write_out(out: *mut u64, id: u64) {
    if !out.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out.write(id) };
    }
}
