//! `tracestate`: the list of vendors' members, and our own member `dd` in it.
//!
//! The list follows W3C Trace Context: members between commas, at most 32. Other vendors' members pass unchanged and in
//! order. Inbound limit: 512 bytes; members of over 128 bytes go first, then the last ones. Of a header longer than 8 KiB only
//! the beginning is read.
//!
//! Our member holds items `key:value` with semicolons between them: `s` priority, `o` origin, `p` last Datadog parent,
//! `t.<name>` propagated tags. It is written with at most 256 bytes, first of all members; an item that no longer fits is
//! left out as a whole. Items of unknown keys are handed on. OpenTelemetry's member `ot` follows it.

use super::datadog::push_priority;
use super::datadog_tags::store_tag;
use super::digits::parse_decimal_i32;
use super::headers::trim_blanks;
use super::outgoing::Outgoing;
use super::report::ExtractReport;
use super::sampling_state;
use super::scan::{find_any, split};
use super::sink::Scratch;
use crate::context::{TagView, TraceTags, printable};
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
    /// Checks that the members hold nothing but printable characters; blanks and tabs between members do not count. `None`: the
    /// list is to be discarded.
    #[inline]
    pub(super) fn parse(header: &'a [u8]) -> Option<Self> {
        let is_cut = header.len() > MAX_READ;
        let read = if is_cut { whole_members(header)? } else { header };
        let text = printable(read).or_else(|| with_printable_members(read))?;
        Some(MemberList { text, is_cut })
    }

    /// All of it, as it came in.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Where the value of our member is, if there is one; of several the first.
    fn own_value(&self) -> Option<Range<usize>> {
        members(self.text).find_map(|member| own_value(self.text, &member))
    }

    /// Passes each item of our member to `visit`: its place, and where the colon between its key and its value is. What is no item is
    /// passed over.
    #[inline]
    fn visit_items(&self, own_value: Range<usize>, mut visit: impl FnMut(Range<usize>, usize)) {
        let Some(text) = self.text.as_bytes().get(..own_value.end) else { return };
        let mut start = own_value.start;
        while start < text.len() {
            let colon = find_any(text, start, [b':', b';']);
            let end = find_any(text, colon, [b';']);
            if start < colon && colon < end {
                visit(start..end, colon);
            }
            start = end + 1;
        }
    }
}

impl<'a> Items<'a> {
    /// Takes an item, if it is one of these. Of several with one key the last counts.
    #[inline(always)]
    fn take(&mut self, text: &'a str, item: Range<usize>, colon: usize) -> bool {
        let [key] = text.as_bytes().get(item.start..colon).unwrap_or_default() else { return false };
        let value = colon + 1..item.end;
        match key {
            b's' => self.priority = text.as_bytes().get(value).and_then(parse_decimal_i32),
            b'o' => self.origin = Some(piece(text, value)),
            b'p' => self.parent_id = Some(piece(text, value)).filter(|id| !id.is_empty()),
            _ => return false,
        }
        true
    }
}

/// Reads what our member says, and stores nothing.
#[inline(never)]
pub(super) fn read_items<'a>(list: &MemberList<'a>) -> Items<'a> {
    let mut items = Items::default();
    if let Some(value) = list.own_value().filter(is_readable) {
        list.visit_items(value, |item, colon| {
            items.take(list.text, item, colon);
        });
    }
    items
}

/// Stores all of a list.
#[inline(never)]
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
pub(super) fn write(outgoing: &Outgoing<'_>, list: &mut Scratch<'_>) {
    list.push(OWN_PREFIX.as_bytes());
    write_items(outgoing, list);
    let has_own = list.len() > OWN_PREFIX.len();
    if !has_own {
        list.truncate(0);
    }
    let has_sampling = sampling_state::write(outgoing, list);
    let room = MAX_MEMBERS - usize::from(has_own) - usize::from(has_sampling);
    for member in outgoing.tags.vendor_members().take(room) {
        let end = list.len();
        if !((end == 0 || list.push(b",")) && list.push(member.as_bytes())) {
            list.truncate(end);
            break;
        }
    }
}

