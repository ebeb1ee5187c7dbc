//! Copies and comparisons of short texts. A call of `memcpy` or `memcmp` costs more than most tags are long.

/// The most that [`copy_short`] copies.
pub const SHORT: usize = 32;
/// The high bit of each byte; ASCII has none.
pub const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Copies `from` to the beginning of `to`, which must be as long at least.
#[inline(always)]
pub fn copy_text(to: &mut [u8], from: &[u8]) {
    assert!(to.len() >= from.len());
    if from.len() > SHORT {
        to[..from.len()].copy_from_slice(from);
        return;
    }
    // SAFETY: just asserted; a shared and an exclusive reference do not overlap.
    unsafe { copy_short(to.as_mut_ptr(), from) };
}

/// Makes room for `more` bytes, and calls nobody where there is some.
#[inline(always)]
pub fn make_room(to: &mut Vec<u8>, more: usize) {
    if to.capacity() - to.len() < more {
        to.reserve(more);
    }
}

/// Appends a text or a run, which is short as a rule.
#[inline(always)]
pub fn append_text(to: &mut Vec<u8>, from: &[u8]) {
    if from.len() > SHORT {
        to.extend_from_slice(from);
        return;
    }
    make_room(to, SHORT);
    // SAFETY: there is room; a shared and an exclusive reference do not overlap.
    unsafe {
        copy_short(to.as_mut_ptr().add(to.len()), from);
        to.set_len(to.len() + from.len());
    }
}

/// Whether two texts are the same.
#[inline(always)]
pub fn same_text(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && match one.len() {
            8..=16 => ends::<8>(one) == ends::<8>(other),
            4..=7 => ends::<4>(one) == ends::<4>(other),
            17..=32 => ends::<16>(one) == ends::<16>(other),
            _ => one == other,
        }
}

/// The first and the last `N` bytes, which overlap in a short text.
#[inline(always)]
fn ends<const N: usize>(text: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    Some((text.first_chunk()?, text.last_chunk()?))
}

/// Copies `from` to `to`, and returns all its bytes or-ed together in some way that keeps their high bits.
///
/// # Safety
/// `from` has [`SHORT`] bytes at most; `to` is writable for its length, and they do not overlap.
#[inline(always)]
pub unsafe fn copy_short(to: *mut u8, from: &[u8]) -> u64 {
    let len = from.len();
    let from = from.as_ptr();
    // SAFETY: by the contract. Each width is copied from both ends, overlapping in the middle, only where `len` is that width at least.
    // Most texts have eight bytes or more, so that is asked first.
    unsafe {
        if len >= 8 {
            if len <= 16 {
                let (front, back) = both_ends::<u64>(to, from, len);
                return front | back;
            }
            let (front, back) = both_ends::<u128>(to, from, len);
            let all = front | back;
            return all as u64 | (all >> 64) as u64;
        }
        if len >= 4 {
            let (front, back) = both_ends::<u32>(to, from, len);
            return u64::from(front | back);
        }
        if len == 0 {
            return 0;
        }
        let (first, middle, last) = (*from, *from.add(len / 2), *from.add(len - 1));
        *to = first;
        *to.add(len / 2) = middle;
        *to.add(len - 1) = last;
        u64::from(first | middle | last)
    }
}

/// # Safety
/// Both are readable or writable for `len` bytes, which is the size of `W` at least.
#[inline(always)]
unsafe fn both_ends<W: Copy>(to: *mut u8, from: *const u8, len: usize) -> (W, W) {
    let last = len - size_of::<W>();
    // SAFETY: by the contract.
    unsafe {
        let (front, back) = (from.cast::<W>().read_unaligned(), from.add(last).cast::<W>().read_unaligned());
        to.cast::<W>().write_unaligned(front);
        to.add(last).cast::<W>().write_unaligned(back);
        (front, back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_copied_and_nothing_beyond() {
        for len in 0..100 {
            let from: Vec<u8> = (0..len as u8).collect();
            let mut to = vec![0xff; len + 1];
            copy_text(&mut to, &from);
            assert_eq!(to[..len], from[..]);
            assert_eq!(to[len], 0xff);
            append_text(&mut to, &from);
            assert_eq!(to[len + 1..], from[..]);
        }
    }

    #[test]
    fn texts_are_the_same_if_every_byte_is() {
        for len in 0..100 {
            let one: Vec<u8> = (0..len as u8).collect();
            assert!(same_text(&one, &one.clone()));
            assert!(!same_text(&one, &[&one[..], b"x"].concat()));
            for at in 0..len {
                let mut other = one.clone();
                other[at] ^= 0x80;
                assert!(!same_text(&one, &other), "{at} of {len}");
            }
        }
    }

    #[test]
    fn a_high_bit_is_seen_wherever_it_stands() {
        for len in 0..=SHORT {
            let mut text = vec![0x7f; len];
            let mut to = [0; SHORT];
            // SAFETY: short enough, and there is room.
            let mut is_ascii = |text: &[u8]| unsafe { copy_short(to.as_mut_ptr(), text) } & HIGH_BITS == 0;
            assert!(is_ascii(&text));
            for at in 0..len {
                text[at] = 0x80;
                assert!(!is_ascii(&text), "{at} of {len}");
                text[at] = 0;
            }
        }
    }
}
