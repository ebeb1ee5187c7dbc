//! Which strings a payload has already: each is sent once and named by its place in the order in which they came.
//!
//! Texts are compared in the form in which records and payload have them, with their prefix, and stand in the buffer that the encoder
//! writes them to. Spans resemble one another, so the string that was met at the same point before is tried first. If it is another, a
//! hash table with open addressing knows where it is; as its hash is no secret, a text that finds no slot near its place goes to a table
//! with a random one.

use crate::record::msgpack::split_encoded_str;
use crate::record::{same_text, text_hash};
use std::collections::HashMap;

/// The strings of a payload in the order of their indexes. The first ones are reserved: they are nothing that a text could be found by,
/// but may be followed; the last of them is the empty string.
#[derive(Default)]
pub(super) struct StringTable {
    strings: Vec<Place>,
    /// A power of two, and at least twice as many as strings.
    slots: Vec<Slot>,
    crowded: HashMap<Box<[u8]>, u32>,
    empty: u32,
}

/// Where a string stands in the payload, and the indexes of those that were met after it, by [`Role`].
#[derive(Clone, Copy, Default)]
struct Place {
    at: u32,
    len: u32,
    followers: [u32; 2],
}

/// What a string is to the one that it follows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    /// The next of its sort, as one key follows another.
    Next = 0,
    /// Its value.
    Value = 1,
}

/// A string that was looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// Its index.
    pub(super) index: u32,
    /// It was not there, and has to be written to the end of the texts now.
    pub(super) is_new: bool,
}

/// A string of this hash.
#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    index: u32,
}

const EMPTY: Slot = Slot { hash: 0, index: u32::MAX };
/// So many slots, from the one that its hash names, may have a string.
const NEAR: usize = 16;
const FEWEST_SLOTS: usize = 1024;

impl StringTable {
    /// Forgets all strings but the empty one, which gets the index `empty`, and keeps as much memory as they needed.
    pub(super) fn clear(&mut self, empty: u32) {
        let count = self.strings.len();
        self.strings.clear();
        self.strings.shrink_to(2 * count);
        self.strings.resize(empty as usize + 1, Place::default());
        self.empty = empty;
        let slots = (2 * count).next_power_of_two().max(FEWEST_SLOTS);
        self.slots.clear();
        self.slots.shrink_to(slots);
        self.slots.resize(slots, EMPTY);
        self.crowded = HashMap::new();
    }

    /// How many strings there are, with the reserved ones.
    pub(super) fn len(&self) -> usize {
        self.strings.len()
    }

