//! A tag of the library whose value is another one from chunk to chunk, though seldom: its encoded form is kept for the next.

use crate::record::key_bit;
use crate::record::msgpack::{append_str, encode_f64};

/// One such tag, with the value that it had last.
pub(super) struct ChangingTag {
    key: &'static str,
    bit: u64,
    key_size: usize,
    encoded: Vec<u8>,
    /// What the value was made of; `None` before the first.
    made_of: Option<u64>,
}

impl ChangingTag {
    pub(super) fn new(key: &'static str) -> Self {
        let mut encoded = Vec::new();
        append_str(&mut encoded, key.as_bytes());
        ChangingTag { key, bit: key_bit(key.as_bytes()), key_size: encoded.len(), encoded, made_of: None }
    }

    pub(super) fn key(&self) -> &'static str {
        self.key
    }

    /// The key's filter bit.
    pub(super) fn bit(&self) -> u64 {
        self.bit
    }

    /// The tag as MessagePack with the text that `text` makes of `made_of`.
    pub(super) fn text<T: AsRef<[u8]>>(&mut self, made_of: u64, text: impl FnOnce() -> T) -> &[u8] {
        self.value(made_of, |encoded| append_str(encoded, text().as_ref()))
    }

    /// The tag as MessagePack with this number.
    pub(super) fn number(&mut self, number: f64) -> &[u8] {
        self.value(number.to_bits(), |encoded| encoded.extend_from_slice(&encode_f64(number)))
    }

    #[inline]
    fn value(&mut self, made_of: u64, append: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        if self.made_of != Some(made_of) {
            self.encoded.truncate(self.key_size);
            append(&mut self.encoded);
            self.made_of = Some(made_of);
        }
        &self.encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_value_is_encoded_anew() {
        let mut tag = ChangingTag::new("key");
        assert_eq!(tag.text(1, || "one"), b"\xa3key\xa3one");
        assert_eq!(tag.text(1, || -> &str { unreachable!() }), b"\xa3key\xa3one");
        assert_eq!(tag.text(2, || ""), b"\xa3key\xa0");
        let mut tag = ChangingTag::new("n");
        assert_eq!(tag.number(0.0), b"\xa1n\xcb\0\0\0\0\0\0\0\0");
        assert_eq!(tag.number(-0.0), b"\xa1n\xcb\x80\0\0\0\0\0\0\0");
    }
}
