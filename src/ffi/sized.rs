//! Structs that begin with their own size, so that they can grow without a new ABI.
//!
//! The rule is that of `openat2(2)`: a struct that is shorter than the library's was written for an older header, and the fields that it
//! lacks are zero, which is always their default. A longer one was written for a newer header; it is accepted if all that the library does
//! not know is zero, and refused otherwise, because the program would believe that something was done which was not.

use std::mem::MaybeUninit;
use std::{ptr, slice};

use super::exporter_callbacks::ddtrace_exporter_callbacks;
use super::processor::ddtrace_processor_callbacks;
use super::remote_config::ddtrace_rc_callbacks;
use super::status::{DDTRACE_ERR_INVALID, DDTRACE_ERR_NULL, DDTRACE_ERR_UNSUPPORTED, ddtrace_status};
use super::types::{
    ddtrace_counters, ddtrace_endpoint, ddtrace_integration, ddtrace_link, ddtrace_span_end_options, ddtrace_span_options,
    ddtrace_telemetry_stats,
};

/// A size beyond this one is garbage, not a struct of a later version.
const LARGEST: usize = 4096;

/// The bytes of the size itself: the least that a struct can have.
const PREFIX: usize = size_of::<usize>();

/// A struct that begins with its size.
///
/// # Safety
///
/// The type is `repr(C)`, its first field is `struct_size: usize`, and any bytes make a valid value of it, zeroes among them.
pub unsafe trait SizePrefixed: Copy {}

