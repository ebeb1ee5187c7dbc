//! Scanning header values eight bytes at a time. Most values have some twenty to sixty bytes in pieces of a few: too short
//! for the general searches to pay.

use std::ops::Range;

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x80 * ONES;

/// Where one of some characters is first, at `start` or behind; the text's length if there is none. NUL is not looked for.
#[inline(always)]
pub(super) fn find_any<const N: usize>(text: &[u8], start: usize, wanted: [u8; N]) -> usize {
    let find = |word: u64| {
        let found = wanted.iter().fold(0, |found, byte| found | zero_bytes(word ^ (ONES * u64::from(*byte))));
        (found != 0).then(|| found.trailing_zeros() as usize / 8)
    };
    let Some(rest) = text.get(start..) else { return text.len() };
    let mut place = start;
    let mut words = rest.chunks_exact(8);
    for word in &mut words {
        if let Some(found) = find(u64::from_le_bytes(word.try_into().unwrap_or_default())) {
            return place + found;
        }
        place += 8;
    }
    find(last_word(text, words.remainder())).map_or(text.len(), |found| place + found)
}

/// The places of the pieces between separators, at least one.
#[inline(always)]
pub(super) fn split(text: &[u8], separator: u8) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        // Behind the last piece it is beyond the end, not at it.
        let start = Some(next).filter(|next| *next <= text.len())?;
        let end = find_any(text, start, [separator]);
        next = end + 1;
        Some(start..end)
    })
}

/// The end of a text, less than eight bytes, as a word: the first byte lowest, zeros behind the last.
#[inline(always)]
fn last_word(text: &[u8], end: &[u8]) -> u64 {
    match text.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last).checked_shr(64 - 8 * end.len() as u32).unwrap_or(0),
        None => end.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The top bit of the first zero byte, and perhaps of later ones; 0 if there is none.
fn zero_bytes(bytes: u64) -> u64 {
    bytes.wrapping_sub(ONES) & !bytes & TOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for len in 0..40 {
            for place in 0..len {
                for byte in [1, b',', b';', 0x7f, 0x80, 0xff] {
                    let mut text = vec![byte ^ 1; len];
                    text[place..].fill(byte);
                    for start in 0..len {
                        assert_eq!(find_any(&text, start, [byte]), place.max(start));
                    }
                }
            }
            for start in 0..len + 10 {
                assert_eq!(find_any(&vec![b'x'; len], start, [b',', b'=']), len);
            }
        }
    }

    #[test]
    fn the_first_of_several_characters_is_found() {
        for len in 0..30 {
            for place in 0..len {
                let mut text = vec![b'x'; len];
                for (index, byte) in b":;:".iter().cycle().enumerate().take(len - place) {
                    text[place + index] = *byte;
                    assert_eq!(find_any(&text, 0, [b':', b';', b'=']), place);
                    assert_eq!(find_any(&text, place + index, [b';', b':']), place + index);
                }
            }
        }
    }

    #[test]
    fn pieces_are_those_of_the_general_split() {
        for text in ["", ",", "a", "a,", ",a", "a,,b", "one,a much longer piece,three", "12345678,12345678,"] {
            let pieces: Vec<&str> = split(text.as_bytes(), b',').map(|place| &text[place]).collect();
            assert_eq!(pieces, text.split(',').collect::<Vec<_>>(), "{text}");
        }
    }
}
