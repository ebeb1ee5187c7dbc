//! Collectors of runtime metrics: whoever knows the runtime registers one, and each is asked at every interval.

use super::message::Metric;
use crate::log::{log_debug, log_warn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A collector that has failed so often in a row is not asked any more.
const MOST_FAILURES: u32 = 3;
/// So long may a collector take; one that takes longer has failed.
pub const LONGEST_COLLECTION: Duration = Duration::from_secs(1);

/// A collector could not collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectorFailed;

/// Knows something about the runtime.
pub trait Collector: Send + Sync {
    /// Calls `each` with what it finds. What it cannot read it leaves out.
    ///
    /// # Errors
    /// Where it found nothing because something is wrong.
    fn collect(&self, each: &mut dyn FnMut(&Metric<'_>)) -> Result<(), CollectorFailed>;
}

/// A collector that is registered.
#[derive(Clone)]
pub struct Registered {
    /// To take it back.
    pub id: u64,
    name: Arc<str>,
    collector: Arc<dyn Collector>,
    failures: Arc<AtomicU32>,
}

impl Registered {
    /// The name is for messages.
    pub fn new(id: u64, name: &str, collector: Arc<dyn Collector>) -> Self {
        Registered { id, name: name.into(), collector, failures: Arc::default() }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the collector, unless it fails all the time. One that panics, or takes longer than [`LONGEST_COLLECTION`], has failed. Returns how
    /// long it took; `None`: it was not asked.
    pub fn collect(&self, each: &mut dyn FnMut(&Metric<'_>)) -> Option<Duration> {
        if self.failures.load(Ordering::Relaxed) >= MOST_FAILURES {
            return None;
        }
        let begin = Instant::now();
        let collected = catch_unwind(AssertUnwindSafe(|| self.collector.collect(each)));
        let took = begin.elapsed();
        self.note(collected, took);
        Some(took)
    }

    fn note(&self, collected: std::thread::Result<Result<(), CollectorFailed>>, took: Duration) {
        let is_slow = took > LONGEST_COLLECTION;
        let has_failed = match collected {
            Ok(result) => result.is_err(),
            Err(panic) => {
                std::mem::forget(panic);
                true
            }
        };
        if is_slow {
            log_warn!("the collector {} of runtime metrics took {took:.1?}, expected {LONGEST_COLLECTION:?} at most", self.name);
        }
        if !has_failed && !is_slow {
            return self.failures.store(0, Ordering::Relaxed);
        }
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures == 1 {
            log_debug!("the collector {} of runtime metrics failed", self.name);
        } else if failures == MOST_FAILURES {
            log_debug!(
                "the collector {} of runtime metrics failed {failures} times in a row and is not asked any more",
                self.name
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{MetricKind, MetricValue};

    struct Flaky(AtomicU32);

    impl Collector for Flaky {
        fn collect(&self, each: &mut dyn FnMut(&Metric<'_>)) -> Result<(), CollectorFailed> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 | 3 | 4 => return Err(CollectorFailed),
                1 => panic!("inside"),
                _ => {}
            }
            each(&Metric {
                kind: MetricKind::Gauge,
                name: "g",
                value: MetricValue::Number(1.0),
                tags: &|_| (),
                rate: 1.0,
                timestamp: None,
                cardinality: None,
            });
            if self.0.load(Ordering::Relaxed) > 5 { Err(CollectorFailed) } else { Ok(()) }
        }
    }

    #[test]
    fn a_collector_that_fails_three_times_in_a_row_is_not_asked_any_more() {
        let flaky = Arc::new(Flaky(AtomicU32::new(0)));
        let registered = Registered::new(1, "flaky", flaky.clone());
        let mut found = 0;
        for _ in 0..10 {
            registered.collect(&mut |_| found += 1);
        }
        // Failed, panicked, collected; then failed three times, the last time after it had collected.
        assert_eq!((flaky.0.load(Ordering::Relaxed), found), (6, 2));
    }
}
