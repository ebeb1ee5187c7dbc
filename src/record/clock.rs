//! Time of spans: the monotonic clock, and its offset to wall time, which is one value for all of a segment.

/// The offset to wall time is read again after this long.
const OFFSET_AGE_NS: i64 = 1_000_000_000;

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

/// A thread's copy of the offset between the clocks.
#[derive(Default)]
pub struct Clock {
    offset_ns: i64,
    read_at: Option<i64>,
}

impl Clock {
    /// What to add to monotonic time `now` to get Unix time.
    #[inline]
    pub fn offset(&mut self, now: i64) -> i64 {
        match self.read_at {
            Some(at) if now.wrapping_sub(at) < OFFSET_AGE_NS => self.offset_ns,
            _ => self.reread(),
        }
    }

    #[cold]
    fn reread(&mut self) -> i64 {
        let now = monotonic_ns();
        self.offset_ns = unix_ns() - now;
        self.read_at = Some(now);
        self.offset_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_plus_offset_is_unix_time() {
        let mut clock = Clock::default();
        let now = monotonic_ns();
        let unix = now + clock.offset(now);
        assert!((unix_ns() - unix).abs() < 1_000_000_000);
        assert_eq!(clock.offset(now), clock.offset(now + 1));
    }
}
