//! What a client of DogStatsD is told: metrics, events, checks.

use std::ffi::c_char;

use super::guard::guard_status;
use super::handles::ddtrace_statsd;
use super::sized;
use super::statsd::client_of;
use super::statsd_input::*;
use super::statsd_types::*;
use super::status::ddtrace_status;
use super::text;
use super::types::ddtrace_str;
use crate::metrics::{Metric, MetricKind, MetricValue};

/// Counts. Counts are added up and sent every two seconds, whatever `rate` says, unless the client does not aggregate.
///
/// @param statsd          borrowed
/// @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
/// @param value           how many; may be negative
/// @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
/// @param rate            which part of the calls is sent: 1 all of them, 0 or less none
/// @return DDTRACE_OK, also where nobody takes what is sent; DDTRACE_ERR_INVALID: the name is empty, or the value no finite number;
///         DDTRACE_ERR_LIMIT: the message is too large; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_count(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    rate: f64,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Count, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe { point.send(value, rate, None) })
}

/// Says how large something is now. The last value in two seconds is sent, unless the client does not aggregate.
///
/// @param statsd          borrowed
/// @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
/// @param value           the value
/// @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
/// @param rate            which part of the calls is sent: 1 all of them, 0 or less none
/// @return as `ddtrace_statsd_count`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_gauge(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    rate: f64,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Gauge, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe { point.send(value, rate, None) })
}

/// Adds a value to a distribution that the agent computes for this host.
///
/// @param statsd          borrowed
/// @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
/// @param value           the value
/// @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
/// @param rate            which part of the calls is sent: 1 all of them, 0 or less none
/// @return as `ddtrace_statsd_count`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_histogram(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    rate: f64,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Histogram, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe { point.send(value, rate, None) })
}

/// Adds a value to a distribution that is computed for all hosts together.
///
/// @param statsd          borrowed
/// @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
/// @param value           the value
/// @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
/// @param rate            which part of the calls is sent: 1 all of them, 0 or less none
/// @return as `ddtrace_statsd_count`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_distribution(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    rate: f64,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Distribution, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe { point.send(value, rate, None) })
}

/// Adds a duration to a distribution that the agent computes for this host.
///
/// @param statsd          borrowed
/// @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
/// @param value           milliseconds
/// @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
/// @param rate            which part of the calls is sent: 1 all of them, 0 or less none
/// @return as `ddtrace_statsd_count`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_timing(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    rate: f64,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Timing, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe { point.send(value, rate, None) })
}

/// Adds a member to a set, of which the different ones are counted.
///
/// @param statsd            borrowed
/// @param name, name_len    as for `ddtrace_statsd_count`
/// @param value, value_len  the member, not empty
/// @param tags, tags_len    `key:value` or a word each, copied; may be NULL with 0
/// @return as `ddtrace_statsd_count`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_set(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    tags: *const ddtrace_str,
    tags_len: usize,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Set, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe {
        let value = text::text(value, value_len)?;
        point.send_value(MetricValue::Text(&value), 1.0, None)
    })
}

/// Counts at a time that was. It is sent as it is, and the agent does not add it to anything.
///
/// @param statsd          borrowed
/// @param name, name_len  as for `ddtrace_statsd_count`
/// @param value           the value
/// @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
/// @param unix_seconds    when; above 0
/// @return as `ddtrace_statsd_count`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_count_at(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    unix_seconds: i64,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Count, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe { point.send(value, 1.0, Some(unix_seconds)) })
}

/// Says how large something was at a time. It is sent as it is.
///
/// @param statsd          borrowed
/// @param name, name_len  as for `ddtrace_statsd_count`
/// @param value           the value
/// @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
/// @param unix_seconds    when; above 0
/// @return as `ddtrace_statsd_count`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_gauge_at(
    statsd: *mut ddtrace_statsd,
    name: *const c_char,
    name_len: usize,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    unix_seconds: i64,
) -> ddtrace_status {
    let point = Point { statsd, kind: MetricKind::Gauge, name: (name, name_len), tags: (tags, tags_len) };
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe { point.send(value, 1.0, Some(unix_seconds)) })
}

/// Takes one value of a metric of any kind, with all that can be said about it.
///
/// @param statsd  borrowed
/// @param metric  borrowed, copied
/// @return as `ddtrace_statsd_count`; DDTRACE_ERR_INVALID also for a kind that is none, and for a time that a kind does not have;
///         DDTRACE_ERR_UNSUPPORTED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_send(statsd: *mut ddtrace_statsd, metric: *const ddtrace_metric) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe {
        let client = client_of(statsd)?;
        let metric = sized::read(metric)?;
        with_metric(&metric, |metric| client.send(metric).map_err(of_refusal))
    })
}

/// Takes an event.
///
/// @param statsd  borrowed
/// @param event   borrowed, copied
/// @return DDTRACE_OK, also where nobody takes what is sent; DDTRACE_ERR_INVALID: the title is empty, or priority, alert or time are none;
///         DDTRACE_ERR_LIMIT: the message has more than 8 KiB; DDTRACE_ERR_UNSUPPORTED; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
///         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_send_event(
    statsd: *mut ddtrace_statsd,
    event: *const ddtrace_statsd_event,
) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe {
        let client = client_of(statsd)?;
        let event = sized::read(event)?;
        with_event(&event, |event| client.event(event))
    })
}

/// Takes the state of a service.
///
/// @param statsd  borrowed
/// @param check   borrowed, copied
/// @return as `ddtrace_statsd_send_event`; DDTRACE_ERR_INVALID: the name is empty, or status or time are none
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_statsd_send_check(
    statsd: *mut ddtrace_statsd,
    check: *const ddtrace_statsd_check,
) -> ddtrace_status {
    // SAFETY: the header's rules for pointers.
    guard_status(|| unsafe {
        let client = client_of(statsd)?;
        let check = sized::read(check)?;
        with_check(&check, |check| client.check(check))
    })
}

/// What the calls for single values have in common.
struct Point {
    statsd: *mut ddtrace_statsd,
    kind: MetricKind,
    name: (*const c_char, usize),
    tags: (*const ddtrace_str, usize),
}

impl Point {
    /// # Safety
    ///
    /// The header's rules for pointers.
    unsafe fn send(&self, value: f64, rate: f64, timestamp: Option<i64>) -> Result<(), ddtrace_status> {
        // SAFETY: the caller's promise.
        unsafe { self.send_value(MetricValue::Number(value), rate, timestamp) }
    }

    /// # Safety
    ///
    /// The header's rules for pointers.
    unsafe fn send_value(&self, value: MetricValue<'_>, rate: f64, timestamp: Option<i64>) -> Result<(), ddtrace_status> {
        // SAFETY: the caller's promise.
        let client = unsafe { client_of(self.statsd) }?;
        // SAFETY: as above.
        let (name, tags) = unsafe { (text::text(self.name.0, self.name.1)?, lent_tags(self.tags.0, self.tags.1)?) };
        // SAFETY: as above.
        let tags = |each: &mut dyn FnMut(&str)| unsafe { each_tag(tags, each) };
        let metric = Metric { kind: self.kind, name: &name, value, tags: &tags, rate, timestamp, cardinality: None };
        client.send(&metric).map_err(of_refusal)
    }
}
