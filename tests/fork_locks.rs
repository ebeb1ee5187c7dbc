//! A child of `fork` meets lock words that threads of its parent held: those threads do not exist in the child, so nobody will let go.
#![cfg(unix)]

mod quiet_tracer;

use ddtrace::ffi::handles::{ddtrace_span, ddtrace_tracer};
use ddtrace::ffi::span::{ddtrace_span_end, ddtrace_span_free, ddtrace_span_start};
use ddtrace::ffi::span_tags::ddtrace_span_set_tag;
use ddtrace::ffi::status::{DDTRACE_ERR_FORKED, DDTRACE_OK, ddtrace_status};
use ddtrace::ffi::tracer::{ddtrace_tracer_free, ddtrace_tracer_shutdown};
use ddtrace::ffi::types::{DDTRACE_NTS, ddtrace_span_options};
use ddtrace::span::{AnySpan, lock_span};
use quiet_tracer::tracer;
use std::ffi::c_void;
use std::mem::{size_of, zeroed};
use std::ptr::{null, null_mut};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A child that waits for a lock is ended by this.
const CHILD_SECONDS: u32 = 20;

unsafe fn start(tracer: *mut ddtrace_tracer, parent: *const ddtrace_span) -> *mut ddtrace_span {
    let mut span = null_mut();
    // SAFETY: all zero bytes are the default options; the handles are live.
    unsafe {
        let mut options: ddtrace_span_options = zeroed();
        options.struct_size = size_of::<ddtrace_span_options>();
        options.parent_span = parent;
        assert_eq!(ddtrace_span_start(tracer, &options, &mut span, null_mut()), 0);
    }
    span
}

unsafe fn set(span: *mut ddtrace_span) -> ddtrace_status {
    // SAFETY: C texts; passed on.
    unsafe { ddtrace_span_set_tag(span, c"key".as_ptr(), DDTRACE_NTS, c"value".as_ptr(), DDTRACE_NTS) }
}

/// Holds the lock words of a span and of its segment from its message on until it gets one.
fn hold(span: usize, held: &Sender<()>, enough: &Receiver<()>) {
    // SAFETY: a live span.
    let Ok(AnySpan::Recording(guard)) = (unsafe { lock_span(span as *const c_void) }) else {
        panic!("the span cannot be locked")
    };
    let segment = guard.slot().segment().unwrap();
    let segment_guard = segment.lock();
    assert!(segment_guard.is_ok());
    held.send(()).unwrap();
    enough.recv().unwrap();
}

/// Runs `body` in a child and returns the number of the first check that failed, 0 for none.
fn in_child(body: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the child runs what this library promises to be able to do after a fork, and leaves with _exit.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0);
        if child == 0 {
            libc::alarm(CHILD_SECONDS);
            libc::_exit(body());
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        assert!(libc::WIFEXITED(status), "the child was killed: {status:#x}");
        libc::WEXITSTATUS(status)
    }
}

fn first_failure(checks: &[bool]) -> i32 {
    checks.iter().position(|check| !check).map_or(0, |at| at as i32 + 1)
}

#[test]
fn a_child_is_told_of_locks_that_vanished_threads_held() {
    // SAFETY: live handles.
    let (tracer, held_span, sibling, free_span) = unsafe {
        let tracer = tracer();
        let held_span = start(tracer, null());
        (tracer, held_span, start(tracer, held_span), start(tracer, null()))
    };
    let (held, is_held) = channel();
    let (enough, is_enough) = channel();
    let address = held_span as usize;
    let holder = std::thread::spawn(move || hold(address, &held, &is_enough));
    is_held.recv().unwrap();
    // SAFETY: live handles, as inherited.
    let failed = in_child(|| unsafe {
        let child_of_held = {
            let mut span = null_mut();
            let mut options: ddtrace_span_options = zeroed();
            options.struct_size = size_of::<ddtrace_span_options>();
            options.parent_span = held_span;
            ddtrace_span_start(tracer, &options, &mut span, null_mut())
        };
        let own = start(tracer, null());
        first_failure(&[
            set(held_span) == DDTRACE_ERR_FORKED,
            ddtrace_span_end(held_span, null()) == DDTRACE_ERR_FORKED,
            // Its own lock word is free, that of its segment is not.
            ddtrace_span_end(sibling, null()) == DDTRACE_ERR_FORKED,
            child_of_held == DDTRACE_ERR_FORKED,
            set(free_span) == DDTRACE_OK,
            set(own) == DDTRACE_OK,
            ddtrace_span_end(own, null()) == DDTRACE_OK,
            ddtrace_tracer_shutdown(tracer, 10_000) == DDTRACE_OK,
        ])
    });
    assert_eq!(failed, 0, "the number of the check that failed in the child");
    enough.send(()).unwrap();
    holder.join().unwrap();
    // SAFETY: live handles; in the parent everything goes on.
    unsafe {
        assert_eq!(set(held_span), DDTRACE_OK);
        for span in [sibling, held_span] {
            assert_eq!(ddtrace_span_end(span, null()), DDTRACE_OK);
        }
        ddtrace_span_free(free_span);
        ddtrace_tracer_free(tracer);
    }
}
