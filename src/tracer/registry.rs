//! Tracers by name: one per name in a process, all on the default tracer's pipeline.
//!
//! The registry keeps no references: a tracer ends with its users' last one, and the next caller who asks for its name makes a new one.
//! It remembers [`MOST_NAMES`] names at most, those of ended tracers only while there is room. Nothing of a tracer is made with a lock
//! held: whoever comes second with the same name gives his own back. A forked child keeps what it inherited, unless a thread of the parent
//! held the lock, which stays behind then, with the names.

use super::build::{BuildError, Parts};
use super::core::{TracerHandle, add_reference, is_alive, new_alias, new_tracer, release};
use super::start::{apply_logging, log_start};
use crate::config::ConfigBuilder;
use crate::slot::Guarded;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

/// How many names are remembered.
pub const MOST_NAMES: usize = 1024;
/// The longest name in bytes.
pub const LONGEST_NAME: usize = 1024;
/// The name that stands for the default tracer, as the empty one does.
const DEFAULT_NAME: &str = "default";

static DEFAULT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static NAMES: AtomicPtr<Names> = AtomicPtr::new(std::ptr::null_mut());

type Names = Guarded<HashMap<String, Entry>>;

/// The handle of a tracer, alive or not.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(TracerHandle);

// SAFETY: a handle is a number that any thread may look up.
unsafe impl Send for Entry {}

/// What became of a tracer that was to be remembered.
enum Remembered {
    Yes,
    /// Another thread was faster.
    Late,
    /// There is no room for its name.
    Full,
}

/// The default tracer, made from the environment at the first call. The caller owns a reference.
pub fn default_tracer() -> Result<TracerHandle, BuildError> {
    loop {
        let known = DEFAULT.load(Ordering::Acquire);
        if let Some(tracer) = referenced(known) {
            return Ok(tracer);
        }
        let parts = Parts::from_config(ConfigBuilder::new().resolve())?;
        let config = Arc::clone(&parts.config);
        apply_logging(&config);
        let fresh = new_tracer(parts)?;
        if DEFAULT.compare_exchange(known, fresh, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            log_start(&config);
            return Ok(fresh);
        }
        give_back(fresh);
    }
}

/// The tracer of a name. The caller owns a reference. The empty name and `default` are the default tracer's.
pub fn named_tracer(name: &str) -> Result<TracerHandle, BuildError> {
    if name.is_empty() || name == DEFAULT_NAME {
        return default_tracer();
    }
    if name.len() > LONGEST_NAME {
        return Err(BuildError::LongName(name.len()));
    }
    loop {
        let known = with_names(|names| names.get(name).copied());
        if let Some(tracer) = known.and_then(|entry| referenced(entry.0)) {
            return Ok(tracer);
        }
        let fresh = new_alias(default_tracer()?)?;
        match remember(name, known, Entry(fresh)) {
            Remembered::Yes => return Ok(fresh),
            Remembered::Late => give_back(fresh),
            Remembered::Full => {
                give_back(fresh);
                return Err(BuildError::TooManyNames);
            }
        }
    }
}

/// The tracer with one more reference, if it is alive.
fn referenced(tracer: TracerHandle) -> Option<TracerHandle> {
    // SAFETY: the handle was given out by this library, or is NULL.
    unsafe { add_reference(tracer) }.ok().map(|()| tracer)
}

fn give_back(tracer: TracerHandle) {
    // SAFETY: the handle was given out by this library.
    let _ = unsafe { release(tracer) };
}

/// Notes the tracer of a name, unless the name is no longer what the caller knew of it.
fn remember(name: &str, known: Option<Entry>, fresh: Entry) -> Remembered {
    with_names(|names| {
        if names.get(name).copied() != known {
            return Remembered::Late;
        }
        if known.is_none() && names.len() >= MOST_NAMES {
            // SAFETY: the handles were given out by this library.
            names.retain(|_, entry| unsafe { is_alive(entry.0) });
            if names.len() >= MOST_NAMES {
                return Remembered::Full;
            }
        }
        names.insert(name.to_owned(), fresh);
        Remembered::Yes
    })
}

/// Calls `use_it` with the names, its lock held.
fn with_names<R>(mut use_it: impl FnMut(&mut HashMap<String, Entry>) -> R) -> R {
    loop {
        let block = NAMES.load(Ordering::Acquire);
        // SAFETY: blocks are never freed once they are here.
        match unsafe { block.as_ref() }.map(|names| names.with(&mut use_it)) {
            Some(Ok(result)) => return result,
            // The lock belongs to a thread that a fork left behind, or nothing is there yet.
            Some(Err(_)) | None => replace_names(block),
        }
    }
}

fn replace_names(old: *mut Names) {
    let new = Box::into_raw(Box::new(Names::default()));
    if NAMES.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        // SAFETY: nobody else has seen it.
        drop(unsafe { Box::from_raw(new) });
    }
}

// The default tracer changes the process's log level: what needs it is tested in tests/c_abi/tracer_registry.c.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_keeps_its_base() {
        let base = new_tracer(Parts::from_config(quiet()).unwrap()).unwrap();
        let alias = new_alias(base).unwrap();
        // SAFETY: handles of this library.
        unsafe {
            add_reference(base).unwrap();
            release(base).unwrap();
            assert!(is_alive(base));
            release(alias).unwrap();
            assert!(!is_alive(base), "the alias had the last reference");
            assert!(release(alias).is_err());
        }
    }

    #[test]
    fn names_are_bounded_in_length() {
        let long = "x".repeat(LONGEST_NAME + 1);
        assert!(matches!(named_tracer(&long), Err(BuildError::LongName(length)) if length == long.len()));
    }

    fn quiet() -> crate::config::Config {
        let mut builder = ConfigBuilder::new();
        builder.set("LIBDDTRACE_EXPORTER", "null").unwrap();
        builder.resolve()
    }
}
