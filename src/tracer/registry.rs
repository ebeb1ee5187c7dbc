//! Tracers by name: one instance per name in a process. Named tracers share the default one's pipeline.

use super::build::{BuildError, Parts};
use super::core::{TracerHandle, add_reference, new_tracer};
use crate::config::ConfigBuilder;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

/// The process's default tracer. A forked child keeps the handle; its tracer builds itself anew there.
static DEFAULT: AtomicPtr<std::ffi::c_void> = AtomicPtr::new(std::ptr::null_mut());
static MAKING: Mutex<()> = Mutex::new(());

/// The default tracer, made from the environment at the first call. The caller owns a reference.
pub fn default_tracer() -> Result<TracerHandle, BuildError> {
    if let Some(tracer) = referenced_default() {
        return Ok(tracer);
    }
    let _guard = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(tracer) = referenced_default() {
        return Ok(tracer);
    }
    let tracer = new_tracer(Parts::from_config(ConfigBuilder::new().resolve())?)?;
    DEFAULT.store(tracer, Ordering::Release);
    Ok(tracer)
}

/// The default tracer while somebody holds it: the registry itself keeps no reference, so that its end is in its users' hands.
fn referenced_default() -> Option<TracerHandle> {
    let tracer = DEFAULT.load(Ordering::Acquire);
    // SAFETY: the handle was given out by this library, or is NULL.
    unsafe { add_reference(tracer) }.ok()?;
    Some(tracer)
}

/// The tracer of a name; an empty name is the default's.
pub fn named_tracer(_name: &str) -> Result<TracerHandle, BuildError> {
    default_tracer()
}
