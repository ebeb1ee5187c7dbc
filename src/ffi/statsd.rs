//! Clients of DogStatsD: made, asked, ended.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::config::resolve_config;
use super::error::{Failure, guard_explained, required};
use super::guard::{guard, guard_status, install_hook};
use super::handles::{ddtrace_config, ddtrace_error, ddtrace_statsd};
use super::statsd_input::*;
use super::statsd_types::*;
use super::status::{DDTRACE_ERR_INVALID, DDTRACE_ERR_TIMEOUT, ddtrace_status};
use super::tracer::timeout;
use super::types::DDTRACE_ABSENT;
use super::user_data::UserData;
use super::{sized, text};
use crate::config::DogstatsdAddress;
use crate::metrics::{Aggregation, Client, ClientOptions, Sink};
use crate::slot::cold::{self, Cold, cold_class};
use crate::slot::{HandleError, Kind, SlotClass};

static CLASS: SlotClass = cold_class(Kind::Statsd);

impl Cold for Client {
    const KIND: Kind = Kind::Statsd;
    const CLASS: &'static SlotClass = &CLASS;
}

/// Makes a client that sends metrics, events and checks by DogStatsD. Tags are those of the settings (`DD_ENV`, `DD_SERVICE`, `DD_VERSION`),
/// then the options', then those of each call. Nothing is opened before there is something to send; then a thread of the client's own sends,
/// unless `LIBDDTRACE_HOST_DRIVEN` is set: there, `ddtrace_statsd_flush` does.
///
/// No call waits for the network, and none fails because nobody takes what is sent: that is dropped and counted.
///
/// @param config_or_null   the settings as they are now; NULL: the environment decides
/// @param options_or_null  borrowed, copied; NULL: as the settings say
/// @param out              receives the client, owned by the caller: free it with `ddtrace_statsd_free`
/// @param err_or_null      receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: an option is none; DDTRACE_ERR_UNSUPPORTED; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
///         DDTRACE_ERR_FORKED; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_new(
    config_or_null: *const ddtrace_config,
    options_or_null: *const ddtrace_statsd_options,
    out: *mut *mut ddtrace_statsd,
    err_or_null: *mut *mut ddtrace_error,
) -> ddtrace_status {
    let body = || {
        install_hook();
        let out = required(out, "out")?;
        // SAFETY: the header's rule for handles.
        let config = unsafe { resolve_config(config_or_null) }.map_err(|status| Failure::of_argument("config", status))?;
        let mut options = ClientOptions::of_settings(&config.settings);
        // SAFETY: the header's rule for structs.
        let given = unsafe { sized::read_optional(options_or_null) }.map_err(|status| Failure::of_argument("options", status))?;
        if let Some(given) = given {
            // SAFETY: as above.
            unsafe { apply(&given, &mut options) }?;
        }
        let client = cold::create(Arc::new(Client::new(options))).ok_or_else(Failure::out_of_memory)?;
        // SAFETY: the caller's place.
        unsafe { out.write(client) };
        Ok(())
    };
    // SAFETY: the header's rule for outputs.
    unsafe { guard_explained(err_or_null, body) }
}

/// # Safety
///
/// The header's rules for text and arrays.
unsafe fn apply(given: &ddtrace_statsd_options, options: &mut ClientOptions) -> Result<(), Failure> {
    let of = |name: &'static str| move |status: ddtrace_status| Failure::of_argument(name, status);
    // SAFETY: the caller's promise.
    let (prefix, address, tags) = unsafe {
        (
            text::optional_str(given.prefix).map_err(of("prefix"))?,
            text::optional_str(given.address).map_err(of("address"))?,
            lent_tags(given.tags, given.tags_len).map_err(of("tags"))?,
        )
    };
    options.namespace = prefix.unwrap_or_default().into_owned();
    if let Some(address) = address.filter(|address| !address.is_empty()) {
        options.address = DogstatsdAddress::parse(&address).ok_or_else(|| {
            let expected = "udp://HOST:PORT, unix:///PATH, unixgram:///PATH, unixstream:///PATH, a path or a host";
            Failure::new(DDTRACE_ERR_INVALID, format_args!("address: {address:?} is none, expected {expected}"))
        })?;
    }
    // SAFETY: as above.
    unsafe { each_tag(tags, &mut |tag| options.tags.push(tag.to_owned())) };
    options.aggregation = match given.aggregation {
        DDTRACE_STATSD_AGGREGATION_BASIC => Aggregation::Basic,
        DDTRACE_STATSD_AGGREGATION_OFF => Aggregation::Off,
        DDTRACE_STATSD_AGGREGATION_EXTENDED => Aggregation::Extended,
        other => {
            let message = format_args!("aggregation: {other} is none, expected one of DDTRACE_STATSD_AGGREGATION_*");
            return Err(Failure::new(DDTRACE_ERR_INVALID, message));
        }
    };
    if given.flags & DDTRACE_STATSD_FLAG_NO_TELEMETRY != 0 {
        options.report_every = None;
    }
    (options.max_payload, options.max_queue) = (given.max_payload, given.max_queue);
    Ok(())
}

