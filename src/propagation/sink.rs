//! Where injected headers go, and the fixed buffers in which their values are put together.

/// Takes the headers of an injection, one by one.
pub trait HeaderSink {
    /// One header. The name is lowercase, the value printable ASCII.
    fn header(&mut self, name: &str, value: &[u8]);

    /// Begins a header whose value is put together where it belongs, and gives the room that is left for that. `None`: there is none.
    fn begin(&mut self, _name: &'static str) -> Option<&mut [u8]> {
        None
    }

    /// Ends the header that was begun, with so many bytes in the room; `None`: it is left out.
    fn end(&mut self, _len: Option<usize>) {}
}

/// Gives a header whose value `write` puts together, unless that answers false. A value that has no room where it belongs is put together
/// again elsewhere.
#[inline(always)]
pub(super) fn put<S: HeaderSink + ?Sized>(sink: &mut S, name: &'static str, mut write: impl FnMut(&mut Scratch<'_>) -> bool) {
    if let Some(room) = sink.begin(name) {
        let mut value = Scratch::new(room);
        let is_wanted = write(&mut value);
        let (len, was_full) = (value.len, value.was_full);
        sink.end((is_wanted && !was_full).then_some(len));
        if !was_full {
            return;
        }
    }
    put_copied(sink, name, &mut write);
}

#[inline(never)]
fn put_copied<S: HeaderSink + ?Sized>(sink: &mut S, name: &'static str, write: &mut dyn FnMut(&mut Scratch<'_>) -> bool) {
    let mut room = [0; LONGEST_VALUE];
    let mut value = Scratch::new(&mut room);
    if write(&mut value) {
        sink.header(name, value.as_bytes());
    }
}

/// Writes `name\0value\0name\0value\0…` into a caller's buffer, as far as it reaches, and counts what is needed.
#[derive(Debug)]
pub struct BufferSink<'a> {
    buffer: &'a mut [u8],
    needed: usize,
    /// Where the value of the header that was begun stands.
    value_at: usize,
}

impl<'a> BufferSink<'a> {
    /// A sink for `buffer`, which may be empty, to learn what is needed.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        BufferSink { buffer, needed: 0, value_at: 0 }
    }

    /// How many bytes all headers need. If that is more than the buffer has, only its beginning was written.
    pub fn needed(&self) -> usize {
        self.needed
    }

    #[cold]
    fn put_beginning(&mut self, pieces: [&[u8]; 4]) {
        let rest = self.buffer.get_mut(self.needed..).unwrap_or_default();
        rest.iter_mut().zip(pieces.into_iter().flatten()).for_each(|(place, byte)| *place = *byte);
    }
}

impl HeaderSink for BufferSink<'_> {
    // Where the name is a constant, so is the way in which it is copied.
    #[inline(always)]
    fn header(&mut self, name: &str, value: &[u8]) {
        let len = name.len() + value.len() + 2;
        if let Some(place) = self.buffer.get_mut(self.needed..self.needed + len) {
            let (name_place, place) = place.split_at_mut(name.len());
            copy(name_place, name.as_bytes());
            let (separator, place) = place.split_at_mut(1);
            copy(separator, b"\0");
            let (value_place, end) = place.split_at_mut(value.len());
            copy(value_place, value);
            copy(end, b"\0");
        } else {
            self.put_beginning([name.as_bytes(), b"\0", value, b"\0"]);
        }
        self.needed += len;
    }

    #[inline(always)]
    fn begin(&mut self, name: &'static str) -> Option<&mut [u8]> {
        let value_at = self.needed + name.len() + 1;
        let place = self.buffer.get_mut(self.needed..value_at)?;
        let (name_place, separator) = place.split_at_mut(name.len());
        copy(name_place, name.as_bytes());
        copy(separator, b"\0");
        self.value_at = value_at;
        // A NUL follows the value.
        let end = self.buffer.len().saturating_sub(1).min(value_at + LONGEST_VALUE);
        self.buffer.get_mut(value_at..end)
    }

    #[inline(always)]
    fn end(&mut self, len: Option<usize>) {
        let Some(len) = len else { return };
        if let Some(end) = self.buffer.get_mut(self.value_at + len) {
            *end = 0;
            self.needed = self.value_at + len + 1;
        }
    }
}

/// The longest of the values that are put together piece by piece, a tracestate.
const LONGEST_VALUE: usize = 816;

/// What a piece can be appended to.
pub(super) trait Push {
    /// Appends `piece`; false, and nothing changed, if it does not fit.
    fn push(&mut self, piece: &[u8]) -> bool;
}

/// A header value under construction, in room that somebody else has.
pub(super) struct Scratch<'a> {
    room: &'a mut [u8],
    len: usize,
    /// Whether something did not fit.
    was_full: bool,
}

impl<'a> Scratch<'a> {
    /// An empty one.
    #[inline]
    pub(super) fn new(room: &'a mut [u8]) -> Self {
        Scratch { room, len: 0, was_full: false }
    }

