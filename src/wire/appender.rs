//! Appending to a payload in many short steps.
//!
//! A `Vec` reads and writes its length with every step and calls `memcpy` for every text. Here the place to write at and the end of the
//! room stay in registers, and short texts are copied in place.

use super::added_tags::TagSink;
use crate::record::{SHORT, SharedTags, copy_short};

/// Appends to a buffer, whose length is right again when this is dropped.
pub(super) struct Appender<'a> {
    buffer: &'a mut Vec<u8>,
    /// Everything in front of it is written; in the buffer's memory, and not behind `end`.
    at: *mut u8,
    /// The end of the buffer's memory.
    end: *mut u8,
}

/// A map whose size is not known yet.
pub(super) struct OpenMap {
    size_at: usize,
}

impl<'a> Appender<'a> {
    #[inline(always)]
    pub(super) fn new(buffer: &'a mut Vec<u8>) -> Self {
        let (at, end) = room_of(buffer);
        Appender { buffer, at, end }
    }

    /// Appends bytes of fixed number, and returns where they stand now.
    #[inline(always)]
    pub(super) fn bytes<const N: usize>(&mut self, bytes: &[u8; N]) -> &mut [u8; N] {
        self.named(bytes, &[])
    }

    /// Appends the first `len` of these bytes, or all.
    #[inline(always)]
    pub(super) fn beginning<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        self.make_room(N);
        // SAFETY: there is room for all of them; those that are appended are written.
        unsafe {
            self.at.cast::<[u8; N]>().write(*bytes);
            self.at = self.at.add(len.min(N));
        }
    }

    /// Appends a text or a run, which is short as a rule.
    #[inline(always)]
    pub(super) fn text(&mut self, text: &[u8]) {
        self.named(&[], text);
    }

    /// Appends an encoded key, or what else goes in front, and a value. Returns where the key stands now.
    #[inline(always)]
    pub(super) fn named<const N: usize>(&mut self, key: &[u8; N], value: &[u8]) -> &mut [u8; N] {
        self.make_room(N + value.len());
        let place = self.at.cast::<[u8; N]>();
        // SAFETY: there is room for both; what is behind the buffer's length is not borrowed by anybody, so the value is elsewhere.
        unsafe {
            place.write(*key);
            let to = self.at.add(N);
            if value.len() > SHORT {
                std::ptr::copy_nonoverlapping(value.as_ptr(), to, value.len());
            } else {
                copy_short(to, value);
            }
            self.at = to.add(value.len());
            &mut *place
        }
    }

    /// Appends the header of a map of up to 65,535 entries, and what goes in front of it: `front` ends with 0xde and two bytes for the
    /// size. Returns where `front` stands now, too.
    #[inline(always)]
    pub(super) fn begin_map<const N: usize>(&mut self, front: &[u8; N]) -> (OpenMap, &mut [u8; N]) {
        let size_at = self.len() + N - 2;
        (OpenMap { size_at }, self.bytes(front))
    }

    /// Says the size of a map that [`Appender::begin_map`] began. A span is limited so that it cannot have 65,536 tags.
    #[inline(always)]
    pub(super) fn end_map(&mut self, map: OpenMap, count: u32) {
        self.overwrite(map.size_at, u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
    }

    /// Replaces what was appended when the length was `at`.
    #[inline(always)]
    pub(super) fn overwrite<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        assert!(at + N <= self.len());
        // SAFETY: these bytes are among those that are written, and nobody else refers to them.
        unsafe { self.buffer.as_mut_ptr().add(at).cast::<[u8; N]>().write(bytes) };
    }

    /// Takes back what was appended since the length was `len`.
    #[cold]
    pub(super) fn take_back_to(&mut self, len: usize) {
        self.set_len();
        self.buffer.truncate(len);
        (self.at, self.end) = room_of(self.buffer);
    }

    /// For what is rare: appends by other means.
    #[cold]
    pub(super) fn with_vec(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.set_len();
        // If `append` panics, what is left behind is an empty buffer, and the place in that.
        let mut buffer = std::mem::take(self.buffer);
        (self.at, self.end) = room_of(self.buffer);
        append(&mut buffer);
        *self.buffer = buffer;
        (self.at, self.end) = room_of(self.buffer);
    }

    /// Length of the buffer so far.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.at.addr() - self.buffer.as_ptr().addr()
    }

    /// Everything that is in the buffer.
    #[inline(always)]
    pub(super) fn written(&self) -> &[u8] {
        // SAFETY: everything in front of `at` is written, and nothing is appended while the result is in use.
        unsafe { std::slice::from_raw_parts(self.buffer.as_ptr(), self.len()) }
    }

    /// What was appended since the length was `start`.
    pub(super) fn since(&mut self, start: usize) -> &[u8] {
        self.set_len();
        self.buffer.get(start..).unwrap_or_default()
    }

    #[inline(always)]
    fn set_len(&mut self) {
        let len = self.len();
        // SAFETY: everything in front of `at` is written.
        unsafe { self.buffer.set_len(len) };
    }

    #[inline(always)]
    fn make_room(&mut self, len: usize) {
        if self.end.addr() - self.at.addr() < len {
            let written = self.len();
            (self.at, self.end) = grow(self.buffer, written, len);
        }
    }
}

