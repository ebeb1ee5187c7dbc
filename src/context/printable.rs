//! Text that headers carry as it is: printable ASCII.

/// The bytes as text, if all are within 0x20–0x7E. Sixteen at a time, the last ones overlapping: header values are short, and reading
/// them as UTF-8 would cost more than all else that is done with them.
#[inline]
pub(crate) fn printable(bytes: &[u8]) -> Option<&str> {
    let is_printable = match bytes.last_chunk::<16>() {
        Some(last) => {
            let (mut rest, mut all) = (bytes, are_printable(last));
            while let Some((chunk, tail)) = rest.split_first_chunk::<16>() {
                all &= are_printable(chunk);
                rest = tail;
            }
            all
        }
        None => is_short_printable(bytes),
    };
    // SAFETY: all bytes are ASCII.
    is_printable.then(|| unsafe { std::str::from_utf8_unchecked(bytes) })
}

/// Up to fifteen bytes.
#[inline]
fn is_short_printable(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return are_printable(first) & are_printable(last);
    }
    bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// Without a branch, so that it becomes one comparison of all bytes.
#[inline(always)]
fn are_printable<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(true, |all, byte| all & matches!(byte, 0x20..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_printable_bytes_are_printable() {
        for len in 0..70 {
            assert_eq!(printable(&vec![b'~'; len]), Some(&*"~".repeat(len)));
            for place in 0..len {
                for byte in 0..=255u8 {
                    let mut text = vec![b' '; len];
                    text[place] = byte;
                    let expected =
                        matches!(byte, 0x20..=0x7e).then(|| text.iter().map(|byte| char::from(*byte)).collect::<String>());
                    assert_eq!(printable(&text), expected.as_deref(), "{byte} at {place} of {len}");
                }
            }
        }
    }
}
