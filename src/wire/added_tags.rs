//! The tags that the library adds to a span of a chunk, unless the span has them: which ones, by the place of the span.
//!
//! "Chunk root" is the first span of the chunk, "local root" the span without a parent in this process.

use super::ChunkFacts;
use crate::context::{DECISION_MAKER, KNUTH_RATE, mechanism};
use crate::record::msgpack::{encode_f64, str_size, write_str};
use crate::record::{Field, RecordRef, TagEntry, flag, key_bit};
use crate::sampling::format_rate;

/// Finds the tags to add to spans; holds the buffer that those not encoded beforehand are built in.
#[derive(Default)]
pub struct AddedTags {
    scratch: Vec<u8>,
}

impl AddedTags {
    /// Calls `emit` with every string tag to add: key and value as MessagePack. Returns how many.
    #[inline]
    pub fn texts(
        &mut self,
        facts: &ChunkFacts<'_>,
        record: &RecordRef<'_>,
        is_chunk_root: bool,
        emit: &mut impl FnMut(&[u8]),
    ) -> u32 {
        let mut count = 0;
        let library = facts.library;
        let (head, runs) = (&record.head, &record.runs);
        for entry in library.of_span(head) {
            if entry.is_absent(head, runs) {
                emit(entry.encoded());
                count += 1;
            }
        }
        let service = runs.encoded_field(head, Field::Service);
        if !service.is_empty() {
            count += service_texts(facts, record, service, emit);
        }
        if head.has(flag::LOCAL_ROOT) {
            let trace_root = library.trace_root_texts.iter().filter(|_| head.parent_id == 0);
            for entry in library.local_root_texts.iter().chain(trace_root) {
                count += add_entry(facts, record, entry, emit);
            }
        }
        if let Some(origin) = facts.tags.and_then(|tags| tags.origin()) {
            count += self.text(facts, record, "_dd.origin", origin.as_bytes(), emit);
        }
        if is_chunk_root {
            count += self.chunk_root_texts(facts, record, emit);
        }
        count
    }

    /// Calls `emit` with every numeric tag to add: key and value as MessagePack. Returns how many.
    #[inline]
    pub fn numbers(
        &mut self,
        facts: &ChunkFacts<'_>,
        record: &RecordRef<'_>,
        is_chunk_root: bool,
        emit: &mut impl FnMut(&[u8]),
    ) -> u32 {
        let mut count = 0;
        let head = &record.head;
        if head.has(flag::TOP_LEVEL) {
            count += add_entry(facts, record, &facts.library.top_level, emit);
        }
        if head.has(flag::LOCAL_ROOT) {
            for entry in &facts.library.local_root_numbers {
                count += add_entry(facts, record, entry, emit);
            }
            count += self.decision_rates(facts, record, emit);
        }
        count += self.span_rule(facts, record, emit);
        if is_chunk_root {
            count += self.number(facts, record, "_dd.tracer_kr", facts.keep_rate, emit);
            if let Some(decision) = facts.decision {
                count += self.number(facts, record, "_sampling_priority_v1", f64::from(decision.priority), emit);
            }
            if facts.partial_spans > 0 {
                count += self.number(facts, record, &facts.library.partial_flush_key, f64::from(facts.partial_spans), emit);
            }
        }
        count
    }

    fn chunk_root_texts(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, emit: &mut impl FnMut(&[u8])) -> u32 {
        let mut count = 0;
        for entry in &facts.library.chunk_root_texts {
            count += add_entry(facts, record, entry, emit);
        }
        let high = (facts.trace_id >> 64) as u64;
        if high != 0 {
            count += self.text(facts, record, "_dd.p.tid", &hex16(high), emit);
        }
        count += self.decision_texts(facts, record, emit);
        let Some(tags) = facts.tags else { return count };
        let local = facts.decision.is_some_and(|decision| decision.mechanism.is_some());
        for (key, value) in tags.iter().filter(|(key, _)| !(local && (*key == DECISION_MAKER || *key == KNUTH_RATE))) {
            count += self.text(facts, record, key, value.as_bytes(), emit);
        }
        if let Some(error) = tags.propagation_error() {
            count += self.text(facts, record, "_dd.propagation_error", error.as_bytes(), emit);
        }
        count
    }

