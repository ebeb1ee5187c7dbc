//! The plain data that crosses the boundary: strings, tags, ids, and the options of calls.
//!
//! `ddtrace_str`, `ddtrace_tag` and `ddtrace_span_ids` never change their layout. The structs that begin with `struct_size` grow at their
//! end; [`super::sized`] reads them.

use std::ffi::c_char;
use std::ptr;

use super::handles::{ddtrace_context, ddtrace_span};

/// As a text's length: the text ends at its first NUL byte.
pub const DDTRACE_NTS: usize = usize::MAX;

/// What a getter that copies text out answers when there is no such text (an empty one has the length 0).
pub const DDTRACE_ABSENT: usize = usize::MAX;

/// Text inside a struct: `len` bytes at `ptr`, UTF-8. `len` may be DDTRACE_NTS. As an optional field, `ptr` NULL means "not given".
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_str {
    /// The first byte; not NUL-terminated unless `len` is `DDTRACE_NTS`
    pub ptr: *const c_char,
    /// The number of bytes
    pub len: usize,
}

impl ddtrace_str {
    /// Text that is not given.
    pub const NONE: ddtrace_str = ddtrace_str { ptr: ptr::null(), len: 0 };

    /// Refers to `text`, for as long as the caller keeps it.
    pub fn new(text: &str) -> Self {
        ddtrace_str { ptr: text.as_ptr().cast(), len: text.len() }
    }
}

/// Tag kind: `value.string`, UTF-8 text.
pub const DDTRACE_TAG_STRING: i32 = 0;
/// Tag kind: `value.f64`.
pub const DDTRACE_TAG_F64: i32 = 1;
/// Tag kind: `value.i64`, kept as an integer.
pub const DDTRACE_TAG_I64: i32 = 2;
/// Tag kind: a truth value, `value.i64` is not 0.
pub const DDTRACE_TAG_BOOL: i32 = 3;
/// Tag kind: removes the tag of this key.
pub const DDTRACE_TAG_NULL: i32 = 4;
/// Tag kind: `value.list`, the keys of its items are ignored; stored as `key.0`, `key.1`, ...
pub const DDTRACE_TAG_ARRAY: i32 = 5;
/// Tag kind: `value.list`; stored as `key.name` for each item.
pub const DDTRACE_TAG_MAP: i32 = 6;
/// Tag kind: `value.string`, any bytes; what is not UTF-8 in them is replaced.
pub const DDTRACE_TAG_BYTES: i32 = 7;

/// One tag of a span, or one attribute of a link or an event.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_tag {
    /// The tag's name
    pub key: ddtrace_str,
    /// One of `DDTRACE_TAG_*`
    pub kind: i32,
    /// 0
    pub reserved: u32,
    /// The value
    pub value: ddtrace_tag_value,
}

/// A tag's value; `ddtrace_tag.kind` says which member holds it.
#[repr(C)]
#[derive(Clone, Copy)]
pub union ddtrace_tag_value {
    /// `DDTRACE_TAG_STRING`, `DDTRACE_TAG_BYTES`
    pub string: ddtrace_str,
    /// `DDTRACE_TAG_F64`
    pub f64: f64,
    /// `DDTRACE_TAG_I64`, `DDTRACE_TAG_BOOL`
    pub i64: i64,
    /// `DDTRACE_TAG_ARRAY`, `DDTRACE_TAG_MAP`
    pub list: ddtrace_tag_list,
}

/// The items of an array or a map.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_tag_list {
    /// The first item
    pub ptr: *const ddtrace_tag,
    /// The number of items
    pub len: usize,
}

/// The ids of a span. The trace id has 128 bits, in two halves.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ddtrace_span_ids {
    /// Upper half of the trace id
    pub trace_id_high: u64,
    /// Lower half of the trace id
    pub trace_id_low: u64,
    /// The span
    pub span_id: u64,
    /// Its parent, 0 for a root
    pub parent_id: u64,
}

