//! The hash that names an object in a span pointer.

use sha2::{Digest, Sha256};

/// Hexadecimal digits of the hash.
const DIGITS: usize = 32;

/// The first half of the SHA-256 over the parts with `|` between them.
pub fn pointer_hash<T: AsRef<[u8]>>(parts: &[T]) -> String {
    let mut hash = Sha256::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b"|");
        }
        hash.update(part.as_ref());
    }
    let mut text: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(DIGITS);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        assert_eq!(pointer_hash(&["some-bucket", "some-key.data", "ab12ef34"]), "e721375466d4116ab551213fdea08413");
        assert_eq!(pointer_hash(&["abc"]), "ba7816bf8f01cfea414140de5dae2223");
        assert_eq!(pointer_hash::<&str>(&[]), "e3b0c44298fc1c149afbf4c8996fb924");
    }
}
