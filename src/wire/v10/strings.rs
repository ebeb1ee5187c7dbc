//! Strings of the stream: as text when they are new, by their id afterwards.

use super::Out;
use super::memo::Memo;
use super::promoted::{self, Shared, TAGS};
use crate::record::msgpack::append_str;
use crate::wire::remembered::Remembered;
use crate::wire::string_table::{Role, StringTable};

/// Index of the empty string. Those in front of it are the promoted tags, whose keys are never sent but come before values and other keys.
pub(super) const EMPTY: u32 = TAGS as u32;
/// What a string is said to follow that follows nothing in particular.
pub(super) const NOTHING: u32 = EMPTY;

/// The strings of a payload.
#[derive(Default)]
pub(super) struct Strings {
    pub(super) table: StringTable,
    pub(super) remembered: Remembered<Shared>,
    pub(super) memo: Memo,
    /// Values of promoted tags of the present span that were not sent yet.
    pub(super) new_values: [Vec<u8>; TAGS],
    scratch: Vec<u8>,
}

/// Values may be long now and then; what is kept for the next one is this.
const KEPT_BYTES: usize = 4096;

impl Strings {
    /// A payload begins.
    pub(super) fn clear(&mut self) {
        self.table.clear(EMPTY);
        self.remembered.clear();
        self.memo.clear();
        for buffer in self.new_values.iter_mut().chain([&mut self.scratch]) {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
    }
}

impl Out<'_> {
    /// The string at the beginning of `from`, which is met after the one with index `before`. Returns its index, and the rest.
    #[inline(always)]
    pub(super) fn string<'f>(&mut self, before: u32, role: Role, from: &'f [u8]) -> Option<(u32, &'f [u8])> {
        match self.strings.table.expected(self.to.written(), before, role, from) {
            Some((index, rest)) => {
                self.id(index);
                Some((index, rest))
            }
            None => self.other_string(before, role, from),
        }
    }

    /// One that was not met here before.
    #[inline(never)]
    pub(super) fn other_string<'f>(&mut self, before: u32, role: Role, from: &'f [u8]) -> Option<(u32, &'f [u8])> {
        let (found, text, rest) = self.strings.table.find(self.to.written(), from)?;
        if found.is_new {
            self.to.text(text);
        } else {
            self.id(found.index);
        }
        // What follows as a key is not asked whether it is promoted, so no promoted one may be among those.
        if role == Role::Value || promoted::of_key(text).is_none() {
            self.strings.table.follow(before, role, found.index);
        }
        Some((found.index, rest))
    }

    /// A text that has no prefix yet.
    pub(super) fn plain_string(&mut self, text: &str) {
        let mut encoded = std::mem::take(&mut self.strings.scratch);
        encoded.clear();
        append_str(&mut encoded, text.as_bytes());
        self.string(NOTHING, Role::Value, &encoded);
        self.strings.scratch = encoded;
    }

    /// The id of a string that was sent.
    #[inline(always)]
    pub(super) fn id(&mut self, index: u32) {
        match index.wrapping_sub(EMPTY) {
            id @ 0..=0x7f => {
                self.to.bytes(&[id as u8]);
            }
            _ => self.long_id(index),
        }
    }

    #[inline(never)]
    fn long_id(&mut self, index: u32) {
        let (bytes, len) = id_bytes(index);
        self.to.text(bytes.get(..len as usize).unwrap_or_default());
    }
}

/// The id of a string as it is written, and how many bytes it takes.
pub(super) fn id_bytes(index: u32) -> ([u8; 5], u8) {
    let id = index.wrapping_sub(EMPTY);
    let [first, second, third, fourth] = id.to_be_bytes();
    match id {
        0..=0x7f => ([fourth, 0, 0, 0, 0], 1),
        0x80..=0xff => ([0xcc, fourth, 0, 0, 0], 2),
        0x100..=0xffff => ([0xcd, third, fourth, 0, 0], 3),
        _ => ([0xce, first, second, third, fourth], 5),
    }
}
