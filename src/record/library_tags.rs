//! Tags that the library adds to spans. They are not copied into records: encoders add those that are absent, and getters and rules look
//! here after the record.

use super::msgpack::{NUMBER_SIZE, append_str, encode_f64};
use super::{Head, RunsRef, SharedTags, key_bit};
use crate::config::ResourceRenaming;
use std::sync::OnceLock;

/// One tag, encoded once for all spans.
#[derive(Clone, Debug)]
pub struct TagEntry {
    key: Box<[u8]>,
    key_size: usize,
    shared: SharedTags,
}

impl TagEntry {
    /// A string tag.
    pub fn text(key: &str, value: &str) -> Self {
        Self::new(key, |encoded| append_str(encoded, value.as_bytes()))
    }

    /// A numeric tag.
    pub fn number(key: &str, value: f64) -> Self {
        Self::new(key, |encoded| encoded.extend_from_slice(&encode_f64(value)))
    }

    fn new(key: &str, append_value: impl FnOnce(&mut Vec<u8>)) -> Self {
        let key = key.as_bytes();
        let mut encoded = Vec::new();
        append_str(&mut encoded, key);
        let key_size = encoded.len();
        append_value(&mut encoded);
        TagEntry { key: key.into(), key_size, shared: SharedTags::new(encoded, 1, key_bit(key)) }
    }

    /// The filter bit of the key.
    #[inline]
    pub fn bit(&self) -> u64 {
        self.shared.bits()
    }

    /// Key and value, for encoders.
    #[inline]
    pub fn shared(&self) -> &SharedTags {
        &self.shared
    }

    /// The key.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The value as MessagePack.
    pub fn encoded_value(&self) -> &[u8] {
        self.shared.encoded().get(self.key_size..).unwrap_or_default()
    }

    /// The value of a string tag.
    pub fn value_text(&self) -> Option<&str> {
        let (text, _) = super::msgpack::split_str(self.encoded_value())?;
        std::str::from_utf8(text).ok()
    }

    /// The value of a numeric tag.
    pub fn value_number(&self) -> Option<super::Number> {
        if self.encoded_value().len() != NUMBER_SIZE {
            return None;
        }
        super::msgpack::decode_number(self.encoded_value())
    }

    /// Whether this is the tag of that key, whose filter bit (`key_bit`) is `bit`.
    #[inline]
    pub fn is_of(&self, key: &[u8], bit: u64) -> bool {
        self.bit() == bit && &*self.key == key
    }

    /// Whether the span lacks this key.
    #[inline]
    pub fn is_absent(&self, head: &Head, runs: &RunsRef<'_>) -> bool {
        !runs.has(head, &self.key, self.bit())
    }
}

/// The tags of one configuration snapshot.
#[derive(Clone, Debug)]
pub struct LibraryTags {
    /// On every span: `env` and the global tags.
    pub every_span: Vec<TagEntry>,
    /// On every span: numbers (`_dd.apm.enabled`).
    pub every_span_numbers: Vec<TagEntry>,
    /// On spans to which the configured version applies.
    pub version: Option<TagEntry>,
    /// On local roots: strings (`runtime-id`).
    pub local_root_texts: Vec<TagEntry>,
    /// On local roots: numbers (`process_id`).
    pub local_root_numbers: Vec<TagEntry>,
    /// On spans without any parent: `_dd.hostname`.
    pub trace_root_texts: Vec<TagEntry>,
    /// On the first span of a chunk: `language`, git metadata, process tags.
    pub chunk_root_texts: Vec<TagEntry>,
    /// `_dd.base_service`, for spans of another service.
    pub base_service: TagEntry,
    /// `_dd.svc_src` = `m`, for spans whose service was given explicitly.
    pub service_source: TagEntry,
    /// `_dd.top_level` = 1.
    pub top_level: TagEntry,
    /// Which web requests get `http.endpoint`.
    pub resource_renaming: ResourceRenaming,
    /// The configured service.
    pub service: String,
    /// The configured service as MessagePack.
    pub encoded_service: Box<[u8]>,
    /// Name of the metric that marks partial chunks: `_dd.<lang>.partial_flush`.
    pub partial_flush_key: String,
    together: Together,
}

/// The tags of every span as one, without the version and with it. Made when the first span is encoded.
#[derive(Debug, Default)]
struct Together(OnceLock<[SharedTags; 2]>);

impl Clone for Together {
    /// The copy may get other tags before it is used.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl LibraryTags {
    /// The tags that follow from a service alone; the rest is filled in by whoever knows the settings.
    pub fn new(service: &str, language: &str) -> Self {
        let mut encoded_service = Vec::new();
        append_str(&mut encoded_service, service.as_bytes());
        LibraryTags {
            every_span: Vec::new(),
            every_span_numbers: Vec::new(),
            version: None,
            local_root_texts: Vec::new(),
            local_root_numbers: Vec::new(),
            trace_root_texts: Vec::new(),
            chunk_root_texts: Vec::new(),
            base_service: TagEntry::text("_dd.base_service", service),
            service_source: TagEntry::text("_dd.svc_src", "m"),
            top_level: TagEntry::number("_dd.top_level", 1.0),
            resource_renaming: ResourceRenaming::Off,
            service: service.to_owned(),
            encoded_service: encoded_service.into(),
            partial_flush_key: format!("_dd.{language}.partial_flush"),
            together: Together::default(),
        }
    }

    /// The tags of every span, and the version where it applies: what getters and rules may ask for.
    pub fn of_span<'a>(&'a self, head: &Head) -> impl Iterator<Item = &'a TagEntry> + use<'a> {
        let version = self.version.as_ref().filter(|_| head.has(super::flag::VERSION));
        let copied = head.has(super::flag::LIBRARY_TAGS_COPIED);
        self.every_span.iter().chain(version).filter(move |_| !copied)
    }

    /// The tags of [`LibraryTags::of_span`] as one. They do not change once this was asked for.
    #[inline]
    pub fn together(&self, head: &Head) -> Option<&SharedTags> {
        if head.has(super::flag::LIBRARY_TAGS_COPIED) {
            return None;
        }
        let both = self.together.0.get_or_init(|| {
            let version = self.version.as_ref().map(TagEntry::shared);
            let every_span = || self.every_span.iter().map(TagEntry::shared);
            [SharedTags::join(every_span()), SharedTags::join(every_span().chain(version))]
        });
        Some(&both[usize::from(head.has(super::flag::VERSION))])
    }

    /// Whether the library adds a tag of this key (and filter bit) to every span.
    pub fn has_of_span(&self, head: &Head, key: &[u8], bit: u64) -> bool {
        self.of_span(head).any(|entry| entry.is_of(key, bit))
    }

    /// The value of a string tag that the library adds to this span.
    pub fn text_of_span(&self, head: &Head, key: &[u8]) -> Option<&str> {
        self.of_span(head).find(|entry| entry.key() == key)?.value_text()
    }
}
