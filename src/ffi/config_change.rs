//! Settings of a tracer that change while it runs.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use super::config::origin_name;
use super::guard::{guard, guard_status};
use super::handles::ddtrace_tracer;
use super::status::{DDTRACE_ERR_LIMIT, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_NULL, DDTRACE_ERR_SHUTDOWN, ddtrace_status};
use super::text;
use super::tracer::find;
use super::types::ddtrace_str;
use super::user_data::UserData;
use crate::config::SettingChange;

/// A setting that has another value than before, or the same from elsewhere. All texts are valid during the callback only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_config_change {
    /// The setting, such as `DD_TRACE_SAMPLE_RATE`
    pub name: ddtrace_str,
    /// What it was; DDTRACE_STR_NONE: unset
    pub former: ddtrace_str,
    /// What it is now; DDTRACE_STR_NONE: unset
    pub value: ddtrace_str,
    /// Where it comes from: `remote_config`, or after remote configuration withdrew it one of the others of `ddtrace_config_origin`
    pub origin: ddtrace_str,
    /// The id of the remote configuration; DDTRACE_STR_NONE: it does not come from there
    pub config_id: ddtrace_str,
    /// 0
    pub more: [u64; 4],
}

/// Registers a function that is told when a setting of the tracer changes while it runs, which remote configuration makes happen. The new value
/// is in force when the function is called.
///
/// @param tracer          borrowed
/// @param callback        called on the library's thread, in host-driven mode on one that calls `ddtrace_tracer_tick`, without any lock of
///                        the library; it may call the library
/// @param user_data       the first argument of the callback
/// @param free_user_data  called once with `user_data`: when the function is removed or the tracer has ended, or at once if this call fails;
///                        may be NULL
/// @param out_or_null     receives a number for `ddtrace_tracer_remove_config_change`
/// @return DDTRACE_OK; DDTRACE_ERR_LIMIT: there are 64; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_on_config_change(
    tracer: *mut ddtrace_tracer,
    callback: Option<unsafe extern "C" fn(user_data: *mut c_void, change: *const ddtrace_config_change)>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    out_or_null: *mut u64,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rule for handles.
        let tracer = unsafe { find(tracer) }?;
        let callback = callback.ok_or(DDTRACE_ERR_NULL)?;
        if !tracer.pipeline()?.accepts() {
            return Err(DDTRACE_ERR_SHUTDOWN);
        }
        let listener = Arc::new(move |change: &SettingChange| {
            let shown = shown(change);
            // SAFETY: the host registered the two together; the change outlives the call.
            unsafe { callback(user_data.pointer(), &shown) };
        });
        let number = tracer.add_config_listener(listener)?.ok_or(DDTRACE_ERR_LIMIT)?;
        if !out_or_null.is_null() {
            // SAFETY: the caller's place.
            unsafe { out_or_null.write(number) };
        }
        Ok(())
    })
}

/// Removes such a function. A call that is under way on another thread goes on.
///
/// @param tracer  borrowed
/// @param id      what `ddtrace_tracer_on_config_change` gave
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_remove_config_change(tracer: *mut ddtrace_tracer, id: u64) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let is_removed = unsafe { find(tracer) }?.remove_config_listener(id)?;
        if is_removed { Ok(()) } else { Err(DDTRACE_ERR_NOT_FOUND) }
    })
}

/// Where the value of a setting that the tracer works with comes from.
///
/// @param tracer        borrowed
/// @param key, key_len  the setting's name or one of its aliases
/// @return static text: `"remote_config"`, or one of those of `ddtrace_config_origin`; NULL if there is no such setting, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_config_origin(
    tracer: *const ddtrace_tracer,
    key: *const c_char,
    key_len: usize,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the header's rules for handles and text.
        let snapshot = unsafe { find(tracer) }.and_then(|tracer| Ok(tracer.snapshot()?)).ok();
        // SAFETY: as above.
        let key = unsafe { text::text(key, key_len) }.ok();
        let origin = snapshot.zip(key).and_then(|(snapshot, key)| snapshot.config.origin(&key));
        origin.map_or(ptr::null(), |origin| origin_name(origin).as_ptr())
    })
}

fn shown(change: &SettingChange) -> ddtrace_config_change {
    let optional = |text: Option<&str>| text.map_or(ddtrace_str::NONE, ddtrace_str::new);
    ddtrace_config_change {
        name: ddtrace_str::new(change.name),
        former: optional(change.former.as_deref()),
        value: optional(change.text.as_deref()),
        origin: ddtrace_str::new(change.origin.name()),
        config_id: optional(change.config_id.as_deref()),
        more: [0; 4],
    }
}
