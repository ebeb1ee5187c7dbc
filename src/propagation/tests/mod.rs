//! Behaviour of the propagator, seen from its two ends: headers in, headers out.

mod b3;
mod baggage;
mod behavior;
mod carriers;
mod datadog;
mod hostile;
mod policies;
mod priority;
mod sampling_state;
mod several_styles;
mod tracecontext;
mod tracestate;

use super::{BufferSink, ExtractReport, HeaderSink, InjectInput, InjectReport, Propagator};
use crate::config::{PropagationSettings, PropagationStyle};
use crate::context::{Decision, Extracted, TraceTags};

/// The id of the local span in these tests.
const LOCAL_SPAN: u64 = 0x0123_4567_89ab_cdef;

const DATADOG: &[PropagationStyle] = &[PropagationStyle::Datadog];
const W3C: &[PropagationStyle] = &[PropagationStyle::TraceContext];
const DATADOG_W3C: &[PropagationStyle] = &[PropagationStyle::Datadog, PropagationStyle::TraceContext];
const W3C_DATADOG: &[PropagationStyle] = &[PropagationStyle::TraceContext, PropagationStyle::Datadog];

type Pairs<'a> = &'a [(&'a str, &'a str)];

/// The default settings with other styles in both directions.
fn styles(styles: &[PropagationStyle]) -> PropagationSettings {
    PropagationSettings { extract: styles.to_vec(), inject: styles.to_vec(), ..PropagationSettings::default() }
}

fn extract_reported(settings: &PropagationSettings, headers: Pairs<'_>) -> (Extracted, ExtractReport) {
    let mut extracted = Extracted::default();
    let pairs = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let report = Propagator::new(settings).extract_pairs(pairs, &mut extracted);
    (extracted, report)
}

fn extract(settings: &PropagationSettings, headers: Pairs<'_>) -> Extracted {
    extract_reported(settings, headers).0
}

/// Headers as they were written, in order.
#[derive(Debug, Default)]
struct Written(Vec<(String, String)>);

impl HeaderSink for Written {
    fn header(&mut self, name: &str, value: &[u8]) {
        assert!(value.iter().all(|byte| matches!(byte, 0x20..=0x7e)), "{name} is not printable: {value:?}");
        assert_eq!(self.get(name), None, "{name} is written twice");
        self.0.push((name.to_owned(), String::from_utf8_lossy(value).into_owned()));
    }
}

impl Written {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(written, _)| written == name).map(|(_, value)| value.as_str())
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The members of the tracestate.
    fn members(&self) -> Vec<&str> {
        self.get("tracestate").map_or(Vec::new(), |state| state.split(',').collect())
    }

    /// The value of one item in the `dd` member.
    fn item(&self, key: &str) -> Option<&str> {
        let own = self.members().into_iter().find_map(|member| member.strip_prefix("dd="))?;
        own.split(';').filter_map(|item| item.split_once(':')).find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

fn inject_reported(settings: &PropagationSettings, input: &InjectInput<'_>) -> (Written, InjectReport) {
    let mut written = Written::default();
    let report = Propagator::new(settings).inject(input, &mut written);
    (written, report)
}

fn inject(settings: &PropagationSettings, input: &InjectInput<'_>) -> Written {
    inject_reported(settings, input).0
}

/// A local span of the trace that `extracted` names.
fn child_of(extracted: &Extracted) -> InjectInput<'_> {
    InjectInput {
        trace_id: extracted.trace_id,
        span_id: LOCAL_SPAN,
        decision: extracted.priority.map(Decision::inherited),
        tags: Some(&extracted.tags),
        local_span: true,
    }
}

/// What a service with one local span makes of incoming headers.
fn forward(settings: &PropagationSettings, headers: Pairs<'_>) -> Written {
    let extracted = extract(settings, headers);
    inject(settings, &child_of(&extracted))
}

/// A new local trace with a decision made here.
fn local(trace_id: u128, mechanism: u8, priority: i32, rate: Option<f64>) -> InjectInput<'static> {
    let decision = Decision { priority, mechanism: Some(mechanism), rate, limit_rate: None };
    InjectInput { trace_id, span_id: LOCAL_SPAN, decision: Some(decision), tags: None, local_span: true }
}

/// Propagated tags as a list.
fn tags(tags: &TraceTags) -> Vec<(&str, &str)> {
    tags.iter().collect()
}