    /// The string that was met after the one with index `before`, if `from` begins with it; and what is behind it.
    #[inline(always)]
    pub(super) fn expected<'f>(&self, texts: &[u8], before: u32, role: Role, from: &'f [u8]) -> Option<(u32, &'f [u8])> {
        let guess = self.strings.get(before as usize)?.followers[role as usize];
        let rest = behind(self.text(texts, guess)?, from)?;
        Some((guess, rest))
    }

    /// Looks for the string at the beginning of `from`. Returns also its text, and what is behind it. `None`: there is no string.
    #[inline]
    pub(super) fn find<'f>(&mut self, texts: &[u8], from: &'f [u8]) -> Option<(Found, &'f [u8], &'f [u8])> {
        let (text, rest) = split_encoded_str(from)?;
        Some((self.index(texts, text), text, rest))
    }

    /// Remembers what was met.
    #[inline]
    pub(super) fn follow(&mut self, before: u32, role: Role, index: u32) {
        if let Some(place) = self.strings.get_mut(before as usize) {
            place.followers[role as usize] = index;
        }
    }

    #[inline(always)]
    fn text<'t>(&self, texts: &'t [u8], index: u32) -> Option<&'t [u8]> {
        let place = self.strings.get(index as usize)?;
        let at = place.at as usize;
        texts.get(at..at + place.len as usize)
    }

    #[inline(never)]
    fn index(&mut self, texts: &[u8], text: &[u8]) -> Found {
        // Without anything behind the prefix.
        if text.len() <= 1 {
            return Found { index: self.empty, is_new: false };
        }
        let hash = (text_hash(text) >> 32) as u32;
        for at in near(hash, self.slots.len()) {
            let Some(slot) = self.slots.get(at).filter(|slot| slot.index != EMPTY.index) else { break };
            if slot.hash == hash && self.text(texts, slot.index).is_some_and(|known| same_text(known, text)) {
                return Found { index: slot.index, is_new: false };
            }
        }
        match self.crowded.get(text) {
            Some(index) => Found { index: *index, is_new: false },
            None => Found { index: self.add(texts, text, hash), is_new: true },
        }
    }

    fn add(&mut self, texts: &[u8], text: &[u8], hash: u32) -> u32 {
        let index = self.strings.len() as u32;
        // What is beyond 4 GiB is not found again.
        let place = u32::try_from(texts.len()).ok().zip(u32::try_from(text.len()).ok());
        let (at, len) = place.unwrap_or_default();
        self.strings.push(Place { at, len, followers: [0; 2] });
        if 2 * self.strings.len() > self.slots.len() {
            self.grow(texts);
        }
        if !self.enter(Slot { hash, index }) {
            self.crowded.insert(text.into(), index);
        }
        index
    }

    /// `false`: all slots are taken that it may have.
    fn enter(&mut self, new: Slot) -> bool {
        for at in near(new.hash, self.slots.len()) {
            if let Some(slot) = self.slots.get_mut(at).filter(|slot| slot.index == EMPTY.index) {
                *slot = new;
                return true;
            }
        }
        false
    }

    #[cold]
    fn grow(&mut self, texts: &[u8]) {
        let larger = vec![EMPTY; (2 * self.slots.len()).max(FEWEST_SLOTS)];
        let old = std::mem::replace(&mut self.slots, larger);
        for slot in old.into_iter().filter(|slot| slot.index != EMPTY.index) {
            if !self.enter(slot) {
                let text = self.text(texts, slot.index).unwrap_or_default().into();
                self.crowded.insert(text, slot.index);
            }
        }
    }
}

/// What is behind the string in `from`, if that begins with it. A prefix says the length, so whatever begins with all bytes of a string
/// begins with that string.
#[inline(always)]
fn behind<'f>(string: &[u8], from: &'f [u8]) -> Option<&'f [u8]> {
    let (text, rest) = from.split_at_checked(string.len())?;
    (!string.is_empty() && same_text(string, text)).then_some(rest)
}

