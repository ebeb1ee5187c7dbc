//! Tags by which the user wants spans counted apart.

use super::BLOCKED;
use super::values::{Key, Values};
use crate::record::msgpack::append_str;

/// Most keys.
const MOST_KEYS: usize = 4;
/// Longest value, in characters.
const LONGEST_VALUE: usize = 200;

/// The keys, sorted.
#[derive(Debug)]
pub(super) struct AdditionalTags {
    keys: Vec<Key>,
    tag: Vec<u8>,
}

impl AdditionalTags {
    pub fn new(keys: &[String]) -> Self {
        let mut keys: Vec<&str> = keys.iter().map(|key| key.trim()).filter(|key| !key.is_empty()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > MOST_KEYS {
            let ignored = keys.get(MOST_KEYS..).unwrap_or_default().join(", ");
            crate::log::log_warn!("DD_TRACE_STATS_ADDITIONAL_TAGS: {MOST_KEYS} keys at most, these are ignored: {ignored}");
            keys.truncate(MOST_KEYS);
        }
        AdditionalTags { keys: keys.into_iter().map(Key::new).collect(), tag: Vec::new() }
    }

    /// Appends the tags of a span as MessagePack. Returns how many.
    pub fn append(&mut self, span: &Values<'_>, to: &mut Vec<u8>) -> u16 {
        let mut count = 0;
        for key in &self.keys {
            let Some(value) = span.any_text(key).filter(|value| !value.is_empty()) else { continue };
            let value = if is_too_long(value) { BLOCKED.as_bytes() } else { value };
            self.tag.clear();
            self.tag.extend_from_slice(&key.name);
            self.tag.push(b':');
            self.tag.extend_from_slice(value);
            append_str(to, &self.tag);
            count += 1;
        }
        count
    }
}

fn is_too_long(value: &[u8]) -> bool {
    value.len() > LONGEST_VALUE && String::from_utf8_lossy(value).chars().count() > LONGEST_VALUE
}
