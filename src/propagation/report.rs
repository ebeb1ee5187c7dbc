//! What an extraction or an injection did: for telemetry counters, and for errors that belong on the trace.

use crate::config::PropagationStyle;
use std::fmt;

/// All styles, in the order of their numbers.
pub const STYLES: [PropagationStyle; 5] = [
    PropagationStyle::Datadog,
    PropagationStyle::TraceContext,
    PropagationStyle::B3Multi,
    PropagationStyle::B3,
    PropagationStyle::Baggage,
];

/// A set of styles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StyleSet(u8);

impl StyleSet {
    /// How many different sets there are.
    pub const DIFFERENT: usize = 1 << STYLES.len();

    /// The number of this set, below [`StyleSet::DIFFERENT`].
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The set with a number below [`StyleSet::DIFFERENT`].
    pub fn at(index: usize) -> StyleSet {
        StyleSet((index % StyleSet::DIFFERENT) as u8)
    }

    /// Adds a style.
    pub fn insert(&mut self, style: PropagationStyle) {
        self.0 |= 1 << style as u8;
    }

    /// Whether a style is in it.
    pub fn contains(self, style: PropagationStyle) -> bool {
        self.0 & (1 << style as u8) != 0
    }

    /// Whether no style is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for StyleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, style) in STYLES.into_iter().filter(|style| self.contains(*style)).enumerate() {
            write!(f, "{}{}", if index > 0 { ", " } else { "" }, style.name())?;
        }
        Ok(())
    }
}

impl FromIterator<PropagationStyle> for StyleSet {
    fn from_iter<I: IntoIterator<Item = PropagationStyle>>(styles: I) -> Self {
        let mut set = StyleSet::default();
        styles.into_iter().for_each(|style| set.insert(style));
        set
    }
}

/// What an extraction found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtractReport {
    /// Styles that held a valid context, or baggage.
    pub extracted: StyleSet,
    /// Styles whose headers were there but not valid (`context_header_style.malformed`).
    pub malformed: StyleSet,
    /// The style that the context comes from.
    pub primary: Option<PropagationStyle>,
    /// Another style named another trace, and a link was made.
    pub conflict: bool,
    /// Tracestate members were dropped, to keep within 32 members and 512 bytes.
    pub tracestate_truncated: bool,
    /// Baggage items were dropped, because there were too many.
    pub baggage_items_exceeded: bool,
    /// Baggage items were dropped, because the header was too long.
    pub baggage_bytes_exceeded: bool,
}

/// What an injection wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InjectReport {
    /// Styles that were written (`context_header_style.injected`).
    pub injected: StyleSet,
    /// Why `x-datadog-tags` was left out: `disabled`, `inject_max_size` or `encoding_error`. The caller keeps it as the
    /// trace's propagation error, so that later injections do not try again.
    pub error: Option<&'static str>,
    /// Baggage items were left out, because there are too many.
    pub baggage_items_exceeded: bool,
    /// Baggage items were left out, because the header would become too long.
    pub baggage_bytes_exceeded: bool,
}
