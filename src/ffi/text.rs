//! Bytes and text across the boundary: the one place that makes slices of the caller's pointers.
//!
//! * `(NULL, 0)` is empty, `(NULL, n)` is `DDTRACE_ERR_NULL`: nothing here makes a slice of a NULL pointer.
//! * The length `DDTRACE_NTS` means that the text ends at its NUL byte.
//! * What is not UTF-8 is replaced by U+FFFD, never refused; valid text is borrowed, not copied.
//! * Of one text, at most 1 MiB are looked at. The longest value that a span keeps has 25 000 characters, so that
//!   nothing is lost that would have been kept, and a huge value costs neither time nor memory.
//! * Text goes out by the rule of `snprintf`: the length that it has is returned, as much as fits is written.

use std::borrow::Cow;
use std::ffi::c_char;
use std::{ptr, slice, str};

use super::status::{DDTRACE_ERR_INVALID, DDTRACE_ERR_NULL, ddtrace_status};
use super::types::{DDTRACE_ABSENT, DDTRACE_NTS, ddtrace_str};

/// How many bytes of one text are looked at.
pub(crate) const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Text that must be there; it may be empty.
///
/// # Safety
///
/// `pointer` is NULL or points to `len` readable bytes, or with `DDTRACE_NTS` to bytes that end with a NUL. They outlive `'a`.
#[inline]
pub unsafe fn text<'a>(pointer: *const c_char, len: usize) -> Result<Cow<'a, str>, ddtrace_status> {
    // SAFETY: the caller's promise.
    let (bytes, whole) = unsafe { text_bytes(pointer, len) }?;
    Ok(match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => replace_invalid(bytes, whole, error),
    })
}

/// Text as its bytes, not checked for UTF-8: for what is cleaned when it is stored.
///
/// # Safety
///
/// As for [`text`].
#[inline]
pub unsafe fn raw<'a>(pointer: *const c_char, len: usize) -> Result<&'a [u8], ddtrace_status> {
    if !pointer.is_null() && len <= TEXT_BYTES_MAX {
        // SAFETY: not NULL, and readable by the caller's promise.
        return Ok(unsafe { slice::from_raw_parts(pointer.cast::<u8>(), len) });
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { text_bytes(pointer, len) }?.0)
}

/// Raw text in a struct; NULL is the empty one.
///
/// # Safety
///
/// As for [`text`].
#[inline]
pub unsafe fn raw_str<'a>(given: ddtrace_str) -> Result<&'a [u8], ddtrace_status> {
    if given.ptr.is_null() {
        return if given.len == 0 || given.len == DDTRACE_NTS { Ok(&[]) } else { Err(DDTRACE_ERR_NULL) };
    }
    // SAFETY: the caller's promise.
    unsafe { raw(given.ptr, given.len) }
}

/// Text that may be absent: a NULL pointer of the length 0 or `DDTRACE_NTS`.
///
/// # Safety
///
/// As for [`text`].
#[inline]
pub unsafe fn optional_text<'a>(pointer: *const c_char, len: usize) -> Result<Option<Cow<'a, str>>, ddtrace_status> {
    if pointer.is_null() && (len == 0 || len == DDTRACE_NTS) {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { text(pointer, len) }.map(Some)
}

/// Text in a struct that may be absent.
///
/// # Safety
///
/// As for [`text`].
#[inline]
pub unsafe fn optional_str<'a>(given: ddtrace_str) -> Result<Option<Cow<'a, str>>, ddtrace_status> {
    // SAFETY: the caller's promise.
    unsafe { optional_text(given.ptr, given.len) }
}

/// Bytes of any content. `DDTRACE_NTS` is no length for them.
///
/// # Safety
///
/// `pointer` is NULL or points to `len` readable bytes, which outlive `'a`.
#[inline]
pub unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], ddtrace_status> {
    // SAFETY: the caller's promise; bytes have no alignment and no invalid values.
    unsafe { array(pointer, len) }
}

