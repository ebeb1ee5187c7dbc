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
use super::digits::parse_decimal_i32;
use super::outgoing::Outgoing;
use super::report::ExtractReport;
use super::scan::{find, is_printable, split};
use super::sink::Scratch;
use crate::context::{TagView, TraceTags};
use std::ops::Range;

const MAX_MEMBERS: usize = 32;
const MAX_READ: usize = 8 * 1024;
const MAX_INBOUND: usize = 512;
const LONG_MEMBER: usize = 128;
const MAX_OWN_VALUE: usize = 512;
const MAX_OWN_WRITTEN: usize = 256;
const OWN_PREFIX: &str = "dd=";

/// A valid list of members, as it came in.
pub(super) struct MemberList<'a> {
    text: &'a str,
    /// Where the value of our member is, if there is one; of several the first.
    own: Option<Range<usize>>,
    /// Places of the first of the other vendors' members.
    vendors: [(u16, u16); MAX_MEMBERS],
    /// How many of those there are in all, and how many bytes they have.
    vendor_count: usize,
    vendor_bytes: usize,
    is_cut: bool,
}

/// What our member says of the trace, but its tags.
#[derive(Clone, Copy, Default)]
pub(super) struct Items<'a> {
    /// The sampling priority, if there is a valid one.
    pub(super) priority: Option<i32>,
    /// The origin, as it is written.
    pub(super) origin: Option<&'a str>,
    /// The last Datadog parent, as it is written.
    pub(super) parent_id: Option<&'a str>,
}

impl<'a> MemberList<'a> {
    /// Finds the members and checks that they hold nothing but printable characters; blanks and tabs between members do not
    /// count. `None`: the list is to be discarded.
    pub(super) fn parse(header: &'a [u8]) -> Option<Self> {
        let is_cut = header.len() > MAX_READ;
        let text = std::str::from_utf8(if is_cut { whole_members(header)? } else { header }).ok()?;
        let mut list = MemberList { text, own: None, vendors: [(0, 0); MAX_MEMBERS], vendor_count: 0, vendor_bytes: 0, is_cut };
        let mut start = 0;
        for member in split(text.as_bytes(), b',') {
            list.add(start, start + member.len());
            start += member.len() + 1;
        }
        let is_valid = is_printable(text.as_bytes()) || members(text).all(|place| is_printable(piece(text, place).as_bytes()));
        is_valid.then_some(list)
    }

    /// All of it, as it came in.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    fn add(&mut self, start: usize, end: usize) {
        let Some(member) = trim(self.text, start..end) else { return };
        if piece(self.text, member.clone()).starts_with(OWN_PREFIX) {
            self.own.get_or_insert(member.start + OWN_PREFIX.len()..member.end);
            return;
        }
        if let Some(place) = self.vendors.get_mut(self.vendor_count) {
            *place = (member.start as u16, member.end as u16);
        }
        self.vendor_count += 1;
        self.vendor_bytes += member.len();
    }

    /// Where the value of our member is, unless it is too long to be read.
    fn readable(&self) -> Option<Range<usize>> {
        self.own.clone().filter(|value| value.len() <= MAX_OWN_VALUE)
    }

    /// Passes each item of our member to `visit`: its place, its key, its value. What is no item is passed over.
    fn visit_items(&self, mut visit: impl FnMut(Range<usize>, &'a str, &'a str)) {
        let Some(value) = self.readable() else { return };
        let mut start = value.start;
        for item in split(piece(self.text, value).as_bytes(), b';') {
            let end = start + item.len();
            if let Some(colon) = find(item, b':').filter(|colon| *colon > 0) {
                let (key, value) = (start..start + colon, start + colon + 1..end);
                visit(start..end, piece(self.text, key), piece(self.text, value));
            }
            start = end + 1;
        }
    }
}

