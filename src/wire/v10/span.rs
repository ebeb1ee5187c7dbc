//! A span: its fields, its attributes, and what of its tags are fields.

use super::Out;
use super::memo::Fields;
use super::strings::{EMPTY, NOTHING};
use crate::record::{MAX_ENTRIES, RecordRef, flag, unix_ns};
use crate::wire::string_table::Role;
use crate::wire::{AddedTags, ChunkFacts};

/// Keys of a span.
mod key {
    pub(super) const SERVICE: u8 = 1;
    pub(super) const NAME: u8 = 2;
    pub(super) const RESOURCE: u8 = 3;
    pub(super) const PARENT_ID: u8 = 5;
    pub(super) const DURATION: u8 = 7;
    pub(super) const ERROR: u8 = 8;
    pub(super) const ATTRIBUTES: u8 = 9;
    pub(super) const TYPE: u8 = 10;
}

/// Span id and start, which every span has.
const FIXED_FIELDS: &[u8; 20] = b"\x04\xcf01234567\x06\xcf01234567";
const SPAN_ID_AT: usize = 2;
const START_AT: usize = 12;

/// What the forms of a chunk's spans depend on.
pub(super) struct Shape {
    /// A span gets no more attributes besides its own tags.
    most_added: u32,
}

/// No more attributes than these fit an array with a length of 16 bits.
const MOST_ATTRIBUTES: u32 = u16::MAX as u32 / 3;
/// Tags of which a span has one at most.
const SINGLE_TAGS: usize = 64;

impl Shape {
    pub(super) fn of(facts: &ChunkFacts<'_>) -> Shape {
        let library = facts.library;
        let lists = [
            &library.every_span,
            &library.local_root_texts,
            &library.local_root_numbers,
            &library.trace_root_texts,
            &library.chunk_root_texts,
        ];
        let propagated = facts.tags.map_or(0, |tags| tags.iter().count());
        let all = lists.iter().map(|list| list.len()).sum::<usize>() + propagated + MAX_ENTRIES + SINGLE_TAGS;
        Shape { most_added: u32::try_from(all).unwrap_or(u32::MAX) }
    }
}

