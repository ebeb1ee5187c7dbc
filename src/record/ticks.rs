//! The processor's time stamp counter, which is read in a third of the time that the clock takes.
//!
//! It is used only where the kernel itself makes its clock from it. The background compares the two from time to time and tells all threads
//! how long a tick is; until it did, and wherever the counter is of no use, threads read the clock.

use super::monotonic_ns;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Nanoseconds per tick, times 2³²; 0: not known.
static RATE: AtomicU64 = AtomicU64::new(0);

/// The time between the two readings that the first rate is made from. A reading is off by some 10 ns.
const FIRST_SPAN_NS: i64 = 2_000_000;
/// The same for the rates that follow, step by step: more makes them no better, and remembers too long how the clock was slewed.
const LONGEST_SPAN_NS: i64 = 2_000_000_000;
/// Rates that differ by more than one part in this many are not of the same clock: the machine was suspended, or moved.
const SAME_CLOCK: u64 = 1000;
/// A reading that took longer was interrupted.
const MAX_READING_TICKS: u64 = 20_000;
const KERNEL_S_CHOICE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Counter and clock at the same moment.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The counter.
    pub ticks: u64,
    /// The monotonic clock.
    pub ns: i64,
}

/// The counter, in an order with other instructions that the processor may choose.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 has the counter. A process that forbade itself to read it could not read the clock either.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// There is no counter; nobody asks, as no rate becomes known.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn ticks() -> u64 {
    0
}

/// Nanoseconds per tick, times 2³². `None`: the counter is of no use, or not yet.
pub fn rate() -> Option<u64> {
    Some(RATE.load(Ordering::Relaxed)).filter(|rate| *rate != 0)
}

/// Reads both, the quickest of some readings. `None`: the thread was interrupted every time.
pub fn read_both() -> Option<Reading> {
    let read = |_| {
        let before = ticks();
        let ns = monotonic_ns();
        let took = ticks().wrapping_sub(before);
        (took, Reading { ticks: before.wrapping_add(took / 2), ns })
    };
    let (took, reading) = (0..4).map(read).min_by_key(|(took, _)| *took)?;
    (took < MAX_READING_TICKS).then_some(reading)
}

/// The background's part: finds out how long a tick is, and notices when that is not true any more.
#[derive(Debug)]
pub struct Calibration {
    base: Option<Reading>,
    /// The next rate is made so long after the base.
    span_ns: i64,
    is_useless: bool,
}

impl Default for Calibration {
    fn default() -> Self {
        Calibration { base: None, span_ns: FIRST_SPAN_NS, is_useless: !is_the_kernel_s_clock() }
    }
}

impl Calibration {
    /// Compares counter and clock once more.
    pub fn step(&mut self) {
        if self.is_useless {
            return;
        }
        let Some(base) = self.base else {
            self.base = read_both();
            return;
        };
        if let Some(rate) = read_both().and_then(|now| self.compare(base, now, rate())) {
            RATE.store(rate, Ordering::Relaxed);
        }
    }

    /// The rate from now on, 0 if that is not known any more. `None`: as before.
    fn compare(&mut self, base: Reading, now: Reading, known: Option<u64>) -> Option<u64> {
        let elapsed_ns = now.ns - base.ns;
        if elapsed_ns < self.span_ns {
            return None;
        }
        let rate = rate_between(base, now).filter(|rate| known.is_none_or(|known| are_same(known, *rate)));
        if rate.is_none() {
            *self = Calibration::default();
            return Some(0);
        }
        if elapsed_ns >= LONGEST_SPAN_NS {
            self.base = Some(now);
        }
        self.span_ns = (2 * elapsed_ns).min(LONGEST_SPAN_NS);
        rate
    }
}

fn rate_between(base: Reading, now: Reading) -> Option<u64> {
    let (ns, ticks) = (u128::try_from(now.ns - base.ns).ok()?, u128::from(now.ticks.wrapping_sub(base.ticks)));
    let rate = u64::try_from((ns << 32).checked_div(ticks)?).ok()?;
    // Beyond 16 ticks and 16 nanoseconds for one another it is no time stamp counter.
    (1 << 28..1 << 36).contains(&rate).then_some(rate)
}

fn are_same(one: u64, other: u64) -> bool {
    one.abs_diff(other) <= one / SAME_CLOCK
}

/// Whether the kernel makes its clock from the counter. It is asked once, when the first tracer is made: later the program may be in a
/// sandbox where no file can be read.
fn is_the_kernel_s_clock() -> bool {
    const NO: u8 = 1;
    const YES: u8 = 2;
    static ANSWER: AtomicU8 = AtomicU8::new(0);
    let mut answer = ANSWER.load(Ordering::Relaxed);
    if answer == 0 {
        let is_tsc = || std::fs::read(KERNEL_S_CHOICE).is_ok_and(|name| name.trim_ascii() == b"tsc");
        answer = if cfg!(target_arch = "x86_64") && is_tsc() { YES } else { NO };
        ANSWER.store(answer, Ordering::Relaxed);
    }
    answer == YES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(ticks: u64, ns: i64) -> Reading {
        Reading { ticks, ns }
    }

    #[test]
    fn a_rate_is_nanoseconds_per_tick() {
        let base = reading(u64::MAX - 99, 1_000);
        assert_eq!(rate_between(base, reading(200, 1_600)), Some(2 << 32));
        assert_eq!(rate_between(base, reading(1_100, 1_600)), Some(1 << 31));
    }

    #[test]
    fn what_is_no_counter_has_no_rate() {
        let base = reading(1_000, 1_000);
        for now in
            [reading(1_000, 2_000), reading(900, 2_000), reading(2_000, 900), reading(1_001, 2_000), reading(50_000, 1_001)]
        {
            assert_eq!(rate_between(base, now), None, "{now:?}");
        }
    }

    #[test]
    fn rates_of_one_clock_differ_little() {
        let rate = 1 << 31;
        assert!(are_same(rate, rate + rate / 2000) && are_same(rate, rate - rate / 2000));
        assert!(!are_same(rate, rate + rate / 500) && !are_same(rate, rate - rate / 500));
    }

    #[test]
    fn the_rate_is_made_from_longer_and_longer_spans() {
        let mut calibration = Calibration { base: Some(reading(0, 0)), ..Calibration::default() };
        let mut made_at = Vec::new();
        for ns in (0..10_000_000_000).step_by(5_000_000) {
            let base = calibration.base.expect("it does not begin anew");
            made_at.extend(calibration.compare(base, reading(2 * ns as u64, ns), Some(1 << 31)).map(|rate| {
                assert_eq!(rate, 1 << 31);
                ns / 1_000_000
            }));
        }
        assert_eq!(made_at, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2000, 4000, 6000, 8000]);
    }

    #[test]
    fn a_clock_that_goes_otherwise_begins_anew() {
        let base = reading(0, 0);
        let mut calibration = Calibration { base: Some(base), ..Calibration::default() };
        assert_eq!(calibration.compare(base, reading(20_000_000, 10_000_000), None), Some(1 << 31));
        assert_eq!(calibration.compare(base, reading(40_200_000, 20_000_000), Some(1 << 31)), Some(0));
        assert!(calibration.base.is_none());
    }
}
