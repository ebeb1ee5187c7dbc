//! Containment of panics: no fault of the library may unwind into the host or abort it.
//!
//! Every entry point runs its body in [`guard`]. A panic there is counted, the first one is logged with its place, and the caller gets
//! the value that the entry point names for the case. Allocation failure and stack overflow cannot be contained; they still abort.
//!
//! The standard library's panic hook would write to the host's stderr. It is replaced, for panics of guarded code only: on all other
//! threads and in all other code the hook that was there before is called.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use crate::log::{self, Level};

/// Panics contained since the process began.
static CONTAINED: AtomicU64 = AtomicU64::new(0);

/// What the hook learned about the first panic, for [`report`] to log when all locks of the unwound code are released.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Where this thread is, as far as panics go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It never was in guarded code.
    New,
    /// Outside of guarded code.
    Host,
    /// Inside of it.
    Guarded,
}

thread_local! {
    static PLACE: Cell<Place> = const { Cell::new(Place::New) };
}

/// Runs an entry point's body; a panic in it becomes `on_panic`.
#[inline]
pub fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    let outer = PLACE.get();
    if outer == Place::New {
        replace_hook();
    }
    PLACE.set(Place::Guarded);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    PLACE.set(if outer == Place::Guarded { outer } else { Place::Host });
    match result {
        Ok(value) => value,
        Err(payload) => {
            report(payload);
            on_panic
        }
    }
}

/// How many panics were contained since the process began.
pub fn contained_panics() -> u64 {
    CONTAINED.load(Ordering::Relaxed)
}

#[cold]
fn replace_hook() {
    static REPLACED: Once = Once::new();
    // `set_hook` itself panics on a thread that unwinds.
    if std::thread::panicking() {
        return;
    }
    REPLACED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| match PLACE.try_with(Cell::get) {
            Ok(Place::Guarded) => note(info),
            _ => previous(info),
        }));
    });
}

/// Keeps the first panic's message and place. Runs in the panicking code, possibly with locks of the library held: never waits, never logs.
fn note(info: &PanicHookInfo<'_>) {
    if contained_panics() > 0 {
        return;
    }
    let Ok(mut first) = FIRST.try_lock() else {
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
    std::mem::forget(payload);
    if CONTAINED.fetch_add(1, Ordering::Relaxed) > 0 {
        return;
    }
    let first = FIRST.try_lock().ok().and_then(|mut first| first.take());
    let message = first.as_deref().unwrap_or("no message");
    let logged = panic::catch_unwind(AssertUnwindSafe(|| {
        log::emit(
            Level::Error,
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
    fn nested_guards_leave_the_outer_one_guarded() {
        guard((), || {
            assert_eq!(guard(1, || panic!("inner")), 1);
            assert!(PLACE.get() == Place::Guarded);
        });
        assert!(PLACE.get() == Place::Host);
    }

    #[test]
    fn messages_of_both_usual_payloads_are_read() {
        assert_eq!(message_of(&"static"), "static");
        assert_eq!(message_of(&String::from("owned")), "owned");
        assert_eq!(message_of(&7), "no message");
    }
}
