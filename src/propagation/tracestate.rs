//! `tracestate`: the list of vendors' members, and our own member `dd` in it.
//!
//! The list follows W3C Trace Context: members between commas, at most 32. Other vendors' members pass unchanged and in
//! order. Inbound limit: 512 bytes; members of over 128 bytes go first, then the last ones. Of a header longer than 8 KiB only
//! the beginning is read.
//!
//! Our member holds items `key:value` with semicolons between them: `s` priority, `o` origin, `p` last Datadog parent,
//! `t.<name>` propagated tags. It is written with at most 256 bytes, first of all members; an item that no longer fits is
//! left out as a whole. Items of unknown keys are handed on.

use super::datadog::push_priority;
use super::datadog_tags::store_tag;
use super::digits::{hex16, parse_decimal_i32};
use super::outgoing::Outgoing;
use super::report::ExtractReport;
use super::sink::ValueBuffer;
use crate::context::{DECISION_MAKER, TagView, TraceTags};
use std::ops::Range;

const MAX_MEMBERS: usize = 32;
const MAX_READ: usize = 8 * 1024;
const MAX_INBOUND: usize = 512;
const LONG_MEMBER: usize = 128;
const MAX_OWN_VALUE: usize = 512;
const MAX_OWN_WRITTEN: usize = 256;
const OWN_PREFIX: &str = "dd=";

/// Room for our member and what passes of the others.
pub(super) type StateBuffer = ValueBuffer<1024>;

/// A valid list of members, as it came in.
#[derive(Clone, Copy)]
pub(super) struct MemberList<'a> {
    text: &'a str,
    is_cut: bool,
}

impl<'a> MemberList<'a> {
    /// Checks that members hold nothing but printable characters; blanks and tabs between members do not count. `None`: the
    /// list is to be discarded.
    pub(super) fn parse(header: &'a [u8]) -> Option<Self> {
        let is_cut = header.len() > MAX_READ;
        let text = std::str::from_utf8(if is_cut { whole_members(header)? } else { header }).ok()?;
        let list = MemberList { text, is_cut };
        let is_printable = |text: &str| text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        let is_valid = is_printable(text) || list.members().all(|(_, member)| is_printable(member));
        is_valid.then_some(list)
    }

    /// All of it, as it came in.
    pub(super) fn text(self) -> &'a str {
        self.text
    }

    /// The items of our member.
    pub(super) fn datadog(self) -> Option<DatadogItems<'a>> {
        let (range, member) = self.members().find(|(_, member)| member.starts_with(OWN_PREFIX))?;
        let start = range.start + OWN_PREFIX.len();
        Some(DatadogItems { value: member.get(OWN_PREFIX.len()..)?, start })
    }

    /// All members with their places, without blanks around them; empty ones do not count.
    fn members(self) -> impl Iterator<Item = (Range<usize>, &'a str)> {
        let mut next = 0;
        self.text.split(',').filter_map(move |piece| {
            let start = next + (piece.len() - piece.trim_start_matches([' ', '\t']).len());
            next += piece.len() + 1;
            let member = piece.trim_matches([' ', '\t']);
            (!member.is_empty()).then_some((start..start + member.len(), member))
        })
    }

    /// Other vendors' members.
    fn vendor_members(self) -> impl Iterator<Item = Range<usize>> {
        self.members().filter(|(_, member)| !member.starts_with(OWN_PREFIX)).map(|(range, _)| range)
    }
}

/// The items of a Datadog member.
#[derive(Clone, Copy, Default)]
pub(super) struct DatadogItems<'a> {
    value: &'a str,
    /// Where in the list the value begins.
    start: usize,
}

impl<'a> DatadogItems<'a> {
    /// The sampling priority, if there is a valid one.
    pub(super) fn priority(self) -> Option<i32> {
        self.last("s").and_then(|value| parse_decimal_i32(value.as_bytes()))
    }

