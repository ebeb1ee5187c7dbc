//! Instrumentation telemetry: metrics of the library and of its products.

use std::ffi::c_char;
use std::sync::Arc;

use super::guard::{guard, guard_status};
use super::handles::{ddtrace_telemetry_metric, ddtrace_tracer};
use super::status::{DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT, DDTRACE_ERR_NULL, ddtrace_status};
use super::telemetry::{of_refusal, telemetry_of};
use super::text;
use super::types::ddtrace_str;
use crate::slot::HandleError;
use crate::slot::cold::{self, Cold, cold_class};
use crate::slot::{Kind, SlotClass};
use crate::telemetry::{Metric, MetricKey, MetricKind};
use crate::tracer::current_telemetry;

/// Kind of a metric of telemetry: values are added.
pub const DDTRACE_TELEMETRY_COUNT: i32 = 1;
/// Kind of a metric of telemetry: the last value counts.
pub const DDTRACE_TELEMETRY_GAUGE: i32 = 2;
/// Kind of a metric of telemetry: values are added, and divided by the time in seconds.
pub const DDTRACE_TELEMETRY_RATE: i32 = 3;
/// Kind of a metric of telemetry: each value counts; the last 1,000 are kept until they are sent.
pub const DDTRACE_TELEMETRY_DISTRIBUTION: i32 = 4;

static CLASS: SlotClass = cold_class(Kind::TelemetryMetric);

/// What stands behind a handle.
pub(crate) struct MetricHandle {
    key: MetricKey,
    /// `None`: there were no metrics when it was made.
    found: Option<Metric>,
}

impl Cold for MetricHandle {
    const KIND: Kind = Kind::TelemetryMetric;
    const CLASS: &'static SlotClass = &CLASS;
}

/// Records a value of a metric of telemetry. Metrics are sent every ten seconds, or with every heartbeat if that is more often. Nothing is
/// recorded with `DD_TELEMETRY_METRICS_ENABLED` off.
///
/// @param tracer          borrowed
/// @param space, space_len  the namespace: `tracers`, `profilers`, `appsec`, `iast`, `civisibility`, `mlobs`, `general` and so on
/// @param name, name_len  the metric: letters, digits, `_` and `.`
/// @param kind            one of DDTRACE_TELEMETRY_*; a name has one kind in its namespace
/// @param value           finite, and not below 0 for a count or a distribution
/// @param tags, tags_len  `key:value` texts; may be NULL with 0
/// @param is_common       0: only this language has the metric
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: name, namespace, kind or value are none; DDTRACE_ERR_LIMIT: there are 2,000 metrics in the
///         namespace; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_record(
    tracer: *mut ddtrace_tracer,
    space: *const c_char,
    space_len: usize,
    name: *const c_char,
    name_len: usize,
    kind: i32,
    value: f64,
    tags: *const ddtrace_str,
    tags_len: usize,
    is_common: i32,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let Some(telemetry) = telemetry_of(tracer)? else { return Ok(()) };
        let key = key(space, space_len, name, name_len, kind, tags, tags_len, is_common)?;
        telemetry.record(&key, value).map_err(of_refusal)
    })
}

/// Looks a metric of telemetry up, for those that are recorded often: `ddtrace_telemetry_metric_add` then neither searches nor copies.
///
/// @param tracer          borrowed
/// @param space, space_len, name, name_len, kind, tags, tags_len, is_common  as for `ddtrace_telemetry_record`
/// @param out             receives the metric, owned by the caller: free it with `ddtrace_telemetry_metric_free`; there is one also where
///                        telemetry is off
/// @return as `ddtrace_telemetry_record`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_metric_new(
    tracer: *mut ddtrace_tracer,
    space: *const c_char,
    space_len: usize,
    name: *const c_char,
    name_len: usize,
    kind: i32,
    tags: *const ddtrace_str,
    tags_len: usize,
    is_common: i32,
    out: *mut *mut ddtrace_telemetry_metric,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles, text and outputs.
    guard_status(|| unsafe {
        let telemetry = telemetry_of(tracer)?;
        let key = key(space, space_len, name, name_len, kind, tags, tags_len, is_common)?;
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        let found = match telemetry {
            Some(telemetry) => telemetry.metric(key.clone()).map_err(of_refusal)?,
            None => None,
        };
        out.write(cold::create(Arc::new(MetricHandle { key, found })).ok_or(DDTRACE_ERR_LIMIT)?);
        Ok(())
    })
}

/// Records a value. In a forked child it is recorded for the child.
///
/// @param metric  borrowed
/// @param value   finite, and not below 0 for a count or a distribution
/// @return DDTRACE_OK; DDTRACE_ERR_INVALID: the value is none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_metric_add(metric: *mut ddtrace_telemetry_metric, value: f64) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let handle = unsafe { cold::get::<MetricHandle, _>(metric) }?;
        let Some(found) = &handle.found else { return Ok(()) };
        if let Some(recorded) = found.record(value) {
            return recorded.map_err(of_refusal);
        }
        // Another session, or another process.
        match current_telemetry() {
            Some(telemetry) => telemetry.record(&handle.key, value).map_err(of_refusal),
            None => Ok(()),
        }
    })
}

/// Gives a metric back. What was recorded is sent all the same.
///
/// @param metric  owned by this call; NULL and handles that were freed are ignored
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_telemetry_metric_free(metric: *mut ddtrace_telemetry_metric) {
    guard((), || {
        // SAFETY: the header's rule for handles.
        let _: Result<_, HandleError> = unsafe { cold::release::<MetricHandle, _>(metric) };
    });
}

/// # Safety
///
/// The texts are readable.
#[allow(clippy::too_many_arguments, reason = "as they come from C")]
unsafe fn key(
    space: *const c_char,
    space_len: usize,
    name: *const c_char,
    name_len: usize,
    kind: i32,
    tags: *const ddtrace_str,
    tags_len: usize,
    is_common: i32,
) -> Result<MetricKey, ddtrace_status> {
    const MOST_TAGS: usize = 100;
    let kind = match kind {
        DDTRACE_TELEMETRY_COUNT => MetricKind::Count,
        DDTRACE_TELEMETRY_GAUGE => MetricKind::Gauge,
        DDTRACE_TELEMETRY_RATE => MetricKind::Rate,
        DDTRACE_TELEMETRY_DISTRIBUTION => MetricKind::Distribution,
        _ => return Err(DDTRACE_ERR_INVALID),
    };
    // SAFETY: the caller's promise.
    unsafe {
        let (space, name) = (text::text(space, space_len)?, text::text(name, name_len)?);
        let mut texts = Vec::new();
        for tag in text::array(tags, tags_len)?.iter().take(MOST_TAGS) {
            texts.extend(text::optional_str(*tag)?);
        }
        MetricKey::new(&space, &name, kind, texts.iter().map(|tag| &**tag), is_common != 0).map_err(of_refusal)
    }
}
