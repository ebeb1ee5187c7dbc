//! The library's own messages, handed to the host.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::guard::guard;
use super::status::{DDTRACE_ERR_FORKED, DDTRACE_ERR_PANIC, DDTRACE_OK, ddtrace_status};
use super::user_data::UserData;
use crate::log::{self, Level};

/// Log level: something does not work.
pub const DDTRACE_LOG_ERROR: i32 = 1;
/// Log level: something was ignored or replaced.
pub const DDTRACE_LOG_WARN: i32 = 2;
/// Log level: worth knowing.
pub const DDTRACE_LOG_INFO: i32 = 3;
/// Log level: for whoever looks for a fault.
pub const DDTRACE_LOG_DEBUG: i32 = 4;
/// Log level: everything.
pub const DDTRACE_LOG_TRACE: i32 = 5;

/// Sends the library's own messages to the host instead of stderr, for the whole process. Which levels there are to see is a setting.
///
/// The callback may be called from any thread, the library's own included, and by several at once. It must not throw. It may call the
/// library, but what it calls may log again. A message that is being delivered while the callback is replaced may still reach the former
/// one; the former one's data is freed after that.
///
/// @param callback        gets `user_data`, one of DDTRACE_LOG_*, and the message: one line of UTF-8 without a NUL at its end, valid during
///                        the call. NULL: messages go to stderr again
/// @param user_data       passed to the callback
/// @param free_user_data  called once with `user_data` when the callback is replaced or could not be registered; may be NULL
/// @return DDTRACE_OK; DDTRACE_ERR_FORKED if another thread was changing the callback when this process was forked
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_set_log_callback(
    callback: Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char, len: usize)>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || {
        let user_data = UserData::new(user_data, free_user_data);
        let callback = callback.map(|callback| {
            Arc::new(move |level: Level, message: &str| {
                // SAFETY: the host registered the two together, and the message outlives the call.
                unsafe { callback(user_data.pointer(), level as i32, message.as_ptr().cast(), message.len()) };
            }) as log::Callback
        });
        if log::set_callback(callback) { DDTRACE_OK } else { DDTRACE_ERR_FORKED }
    })
}
