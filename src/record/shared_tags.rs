//! Tags in their encoded form that many spans get as they are.

use super::msgpack::{NUMBER_SIZE, split_encoded_str};
use std::sync::atomic::{AtomicU64, Ordering};

/// One or several tags of the library, encoded once.
#[derive(Clone, Debug)]
pub struct SharedTags {
    identity: u64,
    encoded: Box<[u8]>,
    count: u32,
    bits: u64,
}

impl SharedTags {
    /// `count` tags whose keys have these filter bits (`key_bit`).
    pub fn new(encoded: Vec<u8>, count: u32, bits: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        SharedTags { identity: NEXT.fetch_add(1, Ordering::Relaxed), encoded: encoded.into(), count, bits }
    }

    /// All of these as one.
    pub fn join<'a>(all: impl Iterator<Item = &'a SharedTags>) -> Self {
        let (mut encoded, mut count, mut bits) = (Vec::new(), 0, 0);
        for tags in all {
            encoded.extend_from_slice(&tags.encoded);
            count += tags.count;
            bits |= tags.bits;
        }
        SharedTags::new(encoded, count, bits)
    }

    /// A number that no other tags have: an encoder that remembers what it made of these can recognise them by it. Never 0.
    #[inline]
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// Keys and values as MessagePack.
    #[inline]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// How many tags.
    #[inline]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The filter bits of the keys: a span whose filter has none of them has none of the keys.
    #[inline]
    pub fn bits(&self) -> u64 {
        self.bits
    }

    /// The tags one by one: key and value as MessagePack.
    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.encoded;
        std::iter::from_fn(move || {
            let (key, tail) = split_encoded_str(rest)?;
            let value_size = split_encoded_str(tail).map_or(NUMBER_SIZE, |(text, _)| text.len());
            let (tag, tail) = rest.split_at_checked(key.len() + value_size)?;
            rest = tail;
            Some(tag)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::TagEntry;
    use super::*;

    #[test]
    fn joined_tags_come_apart_again() {
        let entries = [TagEntry::text("env", "prod"), TagEntry::number("n", 1.5), TagEntry::text(&"k".repeat(40), "")];
        let all = SharedTags::join(entries.iter().map(TagEntry::shared));
        let one_by_one: Vec<&[u8]> = entries.iter().map(|entry| entry.shared().encoded()).collect();
        assert_eq!(all.each().collect::<Vec<_>>(), one_by_one);
        assert_eq!(all.encoded(), one_by_one.concat());
        assert_eq!(all.count(), 3);
        assert!(entries.iter().all(|entry| all.bits() & entry.bit() != 0 && all.identity() != entry.shared().identity()));
    }

    #[test]
    fn no_tags_join_to_nothing() {
        let none = SharedTags::join([].into_iter());
        assert_eq!((none.encoded(), none.count(), none.bits(), none.each().count()), ([].as_slice(), 0, 0, 0));
    }
}