/// Span kind: not said.
pub const DDTRACE_SPAN_KIND_UNSPECIFIED: i32 = 0;
/// Span kind: an operation inside of the application.
pub const DDTRACE_SPAN_KIND_INTERNAL: i32 = 1;
/// Span kind: answers a request.
pub const DDTRACE_SPAN_KIND_SERVER: i32 = 2;
/// Span kind: makes a request.
pub const DDTRACE_SPAN_KIND_CLIENT: i32 = 3;
/// Span kind: puts a message into a queue.
pub const DDTRACE_SPAN_KIND_PRODUCER: i32 = 4;
/// Span kind: takes a message from a queue.
pub const DDTRACE_SPAN_KIND_CONSUMER: i32 = 5;

/// Span status: not said.
pub const DDTRACE_SPAN_STATUS_UNSET: i32 = 0;
/// Span status: the operation succeeded.
pub const DDTRACE_SPAN_STATUS_OK: i32 = 1;
/// Span status: the operation failed.
pub const DDTRACE_SPAN_STATUS_ERROR: i32 = 2;

/// Span flag: the agent computes statistics for this span even though it is no service entry.
pub const DDTRACE_SPAN_FLAG_MEASURED: u32 = 1;
/// Span flag: the span was begun through the OpenTelemetry API, whose rules hold for it. Its name is the resource, and the operation name
/// follows at the end from kind and attributes unless the attribute `operation.name` gives it; `update_name` of that API is
/// `ddtrace_span_set_resource`. `analytics.event` and `http.response.status_code` are understood too. `ddtrace_span_record_exception`
/// sets the tags `error.type`, `error.message` and `error.stack`. With DD_TRACE_OTEL_ENABLED=false the span records nothing.
pub const DDTRACE_SPAN_FLAG_OTEL: u32 = 2;
/// Span flag: the span was begun through the OpenTracing API.
pub const DDTRACE_SPAN_FLAG_OPENTRACING: u32 = 4;
/// Span flag: the service that is given is the default of an integration, not the user's choice. The span then says which integration that
/// is: its tag `component`, unless a tag `_dd.svc_src` is given that begins with `opt.`.
pub const DDTRACE_SPAN_FLAG_INTEGRATION_SERVICE: u32 = 8;

/// A link from a span to another one, for `ddtrace_span_add_link`. Begin with DDTRACE_LINK_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_link {
    /// `sizeof(ddtrace_link)`
    pub struct_size: usize,
    /// Upper half of the linked trace's id
    pub trace_id_high: u64,
    /// Lower half of the linked trace's id
    pub trace_id_low: u64,
    /// The linked span
    pub span_id: u64,
    /// Whether `flags` is given
    pub has_flags: u32,
    /// W3C trace flags; bit 0: sampled
    pub flags: u32,
    /// The linked trace's W3C tracestate
    pub tracestate: ddtrace_str,
    /// The link's attributes
    pub attributes: *const ddtrace_tag,
    /// The number of attributes
    pub attributes_len: usize,
}

/// How a span begins, for `ddtrace_span_start`. Begin with DDTRACE_SPAN_OPTIONS_INIT; all fields but the first may stay zero.
///
/// Packed tags are records without padding, one after the other: `u8` kind (DDTRACE_TAG_* without arrays and maps), `u32` length of the
/// key, `u32` length of the value, both little-endian, then the key's bytes and the value's: text as it is, `f64` and `i64` as 8 bytes
/// little-endian, a truth value as 1 byte, null as none. They are for languages that cannot pass an array of structs with pointers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_span_options {
    /// `sizeof(ddtrace_span_options)`
    pub struct_size: usize,
    /// What kind of operation this is, such as `http.request`
    pub name: ddtrace_str,
    /// Not given: the parent's, or the configured one
    pub service: ddtrace_str,
    /// What the operation works on; not given: the name
    pub resource: ddtrace_str,
    /// Such as `web`, `http`, `sql`
    pub r#type: ddtrace_str,
    /// The parent, finished or not; at most one of `parent_span` and `parent_context`. Both NULL: a new trace
    pub parent_span: *const ddtrace_span,
    /// A parent elsewhere, or a context of a span here
    pub parent_context: *const ddtrace_context,
    /// Unix time in nanoseconds; 0: now
    pub start_ns: i64,
    /// One of `DDTRACE_SPAN_KIND_*`
    pub kind: i32,
    /// `DDTRACE_SPAN_FLAG_*`
    pub flags: u32,
    /// Tags to begin with
    pub tags: *const ddtrace_tag,
    /// The number of tags
    pub tags_len: usize,
    /// More tags, packed
    pub packed_tags: *const u8,
    /// The number of bytes of packed tags
    pub packed_tags_len: usize,
}

