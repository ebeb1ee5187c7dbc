//! The strings of a v0.5 payload: each once, named by its place in the order in which they came.
//!
//! Texts are compared in the form in which records and payload have them, with their prefix, and stand in the payload's own buffer. Spans
//! resemble one another, so the string that was met at the same point before is tried first. If it is another, a hash table with open
//! addressing knows where it is; as its hash is no secret, a text that finds no slot near its place goes to a table with a random one.

use super::buffer::restart;
use crate::record::msgpack::split_encoded_str;
use crate::record::{same_text, text_hash};
use std::collections::HashMap;

/// The strings of a payload in the order of their indexes; the empty one is always the first.
#[derive(Default)]
pub(super) struct StringTable {
    /// The beginning of the payload: headers, then the strings.
    payload: Vec<u8>,
    strings: Vec<Place>,
    /// A power of two, and at least twice as many as strings.
    slots: Vec<Slot>,
    crowded: HashMap<Box<[u8]>, u32>,
}

/// Where a string stands in the payload, and the indexes of those that were met after it, by [`Role`].
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    len: u32,
    followers: [u32; 2],
}

/// What a string is to the one that it follows.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// The next of its sort, as one key follows another.
    Next = 0,
    /// Its value.
    Value = 1,
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
/// The payload is an array of two, of which the first is an array of strings; their number follows.
const HEADERS: [u8; 6] = [0x92, 0xdd, 0, 0, 0, 0];

impl StringTable {
    /// Forgets all strings, and keeps as much memory as they needed.
    pub(super) fn clear(&mut self) {
        let count = self.strings.len();
        self.strings.clear();
        self.strings.shrink_to(2 * count);
        let slots = (2 * count).next_power_of_two().max(FEWEST_SLOTS);
        self.slots.clear();
        self.slots.shrink_to(slots);
        self.slots.resize(slots, EMPTY);
        self.crowded = HashMap::new();
        restart(&mut self.payload);
        self.payload.extend_from_slice(&HEADERS);
        self.index(b"\xa0");
    }

