//! OpenTelemetry's member `ot` of the tracestate: `rv`, the randomness of the trace, and `th`, the threshold of whoever sampled it, as 14
//! hexadecimal digits each; of the threshold trailing zeros are left out. Other items of the member are handed on.
//!
//! A decision by probability that is made here writes both. A decision that came in says what came in with it, but an item that is malformed.
//! A forced one has no threshold, and keeps the randomness that is known.

use super::digits::hex16;
use super::outgoing::Outgoing;
use super::sink::Scratch;
use crate::sampling::ConsistentSampling;

/// How the member begins.
pub(super) const PREFIX: &str = "ot=";
/// The longest member that is handed on.
pub(super) const MAX_LENGTH: usize = PREFIX.len() + 256;

const DIGITS: usize = 14;

/// Appends the member, if there is anything to say; whether there was.
#[inline]
pub(super) fn write(outgoing: &Outgoing<'_>, list: &mut Scratch<'_>) -> bool {
    let inbound = outgoing.tags.sampling_member();
    let own = outgoing.decision.and_then(|decision| ConsistentSampling::of(decision, outgoing.trace_id as u64));
    match (own, inbound) {
        (Some(own), None) => write_own(&own, list),
        (None, None) => false,
        (own, Some(member)) => write_beside(own, member, outgoing.decision_maker.is_some(), list),
    }
}

#[inline]
fn write_own(own: &ConsistentSampling, list: &mut Scratch<'_>) -> bool {
    // Most decisions keep everything, and our own member is there.
    let mut text = *b",ot=rv:00000000000000;th:0";
    text[7..21].copy_from_slice(&hex16(own.randomness)[2..]);
    if own.threshold == Some(0) && list.len() > 0 {
        return list.push(&text);
    }
    write_pieces(&text, own.threshold, list)
}

#[inline(never)]
fn write_pieces(text: &[u8; 26], threshold: Option<u64>, list: &mut Scratch<'_>) -> bool {
    let start = usize::from(list.len() == 0);
    let Some(threshold) = threshold else { return list.push(&text[start..21]) };
    let end = list.len();
    let digits = hex16(threshold);
    // Zero has more trailing zeros than digits.
    let shown = DIGITS.saturating_sub(threshold.trailing_zeros() as usize / 4).max(1);
    let is_written = list.push(&text[start..25]) && list.push(&digits[2..2 + shown]);
    if !is_written {
        list.truncate(end);
    }
    is_written
}

/// What came in, with our own pair in the place of the one that was there.
#[cold]
fn write_beside(own: Option<ConsistentSampling>, member: &str, is_decided_here: bool, list: &mut Scratch<'_>) -> bool {
    let end = list.len();
    let mut has_items = own.is_some();
    let mut fits = match own {
        Some(own) => write_own(&own, list),
        None => (end == 0 || list.push(b",")) && list.push(PREFIX.as_bytes()),
    };
    let inbound = member.get(PREFIX.len()..).unwrap_or_default();
    for item in inbound.split(';').filter(|item| is_passing(item, own.is_some(), is_decided_here)) {
        fits = fits && (!has_items || list.push(b";")) && list.push(item.as_bytes());
        has_items = true;
    }
    if !(fits && has_items) {
        list.truncate(end);
    }
    fits && has_items
}

fn is_passing(item: &str, is_replaced: bool, is_decided_here: bool) -> bool {
    match item.split_once(':') {
        Some(("rv", digits)) => !is_replaced && digits.len() == DIGITS && are_digits(digits),
        Some(("th", digits)) => !is_decided_here && (1..=DIGITS).contains(&digits.len()) && are_digits(digits),
        _ => !item.is_empty(),
    }
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_is_whole_whether_it_is_the_first_of_the_list_or_not() {
        for (threshold, text) in [
            (Some(0), "ot=rv:0000000000000a;th:0"),
            (Some(1 << 55), "ot=rv:0000000000000a;th:8"),
            (Some(1), "ot=rv:0000000000000a;th:00000000000001"),
            (None, "ot=rv:0000000000000a"),
        ] {
            let own = ConsistentSampling { randomness: 10, threshold };
            let mut room = [0; 64];
            let mut list = Scratch::new(&mut room);
            assert!(write_own(&own, &mut list));
            assert_eq!(list.as_bytes(), text.as_bytes());
            let mut list = Scratch::new(&mut room);
            assert!(list.push(b"dd=s:1") && write_own(&own, &mut list));
            assert_eq!(list.as_bytes(), format!("dd=s:1,{text}").as_bytes());
        }
    }
}