/// How a span ends, for `ddtrace_span_end` and `ddtrace_span_finish`. Begin with DDTRACE_SPAN_END_OPTIONS_INIT; all fields but the first
/// may stay zero.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_span_end_options {
    /// `sizeof(ddtrace_span_end_options)`
    pub struct_size: usize,
    /// Unix time in nanoseconds; 0: now
    pub end_ns: i64,
    /// Not given: unchanged
    pub name: ddtrace_str,
    /// Not given: unchanged
    pub service: ddtrace_str,
    /// Not given: unchanged
    pub resource: ddtrace_str,
    /// Not given: unchanged
    pub r#type: ddtrace_str,
    /// 0: unchanged; 1: the operation failed
    pub error: i32,
    /// 0
    pub reserved: u32,
    /// The error's type; if one of the three is given, the operation failed
    pub error_type: ddtrace_str,
    /// What the error says
    pub error_message: ddtrace_str,
    /// Where it happened
    pub error_stack: ddtrace_str,
    /// Tags to add
    pub tags: *const ddtrace_tag,
    /// The number of tags
    pub tags_len: usize,
    /// More tags, packed as for `ddtrace_span_options`
    pub packed_tags: *const u8,
    /// The number of bytes of packed tags
    pub packed_tags_len: usize,
}

/// An integration with a library, for `ddtrace_telemetry_add_integration`. Begin with DDTRACE_INTEGRATION_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_integration {
    /// `sizeof(ddtrace_integration)`
    pub struct_size: usize,
    /// The integration
    pub name: ddtrace_str,
    /// The version of the library; not given: not known
    pub version: ddtrace_str,
    /// Why it does not work; not given: it does
    pub error: ddtrace_str,
    /// 0: it is off, or does not work
    pub enabled: i32,
    /// Whether the version is one that it knows. 0: not known; 1: no; 2: yes
    pub compatible: i32,
    /// Whether it is on without having been asked for. 0: not known; 1: no; 2: yes
    pub auto_enabled: i32,
    /// 0
    pub reserved: u32,
}

/// An HTTP endpoint, for `ddtrace_telemetry_add_endpoint`. Begin with DDTRACE_ENDPOINT_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_endpoint {
    /// `sizeof(ddtrace_endpoint)`
    pub struct_size: usize,
    /// `REST`; may be absent
    pub r#type: ddtrace_str,
    /// The HTTP method; may be absent
    pub method: ddtrace_str,
    /// The path, with its parameters by name; may be absent
    pub path: ddtrace_str,
    /// The name that its spans have, such as `http.request`
    pub operation_name: ddtrace_str,
    /// The resource that its spans have, such as `GET /users/{id}`
    pub resource_name: ddtrace_str,
    /// Media types that it takes
    pub request_body_types: *const ddtrace_str,
    /// The number of them
    pub request_body_types_len: usize,
    /// Media types that it answers
    pub response_body_types: *const ddtrace_str,
    /// The number of them
    pub response_body_types_len: usize,
    /// Statuses that it answers
    pub response_codes: *const i32,
    /// The number of them
    pub response_codes_len: usize,
    /// How callers are known
    pub authentication: *const ddtrace_str,
    /// The number of them
    pub authentication_len: usize,
}

/// What telemetry has done, for `ddtrace_telemetry_get_stats`. Begin with DDTRACE_TELEMETRY_STATS_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ddtrace_telemetry_stats {
    /// `sizeof(ddtrace_telemetry_stats)`
    pub struct_size: usize,
    /// Requests, second attempts among them
    pub requests: u64,
    /// Requests that were taken
    pub requests_delivered: u64,
    /// Requests that were not taken
    pub requests_failed: u64,
    /// Messages that were taken; a request may have several
    pub messages_sent: u64,
    /// Messages and parts of messages that were dropped
    pub dropped: u64,
    /// Parts of messages that wait
    pub waiting: u64,
    /// 1: the message that begins the session was taken
    pub is_accepted: u64,
}

