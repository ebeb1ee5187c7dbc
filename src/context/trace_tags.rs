//! What a trace carries besides its ids and its sampling decision: origin, propagated tags, other vendors' tracestate,
//! baggage, and what extraction left for the first local span (links, baggage tags, last Datadog parent, an error).
//!
//! All text lies in one buffer and is named by ranges, so that a recycled value allocates nothing. Limit: 64 KiB of text
//! (baggage has its own); what exceeds it is refused. `clear` returns memory beyond 16 KiB.

use super::baggage::Baggage;
use super::printable::printable;
use super::text_range::{TextRange, recycle, recycle_text};
use crate::record::SpanLink;
use std::ops::Range;

mod changes;

/// Prefix of the tags that travel with the trace.
pub const PROPAGATED_PREFIX: &str = "_dd.p.";
/// The decision maker: `-` and the sampling mechanism.
pub const DECISION_MAKER: &str = "_dd.p.dm";
/// The sampling rate that was applied.
pub const KNUTH_RATE: &str = "_dd.p.ksr";
/// The high half of a 128-bit trace id; never stored here, it follows from the id.
pub const TRACE_ID_HIGH: &str = "_dd.p.tid";

const MAX_TEXT: usize = 64 * 1024;
const KEPT_TEXT: usize = 16 * 1024;
const KEPT_ENTRIES: usize = 256;

/// The carried state of one trace.
#[derive(Clone, Debug, Default)]
pub struct TraceTags {
    text: String,
    origin: TextRange,
    tracestate: TextRange,
    last_parent_id: TextRange,
    propagation_error: TextRange,
    tags: Vec<Tag>,
    vendor_members: Vec<TextRange>,
    unknown_items: Vec<TextRange>,
    sampling_member: TextRange,
    baggage_tags: Vec<BaggageTag>,
    baggage: Baggage,
    links: Vec<SpanLink>,
}

/// One propagated tag. Its text is `key=value`, as `x-datadog-tags` writes it.
#[derive(Clone, Copy, Debug)]
struct Tag {
    pair: TextRange,
    key_len: u32,
    form: TagForm,
}

#[derive(Clone, Copy, Debug)]
struct BaggageTag {
    name: TextRange,
    value: TextRange,
}

/// How a tag may be written into headers, found out once when it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TagForm {
    /// It obeys the grammar of `x-datadog-tags`.
    fits_datadog: bool,
    /// `tracestate` takes it without substitutions.
    fits_tracestate: bool,
    is_decision_maker: bool,
    is_rate: bool,
}

/// A propagated tag, as the propagation styles see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagView<'a> {
    text: &'a str,
    tag: &'a Tag,
}

impl TraceTags {
    /// Nothing carried.
    pub const fn new() -> Self {
        TraceTags {
            text: String::new(),
            origin: TextRange::NONE,
            tracestate: TextRange::NONE,
            last_parent_id: TextRange::NONE,
            propagation_error: TextRange::NONE,
            tags: Vec::new(),
            vendor_members: Vec::new(),
            unknown_items: Vec::new(),
            sampling_member: TextRange::NONE,
            baggage_tags: Vec::new(),
            baggage: Baggage::new(),
            links: Vec::new(),
        }
    }

    /// Back to nothing; memory of a usual size is kept for the next use.
    pub fn clear(&mut self) {
        recycle_text(&mut self.text, KEPT_TEXT);
        self.origin = TextRange::default();
        self.tracestate = TextRange::default();
        self.last_parent_id = TextRange::default();
        self.sampling_member = TextRange::default();
        self.propagation_error = TextRange::default();
        recycle(&mut self.tags, KEPT_ENTRIES);
        recycle(&mut self.vendor_members, KEPT_ENTRIES);
        recycle(&mut self.unknown_items, KEPT_ENTRIES);
        recycle(&mut self.baggage_tags, KEPT_ENTRIES);
        recycle(&mut self.links, KEPT_ENTRIES);
        self.baggage.clear();
    }