    /// The origin, as it is written.
    pub(super) fn origin(self) -> Option<&'a str> {
        self.last("o")
    }

    /// The last Datadog parent, as it is written.
    pub(super) fn parent_id(self) -> Option<&'a str> {
        self.last("p").filter(|value| !value.is_empty())
    }

    fn last(self, key: &str) -> Option<&'a str> {
        self.iter().filter(|(_, item_key, _)| *item_key == key).last().map(|(_, _, value)| value)
    }

    /// Items with their place in the list, key and value; what is no item is passed over.
    fn iter(self) -> impl Iterator<Item = (Range<usize>, &'a str, &'a str)> {
        let mut next = self.start;
        self.value.split(';').filter_map(move |item| {
            let start = next;
            next += item.len() + 1;
            let (key, value) = item.split_once(':')?;
            (!key.is_empty()).then_some((start..start + item.len(), key, value))
        })
    }
}

/// Stores a list: its text, the members of other vendors that pass, unknown items of our member. Returns our member.
pub(super) fn store<'a>(list: MemberList<'a>, tags: &mut TraceTags, report: &mut ExtractReport) -> Option<DatadogItems<'a>> {
    tags.set_tracestate(list.text);
    let own = list.datadog().filter(|items| {
        let fits = items.value.len() <= MAX_OWN_VALUE;
        if !fits {
            tags.set_propagation_error("extract_max_size");
        }
        fits
    });
    report.tracestate_truncated |= list.is_cut | store_vendor_members(list, own, tags);
    for (range, key, _) in own.into_iter().flat_map(DatadogItems::iter) {
        if !is_known(key) {
            tags.push_unknown_item(range);
        }
    }
    own
}

/// Stores what our member says of the trace, but its priority.
pub(super) fn store_items(items: DatadogItems<'_>, tags: &mut TraceTags) {
    for (_, key, value) in items.iter() {
        let mut buffer = [0; MAX_OWN_VALUE];
        match key {
            "o" => {
                tags.set_origin(restore_equals(value, &mut buffer));
            }
            "p" => tags.set_last_parent_id(value),
            _ => {
                if let Some(name) = key.strip_prefix("t.") {
                    store_item_tag(name, restore_equals(value, &mut buffer), tags);
                }
            }
        }
    }
}

/// Writes the list; empty if there is nothing to say.
pub(super) fn write(outgoing: &Outgoing<'_>) -> StateBuffer {
    let mut list = StateBuffer::new();
    list.push(OWN_PREFIX.as_bytes());
    write_items(outgoing, &mut list);
    let has_own = list.len() > OWN_PREFIX.len();
    if !has_own {
        list.truncate(0);
    }
    let room = MAX_MEMBERS - usize::from(has_own);
    for member in outgoing.tags.into_iter().flat_map(TraceTags::vendor_members).take(room) {
        let end = list.len();
        if !((end == 0 || list.push(b",")) && list.push(member.as_bytes())) {
            list.truncate(end);
            break;
        }
    }
    list
}

/// How much of a header that is too long is read: whole members only.
fn whole_members(header: &[u8]) -> Option<&[u8]> {
    let beginning = header.get(..MAX_READ)?;
    let end = beginning.iter().rposition(|byte| *byte == b',')?;
    beginning.get(..end)
}

/// Stores other vendors' members within the limits; whether some had to go.
fn store_vendor_members(list: MemberList<'_>, own: Option<DatadogItems<'_>>, tags: &mut TraceTags) -> bool {
    let own_len = own.map_or(0, |items| OWN_PREFIX.len() + items.value.len());
    let own_members = usize::from(own.is_some());
    let (members, bytes) = list
        .vendor_members()
        .fold((own_members, own_len), |(members, bytes), member| (members + 1, bytes + usize::from(members > 0) + member.len()));
    if members <= MAX_MEMBERS && bytes <= MAX_INBOUND {
        list.vendor_members().for_each(|member| tags.push_vendor_member(member));
        return false;
    }
    let is_passing = |member: &Range<usize>| bytes <= MAX_INBOUND || member.len() <= LONG_MEMBER;
    let (mut members, mut bytes) = (own_members, own_len);
    for member in list.vendor_members().filter(is_passing) {
        bytes += usize::from(members > 0) + member.len();
        members += 1;
        if members > MAX_MEMBERS || bytes > MAX_INBOUND {
            break;
        }
        tags.push_vendor_member(member);
    }
    true
}

