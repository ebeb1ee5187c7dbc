//! What pieces of records became in this payload: the fields of a span, or one tag. A piece that comes again is recognised by one
//! comparison, and copied in one go.
//!
//! Only pieces whose strings all had ids already are kept, so what is there once takes no room. After each piece stands the one that came
//! after it last time, which is the only one that is tried.

use crate::record::same_text;

/// The pieces of a payload.
pub(super) struct Memo {
    texts: Vec<u8>,
    pieces: Vec<Piece>,
    /// Pieces by the indexes of their strings.
    by_strings: [u32; TAG_PLACES],
    fields: [Fields; FIELDS_PLACES],
}

/// What a tag became.
#[derive(Clone, Copy, Default)]
pub(super) struct Piece {
    at: u32,
    len: u32,
    /// The piece that came next last time.
    pub(super) next: u32,
    /// Indexes of key and value; those of promoted keys are below that of the empty string.
    pub(super) key: u32,
    value: u32,
    pub(super) bytes: Bytes,
}

/// Bytes on the wire.
#[derive(Clone, Copy, Default)]
pub(super) struct Bytes {
    pub(super) all: [u8; MOST_BYTES],
    pub(super) len: u8,
}

/// What the fields of a span became that are strings.
#[derive(Clone, Copy, Default)]
pub(super) struct Fields {
    /// The library's tags, whose service stands in for one that is not given; 0 while the place is free.
    library: u64,
    lens: [u32; 4],
    at: u32,
    len: u32,
    /// Index of the name.
    pub(super) name: u32,
    /// The piece after which the first tag comes.
    pub(super) piece: u32,
    pub(super) bytes: [u8; 2 * MOST_BYTES],
    pub(super) bytes_len: u8,
    /// How many fields.
    pub(super) entries: u8,
}

/// Of a tag: two ids of three bytes, and a type.
pub(super) const MOST_BYTES: usize = 8;
/// Powers of two.
const TAG_PLACES: usize = 2048;
const FIELDS_PLACES: usize = 128;
/// With more, a payload has too little in common to gain anything.
const MOST_TEXT: usize = 256 * 1024;

impl Default for Memo {
    fn default() -> Self {
        Memo { texts: Vec::new(), pieces: Vec::new(), by_strings: [0; TAG_PLACES], fields: [Fields::default(); FIELDS_PLACES] }
    }
}

impl Memo {
    /// A payload begins.
    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.pieces.clear();
        self.pieces.push(Piece::default());
        self.by_strings = [0; TAG_PLACES];
        self.fields = [Fields::default(); FIELDS_PLACES];
    }

    /// The piece that came after this one last time.
    #[inline(always)]
    pub(super) fn after(&self, before: u32) -> u32 {
        self.pieces.get(before as usize).map_or(0, |piece| piece.next)
    }

    /// This piece and what is behind it, if `from` begins with it.
    #[inline(always)]
    pub(super) fn begins<'f>(&self, number: u32, from: &'f [u8]) -> Option<(&Piece, &'f [u8])> {
        let piece = self.pieces.get(number as usize)?;
        let at = piece.at as usize;
        let text = self.texts.get(at..at + piece.len as usize)?;
        let (same, rest) = from.split_at_checked(text.len())?;
        // The prefixes of key and value say their lengths, so what begins with all bytes of a tag begins with that tag.
        (!text.is_empty() && same_text(text, same)).then_some((piece, rest))
    }

    /// A tag came after the piece `before`, all of whose strings had ids. Returns its number.
    pub(super) fn met(&mut self, before: u32, strings: (u32, u32), text: &[u8], bytes: Bytes) -> u32 {
        let number = self.number(strings, text, bytes);
        if let Some(before) = self.pieces.get_mut(before as usize) {
            before.next = number;
        }
        number
    }

    /// The number that stands for a tag of this key, or a span of this name, which is not kept itself: for what comes after it.
    pub(super) fn any(&mut self, string: u32) -> u32 {
        self.number((string, u32::MAX), &[], Bytes::default())
    }

    fn number(&mut self, strings: (u32, u32), text: &[u8], bytes: Bytes) -> u32 {
        let place = (strings.0.wrapping_mul(31) ^ strings.1) as usize % TAG_PLACES;
        let known = self.by_strings[place];
        if known != 0 {
            let is_same = self.pieces.get(known as usize).is_some_and(|piece| (piece.key, piece.value) == strings);
            return if is_same { known } else { 0 };
        }
        let Some((at, len)) = self.keep(text) else { return 0 };
        let number = self.pieces.len() as u32;
        self.pieces.push(Piece { at, len, next: 0, key: strings.0, value: strings.1, bytes });
        self.by_strings[place] = number;
        number
    }

    /// Fields that were met before, with these lengths.
    #[inline(always)]
    pub(super) fn fields(&self, library: u64, lens: &[u32; 4], run: &[u8]) -> Option<&Fields> {
        let fields = &self.fields[place_of(lens, run)];
        let text = self.texts.get(fields.at as usize..(fields.at + fields.len) as usize)?;
        (fields.library == library && fields.lens == *lens && same_text(text, run)).then_some(fields)
    }

    /// Keeps fields whose strings all had ids.
    pub(super) fn put_fields(&mut self, library: u64, lens: &[u32; 4], run: &[u8], mut fields: Fields) {
        let Some((at, len)) = self.keep(run) else { return };
        (fields.library, fields.lens, fields.at, fields.len) = (library, *lens, at, len);
        self.fields[place_of(lens, run)] = fields;
    }

    fn keep(&mut self, text: &[u8]) -> Option<(u32, u32)> {
        let at = self.texts.len();
        if at + text.len() > MOST_TEXT {
            return None;
        }
        self.texts.extend_from_slice(text);
        Some((at as u32, text.len() as u32))
    }
}