#[inline]
fn store_members<'a>(
    list: &MemberList<'a>,
    tags: &mut TraceTags,
    report: &mut ExtractReport,
    store_tag: impl Fn(&str, &str, &mut TraceTags),
) -> Items<'a> {
    tags.set_tracestate(list.text);
    let (own_value, is_complete) = store_vendor_members(list.text, tags);
    report.tracestate_truncated |= list.is_cut | !is_complete;
    let mut items = Items::default();
    match own_value {
        Some(value) if is_readable(&value) => list.visit_items(value, |item, colon| {
            if items.take(list.text, item.clone(), colon) {
                return;
            }
            let key = list.text.as_bytes().get(item.start..colon).unwrap_or_default();
            if key.starts_with(b"t.") {
                store_tag(piece(list.text, item.start + 2..colon), piece(list.text, colon + 1..item.end), tags);
            } else {
                tags.push_unknown_item(item);
            }
        }),
        Some(_) => tags.set_propagation_error("extract_max_size"),
        None => {}
    }
    items
}

/// Stores other vendors' members within the limits. Answers where the value of our member is, and whether no other had to go.
#[inline]
fn store_vendor_members(text: &str, tags: &mut TraceTags) -> (Option<Range<usize>>, bool) {
    let mut own = None;
    let (mut count, mut bytes) = (0, 0);
    for member in members(text) {
        match Member::of(text, &member) {
            Member::Own(value) => {
                own.get_or_insert(value);
                continue;
            }
            Member::Sampling if !take_sampling_member(member.clone(), tags) => continue,
            Member::Sampling => {}
            Member::Vendor if count < MAX_MEMBERS => tags.push_vendor_member(member.clone()),
            Member::Vendor => {}
        }
        count += 1;
        bytes += member.len();
    }
    let kept_own = own.as_ref().filter(|value| is_readable(value)).map(|value| OWN_PREFIX.len() + value.len());
    count += usize::from(kept_own.is_some());
    bytes += kept_own.unwrap_or(0) + count.saturating_sub(1);
    let is_complete = count <= MAX_MEMBERS && bytes <= MAX_INBOUND;
    if !is_complete {
        store_some_vendor_members(text, kept_own, bytes <= MAX_INBOUND, tags);
    }
    (own, is_complete)
}

/// Takes OpenTelemetry's member. `false`: there is one already, or it is too long.
#[cold]
fn take_sampling_member(member: Range<usize>, tags: &mut TraceTags) -> bool {
    let is_taken = tags.sampling_member().is_none() && member.len() <= sampling_state::MAX_LENGTH;
    if is_taken {
        tags.set_sampling_member(member);
    }
    is_taken
}

/// Stores as many of other vendors' members as the limits allow beside our own one and OpenTelemetry's.
#[cold]
fn store_some_vendor_members(text: &str, own: Option<usize>, with_long_ones: bool, tags: &mut TraceTags) {
    tags.clear_vendor_members();
    let kept = [own, tags.sampling_member().map(str::len)];
    let mut count = kept.iter().flatten().count();
    let mut bytes = kept.iter().flatten().sum::<usize>() + count.saturating_sub(1);
    let is_passing = |member: &Range<usize>| {
        matches!(Member::of(text, member), Member::Vendor) && (with_long_ones || member.len() <= LONG_MEMBER)
    };
    for member in members(text).filter(is_passing) {
        bytes += usize::from(count > 0) + member.len();
        count += 1;
        if count > MAX_MEMBERS || bytes > MAX_INBOUND {
            break;
        }
        tags.push_vendor_member(member);
    }
}

/// The text of a list whose members are printable, though something between them is not.
#[cold]
fn with_printable_members(list: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(list).ok()?;
    members(text).all(|member| printable(piece(text, member).as_bytes()).is_some()).then_some(text)
}

/// Whose a member is.
enum Member {
    /// Ours; where its value is.
    Own(Range<usize>),
    /// OpenTelemetry's sampling state.
    Sampling,
    /// Another vendor's.
    Vendor,
}

impl Member {
    #[inline(always)]
    fn of(text: &str, member: &Range<usize>) -> Member {
        match text.as_bytes().get(member.clone()) {
            Some([b'd', b'd', b'=', ..]) => Member::Own(member.start + OWN_PREFIX.len()..member.end),
            Some([b'o', b't', b'=', ..]) => Member::Sampling,
            _ => Member::Vendor,
        }
    }
}