/// The slots that a string of this hash may have.
fn near(hash: u32, slots: usize) -> impl Iterator<Item = usize> {
    (0..NEAR).map(move |step| (hash as usize).wrapping_add(step) & slots.wrapping_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::msgpack::{append_str, split_str};

    /// A table and the texts of its strings, one after another.
    #[derive(Default)]
    struct Kept {
        table: StringTable,
        texts: Vec<u8>,
    }

    impl Kept {
        fn new(empty: u32) -> Self {
            let mut kept = Kept::default();
            kept.table.clear(empty);
            kept
        }

        fn index(&mut self, from: &[u8]) -> Option<u32> {
            let (found, text, _) = self.table.find(&self.texts, from)?;
            if found.is_new {
                self.texts.extend_from_slice(text);
            }
            Some(found.index)
        }

        fn index_after<'f>(&mut self, before: u32, role: Role, from: &'f [u8]) -> Option<(u32, &'f [u8])> {
            if let Some(seen) = self.table.expected(&self.texts, before, role, from) {
                return Some(seen);
            }
            let index = self.index(from)?;
            self.table.follow(before, role, index);
            Some((index, split_encoded_str(from)?.1))
        }

        fn strings(&self) -> Vec<String> {
            let mut rest = self.texts.as_slice();
            std::iter::from_fn(|| {
                let (text, tail) = split_str(rest)?;
                rest = tail;
                Some(String::from_utf8(text.to_vec()).unwrap())
            })
            .collect()
        }
    }

    fn encoded(text: &str) -> Vec<u8> {
        let mut encoded = Vec::new();
        append_str(&mut encoded, text.as_bytes());
        encoded
    }

    #[test]
    fn a_string_keeps_its_index_while_the_table_grows() {
        let mut kept = Kept::new(0);
        let texts: Vec<String> = (0..20_000).map(|number| "x".repeat(number % 70) + &number.to_string()).collect();
        for round in 0..2 {
            for (index, text) in (1..).zip(&texts) {
                let before = [0, index - 1, index][index as usize % 3];
                let role = [Role::Next, Role::Value][index as usize % 2];
                let from = [encoded(text), b"rest".to_vec()].concat();
                assert_eq!(kept.index_after(before, role, &from), Some((index, b"rest".as_slice())), "round {round}");
            }
        }
        assert_eq!(kept.strings(), texts);
        kept.table.clear(0);
        kept.texts.clear();
        assert_eq!((kept.index(&encoded("other")), kept.index(&encoded("x1"))), (Some(1), Some(2)));
    }

    #[test]
    fn a_string_is_not_taken_for_one_that_it_begins_with() {
        let mut kept = Kept::new(0);
        assert_eq!(kept.index_after(0, Role::Next, b"\xa3abc"), Some((1, [].as_slice())));
        assert_eq!(kept.index_after(0, Role::Next, b"\xa5abcde"), Some((2, [].as_slice())));
        assert_eq!(kept.index_after(0, Role::Next, b"\xa3abcde"), Some((1, b"de".as_slice())));
        for no_string in [b"\xa3ab".as_slice(), b"\xcb01234567", b""] {
            assert_eq!(kept.index_after(0, Role::Next, no_string), None);
        }
    }

    #[test]
    fn reserved_strings_are_followed_but_not_found() {
        let mut kept = Kept::new(4);
        assert_eq!(kept.index(b"\xa3abc"), Some(5));
        for reserved in 0..=4 {
            assert_eq!(
                kept.index_after(reserved, Role::Value, b"\xa0."),
                Some((4, b".".as_slice())),
                "the empty string is the last"
            );
            assert_eq!(kept.index_after(reserved, Role::Value, b"\xa3abc"), Some((5, [].as_slice())));
            assert_eq!(kept.table.expected(&kept.texts, reserved, Role::Value, b"\xa3abc"), Some((5, [].as_slice())));
        }
        assert_eq!((kept.table.len(), kept.strings()), (6, vec!["abc".to_owned()]));
    }

    #[test]
    fn texts_of_one_hash_are_told_apart_and_cost_no_more_than_a_few_looks() {
        let mut kept = Kept::new(0);
        // Each as if its hash were that of all others, before and after the table grows.
        let texts: Vec<Vec<u8>> = (0..2_000).map(|number| encoded(&number.to_string())).collect();
        let mut indexes = Vec::new();
        for text in &texts {
            indexes.push(kept.table.add(&kept.texts, text, 7));
            kept.texts.extend_from_slice(text);
        }
        assert_eq!(kept.table.crowded.len(), texts.len() - NEAR);
        assert_eq!(indexes, Vec::from_iter(1..=2_000));
        for (text, index) in texts.iter().zip(indexes).skip(NEAR) {
            assert_eq!(kept.index(text), Some(index), "found where it has to be looked for last");
        }
        assert_eq!(kept.strings().len(), 2_000);
    }

    #[test]
    fn a_table_that_was_large_once_becomes_small_again() {
        let mut kept = Kept::new(0);
        (0..100_000).for_each(|number| assert_eq!(kept.index(&encoded(&number.to_string())), Some(number + 1)));
        let large = kept.table.slots.capacity();
        kept.table.clear(0);
        kept.table.clear(0);
        assert!(large >= 200_000 && kept.table.slots.capacity() <= 2 * FEWEST_SLOTS);
    }
}