#[inline(always)]
fn place_of(lens: &[u32; 4], run: &[u8]) -> usize {
    let end = run.last_chunk::<8>().map_or(0, |end| u64::from_le_bytes(*end));
    let lens = u64::from(lens[0]) ^ (u64::from(lens[1]) << 16) ^ (u64::from(lens[2]) << 32) ^ (u64::from(lens[3]) << 48);
    ((end ^ lens).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % FIELDS_PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleared() -> Memo {
        let mut memo = Memo::default();
        memo.clear();
        memo
    }

    fn bytes(text: &[u8]) -> Bytes {
        let mut all = [0; MOST_BYTES];
        all[..text.len()].copy_from_slice(text);
        Bytes { all, len: text.len() as u8 }
    }

    fn seen<'f>(memo: &Memo, before: u32, from: &'f [u8]) -> Option<(u32, [u8; MOST_BYTES], &'f [u8])> {
        let next = memo.after(before);
        memo.begins(next, from).map(|(piece, rest)| (next, piece.bytes.all, rest))
    }

    #[test]
    fn a_tag_is_expected_after_the_one_that_it_came_after() {
        let mut memo = cleared();
        assert_eq!(seen(&memo, 0, b"\xa1k\xa1v"), None);
        let first = memo.met(0, (10, 11), b"\xa1k\xa1v", bytes(b"one"));
        let second = memo.met(first, (12, 13), b"\xa1l\xa1v", bytes(b"two"));
        assert_eq!(seen(&memo, 0, b"\xa1k\xa1v."), Some((first, bytes(b"one").all, b".".as_slice())));
        assert_eq!(seen(&memo, first, b"\xa1l\xa1v"), Some((second, bytes(b"two").all, b"".as_slice())));
        for other in [b"\xa1k\xa2vv".as_slice(), b"\xa1k", b""] {
            assert_eq!(seen(&memo, 0, other), None);
        }
        assert_eq!(memo.met(second, (10, 11), b"\xa1k\xa1v", bytes(b"one")), first, "it is there once");
        assert_eq!(seen(&memo, second, b"\xa1k\xa1v"), Some((first, bytes(b"one").all, b"".as_slice())));
        memo.clear();
        assert_eq!(seen(&memo, 0, b"\xa1k\xa1v"), None);
    }

    #[test]
    fn what_finds_no_place_is_not_expected_and_takes_no_room() {
        let mut memo = cleared();
        for value in 0..1_000_000 {
            memo.met(0, (7, value), &[b'x'; 1000], bytes(b"b"));
        }
        assert!(memo.pieces.len() <= TAG_PLACES + 1 && memo.texts.len() <= MOST_TEXT);
        let any = memo.any(9);
        assert_eq!(memo.any(9), any);
        assert_eq!(seen(&memo, any, &[b'x'; 1000]), None);
    }

    #[test]
    fn fields_are_those_of_their_lengths_and_library() {
        let mut memo = cleared();
        let known = Fields { name: 5, entries: 3, ..Fields::default() };
        memo.put_fields(1, &[0, 3, 4, 0], b"\xa2op\xa3res", known);
        let name = |memo: &Memo, library, lens, run: &[u8]| memo.fields(library, &lens, run).map(|fields| fields.name);
        assert_eq!(name(&memo, 1, [0, 3, 4, 0], b"\xa2op\xa3res"), Some(5));
        assert_eq!(name(&memo, 2, [0, 3, 4, 0], b"\xa2op\xa3res"), None);
        assert_eq!(name(&memo, 1, [3, 0, 4, 0], b"\xa2op\xa3res"), None);
        assert_eq!(name(&memo, 1, [0, 3, 4, 0], b"\xa2oq\xa3res"), None);
        for number in 0..100_000_u32 {
            memo.put_fields(1, &[0, 4, 0, 0], &number.to_be_bytes(), known);
        }
        assert!(memo.texts.len() <= MOST_TEXT);
    }
}
