//! The distribution of durations in fixed ranges, as span metrics over OTLP have it.

use super::Summary;

/// Upper bounds of the ranges in seconds; each belongs to its range.
pub const BOUNDS: [f64; 16] = [0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.4, 2.0, 5.0, 10.0, 15.0];
/// The same in milliseconds.
const BOUNDS_MS: [u64; BOUNDS.len()] = [2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1_000, 1_400, 2_000, 5_000, 10_000, 15_000];
const MS: u64 = 1_000_000;
const SECOND: f64 = 1e9;

/// How often which range was seen, and what is exact.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [u64; BOUNDS.len() + 1],
    sum_ns: u64,
    min_ns: u64,
    max_ns: u64,
}

impl Summary for Histogram {
    fn record(&mut self, nanoseconds: u64, _room: &mut usize) {
        let is_first = self.count() == 0;
        let range = BOUNDS_MS.iter().position(|bound| nanoseconds <= bound * MS).unwrap_or(BOUNDS.len());
        if let Some(count) = self.counts.get_mut(range) {
            *count += 1;
        }
        self.sum_ns = self.sum_ns.saturating_add(nanoseconds);
        self.min_ns = if is_first { nanoseconds } else { self.min_ns.min(nanoseconds) };
        self.max_ns = self.max_ns.max(nanoseconds);
    }
}

impl Histogram {
    /// How many durations.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many durations are in which range; the last one has no bound.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Sum, least and greatest in seconds.
    pub fn sum_min_max(&self) -> [f64; 3] {
        [self.sum_ns, self.min_ns, self.max_ns].map(|nanoseconds| nanoseconds as f64 / SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(durations: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|duration| histogram.record(*duration, &mut 0));
        histogram
    }

    #[test]
    fn a_bound_belongs_to_the_range_below() {
        for (range, bound) in BOUNDS.into_iter().enumerate() {
            let nanoseconds = (bound * SECOND).round() as u64;
            for (duration, expected) in [(nanoseconds - 1, range), (nanoseconds, range), (nanoseconds + 1, range + 1)] {
                let histogram = histogram(&[duration]);
                assert_eq!(histogram.counts().iter().position(|count| *count == 1), Some(expected), "{duration}");
            }
        }
        assert_eq!(histogram(&[0]).counts()[0], 1);
        assert_eq!(histogram(&[u64::MAX, 60_000_000_000]).counts()[16], 2);
    }

    #[test]
    fn sum_least_and_greatest_are_exact() {
        let histogram = histogram(&[1_500_000_000, 0, 250_000_000]);
        assert_eq!((histogram.count(), histogram.sum_min_max()), (3, [1.75, 0.0, 1.5]));
        assert_eq!(self::histogram(&[7_000_000]).sum_min_max(), [0.007; 3]);
    }
}