impl<'a> Items<'a> {
    /// Takes an item, if it is one of these. Of several with one key the last counts.
    fn take(&mut self, key: &str, value: &'a str) -> bool {
        match key {
            "s" => self.priority = parse_decimal_i32(value.as_bytes()),
            "o" => self.origin = Some(value),
            "p" => self.parent_id = Some(value).filter(|id| !id.is_empty()),
            _ => return false,
        }
        true
    }
}

/// Reads what our member says, and stores nothing.
pub(super) fn read_items<'a>(list: &MemberList<'a>) -> Items<'a> {
    let mut items = Items::default();
    list.visit_items(|_, key, value| {
        items.take(key, value);
    });
    items
}

/// Stores all of a list.
pub(super) fn store<'a>(list: &MemberList<'a>, tags: &mut TraceTags, report: &mut ExtractReport) -> Items<'a> {
    let items = store_members(list, tags, report, |name, value, tags| {
        store_item_tag(name, restore_equals(value, &mut [0; MAX_OWN_VALUE]), tags);
    });
    if let Some(origin) = items.origin {
        tags.set_origin(restore_equals(origin, &mut [0; MAX_OWN_VALUE]));
    }
    if let Some(id) = items.parent_id {
        tags.set_last_parent_id(id);
    }
    items
}

/// Stores what another style's context does not know: the list itself, other vendors' members, unknown items.
pub(super) fn store_foreign<'a>(list: &MemberList<'a>, tags: &mut TraceTags, report: &mut ExtractReport) -> Items<'a> {
    store_members(list, tags, report, |_, _, _| {})
}

/// Writes the list into `list`, which is empty; with nothing to say it stays so.
pub(super) fn write(outgoing: &Outgoing<'_>, list: &mut Scratch) {
    list.push(OWN_PREFIX.as_bytes());
    write_items(outgoing, list);
    let has_own = list.len() > OWN_PREFIX.len();
    if !has_own {
        list.truncate(0);
    }
    let room = MAX_MEMBERS - usize::from(has_own);
    for member in outgoing.tags.vendor_members().take(room) {
        let end = list.len();
        if !((end == 0 || list.push(b",")) && list.push(member.as_bytes())) {
            list.truncate(end);
            break;
        }
    }
}

fn store_members<'a>(
    list: &MemberList<'a>,
    tags: &mut TraceTags,
    report: &mut ExtractReport,
    store_tag: fn(&str, &str, &mut TraceTags),
) -> Items<'a> {
    tags.set_tracestate(list.text);
    if list.own.is_some() && list.readable().is_none() {
        tags.set_propagation_error("extract_max_size");
    }
    report.tracestate_truncated |= list.is_cut | store_vendor_members(list, tags);
    let mut items = Items::default();
    list.visit_items(|place, key, value| {
        if items.take(key, value) {
            return;
        }
        match key.strip_prefix("t.") {
            Some(name) => store_tag(name, value, tags),
            None => tags.push_unknown_item(place),
        }
    });
    items
}

/// Stores other vendors' members within the limits; whether some had to go.
fn store_vendor_members(list: &MemberList<'_>, tags: &mut TraceTags) -> bool {
    let own = list.readable().map(|value| OWN_PREFIX.len() + value.len());
    let own_count = usize::from(own.is_some());
    let count = own_count + list.vendor_count;
    let bytes = own.unwrap_or(0) + list.vendor_bytes + count.saturating_sub(1);
    if count <= MAX_MEMBERS && bytes <= MAX_INBOUND {
        let places = list.vendors.iter().take(list.vendor_count);
        places.for_each(|&(start, end)| tags.push_vendor_member(start.into()..end.into()));
        return false;
    }
    let is_passing = |member: &Range<usize>| {
        let is_own = piece(list.text, member.clone()).starts_with(OWN_PREFIX);
        !is_own && (bytes <= MAX_INBOUND || member.len() <= LONG_MEMBER)
    };
    let (mut count, mut bytes) = (own_count, own.unwrap_or(0));
    for member in members(list.text).filter(is_passing) {
        bytes += usize::from(count > 0) + member.len();
        count += 1;
        if count > MAX_MEMBERS || bytes > MAX_INBOUND {
            break;
        }
        tags.push_vendor_member(member);
    }
    true
}

