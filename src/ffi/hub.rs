//! The event hub: parts of a program publish what happens, others listen. One per process.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::guard::{guard, guard_status};
use super::handles::ddtrace_event_results;
use super::hub_value::{FromC, ddtrace_value, value_of};
use super::status::*;
use super::text;
use super::types::ddtrace_str;
use super::user_data::UserData;
use crate::events::{Dispatch, EventId, HubError, Identity, ListenerFunction, ListenerId, Results, Value, hub};
use crate::slot::cold::{self, Cold, cold_class};
use crate::slot::{Kind, SlotClass};

static CLASS: SlotClass = cold_class(Kind::EventResults);

impl Cold for Results {
    const KIND: Kind = Kind::EventResults;
    const CLASS: &'static SlotClass = &CLASS;
}

/// A listener to events. Gets `user_data`, the event's name and its arguments, all of them valid during the call, and a place for its answer,
/// which is DDTRACE_VALUE_NULL at first; text in the answer is copied when the listener returns. Another answer than DDTRACE_OK is an error.
pub type ddtrace_listener = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        event: ddtrace_str,
        arguments: *const ddtrace_value,
        arguments_len: usize,
        result: *mut ddtrace_value,
    ) -> ddtrace_status,
>;

/// For `ddtrace_hub_dispatch`: the first error of a listener ends the dispatch and is answered.
pub const DDTRACE_DISPATCH_RAISE: u32 = 1;

/// Registers a listener to an event.
///
/// Listeners of an event are called in the order of their registration, on the thread that publishes, with no lock held: they may call the
/// library. One of the same name, or without a name one of the same function and `user_data`, is replaced at its place, and keeps its number.
///
/// Besides what programs publish there are events of the library: `trace.span_start` and `trace.span_finish` (a span), `trace.chunk_ready` (a
/// chunk), `writer.flush` (whether everything was sent), `tracer.configured` (a tracer), `service.started` and `service.stopped` (a name),
/// `config.changed` (a setting's name, its former and its present value or nothing, where that comes from), `rc.applied` (product, path and
/// state of a file of remote configuration), `rc.removed` (product and path), `telemetry.sent` (type of the request, status of the answer or 0),
/// `integration.patched` (a name that `ddtrace_telemetry_add_integration` got, and whether it works), `context.started.NAME` and
/// `context.ended.NAME` (an execution), and with the id of the process `fork.prepare` and `fork.parent`, on the thread that forks, right before
/// and after, and `fork.child`, when the child uses the library first. Handles among the arguments are borrowed for the time of the call.
///
/// @param event, event_len        the event's name, not empty
/// @param name_or_null, name_len  the listener's name
/// @param listener                called until it is removed; one that is being called on another thread goes on
/// @param user_data               passed to `listener`
/// @param free_user_data          called once with `user_data`, when the listener is removed or replaced and no thread calls it any more, or at
///                                once if this call fails; may be NULL
/// @param id_or_null              receives the listener's number
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID for an empty name of an event; DDTRACE_ERR_LIMIT: there are 1024 listeners, or events; DDTRACE_ERR_NULL
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_on(
    event: *const c_char,
    event_len: usize,
    name_or_null: *const c_char,
    name_len: usize,
    listener: ddtrace_listener,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    id_or_null: *mut u64,
) -> ddtrace_status {
    guard_status(|| {
        let identity = Identity::Callback(listener.map_or(0, |listener| listener as usize), user_data as usize);
        let user_data = UserData::new(user_data, free_user_data);
        // SAFETY: the header's rules for text.
        let (event, name) = unsafe { (event_name(event, event_len)?, text::optional_text(name_or_null, name_len)?) };
        let listener = listener.ok_or(DDTRACE_ERR_NULL)?;
        let identity = name.map_or(identity, |name| Identity::Name(name.as_ref().into()));
        let function: Arc<ListenerFunction> = Arc::new(move |event, arguments| {
            let arguments: Vec<ddtrace_value> = arguments.iter().map(ddtrace_value::of).collect();
            let mut result = ddtrace_value::null();
            let event = ddtrace_str::new(event);
            // SAFETY: the host registered the two together; all that is passed outlives the call.
            let status = unsafe { listener(user_data.pointer(), event, arguments.as_ptr(), arguments.len(), &raw mut result) };
            match status {
                // SAFETY: the listener's answer, by the rules for values.
                DDTRACE_OK => {
                    unsafe { value_of(&result) }.map(Value::into_owned).map_err(|_| HubError("its answer is no value".to_owned()))
                }
                status => Err(HubError(format!("it answered {status}"))),
            }
        });
        let id = hub().on(&event, identity, function).map_err(|_| DDTRACE_ERR_LIMIT)?;
        crate::tracer::publish_spans_if_wanted();
        if !id_or_null.is_null() {
            // SAFETY: the caller's place.
            unsafe { id_or_null.write(id.0) };
        }
        Ok(())
    })
}

/// Removes a listener. It may still be running on another thread.
///
/// @param id  its number
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_off(id: u64) -> ddtrace_status {
    guard_status(|| {
        let was_there = hub().off(ListenerId(id));
        crate::tracer::publish_spans_if_wanted();
        if was_there { Ok(()) } else { Err(DDTRACE_ERR_NOT_FOUND) }
    })
}

