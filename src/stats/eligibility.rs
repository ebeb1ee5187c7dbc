//! Which spans are counted.

use super::values::{Key, Values};
use crate::record::flag;

/// The kinds that are counted where the agent does not name any.
const DEFAULT_KINDS: [&str; 4] = ["server", "client", "producer", "consumer"];

/// Decides which spans are counted.
#[derive(Debug)]
pub(super) struct Eligibility {
    kinds: Vec<String>,
    top_level: Key,
    top_level_of_agentless: Key,
    measured: Key,
    partial_version: Key,
    pub kind: Key,
    /// A span without a flag and without any of these bits is not counted.
    bits: u64,
}

/// A span that is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub is_top_level: bool,
    pub kind: &'a [u8],
}

impl Eligibility {
    /// `kinds`: those of `span.kind` that make a span count; `None`: the usual ones.
    pub fn new(kinds: Option<&[String]>) -> Self {
        let kinds = match kinds {
            Some(kinds) => kinds.iter().map(|kind| kind.to_ascii_lowercase()).collect(),
            None => DEFAULT_KINDS.map(str::to_owned).to_vec(),
        };
        let [top_level, top_level_of_agentless, measured, partial_version, kind] =
            ["_dd.top_level", "_top_level", "_dd.measured", "_dd.partial_version", "span.kind"].map(Key::new);
        let bits = top_level.bit | top_level_of_agentless.bit | measured.bit | kind.bit;
        Eligibility { kinds, top_level, top_level_of_agentless, measured, partial_version, kind, bits }
    }

    /// `None`: the span is not counted.
    #[inline(always)]
    pub fn of<'a>(&self, span: &Values<'a>) -> Option<Counted<'a>> {
        if !span.record.head.has(flag::TOP_LEVEL) && span.bits & self.bits == 0 {
            return None;
        }
        self.look_closer(span)
    }

    fn look_closer<'a>(&self, span: &Values<'a>) -> Option<Counted<'a>> {
        let is_top_level = self.is_top_level(span);
        let kind = span.text(&self.kind).unwrap_or_default();
        let is_eligible = is_top_level || span.number(&self.measured) == Some(1.0) || self.has_eligible_kind(kind);
        let is_partial = span.number(&self.partial_version).is_some_and(|version| version >= 0.0);
        (is_eligible && !is_partial).then_some(Counted { is_top_level, kind })
    }

    fn is_top_level(&self, span: &Values<'_>) -> bool {
        // What the span says of itself replaces what the library would add.
        let by_tag = span.has(&self.top_level);
        let first = if by_tag { span.number(&self.top_level) == Some(1.0) } else { span.record.head.has(flag::TOP_LEVEL) };
        first || span.number(&self.top_level_of_agentless) == Some(1.0)
    }

    fn has_eligible_kind(&self, kind: &[u8]) -> bool {
        !kind.is_empty() && self.kinds.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(kind))
    }
}
