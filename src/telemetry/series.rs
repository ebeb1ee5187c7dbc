//! One series of a metric: what was recorded since it was last taken.

use super::input::Refusal;
use crate::lock::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How the values of a metric come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// They are added.
    Count,
    /// The last one counts.
    Gauge,
    /// They are added, and divided by the seconds of the window.
    Rate,
    /// Each one counts.
    Distribution,
}

impl MetricKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            MetricKind::Count => "count",
            MetricKind::Gauge => "gauge",
            MetricKind::Rate => "rate",
            MetricKind::Distribution => "distribution",
        }
    }
}

/// More values of a distribution are not kept; the oldest go.
const MOST_POINTS: usize = 1000;

/// A series.
pub(super) struct Series {
    kind: MetricKind,
    /// The bits of a float.
    value: AtomicU64,
    has_value: AtomicBool,
    points: Mutex<VecDeque<f64>>,
}

impl Series {
    pub(super) fn new(kind: MetricKind) -> Self {
        Series { kind, value: AtomicU64::new(0), has_value: AtomicBool::new(false), points: Mutex::default() }
    }

    pub(super) fn kind(&self) -> MetricKind {
        self.kind
    }

    /// Records a value. `Ok(true)`: an older one had to go for it.
    pub(super) fn record(&self, value: f64) -> Result<bool, Refusal> {
        let goes_below_zero = matches!(self.kind, MetricKind::Gauge | MetricKind::Rate);
        if !value.is_finite() || (value < 0.0 && !goes_below_zero) {
            return Err(Refusal::Value);
        }
        match self.kind {
            MetricKind::Count | MetricKind::Rate => {
                let add = |bits: u64| Some((f64::from_bits(bits) + value).to_bits());
                let _ = self.value.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
            }
            MetricKind::Gauge => self.value.store(value.to_bits(), Ordering::Relaxed),
            MetricKind::Distribution => {
                let mut points = self.points.lock();
                let is_full = points.len() >= MOST_POINTS;
                if is_full {
                    points.pop_front();
                }
                points.push_back(value);
                return Ok(is_full);
            }
        }
        self.has_value.store(true, Ordering::Release);
        Ok(false)
    }

    /// Whether something was recorded that nobody took.
    pub(super) fn has_any(&self) -> bool {
        self.has_value.load(Ordering::Acquire) || !self.points.lock().is_empty()
    }

    /// The value of the window that ends, if there is one.
    pub(super) fn take_value(&self, window_seconds: f64) -> Option<f64> {
        if !self.has_value.swap(false, Ordering::AcqRel) {
            return None;
        }
        Some(match self.kind {
            MetricKind::Gauge => f64::from_bits(self.value.load(Ordering::Relaxed)),
            MetricKind::Rate => f64::from_bits(self.value.swap(0, Ordering::Relaxed)) / window_seconds,
            MetricKind::Count | MetricKind::Distribution => f64::from_bits(self.value.swap(0, Ordering::Relaxed)),
        })
    }

    /// The values of a distribution in the window that ends.
    pub(super) fn take_points(&self) -> Vec<f64> {
        self.points.lock().drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_together_by_their_kind() {
        for (kind, expected) in [(MetricKind::Count, 3.5), (MetricKind::Gauge, 2.5), (MetricKind::Rate, 0.35)] {
            let series = Series::new(kind);
            assert_eq!(series.take_value(10.0), None);
            series.record(1.0).unwrap();
            series.record(2.5).unwrap();
            assert_eq!(series.take_value(10.0), Some(expected), "{kind:?}");
            assert_eq!(series.take_value(10.0), None);
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for kind in [MetricKind::Count, MetricKind::Gauge, MetricKind::Rate, MetricKind::Distribution] {
            let series = Series::new(kind);
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert_eq!(series.record(value), Err(Refusal::Value));
            }
        }
        assert_eq!(Series::new(MetricKind::Count).record(-1.0), Err(Refusal::Value));
        assert_eq!(Series::new(MetricKind::Distribution).record(-1.0), Err(Refusal::Value));
        assert_eq!(Series::new(MetricKind::Gauge).record(-1.0), Ok(false));
    }

    #[test]
    fn distributions_are_bounded() {
        let series = Series::new(MetricKind::Distribution);
        (0..MOST_POINTS).for_each(|n| assert_eq!(series.record(n as f64), Ok(false)));
        assert_eq!(series.record(7.5), Ok(true));
        let points = series.take_points();
        assert_eq!((points.len(), points[0], points[MOST_POINTS - 1]), (MOST_POINTS, 1.0, 7.5));
    }

    #[test]
    fn threads_lose_nothing() {
        let series = Series::new(MetricKind::Count);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| assert_eq!(series.record(1.0), Ok(false))));
            }
        });
        assert_eq!(series.take_value(1.0), Some(4000.0));
    }
}
