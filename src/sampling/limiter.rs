//! The limit on what rules keep: a token bucket.
//!
//! The bucket starts full, refills evenly and never holds more than the limit (rounded up, so that half a trace per
//! second lets one through every two seconds). All arithmetic is on integers, so that nothing is lost or won by
//! rounding over the days a process lives.
//!
//! | Limit | Meaning |
//! |---|---|
//! | below 0, above 10^9, not a number | no limit |
//! | 0 | nothing passes |
//! | otherwise | so many in a window, which is a second unless told otherwise |
//!
//! Time is the caller's. Callers that arrive out of order are served without refill. A clock that was set back by
//! more than [`MAX_DISORDER_NS`] is followed: the bucket stays as it is and refills from the new time on.

use super::fork_lock::ForkLock;

const SECOND_NS: i64 = 1_000_000_000;

/// One token is so many parts: limits are exact to nine decimals.
const PARTS: u128 = 1_000_000_000;

/// Above one token per nanosecond a limit limits nothing. With windows up to 2^63 ns, credit stays below 2^125.
const MAX_LIMIT: f64 = 1e9;

/// The largest step back that counts as disorder between threads. Larger ones mean that the clock was set.
const MAX_DISORDER_NS: i64 = 60 * SECOND_NS;

/// A rate limiter, shared by threads.
#[derive(Debug)]
pub struct RateLimiter {
    /// `None`: no limit.
    pace: Option<Pace>,
    bucket: ForkLock<Bucket>,
}

/// The limiter's answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permit {
    /// Whether there was a token.
    pub allowed: bool,
    /// The share allowed lately, this request included: see [`RateLimiter::effective_rate`].
    pub effective_rate: f64,
}

impl RateLimiter {
    /// A limiter for so many requests a second.
    pub fn new(limit: f64) -> Self {
        Self::with_window(limit, SECOND_NS)
    }

    /// A limiter for so many requests in a window of so many nanoseconds (at least one).
    pub fn with_window(limit: f64, window_ns: i64) -> Self {
        let pace = Pace::new(limit, window_ns.max(1));
        RateLimiter { pace, bucket: ForkLock::new(Bucket::full(pace)) }
    }

    /// Takes a token if there is one.
    pub fn allow(&self, now_ns: i64) -> bool {
        self.request(now_ns).allowed
    }

    /// Takes a token if there is one; with the effective rate of that very moment.
    pub fn request(&self, now_ns: i64) -> Permit {
        let Some(pace) = self.pace else {
            return Permit { allowed: true, effective_rate: 1.0 };
        };
        let mut bucket = self.bucket.write();
        let allowed = bucket.take(pace, now_ns);
        Permit { allowed, effective_rate: bucket.effective_rate() }
    }

    /// The share of requests allowed in the current window, averaged with that of the last window that had any; 1 before
    /// the first request. A window ends with the first request that comes after its length has passed.
    pub fn effective_rate(&self) -> f64 {
        self.bucket.read().effective_rate()
    }

    /// To be called in a forked child, while it has one thread: starts with a full bucket.
    pub fn reset_after_fork(&self) {
        self.bucket.replace_if_abandoned(|_| Bucket::full(self.pace));
        *self.bucket.write() = Bucket::full(self.pace);
    }
}

/// The limit in integers. Credit is counted in parts of a token times nanoseconds of the window.
#[derive(Clone, Copy, Debug)]
struct Pace {
    window_ns: i64,
    /// Credit that a nanosecond brings.
    gain: u128,
    /// Credit that a token costs.
    price: u128,
    /// Most credit that the bucket holds.
    capacity: u128,
}

impl Pace {
    fn new(limit: f64, window_ns: i64) -> Option<Self> {
        if !(0.0..=MAX_LIMIT).contains(&limit) {
            return None;
        }
        let price = PARTS * u128::from(window_ns.unsigned_abs());
        Some(Pace { window_ns, gain: (limit * PARTS as f64).round() as u128, price, capacity: limit.ceil() as u128 * price })
    }
}

#[derive(Debug)]
struct Bucket {
    credit: u128,
    /// The latest time seen.
    clock_ns: Option<i64>,
    window_start_ns: i64,
    /// Requests of the current window.
    total: u64,
    allowed: u64,
    /// The rate of the window before.
    previous_rate: Option<f64>,
}

impl Bucket {
    fn full(pace: Option<Pace>) -> Self {
        Bucket {
            credit: pace.map_or(0, |pace| pace.capacity),
            clock_ns: None,
            window_start_ns: 0,
            total: 0,
            allowed: 0,
            previous_rate: None,
        }
    }

    fn take(&mut self, pace: Pace, now_ns: i64) -> bool {
        self.advance(pace, now_ns);
        self.total += 1;
        let Some(rest) = self.credit.checked_sub(pace.price) else {
            return false;
        };
        self.credit = rest;
        self.allowed += 1;
        true
    }

    fn advance(&mut self, pace: Pace, now_ns: i64) {
        let Some(clock_ns) = self.clock_ns else {
            self.set_clock(now_ns);
            return;
        };
        if now_ns < clock_ns.saturating_sub(MAX_DISORDER_NS) {
            self.set_clock(now_ns);
            return;
        }
        if now_ns > clock_ns {
            let elapsed_ns = u128::from(now_ns.abs_diff(clock_ns));
            self.credit = self.credit.saturating_add(elapsed_ns.saturating_mul(pace.gain)).min(pace.capacity);
            self.clock_ns = Some(now_ns);
        }
        if now_ns.saturating_sub(self.window_start_ns) >= pace.window_ns {
            self.previous_rate = Some(self.window_rate());
            self.total = 0;
            self.allowed = 0;
            self.window_start_ns = now_ns;
        }
    }

    fn set_clock(&mut self, now_ns: i64) {
        self.clock_ns = Some(now_ns);
        self.window_start_ns = now_ns;
    }

    fn window_rate(&self) -> f64 {
        if self.total == 0 {
            return 1.0;
        }
        self.allowed as f64 / self.total as f64
    }

    fn effective_rate(&self) -> f64 {
        let current = self.window_rate();
        self.previous_rate.map_or(current, |previous| (current + previous) / 2.0)
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
