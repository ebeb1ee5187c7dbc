//! The tags that the library adds to a span of a chunk, unless the span has them: which ones, by the place of the span.
//!
//! "Chunk root" is the first span of the chunk, "local root" the span without a parent in this process.

use super::ChunkFacts;
use super::changing_tag::ChangingTag;
use crate::config::ResourceRenaming;
use crate::context::{DECISION_MAKER, KNUTH_RATE, TRACE_ID_HIGH, mechanism};
use crate::instrument::HttpEndpoint;
use crate::record::msgpack::{append_str, encode_f64};
use crate::record::{Field, RecordRef, SharedTags, TagEntry, flag, key_bit, same_text};
use crate::sampling::format_rate;

/// Takes the tags that are added to a span.
pub trait TagSink {
    /// A tag of this span or chunk: key and value as MessagePack.
    fn tag(&mut self, encoded: &[u8]);
    /// Tags that many spans get as they are.
    fn shared(&mut self, tags: &SharedTags);
}

impl<F: FnMut(&[u8])> TagSink for F {
    fn tag(&mut self, encoded: &[u8]) {
        self(encoded);
    }

    fn shared(&mut self, tags: &SharedTags) {
        tags.each().for_each(self);
    }
}

/// Finds the tags to add to spans; remembers those that were made for the last chunk.
pub struct AddedTags {
    trace_id_high: ChangingTag,
    decision_maker: ChangingTag,
    knuth_rate: ChangingTag,
    keep_rate: ChangingTag,
    priority: ChangingTag,
    agent_rate: ChangingTag,
    rule_rate: ChangingTag,
    limit_rate: ChangingTag,
    http_endpoint: HttpEndpoint,
    scratch: Vec<u8>,
}

impl Default for AddedTags {
    fn default() -> Self {
        AddedTags {
            trace_id_high: ChangingTag::new(TRACE_ID_HIGH),
            decision_maker: ChangingTag::new(DECISION_MAKER),
            knuth_rate: ChangingTag::new(KNUTH_RATE),
            keep_rate: ChangingTag::new("_dd.tracer_kr"),
            priority: ChangingTag::new("_sampling_priority_v1"),
            agent_rate: ChangingTag::new("_dd.agent_psr"),
            rule_rate: ChangingTag::new("_dd.rule_psr"),
            limit_rate: ChangingTag::new("_dd.limit_psr"),
            http_endpoint: HttpEndpoint::default(),
            scratch: Vec::new(),
        }
    }
}

impl AddedTags {
    /// Gives `to` every string tag to add. Returns how many.
    #[inline]
    pub fn texts(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, to: &mut impl TagSink) -> u32 {
        let span = Receiver::new(facts, record);
        let library = facts.library;
        let mut count = 0;
        match span.of_every_span {
            Some(tags) if record.head.key_filter & tags.bits() == 0 => {
                to.shared(tags);
                count += tags.count();
            }
            Some(_) => count += one_by_one(facts, record, to),
            None => {}
        }
        if record.head.field_len[Field::Service as usize] != 0 {
            count += service_texts(&span, to);
        }
        if record.head.has(flag::LOCAL_ROOT) {
            let trace_root = library.trace_root_texts.iter().filter(|_| record.head.parent_id == 0);
            for entry in library.local_root_texts.iter().chain(trace_root) {
                count += span.add(entry, to);
            }
        }
        if record.head.has(flag::TOP_LEVEL) && library.resource_renaming != ResourceRenaming::Off {
            count += self.endpoint(&span, to);
        }
        if let Some(origin) = facts.tags.and_then(|tags| tags.origin()) {
            count += self.text(&span, "_dd.origin", origin, to);
        }
        if is_chunk_root {
            count += self.chunk_root_texts(&span, to);
        }
        count
    }

    /// Gives `to` every numeric tag to add. Returns how many.
    #[inline]
    pub fn numbers(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, is_chunk_root: bool, to: &mut impl TagSink) -> u32 {
        let of_every_span = &facts.library.every_span_numbers;
        let is_plain = !record.head.has(flag::TOP_LEVEL | flag::LOCAL_ROOT) && record.head.span_rule == 0 && !is_chunk_root;
        if is_plain && of_every_span.is_empty() {
            return 0;
        }
        let span = Receiver::new(facts, record);
        let mut count = 0;
        for entry in of_every_span {
            count += span.add(entry, to);
        }
        if record.head.has(flag::TOP_LEVEL) {
            count += span.add(&facts.library.top_level, to);
        }
        if record.head.has(flag::LOCAL_ROOT) {
            for entry in &facts.library.local_root_numbers {
                count += span.add(entry, to);
            }
            count += self.decision_rates(&span, to);
        }
        if record.head.span_rule != 0 {
            count += self.span_rule(&span, to);
        }
        if is_chunk_root {
            count += self.chunk_root_numbers(&span, to);
        }
        count
    }