    /// The index of the string at the beginning of `from`, which is met after the one with index `before`; and what is behind it. `None`:
    /// there is no string.
    #[inline(always)]
    pub(super) fn index_after<'f>(&mut self, before: u32, role: Role, from: &'f [u8]) -> Option<(u32, &'f [u8])> {
        let guess = self.strings.get(before as usize).map_or(0, |place| place.followers[role as usize]);
        if let Some(rest) = self.text(guess).and_then(|text| behind(text, from)) {
            return Some((guess, rest));
        }
        let (text, rest) = split_encoded_str(from)?;
        let index = self.index(text);
        if let Some(place) = self.strings.get_mut(before as usize) {
            place.followers[role as usize] = index;
        }
        Some((index, rest))
    }

    /// The payload, after the strings and `rest` behind them.
    pub(super) fn close(&mut self, rest: &[u8]) -> &mut Vec<u8> {
        if let Some(count) = self.payload.get_mut(2..HEADERS.len()) {
            count.copy_from_slice(&(self.strings.len() as u32).to_be_bytes());
        }
        self.payload.extend_from_slice(rest);
        &mut self.payload
    }

    /// The buffer that the payload is built in.
    pub(super) fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.payload
    }

    #[inline(always)]
    fn text(&self, index: u32) -> Option<&[u8]> {
        let place = self.strings.get(index as usize)?;
        let at = place.at as usize;
        self.payload.get(at..at + place.len as usize)
    }

    #[inline(never)]
    fn index(&mut self, text: &[u8]) -> u32 {
        let hash = (text_hash(text) >> 32) as u32;
        for at in near(hash, self.slots.len()) {
            let Some(slot) = self.slots.get(at).filter(|slot| slot.index != EMPTY.index) else { break };
            if slot.hash == hash && self.text(slot.index).is_some_and(|known| same_text(known, text)) {
                return slot.index;
            }
        }
        self.crowded.get(text).copied().unwrap_or_else(|| self.add(text, hash))
    }

    fn add(&mut self, text: &[u8], hash: u32) -> u32 {
        let index = self.strings.len() as u32;
        // What is beyond 4 GiB is not found again.
        let place = u32::try_from(self.payload.len()).ok().zip(u32::try_from(text.len()).ok());
        let (at, len) = place.unwrap_or_default();
        self.payload.extend_from_slice(text);
        self.strings.push(Place { at, len, followers: [0; 2] });
        if 2 * self.strings.len() > self.slots.len() {
            self.grow();
        }
        self.enter(Slot { hash, index });
        index
    }

    fn enter(&mut self, new: Slot) {
        for at in near(new.hash, self.slots.len()) {
            if let Some(slot) = self.slots.get_mut(at).filter(|slot| slot.index == EMPTY.index) {
                *slot = new;
                return;
            }
        }
        let text = self.text(new.index).unwrap_or_default().into();
        self.crowded.insert(text, new.index);
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![EMPTY; (2 * self.slots.len()).max(FEWEST_SLOTS)];
        let old = std::mem::replace(&mut self.slots, larger);
        old.into_iter().filter(|slot| slot.index != EMPTY.index).for_each(|slot| self.enter(slot));
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
    use crate::record::msgpack::append_str;

    fn encoded(text: &str) -> Vec<u8> {
        let mut encoded = Vec::new();
        append_str(&mut encoded, text.as_bytes());
        encoded
    }

    fn cleared() -> StringTable {
        let mut table = StringTable::default();
        table.clear();
        table
    }

    fn strings_of(table: &mut StringTable) -> Vec<String> {
        let payload = [table.close(b"").as_slice(), b"\xc0"].concat();
        let value = rmpv::decode::read_value(&mut payload.as_slice()).unwrap();
        value[0].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_string_keeps_its_index_while_the_table_grows() {
        let mut table = cleared();
        let texts: Vec<String> = (0..20_000).map(|number| "x".repeat(number % 70) + &number.to_string()).collect();
        for round in 0..2 {
            for (index, text) in (1..).zip(&texts) {
                let before = [0, index - 1, index][index as usize % 3];
                let role = [Role::Next, Role::Value][index as usize % 2];
                let from = [encoded(text), b"rest".to_vec()].concat();
                assert_eq!(table.index_after(before, role, &from), Some((index, b"rest".as_slice())), "round {round}");
            }
        }
        assert_eq!(strings_of(&mut table)[1..], texts);
        table.clear();
        assert_eq!((table.index(&encoded("other")), table.index(&encoded("x1"))), (1, 2));
    }

    #[test]
    fn a_string_is_not_taken_for_one_that_it_begins_with() {
        let mut table = cleared();
        assert_eq!(table.index_after(0, Role::Next, b"\xa3abc"), Some((1, [].as_slice())));
        assert_eq!(table.index_after(0, Role::Next, b"\xa5abcde"), Some((2, [].as_slice())));
        assert_eq!(table.index_after(0, Role::Next, b"\xa3abcde"), Some((1, b"de".as_slice())));
        for no_string in [b"\xa3ab".as_slice(), b"\xcb01234567", b""] {
            assert_eq!(table.index_after(0, Role::Next, no_string), None);
        }
    }

    #[test]
    fn texts_of_one_hash_are_told_apart_and_cost_no_more_than_a_few_looks() {
        let mut table = cleared();
        // Each as if its hash were that of all others, before and after the table grows.
        let texts: Vec<Vec<u8>> = (0..2_000).map(|number| encoded(&number.to_string())).collect();
        let indexes: Vec<u32> = texts.iter().map(|text| table.add(text, 7)).collect();
        assert_eq!(table.crowded.len(), texts.len() - NEAR);
        assert_eq!(indexes, Vec::from_iter(1..=2_000));
        for (text, index) in texts.iter().zip(indexes).skip(NEAR) {
            assert_eq!(table.index(text), index, "found where it has to be looked for last");
        }
        assert_eq!(strings_of(&mut table).len(), 2_001);
    }

    #[test]
    fn a_table_that_was_large_once_becomes_small_again() {
        let mut table = cleared();
        (0..100_000).for_each(|number| assert_eq!(table.index(&encoded(&number.to_string())), number + 1));
        let large = table.slots.capacity();
        table.clear();
        table.clear();
        assert!(large >= 200_000 && table.slots.capacity() <= 2 * FEWEST_SLOTS);
    }
}
