//! The plain data of metrics, events and checks.

use super::sized::SizePrefixed;
use super::types::ddtrace_str;
use crate::metrics::ClientTotals;

/// Metric kind: a number of things that happened.
pub const DDTRACE_METRIC_COUNT: i32 = 0;
/// Metric kind: a value that is as it is now.
pub const DDTRACE_METRIC_GAUGE: i32 = 1;
/// Metric kind: values whose distribution the agent looks at.
pub const DDTRACE_METRIC_HISTOGRAM: i32 = 2;
/// Metric kind: values whose distribution is looked at for all hosts together.
pub const DDTRACE_METRIC_DISTRIBUTION: i32 = 3;
/// Metric kind: durations in milliseconds.
pub const DDTRACE_METRIC_TIMING: i32 = 4;
/// Metric kind: things, `text`, of which the different ones are counted.
pub const DDTRACE_METRIC_SET: i32 = 5;

/// Cardinality: as `DD_CARDINALITY` says, or else the agent.
pub const DDTRACE_CARDINALITY_UNSET: i32 = 0;
/// Cardinality: no tags of the container.
pub const DDTRACE_CARDINALITY_NONE: i32 = 1;
/// Cardinality: tags with few values.
pub const DDTRACE_CARDINALITY_LOW: i32 = 2;
/// Cardinality: tags of the orchestrator, too.
pub const DDTRACE_CARDINALITY_ORCHESTRATOR: i32 = 3;
/// Cardinality: all tags.
pub const DDTRACE_CARDINALITY_HIGH: i32 = 4;

/// Aggregation: counts, gauges and sets are added up for two seconds.
pub const DDTRACE_STATSD_AGGREGATION_BASIC: i32 = 0;
/// Aggregation: none, each value is a message.
pub const DDTRACE_STATSD_AGGREGATION_OFF: i32 = 1;
/// Aggregation: also, the values of the other kinds share messages.
pub const DDTRACE_STATSD_AGGREGATION_EXTENDED: i32 = 2;

/// Flag of `ddtrace_statsd_options`: the client sends no metrics about itself (`datadog.dogstatsd.client.*`).
pub const DDTRACE_STATSD_FLAG_NO_TELEMETRY: u32 = 1;

/// Event priority: as usual.
pub const DDTRACE_EVENT_PRIORITY_NORMAL: i32 = 0;
/// Event priority: less.
pub const DDTRACE_EVENT_PRIORITY_LOW: i32 = 1;

/// Event alert: worth knowing.
pub const DDTRACE_EVENT_ALERT_INFO: i32 = 0;
/// Event alert: something failed.
pub const DDTRACE_EVENT_ALERT_ERROR: i32 = 1;
/// Event alert: something may fail.
pub const DDTRACE_EVENT_ALERT_WARNING: i32 = 2;
/// Event alert: something succeeded.
pub const DDTRACE_EVENT_ALERT_SUCCESS: i32 = 3;

/// Check status: all is well.
pub const DDTRACE_CHECK_OK: i32 = 0;
/// Check status: it may not stay so.
pub const DDTRACE_CHECK_WARNING: i32 = 1;
/// Check status: it is not.
pub const DDTRACE_CHECK_CRITICAL: i32 = 2;
/// Check status: it could not be found out.
pub const DDTRACE_CHECK_UNKNOWN: i32 = 3;

/// How a client differs from what the settings say, for `ddtrace_statsd_new`. Begin with DDTRACE_STATSD_OPTIONS_INIT; all fields but the first
/// may stay zero.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_statsd_options {
    /// `sizeof(ddtrace_statsd_options)`
    pub struct_size: usize,
    /// In front of the names of all metrics, with a dot in between
    pub prefix: ddtrace_str,
    /// Where messages go, as `DD_DOGSTATSD_URL` has it; not given: as the settings say
    pub address: ddtrace_str,
    /// Tags of all messages, `key:value` or a word each
    pub tags: *const ddtrace_str,
    /// The number of tags
    pub tags_len: usize,
    /// One of `DDTRACE_STATSD_AGGREGATION_*`
    pub aggregation: i32,
    /// `DDTRACE_STATSD_FLAG_*`
    pub flags: u32,
    /// Bytes of a datagram; 0: 1432 by UDP, 8192 by unix sockets
    pub max_payload: usize,
    /// Datagrams that may wait; 0: 2048 by UDP, 512 by unix sockets
    pub max_queue: usize,
}