    #[inline(never)]
    fn endpoint(&mut self, span: &Receiver<'_>, to: &mut impl TagSink) -> u32 {
        let mut endpoints = std::mem::take(&mut self.http_endpoint);
        let endpoint = endpoints.of_span(span.facts.library, span.record);
        let add = |value| self.add(span, "http.endpoint", |encoded| append_str(encoded, value), to);
        let count = endpoint.map_or(0, add);
        self.http_endpoint = endpoints;
        count
    }

    #[inline(never)]
    fn chunk_root_texts(&mut self, span: &Receiver<'_>, to: &mut impl TagSink) -> u32 {
        let facts = span.facts;
        let mut count = 0;
        for entry in &facts.library.chunk_root_texts {
            count += span.add(entry, to);
        }
        let high = (facts.trace_id >> 64) as u64;
        if high != 0 {
            count += span.add_changing(&mut self.trace_id_high, to, |tag| tag.text(high, || hex16(high)));
        }
        count += self.decision_texts(span, to);
        let Some(tags) = facts.tags else { return count };
        let local = facts.decision.is_some_and(|decision| decision.mechanism.is_some());
        for (key, value) in tags.iter().filter(|(key, _)| !(local && (*key == DECISION_MAKER || *key == KNUTH_RATE))) {
            count += self.text(span, key, value, to);
        }
        if let Some(error) = tags.propagation_error() {
            count += self.text(span, "_dd.propagation_error", error, to);
        }
        count
    }

    /// `_dd.p.dm` and `_dd.p.ksr` of a decision that was made here; those of an inherited one are among the propagated tags.
    fn decision_texts(&mut self, span: &Receiver<'_>, to: &mut impl TagSink) -> u32 {
        let Some(decision) = span.facts.decision else { return 0 };
        let Some(maker) = decision.mechanism else { return 0 };
        let mut count = span.add_changing(&mut self.decision_maker, to, |tag| {
            tag.text(u64::from(maker), || decision_maker(maker, &mut [0; 4]).to_vec())
        });
        let reports_rate = matches!(
            maker,
            mechanism::AGENT_RATE | mechanism::LOCAL_RULE | mechanism::REMOTE_USER_RULE | mechanism::REMOTE_DYNAMIC_RULE
        );
        let Some(rate) = decision.rate.filter(|rate| reports_rate && (0.0..=1.0).contains(rate)) else { return count };
        count += span.add_changing(&mut self.knuth_rate, to, |tag| {
            tag.text(rate.to_bits(), || format_rate(rate, &mut [0; 16]).unwrap_or_default().to_owned())
        });
        count
    }

    #[inline(never)]
    fn chunk_root_numbers(&mut self, span: &Receiver<'_>, to: &mut impl TagSink) -> u32 {
        let facts = span.facts;
        let mut count = span.add_changing(&mut self.keep_rate, to, |tag| tag.number(facts.keep_rate));
        if let Some(decision) = facts.decision {
            count += span.add_changing(&mut self.priority, to, |tag| tag.number(f64::from(decision.priority)));
        }
        if facts.partial_spans > 0 {
            count += self.number(span, &facts.library.partial_flush_key, f64::from(facts.partial_spans), to);
        }
        count
    }

    fn decision_rates(&mut self, span: &Receiver<'_>, to: &mut impl TagSink) -> u32 {
        let Some(decision) = span.facts.decision else { return 0 };
        let by_mechanism = match decision.mechanism {
            Some(mechanism::AGENT_RATE) => Some(&mut self.agent_rate),
            Some(mechanism::LOCAL_RULE | mechanism::REMOTE_USER_RULE | mechanism::REMOTE_DYNAMIC_RULE) => {
                Some(&mut self.rule_rate)
            }
            _ => None,
        };
        let mut count = 0;
        if let (Some(tag), Some(rate)) = (by_mechanism, decision.rate) {
            count += span.add_changing(tag, to, |tag| tag.number(rate));
        }
        if let Some(rate) = decision.limit_rate {
            count += span.add_changing(&mut self.limit_rate, to, |tag| tag.number(rate));
        }
        count
    }

    #[cold]
    fn span_rule(&mut self, span: &Receiver<'_>, to: &mut impl TagSink) -> u32 {
        let place = (span.record.head.span_rule as usize).wrapping_sub(1);
        let Some(rule) = span.facts.span_rules.get(place) else { return 0 };
        let mut count = self.number(span, "_dd.span_sampling.mechanism", f64::from(mechanism::SPAN_RULE), to);
        count += self.number(span, "_dd.span_sampling.rule_rate", rule.rate, to);
        if let Some(limit) = rule.max_per_second {
            count += self.number(span, "_dd.span_sampling.max_per_second", limit, to);
        }
        count
    }

