//! Extraction: runs the configured styles in order and makes one remote context of what they find.
//!
//! The first style with a valid context is the primary one: ids, priority, origin and tags are its. A later style that
//! names another trace becomes a span link. W3C headers of the same trace add other vendors' tracestate, and their parent, a
//! nearer one if it differs: then the Datadog parent is kept as the last one known.
//!
//! The readers of the styles are kept out of line: together they would keep so much in memory that each of them took longer.

use super::digits::hex16;
use super::headers::{Header, Headers, LookedUp, ot_baggage_key};
use super::propagator::Propagator;
use super::report::ExtractReport;
use super::{b3, baggage, datadog, tracecontext};
use crate::config::{ExtractBehavior, PropagationStyle};
use crate::context::{Extracted, PRODUCTS, active_products, parse_products};
use crate::record::SpanLink;

/// A carrier that can be asked for one lowercase name at a time, and calls back with each value.
pub type Lookup<'a> = dyn FnMut(&'static str, &mut dyn FnMut(&str)) + 'a;

/// The priority of traces that a product here keeps.
const USER_KEEP: i32 = 2;

/// A style's headers are there, but break its rules.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// What every style must name. The trace id is in halves: as one number it would be returned through memory in pieces that the
/// caller cannot load at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    high: u64,
    low: u64,
    pub(super) span_id: u64,
}

impl Ids {
    pub(super) fn new(high: u64, low: u64, span_id: u64) -> Self {
        Ids { high, low, span_id }
    }

    pub(super) fn of_trace(trace_id: u128, span_id: u64) -> Self {
        Ids { high: (trace_id >> 64) as u64, low: trace_id as u64, span_id }
    }

    pub(super) fn trace_id(&self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }
}

impl Propagator {
    /// Extracts from a carrier that can be asked for one name at a time. Legacy `ot-baggage-` headers, whose names cannot be known, are not found this way.
    pub fn extract(&self, carrier: &mut Lookup<'_>, into: &mut Extracted) -> ExtractReport {
        into.clear();
        if self.behavior == ExtractBehavior::Ignore {
            return ExtractReport::default();
        }
        let mut found = LookedUp::new();
        for header in Header::of_styles(self.extracted_styles()) {
            carrier(header.name(), &mut |value| found.add(header, value));
        }
        self.extract_headers(&found.headers(), into)
    }

    /// Extracts from all headers of a request or a message, in one pass.
    pub fn extract_pairs<'a>(&self, pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>, into: &mut Extracted) -> ExtractReport {
        into.clear();
        if self.behavior == ExtractBehavior::Ignore || self.extract.is_empty() {
            return ExtractReport::default();
        }
        let mut headers = Headers::default();
        for (name, value) in pairs {
            if let Some(header) = Header::recognize(name) {
                headers.add(header, value);
            } else if self.reads_legacy_baggage {
                self.extract_legacy_baggage(name, value, into);
            }
        }
        self.extract_headers(&headers, into)
    }

    fn extract_legacy_baggage(&self, name: &[u8], value: &[u8], into: &mut Extracted) {
        if let Some(key) = ot_baggage_key(name) {
            baggage::read_legacy(key, value, self.baggage_limits, into.tags.baggage_mut());
        }
    }

    fn extract_headers(&self, headers: &Headers<'_>, into: &mut Extracted) -> ExtractReport {
        let mut report = ExtractReport::default();
        let primary = self.extract_trace(headers, into, &mut report);
        report.primary = primary;
        if primary.is_some() && (self.guard.is_some() || !self.apm_tracing) {
            self.apply_policies(into);
        }
        if let (Some(style), ExtractBehavior::Restart) = (primary, self.behavior) {
            restart(style, into);
        }
        self.extract_baggage(headers, into, &mut report);
        into.is_remote = !into.is_empty();
        report
    }

    /// What is not to be believed is taken out.
    #[cold]
    fn apply_policies(&self, into: &mut Extracted) {
        if let Some(guard) = &self.guard {
            guard.check(into);
        }
        if self.apm_tracing {
            return;
        }
        // Without APM tracing the decision of somebody who traces counts only for traces that a product wants.
        match into.tags.get(PRODUCTS).and_then(parse_products).filter(|mask| *mask != 0) {
            None => into.priority = None,
            Some(mask) if mask & active_products() != 0 => into.priority = Some(USER_KEEP),
            Some(_) => {}
        }
    }

    fn extract_trace(&self, headers: &Headers<'_>, into: &mut Extracted, report: &mut ExtractReport) -> Option<PropagationStyle> {
        let mut primary = None;
        let mut datadog_parent = 0;
        for style in self.extract_trace.iter().copied() {
            let outcome = match primary {
                None => self.read(style, headers, into, report),
                Some(_) => self.compare(style, headers, into, datadog_parent, report),
            };
            match outcome {
                Ok(Some(ids)) => {
                    report.extracted.insert(style);
                    primary = primary.or(Some(style));
                    if style == PropagationStyle::Datadog && ids.trace_id() == into.trace_id {
                        datadog_parent = ids.span_id;
                    }
                }
                Ok(None) => {}
                Err(Malformed) => report.malformed.insert(style),
            }
        }
        primary
    }

    /// Reads one style as the primary one.
    fn read(
        &self,
        style: PropagationStyle,
        headers: &Headers<'_>,
        into: &mut Extracted,
        report: &mut ExtractReport,
    ) -> Result<Option<Ids>, Malformed> {
        let found = match style {
            PropagationStyle::Datadog => datadog::read(headers, self.tags_max_length > 0, into)?,
            PropagationStyle::TraceContext => tracecontext::read(headers, into, report)?,
            PropagationStyle::B3Multi => take_priority(b3::read_multi(headers)?, into),
            PropagationStyle::B3 => take_priority(b3::read_single(headers)?, into),
            PropagationStyle::Baggage => None,
        };
        if let Some(ids) = found {
            into.trace_id = ids.trace_id();
            into.span_id = ids.span_id;
        }
        Ok(found)
    }

    /// Reads one style beside the primary one.
    #[inline(never)]
    fn compare(
        &self,
        style: PropagationStyle,
        headers: &Headers<'_>,
        into: &mut Extracted,
        datadog_parent: u64,
        report: &mut ExtractReport,
    ) -> Result<Option<Ids>, Malformed> {
        let Some(ids) = self.read_ids(style, headers)? else { return Ok(None) };
        if ids.trace_id() != into.trace_id {
            report.conflict |= add_link(style, ids, headers, into);
        } else if style == PropagationStyle::TraceContext {
            let state_parent = tracecontext::merge(headers, into, report);
            if ids.span_id != into.span_id {
                into.span_id = ids.span_id;
                set_last_parent(state_parent, datadog_parent, into);
            }
        }
        Ok(Some(ids))
    }

    fn read_ids(&self, style: PropagationStyle, headers: &Headers<'_>) -> Result<Option<Ids>, Malformed> {
        match style {
            PropagationStyle::Datadog => datadog::read_ids(headers, self.tags_max_length > 0),
            PropagationStyle::TraceContext => tracecontext::read_ids(headers),
            PropagationStyle::B3Multi => Ok(b3::read_multi(headers)?.map(|(ids, _)| ids)),
            PropagationStyle::B3 => Ok(b3::read_single(headers)?.map(|(ids, _)| ids)),
            PropagationStyle::Baggage => Ok(None),
        }
    }

    fn extract_baggage(&self, headers: &Headers<'_>, into: &mut Extracted, report: &mut ExtractReport) {
        if self.reads_baggage {
            if let Some(header) = headers.get(Header::Baggage) {
                let result = baggage::read(header, self.baggage_limits, into.tags.baggage_mut(), report);
                let styles = if result.is_ok() { &mut report.extracted } else { &mut report.malformed };
                styles.insert(PropagationStyle::Baggage);
            }
        }
        if !into.tags.baggage().is_empty() {
            into.tags.take_baggage_tags(|key| self.is_baggage_tag(key));
        }
    }
}