/// Places of all members; empty ones do not count.
fn members(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    split(text.as_bytes(), b',').filter_map(move |piece| {
        let start = next;
        next += piece.len() + 1;
        trim(text, start..start + piece.len())
    })
}

/// A place in `text` without the blanks and tabs at its ends; nothing if nothing is left.
fn trim(text: &str, mut place: Range<usize>) -> Option<Range<usize>> {
    let is_blank = |place: usize| matches!(text.as_bytes().get(place), Some(b' ' | b'\t'));
    while !place.is_empty() && is_blank(place.start) {
        place.start += 1;
    }
    while !place.is_empty() && is_blank(place.end - 1) {
        place.end -= 1;
    }
    (!place.is_empty()).then_some(place)
}

fn piece(text: &str, place: Range<usize>) -> &str {
    text.get(place).unwrap_or("")
}

/// How much of a header that is too long is read: whole members only.
fn whole_members(header: &[u8]) -> Option<&[u8]> {
    let beginning = header.get(..MAX_READ)?;
    let end = beginning.iter().rposition(|byte| *byte == b',')?;
    beginning.get(..end)
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
fn write_items(outgoing: &Outgoing<'_>, list: &mut Scratch) {
    if let Some(priority) = outgoing.priority {
        append(list, |list| list.push(b"s:") && push_priority(list, priority));
    }
    if outgoing.is_local_span {
        append(list, |list| list.push(b"p:") && list.push(&outgoing.span_id_hex));
    } else if let Some(id) = outgoing.tags.last_parent_id() {
        append(list, |list| list.push(b"p:") && push_value(list, id));
    }
    if let Some(origin) = outgoing.tags.origin() {
        append(list, |list| list.push(b"o:") && push_value(list, origin));
    }
    if let Some(mechanism) = outgoing.decision_maker {
        append(list, |list| list.push(b"t.dm:") && list.push(mechanism.as_bytes()));
    }
    if let Some(rate) = outgoing.rate {
        append(list, |list| list.push(b"t.ksr:") && list.push(rate.as_bytes()));
    }
    for tag in outgoing.stored_tags().filter(TagView::is_decision_maker) {
        append(list, |list| push_tag(list, tag));
    }
    for tag in outgoing.stored_tags().filter(|tag| !tag.is_decision_maker()) {
        append(list, |list| push_tag(list, tag));
    }
    for item in outgoing.tags.unknown_items() {
        append(list, |list| list.push(item.as_bytes()));
    }
}

/// Appends one item of our member, or nothing of it if it does not fit.
#[inline]
fn append(list: &mut Scratch, push_item: impl FnOnce(&mut Scratch) -> bool) {
    let end = list.len();
    let has_separator = end == OWN_PREFIX.len() || list.push(b";");
    if !(has_separator && push_item(list) && list.len() <= MAX_OWN_WRITTEN) {
        list.truncate(end);
    }
}

fn push_tag(list: &mut Scratch, tag: TagView<'_>) -> bool {
    if tag.fits_tracestate() {
        let (name, value) = tag.name_and_value();
        return list.push(b"t.") && list.push(name) && list.push(b":") && list.push(value);
    }
    list.push(b"t.") && push_key(list, tag.name()) && list.push(b":") && push_value(list, tag.value())
}

fn push_key(list: &mut Scratch, key: &str) -> bool {
    key.chars().all(|char| match char {
        ',' | ';' | '=' => list.push(b"_"),
        '\x21'..='\x7e' => list.push(&[char as u8]),
        _ => list.push(b"_"),
    })
}

fn push_value(list: &mut Scratch, value: &str) -> bool {
    value.chars().all(|char| match char {
        ',' | ';' | '~' => list.push(b"_"),
        '=' => list.push(b"~"),
        '\x20'..='\x7e' => list.push(&[char as u8]),
        _ => list.push(b"_"),
    })
}
