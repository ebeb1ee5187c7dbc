//! What telemetry reads when a window ends: counts of pipelines, of headers, of messages. The names are those that all of Datadog's tracers
//! have.

use super::header_counts::{ByStyle, header_counts};
use super::process_services::try_telemetry;
use crate::config::{OtelFinding, OtelProblem, PropagationStyle};
use crate::export::{ApiCounters, Pipeline, Tally, Totals};
use crate::log::{self, Level};
use crate::record::unix_ns;
use crate::service::fork;
use crate::telemetry::{LogEntry, LogLevel, MetricKey, MetricKind, Reading, Telemetry};
use std::borrow::Cow;
use std::sync::Arc;

/// Counts that are the whole process's.
const OF_PROCESS: u64 = 0;

/// Observes what the process counts once. What it counted before its first session is told, too; a forked child does not tell what its parent
/// counted.
pub(super) fn observe_process(telemetry: &Arc<Telemetry>, is_first_session: bool) {
    log::set_observer(observe_log);
    let is_original = fork::generation() == 1;
    let logs = |readings: &mut Vec<Reading>| {
        for (level, tag) in LEVELS {
            readings.push(total("general/logs_created", tag, log::emitted(level)));
        }
    };
    telemetry.observe(OF_PROCESS, Box::new(logs), !is_first_session || !is_original);
    telemetry.observe(OF_PROCESS, Box::new(read_headers), !is_first_session);
    let (api, endpoint) = telemetry.own_requests();
    let own = move |readings: &mut Vec<Reading>| read_requests(readings, &OF_TELEMETRY, &api, endpoint);
    telemetry.observe(OF_PROCESS, Box::new(own), false);
}

/// Observes a pipeline until [`stop_observing`].
pub(super) fn observe_pipeline(telemetry: &Telemetry, pipeline: &Arc<Pipeline>) {
    let observed = Arc::clone(pipeline);
    if telemetry.has_metrics() {
        pipeline.census.want();
    }
    telemetry.observe(number(pipeline), Box::new(move |readings| read_pipeline(readings, &observed)), false);
}

/// Reads a pipeline's counts a last time.
pub(super) fn stop_observing(telemetry: &Telemetry, pipeline: &Arc<Pipeline>) {
    telemetry.stop_observing(number(pipeline));
}

fn number(pipeline: &Arc<Pipeline>) -> u64 {
    Arc::as_ptr(pipeline) as u64
}

fn total(name: &'static str, tag: impl Into<Cow<'static, str>>, total: u64) -> Reading {
    Reading::Total { name, tag: tag.into(), total }
}

fn read_pipeline(readings: &mut Vec<Reading>, pipeline: &Pipeline) {
    let totals = pipeline.totals();
    let census = pipeline.census.take();
    read_spans(readings, &totals, &census, pipeline);
    let late = &pipeline.counters;
    let (late_chunks, late_spans) = (late.chunks_dropped.get(), late.spans_dropped.get());
    readings.extend([
        total("spans_dropped", "reason:overfull_buffer", totals.spans_dropped.saturating_sub(late_spans)),
        total("spans_dropped", "reason:send_failure", late_spans),
        total("spans_dropped", "reason:p0_drop", totals.spans_rejected),
        total("spans_dropped", "reason:trace_filters", totals.spans_filtered + totals.spans_filtered_by_agent),
        total("spans_enqueued_for_serialization", "", totals.spans_sent + late_spans),
        total("trace_segments_closed", "", totals.segments_closed),
        total("trace_chunks_enqueued", "", totals.chunks_enqueued),
        total("trace_chunks_enqueued_for_serialization", "reason:p0_keep", totals.chunks_sent + late_chunks),
        total("trace_chunks_dropped", "reason:overfull_buffer", totals.chunks_dropped.saturating_sub(late_chunks)),
        total("trace_chunks_dropped", "reason:send_failure", late_chunks),
        total("trace_chunks_dropped", "reason:p0_drop", totals.chunks_rejected),
        total("trace_chunks_dropped", "reason:trace_filters", totals.chunks_filtered + totals.chunks_filtered_by_agent),
        total("trace_chunks_sent", "", totals.chunks_sent + late_chunks),
    ]);
    let values = [
        ("trace_chunk_size", census.chunk_sizes),
        ("trace_chunk_serialization.bytes", census.encoded_bytes),
        ("trace_chunk_serialization.ms", census.encoding_ms),
        ("trace_partial_flush.spans_closed", census.spans_closed),
        ("trace_partial_flush.spans_remaining", census.spans_remaining),
    ];
    readings.push(total("trace_partial_flush.count", "reason:large_trace", census.partial_flushes));
    readings.extend(values.map(|(name, values)| Reading::Values { name, tag: "".into(), values }));
    read_requests(readings, &OF_TRACES, &pipeline.trace_api, "");
    read_requests(readings, &OF_STATS, &pipeline.stats_api, "");
}

/// Spans and segments by what made them, which their records tell when they have left. So a span that is open is told of when it ends, or with
/// its tracer; what never got that far counts as made by hand.
fn read_spans(readings: &mut Vec<Reading>, totals: &Totals, census: &Tally, pipeline: &Pipeline) {
    let has_ended = !pipeline.accepts();
    let lost = totals.spans_dropped.saturating_sub(pipeline.counters.spans_dropped.get()) + totals.spans_filtered;
    let unseen = |all: u64, known: u64| if has_ended { all.saturating_sub(census.all_spans()) } else { known };
    for (name, unseen) in [
        ("spans_created", unseen(totals.spans_started, lost + totals.spans_abandoned)),
        ("spans_finished", unseen(totals.spans_finished, lost)),
    ] {
        let by_hand = census.spans.iter().find(|(integration, _)| integration == Tally::BY_HAND).map_or(0, |(_, count)| *count);
        readings.push(total(name, format!("integration_name:{}", Tally::BY_HAND), by_hand + unseen));
        let others = census.spans.iter().filter(|(integration, _)| integration != Tally::BY_HAND);
        readings.extend(others.map(|(integration, count)| total(name, format!("integration_name:{integration}"), *count)));
    }
    let seen = census.segments_new + census.segments_continued;
    let unseen = if has_ended { totals.segments_started.saturating_sub(seen) } else { 0 };
    readings.push(total("trace_segments_created", "new_continued:new", census.segments_new + unseen));
    readings.push(total("trace_segments_created", "new_continued:continued", census.segments_continued));
}

