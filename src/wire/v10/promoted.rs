//! Tags that are fields of a v1.0 span instead of attributes.

use super::Out;
use super::strings::EMPTY;
use crate::record::msgpack::split_encoded_str;
use crate::wire::string_table::Role;

/// How many there are.
pub(super) const TAGS: usize = 4;
/// Which of them is the span kind, a number on the wire; the others are strings.
const KIND: u32 = 3;
/// The key of the first one in a span's map; those of the others follow.
const FIRST_FIELD: u8 = 13;
const INTERNAL: u32 = 1;

/// The index of a key, given with its prefix, among the promoted ones.
#[inline]
pub(super) fn of_key(encoded: &[u8]) -> Option<u32> {
    match encoded {
        b"\xa3env" => Some(0),
        b"\xa7version" => Some(1),
        b"\xa9component" => Some(2),
        b"\xa9span.kind" => Some(KIND),
        _ => None,
    }
}

/// The number of a span kind, given with its prefix.
fn kind(encoded: &[u8]) -> Option<u32> {
    let text = encoded.get(1..)?;
    let kinds = ["internal", "server", "client", "producer", "consumer"];
    let at = kinds.iter().position(|kind| text.eq_ignore_ascii_case(kind.as_bytes()))?;
    Some(INTERNAL + at as u32)
}

/// What a span has of them: indexes of strings, and the number of the span kind. 0 is what it has not.
#[derive(Clone, Copy, Default)]
pub(super) struct Promoted([u32; TAGS]);

/// In place of an index: the value waits among those that are new to the payload.
const NEW: u32 = u32::MAX;

impl Promoted {
    /// What either has; a span has a tag once.
    #[inline(always)]
    pub(super) fn and(self, other: Promoted) -> Promoted {
        let mut both = self;
        both.0.iter_mut().zip(other.0).for_each(|(one, other)| *one |= other);
        both
    }

    /// How many tags.
    #[inline(always)]
    pub(super) fn count(self) -> u32 {
        self.0.iter().map(|value| u32::from(*value != 0)).sum()
    }

    /// Whether all values are known by their ids.
    pub(super) fn is_known(self) -> bool {
        self.0[..KIND as usize].iter().all(|value| *value != NEW)
    }
}

impl Out<'_> {
    /// Keeps the value of a promoted tag, which begins `from`, until the attributes are written. Returns what is behind it. `None`: it
    /// cannot be a field.
    #[inline]
    pub(super) fn promote<'f>(&mut self, tag: u32, from: &'f [u8]) -> Option<&'f [u8]> {
        if tag != KIND {
            if let Some((index, rest)) = self.strings.table.expected(self.to.written(), tag, Role::Value, from) {
                *self.promoted.0.get_mut(tag as usize)? = index;
                return Some(rest);
            }
        }
        self.promote_other(tag, from)
    }

    #[inline(never)]
    fn promote_other<'f>(&mut self, tag: u32, from: &'f [u8]) -> Option<&'f [u8]> {
        let (value, rest) = split_encoded_str(from)?;
        let place = self.promoted.0.get_mut(tag as usize)?;
        if tag == KIND {
            *place = kind(value)?;
            return Some(rest);
        }
        let new = self.strings.new_values.get_mut(tag as usize)?;
        new.clear();
        new.extend_from_slice(value);
        *place = if value.len() > 1 { NEW } else { EMPTY };
        Some(rest)
    }

    /// Writes the fields. Returns how many.
    #[inline]
    pub(super) fn promoted_fields(&mut self) -> u8 {
        let mut count = 1;
        for (tag, value) in (0..KIND).zip(self.promoted.0) {
            // An empty value says no more than an absent field.
            if value == 0 || value == EMPTY {
                continue;
            }
            self.to.bytes(&[FIRST_FIELD + tag as u8]);
            if value == NEW {
                self.new_value(tag);
            } else {
                self.id(value);
            }
            count += 1;
        }
        let kind = self.promoted.0[KIND as usize].max(INTERNAL);
        self.to.bytes(&[FIRST_FIELD + KIND as u8, kind as u8]);
        count
    }

    #[cold]
    fn new_value(&mut self, tag: u32) {
        let place = tag as usize % TAGS;
        let value = std::mem::take(&mut self.strings.new_values[place]);
        self.string(tag, Role::Value, &value);
        self.strings.new_values[place] = value;
    }
}