impl Out<'_> {
    #[inline(always)]
    pub(super) fn span(
        &mut self,
        shape: &Shape,
        facts: &ChunkFacts<'_>,
        record: &RecordRef<'_>,
        is_chunk_root: bool,
        added: &mut AddedTags,
    ) {
        let extra = record.extra();
        // A map of up to fifteen entries has a header of one byte. Only a span with both lists may have sixteen.
        let is_long = extra.is_some_and(|extra| !extra.links.is_empty() && !extra.events.is_empty());
        if is_long {
            self.to.bytes(&[0xde, 0]);
        }
        let header_at = self.to.len();
        self.to.bytes(&[0]);
        self.promoted.clear();
        let mut entries = self.fields(facts, record);
        entries += self.attributes(shape, facts, record, is_chunk_root, added);
        if let Some(extra) = extra {
            entries += self.lists(extra);
        }
        entries += self.promoted_fields();
        self.to.overwrite(header_at, [if is_long { entries } else { 0x80 | entries }]);
    }

    #[inline(always)]
    fn fields(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>) -> u8 {
        let head = record.head;
        let library = facts.library.base_service.shared().identity();
        let mut entries = match self.strings.memo.fields(library, &head.field_len, record.runs.fields) {
            Some(fields) => {
                self.to.beginning(&fields.bytes, fields.bytes_len as usize);
                (self.last_key, self.last_piece) = (fields.name, fields.piece);
                fields.entries
            }
            None => self.other_texts(library, facts, record),
        };
        entries += 2;
        let start = if head.start_ns < 0 { unix_ns() } else { head.start_ns };
        let fixed = self.to.bytes(FIXED_FIELDS);
        fixed[SPAN_ID_AT..SPAN_ID_AT + 8].copy_from_slice(&head.span_id.to_be_bytes());
        fixed[START_AT..START_AT + 8].copy_from_slice(&start.to_be_bytes());
        if head.parent_id != 0 {
            self.to.named(&[key::PARENT_ID, 0xcf], &head.parent_id.to_be_bytes());
            entries += 1;
        }
        if head.duration_ns > 0 {
            match u32::try_from(head.duration_ns) {
                Ok(short) => self.to.named(&[key::DURATION, 0xce], &short.to_be_bytes()),
                Err(_) => self.to.named(&[key::DURATION, 0xcf], &head.duration_ns.to_be_bytes()),
            };
            entries += 1;
        }
        if head.has(flag::ERROR) {
            self.to.bytes(&[key::ERROR, 0xc3]);
            entries += 1;
        }
        entries
    }

    /// Fields that are strings, and were not met before. Returns how many they are.
    #[inline(never)]
    fn other_texts(&mut self, library: u64, facts: &ChunkFacts<'_>, record: &RecordRef<'_>) -> u8 {
        let (start, strings) = (self.to.len(), self.strings.table.len());
        let [service, name, resource, span_type] = record.runs.encoded_fields(record.head);
        let service = if service.is_empty() { &facts.library.encoded_service } else { service };
        let mut fields = Fields::default();
        let service = self.field(&mut fields.entries, key::SERVICE, NOTHING, Role::Next, service);
        fields.name = self.field(&mut fields.entries, key::NAME, service, Role::Next, name);
        let resource = if resource.is_empty() { name } else { resource };
        self.field(&mut fields.entries, key::RESOURCE, fields.name, Role::Value, resource);
        self.field(&mut fields.entries, key::TYPE, service, Role::Value, span_type);
        fields.piece = self.strings.memo.any(fields.name);
        (self.last_key, self.last_piece) = (fields.name, fields.piece);
        let written = self.to.written().get(start..).unwrap_or_default();
        let place = fields.bytes.get_mut(..written.len()).filter(|_| self.strings.table.len() == strings);
        if let Some(place) = place {
            place.copy_from_slice(written);
            fields.bytes_len = written.len() as u8;
            self.strings.memo.put_fields(library, &record.head.field_len, record.runs.fields, fields);
        }
        fields.entries
    }

    /// A field that is a string, unless it is empty. Returns its index.
    #[inline(always)]
    fn field(&mut self, entries: &mut u8, key: u8, before: u32, role: Role, text: &[u8]) -> u32 {
        if text.len() <= 1 {
            return EMPTY;
        }
        *entries += 1;
        self.to.bytes(&[key]);
        self.string(before, role, text).map_or(EMPTY, |(index, _)| index)
    }

    /// All tags, but for those that are promoted.
    #[inline(always)]
    fn attributes(
        &mut self,
        shape: &Shape,
        facts: &ChunkFacts<'_>,
        record: &RecordRef<'_>,
        is_chunk_root: bool,
        added: &mut AddedTags,
    ) -> u8 {
        let head = record.head;
        let begin = self.to.len();
        let own = head.text_count + head.number_count;
        let is_long = own.saturating_add(shape.most_added) > MOST_ATTRIBUTES;
        if is_long {
            self.to.bytes(&[key::ATTRIBUTES, 0xdd, 0, 0, 0, 0]);
        } else {
            self.to.bytes(&[key::ATTRIBUTES, 0xdc, 0, 0]);
        }
        self.texts(record.runs.texts);
        let mut count = own + added.texts(facts, record, is_chunk_root, self);
        self.numbers(record.runs.numbers);
        count += added.numbers(facts, record, is_chunk_root, self);
        if let Some(extra) = record.extra() {
            count += self.documents(&extra.meta_struct);
        }
        let length = 3 * count.saturating_sub(self.promoted.tags);
        if length == 0 {
            self.to.take_back_to(begin);
            return 0;
        }
        if is_long {
            self.to.overwrite(begin + 2, length.to_be_bytes())
        } else {
            self.to.overwrite(begin + 2, (length as u16).to_be_bytes())
        }
        1
    }
}
