//! The names of health metrics: those that most of Datadog's tracers have, and those of two languages. A binding chooses one set.

use super::health::HealthFacts;
use crate::config::HealthNames;
use crate::export::Failure;
use crate::metrics::MetricKind;
use std::borrow::Cow;

/// Gets name, tags and number.
type Each<'a> = dyn FnMut(&'static str, Vec<Cow<'static, str>>, u64) + 'a;

/// What kind of metric counts are under these names.
pub fn count_kind(names: HealthNames) -> MetricKind {
    match names {
        HealthNames::Common | HealthNames::Ruby => MetricKind::Count,
        // One point for each time that they are reported; what counts is their sum.
        HealthNames::Python => MetricKind::Distribution,
    }
}

/// The gauge of chunks that wait.
pub fn queue_gauge(names: HealthNames) -> Option<&'static str> {
    match names {
        HealthNames::Common | HealthNames::Ruby => Some("queue.length"),
        HealthNames::Python => None,
    }
}

/// The times that flushes took.
pub(super) fn flush_duration(names: HealthNames) -> Option<&'static str> {
    (names == HealthNames::Common).then_some("flush_duration")
}

/// Names what was counted.
pub(super) fn each_count(facts: &HealthFacts, names: HealthNames, each: &mut Each<'_>) {
    match names {
        HealthNames::Common => common(facts, each),
        HealthNames::Python => python(facts, each),
        HealthNames::Ruby => ruby(facts, each),
    }
}

fn common(facts: &HealthFacts, each: &mut Each<'_>) {
    let (totals, stats) = (&facts.totals, &facts.stats);
    let chunks_overfull = totals.chunks_dropped.saturating_sub(facts.chunks_dropped_late);
    let spans_overfull = totals.spans_dropped.saturating_sub(facts.spans_dropped_late);
    for (name, tag, count) in [
        ("started", "", 1),
        ("stopped", "", u64::from(facts.is_stopped)),
        ("spans_started", "", totals.spans_started),
        ("spans_finished", "", totals.spans_finished),
        ("abandoned_spans", "", totals.spans_abandoned),
        ("traces_dropped", "reason:queue_full", chunks_overfull),
        ("traces_dropped", "reason:trace_filter", totals.chunks_filtered),
        ("traces_dropped", "reason:trace_too_large", facts.chunks_too_large),
        ("traces_dropped", "reason:send_failed", facts.chunks_dropped_late.saturating_sub(facts.chunks_too_large)),
        ("spans_dropped", "reason:queue_full", spans_overfull),
        ("spans_dropped", "reason:trace_filter", totals.spans_filtered),
        ("spans_dropped", "reason:send_failed", facts.spans_dropped_late),
        ("dropped_p0_traces", "", totals.chunks_rejected),
        ("dropped_p0_spans", "", totals.spans_rejected),
        ("traces_filtered_by_agent", "", totals.chunks_filtered_by_agent),
        ("spans_filtered_by_agent", "", totals.spans_filtered_by_agent),
        ("queue.enqueued.traces", "", totals.chunks_enqueued),
        ("flush_traces", "", totals.chunks_sent),
        ("flush_bytes", "", totals.bytes_sent),
        ("api.requests", "", facts.requests),
        ("decode_error", "", facts.answers_not_understood),
        ("stats.spans_in", "", stats.spans),
        ("stats.collapsed_spans", "", stats.collapsed),
        ("stats.flush_payloads", "", stats.payloads),
        ("stats.flush_buckets", "", stats.buckets),
        ("stats.flush_errors", "", stats.lost),
    ] {
        each(name, tag_list(tag), count);
    }
    // The agent that refuses a format gets the oldest one.
    each("trace_protocol_changed", vec!["to:v0.4".into(), "reason:send_rejected".into()], facts.formats_refused);
    for (reason, count) in &facts.flushes {
        each("flush_triggered", tag_list(reason.tag()), *count);
    }
    for (status, count) in &facts.responses {
        each("api.responses", vec![format!("status_code:{status}").into()], *count);
    }
    for (Failure { path, status }, count) in &facts.failures {
        let reason = match status {
            Some(status) => format!("reason:server_response_{status}").into(),
            None => "reason:network_failure".into(),
        };
        each("api.errors", vec![reason, format!("endpoint:{path}").into()], *count);
    }
}