// SAFETY: integers, raw pointers and `ddtrace_str` only, after the size.
unsafe impl SizePrefixed for ddtrace_link {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_span_options {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_span_end_options {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_counters {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_integration {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_endpoint {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_telemetry_stats {}
// SAFETY: pointers to functions only, after the size; those that are not NULL are the caller's promise.
unsafe impl SizePrefixed for ddtrace_processor_callbacks {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_exporter_callbacks {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_rc_callbacks {}

/// Reads a struct that the caller must give: NULL is `DDTRACE_ERR_NULL`.
///
/// # Safety
///
/// `pointer` is NULL, or points to as many readable bytes as the size there says.
pub unsafe fn read<T: SizePrefixed>(pointer: *const T) -> Result<T, ddtrace_status> {
    // SAFETY: the caller's promise.
    unsafe { read_optional(pointer) }?.ok_or(DDTRACE_ERR_NULL)
}

/// Reads a struct that may be NULL.
///
/// # Safety
///
/// As for [`read`].
#[inline]
pub unsafe fn read_optional<T: SizePrefixed>(pointer: *const T) -> Result<Option<T>, ddtrace_status> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, and the size stands first; alignment is not relied on.
    let size = unsafe { pointer.cast::<usize>().read_unaligned() };
    if size == size_of::<T>() {
        // SAFETY: the caller's promise: that many bytes, and any bytes are a value.
        return Ok(Some(unsafe { pointer.read_unaligned() }));
    }
    // SAFETY: the caller's promise.
    unsafe { read_other(pointer, size) }.map(Some)
}

/// Reads a struct of an older or a newer header.
#[cold]
unsafe fn read_other<T: SizePrefixed>(pointer: *const T, size: usize) -> Result<T, ddtrace_status> {
    check_size(size)?;
    if size > size_of::<T>() {
        // SAFETY: the caller promises `size` bytes; what is beyond the known ones starts there.
        let unknown = unsafe { slice::from_raw_parts(pointer.cast::<u8>().add(size_of::<T>()), size - size_of::<T>()) };
        if unknown.iter().any(|byte| *byte != 0) {
            return Err(DDTRACE_ERR_UNSUPPORTED);
        }
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: both sides have that many bytes and do not overlap; zeroes or any other bytes are a value.
    unsafe {
        ptr::copy_nonoverlapping(pointer.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>()));
        Ok(value.assume_init())
    }
}

/// Lends a struct that may be NULL: the caller's own if it has this library's size, else a copy made in `place`.
///
/// # Safety
///
/// As for [`read`]; the caller's struct outlives the loan.
#[inline(always)]
pub unsafe fn lend_optional<T: SizePrefixed>(pointer: *const T, place: &mut Option<T>) -> Result<Option<&T>, ddtrace_status> {
    // SAFETY: the size stands first; the caller's promise.
    if !pointer.is_null() && pointer.is_aligned() && unsafe { pointer.cast::<usize>().read() } == size_of::<T>() {
        // SAFETY: as above; any bytes make a valid value.
        return Ok(Some(unsafe { &*pointer }));
    }
    // SAFETY: passed on.
    *place = unsafe { read_optional(pointer) }?;
    Ok(place.as_ref())
}

/// Fills the caller's struct, as much of it as the caller's header knows. Fields that only the caller knows become zero; its size stays.
///
/// # Safety
///
/// `out` is NULL, or points to as many writable bytes as the size there says.
pub unsafe fn write<T: SizePrefixed>(out: *mut T, value: &T) -> Result<(), ddtrace_status> {
    if out.is_null() {
        return Err(DDTRACE_ERR_NULL);
    }
    // SAFETY: not NULL, and the size stands first.
    let size = unsafe { out.cast::<usize>().read_unaligned() };
    check_size(size)?;
    let known = size.min(size_of::<T>());
    // SAFETY: `PREFIX <= known <= size`, the caller promises `size` bytes, and `value` has at least `known`.
    unsafe {
        let (from, to) = (ptr::from_ref(value).cast::<u8>(), out.cast::<u8>());
        ptr::copy_nonoverlapping(from.add(PREFIX), to.add(PREFIX), known - PREFIX);
        ptr::write_bytes(to.add(known), 0, size - known);
    }
    Ok(())
}

fn check_size(size: usize) -> Result<(), ddtrace_status> {
    if (PREFIX..=LARGEST).contains(&size) {
        return Ok(());
    }
    Err(DDTRACE_ERR_INVALID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::types::ddtrace_str;

    /// A later version of the counters.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Newer {
        known: ddtrace_counters,
        later: u64,
    }

    fn newer(later: u64) -> Newer {
        let known =
            ddtrace_counters { struct_size: size_of::<Newer>(), spans_started: 7, buffered_bytes: 9, ..Default::default() };
        Newer { known, later }
    }

    fn read_counters<T>(source: &T) -> Result<ddtrace_counters, ddtrace_status> {
        // SAFETY: each test passes as many bytes as its size field says, or a size that is refused before it is used.
        unsafe { read(ptr::from_ref(source).cast::<ddtrace_counters>()) }
    }

    #[test]
    fn same_size_is_read_as_it_is() {
        let given = ddtrace_counters { struct_size: size_of::<ddtrace_counters>(), spans_sent: 3, ..Default::default() };
        assert_eq!(read_counters(&given), Ok(given));
    }

    #[test]
    fn fields_that_a_shorter_struct_lacks_are_zero() {
        let mut given = newer(0).known;
        given.struct_size = 16;
        let read = read_counters(&given).unwrap();
        assert_eq!((read.spans_started, read.buffered_bytes), (7, 0));
    }

    #[test]
    fn longer_struct_passes_only_with_zeroes_beyond_the_known() {
        assert_eq!(read_counters(&newer(0)).map(|counters| counters.buffered_bytes), Ok(9));
        assert_eq!(read_counters(&newer(1)), Err(DDTRACE_ERR_UNSUPPORTED));
    }

    #[test]
    fn sizes_that_no_struct_has_are_invalid() {
        for size in [0, 1, PREFIX - 1, LARGEST + 1, usize::MAX] {
            let given = ddtrace_counters { struct_size: size, ..Default::default() };
            assert_eq!(read_counters(&given), Err(DDTRACE_ERR_INVALID), "size {size}");
        }
    }

    #[test]
    fn null_is_an_error_only_where_the_struct_is_required() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert_eq!(read::<ddtrace_counters>(ptr::null()), Err(DDTRACE_ERR_NULL));
            assert_eq!(read_optional::<ddtrace_counters>(ptr::null()), Ok(None));
        }
    }

    #[test]
    fn unaligned_structs_are_read() {
        let mut bytes = vec![0_u8; size_of::<ddtrace_span_options>() + 1];
        bytes[1..=PREFIX].copy_from_slice(&size_of::<ddtrace_span_options>().to_ne_bytes());
        // SAFETY: the bytes are there.
        let read = unsafe { read(bytes.as_ptr().add(1).cast::<ddtrace_span_options>()) }.unwrap();
        assert_eq!(read.name.len, ddtrace_str::NONE.len);
    }

    #[test]
    fn writing_respects_the_callers_size() {
        let value = ddtrace_counters { struct_size: 1, spans_started: 5, spans_finished: 6, ..Default::default() };
        let mut old = ddtrace_counters { struct_size: 16, spans_finished: 100, ..Default::default() };
        let mut new = newer(8);
        // SAFETY: both are as large as they say, the first one larger.
        unsafe {
            assert_eq!(write(&raw mut old, &value), Ok(()));
            assert_eq!(write((&raw mut new).cast::<ddtrace_counters>(), &value), Ok(()));
            assert_eq!(write(ptr::null_mut(), &value), Err(DDTRACE_ERR_NULL));
        }
        assert_eq!((old.struct_size, old.spans_started, old.spans_finished), (16, 5, 100));
        assert_eq!((new.known.struct_size, new.known.spans_finished, new.later), (size_of::<Newer>(), 6, 0));
    }
}
