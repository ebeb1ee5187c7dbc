//! Metrics that the library itself sends: the tracers' shared client, collectors of runtime metrics, health metrics.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::guard::{guard, guard_status};
use super::handles::{ddtrace_statsd, ddtrace_tracer};
use super::statsd_input::with_metric;
use super::statsd_types::{DDTRACE_METRIC_COUNT, DDTRACE_METRIC_DISTRIBUTION, DDTRACE_METRIC_GAUGE, ddtrace_metric};
use super::status::{DDTRACE_ERR_LIMIT, DDTRACE_ERR_NOT_FOUND, DDTRACE_ERR_NULL, DDTRACE_ERR_SHUTDOWN, ddtrace_status};
use super::text;
use super::tracer::find;
use super::types::{DDTRACE_ABSENT, ddtrace_str};
use super::user_data::UserData;
use crate::metrics::{Collector, CollectorFailed, Metric, MetricKind, ProcessCollector};
use crate::slot::cold;
use crate::tracer::{
    HealthCounts, HealthFacts, ProcessMetrics, RuntimeSwitch, add_collector, count_kind, queue_gauge, queue_length,
    remove_collector,
};
use crate::transport::Origin;

/// The most metrics that a collector gives at a time.
const MOST_COLLECTED: usize = 512;

type Collect = unsafe extern "C" fn(user_data: *mut c_void, out: *mut ddtrace_metric, cap: usize) -> usize;

/// Gives out the client of DogStatsD that the tracers of the process share, which also carries the metrics of the library itself. Its tags are
/// service, environment and version, and it sends no metrics about itself. It is shut down with the last tracer.
///
/// @param tracer  borrowed
/// @param out     receives the client with a reference of its own, owned by the caller: free it with `ddtrace_statsd_free`
/// @return DDTRACE_OK; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED; DDTRACE_ERR_LIMIT when memory is out
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_get_statsd(tracer: *mut ddtrace_tracer, out: *mut *mut ddtrace_statsd) -> ddtrace_status {
    guard_status(|| {
        if out.is_null() {
            return Err(DDTRACE_ERR_NULL);
        }
        // SAFETY: the header's rule for handles.
        let metrics = unsafe { metrics_of(tracer) }?;
        let handle = cold::create(Arc::clone(&metrics.client)).ok_or(DDTRACE_ERR_LIMIT)?;
        // SAFETY: the caller's place.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Switches metrics of the runtime on or off for the process, whatever `DD_RUNTIME_METRICS_ENABLED` says. They are collected every ten seconds.
///
/// @param tracer  borrowed
/// @param on      0: off
/// @return DDTRACE_OK; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_set_runtime_metrics(tracer: *mut ddtrace_tracer, on: i32) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let metrics = unsafe { metrics_of(tracer) }?;
        metrics.switch_runtime(if on == 0 { RuntimeSwitch::Off } else { RuntimeSwitch::On });
        Ok(())
    })
}

/// Lets the library collect and send its own metrics soon, without waiting for the ten seconds to pass; in host-driven mode at the next tick.
///
/// @param tracer  borrowed
/// @return as `ddtrace_tracer_set_runtime_metrics`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_collect_metrics(tracer: *mut ddtrace_tracer) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let metrics = unsafe { metrics_of(tracer) }?;
        metrics.collect_soon();
        Ok(())
    })
}

/// Registers a collector of runtime metrics, for the process and the children that it forks. It is asked every ten seconds while such metrics are
/// on; service, environment, version and the like are added to what it gives. What grows for ever is best given as its growth. One that
/// fails three times in a row is not asked any more, and one that takes its time delays telemetry and other metrics of the library.
///
/// @param name, name_len  for messages
/// @param collect         fills `out`, whose items are initialised, with up to `cap` metrics, and returns how many, or DDTRACE_ABSENT if it
///                        failed. Texts and tags have to stay until it is called again. Called by a thread of the library
/// @param user_data       the first argument of the function
/// @param free_user_data  called once with `user_data`, when the library needs it no longer, or at once if this call fails; may be NULL
/// @param id              receives the collector's number; may be NULL
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT: there are 64
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_runtime_metrics_add_collector(
    name: *const c_char,
    name_len: usize,
    collect: Option<unsafe extern "C" fn(user_data: *mut c_void, out: *mut ddtrace_metric, cap: usize) -> usize>,
    user_data: *mut c_void,
    free_user_data: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    id: *mut u64,
) -> ddtrace_status {
    guard_status(|| {
        let user_data = UserData::new(user_data, free_user_data);
        let collect = collect.ok_or(DDTRACE_ERR_NULL)?;
        // SAFETY: the header's rule for text.
        let name = unsafe { text::text(name, name_len) }?;
        // SAFETY: the caller's place.
        unsafe { added(add_collector(&name, Arc::new(HostCollector { collect, user_data })), id) }
    })
}

/// Registers the collector of what the kernel tells of the process: `process.cpu.percent`, `process.cpu.time.user` and `.sys` in seconds,
/// `process.cpu.ctx_switch.voluntary` and `.involuntary`, `process.mem.rss`, `process.thread_count`, `process.open_file_descriptors`.
/// Programs in C and C++ (`LIBDDTRACE_LANGUAGE` is `cpp`) have it anyway.
///
/// @param id  receives the collector's number; may be NULL
/// @return as `ddtrace_runtime_metrics_add_collector`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_runtime_metrics_add_process_collector(id: *mut u64) -> ddtrace_status {
    // SAFETY: the caller's place.
    guard_status(|| unsafe { added(add_collector("process", Arc::new(ProcessCollector::default())), id) })
}