/// What a tracer counted since it was made, for `ddtrace_tracer_counters`. Begin with DDTRACE_COUNTERS_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ddtrace_counters {
    /// `sizeof(ddtrace_counters)`
    pub struct_size: usize,
    /// Spans that were started
    pub spans_started: u64,
    /// Spans that were finished
    pub spans_finished: u64,
    /// Spans that were freed unfinished; they are never sent
    pub spans_abandoned: u64,
    /// Spans that only propagate, because of a limit or because tracing is off
    pub spans_not_recorded: u64,
    /// Local traces that were begun
    pub segments_started: u64,
    /// Local traces whose spans are all done
    pub segments_closed: u64,
    /// Chunks that were handed to the exporter's queue
    pub chunks_enqueued: u64,
    /// Chunks that were sent
    pub chunks_sent: u64,
    /// Spans that were sent
    pub spans_sent: u64,
    /// Chunks that were dropped
    pub chunks_dropped: u64,
    /// Spans that were dropped with them
    pub spans_dropped: u64,
    /// Requests that the receiver accepted
    pub payloads_sent: u64,
    /// Requests that failed, whether or not they were tried again
    pub payloads_failed: u64,
    /// Bytes of the requests that were accepted
    pub bytes_sent: u64,
    /// Bytes that wait now
    pub buffered_bytes: u64,
    /// Chunks that filters of the program dropped; `chunks_dropped` does not count them
    pub chunks_filtered: u64,
    /// Spans that filters of the program removed, or dropped with their chunk; `spans_dropped` does not count them
    pub spans_filtered: u64,
    /// Chunks that were not sent because sampling rejected them and the receiver does not want them: an agent that gets statistics of all,
    /// or whoever takes OTLP; `chunks_dropped` does not count them
    pub chunks_rejected: u64,
    /// Spans that were not sent for that reason, those included that other chunks were reduced by
    pub spans_rejected: u64,
    /// Chunks that filters of the agent do not want; `chunks_dropped` does not count them
    pub chunks_filtered_by_agent: u64,
    /// Spans in them
    pub spans_filtered_by_agent: u64,
    /// Contexts that were written in the style `datadog`. This number and those that follow are of the whole process, because propagators
    /// belong to no tracer
    pub injected_datadog: u64,
    /// Contexts that were written in the style `tracecontext`
    pub injected_tracecontext: u64,
    /// Contexts that were written in the style `b3multi`
    pub injected_b3multi: u64,
    /// Contexts that were written in the style `b3`
    pub injected_b3: u64,
    /// Baggage that was written as the header `baggage`
    pub injected_baggage: u64,
    /// Contexts that were read from headers of the style `datadog`
    pub extracted_datadog: u64,
    /// Contexts that were read from headers of the style `tracecontext`
    pub extracted_tracecontext: u64,
    /// Contexts that were read from headers of the style `b3multi`
    pub extracted_b3multi: u64,
    /// Contexts that were read from headers of the style `b3`
    pub extracted_b3: u64,
    /// Baggage that was read from the header `baggage`
    pub extracted_baggage: u64,
    /// Headers of the style `datadog` that were there and break its rules
    pub malformed_datadog: u64,
    /// Headers of the style `tracecontext` that were there and break its rules
    pub malformed_tracecontext: u64,
    /// Headers of the style `b3multi` that were there and break its rules
    pub malformed_b3multi: u64,
    /// Headers of the style `b3` that were there and break its rules
    pub malformed_b3: u64,
    /// Headers `baggage` that break its rules
    pub malformed_baggage: u64,
    /// How often baggage was cut, read or written, because it had more items than `DD_TRACE_BAGGAGE_MAX_ITEMS`
    pub baggage_items_exceeded: u64,
    /// How often baggage was cut because it had more bytes than `DD_TRACE_BAGGAGE_MAX_BYTES`
    pub baggage_bytes_exceeded: u64,
}
