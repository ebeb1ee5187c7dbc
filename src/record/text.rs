//! Text on its way into a record: valid UTF-8, and never longer than the limit.

use std::borrow::Cow;

/// Longer texts are cut to [`KEPT`] characters and an ending that says so. Counted in characters.
pub const MAX_TEXT: usize = 25_000;
const KEPT: usize = 2_486;
const ENDING: &str = "<truncated>...";
/// No character takes more bytes, so a text beyond this is too long whatever it contains, and need not be looked at as a whole.
const MAX_BYTES: usize = MAX_TEXT * 4;

/// The text as a record may hold it. Borrowed, unless it had to be mended or cut.
#[inline(always)]
pub fn clean(bytes: &[u8]) -> Cow<'_, [u8]> {
    if is_plain(bytes) {
        return Cow::Borrowed(bytes);
    }
    clean_slow(bytes)
}

/// Whether a record may hold the text as it is; `false` for some texts that it may.
#[inline(always)]
pub fn is_plain(bytes: &[u8]) -> bool {
    bytes.len() <= MAX_TEXT && is_ascii(bytes)
}

/// Eight bytes at a time, the last eight overlapping, because tags are short and most are ASCII.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let Some(last) = bytes.last_chunk::<8>() else { return is_short_ascii(bytes) };
    let mut all = u64::from_le_bytes(*last);
    let mut rest = bytes;
    while let Some((eight, tail)) = rest.split_first_chunk::<8>() {
        all |= u64::from_le_bytes(*eight);
        rest = tail;
    }
    all & HIGH == 0
}

/// Up to seven bytes.
#[inline(always)]
fn is_short_ascii(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return (u32::from_le_bytes(*first) | u32::from_le_bytes(*last)) & 0x8080_8080 == 0;
    }
    bytes.iter().fold(0, |all, byte| all | byte) < 0x80
}

#[cold]
fn clean_slow(bytes: &[u8]) -> Cow<'_, [u8]> {
    // Only as much as can matter is looked at, so that a hostile gigabyte costs nothing.
    let seen = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let text = String::from_utf8_lossy(seen);
    let too_long = bytes.len() > MAX_BYTES || text.chars().nth(MAX_TEXT).is_some();
    if too_long {
        let end = text.char_indices().nth(KEPT).map_or(text.len(), |(at, _)| at);
        let mut cut = String::with_capacity(end + ENDING.len());
        cut.push_str(text.get(..end).unwrap_or_default());
        cut.push_str(ENDING);
        return Cow::Owned(cut.into_bytes());
    }
    match text {
        Cow::Borrowed(_) => Cow::Borrowed(bytes),
        Cow::Owned(mended) => Cow::Owned(mended.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_text_is_not_copied() {
        for good in ["", "a", "service", "a longer text, still ASCII", "gr\u{fc}n", "\u{1f600}"] {
            assert!(matches!(clean(good.as_bytes()), Cow::Borrowed(b) if b == good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn invalid_bytes_are_replaced_wherever_they_stand() {
        assert_eq!(&*clean(b"a\xffb"), "a\u{fffd}b".as_bytes());
        assert_eq!(&*clean(b"\xff1234567"), "\u{fffd}1234567".as_bytes());
        assert_eq!(&*clean(b"12345678901\xc3"), "12345678901\u{fffd}".as_bytes());
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let kept = "x".repeat(25_000);
        assert_eq!(&*clean(kept.as_bytes()), kept.as_bytes());
        let cut = clean("x".repeat(25_001).as_bytes()).into_owned();
        assert_eq!(cut.len(), 2_500);
        assert!(cut.ends_with(b"<truncated>..."));
    }

    #[test]
    fn the_limit_counts_characters() {
        let umlauts = "\u{fc}".repeat(25_000);
        assert_eq!(&*clean(umlauts.as_bytes()), umlauts.as_bytes());
        let cut = clean("\u{fc}".repeat(25_001).as_bytes()).into_owned();
        assert_eq!(String::from_utf8(cut).unwrap().chars().count(), 2_500);
    }
}