/// The names of an endpoint's metrics.
struct RequestMetrics {
    requests: &'static str,
    responses: &'static str,
    errors: &'static str,
    bytes: &'static str,
    milliseconds: &'static str,
}

const OF_TRACES: RequestMetrics = RequestMetrics {
    requests: "trace_api.requests",
    responses: "trace_api.responses",
    errors: "trace_api.errors",
    bytes: "trace_api.bytes",
    milliseconds: "trace_api.ms",
};
const OF_STATS: RequestMetrics = RequestMetrics {
    requests: "stats_api.requests",
    responses: "stats_api.responses",
    errors: "stats_api.errors",
    bytes: "stats_api.bytes",
    milliseconds: "stats_api.ms",
};
const OF_TELEMETRY: RequestMetrics = RequestMetrics {
    requests: "telemetry/telemetry_api.requests",
    responses: "telemetry/telemetry_api.responses",
    errors: "telemetry/telemetry_api.errors",
    bytes: "telemetry/telemetry_api.bytes",
    milliseconds: "telemetry/telemetry_api.ms",
};

/// `endpoint`: a further tag, or nothing.
fn read_requests(readings: &mut Vec<Reading>, names: &RequestMetrics, api: &ApiCounters, endpoint: &'static str) {
    let tagged = |tag: &str| match (endpoint, tag) {
        ("", tag) => tag.to_owned(),
        (endpoint, "") => endpoint.to_owned(),
        (endpoint, tag) => format!("{endpoint},{tag}"),
    };
    readings.push(total(names.requests, tagged(""), api.requests.get()));
    for (status, count) in api.responses() {
        readings.push(total(names.responses, tagged(&format!("status_code:{status}")), count));
    }
    let errors =
        [("type:timeout", &api.timeouts), ("type:network", &api.network_errors), ("type:status_code", &api.status_errors)];
    readings.extend(errors.map(|(kind, count)| total(names.errors, tagged(kind), count.get())));
    let (bytes, milliseconds) = api.take_values();
    for (name, values) in [(names.bytes, bytes), (names.milliseconds, milliseconds)] {
        readings.push(Reading::Values { name, tag: tagged("").into(), values });
    }
}

fn read_headers(readings: &mut Vec<Reading>) {
    let counts = header_counts();
    let by_style = |name, sums: ByStyle| STYLES.map(|(style, tag)| total(name, tag, sums.of(style)));
    readings.extend(by_style("context_header_style.injected", counts.injected));
    readings.extend(by_style("context_header_style.extracted", counts.extracted));
    readings.extend(by_style("context_header_style.malformed", counts.malformed));
    readings.push(total(
        "context_header.truncated",
        "truncation_reason:baggage_item_count_exceeded",
        counts.baggage_items_exceeded,
    ));
    readings.push(total(
        "context_header.truncated",
        "truncation_reason:baggage_byte_count_exceeded",
        counts.baggage_bytes_exceeded,
    ));
}

const STYLES: [(PropagationStyle, &str); 5] = [
    (PropagationStyle::Datadog, "header_style:datadog"),
    (PropagationStyle::TraceContext, "header_style:tracecontext"),
    (PropagationStyle::B3Multi, "header_style:b3multi"),
    (PropagationStyle::B3, "header_style:b3single"),
    (PropagationStyle::Baggage, "header_style:baggage"),
];

const LEVELS: [(Level, &str); 4] =
    [(Level::Error, "level:error"), (Level::Warn, "level:warn"), (Level::Info, "level:info"), (Level::Debug, "level:debug")];

/// What is wrong with OpenTelemetry variables.
pub(super) fn count_findings(telemetry: &Telemetry, findings: &[OtelFinding]) {
    for finding in findings {
        let name = match finding.problem {
            OtelProblem::Hidden => "otel.env.hiding",
            OtelProblem::Invalid => "otel.env.invalid",
            OtelProblem::Unsupported => "otel.env.unsupported",
        };
        let datadog = finding.datadog.map(|name| format!("config_datadog:{}", name.to_ascii_lowercase()));
        let otel = format!("config_opentelemetry:{}", finding.otel.to_ascii_lowercase());
        let tags = [otel, datadog.unwrap_or_default()];
        let key = MetricKey::new("tracers", name, MetricKind::Count, tags.iter().map(String::as_str), true);
        let _ = key.and_then(|key| telemetry.record(&key, 1.0));
    }
}

/// Errors of the library are told by their constant texts. Where the text was made at run time, nothing is: it may have something of the user's.
fn observe_log(level: Level, template: Option<&'static str>) {
    let Some(template) = template.filter(|_| level == Level::Error) else { return };
    let Some(telemetry) = try_telemetry() else { return };
    telemetry.log_own(LogEntry {
        message: template.to_owned(),
        level: LogLevel::Error,
        count: 1,
        stack_trace: None,
        tags: String::new(),
        tracer_time: unix_ns() / 1_000_000_000,
        is_sensitive: false,
        is_crash: false,
    });
}
