//! The distribution of durations: a DDSketch with contiguous bins, in the mapping that Datadog's agent uses for trace statistics.
//!
//! Bins grow by 1.5625 %, so a quantile is off by less than 0.8 %. There are 2048 bins at most; beyond, the lowest become one.

use super::Summary;
use crate::wire::{SKETCH_LN_GAMMA, SKETCH_OFFSET, append_sketch};

/// Most bins.
const MOST_BINS: usize = 2048;
/// Bins are made by as many, so that a sketch seldom moves.
const STEP: usize = 16;
const BIN_SIZE: usize = size_of::<u32>();

/// How often which duration was seen.
#[derive(Debug, Default)]
pub struct Sketch {
    /// The number of the bin that comes first in `counts`.
    first: i32,
    counts: Vec<u32>,
    /// Durations of nothing, which have no bin.
    zeros: u64,
}

impl Summary for Sketch {
    fn record(&mut self, nanoseconds: u64, room: &mut usize) {
        if nanoseconds == 0 {
            self.zeros += 1;
            return;
        }
        let place = self.place_of(bin_of(nanoseconds), room);
        if let Some(count) = self.counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }
}

impl Sketch {
    /// Appends the sketch as protobuf.
    pub fn append_to(&self, to: &mut Vec<u8>) {
        let unused = self.counts.iter().take_while(|count| **count == 0).count();
        let last = self.counts.iter().rposition(|count| *count != 0).map_or(0, |at| at + 1);
        let used = self.counts.get(unused..last).unwrap_or_default();
        append_sketch(to, self.first.saturating_add(unused as i32), used, self.zeros);
    }

    /// Where the bin stands in `counts`, which grow if they must and `room`, in bytes, allows it.
    #[inline]
    fn place_of(&mut self, bin: i32, room: &mut usize) -> usize {
        let at = bin.wrapping_sub(self.first);
        match usize::try_from(at) {
            Ok(at) if at < self.counts.len() => at,
            _ => self.grow(bin, room),
        }
    }

    #[cold]
    fn grow(&mut self, bin: i32, room: &mut usize) -> usize {
        if self.counts.is_empty() {
            self.first = bin - STEP as i32 / 2;
            self.insert(0, STEP, room);
        } else if bin < self.first {
            self.grow_down((self.first - bin) as usize, room);
        } else {
            self.grow_up((bin - self.first) as usize, room);
        }
        // Without room, and below the lowest bin that there may be, the nearest bin takes it. The first few bins are there whatever the room.
        usize::try_from(bin - self.first).unwrap_or(0).min(self.counts.len().saturating_sub(1))
    }

    fn grow_down(&mut self, missing: usize, room: &mut usize) {
        if missing + self.counts.len() > MOST_BINS {
            // Empty bins at the top, made in advance, take no place from others.
            let used = self.counts.iter().rposition(|count| *count != 0).map_or(0, |last| last + 1);
            *room += (self.counts.len() - used) * BIN_SIZE;
            self.counts.truncate(used);
        }
        let allowed = MOST_BINS.saturating_sub(self.counts.len()).min(*room / BIN_SIZE);
        let more = missing.next_multiple_of(STEP).min(allowed);
        self.first -= more as i32;
        self.insert(0, more, room);
    }

    /// Makes bins up to the one at `place`. Beyond the most that there may be, the lowest become one.
    fn grow_up(&mut self, place: usize, room: &mut usize) {
        let missing = (place + 1 - self.counts.len()).next_multiple_of(STEP);
        let allowed = MOST_BINS.saturating_sub(self.counts.len()).min(*room / BIN_SIZE);
        let end = self.counts.len();
        self.insert(end, missing.min(allowed), room);
        let beyond = (place + 1).saturating_sub(self.counts.len());
        if beyond == 0 || self.counts.len() < MOST_BINS {
            return;
        }
        let moved = beyond.min(self.counts.len() - 1);
        let lowest = self.counts.iter().take(beyond + 1).fold(0u32, |sum, count| sum.saturating_add(*count));
        self.counts.rotate_left(moved);
        let kept = self.counts.len() - moved;
        self.counts.iter_mut().skip(kept).for_each(|count| *count = 0);
        self.first += beyond as i32;
        if let Some(first) = self.counts.first_mut() {
            *first = lowest;
        }
    }