    /// `_dd.p.dm` and `_dd.p.ksr` of a decision that was made here; those of an inherited one are among the propagated tags.
    fn decision_texts(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, emit: &mut impl FnMut(&[u8])) -> u32 {
        let Some(decision) = facts.decision else { return 0 };
        let Some(maker) = decision.mechanism else { return 0 };
        let mut count = self.text(facts, record, DECISION_MAKER, decision_maker(maker, &mut [0; 4]), emit);
        let reports_rate = matches!(
            maker,
            mechanism::AGENT_RATE | mechanism::LOCAL_RULE | mechanism::REMOTE_USER_RULE | mechanism::REMOTE_DYNAMIC_RULE
        );
        let Some(rate) = decision.rate.filter(|_| reports_rate) else { return count };
        if let Some(text) = format_rate(rate, &mut [0; 16]) {
            count += self.text(facts, record, KNUTH_RATE, text.as_bytes(), emit);
        }
        count
    }

    fn decision_rates(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, emit: &mut impl FnMut(&[u8])) -> u32 {
        let Some(decision) = facts.decision else { return 0 };
        let mut count = 0;
        if let Some(rate) = decision.rate {
            let key = match decision.mechanism {
                Some(mechanism::AGENT_RATE) => "_dd.agent_psr",
                Some(mechanism::LOCAL_RULE | mechanism::REMOTE_USER_RULE | mechanism::REMOTE_DYNAMIC_RULE) => "_dd.rule_psr",
                _ => "",
            };
            if !key.is_empty() {
                count += self.number(facts, record, key, rate, emit);
            }
        }
        if let Some(rate) = decision.limit_rate {
            count += self.number(facts, record, "_dd.limit_psr", rate, emit);
        }
        count
    }

    fn span_rule(&mut self, facts: &ChunkFacts<'_>, record: &RecordRef<'_>, emit: &mut impl FnMut(&[u8])) -> u32 {
        let place = (record.head.span_rule as usize).wrapping_sub(1);
        let Some(rule) = facts.span_rules.get(place) else { return 0 };
        let mut count = self.number(facts, record, "_dd.span_sampling.mechanism", f64::from(mechanism::SPAN_RULE), emit);
        count += self.number(facts, record, "_dd.span_sampling.rule_rate", rule.rate, emit);
        if let Some(limit) = rule.max_per_second {
            count += self.number(facts, record, "_dd.span_sampling.max_per_second", limit, emit);
        }
        count
    }

    fn text(
        &mut self,
        facts: &ChunkFacts<'_>,
        record: &RecordRef<'_>,
        key: &str,
        value: &[u8],
        emit: &mut impl FnMut(&[u8]),
    ) -> u32 {
        if has_tag(facts, record, key.as_bytes()) {
            return 0;
        }
        let key_size = str_size(key.len());
        self.scratch.resize(key_size + str_size(value.len()), 0);
        write_str(&mut self.scratch, key.as_bytes());
        write_str(self.scratch.get_mut(key_size..).unwrap_or_default(), value);
        emit(&self.scratch);
        1
    }

    fn number(
        &mut self,
        facts: &ChunkFacts<'_>,
        record: &RecordRef<'_>,
        key: &str,
        value: f64,
        emit: &mut impl FnMut(&[u8]),
    ) -> u32 {
        if has_tag(facts, record, key.as_bytes()) {
            return 0;
        }
        self.scratch.resize(str_size(key.len()), 0);
        write_str(&mut self.scratch, key.as_bytes());
        self.scratch.extend_from_slice(&encode_f64(value));
        emit(&self.scratch);
        1
    }
}

/// Whether the span has a tag of this key, of its own or as every span does.
pub(super) fn has_tag(facts: &ChunkFacts<'_>, record: &RecordRef<'_>, key: &[u8]) -> bool {
    let bit = key_bit(key);
    record.runs.has(&record.head, key, bit) || facts.library.has_of_span(&record.head, key, bit)
}

/// Adds one of the library's tags unless the span has it; a global tag of the same key comes first.
#[inline]
fn add_entry(facts: &ChunkFacts<'_>, record: &RecordRef<'_>, entry: &TagEntry, emit: &mut impl FnMut(&[u8])) -> u32 {
    if !entry.is_absent(&record.head, &record.runs) || facts.library.is_overridden(&record.head, entry) {
        return 0;
    }
    emit(entry.encoded());
    1
}

/// `_dd.svc_src`, and `_dd.base_service` where the service is another than the configured one.
fn service_texts(facts: &ChunkFacts<'_>, record: &RecordRef<'_>, encoded: &[u8], emit: &mut impl FnMut(&[u8])) -> u32 {
    let library = facts.library;
    let mut count = 0;
    if record.head.has(flag::SERVICE_GIVEN) {
        count += add_entry(facts, record, &library.service_source, emit);
    }
    if !encoded.eq_ignore_ascii_case(&library.encoded_service) {
        count += add_entry(facts, record, &library.base_service, emit);
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
