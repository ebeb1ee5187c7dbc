//! The atomics of this room, and how its threads wait, in one place: a loom model includes the files beside this one with its own instead.

pub use std::sync::atomic::{AtomicU32, Ordering};

use std::hint::spin_loop;
use std::thread;
use std::time::Duration;

const SPINS: u32 = 64;
const YIELDS: u32 = 4;
const LONGEST_NAP_US: u64 = 1000;

/// Waits a little for a lock's owner, the longer the more often it was tried.
///
/// An owner that the machine took off its core for a while needs that core: whoever has a higher real-time priority would otherwise keep it
/// for ever by yielding.
pub fn rest(tries: u32) {
    match tries.checked_sub(SPINS) {
        None => spin_loop(),
        Some(tries) if tries < YIELDS => thread::yield_now(),
        Some(tries) => {
            let nap = 20_u64 << (tries - YIELDS).min(10);
            thread::sleep(Duration::from_micros(nap.min(LONGEST_NAP_US)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn rests_grow_to_a_millisecond() {
        let begin = Instant::now();
        (0..SPINS + YIELDS).for_each(rest);
        (SPINS + YIELDS..SPINS + YIELDS + 8).for_each(rest);
        assert!(begin.elapsed() >= Duration::from_micros(20 + 40 + 80 + 160 + 320 + 640 + 1000 + 1000));
        let begin = Instant::now();
        rest(u32::MAX);
        assert!(begin.elapsed() >= Duration::from_micros(LONGEST_NAP_US));
    }
}