/// Takes a collector back. A call that is under way goes on.
///
/// @param id  its number
/// @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_runtime_metrics_remove_collector(id: u64) -> ddtrace_status {
    guard_status(|| if remove_collector(id) { Ok(()) } else { Err(DDTRACE_ERR_NOT_FOUND) })
}

/// Shows what a tracer counted, under the names of its health metrics (`datadog.tracer.*`, with `DD_TRACE_HEALTH_METRICS_ENABLED` sent every ten
/// seconds as growth): counts since it was made, and gauges. `LIBDDTRACE_HEALTH_METRIC_NAMES` chooses other names.
///
/// @param tracer    borrowed
/// @param callback  called for each metric on this thread; the metric is borrowed for the time of the call
/// @param user_data the first argument of the callback
/// @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_each_health_metric(
    tracer: *mut ddtrace_tracer,
    callback: Option<unsafe extern "C" fn(user_data: *mut c_void, metric: *const ddtrace_metric)>,
    user_data: *mut c_void,
) -> ddtrace_status {
    guard_status(|| {
        // SAFETY: the header's rule for handles.
        let (pipeline, snapshot) = unsafe { find(tracer) }?.current()?;
        let callback = callback.ok_or(DDTRACE_ERR_NULL)?;
        let names = snapshot.config.settings.own_metrics.health_names;
        let show = |name: &str, kind, tags: &[ddtrace_str], value: u64| {
            let metric = ddtrace_metric {
                name: ddtrace_str::new(name),
                kind,
                value: value as f64,
                tags: tags.as_ptr(),
                tags_len: tags.len(),
                ..empty_metric()
            };
            // SAFETY: the caller gave the two together; the metric lives for the time of the call.
            unsafe { callback(user_data, &raw const metric) };
        };
        let kind = match count_kind(names) {
            MetricKind::Distribution => DDTRACE_METRIC_DISTRIBUTION,
            _ => DDTRACE_METRIC_COUNT,
        };
        for (key, count) in HealthCounts::named(&HealthFacts::of_pipeline(&pipeline), names).each() {
            let tags: Vec<ddtrace_str> = key.tags.iter().map(|tag| ddtrace_str::new(tag)).collect();
            show(key.name, kind, &tags, count);
        }
        if let Some(name) = queue_gauge(names) {
            show(name, DDTRACE_METRIC_GAUGE, &[], queue_length(&pipeline));
        }
        Ok(())
    })
}

/// Copies out the id of the container that the process runs in.
///
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT outside of containers
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_container_id(buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rule for buffers.
    guard(DDTRACE_ABSENT, || unsafe { text::copy_out_optional(Origin::detect().container_id.as_deref(), buf, cap) })
}

/// Copies out what the agent knows the container of the process by: `ci-` and its id, or `in-` and the inode of its control group.
///
/// @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the text's length; DDTRACE_ABSENT if nothing is known
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_entity_id(buf: *mut c_char, cap: usize) -> usize {
    // SAFETY: the header's rule for buffers.
    guard(DDTRACE_ABSENT, || unsafe { text::copy_out_optional(Origin::detect().entity_id.as_deref(), buf, cap) })
}

/// # Safety
///
/// `tracer` is NULL or a handle.
unsafe fn metrics_of(tracer: *mut ddtrace_tracer) -> Result<Arc<ProcessMetrics>, ddtrace_status> {
    // SAFETY: the caller's promise.
    unsafe { find(tracer) }?.metrics()?.ok_or(DDTRACE_ERR_SHUTDOWN)
}

/// # Safety
///
/// `place` is NULL or the caller's place.
unsafe fn added(id: Option<u64>, place: *mut u64) -> Result<(), ddtrace_status> {
    let id = id.ok_or(DDTRACE_ERR_LIMIT)?;
    if !place.is_null() {
        // SAFETY: the caller's promise.
        unsafe { place.write_unaligned(id) };
    }
    Ok(())
}

fn empty_metric() -> ddtrace_metric {
    ddtrace_metric {
        struct_size: size_of::<ddtrace_metric>(),
        name: ddtrace_str::NONE,
        kind: DDTRACE_METRIC_COUNT,
        cardinality: 0,
        value: 0.0,
        text: ddtrace_str::NONE,
        tags: std::ptr::null(),
        tags_len: 0,
        rate: 0.0,
        timestamp_s: 0,
    }
}

/// A collector of the host.
struct HostCollector {
    collect: Collect,
    user_data: UserData,
}

impl Collector for HostCollector {
    fn collect(&self, each: &mut dyn FnMut(&Metric<'_>)) -> Result<(), CollectorFailed> {
        let mut found = vec![empty_metric(); MOST_COLLECTED];
        // SAFETY: the host registered the two together; there is room for as many items as it is told.
        let count = unsafe { (self.collect)(self.user_data.pointer(), found.as_mut_ptr(), found.len()) };
        if count == DDTRACE_ABSENT {
            return Err(CollectorFailed);
        }
        for metric in found.iter().take(count) {
            // SAFETY: texts and tags of the host's stay until it is called again. What is no metric is left out.
            let _ = unsafe {
                with_metric(metric, |metric| {
                    each(metric);
                    Ok(())
                })
            };
        }
        Ok(())
    }
}
