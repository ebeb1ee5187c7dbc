//! `/v1.0/traces`: one map with integer keys, whose strings stream: the first time a string stands there as text, from then on by its id.
//!
//! Ids count from 1 in the order of the bytes, and 0 is the empty string. Keys of the maps may come in any order, so those come last that
//! are known last. Links, events and structured tags have forms of their own; booleans among the string tags stay strings.

mod attributes;
mod extra;
mod memo;
mod promoted;
mod span;
mod strings;

use super::appender::Appender;
use super::buffer::restart;
use super::{AddedTags, ChunkFacts, PayloadFacts, TraceEncoder};
use crate::context::DECISION_MAKER;
use crate::record::RecordRef;
use promoted::Promoted;
use span::Shape;
use strings::Strings;

/// Builds v1.0 payloads in one buffer.
///
/// It is made once from what all payloads of the process say, and used like the other encoders:
///
/// ```ignore
/// let mut encoder = V10::new(PayloadFacts { language: "cpp".to_owned(), ..PayloadFacts::default() });
/// encoder.begin();
/// encoder.chunk(&facts, &records);
/// send("/v1.0/traces", encoder.finish());
/// ```
///
/// Agents that know the format list `/v1.0/traces` among the endpoints of their `/info`. Events are always native here, whatever
/// [`ChunkFacts::native_events`] says.
#[derive(Default)]
pub struct V10 {
    process: PayloadFacts,
    payload: Vec<u8>,
    /// Where the number of chunks stands.
    count_at: usize,
    chunks: u32,
    strings: Strings,
    added: AddedTags,
}

impl V10 {
    /// An encoder of payloads that say this of the process.
    pub fn new(process: PayloadFacts) -> Self {
        V10 { process, ..V10::default() }
    }
}

impl TraceEncoder for V10 {
    fn begin(&mut self) {
        restart(&mut self.payload);
        self.strings.clear();
        self.chunks = 0;
        let process = &self.process;
        let mut out = Out::new(&mut self.payload, &mut self.strings);
        let entries = 1 + process.texts().count() + usize::from(!process.attributes.is_empty());
        out.to.bytes(&[0x80 | entries as u8]);
        for (key, text) in process.texts() {
            out.to.bytes(&[key]);
            out.plain_string(text);
        }
        if !process.attributes.is_empty() {
            out.to.bytes(&[key::PAYLOAD_ATTRIBUTES]);
            out.text_attributes(&process.attributes);
        }
        out.to.bytes(&[key::CHUNKS, 0xdd, 0, 0, 0, 0]);
        self.count_at = out.to.len() - 4;
    }

    fn chunk(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        self.chunks += 1;
        let mut out = Out::new(&mut self.payload, &mut self.strings);
        out.chunk_head(facts, records);
        // The chunk says the whole trace id, and the origin of all spans, which only the first one repeats.
        let first = ChunkFacts { trace_id: u128::from(facts.trace_id as u64), ..*facts };
        let others = ChunkFacts { tags: None, ..first };
        let shape = Shape::of(facts);
        let mut rest = records.iter();
        if let Some(record) = rest.next() {
            out.span(&shape, &first, record, true, &mut self.added);
        }
        for record in rest {
            out.span(&shape, &others, record, false, &mut self.added);
        }
    }

    fn finish(&mut self) -> &[u8] {
        if let Some(count) = self.payload.get_mut(self.count_at..self.count_at + 4) {
            count.copy_from_slice(&self.chunks.to_be_bytes());
        }
        &self.payload
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.payload)
    }

    fn reuse(&mut self, buffer: Vec<u8>) {
        self.payload = buffer;
    }
}

/// Keys of payload and chunk.
mod key {
    pub(super) const PAYLOAD_ATTRIBUTES: u8 = 10;
    pub(super) const CHUNKS: u8 = 11;
    pub(super) const PRIORITY: u8 = 1;
    pub(super) const ORIGIN: u8 = 2;
    pub(super) const SPANS: u8 = 4;
    pub(super) const TRACE_ID: u8 = 6;
    pub(super) const MECHANISM: u8 = 7;
}

/// Where everything goes.
struct Out<'a> {
    to: Appender<'a>,
    strings: &'a mut Strings,
    /// Index of the key, or what else it is, after which the next key comes.
    last_key: u32,
    /// The piece after which the next one comes.
    last_piece: u32,
    /// The promoted tags of the present span.
    promoted: Promoted,
}

impl<'a> Out<'a> {
    #[inline(always)]
    fn new(payload: &'a mut Vec<u8>, strings: &'a mut Strings) -> Self {
        Out { to: Appender::new(payload), strings, last_key: strings::NOTHING, last_piece: 0, promoted: Promoted::NONE }
    }

    /// What the chunk says besides its spans, and the header of these.
    fn chunk_head(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
        let origin = facts.tags.and_then(|tags| tags.origin());
        let mechanism = mechanism(facts, records);
        let optional = [origin.is_some(), facts.decision.is_some(), mechanism.is_some()];
        let entries = 2 + optional.into_iter().filter(|is_there| *is_there).count();
        self.to.bytes(&[0x80 | entries as u8, key::TRACE_ID, 0xc4, 16]);
        self.to.bytes(&facts.trace_id.to_be_bytes());
        if let Some(decision) = facts.decision {
            self.to.bytes(&[key::PRIORITY]);
            match i8::try_from(decision.priority) {
                Ok(small @ -32..=127) => self.to.text(&small.to_be_bytes()),
                _ => self.to.text(&[&[0xd2], decision.priority.to_be_bytes().as_slice()].concat()),
            }
        }
        if let Some(origin) = origin {
            self.to.bytes(&[key::ORIGIN]);
            self.plain_string(origin);
        }
        if let Some(mechanism) = mechanism {
            self.to.bytes(&[key::MECHANISM]);
            self.unsigned(mechanism);
        }
        self.to.bytes(&[key::SPANS]);
        self.array_header(records.len());
    }

    /// A number that is small as a rule.
    fn unsigned(&mut self, value: u64) {
        match u8::try_from(value) {
            Ok(small @ 0..=0x7f) => self.to.text(&[small]),
            _ => self.to.text(&[&[0xcf], value.to_be_bytes().as_slice()].concat()),
        }
    }

    #[inline]
    fn array_header(&mut self, len: usize) {
        match u8::try_from(len) {
            Ok(short @ 0..=15) => self.to.text(&[0x90 | short]),
            _ => {
                self.to.bytes(b"\xdd\0\0\0\0")[1..].copy_from_slice(&(len as u32).to_be_bytes());
            }
        }
    }
}

/// Who made the decision: what the tag `_dd.p.dm` of the first span says or will say.
fn mechanism(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) -> Option<u64> {
    let own = records.first().and_then(|root| root.runs.text(root.head, DECISION_MAKER.as_bytes()));
    if let Some(own) = own.and_then(|text| std::str::from_utf8(text).ok()) {
        return maker(own);
    }
    let local = facts.decision.and_then(|decision| decision.mechanism);
    let inherited = || facts.tags?.iter().find_map(|(key, value)| if key == DECISION_MAKER { maker(value) } else { None });
    local.map(u64::from).or_else(inherited)
}

/// The number behind the last dash.
fn maker(value: &str) -> Option<u64> {
    value.rsplit('-').next()?.parse::<u32>().ok().map(u64::from)
}