/// The items of an array in C.
///
/// # Safety
///
/// `pointer` is NULL or points to `len` readable items, which outlive `'a`.
#[inline]
pub unsafe fn array<'a, T>(pointer: *const T, len: usize) -> Result<&'a [T], ddtrace_status> {
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    let size = len.saturating_mul(size_of::<T>());
    if size > isize::MAX.unsigned_abs() || !pointer.is_aligned() {
        return Err(DDTRACE_ERR_INVALID);
    }
    // SAFETY: not NULL, aligned, of a size that can exist, and readable by the caller's promise.
    Ok(unsafe { slice::from_raw_parts(pointer, len) })
}

/// Copies text out by the rule of `snprintf`: as much as fits into `capacity` bytes with a NUL behind it, cut between characters. Returns the
/// whole text's length without the NUL; if that is `capacity` or more, the text was cut. NULL is a buffer without capacity.
///
/// # Safety
///
/// `buffer` is NULL or points to `capacity` writable bytes.
pub unsafe fn copy_out(text: &str, buffer: *mut c_char, capacity: usize) -> usize {
    if buffer.is_null() || capacity == 0 {
        return text.len();
    }
    let mut fitting = text.len().min(capacity - 1);
    while !text.is_char_boundary(fitting) {
        fitting -= 1;
    }
    // SAFETY: `fitting + 1 <= capacity` bytes of the buffer, `fitting <= text.len()` of the text; they cannot overlap, the text is ours.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast::<u8>(), fitting);
        buffer.add(fitting).write(0);
    }
    text.len()
}

/// Copies text out, or answers `DDTRACE_ABSENT` and makes the buffer empty.
///
/// # Safety
///
/// As for [`copy_out`].
pub unsafe fn copy_out_optional(text: Option<&str>, buffer: *mut c_char, capacity: usize) -> usize {
    // SAFETY: the caller's promise.
    let len = unsafe { copy_out(text.unwrap_or_default(), buffer, capacity) };
    if text.is_some() { len } else { DDTRACE_ABSENT }
}

/// The bytes to look at, and whether they are all of the text.
unsafe fn text_bytes<'a>(pointer: *const c_char, len: usize) -> Result<(&'a [u8], bool), ddtrace_status> {
    if pointer.is_null() {
        return if len == 0 { Ok((&[], true)) } else { Err(DDTRACE_ERR_NULL) };
    }
    let len = match len {
        // SAFETY: not NULL, and ends with a NUL byte by the caller's promise; no more than the limit is read.
        DDTRACE_NTS => unsafe { libc::strnlen(pointer, TEXT_BYTES_MAX + 1) },
        _ if len > isize::MAX.unsigned_abs() => return Err(DDTRACE_ERR_INVALID),
        _ => len,
    };
    let looked_at = len.min(TEXT_BYTES_MAX);
    // SAFETY: not NULL, and readable by the caller's promise.
    let bytes = unsafe { slice::from_raw_parts(pointer.cast::<u8>(), looked_at) };
    Ok((bytes, looked_at == len))
}