fn take_priority(found: Option<(Ids, Option<i32>)>, into: &mut Extracted) -> Option<Ids> {
    let (ids, priority) = found?;
    into.priority = priority;
    Some(ids)
}

#[inline(never)]
fn set_last_parent(state_parent: Option<&str>, datadog_parent: u64, into: &mut Extracted) {
    if let Some(id) = state_parent {
        into.tags.set_last_parent_id(id);
    } else if datadog_parent != 0 {
        let digits = hex16(datadog_parent);
        into.tags.set_last_parent_id(std::str::from_utf8(&digits).unwrap_or_default());
    }
}

/// Links another trace that the same headers name; whether its ids allow that.
#[cold]
fn add_link(style: PropagationStyle, ids: Ids, headers: &Headers<'_>, into: &mut Extracted) -> bool {
    if ids.trace_id() == 0 || ids.span_id == 0 {
        return false;
    }
    let of_b3 = |found: Result<Option<(Ids, Option<i32>)>, Malformed>| found.ok().flatten().and_then(|(_, priority)| priority);
    let (priority, state) = match style {
        PropagationStyle::Datadog => (datadog::read_priority(headers), None),
        PropagationStyle::TraceContext => (tracecontext::read_priority(headers), tracecontext::full_state(headers)),
        PropagationStyle::B3Multi => (of_b3(b3::read_multi(headers)), None),
        PropagationStyle::B3 => (of_b3(b3::read_single(headers)), None),
        PropagationStyle::Baggage => return false,
    };
    into.tags.links_mut().push(link("terminated_context", style, ids, priority, state));
    true
}

/// Turns a resolved context into a link of the trace that is to start anew.
#[cold]
fn restart(style: PropagationStyle, into: &mut Extracted) {
    let ids = Ids::of_trace(into.trace_id, into.span_id);
    let state = into.tags.tracestate().filter(|_| style == PropagationStyle::TraceContext);
    let link = link("propagation_behavior_extract", style, ids, into.priority, state);
    let baggage = std::mem::take(into.tags.baggage_mut());
    into.clear();
    *into.tags.baggage_mut() = baggage;
    if ids.span_id != 0 {
        into.tags.links_mut().push(link);
    }
}

fn link(reason: &str, style: PropagationStyle, ids: Ids, priority: Option<i32>, tracestate: Option<&str>) -> SpanLink {
    let attribute = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    SpanLink {
        trace_id: ids.trace_id(),
        span_id: ids.span_id,
        tracestate: tracestate.unwrap_or_default().to_owned(),
        flags: Some(u32::from(priority.is_some_and(|priority| priority > 0))),
        attributes: vec![attribute("reason", reason), attribute("context_headers", style.name())],
    }
}
