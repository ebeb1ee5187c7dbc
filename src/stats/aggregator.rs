//! Buckets over time: which are open, which a span belongs to, when they leave.

use super::bucket::{Bucket, Sample};
use super::eligibility::Eligibility;
use super::span_key::SpanKeys;
use super::values::Values;
use super::{Features, Summary};
use crate::config::CardinalityLimits;
use crate::record::{RecordRef, flag};
use crate::wire::ChunkFacts;

/// Memory for all buckets, in bytes. Beyond it new groups are counted together, as beyond the limit of groups.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How spans are counted, as far as the settings say.
#[derive(Clone, Debug)]
pub struct Options {
    /// Length of a bucket.
    pub interval_ns: u64,
    /// Whether top-level spans have groups of their own.
    pub by_top_level: bool,
    /// Tags by which spans are counted apart.
    pub additional_tags: Vec<String>,
    /// Limits for each bucket.
    pub limits: CardinalityLimits,
}

/// What became of the spans of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Spans that were counted.
    pub spans: u64,
    /// Those of them whose groups are beyond a limit.
    pub collapsed: u64,
}

/// Counts spans in buckets by the time when they ended.
#[derive(Debug)]
pub struct Aggregator<S> {
    interval_ns: u64,
    limits: CardinalityLimits,
    eligibility: Eligibility,
    keys: SpanKeys,
    features: Features,
    buckets: Vec<Bucket<S>>,
    /// Start of the oldest bucket that is open. What ended earlier is counted there.
    oldest_ns: u64,
    /// Memory that is left.
    room: usize,
}

impl<S: Summary> Aggregator<S> {
    /// Nothing is counted yet. `now_ns`: Unix time in nanoseconds.
    pub fn new(options: &Options, now_ns: i64) -> Self {
        let features = Features::default();
        let interval_ns = options.interval_ns.max(1);
        Aggregator {
            interval_ns,
            limits: options.limits,
            eligibility: Eligibility::new(features.span_kinds.as_deref()),
            keys: SpanKeys::new(&features, &options.additional_tags, options.by_top_level),
            features,
            buckets: Vec::new(),
            oldest_ns: aligned(now_ns, interval_ns),
            room: MOST_BYTES,
        }
    }

    /// Takes what the agent says from now on.
    pub fn configure(&mut self, features: &Features) {
        if self.features == *features {
            return;
        }
        self.eligibility = Eligibility::new(features.span_kinds.as_deref());
        self.keys.configure(features);
        self.features = features.clone();
    }

    /// Length of a bucket.
    pub fn interval_ns(&self) -> u64 {
        self.interval_ns
    }

    /// Counts the spans of a chunk.
    pub fn add(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>], now_ns: i64) -> Counted {
        let mut all = Counted::default();
        let newest_ns = aligned(now_ns, self.interval_ns).saturating_add(self.interval_ns);
        for (index, record) in records.iter().enumerate() {
            let span = Values::new(facts, record, index == 0);
            let Some(counted) = self.eligibility.of(&span) else { continue };
            let sample = Sample {
                duration_ns: u64::try_from(record.head.duration_ns).unwrap_or(0),
                is_error: record.head.has(flag::ERROR),
                is_top_level: counted.is_top_level,
            };
            // A span may claim to end in the future, and must not open buckets that are never sent.
            let start_ns = aligned(record.head.end_ns(), self.interval_ns).min(newest_ns).max(self.oldest_ns);
            let key = self.keys.of(&span, &counted);
            let bucket = bucket_of(&mut self.buckets, start_ns, self.features.obfuscates());
            let is_collapsed = bucket.count(key, sample, &self.limits, &mut self.room);
            all.spans += 1;
            all.collapsed += u64::from(is_collapsed);
        }
        all
    }

    /// Takes the buckets that are complete; with `force`, all. Nothing that was taken is taken again.
    pub fn take(&mut self, now_ns: i64, force: bool) -> Vec<Bucket<S>> {
        let now = aligned(now_ns, self.interval_ns);
        // The two newest stay. One that is in the future, because the clock was set back, would stay forever.
        self.oldest_ns = if force { now } else { now.saturating_sub(self.interval_ns) };
        let open = self.oldest_ns..=now.saturating_add(self.interval_ns);
        let (stay, leave) = std::mem::take(&mut self.buckets)
            .into_iter()
            .partition::<Vec<_>, _>(|bucket| !force && open.contains(&bucket.start_ns));
        self.buckets = stay;
        self.room = self.room.saturating_add(leave.iter().map(Bucket::used).sum());
        leave
    }
}

fn bucket_of<S: Summary>(buckets: &mut Vec<Bucket<S>>, start_ns: u64, is_obfuscated: bool) -> &mut Bucket<S> {
    let is_it = |bucket: &Bucket<S>| bucket.start_ns == start_ns && bucket.is_obfuscated == is_obfuscated;
    let place = buckets.iter().position(is_it).unwrap_or_else(|| {
        buckets.push(Bucket::new(start_ns, is_obfuscated));
        buckets.len() - 1
    });
    &mut buckets[place]
}

/// The start of the interval that a time is in.
fn aligned(time_ns: i64, interval_ns: u64) -> u64 {
    let time_ns = u64::try_from(time_ns).unwrap_or(0);
    time_ns - time_ns % interval_ns
}
