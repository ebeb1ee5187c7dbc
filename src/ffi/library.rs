//! The library itself: version and features.

use std::ffi::c_char;

use super::guard::guard;
use super::text;

/// The version as one number, `0xMMmmpp`.
const VERSION_NUM: u32 = version_num();

/// The ABI, which is the number in the library's SONAME. It changes only when programs must be compiled again.
const ABI_VERSION: u32 = 0;

/// What this build can do. A name stays for ever; products appear here once there is something behind their cargo feature.
const FEATURES: [&str; 8] =
    ["console", "file", "host-driven", "memory", "propagation", "sampling-rules", "tracing", "unix-sockets"];

/// The library's version, to be compared with `DDTRACE_VERSION`, the header's.
///
/// @return a static text such as `"0.1.0"`, never NULL and never freed
///
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The library's version as a number that grows, `0xMMmmpp` (major, minor, patch), to be compared with `DDTRACE_VERSION_NUM`.
///
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_version_num() -> u32 {
    VERSION_NUM
}

/// The version of the ABI, to be compared with `DDTRACE_ABI_VERSION`. A program works with a library of another version as long as this
/// number is the same and the library's `ddtrace_version_num` is not smaller than that of the functions that the program uses.
///
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_abi_version() -> u32 {
    ABI_VERSION
}

/// Whether this build of the library has a feature: `tracing`, `propagation`, `sampling-rules`, `console`, `file`, `memory`,
/// `unix-sockets`, `host-driven`.
///
/// @param name, len  the feature's name
/// @return false for names that the library does not know, and for NULL
///
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_has_feature(name: *const c_char, len: usize) -> bool {
    guard(false, || {
        // SAFETY: the header's rule for text.
        let Ok(name) = (unsafe { text::text(name, len) }) else {
            return false;
        };
        FEATURES.contains(&name.as_ref())
    })
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
    fn digits_become_numbers() {
        assert_eq!((number("0"), number("10"), number("255")), (0, 10, 255));
    }

    #[test]
    fn only_what_is_built_in_is_a_feature() {
        // SAFETY: C strings, and NULL.
        unsafe {
            assert!(ddtrace_has_feature(c"tracing".as_ptr(), DDTRACE_NTS));
            assert!(ddtrace_has_feature(c"memory and more".as_ptr(), 6));
            assert!(!ddtrace_has_feature(c"profiler".as_ptr(), DDTRACE_NTS));
            assert!(!ddtrace_has_feature(c"".as_ptr(), 0));
            assert!(!ddtrace_has_feature(std::ptr::null(), DDTRACE_NTS));
        }
    }
}
