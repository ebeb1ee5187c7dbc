//! Tracers by name: one per name in a process, all on the default tracer's pipeline.
//!
//! The registry keeps no references: a tracer ends with its users' last one, and the next caller who asks for its name makes a new one.
//! It remembers [`MOST_NAMES`] names at most, those of ended tracers only while there is room. Nothing of a tracer is made with a lock
//! held: whoever comes second with the same name gives his own back. A forked child keeps what it inherited, unless a thread of the parent
//! held the lock, which stays behind then, with the names.

use super::build::{BuildError, Parts};
use super::core::{TracerHandle, new_alias, new_tracer, release};
use super::start::{apply_logging, log_start};
use super::weak::WeakTracer;
use crate::config::ConfigBuilder;
use crate::slot::Guarded;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

/// How many names are remembered.
pub const MOST_NAMES: usize = 1024;
/// The longest name in bytes.
pub const LONGEST_NAME: usize = 1024;
/// The name that stands for the default tracer, as the empty one does.
const DEFAULT_NAME: &str = "default";

static REGISTRY: AtomicPtr<Guarded<Names>> = AtomicPtr::new(std::ptr::null_mut());

#[derive(Default)]
struct Names {
    default: Option<WeakTracer>,
    others: HashMap<String, WeakTracer>,
}

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
        let known = with_names(|names| names.default);
        if let Some(tracer) = known.and_then(WeakTracer::upgrade) {
            return Ok(tracer);
        }
        let parts = Parts::from_config(ConfigBuilder::new().resolve())?;
        let config = Arc::clone(&parts.config);
        apply_logging(&config);
        let fresh = new_tracer(parts)?;
        let is_first = with_names(|names| {
            let is_first = names.default == known;
            names.default = if is_first { Some(WeakTracer::of(fresh)) } else { names.default };
            is_first
        });
        if is_first {
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
        let known = with_names(|names| names.others.get(name).copied());
        if let Some(tracer) = known.and_then(WeakTracer::upgrade) {
            return Ok(tracer);
        }
        let fresh = new_alias(default_tracer()?)?;
        match remember(name, known, WeakTracer::of(fresh)) {
            Remembered::Yes => return Ok(fresh),
            Remembered::Late => give_back(fresh),
            Remembered::Full => {
                give_back(fresh);
                return Err(BuildError::TooManyNames);
            }
        }
    }
}

fn give_back(tracer: TracerHandle) {
    // SAFETY: the handle was given out by this library.
    let _ = unsafe { release(tracer) };
}

/// Notes the tracer of a name, unless the name is no longer what the caller knew of it.
fn remember(name: &str, known: Option<WeakTracer>, fresh: WeakTracer) -> Remembered {
    with_names(|names| {
        let others = &mut names.others;
        if others.get(name).copied() != known {
            return Remembered::Late;
        }
        if known.is_none() && others.len() >= MOST_NAMES {
            others.retain(|_, tracer| tracer.is_alive());
            if others.len() >= MOST_NAMES {
                return Remembered::Full;
            }
        }
        others.insert(name.to_owned(), fresh);
        Remembered::Yes
    })
}

/// Calls `use_it` with the names, their lock held.
fn with_names<R>(mut use_it: impl FnMut(&mut Names) -> R) -> R {
    loop {
        let block = REGISTRY.load(Ordering::Acquire);
        // SAFETY: blocks are never freed once they are here.
        match unsafe { block.as_ref() }.map(|names| names.with(&mut use_it)) {
            Some(Ok(result)) => return result,
            // The lock belongs to a thread that a fork left behind, or nothing is there yet.
            Some(Err(_)) | None => replace(block),
        }
    }
}

fn replace(old: *mut Guarded<Names>) {
    let new = Box::into_raw(Box::new(Guarded::default()));
    if REGISTRY.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_err() {
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
        let mut builder = ConfigBuilder::new();
        builder.set("LIBDDTRACE_EXPORTER", "null").unwrap();
        let base = new_tracer(Parts::from_config(builder.resolve()).unwrap()).unwrap();
        let weak = WeakTracer::of(base);
        let kept = weak.upgrade().unwrap();
        let alias = new_alias(base).unwrap();
        give_back(kept);
        assert!(weak.is_alive());
        give_back(alias);
        assert!(!weak.is_alive(), "the alias had the last reference");
        // SAFETY: a handle of this library.
        assert!(unsafe { release(alias) }.is_err());
    }

    #[test]
    fn names_are_bounded_in_length() {
        let long = "x".repeat(LONGEST_NAME + 1);
        assert!(matches!(named_tracer(&long), Err(BuildError::LongName(length)) if length == long.len()));
    }
}
