//! Baggage: pairs that the application hands along with a trace, in the order in which they were first set.
//!
//! Follows W3C Baggage in what it holds (any text for key and value); how it is written into headers is
//! [`crate::propagation`]'s matter. Limits: 4096 items and 1 MiB of text, so that a loop in the application cannot eat the
//! host's memory. Headers carry far less (64 items and 8 KiB unless configured otherwise).

use super::text_range::{TextRange, recycle, recycle_text};

const MAX_ITEMS: usize = 4096;
const MAX_TEXT: usize = 1 << 20;
const KEPT_TEXT: usize = 16 * 1024;
const KEPT_ITEMS: usize = 256;

/// An ordered map of text.
#[derive(Clone, Debug, Default)]
pub struct Baggage {
    /// Keys and values of all items, one after the other.
    text: String,
    items: Vec<Item>,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    key: TextRange,
    value: TextRange,
}

impl Baggage {
    /// No items.
    pub const fn new() -> Self {
        Baggage { text: String::new(), items: Vec::new() }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.items.iter().find(|item| item.key.of(&self.text) == key).map(|item| item.value.of(&self.text))
    }

    /// Sets `key`, in place if it is there already. False if the key is empty or the limits would be exceeded; nothing is
    /// changed then.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        let old = self.position(key);
        if key.is_empty() || !self.has_room(old, key, value) {
            return false;
        }
        let key_range = TextRange::push(&mut self.text, key);
        let item = Item { key: key_range, value: TextRange::push(&mut self.text, value) };
        match old.and_then(|index| self.items.get_mut(index)) {
            Some(place) => {
                let gone = std::mem::replace(place, item);
                self.cut(gone);
            }
            None => self.items.push(item),
        }
        true
    }

    /// Removes `key`; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Some(index) = self.position(key) else { return false };
        let gone = self.items.remove(index);
        self.cut(gone);
        true
    }

    /// Removes everything; memory of a usual size is kept for the next use.
    pub fn clear(&mut self) {
        recycle_text(&mut self.text, KEPT_TEXT);
        recycle(&mut self.items, KEPT_ITEMS);
    }

    /// All items in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.items.iter().map(|item| (item.key.of(&self.text), item.value.of(&self.text)))
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.items.iter().position(|item| item.key.of(&self.text) == key)
    }

    fn has_room(&self, old: Option<usize>, key: &str, value: &str) -> bool {
        let freed = old.and_then(|index| self.items.get(index)).map_or(0, |item| item.key.len() + item.value.len());
        let added = key.len().saturating_add(value.len());
        let has_place = old.is_some() || self.items.len() < MAX_ITEMS;
        has_place && (self.text.len() - freed).saturating_add(added) <= MAX_TEXT
    }

    /// Takes an item's text out; key and value lie side by side.
    fn cut(&mut self, gone: Item) {
        let gap = TextRange::new(gone.key.start(), gone.key.len() + gone.value.len());
        self.text.drain(gap.start()..gap.end());
        for item in &mut self.items {
            item.key.close_gap(gap);
            item.value.close_gap(gap);
        }
    }
}

impl PartialEq for Baggage {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(baggage: &Baggage) -> Vec<(&str, &str)> {
        baggage.iter().collect()
    }

    #[test]
    fn keeps_insertion_order_and_replaces_in_place() {
        let mut baggage = Baggage::default();
        assert!(baggage.set("a", "1") && baggage.set("b", "2") && baggage.set("c", "3"));
        assert!(baggage.set("b", "a much longer value") && baggage.set("a", ""));
        assert_eq!(items(&baggage), [("a", ""), ("b", "a much longer value"), ("c", "3")]);
        assert_eq!(baggage.get("b"), Some("a much longer value"));
        assert_eq!(baggage.get("d"), None);
    }

    #[test]
    fn removal_closes_the_gap() {
        let mut baggage = Baggage::default();
        for (key, value) in [("ä", "ö"), ("b", "2"), ("c", "3")] {
            assert!(baggage.set(key, value));
        }
        assert!(baggage.remove("ä"));
        assert!(!baggage.remove("ä"));
        assert_eq!(items(&baggage), [("b", "2"), ("c", "3")]);
        baggage.clear();
        assert!(baggage.is_empty() && baggage.get("b").is_none());
    }

    #[test]
    fn replacing_for_ever_does_not_grow() {
        let mut baggage = Baggage::default();
        assert!(baggage.set("first", "x"));
        for round in 0..10_000 {
            assert!(baggage.set("key", &round.to_string()));
        }
        assert_eq!(items(&baggage), [("first", "x"), ("key", "9999")]);
        assert!(baggage.text.len() < 32);
    }

    #[test]
    fn refuses_what_exceeds_the_limits() {
        let mut baggage = Baggage::default();
        assert!(!baggage.set("", "value"));
        assert!(!baggage.set("big", &"x".repeat(MAX_TEXT)));
        for index in 0..MAX_ITEMS {
            assert!(baggage.set(&index.to_string(), ""));
        }
        assert!(!baggage.set("one too many", ""));
        assert!(baggage.set("7", "still replaced"));
        assert_eq!(baggage.len(), MAX_ITEMS);
    }

    #[test]
    fn equality_is_of_contents_and_order() {
        let mut left = Baggage::default();
        let mut right = Baggage::default();
        assert!(left.set("a", "0") && left.set("b", "2") && left.set("a", "1"));
        assert!(right.set("a", "1") && right.set("b", "2"));
        assert_eq!(left, right);
        assert!(right.remove("a") && right.set("a", "1"));
        assert_ne!(left, right);
    }
}
