//! `/v0.6/stats`: one MessagePack map with buckets of groups. Every key is written, because readers ask for them without looking.

use super::buffer::{array_header, map_header};
use crate::record::msgpack::append_str;

/// What a payload says besides its buckets.
#[derive(Clone, Debug, Default)]
pub struct StatsFacts {
    /// The host's name, empty unless it is to be reported.
    pub hostname: String,
    /// The environment, empty if there is none.
    pub env: String,
    /// Version of the service.
    pub version: String,
    /// The configured service.
    pub service: String,
    /// Language of the binding.
    pub language: String,
    /// Version of this library.
    pub tracer_version: String,
    /// The process's id.
    pub runtime_id: String,
    /// Commit that the service was built from.
    pub git_commit_sha: String,
    /// Tags of the process, `key:value` separated by commas.
    pub process_tags: String,
}

/// One group. Texts are MessagePack, as records have them.
#[derive(Clone, Copy, Debug)]
pub struct StatsGroup<'a> {
    /// Service, name, resource, type.
    pub fields: [&'a [u8]; 4],
    /// `span.kind`.
    pub kind: &'a [u8],
    /// `http.method`.
    pub http_method: &'a [u8],
    /// `http.endpoint` or `http.route`.
    pub http_endpoint: &'a [u8],
    /// Status of the call in decimal digits, or empty.
    pub grpc_status: &'a [u8],
    /// `_dd.svc_src`.
    pub service_source: &'a [u8],
    /// HTTP status, 0 if there is none.
    pub http_status: u32,
    /// Whether a synthetic test made the request.
    pub is_synthetic: bool,
    /// Whether the spans are roots of traces; `None`: not known.
    pub is_trace_root: Option<bool>,
    /// How many `key:value` texts, and the texts.
    pub peer_tags: (usize, &'a [u8]),
    /// As `peer_tags`.
    pub additional_tags: (usize, &'a [u8]),
    /// Spans.
    pub hits: u64,
    /// Spans that failed.
    pub errors: u64,
    /// Nanoseconds in all.
    pub duration: u64,
    /// Spans that are top-level.
    pub top_level_hits: u64,
    /// Sketches of the durations of spans without and with an error, as protobuf.
    pub summaries: [&'a [u8]; 2],
}

const EMPTY: &[u8] = b"\xa0";
/// What stands for no environment.
const UNKNOWN_ENV: &str = "unknown-env";

/// Begins a payload of this many buckets.
pub fn begin_stats(out: &mut Vec<u8>, facts: &StatsFacts, sequence: u64, buckets: usize) {
    let env = if facts.env.is_empty() { UNKNOWN_ENV } else { &facts.env };
    let texts = [
        ("Hostname", facts.hostname.as_str()),
        ("Env", env),
        ("Version", &facts.version),
        ("Lang", &facts.language),
        ("TracerVersion", &facts.tracer_version),
        ("RuntimeID", &facts.runtime_id),
        ("AgentAggregation", ""),
        ("Service", &facts.service),
        ("ContainerID", ""),
        ("GitCommitSha", &facts.git_commit_sha),
        ("ImageTag", ""),
        ("ProcessTags", &facts.process_tags),
    ];
    map_header(out, texts.len() + 4);
    for (key, value) in texts {
        append_str(out, key.as_bytes());
        append_str(out, value.as_bytes());
    }
    number(out, "Sequence", sequence);
    number(out, "ProcessTagsHash", 0);
    append_str(out, b"Tags");
    array_header(out, 0);
    append_str(out, b"Stats");
    array_header(out, buckets);
}

/// Begins a bucket of this many groups.
pub fn begin_stats_bucket(out: &mut Vec<u8>, start_ns: u64, duration_ns: u64, groups: usize) {
    map_header(out, 4);
    number(out, "Start", start_ns);
    number(out, "Duration", duration_ns);
    number(out, "AgentTimeShift", 0);
    append_str(out, b"Stats");
    array_header(out, groups);
}

/// Adds a group.
pub fn stats_group(out: &mut Vec<u8>, group: &StatsGroup<'_>) {
    let [service, name, resource, span_type] = group.fields;
    let texts = [
        ("Service", service),
        ("Name", name),
        ("Resource", resource),
        ("Type", span_type),
        ("DBType", EMPTY),
        ("SpanKind", group.kind),
        ("GRPCStatusCode", group.grpc_status),
        ("HTTPMethod", group.http_method),
        ("HTTPEndpoint", group.http_endpoint),
        ("srv_src", group.service_source),
    ];
    let root = group.is_trace_root.map_or(0, |is_root| if is_root { 1 } else { 2 });
    let numbers = [
        ("HTTPStatusCode", u64::from(group.http_status)),
        ("IsTraceRoot", root),
        ("Hits", group.hits),
        ("Errors", group.errors),
        ("Duration", group.duration),
        ("TopLevelHits", group.top_level_hits),
    ];
    let lists = [
        ("PeerTags", group.peer_tags),
        ("AdditionalMetricTags", group.additional_tags),
        ("SpanDerivedPrimaryTags", (0, [].as_slice())),
    ];
    let summaries = [("OkSummary", group.summaries[0]), ("ErrorSummary", group.summaries[1])];
    map_header(out, texts.len() + numbers.len() + lists.len() + summaries.len() + 1);
    for (key, text) in texts {
        append_str(out, key.as_bytes());
        out.extend_from_slice(if text.is_empty() { EMPTY } else { text });
    }
    for (key, value) in numbers {
        number(out, key, value);
    }
    for (key, (count, items)) in lists {
        append_str(out, key.as_bytes());
        array_header(out, count);
        out.extend_from_slice(items);
    }
    for (key, summary) in summaries {
        append_str(out, key.as_bytes());
        binary(out, summary);
    }
    append_str(out, b"Synthetics");
    out.push(if group.is_synthetic { 0xc3 } else { 0xc2 });
}

fn number(out: &mut Vec<u8>, key: &str, value: u64) {
    append_str(out, key.as_bytes());
    match u8::try_from(value) {
        Ok(small) if small < 0x80 => out.push(small),
        _ => {
            out.push(0xcf);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

fn binary(out: &mut Vec<u8>, bytes: &[u8]) {
    match u8::try_from(bytes.len()) {
        Ok(len) => out.extend_from_slice(&[0xc4, len]),
        Err(_) => {
            out.push(0xc6);
            out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(bytes);
}
