//! Attributes: a flat array of keys, types and values. Runs of tags become attributes one by one, but for those that are promoted.

use super::Out;
use super::memo::Bytes;
use super::promoted::{self, Field, TAGS};
use crate::record::SharedTags;
use crate::record::msgpack::{INT64, NUMBER_SIZE, is_number, split_encoded_str};
use crate::wire::added_tags::TagSink;
use crate::wire::string_table::Role;

/// Types of values.
pub(super) mod kind {
    pub(in super::super) const TEXT: u8 = 1;
    pub(in super::super) const BOOL: u8 = 2;
    pub(in super::super) const FLOAT: u8 = 3;
    pub(in super::super) const INT: u8 = 4;
    pub(in super::super) const BYTES: u8 = 5;
    pub(in super::super) const ARRAY: u8 = 6;
}

impl Out<'_> {
    /// The string tags of a run.
    #[inline(never)]
    pub(super) fn texts(&mut self, run: &[u8]) {
        let mut rest = run;
        let mut last = self.last_piece;
        let mut next = self.strings.memo.after(last);
        while !rest.is_empty() {
            let Some((piece, behind)) = self.strings.memo.begins(next, rest) else {
                self.last_piece = last;
                let Some(behind) = self.other_text(rest) else { return };
                last = self.last_piece;
                next = self.strings.memo.after(last);
                rest = behind;
                continue;
            };
            (last, next) = (next, piece.next);
            self.last_key = piece.key;
            if piece.key < TAGS as u32 {
                self.promoted.add(piece.key, &piece.bytes);
            } else {
                self.to.beginning(&piece.bytes.all, piece.bytes.len as usize);
            }
            rest = behind;
        }
        self.last_piece = last;
    }

    /// A string tag that did not come after the last one before. Returns what is behind it.
    #[inline(never)]
    fn other_text<'f>(&mut self, from: &'f [u8]) -> Option<&'f [u8]> {
        let (start, strings, before) = (self.to.len(), self.strings.table.len(), self.last_piece);
        let value = match self.strings.table.expected(self.to.written(), self.last_key, Role::Next, from) {
            Some((key, value)) => {
                self.id(key);
                self.last_key = key;
                value
            }
            None => match self.other_key(from)? {
                Key::Written { value } => value,
                Key::Promoted { field, behind } => {
                    self.last_piece = match field {
                        Some((value, bytes)) => {
                            self.strings.memo.met(before, (self.last_key, value), text_before(from, behind), bytes)
                        }
                        None => self.strings.memo.any(self.last_key),
                    };
                    return Some(behind);
                }
            },
        };
        self.to.bytes(&[kind::TEXT]);
        let (value, behind) = self.string(self.last_key, Role::Value, value)?;
        let mut bytes = Bytes::default();
        let written = self.to.written().get(start..).unwrap_or_default();
        let place = bytes.all.get_mut(..written.len()).filter(|_| self.strings.table.len() == strings);
        self.last_piece = match place {
            Some(place) => {
                place.copy_from_slice(written);
                bytes.len = written.len() as u8;
                self.strings.memo.met(before, (self.last_key, value), text_before(from, behind), bytes)
            }
            None => self.strings.memo.any(self.last_key),
        };
        Some(behind)
    }

    /// The numeric tags of a run.
    #[inline(never)]
    pub(super) fn numbers(&mut self, run: &[u8]) {
        let mut rest = run;
        while !rest.is_empty() {
            let Some((key, value)) = self.string(self.last_key, Role::Next, rest) else { return };
            self.last_key = key;
            let Some((number, tail)) = value.split_first_chunk::<NUMBER_SIZE>() else { return };
            let kind = if number[0] == INT64 { kind::INT } else { kind::FLOAT };
            self.to.named(&[kind], number);
            rest = tail;
        }
    }

    /// The key of a string tag that was not met here before, or is promoted: then its value is kept for later.
    #[inline(never)]
    fn other_key<'f>(&mut self, from: &'f [u8]) -> Option<Key<'f>> {
        let (text, value) = split_encoded_str(from)?;
        if let Some(tag) = promoted::of_key(text) {
            if let Some((field, behind)) = self.promote(tag, value) {
                self.last_key = tag;
                return Some(Key::Promoted { field, behind });
            }
        }
        let (key, value) = self.other_string(self.last_key, Role::Next, from)?;
        self.last_key = key;
        Some(Key::Written { value })
    }

    /// String attributes of the payload or a link, with the header of their array.
    pub(super) fn text_attributes(&mut self, attributes: &[(String, String)]) {
        self.array_header(3 * attributes.len());
        for (key, value) in attributes {
            self.plain_string(key);
            self.to.bytes(&[kind::TEXT]);
            self.plain_string(value);
        }
    }

    /// Tags whose ids are the same with the next span are remembered.
    #[inline(never)]
    fn remember(&mut self, tags: &SharedTags) {
        let (start, strings) = (self.to.len(), self.strings.table.len());
        let promoted = self.promoted;
        tags.each().for_each(|tag| self.tag(tag));
        let fields = self.promoted.since(&promoted).filter(|_| self.strings.table.len() == strings);
        if let Some(fields) = fields {
            self.strings.remembered.put(tags.identity(), self.to.since(start), fields);
        }
    }
}

/// What of `all` is in front of `rest`, its end.
fn text_before<'f>(all: &'f [u8], rest: &[u8]) -> &'f [u8] {
    all.get(..all.len().saturating_sub(rest.len())).unwrap_or_default()
}

/// What became of a key.
enum Key<'f> {
    /// It is written, and its value comes next.
    Written { value: &'f [u8] },
    /// It is promoted, and so is its value.
    Promoted { field: Field, behind: &'f [u8] },
}

impl TagSink for Out<'_> {
    fn tag(&mut self, encoded: &[u8]) {
        let value = split_encoded_str(encoded).and_then(|(_, value)| value.first_chunk());
        if value.is_some_and(is_number) { self.numbers(encoded) } else { self.texts(encoded) }
    }

    #[inline(always)]
    fn shared(&mut self, tags: &SharedTags) {
        match self.strings.remembered.get(tags.identity()) {
            Some((bytes, fields)) => {
                self.to.text(bytes);
                self.promoted.add_shared(fields);
            }
            None => self.remember(tags),
        }
    }
}
