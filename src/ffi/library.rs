//! The library itself: version, features, live handles, and the ids that it draws.

use std::ffi::c_char;

use super::guard::guard;
use super::handles::DDTRACE_HANDLE_ANY;
use super::text;
use crate::record::unix_ns;
use crate::slot::{Kind, SlotClass};
use crate::tracer::{runtime_id, with_thread};

/// The version as one number, `0xMMmmpp`.
const VERSION_NUM: u32 = version_num();

/// The ABI, which is the number in the library's SONAME. It changes only when programs must be compiled again.
const ABI_VERSION: u32 = 0;

/// What this build can do. A name stays for ever; products appear here once there is something behind their cargo feature.
const FEATURES: [&str; 8] =
    ["console", "file", "host-driven", "memory", "propagation", "sampling-rules", "tracing", "unix-sockets"];

/// The library's version, to be compared with DDTRACE_VERSION, the header's.
///
/// @return a static text such as `"0.1.0"`, never NULL and never freed
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The library's version as a number that grows, `0xMMmmpp` (major, minor, patch), to be compared with DDTRACE_VERSION_NUM.
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_version_num() -> u32 {
    VERSION_NUM
}

/// The version of the ABI, to be compared with DDTRACE_ABI_VERSION. A program works with a library of another version as long as this number
/// is the same and the library's `ddtrace_version_num` is not smaller than that of the functions that the program uses.
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_abi_version() -> u32 {
    ABI_VERSION
}

/// Whether this build of the library has a feature: `tracing`, `propagation`, `sampling-rules`, `console`, `file`, `memory`, `unix-sockets`,
/// `host-driven`, `tls`.
///
/// @param name, len  the feature's name
/// @return false for names that the library does not know, and for NULL
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_has_feature(name: *const c_char, len: usize) -> bool {
    guard(false, || {
        // SAFETY: the header's rule for text.
        let Ok(name) = (unsafe { text::text(name, len) }) else {
            return false;
        };
        FEATURES.contains(&name.as_ref()) || cfg!(feature = "tls") && name == "tls"
    })
}

/// How many handles are alive, so that tests find those that nobody frees: leak detectors do not see them. Walks all handles that ever were
/// alive at the same time.
///
/// @param kind  one of DDTRACE_HANDLE_*
/// @return 0 also for kinds that the library does not know
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_live_handles(kind: i32) -> usize {
    guard(0, || {
        let mut live = 0;
        SlotClass::each(|class| {
            let number = handle_number(class.kind());
            if number.is_some_and(|number| kind == DDTRACE_HANDLE_ANY || kind == number) {
                live += class.live_handles();
            }
        });
        live
    })
}

/// Draws an id as spans have them: random, never 0.
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_id_generate64() -> u64 {
    guard(0, || with_thread(|thread| thread.parts.ids.id64()))
}

/// Draws an id as traces have them: Unix seconds, 32 zero bits, and 64 random bits that are never 0.
///
/// @param high  receives the upper half; may be NULL
/// @param low   receives the lower half; may be NULL
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_id_generate128(high: *mut u64, low: *mut u64) {
    guard((), || {
        let seconds = u32::try_from(unix_ns() / 1_000_000_000).unwrap_or(0);
        let id = with_thread(|thread| thread.parts.ids.trace_id128(seconds));
        for (out, half) in [(high, id >> 64), (low, id)] {
            if !out.is_null() {
                // SAFETY: the caller's places.
                unsafe { out.write(half as u64) };
            }
        }
    });
}

/// Copies out the runtime id: the UUID that tells this process's traces from those of others. A forked child has another one.
///
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0; 37 bytes are enough
/// @return 36, the length of the text
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_runtime_id(buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rule for buffers.
    guard(0, || unsafe { text::copy_out(&runtime_id(), buf, cap) })
}

/// The number that a kind has for users; `None`: they have no handles of it.
fn handle_number(kind: Kind) -> Option<i32> {
    match kind {
        // To users, a span that records nothing is a span.
        Kind::LightSpan => Some(Kind::Span as i32),
        other => Some(other as i32).filter(|number| *number < Kind::LightSpan as i32),
    }
}

const fn version_num() -> u32 {
    (number(env!("CARGO_PKG_VERSION_MAJOR")) << 16)
        | (number(env!("CARGO_PKG_VERSION_MINOR")) << 8)
        | number(env!("CARGO_PKG_VERSION_PATCH"))
}

/// Evaluated by the compiler: digits only, by cargo's own check.
#[allow(clippy::indexing_slicing)]
const fn number(digits: &str) -> u32 {
    let digits = digits.as_bytes();
    let mut value = 0;
    let mut index = 0;
    while index < digits.len() {
        value = value * 10 + (digits[index] - b'0') as u32;
        index += 1;
    }
    assert!(value < 256, "each part of the version has one byte");
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::types::DDTRACE_NTS;
    use std::ffi::CStr;

    #[test]
    fn version_text_and_number_are_the_same_version() {
        // SAFETY: static NUL-terminated text.
        let text = unsafe { CStr::from_ptr(ddtrace_version()) }.to_str().unwrap();
        let parts: Vec<u32> = text.split('.').map(|part| part.parse().unwrap()).collect();
        // SAFETY: no arguments.
        assert_eq!(unsafe { ddtrace_version_num() }, parts[0] * 65_536 + parts[1] * 256 + parts[2]);
    }

    #[test]
    fn spans_of_both_sorts_are_spans_and_what_is_inside_is_no_handle() {
        assert_eq!(handle_number(Kind::Span), Some(crate::ffi::handles::DDTRACE_HANDLE_SPAN));
        assert_eq!(handle_number(Kind::LightSpan), Some(crate::ffi::handles::DDTRACE_HANDLE_SPAN));
        assert_eq!(handle_number(Kind::Error), Some(crate::ffi::handles::DDTRACE_HANDLE_ERROR));
        assert_eq!(handle_number(Kind::Exchange), Some(crate::ffi::handles::DDTRACE_HANDLE_EXCHANGE));
        assert_eq!((handle_number(Kind::Segment), handle_number(Kind::TraceState)), (None, None));
    }

    #[test]
    fn digits_become_numbers() {
        assert_eq!((number("0"), number("10"), number("255")), (0, 10, 255));
    }

    #[test]
    fn only_what_is_built_in_is_a_feature() {
        // SAFETY: C strings, and NULL.
        unsafe {
            assert!(ddtrace_has_feature(c"tracing".as_ptr(), DDTRACE_NTS));
            assert!(ddtrace_has_feature(c"memory and more".as_ptr(), 6));
            assert_eq!(ddtrace_has_feature(c"tls".as_ptr(), DDTRACE_NTS), cfg!(feature = "tls"));
            assert!(!ddtrace_has_feature(c"profiler".as_ptr(), DDTRACE_NTS));
            assert!(!ddtrace_has_feature(c"".as_ptr(), 0));
            assert!(!ddtrace_has_feature(std::ptr::null(), DDTRACE_NTS));
        }
    }
}