/// Where the value of a member is, if it is ours.
#[inline]
fn own_value(text: &str, member: &Range<usize>) -> Option<Range<usize>> {
    let is_own = text.as_bytes().get(member.clone())?.starts_with(OWN_PREFIX.as_bytes());
    is_own.then(|| member.start + OWN_PREFIX.len()..member.end)
}

/// Whether the value of our member is not too long to be read.
fn is_readable(own_value: &Range<usize>) -> bool {
    own_value.len() <= MAX_OWN_VALUE
}

/// Places of all members; empty ones do not count.
#[inline]
fn members(text: &str) -> impl Iterator<Item = Range<usize>> {
    split(text.as_bytes(), b',').map(move |place| trim(text, place)).filter(|place| !place.is_empty())
}

/// A place in `text` without the blanks and tabs at its ends.
#[inline]
fn trim(text: &str, place: Range<usize>) -> Range<usize> {
    let member = text.as_bytes().get(place.clone()).unwrap_or_default();
    let trimmed = trim_blanks(member);
    if trimmed.len() == member.len() {
        return place;
    }
    let blanks = member.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let start = place.start + blanks;
    start..start + trimmed.len()
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
fn write_items(outgoing: &Outgoing<'_>, list: &mut Scratch<'_>) {
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
        append(list, |list| list.push(b"t.dm:") && list.push(mechanism));
    }
    if let Some(rate) = outgoing.rate {
        append(list, |list| list.push(b"t.ksr:") && list.push(rate.as_bytes()));
    }
    for tag in outgoing.stored_tags().filter(TagView::is_decision_maker) {
        append(list, |list| push_tag(list, tag));
    }
    if let Some(marker) = outgoing.marker {
        append(list, |list| list.push(b"t.opm:") && list.push(marker.as_bytes()));
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
fn append(list: &mut Scratch<'_>, push_item: impl FnOnce(&mut Scratch<'_>) -> bool) {
    let end = list.len();
    let has_separator = end == OWN_PREFIX.len() || list.push(b";");
    if !(has_separator && push_item(list) && list.len() <= MAX_OWN_WRITTEN) {
        list.truncate(end);
    }
}

fn push_tag(list: &mut Scratch<'_>, tag: TagView<'_>) -> bool {
    if tag.fits_tracestate() {
        let (name, value) = tag.name_and_value();
        return list.push(b"t.") && list.push(name) && list.push(b":") && list.push(value);
    }
    list.push(b"t.") && push_key(list, tag.name()) && list.push(b":") && push_value(list, tag.value())
}

fn push_key(list: &mut Scratch<'_>, key: &str) -> bool {
    key.chars().all(|char| match char {
        ',' | ';' | '=' => list.push(b"_"),
        '\x21'..='\x7e' => list.push(&[char as u8]),
        _ => list.push(b"_"),
    })
}

fn push_value(list: &mut Scratch<'_>, value: &str) -> bool {
    value.chars().all(|char| match char {
        ',' | ';' | '~' => list.push(b"_"),
        '=' => list.push(b"~"),
        '\x20'..='\x7e' => list.push(&[char as u8]),
        _ => list.push(b"_"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_those_of_the_general_split() {
        const PIECES: [&str; 8] = ["s", "t.dm", ":", ";", "-1", "2222222222222222", "x", ";:"];
        for number in 0..8usize.pow(5) {
            let value: String = (0..5).map(|place| PIECES[number >> (3 * place) & 7]).collect();
            let text = format!("a=1, dd={value},b=2");
            let list = MemberList::parse(text.as_bytes()).unwrap();
            let mut items = Vec::new();
            list.visit_items(list.own_value().unwrap(), |item, colon| {
                items.push((&text[item.start..colon], &text[colon..item.end]))
            });
            let expected: Vec<_> = value
                .split(';')
                .filter_map(|item| item.find(':').map(|colon| item.split_at(colon)))
                .filter(|(key, _)| !key.is_empty())
                .collect();
            assert_eq!(items, expected, "{text}");
        }
    }
}