fn python(facts: &HealthFacts, each: &mut Each<'_>) {
    let totals = &facts.totals;
    let chunks_overfull = totals.chunks_dropped.saturating_sub(facts.chunks_dropped_late);
    for (name, tag, count) in [
        ("http.requests", "", facts.requests),
        ("http.sent.bytes", "", totals.bytes_sent),
        ("http.sent.traces", "", totals.chunks_sent),
        ("http.dropped.bytes", "", facts.bytes_dropped),
        ("http.dropped.traces", "", facts.chunks_dropped_late.saturating_sub(facts.chunks_too_large)),
        ("writer.accepted.traces", "", totals.chunks_enqueued),
        ("buffer.accepted.traces", "", totals.chunks_enqueued),
        ("buffer.accepted.spans", "", totals.spans_finished.saturating_sub(totals.spans_filtered)),
        ("buffer.dropped.traces", "reason:full", chunks_overfull),
        ("buffer.dropped.traces", "reason:t_too_big", facts.chunks_too_large),
    ] {
        each(name, tag_list(tag), count);
    }
    for (failure, count) in &facts.failures {
        let kind = failure.status.map_or_else(|| "type:err".into(), |status| format!("type:{status}").into());
        each("http.errors", vec![kind], *count);
    }
}

fn ruby(facts: &HealthFacts, each: &mut Each<'_>) {
    let totals = &facts.totals;
    let chunks_overfull = totals.chunks_dropped.saturating_sub(facts.chunks_dropped_late);
    for (name, count) in [
        ("api.requests", facts.requests),
        ("api.responses", facts.responses.iter().map(|(_, count)| count).sum()),
        ("api.errors", facts.failures.iter().map(|(_, count)| count).sum()),
        ("queue.accepted", totals.chunks_enqueued),
        ("queue.accepted_lengths", totals.spans_finished.saturating_sub(totals.spans_filtered)),
        ("queue.dropped", chunks_overfull),
        ("traces.filtered", totals.chunks_filtered),
        ("transport.trace_too_large", facts.chunks_too_large),
        ("error.unfinished_spans", totals.spans_abandoned),
    ] {
        each(name, Vec::new(), count);
    }
}