    /// Whether nothing is carried.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.links.is_empty() && self.baggage.is_empty()
    }

    /// Where the trace began (`synthetics`, `rum`, …).
    #[inline]
    pub fn origin(&self) -> Option<&str> {
        self.piece(self.origin)
    }

    /// Sets the origin; empty removes it. False for characters outside 0x20–0x7E, which no header can carry: the origin is
    /// removed then.
    pub fn set_origin(&mut self, origin: &str) -> bool {
        let is_printable = printable(origin.as_bytes()).is_some();
        let place = std::mem::take(&mut self.origin);
        self.origin = self.replace(place, if is_printable { origin } else { "" });
        is_printable
    }

    /// The propagated tags in order, without the trace id's high half.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.tag_views().map(|tag| (tag.key(), tag.value()))
    }

    /// The value of the propagated tag `key` (its full name, `_dd.p.…`).
    pub fn get(&self, key: &str) -> Option<&str> {
        self.tag_views().find(|tag| tag.key() == key).map(|tag| tag.value())
    }

    /// Sets a propagated tag, in place if it is there already; spaces around the value are dropped. False, and nothing
    /// changed, if `key` does not begin with `_dd.p.`, is `_dd.p.tid` (that follows from the trace id), or the limit of
    /// text would be exceeded.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        key.strip_prefix(PROPAGATED_PREFIX).is_some_and(|name| self.set_named(name, value))
    }

    /// [`Self::set`] for a key without its `_dd.p.`.
    pub(crate) fn set_named(&mut self, name: &str, value: &str) -> bool {
        let value = trim_blanks(value);
        if name.is_empty() || name == "tid" || !self.has_room(name.len().saturating_add(value.len())) {
            return false;
        }
        let index = self.tag_views().position(|tag| tag.name() == name);
        let tag = self.append_pair(name, value);
        match index.and_then(|index| self.tags.get_mut(index)) {
            Some(place) => {
                let gone = std::mem::replace(place, tag);
                self.cut(gone.pair);
            }
            None => self.tags.push(tag),
        }
        true
    }

    /// Removes a propagated tag; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Some(index) = self.position(key) else { return false };
        let gone = self.tags.remove(index);
        self.cut(gone.pair);
        true
    }

    /// Removes all propagated tags.
    pub fn clear_tags(&mut self) {
        while let Some(gone) = self.tags.pop() {
            self.cut(gone.pair);
        }
    }

    /// The whole `tracestate` that came in, for span links.
    pub fn tracestate(&self) -> Option<&str> {
        self.piece(self.tracestate)
    }

    /// Other vendors' members of that tracestate, in order.
    pub fn vendor_members(&self) -> impl Iterator<Item = &str> + Clone {
        self.vendor_members.iter().map(|range| range.of(&self.text))
    }

    /// Items (`key:value`) of that tracestate's Datadog member that this version does not know.
    pub fn unknown_items(&self) -> impl Iterator<Item = &str> + Clone {
        self.unknown_items.iter().map(|range| range.of(&self.text))
    }

    /// OpenTelemetry's sampling state, the member `ot=…` of that tracestate.
    #[inline]
    pub fn sampling_member(&self) -> Option<&str> {
        self.piece(self.sampling_member)
    }

    /// The last Datadog span upstream, as text: `_dd.parent_id` of the first local span. May be no valid id.
    pub fn last_parent_id(&self) -> Option<&str> {
        self.piece(self.last_parent_id)
    }

    /// Sets [`Self::last_parent_id`]; empty removes it.
    pub fn set_last_parent_id(&mut self, id: &str) {
        let place = std::mem::take(&mut self.last_parent_id);
        self.last_parent_id = self.replace(place, id);
    }

    /// What went wrong with the propagated tags: `_dd.propagation_error` of the chunk root.
    #[inline]
    pub fn propagation_error(&self) -> Option<&str> {
        self.piece(self.propagation_error)
    }

    /// Sets [`Self::propagation_error`]; empty removes it.
    pub fn set_propagation_error(&mut self, error: &str) {
        let place = std::mem::take(&mut self.propagation_error);
        self.propagation_error = self.replace(place, error);
    }

    /// The trace's baggage.
    pub fn baggage(&self) -> &Baggage {
        &self.baggage
    }

    /// The trace's baggage, to change it.
    pub fn baggage_mut(&mut self) -> &mut Baggage {
        &mut self.baggage
    }

    /// Tags `baggage.<key>` that extracted baggage gives the first local span.
    pub fn baggage_tags(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.baggage_tags.iter().map(|tag| (tag.name.of(&self.text), tag.value.of(&self.text)))
    }

    /// Makes a tag `baggage.<key>` of each baggage item that is there now and that `wanted` picks.
    pub fn take_baggage_tags(&mut self, wanted: impl Fn(&str) -> bool) {
        for (key, value) in self.baggage.iter().filter(|(key, _)| wanted(key)) {
            if self.text.len() + key.len() + value.len() > MAX_TEXT {
                return;
            }
            let start = self.text.len();
            self.text.push_str("baggage.");
            self.text.push_str(key);
            let name = TextRange::new(start, self.text.len() - start);
            self.baggage_tags.push(BaggageTag { name, value: TextRange::push(&mut self.text, value) });
        }
    }

    /// Links for the first local span.
    pub fn links(&self) -> &[SpanLink] {
        &self.links
    }

    /// Links for the first local span, to change them.
    pub fn links_mut(&mut self) -> &mut Vec<SpanLink> {
        &mut self.links
    }

    /// The propagated tags with what headers need to know of them.
    pub(crate) fn tag_views(&self) -> impl Iterator<Item = TagView<'_>> + Clone {
        self.tags.iter().map(|tag| TagView { text: &self.text, tag })
    }

    /// Replaces the tracestate; its members are to be named anew.
    #[inline]
    pub(crate) fn set_tracestate(&mut self, tracestate: &str) {
        self.vendor_members.clear();
        self.unknown_items.clear();
        self.sampling_member = TextRange::NONE;
        let place = std::mem::take(&mut self.tracestate);
        self.tracestate = self.replace(place, tracestate);
    }

    /// Names a part of the tracestate as another vendor's member.
    #[inline]
    pub(crate) fn push_vendor_member(&mut self, part: Range<usize>) {
        if let Some(member) = self.part_of_tracestate(part) {
            self.vendor_members.push(member);
        }
    }

    /// Forgets which members the tracestate has of other vendors.
    pub(crate) fn clear_vendor_members(&mut self) {
        self.vendor_members.clear();
    }

    /// Names a part of the tracestate as OpenTelemetry's sampling state.
    pub(crate) fn set_sampling_member(&mut self, part: Range<usize>) {
        self.sampling_member = self.part_of_tracestate(part).unwrap_or_default();
    }

    /// Names a part of the tracestate as an unknown item of the Datadog member.
    pub(crate) fn push_unknown_item(&mut self, part: Range<usize>) {
        self.unknown_items.extend(self.part_of_tracestate(part));
    }

    fn part_of_tracestate(&self, part: Range<usize>) -> Option<TextRange> {
        let is_inside = part.start < part.end && part.end <= self.tracestate.len();
        is_inside.then(|| TextRange::new(self.tracestate.start() + part.start, part.end - part.start))
    }

    fn piece(&self, range: TextRange) -> Option<&str> {
        (!range.is_empty()).then(|| range.of(&self.text))
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.tag_views().position(|tag| tag.key() == key)
    }

    fn has_room(&self, added: usize) -> bool {
        self.text.len().saturating_add(added) < MAX_TEXT - PROPAGATED_PREFIX.len()
    }

    #[inline(always)]
    fn append_pair(&mut self, name: &str, value: &str) -> Tag {
        let start = self.text.len();
        self.text.push_str(PROPAGATED_PREFIX);
        self.text.push_str(name);
        self.text.push('=');
        self.text.push_str(value);
        let pair = TextRange::new(start, self.text.len() - start);
        Tag { pair, key_len: (PROPAGATED_PREFIX.len() + name.len()) as u32, form: TagForm::of(name, value) }
    }

    /// Puts `new` where `old`, which no field names any more, was. Empty if there is no room.
    #[inline]
    fn replace(&mut self, old: TextRange, new: &str) -> TextRange {
        if !old.is_empty() {
            self.cut(old);
        }
        if new.is_empty() || !self.has_room(new.len()) {
            return TextRange::default();
        }
        TextRange::push(&mut self.text, new)
    }

    /// Takes text out; whatever lies behind it follows.
    fn cut(&mut self, gone: TextRange) {
        self.text.drain(gone.start()..gone.end());
        let single = [
            &mut self.origin,
            &mut self.tracestate,
            &mut self.sampling_member,
            &mut self.last_parent_id,
            &mut self.propagation_error,
        ];
        let named = self.baggage_tags.iter_mut().flat_map(|tag| [&mut tag.name, &mut tag.value]);
        let ranges = single
            .into_iter()
            .chain(self.tags.iter_mut().map(|tag| &mut tag.pair))
            .chain(&mut self.vendor_members)
            .chain(&mut self.unknown_items)
            .chain(named);
        ranges.for_each(|range| range.close_gap(gone));
    }
}

