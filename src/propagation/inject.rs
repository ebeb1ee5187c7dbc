//! Injection: writes one context in every configured style, baggage first.

use super::digits::{hex16, hex32};
use super::outgoing::{Outgoing, decision_rate, format_decision_maker};
use super::propagator::Propagator;
use super::report::InjectReport;
use super::sink::{HeaderSink, Scratch};
use super::{b3, baggage, datadog, tracecontext};
use crate::config::PropagationStyle;
use crate::context::{Decision, TraceTags};
use crate::sampling::format_rate;

static NO_TAGS: TraceTags = TraceTags::new();

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
        if input.trace_id != 0 && input.span_id != 0 {
            self.inject_trace(input, &mut report, sink);
        }
        report
    }

    fn inject_trace<S: HeaderSink + ?Sized>(&self, input: &InjectInput<'_>, report: &mut InjectReport, sink: &mut S) {
        let (mut decision_maker, mut rate) = ([0; 4], [0; 16]);
        let outgoing = Outgoing {
            trace_id: input.trace_id,
            span_id: input.span_id,
            priority: input.decision.map(|decision| decision.priority),
            trace_id_hex: hex32(input.trace_id),
            span_id_hex: hex16(input.span_id),
            tags: input.tags.unwrap_or(&NO_TAGS),
            is_local_span: input.local_span,
            decision_maker: format_decision_maker(input.decision, &mut decision_maker),
            rate: decision_rate(input.decision).and_then(|applied| format_rate(applied, &mut rate)),
        };
        let scratch = &mut Scratch::new();
        for style in self.inject.iter().copied() {
            match style {
                // A foreign trace id may have a low half of zero, which reads as no id in this style.
                PropagationStyle::Datadog if outgoing.trace_id as u64 == 0 => continue,
                PropagationStyle::Datadog => report.error = datadog::write(&outgoing, self.tags_max_length, scratch, sink),
                PropagationStyle::TraceContext => tracecontext::write(&outgoing, scratch, sink),
                PropagationStyle::B3Multi => b3::write_multi(&outgoing, sink),
                PropagationStyle::B3 => b3::write_single(&outgoing, sink),
                PropagationStyle::Baggage => continue,
            }
            report.injected.insert(style);
        }
    }
}