fn tag_list(tag: &'static str) -> Vec<Cow<'static, str>> {
    if tag.is_empty() { Vec::new() } else { vec![tag.into()] }
}

#[cfg(test)]
mod tests {
    use super::super::health::{HealthCounts, StatsFacts};
    use super::*;
    use crate::export::{FlushReason, Totals};

    fn facts() -> HealthFacts {
        let totals = Totals {
            spans_started: 10,
            spans_finished: 9,
            spans_abandoned: 1,
            chunks_enqueued: 6,
            chunks_sent: 3,
            chunks_dropped: 5,
            spans_dropped: 7,
            chunks_filtered: 4,
            spans_filtered: 5,
            chunks_rejected: 2,
            spans_rejected: 8,
            bytes_sent: 1000,
            chunks_filtered_by_agent: 13,
            spans_filtered_by_agent: 14,
            ..Totals::default()
        };
        let failure = |status| Failure { path: "/v0.4/traces".to_owned(), status };
        HealthFacts {
            totals,
            chunks_dropped_late: 3,
            spans_dropped_late: 2,
            chunks_too_large: 1,
            bytes_dropped: 77,
            formats_refused: 2,
            answers_not_understood: 15,
            flushes: vec![(FlushReason::Scheduled, 16), (FlushReason::Invoked, 17)],
            requests: 23,
            responses: vec![(200, 11), (503, 4)],
            failures: vec![(failure(Some(503)), 4), (failure(None), 8)],
            stats: StatsFacts { spans: 18, collapsed: 19, payloads: 20, buckets: 21, lost: 22 },
            ..HealthFacts::default()
        }
    }

    fn check(names: HealthNames, expected: &[(&str, &str, u64)]) {
        let counts = HealthCounts::named(&facts(), names);
        let mut found: Vec<_> = counts.each().map(|(key, count)| (key.name, key.tags.join(","), count)).collect();
        found.sort_unstable();
        let mut expected: Vec<_> = expected.iter().map(|(name, tags, count)| (*name, (*tags).to_owned(), *count)).collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_common_names() {
        check(
            HealthNames::Common,
            &[
                ("started", "", 1),
                ("stopped", "", 0),
                ("spans_started", "", 10),
                ("spans_finished", "", 9),
                ("abandoned_spans", "", 1),
                ("traces_dropped", "reason:queue_full", 2),
                ("traces_dropped", "reason:trace_filter", 4),
                ("traces_dropped", "reason:trace_too_large", 1),
                ("traces_dropped", "reason:send_failed", 2),
                ("spans_dropped", "reason:queue_full", 5),
                ("spans_dropped", "reason:trace_filter", 5),
                ("spans_dropped", "reason:send_failed", 2),
                ("dropped_p0_traces", "", 2),
                ("dropped_p0_spans", "", 8),
                ("traces_filtered_by_agent", "", 13),
                ("spans_filtered_by_agent", "", 14),
                ("queue.enqueued.traces", "", 6),
                ("flush_traces", "", 3),
                ("flush_bytes", "", 1000),
                ("flush_triggered", "reason:scheduled", 16),
                ("flush_triggered", "reason:invoked", 17),
                ("api.requests", "", 23),
                ("api.responses", "status_code:200", 11),
                ("api.responses", "status_code:503", 4),
                ("api.errors", "reason:server_response_503,endpoint:/v0.4/traces", 4),
                ("api.errors", "reason:network_failure,endpoint:/v0.4/traces", 8),
                ("decode_error", "", 15),
                ("stats.spans_in", "", 18),
                ("stats.collapsed_spans", "", 19),
                ("stats.flush_payloads", "", 20),
                ("stats.flush_buckets", "", 21),
                ("stats.flush_errors", "", 22),
                ("trace_protocol_changed", "to:v0.4,reason:send_rejected", 2),
            ],
        );
    }

    #[test]
    fn the_names_of_python() {
        check(
            HealthNames::Python,
            &[
                ("http.requests", "", 23),
                ("http.errors", "type:503", 4),
                ("http.errors", "type:err", 8),
                ("http.sent.bytes", "", 1000),
                ("http.sent.traces", "", 3),
                ("http.dropped.bytes", "", 77),
                ("http.dropped.traces", "", 2),
                ("writer.accepted.traces", "", 6),
                ("buffer.accepted.traces", "", 6),
                ("buffer.accepted.spans", "", 4),
                ("buffer.dropped.traces", "reason:full", 2),
                ("buffer.dropped.traces", "reason:t_too_big", 1),
            ],
        );
        assert_eq!((count_kind(HealthNames::Python), queue_gauge(HealthNames::Python)), (MetricKind::Distribution, None));
    }

    #[test]
    fn the_names_of_ruby() {
        check(
            HealthNames::Ruby,
            &[
                ("api.requests", "", 23),
                ("api.responses", "", 15),
                ("api.errors", "", 12),
                ("queue.accepted", "", 6),
                ("queue.accepted_lengths", "", 4),
                ("queue.dropped", "", 2),
                ("traces.filtered", "", 4),
                ("transport.trace_too_large", "", 1),
                ("error.unfinished_spans", "", 1),
            ],
        );
    }
}