/// One value of a metric, for `ddtrace_statsd_send`, and from collectors. Begin with DDTRACE_METRIC_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_metric {
    /// `sizeof(ddtrace_metric)`
    pub struct_size: usize,
    /// Letters, digits, `_` and `.`, beginning with a letter; others are replaced
    pub name: ddtrace_str,
    /// One of `DDTRACE_METRIC_*`
    pub kind: i32,
    /// One of `DDTRACE_CARDINALITY_*`
    pub cardinality: i32,
    /// What was measured
    pub value: f64,
    /// What was seen, for sets
    pub text: ddtrace_str,
    /// `key:value` or a word each
    pub tags: *const ddtrace_str,
    /// The number of tags
    pub tags_len: usize,
    /// Which part of the calls is sent, up to 1; 0: all. Not for gauges and sets
    pub rate: f64,
    /// Unix seconds, for counts and gauges, which are then sent as they are; 0: now
    pub timestamp_s: i64,
}

/// Something that happened, in words, for `ddtrace_statsd_send_event`. Begin with DDTRACE_STATSD_EVENT_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_statsd_event {
    /// `sizeof(ddtrace_statsd_event)`
    pub struct_size: usize,
    /// The headline; not empty
    pub title: ddtrace_str,
    /// The story; may have several lines
    pub text: ddtrace_str,
    /// Unix seconds; 0: when it arrives
    pub timestamp_s: i64,
    /// Where it happened; not given: here
    pub hostname: ddtrace_str,
    /// What events are gathered by
    pub aggregation_key: ddtrace_str,
    /// Which kind of program says so
    pub source_type: ddtrace_str,
    /// One of `DDTRACE_EVENT_PRIORITY_*`
    pub priority: i32,
    /// One of `DDTRACE_EVENT_ALERT_*`
    pub alert: i32,
    /// `key:value` or a word each
    pub tags: *const ddtrace_str,
    /// The number of tags
    pub tags_len: usize,
}

/// The state of a service, for `ddtrace_statsd_send_check`. Begin with DDTRACE_STATSD_CHECK_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ddtrace_statsd_check {
    /// `sizeof(ddtrace_statsd_check)`
    pub struct_size: usize,
    /// Not empty
    pub name: ddtrace_str,
    /// One of `DDTRACE_CHECK_*`
    pub status: i32,
    /// 0
    pub reserved: u32,
    /// Unix seconds; 0: when it arrives
    pub timestamp_s: i64,
    /// Where; not given: here
    pub hostname: ddtrace_str,
    /// Why
    pub message: ddtrace_str,
    /// `key:value` or a word each
    pub tags: *const ddtrace_str,
    /// The number of tags
    pub tags_len: usize,
}

/// What a client counted in this process, for `ddtrace_statsd_get_counters`. Begin with DDTRACE_STATSD_COUNTERS_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ddtrace_statsd_counters {
    /// `sizeof(ddtrace_statsd_counters)`
    pub struct_size: usize,
    /// Values of metrics that were taken
    pub metrics: u64,
    /// Events that were taken
    pub events: u64,
    /// Checks that were taken
    pub checks: u64,
    /// Messages that were too large
    pub messages_dropped: u64,
    /// Sums that were sent
    pub contexts: u64,
    /// Datagrams that the system took
    pub packets_sent: u64,
    /// Their bytes
    pub bytes_sent: u64,
    /// Datagrams that were dropped, because too many waited or nobody took them
    pub packets_dropped: u64,
    /// Their bytes
    pub bytes_dropped: u64,
    /// Those of them that found too many waiting
    pub packets_dropped_queue: u64,
    /// Their bytes
    pub bytes_dropped_queue: u64,
    /// Those of them that nobody took
    pub packets_dropped_writer: u64,
    /// Their bytes
    pub bytes_dropped_writer: u64,
}

// SAFETY: integers, numbers, raw pointers and `ddtrace_str` only, after the size.
unsafe impl SizePrefixed for ddtrace_statsd_options {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_metric {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_statsd_event {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_statsd_check {}
// SAFETY: as above.
unsafe impl SizePrefixed for ddtrace_statsd_counters {}

impl From<&ClientTotals> for ddtrace_statsd_counters {
    fn from(totals: &ClientTotals) -> Self {
        ddtrace_statsd_counters {
            struct_size: size_of::<Self>(),
            metrics: totals.all_metrics(),
            events: totals.events,
            checks: totals.checks,
            messages_dropped: totals.dropped_messages,
            contexts: totals.contexts.iter().sum(),
            packets_sent: totals.packets_sent,
            bytes_sent: totals.bytes_sent,
            packets_dropped: totals.packets_dropped_by_queue + totals.packets_dropped_by_writer,
            bytes_dropped: totals.bytes_dropped_by_queue + totals.bytes_dropped_by_writer,
            packets_dropped_queue: totals.packets_dropped_by_queue,
            bytes_dropped_queue: totals.bytes_dropped_by_queue,
            packets_dropped_writer: totals.packets_dropped_by_writer,
            bytes_dropped_writer: totals.bytes_dropped_by_writer,
        }
    }
}