/// Replaces what is not UTF-8, except for a character at the very end that only our own limit cut.
#[cold]
fn replace_invalid(bytes: &[u8], whole: bool, error: str::Utf8Error) -> Cow<'_, str> {
    if whole {
        return String::from_utf8_lossy(bytes);
    }
    if error.error_len().is_none() {
        let complete = bytes.get(..error.valid_up_to()).unwrap_or_default();
        return String::from_utf8_lossy(complete);
    }
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Cow<'_, str> {
        // SAFETY: a slice.
        unsafe { text(bytes.as_ptr().cast(), bytes.len()) }.unwrap()
    }

    #[test]
    fn valid_text_is_borrowed() {
        assert!(matches!(read("grün".as_bytes()), Cow::Borrowed("grün")));
    }

    #[test]
    fn invalid_bytes_are_replaced() {
        assert_eq!(read(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(read(b"cut \xe2\x82"), "cut \u{fffd}");
        assert_eq!(read(b"nul \0 inside"), "nul \0 inside");
    }

    #[test]
    fn null_is_empty_only_without_a_length() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert_eq!(text(ptr::null(), 0), Ok(Cow::Borrowed("")));
            assert_eq!(text(ptr::null(), 1), Err(DDTRACE_ERR_NULL));
            assert_eq!(text(ptr::null(), DDTRACE_NTS), Err(DDTRACE_ERR_NULL));
            assert_eq!(optional_text(ptr::null(), 0), Ok(None));
            assert_eq!(optional_text(ptr::null(), DDTRACE_NTS), Ok(None));
            assert_eq!(optional_text(ptr::null(), 3), Err(DDTRACE_ERR_NULL));
            assert_eq!(optional_str(ddtrace_str::NONE), Ok(None));
            assert_eq!(optional_str(ddtrace_str::new("")), Ok(Some(Cow::Borrowed(""))));
            assert_eq!(bytes(ptr::null(), 0), Ok(&[][..]));
            assert_eq!(bytes(ptr::null(), 1), Err(DDTRACE_ERR_NULL));
        }
    }

    #[test]
    fn text_ends_at_its_nul_byte_if_asked() {
        // SAFETY: a C string.
        assert_eq!(unsafe { text(c"name".as_ptr(), DDTRACE_NTS) }, Ok(Cow::Borrowed("name")));
    }

    #[test]
    fn lengths_that_cannot_be_are_invalid() {
        let one = [0_u64; 2];
        // SAFETY: refused before anything is read.
        unsafe {
            assert_eq!(text(c"x".as_ptr(), usize::MAX - 1), Err(DDTRACE_ERR_INVALID));
            assert_eq!(bytes(one.as_ptr().cast(), usize::MAX), Err(DDTRACE_ERR_INVALID));
            assert_eq!(array(one.as_ptr(), usize::MAX / 8 + 2), Err(DDTRACE_ERR_INVALID));
            assert_eq!(array(one.as_ptr().byte_add(1), 1), Err(DDTRACE_ERR_INVALID));
        }
    }

    #[test]
    fn only_so_much_of_a_text_is_looked_at() {
        let mut long = vec![b'x'; TEXT_BYTES_MAX - 1];
        long.extend_from_slice("ü and more\0".as_bytes());
        assert_eq!(read(&long).len(), TEXT_BYTES_MAX - 1);
        // SAFETY: ends with a NUL.
        let until_nul = unsafe { text(long.as_ptr().cast(), DDTRACE_NTS) }.unwrap();
        assert_eq!(until_nul.len(), TEXT_BYTES_MAX - 1);
    }

    #[test]
    fn text_goes_out_by_the_rule_of_snprintf() {
        let mut buffer = [c_char::from_ne_bytes([b'#']); 8];
        let mut out = |text: &str, capacity: usize| {
            // SAFETY: no test asks for more than the buffer has.
            let len = unsafe { copy_out(text, buffer.as_mut_ptr(), capacity) };
            let written: Vec<u8> = buffer.iter().map(|c| c.to_ne_bytes()[0]).take_while(|byte| *byte != 0).collect();
            (len, String::from_utf8(written).unwrap())
        };
        assert_eq!(out("abc", 4), (3, "abc".into()));
        assert_eq!(out("abcdef", 4), (6, "abc".into()));
        assert_eq!(out("abü", 4), (4, "ab".into()));
        assert_eq!(out("", 1), (0, String::new()));
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { copy_out("abc", ptr::null_mut(), 100) }, 3);
    }

    #[test]
    fn absent_text_empties_the_buffer() {
        let mut buffer = [c_char::from_ne_bytes([b'#']); 2];
        // SAFETY: the buffer's own size.
        let answer = unsafe { copy_out_optional(None, buffer.as_mut_ptr(), buffer.len()) };
        assert_eq!((answer, buffer[0]), (DDTRACE_ABSENT, 0));
    }
}