    /// Appends `piece`; false, and nothing changed, if it does not fit.
    #[inline]
    pub(super) fn push(&mut self, piece: &[u8]) -> bool {
        let end = self.len + piece.len();
        let Some(place) = self.room.get_mut(self.len..end) else {
            self.was_full = true;
            return false;
        };
        copy(place, piece);
        self.len = end;
        true
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Forgets everything after the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// What was appended.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or_default()
    }
}

impl Push for Scratch<'_> {
    #[inline]
    fn push(&mut self, piece: &[u8]) -> bool {
        Scratch::push(self, piece)
    }
}

impl<const N: usize> Push for ValueBuffer<N> {
    #[inline]
    fn push(&mut self, piece: &[u8]) -> bool {
        ValueBuffer::push(self, piece)
    }
}

/// A header value under construction, of at most `N` bytes, on the stack.
pub(super) struct ValueBuffer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> ValueBuffer<N> {
    /// An empty one.
    pub(super) fn new() -> Self {
        ValueBuffer { bytes: [0; N], len: 0 }
    }

    /// Appends `piece`; false, and nothing changed, if it does not fit.
    #[inline]
    pub(super) fn push(&mut self, piece: &[u8]) -> bool {
        let end = self.len + piece.len();
        let Some(place) = self.bytes.get_mut(self.len..end) else { return false };
        copy(place, piece);
        self.len = end;
        true
    }

    /// What was appended.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Copies between slices of the same length. Most are short, and a call of `memcpy` would cost more than they do: two pieces
/// that may overlap make up any length between their own and its double. Three comparisons find the size of the pieces.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    let len = from.len();
    if len >= 8 {
        if len > 32 {
            to.copy_from_slice(from);
        } else if len >= 16 {
            copy_both_ends::<16>(to, from);
        } else {
            copy_both_ends::<8>(to, from);
        }
    } else if len >= 4 {
        copy_both_ends::<4>(to, from);
    } else if len >= 2 {
        copy_both_ends::<2>(to, from);
    } else {
        copy_both_ends::<1>(to, from);
    }
}

#[inline(always)]
fn copy_both_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(place), Some(piece)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
        *place = *piece;
    }
    if let (Some(place), Some(piece)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        *place = *piece;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_holds_names_and_values_with_their_nul() {
        let mut buffer = [0xff; 16];
        let mut sink = BufferSink::new(&mut buffer);
        sink.header("b3", b"1-2");
        sink.header("a", b"");
        assert_eq!(sink.needed(), 10);
        assert_eq!(&buffer[..11], b"b3\x001-2\0a\0\0\xff");
    }

    #[test]
    fn a_small_buffer_is_filled_and_the_need_counted() {
        let mut buffer = [0xff; 5];
        let mut sink = BufferSink::new(&mut buffer);
        sink.header("b3", b"1-2");
        sink.header("baggage", b"k=v");
        assert_eq!(sink.needed(), 7 + 12);
        assert_eq!(&buffer, b"b3\x001-");
        let mut sink = BufferSink::new(&mut []);
        sink.header("b3", b"1-2");
        assert_eq!(sink.needed(), 7);
    }

    #[test]
    fn a_value_is_put_together_in_place_or_beside_if_there_is_no_room() {
        for size in 0..40 {
            for is_wanted in [true, false] {
                let mut buffer = vec![0xff; size];
                let mut sink = BufferSink::new(&mut buffer);
                sink.header("a", b"1");
                put(&mut sink, "name", |value| value.push(b"piece") && value.push(b",another") && is_wanted);
                sink.header("b", b"2");
                let whole: &[u8] = if is_wanted { b"a\x001\0name\0piece,another\0b\x002\0" } else { b"a\x001\0b\x002\0" };
                assert_eq!(sink.needed(), whole.len(), "{size}");
                if size >= whole.len() {
                    assert_eq!(&buffer[..whole.len()], whole, "{size}");
                }
            }
        }
    }

    #[test]
    fn copies_of_every_length_are_exact() {
        let from: Vec<u8> = (0..100).collect();
        for len in 0..from.len() {
            let mut to = vec![0xff; len];
            copy(&mut to, &from[..len]);
            assert_eq!(to, from[..len]);
        }
    }

    #[test]
    fn a_value_never_holds_half_a_piece() {
        let mut value = ValueBuffer::<4>::new();
        assert!(value.push(b"abc") && !value.push(b"de") && value.push(b"d") && !value.push(b"e"));
        assert_eq!(value.as_bytes(), b"abcd");
        let mut room = [0xff; 4];
        let mut value = Scratch::new(&mut room);
        assert!(value.push(b"abc") && !value.was_full);
        assert!(!value.push(b"de") && value.was_full);
        assert!(value.push(b"d"));
        value.truncate(2);
        assert_eq!((value.as_bytes(), value.len()), (&b"ab"[..], 2));
    }
}
