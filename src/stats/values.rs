//! The tags of a finished span as the agent would see them: its own, then those that the library adds.

use crate::context::DECISION_MAKER;
use crate::record::{Field, LibraryTags, Number, RecordRef, RunValue, SharedTags, TagEntry, flag, key_bit, same_text};
use crate::wire::ChunkFacts;

/// A key with its filter bit.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub name: Box<[u8]>,
    pub bit: u64,
}

impl Key {
    pub fn new(name: &str) -> Self {
        Key { name: name.as_bytes().into(), bit: key_bit(name.as_bytes()) }
    }
}

/// One span of a chunk.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub record: &'a RecordRef<'a>,
    pub facts: &'a ChunkFacts<'a>,
    /// Filter bits of the keys of its own and of those that every span has.
    pub bits: u64,
    is_chunk_root: bool,
}

impl<'a> Values<'a> {
    #[inline]
    pub fn new(facts: &'a ChunkFacts<'a>, record: &'a RecordRef<'a>, is_chunk_root: bool) -> Self {
        let of_every_span = facts.library.together(record.head).map_or(0, SharedTags::bits);
        Values { record, facts, bits: record.head.key_filter | of_every_span, is_chunk_root }
    }

    /// A string tag of the span, of its own or as every span has it.
    #[inline]
    pub fn text(&self, key: &Key) -> Option<&'a [u8]> {
        if self.bits & key.bit == 0 {
            return None;
        }
        self.find_text(key)
    }

    fn find_text(&self, key: &Key) -> Option<&'a [u8]> {
        match self.own(key) {
            Some(RunValue::Text(text)) => Some(text),
            Some(RunValue::Number(_)) => None,
            None => self.of_every_span(key)?.value_text().map(str::as_bytes),
        }
    }

    /// A numeric tag of the span.
    #[inline]
    pub fn number(&self, key: &Key) -> Option<f64> {
        if self.bits & key.bit == 0 {
            return None;
        }
        self.find_number(key)
    }

    fn find_number(&self, key: &Key) -> Option<f64> {
        let number = match self.own(key) {
            Some(RunValue::Number(number)) => number,
            Some(RunValue::Text(_)) => return None,
            None => self.of_every_span(key)?.value_number()?,
        };
        Some(match number {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        })
    }

    /// Whether the span has the key, as whatever type.
    pub fn has(&self, key: &Key) -> bool {
        self.bits & key.bit != 0 && (self.own(key).is_some() || self.of_every_span(key).is_some())
    }

    /// A string tag, also of those that the library adds to some spans only: by place in trace or chunk, by service, by origin.
    pub fn any_text(&self, key: &Key) -> Option<&'a [u8]> {
        if self.has(key) {
            return self.text(key);
        }
        let library = self.facts.library;
        match &*key.name {
            b"_dd.base_service" => return self.base_service_added(),
            b"_dd.svc_src" => return self.service_source_added(),
            b"_dd.origin" => return self.origin_added(),
            _ => {}
        }
        let head = self.record.head;
        let local_root = library.local_root_texts.iter().filter(|_| head.has(flag::LOCAL_ROOT));
        let trace_root = library.trace_root_texts.iter().filter(|_| head.has(flag::LOCAL_ROOT) && head.parent_id == 0);
        let chunk_root = library.chunk_root_texts.iter().filter(|_| self.is_chunk_root);
        let added = local_root.chain(trace_root).chain(chunk_root).find(|entry| entry.is_of(&key.name, key.bit));
        if let Some(entry) = added {
            return entry.value_text().map(str::as_bytes);
        }
        // Those of a decision are made of numbers and say nothing to count by.
        let tags = self.facts.tags.filter(|_| self.is_chunk_root && &*key.name != DECISION_MAKER.as_bytes())?;
        tags.iter().find(|(name, _)| name.as_bytes() == &*key.name).map(|(_, value)| value.as_bytes())
    }

    /// `_dd.base_service`, of the span's own or added because the service is another than the configured one.
    #[inline]
    pub fn base_service(&self, key: &Key) -> Option<&'a [u8]> {
        if self.has(key) { self.text(key) } else { self.base_service_added() }
    }

    fn base_service_added(&self) -> Option<&'a [u8]> {
        let library = self.facts.library;
        let head = self.record.head;
        if head.field_len[Field::Service as usize] == 0 {
            return None;
        }
        let service = self.record.runs.encoded_field(head, Field::Service);
        let is_configured =
            same_text(service, &library.encoded_service) || service.eq_ignore_ascii_case(&library.encoded_service);
        if is_configured { None } else { library.base_service.value_text().map(str::as_bytes) }
    }

    /// `_dd.svc_src`.
    #[inline]
    pub fn service_source(&self, key: &Key) -> Option<&'a [u8]> {
        if self.has(key) { self.text(key) } else { self.service_source_added() }
    }

    fn service_source_added(&self) -> Option<&'a [u8]> {
        let head = self.record.head;
        let is_given = head.field_len[Field::Service as usize] != 0 && head.has(flag::SERVICE_GIVEN);
        if is_given { self.facts.library.service_source.value_text().map(str::as_bytes) } else { None }
    }

    /// `_dd.origin`.
    #[inline]
    pub fn origin(&self, key: &Key) -> Option<&'a [u8]> {
        if self.has(key) { self.text(key) } else { self.origin_added() }
    }

    fn origin_added(&self) -> Option<&'a [u8]> {
        self.facts.tags.and_then(|tags| tags.origin()).map(str::as_bytes)
    }

    fn own(&self, key: &Key) -> Option<RunValue<'a>> {
        self.record.runs.value(self.record.head, &key.name, key.bit)
    }

    fn of_every_span(&self, key: &Key) -> Option<&'a TagEntry> {
        let library: &'a LibraryTags = self.facts.library;
        library.of_span(self.record.head).find(|entry| entry.is_of(&key.name, key.bit))
    }
}
