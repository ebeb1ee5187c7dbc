//! What the thread sanitizer is told of a lock: all that was done before it was given back happened before what is done after it is taken.
//!
//! Only builds with `--cfg ddtrace_tsan` tell anything. In others these types have no size and their functions do nothing.

#![cfg_attr(not(ddtrace_tsan), forbid(unsafe_code))]

use std::marker::PhantomData;

/// Lies beside a lock; the sanitizer knows the lock by the address of this.
#[derive(Debug, Default)]
pub struct Order {
    #[cfg(ddtrace_tsan)]
    place: u8,
}

/// Held from now on; dropped right before the lock is given back.
#[derive(Debug)]
pub struct Held<'a> {
    #[cfg(ddtrace_tsan)]
    order: &'a Order,
    lock: PhantomData<&'a Order>,
}

impl Order {
    pub const fn new() -> Self {
        Order {
            #[cfg(ddtrace_tsan)]
            place: 0,
        }
    }

    /// What was done until the last release happened before what follows. To be called after the lock was taken.
    #[inline]
    pub fn acquire(&self) {
        #[cfg(ddtrace_tsan)]
        // SAFETY: the sanitizer keeps books on the address and touches nothing there.
        unsafe {
            __tsan_acquire(std::ptr::from_ref(&self.place).cast_mut().cast());
        }
    }

    /// Releases when the answer is dropped, which must be before the lock is given back.
    #[inline]
    pub fn release_later(&self) -> Held<'_> {
        Held {
            #[cfg(ddtrace_tsan)]
            order: self,
            lock: PhantomData,
        }
    }

    #[cfg(ddtrace_tsan)]
    fn release(&self) {
        // SAFETY: as above.
        unsafe { __tsan_release(std::ptr::from_ref(&self.place).cast_mut().cast()) };
    }
}

impl Held<'_> {
    /// Releases, and acquires when `wait` ended: for a wait that gives the lock back meanwhile.
    #[inline]
    pub fn release_while<R>(&self, wait: impl FnOnce() -> R) -> R {
        #[cfg(ddtrace_tsan)]
        self.order.release();
        let result = wait();
        #[cfg(ddtrace_tsan)]
        self.order.acquire();
        result
    }
}

#[cfg(ddtrace_tsan)]
impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.order.release();
    }
}

// Exported by the sanitizer's runtime, see its `tsan_interface.h`.
#[cfg(ddtrace_tsan)]
unsafe extern "C" {
    fn __tsan_acquire(address: *mut std::ffi::c_void);
    fn __tsan_release(address: *mut std::ffi::c_void);
}
