//! A sampler with one rate: a pure function of the trace id, so that all services of a trace agree.

use std::sync::atomic::{AtomicU64, Ordering};

use super::hash::{clamp_rate, keeps};

/// Keeps a share of all traces. The rate can be changed while other threads sample.
#[derive(Debug)]
pub struct RateSampler {
    /// The rate's bits, since there is no atomic double.
    rate: AtomicU64,
}

impl RateSampler {
    /// A sampler for `rate`, clamped to 0 to 1. What is not a number counts as 1: keep.
    pub fn new(rate: f64) -> Self {
        RateSampler { rate: AtomicU64::new(clamp_rate(rate).unwrap_or(1.0).to_bits()) }
    }

    /// The rate in use.
    pub fn sample_rate(&self) -> f64 {
        f64::from_bits(self.rate.load(Ordering::Relaxed))
    }

    /// Changes the rate, clamped to 0 to 1. What is not a number is ignored: the answer is false then.
    pub fn set_sample_rate(&self, rate: f64) -> bool {
        let Some(rate) = clamp_rate(rate) else {
            return false;
        };
        self.rate.store(rate.to_bits(), Ordering::Relaxed);
        true
    }

    /// Whether the trace is kept.
    pub fn keeps(&self, trace_id_low: u64) -> bool {
        keeps(self.sample_rate(), trace_id_low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_clamped() {
        assert_eq!(RateSampler::new(-1.0).sample_rate(), 0.0);
        assert_eq!(RateSampler::new(2.0).sample_rate(), 1.0);
        assert_eq!(RateSampler::new(0.3).sample_rate(), 0.3);
        assert_eq!(RateSampler::new(f64::NAN).sample_rate(), 1.0);
    }

    #[test]
    fn a_new_rate_applies_at_once() {
        let sampler = RateSampler::new(0.5);
        assert!(sampler.keeps(1) && !sampler.keeps(10));
        assert!(sampler.set_sample_rate(0.75));
        assert!(sampler.keeps(10));
        assert!(sampler.set_sample_rate(0.05));
        assert!(!sampler.keeps(1));
    }

    #[test]
    fn a_rate_that_is_no_number_changes_nothing() {
        let sampler = RateSampler::new(0.5);
        assert!(!sampler.set_sample_rate(f64::NAN));
        assert_eq!(sampler.sample_rate(), 0.5);
    }
}
