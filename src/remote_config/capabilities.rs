//! What this client tells the backend that it can do: a set of numbered bits.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Remote sampling rate.
pub const APM_TRACING_SAMPLE_RATE: u8 = 12;
/// Remote switch of log correlation.
pub const APM_TRACING_LOGS_INJECTION: u8 = 13;
/// Remote header tags.
pub const APM_TRACING_HTTP_HEADER_TAGS: u8 = 14;
/// Remote tags of spans.
pub const APM_TRACING_CUSTOM_TAGS: u8 = 15;
/// Remote switch of tracing.
pub const APM_TRACING_ENABLED: u8 = 19;
/// Remote sampling rules.
pub const APM_TRACING_SAMPLE_RULES: u8 = 29;

/// The highest bit that can be told.
const HIGHEST: u8 = 63;

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(u64);

impl Capabilities {
    /// The set of these bits. `None`: one of them is 0 or above 63.
    pub fn of(bits: &[u8]) -> Option<Self> {
        let mut set = Capabilities::default();
        bits.iter().all(|bit| set.insert(*bit)).then_some(set)
    }

    /// Adds a bit. `false`: there is no such bit.
    pub fn insert(&mut self, bit: u8) -> bool {
        let is_known = (1..=HIGHEST).contains(&bit);
        if is_known {
            self.0 |= 1 << bit;
        }
        is_known
    }

    /// Both sets as one.
    pub fn union(self, other: Self) -> Self {
        Capabilities(self.0 | other.0)
    }

    /// This set without the bits of the other one.
    pub fn without(self, other: Self) -> Self {
        Capabilities(self.0 & !other.0)
    }

    /// The bits that both sets have.
    pub fn common(self, other: Self) -> Self {
        Capabilities(self.0 & other.0)
    }

    /// Whether there is no bit in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits in rising order.
    pub fn bits(self) -> impl Iterator<Item = u8> {
        (1..=HIGHEST).filter(move |bit| self.0 & (1 << bit) != 0)
    }

    /// The form in which they travel: the number in as few bytes as it needs, the highest first, in base64. The empty set is the empty text.
    pub fn encoded(self) -> String {
        let bytes = self.0.to_be_bytes();
        let used = usize::from(8 - (self.0.leading_zeros() / 8) as u8);
        BASE64_STANDARD.encode(bytes.get(bytes.len() - used..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(bits: &[u8]) -> String {
        Capabilities::of(bits).unwrap().encoded()
    }

    #[test]
    fn capabilities_travel_as_a_big_endian_number_in_base64() {
        assert_eq!(encoded(&[]), "");
        assert_eq!(encoded(&[12]), "EAA=");
        assert_eq!(encoded(&[12, 15, 19, 29]), "IAiQAA==");
        assert_eq!(encoded(&[29, 12, 13, 14, 15, 19]), "IAjwAA==");
        assert_eq!(encoded(&[63]), "gAAAAAAAAAA=");
        assert_eq!(encoded(&[7]), "gA==");
        assert_eq!(encoded(&[8]), "AQA=");
    }

    #[test]
    fn bits_that_do_not_exist_are_refused() {
        assert_eq!(Capabilities::of(&[0]), None);
        assert_eq!(Capabilities::of(&[12, 64]), None);
        assert_eq!(Capabilities::of(&[255]), None);
    }

    #[test]
    fn sets_are_put_together_and_taken_apart() {
        let (a, b) = (Capabilities::of(&[1, 12]).unwrap(), Capabilities::of(&[12, 29]).unwrap());
        assert_eq!(a.union(b).bits().collect::<Vec<_>>(), [1, 12, 29]);
        assert_eq!(a.without(b).bits().collect::<Vec<_>>(), [1]);
        assert_eq!(a.common(b).bits().collect::<Vec<_>>(), [12]);
        assert!(a.without(a).is_empty());
    }
}
