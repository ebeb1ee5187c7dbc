//! Span and trace ids: a generator per thread (xoshiro256++), seeded by the operating system when it draws its first id.
//!
//! Where machines are copied while they run, all copies would draw the same ids. There every id comes from the operating system.

use std::sync::atomic::{AtomicBool, Ordering};

static IS_DIRECT: AtomicBool = AtomicBool::new(false);

/// From now on threads that have not drawn an id yet draw all of theirs from the operating system.
pub fn draw_ids_directly() {
    IS_DIRECT.store(true, Ordering::Relaxed);
}

/// Fills `bytes` from the operating system's entropy; where that is refused, from clock, process and addresses.
pub fn fill_random(bytes: &mut [u8]) {
    // SAFETY: the pointer and length are of one slice.
    let filled = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    if usize::try_from(filled) == Ok(bytes.len()) {
        return;
    }
    // SAFETY: getpid has no preconditions.
    let pid = unsafe { libc::getpid() } as u64;
    let mut mix = super::unix_ns() as u64 ^ pid.rotate_left(32) ^ (bytes.as_ptr().addr() as u64).rotate_left(17);
    for byte in bytes {
        mix = mix.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ super::monotonic_ns() as u64;
        *byte = (mix >> 56) as u8;
    }
}

/// Draws ids.
#[derive(Default)]
pub struct IdSource {
    /// All zero, which yields zeroes for ever: there is no seed.
    state: [u64; 4],
}

impl IdSource {
    /// A generator that will have a seed of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Draws a new seed before the next id, as a forked child must.
    pub fn reseed(&mut self) {
        self.state = [0; 4];
    }

    fn seed(&mut self) {
        let mut seed = [0; 32];
        fill_random(&mut seed);
        for (word, bytes) in self.state.iter_mut().zip(seed.chunks_exact(8)) {
            *word = bytes.try_into().map_or(1, u64::from_le_bytes);
        }
        // All zero is the one state that this generator never leaves.
        self.state[0] |= u64::from(self.state == [0; 4]);
    }

    /// A random number that is not 0.
    #[inline]
    pub fn id64(&mut self) -> u64 {
        match self.next() {
            0 => self.id_after_zero(),
            id => id,
        }
    }

    #[cold]
    fn id_after_zero(&mut self) -> u64 {
        loop {
            if let Some(id) = self.draw_without_seed(IS_DIRECT.load(Ordering::Relaxed)) {
                return id;
            }
            let id = self.next();
            if id != 0 {
                return id;
            }
        }
    }

    /// An id from the operating system, or a seed. Also comes here once in a while with a seed that has drawn a zero.
    #[cold]
    fn draw_without_seed(&mut self, is_direct: bool) -> Option<u64> {
        if self.state != [0; 4] {
            return None;
        }
        if !is_direct {
            self.seed();
            return None;
        }
        let mut id = [0; 8];
        fill_random(&mut id);
        Some(u64::from_le_bytes(id)).filter(|id| *id != 0)
    }

    /// A trace id: Unix seconds in the highest 32 bits, then 32 zero bits, then a random half that is not 0.
    #[inline]
    pub fn trace_id128(&mut self, unix_seconds: u32) -> u128 {
        (u128::from(unix_seconds) << 96) | u128::from(self.id64())
    }

    #[inline]
    fn next(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s0.wrapping_add(*s3).rotate_left(23).wrapping_add(*s0);
        let t = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= t;
        *s3 = s3.rotate_left(45);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_never_zero() {
        let mut source = IdSource::new();
        let mut seen = std::collections::HashSet::new();
        assert!((0..10_000).all(|_| {
            let id = source.id64();
            id != 0 && seen.insert(id)
        }));
        let mut other = IdSource::new();
        assert!((0..1_000).all(|_| seen.insert(other.id64())));
    }

    #[test]
    fn ids_may_come_from_the_operating_system_alone() {
        let mut source = IdSource::new();
        let ids: Vec<_> = (0..100).filter_map(|_| source.draw_without_seed(true)).collect();
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 100);
        assert_eq!(source.state, [0; 4], "no state that a copy of the machine could share");
        assert_eq!(source.draw_without_seed(false), None);
        assert_ne!(source.state, [0; 4]);
        assert_eq!(source.draw_without_seed(true), None, "a generator that has drawn ids goes on");
    }

    #[test]
    fn a_trace_id_begins_with_the_time() {
        let id = IdSource::new().trace_id128(0x640c_fd8d);
        assert_eq!((id >> 64) as u64, 0x640c_fd8d_0000_0000);
        assert_ne!(id as u64, 0);
    }
}
