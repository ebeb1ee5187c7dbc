//! What a profiler outside of this process may know of its threads: which span is active in each.
//!
//! The thread-local symbol `otel_thread_ctx_v1` points to a record of fixed layout (OpenTelemetry thread context, version 1), or is NULL. A
//! reader stops the thread and reads its memory, so that the two need no lock: the record says by one byte whether it is whole, and the
//! compiler must keep the order of the writes.
//!
//! The symbol is reached by a TLS descriptor, as readers expect.

use crate::service::thread_pointer;
use crate::span::{Published, published_span};
use std::cell::{Cell, OnceCell, UnsafeCell};
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};

const ATTRIBUTE_BYTES: usize = 612;
/// The key of the only attribute: the first in the map of keys that the process context tells.
const LOCAL_ROOT_KEY: u8 = 0;
const ID_DIGITS: u8 = 16;

/// The record.
#[repr(C)]
pub struct ThreadContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    valid: u8,
    trace_flags: u8,
    attribute_size: u16,
    attributes: [u8; ATTRIBUTE_BYTES],
}
const _: () = assert!(size_of::<ThreadContext>() == 640);

static IS_SHARED: AtomicBool = AtomicBool::new(false);

/// From now on every thread tells what is active in it.
pub fn share_thread_contexts() {
    IS_SHARED.store(true, Ordering::Relaxed);
}

/// The calling thread's record. Its memory is the thread's, and the symbol is NULL before it goes.
struct Own {
    record: OnceCell<Box<UnsafeCell<ThreadContext>>>,
}

impl Drop for Own {
    fn drop(&mut self) {
        symbol::set(ptr::null());
    }
}

thread_local! {
    static OWN: Own = const { Own { record: OnceCell::new() } };
    /// The handle that the record is about.
    static SHOWN: Cell<*const c_void> = const { Cell::new(ptr::null()) };
}

/// Tells that a span, or with NULL or a context nothing, is active in the calling thread.
#[inline]
pub(super) fn show(handle: *const c_void) {
    if IS_SHARED.load(Ordering::Relaxed) {
        show_now(handle);
    }
}

#[cold]
fn show_now(handle: *const c_void) {
    let is_known = SHOWN.try_with(|shown| shown.replace(handle) == handle);
    if is_known != Ok(false) {
        return;
    }
    // SAFETY: the handle was given out by this library; one that is stale is refused.
    let span = if handle.is_null() { None } else { unsafe { published_span(handle) } };
    let Some(span) = span else { return symbol::set(ptr::null()) };
    let _ = OWN.try_with(|own| {
        let record = own.record.get_or_init(|| Box::new(UnsafeCell::new(ThreadContext::EMPTY)));
        // SAFETY: only this thread writes, and nothing else in this process reads.
        unsafe { ThreadContext::write(record.get(), &span) };
        symbol::set(record.get());
    });
}

impl ThreadContext {
    const EMPTY: ThreadContext = ThreadContext {
        trace_id: [0; 16],
        span_id: [0; 8],
        valid: 0,
        trace_flags: 0,
        attribute_size: 0,
        attributes: [0; ATTRIBUTE_BYTES],
    };

    /// # Safety
    /// `this` is the calling thread's own record.
    unsafe fn write(this: *mut ThreadContext, span: &Published) {
        // SAFETY: by the contract. The writes are volatile because somebody looks whom the compiler does not know.
        unsafe {
            (&raw mut (*this).valid).write_volatile(0);
            compiler_fence(Ordering::SeqCst);
            (&raw mut (*this).trace_id).write_volatile(span.trace_id.to_be_bytes());
            (&raw mut (*this).span_id).write_volatile(span.span_id.to_be_bytes());
            (&raw mut (*this).trace_flags).write_volatile(u8::from(span.is_kept));
            let attributes = &raw mut (*this).attributes;
            let size = match span.root_id {
                None => 0,
                Some(id) => {
                    let mut attribute = [0; 2 + ID_DIGITS as usize];
                    attribute[..2].copy_from_slice(&[LOCAL_ROOT_KEY, ID_DIGITS]);
                    for (index, digit) in attribute[2..].iter_mut().enumerate() {
                        *digit = b"0123456789abcdef"[(id >> (60 - 4 * index)) as usize & 0xf];
                    }
                    attributes.cast::<[u8; 2 + ID_DIGITS as usize]>().write_volatile(attribute);
                    2 + u16::from(ID_DIGITS)
                }
            };
            (&raw mut (*this).attribute_size).write_volatile(size);
            compiler_fence(Ordering::SeqCst);
            (&raw mut (*this).valid).write_volatile(1);
        }
    }
}

thread_pointer! {
    #[unsafe(no_mangle)]
    mod symbol, static otel_thread_ctx_v1: super::ThreadContext
}

#[cfg(all(test, target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use crate::segment::test_tracer::{NONE, TestTracer};

    #[test]
    fn the_symbol_leads_to_the_active_span_of_its_thread_alone() {
        let mut tracer = TestTracer::new(&[]);
        let root = tracer.start(NONE, "root");
        let child = tracer.start(root, "child");
        show_now(child);
        let record = symbol::get();
        assert!(!record.is_null());
        // SAFETY: a live span.
        let (trace_id, span_id) = unsafe { crate::span::trace_and_span_id(&mut tracer.parts, child) }.unwrap();
        // SAFETY: as above.
        let (_, root_id) = unsafe { crate::span::trace_and_span_id(&mut tracer.parts, root) }.unwrap();
        // SAFETY: this thread's own record.
        let read = unsafe { &*record };
        assert_eq!((read.trace_id, read.span_id, read.valid), (trace_id.to_be_bytes(), span_id.to_be_bytes(), 1));
        assert_eq!((read.attribute_size, read.attributes[0], read.attributes[1]), (18, 0, 16));
        assert_eq!(read.attributes[2..18], *format!("{root_id:016x}").as_bytes());
        std::thread::spawn(|| assert!(symbol::get().is_null())).join().unwrap();
        show_now(NONE);
        assert!(symbol::get().is_null());
        tracer.end(child);
        tracer.end(root);
    }
}
