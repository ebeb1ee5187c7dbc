//! The hash by which data streams and queries are attributed to a process and its container.

/// FNV-1 with 64 bits over the tags of the process and the hash of the container's tags, which the agent tells.
pub fn base_hash(process_tags: &str, container_tags_hash: &str) -> u64 {
    let bytes = process_tags.bytes().chain(container_tags_hash.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        for (text, hash) in [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_bd4c_8601_b7be), ("foobar", 0x340d_8765_a4dd_a9c2)] {
            assert_eq!(base_hash(text, ""), hash, "{text}");
            assert_eq!(base_hash("", text), hash, "{text}");
        }
        assert_eq!(base_hash("foo", "bar"), base_hash("foobar", ""));
    }
}
