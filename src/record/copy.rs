//! Copies of short texts. A call of `memcpy` costs more than most tags are long.

/// Copies `from` to the beginning of `to`, which must be as long at least.
#[inline(always)]
pub fn copy_text(to: &mut [u8], from: &[u8]) {
    assert!(to.len() >= from.len());
    // SAFETY: just asserted; a shared and an exclusive reference do not overlap.
    unsafe { copy_to(to.as_mut_ptr(), from) };
}

/// Copies `from` to `to`.
///
/// # Safety
/// `to` is writable for the length of `from`, and they do not overlap.
#[inline(always)]
pub unsafe fn copy_to(to: *mut u8, from: &[u8]) {
    let len = from.len();
    let from = from.as_ptr();
    // SAFETY: by the contract. Each width is copied from both ends, overlapping in the middle, only where `len` is that width at least.
    unsafe {
        match len {
            0 => {}
            1..=3 => {
                *to = *from;
                *to.add(len / 2) = *from.add(len / 2);
                *to.add(len - 1) = *from.add(len - 1);
            }
            4..=7 => both_ends::<u32>(to, from, len),
            8..=16 => both_ends::<u64>(to, from, len),
            17..=32 => both_ends::<u128>(to, from, len),
            _ => std::ptr::copy_nonoverlapping(from, to, len),
        }
    }
}

/// # Safety
/// Both are readable or writable for `len` bytes, which is the size of `W` at least.
#[inline(always)]
unsafe fn both_ends<W: Copy>(to: *mut u8, from: *const u8, len: usize) {
    let last = len - size_of::<W>();
    // SAFETY: by the contract.
    unsafe {
        let (front, back) = (from.cast::<W>().read_unaligned(), from.add(last).cast::<W>().read_unaligned());
        to.cast::<W>().write_unaligned(front);
        to.add(last).cast::<W>().write_unaligned(back);
    }
}

#[cfg(test)]
mod tests {
    use super::copy_text;

    #[test]
    fn every_length_is_copied_and_nothing_beyond() {
        for len in 0..100 {
            let from: Vec<u8> = (0..len as u8).collect();
            let mut to = vec![0xff; len + 1];
            copy_text(&mut to, &from);
            assert_eq!(to[..len], from[..]);
            assert_eq!(to[len], 0xff);
        }
    }
}