/// Adds a reference to a client.
///
/// @param statsd  borrowed
/// @return the same handle, to be freed once more; NULL if it is none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_ref(statsd: *mut ddtrace_statsd) -> *mut ddtrace_statsd {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the header's rule for handles.
        let added = unsafe { cold::add_reference::<Client, _>(statsd) };
        if added.is_ok() { statsd } else { std::ptr::null_mut() }
    })
}

/// Gives a reference back. The last one sends what waits, for `LIBDDTRACE_SHUTDOWN_TIMEOUT_MS` at most.
///
/// @param statsd  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_free(statsd: *mut ddtrace_statsd) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<Client, _>(statsd) };
    });
}

/// Sends what was taken by now, sums that still grow included, and waits until it is sent, or dropped because nobody takes it. In host-driven
/// mode this thread sends.
///
/// @param statsd      borrowed
/// @param timeout_ms  how long to wait
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the sending goes on; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_flush(statsd: *mut ddtrace_statsd, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let client = unsafe { client_of(statsd) }?;
        if client.flush(timeout(timeout_ms)) { Ok(()) } else { Err(DDTRACE_ERR_TIMEOUT) }
    })
}

/// Sends what was taken by now, and ends the client's thread. The handle stays valid; from now on every call answers DDTRACE_ERR_SHUTDOWN.
///
/// @param statsd      borrowed
/// @param timeout_ms  how long to wait
/// @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the thread is still busy and left alone; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_shutdown(statsd: *mut ddtrace_statsd, timeout_ms: u32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let client = unsafe { client_of(statsd) }?;
        if client.shutdown(timeout(timeout_ms)) { Ok(()) } else { Err(DDTRACE_ERR_TIMEOUT) }
    })
}

/// Copies out where messages go, such as `udp://localhost:8125` or `unix:///var/run/datadog/dsd.socket`.
///
/// @param statsd    borrowed
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT for handles that are no client
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_get_address(statsd: *const ddtrace_statsd, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let address = client_of(statsd).ok().map(|client| client.address().to_string());
            text::copy_out_optional(address.as_deref(), buf, cap)
        }
    })
}

/// Tells what the client took, sent and dropped in this process.
///
/// @param statsd  borrowed
/// @param out     receives the numbers; its `struct_size` is set by the caller, with DDTRACE_STATSD_COUNTERS_INIT, and stays
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: the size is none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_get_counters(
    statsd: *const ddtrace_statsd,
    out: *mut ddtrace_statsd_counters,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for handles and outputs.
        unsafe { sized::write(out, &(&client_of(statsd)?.totals()).into()) }
    })
}

/// Gives datagrams to a function instead of sending them, for tests. It is called by the client's thread, or by the one that flushes or shuts
/// down; the bytes are borrowed. A forked child goes on with the same function.
///
/// @param statsd          borrowed
/// @param sink            NULL: datagrams are sent again
/// @param user_data       the first argument of the function
/// @param free_user_data  called once with `user_data`, when the library needs it no longer, or at once if this call fails; may be NULL
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_set_sink(
    statsd: *mut ddtrace_statsd,
    sink: Option<unsafe extern "C" fn(user_data: *mut c_void, payload: *const u8, len: usize)>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rule for handles.
        let client = unsafe { client_of(statsd) }?;
        client.set_sink(sink.map(|sink| -> Sink {
            // SAFETY: the host registered the two together; the bytes live for the time of the call.
            Arc::new(move |payload| unsafe { sink(user_data.pointer(), payload.as_ptr(), payload.len()) })
        }));
        Ok(())
    })
}

/// The client behind a handle.
///
/// # Safety
///
/// `statsd` is NULL or a handle.
pub(super) unsafe fn client_of(statsd: *const ddtrace_statsd) -> Result<Arc<Client>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { cold::get(statsd) }?)
}
