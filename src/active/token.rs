//! Tokens: what `activate` gives out and `restore` takes back.
//!
//! A token has the number of its slot (27 bits) above a count within the slot (26 bits), so that a token of another slot, another thread
//! or another provider is told apart without a table. It fits the 53 bits of a JavaScript number and is never 0. Both parts begin
//! again after their last value, by which time a forgotten token is long out of reach.

use std::sync::atomic::{AtomicU64, Ordering};

const COUNT_BITS: u32 = 26;
const NUMBER_BITS: u32 = 27;

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// Makes the tokens of one slot.
#[derive(Debug)]
pub struct Tokens {
    number: u64,
    count: u64,
}

impl Tokens {
    /// Those of a new slot.
    pub fn new() -> Self {
        Tokens { number: NUMBERS.fetch_add(1, Ordering::Relaxed) & mask(NUMBER_BITS), count: 0 }
    }

    /// The next one.
    pub fn draw(&mut self) -> u64 {
        self.count = (self.count + 1) & mask(COUNT_BITS);
        // The number alone may be 0 after it began again.
        ((self.number << COUNT_BITS) | self.count).max(1)
    }
}

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_all_slots_differ_and_fit_53_bits() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let mut tokens = Tokens::new();
            assert!((0..100).all(|_| seen.insert(tokens.draw())));
        }
        assert!(seen.iter().all(|token| *token > 0 && *token < 1 << 53));
    }

    #[test]
    fn a_count_that_begins_again_keeps_to_its_bits() {
        let mut tokens = Tokens { number: 5, count: mask(COUNT_BITS) };
        assert_eq!(tokens.draw(), 5 << COUNT_BITS);
        assert_eq!(tokens.draw(), (5 << COUNT_BITS) + 1);
        let mut last = Tokens { number: 0, count: mask(COUNT_BITS) };
        assert_eq!(last.draw(), 1);
    }
}
