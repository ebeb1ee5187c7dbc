//! What every style writes of one context: its ids, its decision, and its tags with those that a local decision replaces.

use super::digits::{hex16, hex32};
use super::inject::InjectInput;
use super::organization::{MARKER_NAME, Marker};
use crate::context::{Decision, TagView, TraceTags, mechanism};
use crate::sampling::format_rate;

static NO_TAGS: TraceTags = TraceTags::new();

/// One context on its way out.
pub(super) struct Outgoing<'a> {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) priority: Option<i32>,
    pub(super) decision: Option<&'a Decision>,
    /// Both ids in hexadecimal; most styles write them.
    pub(super) trace_id_hex: [u8; 32],
    pub(super) span_id_hex: [u8; 16],
    pub(super) tags: &'a TraceTags,
    /// The span's id is one of ours, not a remote parent that is handed through.
    pub(super) is_local_span: bool,
    /// Value of `_dd.p.dm`, if the decision was made here.
    pub(super) decision_maker: Option<&'a [u8]>,
    /// Value of `_dd.p.ksr`, if the decision was made here and by a rate.
    pub(super) rate: Option<&'a str>,
    /// The marker of our organization, which replaces the one that came in.
    pub(super) marker: Option<&'a Marker>,
}

/// Texts that an outgoing context refers to.
#[derive(Default)]
pub(super) struct Texts {
    decision_maker: [u8; 4],
    rate: [u8; 16],
}

impl<'a> Outgoing<'a> {
    #[inline(always)]
    pub(super) fn new(input: &'a InjectInput<'_>, marker: Option<&'a Marker>, texts: &'a mut Texts) -> Self {
        Outgoing {
            trace_id: input.trace_id,
            span_id: input.span_id,
            priority: input.decision.map(|decision| decision.priority),
            decision: input.decision.as_ref(),
            trace_id_hex: hex32(input.trace_id),
            span_id_hex: hex16(input.span_id),
            tags: input.tags.unwrap_or(&NO_TAGS),
            is_local_span: input.local_span,
            decision_maker: format_decision_maker(input.decision, &mut texts.decision_maker),
            rate: decision_rate(input.decision).and_then(|applied| format_rate(applied, &mut texts.rate)),
            marker,
        }
    }

    /// The stored tags, but those that a local decision or our own marker replaces.
    pub(super) fn stored_tags(&self) -> impl Iterator<Item = TagView<'a>> + use<'a> {
        let (is_decided_here, has_marker) = (self.decision_maker.is_some(), self.marker.is_some());
        let is_replaced =
            move |tag: &TagView<'_>| (is_decided_here && tag.is_of_decision()) || (has_marker && tag.name() == MARKER_NAME);
        self.tags.tag_views().filter(move |tag| !is_replaced(tag))
    }

    /// Whether there is any propagated tag.
    pub(super) fn has_tags(&self) -> bool {
        self.decision_maker.is_some() || self.marker.is_some() || self.trace_id >> 64 != 0 || self.stored_tags().next().is_some()
    }

    /// The high half of the trace id in hexadecimal, if it is not zero.
    pub(super) fn trace_id_high_hex(&self) -> Option<&[u8; 16]> {
        self.trace_id_hex.first_chunk().filter(|_| self.trace_id >> 64 != 0)
    }
}

/// Writes the decision maker of a local decision: `-` and the mechanism.
#[inline]
pub(super) fn format_decision_maker(decision: Option<Decision>, buffer: &mut [u8; 4]) -> Option<&[u8]> {
    let mechanism = decision?.mechanism?;
    if mechanism < 10 {
        let [sign, digit, ..] = buffer;
        (*sign, *digit) = (b'-', b'0' + mechanism);
        return buffer.get(..2);
    }
    let [sign, hundreds, tens, ones] = buffer;
    *sign = b'-';
    *hundreds = b'0' + mechanism / 100;
    *tens = b'0' + mechanism / 10 % 10;
    *ones = b'0' + mechanism % 10;
    // The sign moves up to the first digit that counts.
    let skipped = usize::from(mechanism < 100);
    *buffer.get_mut(skipped)? = b'-';
    buffer.get(skipped..)
}

/// The rate of a local decision, where it was one by rate.
pub(super) fn decision_rate(decision: Option<Decision>) -> Option<f64> {
    use mechanism::{AGENT_RATE, LOCAL_RULE, REMOTE_DYNAMIC_RULE, REMOTE_USER_RULE};
    let decision = decision?;
    match decision.mechanism? {
        AGENT_RATE | LOCAL_RULE | REMOTE_USER_RULE | REMOTE_DYNAMIC_RULE => decision.rate,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mechanism_has_its_decision_maker() {
        for mechanism in 0..=255u8 {
            let decision = Decision { mechanism: Some(mechanism), ..Decision::inherited(1) };
            assert_eq!(format_decision_maker(Some(decision), &mut [0; 4]), Some(format!("-{mechanism}").as_bytes()));
        }
        assert_eq!(format_decision_maker(Some(Decision::inherited(1)), &mut [0; 4]), None);
        assert_eq!(format_decision_maker(None, &mut [0; 4]), None);
    }

    #[test]
    fn only_decisions_by_rate_have_one() {
        let with = |mechanism| Some(Decision { priority: 1, mechanism, rate: Some(0.5), limit_rate: None });
        for mechanism in [1, 3, 11, 12] {
            assert_eq!(decision_rate(with(Some(mechanism))), Some(0.5));
        }
        for mechanism in [None, Some(0), Some(4), Some(5)] {
            assert_eq!(decision_rate(with(mechanism)), None);
        }
    }
}