fn is_known(key: &str) -> bool {
    matches!(key, "s" | "o" | "p") || key.starts_with("t.")
}

/// A tag whose name or value `x-datadog-tags` could not hold comes from no tracer; kept, it would cost that whole header.
fn store_item_tag(name: &str, value: &str, tags: &mut TraceTags) {
    let is_valid = !name.contains([' ', '=']) && !value.trim_matches(' ').is_empty();
    if is_valid && name != "tid" {
        store_tag(name, value, tags);
    }
}

/// `~` stands for `=`, which the list's grammar keeps for itself.
fn restore_equals<'a>(value: &'a str, buffer: &'a mut [u8; MAX_OWN_VALUE]) -> &'a str {
    if !value.contains('~') {
        return value;
    }
    let Some(copy) = buffer.get_mut(..value.len()) else { return value };
    for (place, byte) in copy.iter_mut().zip(value.bytes()) {
        *place = if byte == b'~' { b'=' } else { byte };
    }
    std::str::from_utf8(copy).unwrap_or(value)
}

/// What must survive comes first: `s`, `p`, `o`, the decision maker.
fn write_items(outgoing: &Outgoing<'_>, list: &mut StateBuffer) {
    if let Some(priority) = outgoing.priority {
        append(list, |list| list.push(b"s:") && push_priority(list, priority));
    }
    if outgoing.is_local_span {
        append(list, |list| list.push(b"p:") && list.push(&hex16(outgoing.span_id)));
    } else if let Some(id) = outgoing.tags.and_then(TraceTags::last_parent_id) {
        append(list, |list| list.push(b"p:") && push_value(list, id));
    }
    if let Some(origin) = outgoing.origin() {
        append(list, |list| list.push(b"o:") && push_value(list, origin));
    }
    if let Some(mechanism) = outgoing.decision_maker {
        append(list, |list| list.push(b"t.dm:") && list.push(mechanism.as_bytes()));
    }
    if let Some(rate) = outgoing.rate {
        append(list, |list| list.push(b"t.ksr:") && list.push(rate.as_bytes()));
    }
    let is_decision_maker = |tag: &TagView<'_>| tag.key == DECISION_MAKER;
    for tag in outgoing.stored_tags().filter(is_decision_maker) {
        append(list, |list| push_tag(list, tag));
    }
    for tag in outgoing.stored_tags().filter(|tag| !is_decision_maker(tag)) {
        append(list, |list| push_tag(list, tag));
    }
    for item in outgoing.tags.into_iter().flat_map(TraceTags::unknown_items) {
        append(list, |list| list.push(item.as_bytes()));
    }
}

/// Appends one item of our member, or nothing of it if it does not fit.
#[inline]
fn append(list: &mut StateBuffer, push_item: impl FnOnce(&mut StateBuffer) -> bool) {
    let end = list.len();
    let has_separator = end == OWN_PREFIX.len() || list.push(b";");
    if !(has_separator && push_item(list) && list.len() <= MAX_OWN_WRITTEN) {
        list.truncate(end);
    }
}

fn push_tag(list: &mut StateBuffer, tag: TagView<'_>) -> bool {
    if tag.fits_tracestate {
        return list.push(b"t.") && list.push(tag.name().as_bytes()) && list.push(b":") && list.push(tag.value.as_bytes());
    }
    list.push(b"t.") && push_key(list, tag.name()) && list.push(b":") && push_value(list, tag.value)
}

fn push_key(list: &mut StateBuffer, key: &str) -> bool {
    key.chars().all(|char| match char {
        ',' | ';' | '=' => list.push(b"_"),
        '\x21'..='\x7e' => list.push(&[char as u8]),
        _ => list.push(b"_"),
    })
}

fn push_value(list: &mut StateBuffer, value: &str) -> bool {
    value.chars().all(|char| match char {
        ',' | ';' | '~' => list.push(b"_"),
        '=' => list.push(b"~"),
        '\x20'..='\x7e' => list.push(&[char as u8]),
        _ => list.push(b"_"),
    })
}
