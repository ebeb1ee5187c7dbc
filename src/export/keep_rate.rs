//! The share of chunks that reach the agent, as the metric `_dd.tracer_kr` reports it on chunk roots.

/// Over how many flushes the rate is averaged.
pub const WINDOWS: usize = 10;

/// The keep rate: 1 minus the share of dropped chunks among all of the last [`WINDOWS`] flushes.
///
/// Chunks weigh the same whichever flush they fell into, so a flush of one dropped chunk does not outweigh one of a thousand
/// accepted ones. Before anything was counted the rate is 1.
#[derive(Clone, Debug, Default)]
pub struct KeepRate {
    windows: [Window; WINDOWS],
    next: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    accepted: u64,
    dropped: u64,
}

impl KeepRate {
    /// A rate of 1, with nothing counted.
    pub fn new() -> KeepRate {
        KeepRate::default()
    }

    /// Counts one flush. It takes the place of the oldest one, also when there was nothing to flush.
    pub fn record(&mut self, accepted: u64, dropped: u64) {
        if let Some(window) = self.windows.get_mut(self.next) {
            *window = Window { accepted, dropped };
        }
        self.next = (self.next + 1) % WINDOWS;
    }

    /// The rate, from 0 to 1.
    pub fn rate(&self) -> f64 {
        // In floating point, where no sum overflows.
        let dropped: f64 = self.windows.iter().map(|window| window.dropped as f64).sum();
        let accepted: f64 = self.windows.iter().map(|window| window.accepted as f64).sum();
        if dropped == 0.0 {
            return 1.0;
        }
        accepted / (accepted + dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_dropped_is_a_rate_of_one() {
        let mut rate = KeepRate::new();
        assert_eq!(rate.rate(), 1.0);
        rate.record(0, 0);
        rate.record(5, 0);
        assert_eq!(rate.rate(), 1.0);
    }

    #[test]
    fn drops_count_in_proportion() {
        let mut rate = KeepRate::new();
        rate.record(6, 0);
        rate.record(0, 2);
        assert_eq!(rate.rate(), 0.75);
        rate.record(0, 6);
        assert!((rate.rate() - 6.0 / 14.0).abs() < 1e-12);
    }

    #[test]
    fn only_drops_are_a_rate_of_zero() {
        let mut rate = KeepRate::new();
        rate.record(0, 1);
        assert_eq!(rate.rate(), 0.0);
    }

    #[test]
    fn the_oldest_flush_is_forgotten_after_ten() {
        let mut rate = KeepRate::new();
        rate.record(0, 10);
        for _ in 0..9 {
            rate.record(10, 0);
        }
        assert_eq!(rate.rate(), 0.9);
        rate.record(0, 0);
        assert_eq!(rate.rate(), 1.0);
    }

    #[test]
    fn the_largest_counts_do_not_overflow() {
        let mut rate = KeepRate::new();
        for _ in 0..20 {
            rate.record(u64::MAX, u64::MAX);
        }
        assert_eq!(rate.rate(), 0.5);
    }
}