    fn text(&mut self, span: &Receiver<'_>, key: &str, value: &str, to: &mut impl TagSink) -> u32 {
        self.add(span, key, |encoded| append_str(encoded, value.as_bytes()), to)
    }

    fn number(&mut self, span: &Receiver<'_>, key: &str, value: f64, to: &mut impl TagSink) -> u32 {
        self.add(span, key, |encoded| encoded.extend_from_slice(&encode_f64(value)), to)
    }

    fn add(&mut self, span: &Receiver<'_>, key: &str, append_value: impl FnOnce(&mut Vec<u8>), to: &mut impl TagSink) -> u32 {
        let key = key.as_bytes();
        if span.has(key, key_bit(key)) {
            return 0;
        }
        self.scratch.clear();
        append_str(&mut self.scratch, key);
        append_value(&mut self.scratch);
        to.tag(&self.scratch);
        1
    }
}

/// A span that gets tags.
struct Receiver<'a> {
    facts: &'a ChunkFacts<'a>,
    record: &'a RecordRef<'a>,
    of_every_span: Option<&'a SharedTags>,
    /// Filter bits of all keys that the span has, of its own or as every span does.
    bits: u64,
}

impl<'a> Receiver<'a> {
    #[inline]
    fn new(facts: &'a ChunkFacts<'a>, record: &'a RecordRef<'a>) -> Self {
        let of_every_span = facts.library.together(record.head);
        let bits = record.head.key_filter | of_every_span.map_or(0, SharedTags::bits);
        Receiver { facts, record, of_every_span, bits }
    }

    #[inline]
    fn has(&self, key: &[u8], bit: u64) -> bool {
        self.bits & bit != 0 && has_tag(self.facts, self.record, key)
    }

    /// Adds one of the library's tags unless the span has it; a global tag of the same key comes first.
    #[inline(always)]
    fn add(&self, entry: &TagEntry, to: &mut impl TagSink) -> u32 {
        if self.has(entry.key(), entry.bit()) {
            return 0;
        }
        to.shared(entry.shared());
        1
    }

    /// Adds a tag whose encoded form `encode` knows, unless the span has it.
    #[inline]
    fn add_changing<'t>(
        &self,
        tag: &'t mut ChangingTag,
        to: &mut impl TagSink,
        encode: impl FnOnce(&'t mut ChangingTag) -> &'t [u8],
    ) -> u32 {
        if self.has(tag.key().as_bytes(), tag.bit()) {
            return 0;
        }
        to.tag(encode(tag));
        1
    }
}

/// Whether the span has a tag of this key, of its own or as every span does.
#[cold]
pub(super) fn has_tag(facts: &ChunkFacts<'_>, record: &RecordRef<'_>, key: &[u8]) -> bool {
    let bit = key_bit(key);
    record.runs.has(record.head, key, bit) || facts.library.has_of_span(record.head, key, bit)
}

/// The tags of every span, one by one because the span may have some of its own.
#[inline(never)]
fn one_by_one(facts: &ChunkFacts<'_>, record: &RecordRef<'_>, to: &mut impl TagSink) -> u32 {
    let absent = facts.library.of_span(record.head).filter(|entry| entry.is_absent(record.head, &record.runs));
    absent.map(|entry| to.shared(entry.shared())).count() as u32
}

/// `_dd.svc_src`, and `_dd.base_service` where the service is another than the configured one.
#[inline]
fn service_texts(span: &Receiver<'_>, to: &mut impl TagSink) -> u32 {
    let (library, record) = (span.facts.library, span.record);
    let mut count = 0;
    if record.head.flags & (flag::SERVICE_GIVEN | flag::SERVICE_OF_INTEGRATION) == flag::SERVICE_GIVEN {
        count += span.add(&library.service_source, to);
    }
    let service = record.runs.encoded_field(record.head, Field::Service);
    if !same_text(service, &library.encoded_service) && !service.eq_ignore_ascii_case(&library.encoded_service) {
        count += span.add(&library.base_service, to);
    }
    count
}

/// Sixteen lowercase hex digits.
fn hex16(value: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    for (index, digit) in digits.iter_mut().enumerate() {
        let nibble = (value >> (60 - 4 * index)) as u8 & 0xf;
        *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    }
    digits
}

/// `-` and the mechanism's number.
fn decision_maker(mechanism: u8, to: &mut [u8; 4]) -> &[u8] {
    let digits = [mechanism / 100, mechanism / 10 % 10, mechanism % 10].map(|digit| b'0' + digit);
    let shown = match mechanism {
        0..=9 => 1,
        10..=99 => 2,
        _ => 3,
    };
    to[0] = b'-';
    to[1..=shown].copy_from_slice(&digits[3 - shown..]);
    &to[..=shown]
}