impl PartialEq for TraceTags {
    fn eq(&self, other: &Self) -> bool {
        self.origin() == other.origin()
            && self.iter().eq(other.iter())
            && self.tracestate() == other.tracestate()
            && self.vendor_members().eq(other.vendor_members())
            && self.unknown_items().eq(other.unknown_items())
            && self.sampling_member() == other.sampling_member()
            && self.last_parent_id() == other.last_parent_id()
            && self.propagation_error() == other.propagation_error()
            && self.baggage_tags().eq(other.baggage_tags())
            && self.baggage == other.baggage
            && self.links == other.links
    }
}

impl<'a> TagView<'a> {
    /// `key=value`.
    pub(crate) fn pair(&self) -> &'a [u8] {
        self.tag.pair.bytes_of(self.text)
    }

    /// The full key.
    pub(crate) fn key(&self) -> &'a str {
        self.part(0, self.tag.key_len as usize).of(self.text)
    }

    /// The value.
    pub(crate) fn value(&self) -> &'a str {
        self.part(self.tag.key_len as usize + 1, self.tag.pair.len()).of(self.text)
    }

    /// The key without its `_dd.p.`.
    pub(crate) fn name(&self) -> &'a str {
        self.name_range().of(self.text)
    }

    /// The bytes of [`Self::name`] and [`Self::value`].
    pub(crate) fn name_and_value(&self) -> (&'a [u8], &'a [u8]) {
        let value = self.part(self.tag.key_len as usize + 1, self.tag.pair.len());
        (self.name_range().bytes_of(self.text), value.bytes_of(self.text))
    }

    fn name_range(&self) -> TextRange {
        self.part(PROPAGATED_PREFIX.len(), self.tag.key_len as usize)
    }

    fn part(&self, start: usize, end: usize) -> TextRange {
        TextRange::new(self.tag.pair.start() + start, end.saturating_sub(start))
    }

    /// Whether `x-datadog-tags` can hold it.
    pub(crate) fn fits_datadog(&self) -> bool {
        self.tag.form.fits_datadog
    }

    /// Whether `tracestate` takes it without substitutions.
    pub(crate) fn fits_tracestate(&self) -> bool {
        self.tag.form.fits_tracestate
    }

    /// Whether it names who decided.
    pub(crate) fn is_decision_maker(&self) -> bool {
        self.tag.form.is_decision_maker
    }

    /// Whether it says something about the sampling decision: who made it, or by which rate.
    pub(crate) fn is_of_decision(&self) -> bool {
        self.tag.form.is_decision_maker || self.tag.form.is_rate
    }
}

