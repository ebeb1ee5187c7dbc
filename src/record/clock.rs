//! Time of spans: the monotonic clock, and its offset to wall time, which is one value for all of a segment.

use super::ticks::{self, Reading};

/// The offset to wall time is read again after this long.
const OFFSET_AGE_NS: i64 = 1_000_000_000;
/// Ticks are counted from a reading of the clock that is no older than this: so far, a clock that is slewed cannot have gone.
const READING_AGE_NS: u64 = 100_000_000;

/// The monotonic clock in nanoseconds.
#[inline]
pub fn monotonic_ns() -> i64 {
    read(libc::CLOCK_MONOTONIC)
}

/// Unix time in nanoseconds.
#[inline]
pub fn unix_ns() -> i64 {
    read(libc::CLOCK_REALTIME)
}

/// Both fields are narrower on some platforms.
#[inline]
#[allow(clippy::unnecessary_cast)]
fn read(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a local; both clocks always exist on Linux.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as i64 * 1_000_000_000 + time.tv_nsec as i64
}

/// A thread's clock.
///
/// Threads agree, and agree with the kernel, to within a microsecond or so. A span that ends a moment after it began may seem to have ended
/// before, so that durations want a lower limit.
#[derive(Default)]
pub struct Clock {
    /// What the ticks since then are added to.
    base: Option<Reading>,
    /// Nanoseconds per tick, times 2³².
    rate: u64,
    /// So many ticks are counted from the base.
    max_ticks: u64,
    offset_ns: i64,
    offset_read_at: Option<i64>,
}

impl Clock {
    /// Monotonic time in nanoseconds.
    #[inline]
    pub fn now(&mut self) -> i64 {
        if let Some(base) = self.base {
            let elapsed = ticks::ticks().wrapping_sub(base.ticks);
            if elapsed < self.max_ticks {
                // Does not overflow, see `read_clock`.
                return base.ns + ((elapsed * self.rate) >> 32) as i64;
            }
        }
        self.read_clock()
    }

    /// Begins to count from now, if it is known how long a tick is.
    fn read_clock(&mut self) -> i64 {
        self.base = ticks::rate().and_then(|rate| {
            self.rate = rate;
            self.max_ticks = (READING_AGE_NS << 32) / rate;
            ticks::read_both()
        });
        self.base.map_or_else(monotonic_ns, |reading| reading.ns)
    }

    /// What to add to monotonic time `now` to get Unix time.
    #[inline]
    pub fn offset(&mut self, now: i64) -> i64 {
        match self.offset_read_at {
            Some(at) if now.wrapping_sub(at) < OFFSET_AGE_NS => self.offset_ns,
            _ => self.read_offset(),
        }
    }

    #[cold]
    fn read_offset(&mut self) -> i64 {
        let now = monotonic_ns();
        self.offset_ns = unix_ns() - now;
        self.offset_read_at = Some(now);
        self.offset_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Calibration;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn monotonic_time_plus_offset_is_unix_time() {
        let mut clock = Clock::default();
        let now = clock.now();
        let unix = now + clock.offset(now);
        assert!((unix_ns() - unix).abs() < 1_000_000_000);
        assert_eq!(clock.offset(now), clock.offset(now + 1));
    }

    /// How far the clock is from the kernel's, as seen between two looks at that; the best of some, as a thread may be interrupted.
    fn deviation(clock: &mut Clock) -> i64 {
        let look = |_| {
            let (before, now, after) = (monotonic_ns(), clock.now(), monotonic_ns());
            (before - now).max(now - after)
        };
        (0..20).map(look).min().unwrap_or(i64::MAX)
    }

    #[test]
    fn ticks_go_as_the_clock_goes() {
        let mut calibration = Calibration::default();
        calibration.step();
        thread::sleep(Duration::from_millis(20));
        calibration.step();
        let mut clock = Clock::default();
        let is_known = ticks::rate().is_some();
        assert!(clock.now() > 0);
        assert!(clock.base.is_some() || !is_known, "ticks are counted as soon as it is known how long they are");
        for pause in [0, 1, 10, 50, 120, 0] {
            thread::sleep(Duration::from_millis(pause));
            let deviation = deviation(&mut clock);
            assert!(deviation < 20_000, "{deviation} ns after {pause} ms");
        }
    }

    #[test]
    fn a_counter_that_jumps_is_not_believed() {
        let mut clock = Clock { rate: 1 << 31, max_ticks: 1_000_000, ..Clock::default() };
        for ticks in [ticks::ticks().wrapping_sub(1 << 40), ticks::ticks().wrapping_add(1 << 40)] {
            clock.base = Some(Reading { ticks, ns: 0 });
            assert!(deviation(&mut clock) < 20_000);
        }
    }
}