/// Removes all listeners of an event, or one of them; without an event all listeners of all events. One listener without its event: nothing.
///
/// @param event_or_null, len  the event's name
/// @param id                  the number of a listener; 0: all of them
/// @return DDTRACE_OK; DDTRACE_ERR_NULL
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_reset(event_or_null: *const c_char, len: usize, id: u64) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for text.
        let event = unsafe { text::optional_text(event_or_null, len) }?.filter(|event| !event.is_empty());
        hub().reset(event.as_deref(), Some(id).filter(|id| *id != 0).map(ListenerId));
        crate::tracer::publish_spans_if_wanted();
        Ok(())
    })
}

/// Whether somebody listens to an event.
///
/// @param event, len  the event's name
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_has_listeners(event: *const c_char, len: usize) -> bool {
    // SAFETY: the header's rules for text.
    guard(false, || unsafe { text::text(event, len) }.is_ok_and(|event| hub().has_listeners(&event)))
}

/// Gives an event a number, which it keeps as long as the process lives, to publish it often.
///
/// @param event, len  the event's name, not empty
/// @param out         receives the number
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID for an empty name; DDTRACE_ERR_LIMIT: 1024 events have one; DDTRACE_ERR_NULL
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_event_id(event: *const c_char, len: usize, out: *mut u32) -> ddtrace_status {
    guard_status(|| {
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        // SAFETY: the header's rules for text, and the caller's place.
        unsafe {
            let event = event_name(event, len)?;
            out.write(hub().event_id(&event).map_err(|_| DDTRACE_ERR_LIMIT)?.0);
        }
        Ok(())
    })
}

/// Publishes an event. Errors of listeners are logged at debug level, and the others are called all the same.
///
/// @param event, len            the event's name
/// @param arguments, arguments_len  borrowed
/// @param flags                 0 or DDTRACE_DISPATCH_RAISE
/// @return DDTRACE_OK, also if nobody listens; DDTRACE_ERR_LISTENER if one failed and the flag is set, or DD_TESTING_RAISE is on;
///         DDTRACE_ERR_INVALID for arguments that are no values; DDTRACE_ERR_NULL
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_dispatch(
    event: *const c_char,
    len: usize,
    arguments: *const ddtrace_value,
    arguments_len: usize,
    flags: u32,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for text and arrays.
        let (event, arguments) = unsafe { (text::text(event, len)?, FromC::new(arguments, arguments_len)?) };
        if !hub().has_listeners(&event) {
            return Ok(());
        }
        // SAFETY: as above.
        let arguments = unsafe { arguments.values() }?;
        hub().dispatch(&event, &arguments, how(flags)).map_err(|_| DDTRACE_ERR_LISTENER)
    })
}

/// Publishes an event by its number, as `ddtrace_hub_dispatch` does by its name.
///
/// @param event                 a number of `ddtrace_hub_event_id`
/// @param arguments, arguments_len  borrowed
/// @param flags                 0 or DDTRACE_DISPATCH_RAISE
/// @return as `ddtrace_hub_dispatch`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_dispatch_id(
    event: u32,
    arguments: *const ddtrace_value,
    arguments_len: usize,
    flags: u32,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rules for arrays.
        let arguments = unsafe { FromC::new(arguments, arguments_len) }?;
        if !hub().has_listeners_of(EventId(event)) {
            return Ok(());
        }
        // SAFETY: as above.
        let arguments = unsafe { arguments.values() }?;
        hub().dispatch_id(EventId(event), &arguments, how(flags)).map_err(|_| DDTRACE_ERR_LISTENER)
    })
}

/// Publishes an event and keeps what the listeners answer.
///
/// @param event, len            the event's name
/// @param arguments, arguments_len  borrowed
/// @param out                   receives the answers, owned by the caller: free them with `ddtrace_event_results_free`
/// @return DDTRACE_OK, also if nobody listens or listeners fail; DDTRACE_ERR_INVALID for arguments that are no values; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_hub_dispatch_with_results(
    event: *const c_char,
    len: usize,
    arguments: *const ddtrace_value,
    arguments_len: usize,
    out: *mut *mut ddtrace_event_results,
) -> ddtrace_status {
    guard_status(|| {
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        // SAFETY: the header's rules for text and arrays.
        let (event, arguments) = unsafe { (text::text(event, len)?, FromC::new(arguments, arguments_len)?.values()?) };
        let results = hub().dispatch_with_results(&event, &arguments);
        let handle = cold::create(Arc::new(results)).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

fn how(flags: u32) -> Dispatch {
    if flags & DDTRACE_DISPATCH_RAISE != 0 { Dispatch::Raising } else { Dispatch::Contained }
}

/// # Safety
///
/// The header's rules for text.
unsafe fn event_name<'a>(event: *const c_char, len: usize) -> Result<std::borrow::Cow<'a, str>, ddtrace_status> {
    // SAFETY: the caller's promise.
    let name = unsafe { text::text(event, len) }?;
    if name.is_empty() { Err(DDTRACE_ERR_INVALID) } else { Ok(name) }
}