impl TagForm {
    fn of(name: &str, value: &str) -> Self {
        let (is_decision_maker, is_rate) = (name == "dm", name == "ksr");
        let (name, filled, value) = (classes(name), !value.is_empty(), classes(value));
        let fits_datadog = filled && name & (OTHER | BLANK | COMMA | EQUALS) == 0 && value & (OTHER | COMMA) == 0;
        let needs_change = name & SEMICOLON != 0 || value & (SEMICOLON | TILDE | EQUALS) != 0;
        TagForm { fits_datadog, fits_tracestate: fits_datadog && !needs_change, is_decision_maker, is_rate }
    }
}

// Classes of characters that some header gives a meaning.
const OTHER: u8 = 1;
const BLANK: u8 = 2;
const COMMA: u8 = 4;
const EQUALS: u8 = 8;
const SEMICOLON: u8 = 16;
const TILDE: u8 = 32;

static CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0x20u8;
    while byte < 0x7f {
        classes[byte as usize] = match byte {
            b' ' => BLANK,
            b',' => COMMA,
            b'=' => EQUALS,
            b';' => SEMICOLON,
            b'~' => TILDE,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Which classes of characters a text has.
fn classes(text: &str) -> u8 {
    text.bytes().fold(0, |classes, byte| classes | CLASSES[usize::from(byte)])
}

/// Drops blanks at both ends; rarely there are any.
pub(crate) fn trim_blanks(text: &str) -> &str {
    let has_some = matches!(text.as_bytes(), [b' ', ..] | [.., b' ']);
    if has_some { text.trim_matches(' ') } else { text }
}

#[cfg(test)]
mod tests;
