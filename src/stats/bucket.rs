//! The groups of ten seconds, or of another interval.

use super::Summary;
use super::group_key::{KeyBuffer, KeyView, LimitedPart};
use super::limits::limit_of;
use crate::config::CardinalityLimits;
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

/// Numbers of one group.
#[derive(Debug, Default)]
pub struct Group<S> {
    /// Spans.
    pub hits: u64,
    /// Spans that failed.
    pub errors: u64,
    /// Nanoseconds in all.
    pub duration: u64,
    /// Spans that are top-level.
    pub top_level_hits: u64,
    /// Durations of spans without an error.
    pub ok: S,
    /// Durations of spans with an error.
    pub failed: S,
}

/// One span on its way into a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub duration_ns: u64,
    pub is_error: bool,
    pub is_top_level: bool,
}

/// Groups of spans that ended within one interval.
#[derive(Debug)]
pub struct Bucket<S> {
    /// Begin of the interval, Unix time in nanoseconds.
    pub start_ns: u64,
    /// Whether resources are obfuscated.
    pub is_obfuscated: bool,
    places: HashMap<Box<[u8]>, u32, RandomState>,
    groups: Vec<Group<S>>,
    seen: [HashSet<u64, RandomState>; 4],
    /// Bytes that this takes.
    used: usize,
}

/// What tables take for an entry beside the key.
const OVERHEAD: usize = 48;

impl<S: Summary> Bucket<S> {
    pub(super) fn new(start_ns: u64, is_obfuscated: bool) -> Self {
        Bucket {
            start_ns,
            is_obfuscated,
            places: HashMap::default(),
            groups: Vec::new(),
            seen: std::array::from_fn(|_| HashSet::default()),
            used: 0,
        }
    }

    /// Counts a span. `room` is the memory that is left, in bytes. Whether it was counted with others because of a limit.
    #[inline]
    pub(super) fn count(&mut self, key: &mut KeyBuffer, sample: Sample, limits: &CardinalityLimits, room: &mut usize) -> bool {
        let before = *room;
        let (place, is_collapsed) = match self.places.get(key.bytes()) {
            Some(place) => (*place, false),
            None => self.new_group(key, limits, room),
        };
        if let Some(group) = self.groups.get_mut(place as usize) {
            group.count(sample, room);
        }
        self.used = (self.used + before).saturating_sub(*room);
        is_collapsed
    }

    /// The group of a key that is not known, after what exceeds a limit was put under another, and whether anything was.
    #[cold]
    fn new_group(&mut self, key: &mut KeyBuffer, limits: &CardinalityLimits, room: &mut usize) -> (u32, bool) {
        let exceeded = LimitedPart::ALL.map(|part| self.exceeds(key, part, limit_of(limits, part)));
        let mut is_collapsed = exceeded.contains(&true);
        if is_collapsed {
            LimitedPart::ALL.into_iter().zip(exceeded).filter(|(_, exceeds)| *exceeds).for_each(|(part, _)| key.block(part));
            if let Some(place) = self.places.get(key.bytes()) {
                return (*place, true);
            }
        }
        let needed = key.bytes().len() + size_of::<Group<S>>() + OVERHEAD;
        if self.groups.len() >= limits.keys || *room < needed {
            key.block_all();
            is_collapsed = true;
            if let Some(place) = self.places.get(key.bytes()) {
                return (*place, true);
            }
        } else {
            for (part, seen) in LimitedPart::ALL.into_iter().zip(&mut self.seen) {
                if let Some(value) = key.part(part) {
                    let hash = seen.hasher().hash_one(value);
                    seen.insert(hash);
                }
            }
        }
        let place = self.groups.len() as u32;
        self.groups.push(Group::default());
        self.places.insert(key.bytes().into(), place);
        *room = room.saturating_sub(needed);
        (place, is_collapsed)
    }

    fn exceeds(&self, key: &KeyBuffer, part: LimitedPart, limit: usize) -> bool {
        let (Some(value), Some(seen)) = (key.part(part), self.seen.get(part as usize)) else { return false };
        seen.len() >= limit && !seen.contains(&seen.hasher().hash_one(value))
    }

    /// Bytes that this takes.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// How many groups.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups with their keys.
    pub fn groups(&self) -> impl Iterator<Item = (KeyView<'_>, &Group<S>)> {
        self.places.iter().filter_map(|(key, place)| Some((KeyView::read(key)?, self.groups.get(*place as usize)?)))
    }
}

impl<S: Summary> Group<S> {
    #[inline]
    fn count(&mut self, sample: Sample, room: &mut usize) {
        self.hits += 1;
        self.errors += u64::from(sample.is_error);
        self.top_level_hits += u64::from(sample.is_top_level);
        self.duration = self.duration.saturating_add(sample.duration_ns);
        let summary = if sample.is_error { &mut self.failed } else { &mut self.ok };
        summary.record(sample.duration_ns, room);
    }
}
