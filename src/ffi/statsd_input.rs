//! From what C says of metrics, events and checks to what a client takes.

use std::borrow::Cow;

use super::statsd_types::*;
use super::status::{DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT, DDTRACE_ERR_SHUTDOWN, ddtrace_status};
use super::text;
use super::types::ddtrace_str;
use crate::log::log_warn;
use crate::metrics::{
    Cardinality, CheckStatus, Event, EventAlert, EventPriority, Metric, MetricKind, MetricValue, Refusal, ServiceCheck,
};

/// The status of a refused message.
pub(super) fn of_refusal(refusal: Refusal) -> ddtrace_status {
    match refusal {
        Refusal::NoName | Refusal::BadValue | Refusal::WrongValue | Refusal::BadTime => DDTRACE_ERR_INVALID,
        Refusal::TooLarge => DDTRACE_ERR_LIMIT,
        Refusal::ShutDown => DDTRACE_ERR_SHUTDOWN,
    }
}

/// Tags that the caller lends, each of them checked: a text that is not there is none.
///
/// # Safety
///
/// The header's rules for arrays and text.
pub(super) unsafe fn lent_tags<'a>(tags: *const ddtrace_str, len: usize) -> Result<&'a [ddtrace_str], ddtrace_status> {
    // SAFETY: the caller's promise.
    let tags = unsafe { text::array(tags, len) }?;
    for tag in tags {
        // SAFETY: as above.
        unsafe { text::raw_str(*tag) }?;
    }
    Ok(tags)
}

/// Calls `each` with the text of each tag.
///
/// # Safety
///
/// As for [`lent_tags`].
pub(super) unsafe fn each_tag(tags: &[ddtrace_str], each: &mut dyn FnMut(&str)) {
    for tag in tags {
        // SAFETY: the caller's promise.
        if let Ok(Some(tag)) = unsafe { text::optional_str(*tag) } {
            each(&tag);
        }
    }
}

/// A text in a struct; one that is not given is empty.
///
/// # Safety
///
/// The header's rule for text.
unsafe fn given<'a>(text: ddtrace_str) -> Result<Cow<'a, str>, ddtrace_status> {
    // SAFETY: the caller's promise.
    Ok(unsafe { text::optional_str(text) }?.unwrap_or_default())
}

fn some_time(seconds: i64) -> Option<i64> {
    (seconds != 0).then_some(seconds)
}

fn cardinality(number: i32) -> Option<Cardinality> {
    let found = u8::try_from(number).ok().and_then(Cardinality::of_number);
    if found.is_none() && number != DDTRACE_CARDINALITY_UNSET {
        log_warn!("{number} is no cardinality, expected one of DDTRACE_CARDINALITY_*: it is left out");
    }
    found
}

/// Reads a metric and calls `use_it` with it.
///
/// # Safety
///
/// The texts and tags are the caller's.
pub(super) unsafe fn with_metric<R>(
    metric: &ddtrace_metric,
    use_it: impl FnOnce(&Metric<'_>) -> Result<R, ddtrace_status>,
) -> Result<R, ddtrace_status> {
    // SAFETY: the caller's promise.
    let (name, text, tags) = unsafe { (given(metric.name)?, given(metric.text)?, lent_tags(metric.tags, metric.tags_len)?) };
    let kind = usize::try_from(metric.kind).ok().and_then(|kind| MetricKind::ALL.get(kind));
    let kind = *kind.ok_or(DDTRACE_ERR_INVALID)?;
    let value = if kind == MetricKind::Set { MetricValue::Text(&text) } else { MetricValue::Number(metric.value) };
    // SAFETY: as above.
    let each = |each: &mut dyn FnMut(&str)| unsafe { each_tag(tags, each) };
    let rate = if metric.rate == 0.0 { 1.0 } else { metric.rate };
    use_it(&Metric {
        kind,
        name: &name,
        value,
        tags: &each,
        rate,
        timestamp: some_time(metric.timestamp_s),
        cardinality: cardinality(metric.cardinality),
    })
}

/// Reads an event and calls `use_it` with it.
///
/// # Safety
///
/// As for [`with_metric`].
pub(super) unsafe fn with_event(
    event: &ddtrace_statsd_event,
    use_it: impl FnOnce(&Event<'_>) -> Result<(), Refusal>,
) -> Result<(), ddtrace_status> {
    // SAFETY: the caller's promise.
    let (title, text, tags) = unsafe { (given(event.title)?, given(event.text)?, lent_tags(event.tags, event.tags_len)?) };
    // SAFETY: as above.
    let (host, key, source) = unsafe { (given(event.hostname)?, given(event.aggregation_key)?, given(event.source_type)?) };
    // SAFETY: as above.
    let each = |each: &mut dyn FnMut(&str)| unsafe { each_tag(tags, each) };
    use_it(&Event {
        title: &title,
        text: &text,
        timestamp: some_time(event.timestamp_s),
        hostname: &host,
        aggregation_key: &key,
        priority: match event.priority {
            DDTRACE_EVENT_PRIORITY_NORMAL => EventPriority::Normal,
            DDTRACE_EVENT_PRIORITY_LOW => EventPriority::Low,
            _ => return Err(DDTRACE_ERR_INVALID),
        },
        source_type: &source,
        alert: match event.alert {
            DDTRACE_EVENT_ALERT_INFO => EventAlert::Info,
            DDTRACE_EVENT_ALERT_ERROR => EventAlert::Error,
            DDTRACE_EVENT_ALERT_WARNING => EventAlert::Warning,
            DDTRACE_EVENT_ALERT_SUCCESS => EventAlert::Success,
            _ => return Err(DDTRACE_ERR_INVALID),
        },
        tags: &each,
    })
    .map_err(of_refusal)
}

/// Reads a check and calls `use_it` with it.
///
/// # Safety
///
/// As for [`with_metric`].
pub(super) unsafe fn with_check(
    check: &ddtrace_statsd_check,
    use_it: impl FnOnce(&ServiceCheck<'_>) -> Result<(), Refusal>,
) -> Result<(), ddtrace_status> {
    // SAFETY: the caller's promise.
    let (name, message, tags) = unsafe { (given(check.name)?, given(check.message)?, lent_tags(check.tags, check.tags_len)?) };
    // SAFETY: as above.
    let host = unsafe { given(check.hostname) }?;
    // SAFETY: as above.
    let each = |each: &mut dyn FnMut(&str)| unsafe { each_tag(tags, each) };
    use_it(&ServiceCheck {
        name: &name,
        status: match check.status {
            DDTRACE_CHECK_OK => CheckStatus::Ok,
            DDTRACE_CHECK_WARNING => CheckStatus::Warning,
            DDTRACE_CHECK_CRITICAL => CheckStatus::Critical,
            DDTRACE_CHECK_UNKNOWN => CheckStatus::Unknown,
            _ => return Err(DDTRACE_ERR_INVALID),
        },
        timestamp: some_time(check.timestamp_s),
        hostname: &host,
        message: &message,
        tags: &each,
    })
    .map_err(of_refusal)
}
