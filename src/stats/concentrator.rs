//! Trace statistics for the agent: buckets of ten seconds become payloads for `/v0.6/stats`.

use super::aggregator::{Aggregator, Counted, Options};
use super::bucket::Bucket;
use super::{Features, Sketch};
use crate::config::CardinalityLimits;
use crate::record::RecordRef;
use crate::wire::{ChunkFacts, StatsFacts, StatsGroup, begin_stats, begin_stats_bucket, stats_group};
use std::time::Duration;

/// The usual length of a bucket.
const INTERVAL: Duration = Duration::from_secs(10);

/// Counts spans, and makes payloads of what was counted.
#[derive(Debug)]
pub struct Concentrator {
    facts: StatsFacts,
    spans: Aggregator<Sketch>,
    sequence: u64,
    /// Two sketches at a time.
    sketches: [Vec<u8>; 2],
}

/// One request's body.
#[derive(Debug)]
pub struct StatsPayload {
    /// MessagePack.
    pub body: Vec<u8>,
    /// Whether resources were obfuscated here, which the request has to say: `Datadog-Obfuscation-Version: 1`.
    pub is_obfuscated: bool,
    /// How many buckets are in it.
    pub buckets: usize,
}

impl Concentrator {
    /// Nothing is counted yet. `now_ns`: Unix time in nanoseconds, as everywhere here.
    pub fn new(facts: StatsFacts, additional_tags: Vec<String>, limits: CardinalityLimits, now_ns: i64) -> Self {
        Self::with_interval(INTERVAL, facts, additional_tags, limits, now_ns)
    }

    /// The same with buckets of another length.
    pub fn with_interval(
        interval: Duration,
        facts: StatsFacts,
        additional_tags: Vec<String>,
        limits: CardinalityLimits,
        now_ns: i64,
    ) -> Self {
        let interval_ns = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let options = Options { interval_ns, by_top_level: false, additional_tags, limits };
        Concentrator { facts, spans: Aggregator::new(&options, now_ns), sequence: 0, sketches: Default::default() }
    }

    /// Length of a bucket.
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.spans.interval_ns())
    }

    /// Takes what the agent says from now on. Cheap if it is the same as before.
    pub fn configure(&mut self, features: &Features) {
        self.spans.configure(features);
    }

    /// Counts the spans of a chunk, whether the trace is kept or not.
    pub fn add(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>], now_ns: i64) -> Counted {
        self.spans.add(facts, records, now_ns)
    }

    /// Takes the buckets that are complete; with `force`, all. As a rule that makes no payload or one; two where obfuscation was
    /// switched on or off in the meantime.
    pub fn flush(&mut self, now_ns: i64, force: bool) -> Vec<StatsPayload> {
        let mut buckets = self.spans.take(now_ns, force);
        buckets.sort_unstable_by_key(|bucket| (bucket.is_obfuscated, bucket.start_ns));
        let of_one_kind = buckets.chunk_by(|one, other| one.is_obfuscated == other.is_obfuscated);
        of_one_kind.map(|buckets| self.payload(buckets)).collect()
    }

    fn payload(&mut self, buckets: &[Bucket<Sketch>]) -> StatsPayload {
        let mut body = Vec::new();
        begin_stats(&mut body, &self.facts, self.sequence, buckets.len());
        self.sequence += 1;
        for bucket in buckets {
            begin_stats_bucket(&mut body, bucket.start_ns, self.spans.interval_ns(), bucket.len());
            self.groups(bucket, &mut body);
        }
        let is_obfuscated = buckets.first().is_some_and(|bucket| bucket.is_obfuscated);
        StatsPayload { body, is_obfuscated, buckets: buckets.len() }
    }

    fn groups(&mut self, bucket: &Bucket<Sketch>, body: &mut Vec<u8>) {
        for (key, group) in bucket.groups() {
            for (bytes, sketch) in self.sketches.iter_mut().zip([&group.ok, &group.failed]) {
                bytes.clear();
                sketch.append_to(bytes);
            }
            let [ok, failed] = &self.sketches;
            stats_group(
                body,
                &StatsGroup {
                    fields: key.fields,
                    kind: key.kind,
                    http_method: key.http_method,
                    http_endpoint: key.http_endpoint,
                    grpc_status: key.grpc_status,
                    service_source: key.service_source,
                    http_status: key.numbers.http_status,
                    is_synthetic: key.numbers.is_synthetic,
                    is_trace_root: key.numbers.is_trace_root,
                    peer_tags: key.peer_tags,
                    additional_tags: key.additional_tags,
                    hits: group.hits,
                    errors: group.errors,
                    duration: group.duration,
                    top_level_hits: group.top_level_hits,
                    summaries: [ok, failed],
                },
            );
        }
    }
}