impl TagSink for Appender<'_> {
    #[inline(always)]
    fn tag(&mut self, encoded: &[u8]) {
        self.text(encoded);
    }

    #[inline(always)]
    fn shared(&mut self, tags: &SharedTags) {
        self.text(tags.encoded());
    }
}

impl Drop for Appender<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.set_len();
    }
}

/// Where the next byte goes, and where the room ends.
#[inline(always)]
fn room_of(buffer: &mut Vec<u8>) -> (*mut u8, *mut u8) {
    let room = buffer.spare_capacity_mut().as_mut_ptr_range();
    (room.start.cast(), room.end.cast())
}

/// Takes values and returns them, because what a call has the address of does not stay in registers.
#[cold]
fn grow(buffer: &mut Vec<u8>, written: usize, more: usize) -> (*mut u8, *mut u8) {
    // SAFETY: the caller wrote this much, within the buffer's memory.
    unsafe { buffer.set_len(written) };
    buffer.reserve(more);
    room_of(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_stands_there_whatever_the_room() {
        for room in 0..120 {
            let mut buffer = Vec::with_capacity(room);
            buffer.push(b'.');
            let mut expected = vec![b'.'];
            let mut to = Appender::new(&mut buffer);
            for len in 0..100 {
                let text: Vec<u8> = (0..len).collect();
                to.named(b"key", &text);
                expected.extend_from_slice(&[b"key", &text[..]].concat());
            }
            to.bytes(b"12")[0] = b'0';
            to.with_vec(|buffer| buffer.extend_from_slice(b"rare"));
            to.text(b"end");
            expected.extend_from_slice(b"02rareend");
            drop(to);
            assert!(buffer == expected, "room {room}");
        }
    }

    #[test]
    fn what_was_appended_can_be_read_changed_and_taken_back() {
        let mut buffer = b"front".to_vec();
        let mut to = Appender::new(&mut buffer);
        to.text(b" and back");
        to.beginning(b"?????", 0);
        to.beginning(b"!?", 1);
        to.beginning(b"!", 9);
        to.overwrite(0, *b"F");
        assert_eq!(to.written(), b"Front and back!!");
        to.take_back_to(6);
        to.text(b"end");
        assert_eq!((to.written(), to.len()), (b"Front end".as_slice(), 9));
        drop(to);
        assert_eq!(buffer, b"Front end");
    }

    #[test]
    fn a_panic_leaves_an_empty_buffer() {
        let mut buffer = b"lost".to_vec();
        let append = std::panic::AssertUnwindSafe(|| Appender::new(&mut buffer).with_vec(|_| panic!("inside")));
        assert!(std::panic::catch_unwind(append).is_err());
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_map_s_size_follows_later() {
        let mut buffer = Vec::new();
        let mut to = Appender::new(&mut buffer);
        let (map, front) = to.begin_map(b"\xa1?\xde\0\0");
        front[1] = b'm';
        (0..1_000).for_each(|_| to.text(b"\xa1k\xa1v"));
        to.end_map(map, 1_000);
        let (too_many, _) = to.begin_map(b"\xde\0\0");
        to.end_map(too_many, 1 << 16);
        drop(to);
        assert_eq!(buffer[..5], *b"\xa1m\xde\x03\xe8");
        assert_eq!(buffer[4_005..], [0xde, 0xff, 0xff]);
    }
}
