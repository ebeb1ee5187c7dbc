//! Fork detection.
//!
//! The handlers do as little as they can: `prepare` and `parent` call one registered hook each, on the thread that forks, `child` bumps
//! one number. Everything else happens at the first call in the child, when a thread finds its own generation outdated.

use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Generation 0 is "nobody" in a lock word, so counting starts at 1.
static GENERATION: AtomicU32 = AtomicU32::new(1);
static PREPARE: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static PARENT: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static REGISTER: Once = Once::new();

/// How often this process, or an ancestor since the library was loaded, was forked.
#[inline]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Sets what runs on the forking thread before a fork, and after it in the parent. It must not wait.
pub fn set_hooks(prepare: fn(), parent: fn()) {
    PARENT.store(parent as *mut (), Ordering::Release);
    PREPARE.store(prepare as *mut (), Ordering::Release);
}

/// Registers the handlers with the C library, once. The constructor below does so at load; a static link may drop the constructor, so a
/// tracer's birth calls this again.
pub fn register() {
    REGISTER.call_once(|| {
        // SAFETY: the handlers are plain functions that live as long as the library, which is never unloaded (`-z nodelete`).
        unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    });
}

#[ctor::ctor(unsafe)]
fn register_at_load() {
    register();
}

unsafe extern "C" fn prepare() {
    call(&PREPARE);
}

unsafe extern "C" fn parent() {
    call(&PARENT);
}

fn call(hook: &AtomicPtr<()>) {
    let hook = hook.load(Ordering::Acquire);
    if hook.is_null() {
        return;
    }
    // SAFETY: only `set_hooks` stores there, and it stores a `fn()`.
    let hook: fn() = unsafe { std::mem::transmute(hook) };
    hook();
}

unsafe extern "C" fn child() {
    // 0 is skipped when the count wraps.
    if GENERATION.fetch_add(1, Ordering::Relaxed) == u32::MAX {
        GENERATION.store(1, Ordering::Relaxed);
    }
}
