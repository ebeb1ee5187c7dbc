//! Injection: writes one context in every configured style, baggage first.

use super::organization::Guard;
use super::outgoing::{Outgoing, Texts};
use super::propagator::Propagator;
use super::report::InjectReport;
use super::sink::{HeaderSink, put};
use super::{b3, baggage, datadog, tracecontext, tracestate};
use crate::config::PropagationStyle;
use crate::context::{Decision, PRODUCTS, TraceTags, parse_products};

/// What is to be injected.
#[derive(Clone, Copy, Debug)]
pub struct InjectInput<'a> {
    /// The trace, all 128 bits.
    pub trace_id: u128,
    /// The span that becomes the receiver's parent. Without ids, baggage alone is written.
    pub span_id: u64,
    /// The sampling decision, if there is one. Tags of a decision made here are derived from it; those of an inherited one
    /// are among `tags`.
    pub decision: Option<Decision>,
    /// What else the trace carries.
    pub tags: Option<&'a TraceTags>,
    /// Whether the span is one of ours; false for a remote context that is handed through.
    pub local_span: bool,
}

impl Propagator {
    /// Writes `input` in every configured style.
    pub fn inject<S: HeaderSink + ?Sized>(&self, input: &InjectInput<'_>, sink: &mut S) -> InjectReport {
        let mut report = InjectReport::default();
        if let Some(carried) = input.tags.map(TraceTags::baggage).filter(|baggage| !baggage.is_empty()) {
            if self.inject.contains(&PropagationStyle::Baggage) && baggage::write(carried, self.baggage_limits, &mut report, sink)
            {
                report.injected.insert(PropagationStyle::Baggage);
            }
            if self.writes_legacy_baggage {
                baggage::write_legacy(carried, self.baggage_limits, sink);
            }
        }
        if input.trace_id != 0 && input.span_id != 0 && (self.apm_tracing || is_for_a_product(input.tags)) {
            self.inject_trace(input, &mut report, sink);
        }
        report
    }

    fn inject_trace<S: HeaderSink + ?Sized>(&self, input: &InjectInput<'_>, report: &mut InjectReport, sink: &mut S) {
        let mut texts = Texts::default();
        let marker = self.guard.as_ref().and_then(Guard::marker);
        let outgoing = Outgoing::new(input, marker.as_ref(), &mut texts);
        for style in self.inject.iter().copied() {
            match style {
                // A foreign trace id may have a low half of zero, which reads as no id in this style.
                PropagationStyle::Datadog if outgoing.trace_id as u64 == 0 => continue,
                PropagationStyle::Datadog => report.error = datadog::write(&outgoing, self.tags_max_length, sink),
                PropagationStyle::TraceContext => tracecontext::write(&outgoing, sink),
                PropagationStyle::B3Multi => b3::write_multi(&outgoing, sink),
                PropagationStyle::B3 => b3::write_single(&outgoing, sink),
                PropagationStyle::Baggage => continue,
            }
            report.injected.insert(style);
        }
    }
}

/// The `tracestate` header of a span, for formats that have it as a field of their own: our member, OpenTelemetry's sampling state, other
/// vendors' members. Empty if there is nothing to say.
pub fn tracestate_field(input: &InjectInput<'_>) -> String {
    let mut texts = Texts::default();
    let outgoing = Outgoing::new(input, None, &mut texts);
    let mut field = String::new();
    put(&mut Field(&mut field), "tracestate", |list| {
        tracestate::write(&outgoing, list);
        list.len() > 0
    });
    field
}

/// Keeps the value of the last header.
struct Field<'a>(&'a mut String);

impl HeaderSink for Field<'_> {
    fn header(&mut self, _: &str, value: &[u8]) {
        *self.0 = String::from_utf8_lossy(value).into_owned();
    }
}

/// Where APM tracing is off, only traces that some product asked for leave the process.
#[cold]
fn is_for_a_product(tags: Option<&TraceTags>) -> bool {
    tags.and_then(|tags| tags.get(PRODUCTS)).and_then(parse_products).is_some_and(|mask| mask != 0)
}