    fn insert(&mut self, at: usize, more: usize, room: &mut usize) {
        self.counts.reserve_exact(more);
        self.counts.splice(at..at, std::iter::repeat_n(0, more));
        *room = room.saturating_sub(more * BIN_SIZE);
    }
}

/// The number of the bin that holds a duration.
fn bin_of(nanoseconds: u64) -> i32 {
    ((nanoseconds as f64).ln() * (1.0 / SKETCH_LN_GAMMA) + SKETCH_OFFSET).floor() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: usize = 1 << 30;

    fn sketch_of(durations: &[u64]) -> Sketch {
        let mut sketch = Sketch::default();
        durations.iter().for_each(|duration| sketch.record(*duration, &mut PLENTY.clone()));
        sketch
    }

    fn bins(sketch: &Sketch) -> Vec<(i32, u32)> {
        let used = sketch.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        used.map(|(at, count)| (sketch.first + at as i32, *count)).collect()
    }

    #[test]
    fn durations_have_the_bins_of_the_agent() {
        let vectors = [
            (1, 1338),
            (1000, 1784),
            (1_000_000, 2229),
            (5_000_000, 2333),
            (1_000_000_000, 2675),
            (1_500_000_000, 2701),
            (60_000_000_000, 2939),
        ];
        for (duration, bin) in vectors {
            assert_eq!(bin_of(duration), bin, "{duration}");
            assert_eq!(bins(&sketch_of(&[duration])), [(bin, 1)]);
        }
    }

    #[test]
    fn bins_are_those_of_a_map_in_whatever_order_they_come() {
        let mut state = 1u64;
        let mut model = std::collections::BTreeMap::new();
        let mut sketch = Sketch::default();
        for _ in 0..5_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Within the range in which nothing collapses.
            let duration = 1_000 + (state >> 20) % (1 << ((state >> 58) % 40));
            *model.entry(bin_of(duration)).or_insert(0) += 1;
            sketch.record(duration, &mut PLENTY.clone());
        }
        assert_eq!(bins(&sketch), model.into_iter().collect::<Vec<_>>());
        assert!(sketch.counts.len() <= MOST_BINS);
    }

    #[test]
    fn the_lowest_bins_become_one_when_there_are_too_many() {
        let longest = 9_000_000_000_000_000_000;
        let top = bin_of(longest);
        let lowest = top - MOST_BINS as i32 + 1;
        for durations in [[1, 2, 1_000_000_000, longest], [longest, 1_000_000_000, 2, 1], [1, longest, 2, 1_000_000_000]] {
            let sketch = sketch_of(&durations);
            assert_eq!(bins(&sketch), [(lowest, 2), (bin_of(1_000_000_000), 1), (top, 1)], "{durations:?}");
            assert_eq!(sketch.counts.len(), MOST_BINS);
        }
    }

    #[test]
    fn nothing_is_lost_whatever_the_room() {
        for room in [0, 63, 64, 200, 1_000, 5_000] {
            let (mut sketch, mut left) = (Sketch::default(), room);
            let durations = [1_000, 1, 5_000_000_000, 1_000_000, u64::MAX, 7];
            durations.iter().for_each(|duration| sketch.record(*duration, &mut left));
            let counted: u32 = sketch.counts.iter().sum();
            assert_eq!(counted, 6, "{room}");
            assert!(sketch.counts.capacity() * BIN_SIZE <= room.max(STEP * BIN_SIZE), "{room}");
        }
    }

    #[test]
    fn zero_has_no_bin() {
        let sketch = sketch_of(&[0, 0, 1]);
        assert_eq!((sketch.zeros, bins(&sketch)), (2, vec![(1338, 1)]));
    }
}
