//! Containment of panics: no fault of the library may unwind into the host or abort it.
//!
//! Every entry point runs its body in [`guard`]. A panic there is counted, the first one is logged with its place, and the caller gets
//! the value that the entry point names for the case. Allocation failure and stack overflow cannot be contained; they still abort.
//!
//! The standard library's panic hook would write to the host's stderr. It is replaced, once, by whatever makes the first tracer,
//! configuration or propagator ([`install_hook`]): panics in the sources of this crate are kept from it, all others are passed on. Panics in
//! crates that this one uses are passed on too, and contained all the same.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use super::outcome::status;
use super::status::{DDTRACE_ERR_PANIC, ddtrace_status};
use crate::lock::Mutex;
use crate::log::{self, Level};

/// Where this file is among the sources of the crate.
const THIS_FILE: &str = "ffi/guard.rs";

/// Panics contained since the process began.
static CONTAINED: AtomicU64 = AtomicU64::new(0);

/// What the hook learned about the first panic, for [`report`] to log when all locks of the unwound code are released.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Runs an entry point's body; a panic in it becomes `on_panic`.
#[inline]
pub fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            report(payload);
            on_panic
        }
    }
}

/// Runs the body of an entry point that answers a status; a panic in it becomes `DDTRACE_ERR_PANIC`.
#[inline]
pub fn guard_status(body: impl FnOnce() -> Result<(), ddtrace_status>) -> ddtrace_status {
    guard(DDTRACE_ERR_PANIC, || status(body()))
}

/// How many panics were contained since the process began.
pub fn contained_panics() -> u64 {
    CONTAINED.load(Ordering::Relaxed)
}

/// Keeps panics of this crate from the panic hook of the process.
pub fn install_hook() {
    // The crate's own tests panic in the same sources, and their messages must be seen.
    if cfg!(test) {
        return;
    }
    if let Some(sources) = own_sources() {
        keep_from_hook(sources);
    }
}

/// Keeps panics in sources whose paths begin with `prefix` from the panic hook of the process. Only the first call counts.
pub fn keep_from_hook(prefix: &'static str) {
    static REPLACED: Once = Once::new();
    // `set_hook` itself panics on a thread that unwinds.
    if std::thread::panicking() {
        return;
    }
    REPLACED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info.location().is_some_and(|place| place.file().starts_with(prefix)) {
                note(info);
            } else {
                previous(info);
            }
        }));
    });
}

/// What the paths of this crate's sources begin with, as the compiler was told them.
fn own_sources() -> Option<&'static str> {
    file!().strip_suffix(THIS_FILE)
}

/// Keeps the first panic's message and place. Runs in the panicking code, possibly with locks of the library held: never waits, never logs.
fn note(info: &PanicHookInfo<'_>) {
    if contained_panics() > 0 {
        return;
    }
    let Some(mut first) = FIRST.try_lock() else {
        return;
    };
    let message = message_of(info.payload());
    *first = Some(match info.location() {
        Some(place) => format!("{message} ({}:{})", place.file(), place.line()),
        None => message.to_owned(),
    });
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return text;
    }
    payload.downcast_ref::<String>().map_or("no message", String::as_str)
}

#[cold]
fn report(payload: Box<dyn Any + Send>) {
    // Its destructor is code of whoever panicked, and may panic again.
    let payload = std::mem::ManuallyDrop::new(payload);
    if CONTAINED.fetch_add(1, Ordering::Relaxed) > 0 {
        return;
    }
    let first = FIRST.try_lock().and_then(|mut first| first.take());
    let message = first.as_deref().unwrap_or_else(|| message_of(&**payload));
    let logged = panic::catch_unwind(AssertUnwindSafe(|| {
        log::emit_known(
            Level::Error,
            "a fault inside the library was contained",
            format_args!(
                "a fault inside the library was contained, please report it: {message}. Further ones are counted, not logged"
            ),
        );
    }));
    if let Err(payload) = logged {
        std::mem::forget(payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::status::DDTRACE_OK;

    #[test]
    fn value_of_the_body_passes_through() {
        assert_eq!(guard(14, || 0), 0);
    }

    #[test]
    fn panic_becomes_the_default_and_is_counted() {
        let before = contained_panics();
        assert_eq!(guard(14, || panic!("text")), 14);
        assert_eq!(guard(14, || panic!("{}", String::from("owned text"))), 14);
        assert!(contained_panics() >= before + 2);
    }

    #[test]
    fn payload_whose_destructor_panics_is_not_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        assert_eq!(guard(14, || panic::panic_any(Bomb)), 14);
    }

    #[test]
    fn guards_nest() {
        let outer = guard(1, || {
            assert_eq!(guard(2, || panic!("inner")), 2);
            3
        });
        assert_eq!(outer, 3);
    }

    #[test]
    fn statuses_come_through() {
        assert_eq!(guard_status(|| Ok(())), DDTRACE_OK);
        assert_eq!(guard_status(|| Err(7)), 7);
        assert_eq!(guard_status(|| panic!("text")), DDTRACE_ERR_PANIC);
    }

    #[test]
    fn sources_of_this_crate_are_told_from_others() {
        let own = own_sources().unwrap();
        assert!(panic::Location::caller().file().starts_with(own), "{own}");
        assert!(file!().starts_with(own) && own.ends_with("src/"), "{own}");
        let elsewhere = ["library/core/src/option.rs", "/registry/serde_json-1.0.0/src/de.rs", "tests/panics.rs"];
        assert!(elsewhere.iter().all(|file| !file.starts_with(own)), "{own}");
    }

    #[test]
    fn messages_of_both_usual_payloads_are_read() {
        assert_eq!(message_of(&"static"), "static");
        assert_eq!(message_of(&String::from("owned")), "owned");
        assert_eq!(message_of(&7), "no message");
    }
}
