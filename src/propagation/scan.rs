//! Scanning header values eight bytes at a time. Most values have some twenty to sixty bytes in pieces of a few: too short
//! for the general searches to pay.

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x80 * ONES;

/// Where `byte` first is.
#[inline]
pub(super) fn find(text: &[u8], byte: u8) -> Option<usize> {
    let (mut rest, mut passed) = (text, 0);
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let found = zero_bytes(u64::from_le_bytes(*chunk) ^ (ONES * u64::from(byte)));
        if found != 0 {
            return Some(passed + found.trailing_zeros() as usize / 8);
        }
        (rest, passed) = (tail, passed + 8);
    }
    rest.iter().position(|present| *present == byte).map(|place| passed + place)
}

/// The pieces between separators, at least one.
pub(super) fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = find(text, separator);
        rest = end.and_then(|end| text.get(end + 1..));
        Some(end.and_then(|end| text.get(..end)).unwrap_or(text))
    })
}

/// Whether all bytes are within 0x20–0x7E.
#[inline]
pub(super) fn is_printable(text: &[u8]) -> bool {
    let (mut rest, mut others) = (text, 0);
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        others |= unprintable(u64::from_le_bytes(*chunk));
        rest = tail;
    }
    others == 0 && rest.iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// Not zero if any of eight bytes is outside 0x20–0x7E.
fn unprintable(bytes: u64) -> u64 {
    let below = bytes.wrapping_sub(0x20 * ONES) & !bytes;
    (below | bytes | zero_bytes(bytes ^ (0x7f * ONES))) & TOPS
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
                for byte in [0, b',', b';', 0x7f, 0x80, 0xff] {
                    let mut text = vec![byte ^ 1; len];
                    text[place..].fill(byte);
                    assert_eq!(find(&text, byte), Some(place));
                }
            }
            assert_eq!(find(&vec![b'x'; len], b','), None);
        }
    }

    #[test]
    fn pieces_are_those_of_the_general_split() {
        for text in ["", ",", "a", "a,", ",a", "a,,b", "one,a much longer piece,three", "12345678,12345678,"] {
            let pieces: Vec<&[u8]> = split(text.as_bytes(), b',').collect();
            let expected: Vec<&[u8]> = text.split(',').map(str::as_bytes).collect();
            assert_eq!(pieces, expected, "{text}");
        }
    }

    #[test]
    fn only_printable_bytes_are_printable() {
        for len in [1, 7, 8, 9, 16, 20] {
            for place in 0..len {
                for byte in 0..=255u8 {
                    let mut text = vec![b'~'; len];
                    text[place] = byte;
                    assert_eq!(is_printable(&text), matches!(byte, 0x20..=0x7e), "{byte} at {place} of {len}");
                }
            }
        }
        assert!(is_printable(b""));
    }
}
