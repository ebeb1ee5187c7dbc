//! Which bucket a span belongs to, and when buckets leave.

use super::*;

const BUCKET: i64 = 10 * SECOND;

fn ended_at(end_ns: i64) -> RecordBuilder {
    root().head(|head| (head.start_ns, head.duration_ns) = (end_ns - 3 * SECOND, 3 * SECOND))
}

fn add_at(concentrator: &mut Concentrator, now: i64, span: RecordBuilder) {
    let library: LibraryTags = library();
    let record = span.build();
    concentrator.add(&facts(&library), &[record.get()], now);
}

/// Start in buckets from [`NOW`], and hits.
fn flush(concentrator: &mut Concentrator, now: i64, force: bool) -> Vec<(i64, u64)> {
    let payloads = concentrator.flush(now, force);
    assert!(payloads.len() <= 1);
    let buckets = payloads.iter().flat_map(|payload| decode(&payload.body).buckets);
    let seen = buckets.map(|bucket| {
        assert_eq!(bucket.duration, BUCKET as u64);
        assert_eq!(bucket.start as i64 % BUCKET, 0);
        ((bucket.start as i64 - NOW) / BUCKET, bucket.groups.iter().map(|group| group.number("Hits")).sum())
    });
    seen.collect()
}

#[test]
fn a_span_belongs_to_the_bucket_in_which_it_ended() {
    let mut concentrator = concentrator();
    for (end, times) in [(NOW, 1), (NOW + BUCKET - 1, 2), (NOW + BUCKET, 4)] {
        (0..times).for_each(|_| add_at(&mut concentrator, NOW + BUCKET, ended_at(end)));
    }
    assert_eq!(flush(&mut concentrator, NOW + BUCKET, true), [(0, 3), (1, 4)]);
}

#[test]
fn the_two_newest_buckets_stay() {
    let mut concentrator = concentrator();
    for bucket in 0..3 {
        add_at(&mut concentrator, NOW + bucket * BUCKET, ended_at(NOW + bucket * BUCKET + 5));
    }
    assert_eq!(flush(&mut concentrator, NOW + 2 * BUCKET - 1, false), []);
    assert_eq!(flush(&mut concentrator, NOW + 2 * BUCKET, false), [(0, 1)]);
    assert_eq!(flush(&mut concentrator, NOW + 2 * BUCKET, false), [], "once");
    assert_eq!(flush(&mut concentrator, NOW + 4 * BUCKET, false), [(1, 1), (2, 1)]);
}

#[test]
fn what_ended_earlier_is_counted_in_the_oldest_bucket() {
    let mut concentrator = concentrator();
    add_at(&mut concentrator, NOW, ended_at(NOW - 50 * BUCKET));
    add_at(&mut concentrator, NOW, ended_at(1));
    assert_eq!(flush(&mut concentrator, NOW + 5 * BUCKET, false), [(0, 2)]);
    add_at(&mut concentrator, NOW + 5 * BUCKET, ended_at(NOW));
    assert_eq!(flush(&mut concentrator, NOW + 6 * BUCKET, false), [(4, 1)], "oldest is the one before the newest");
}

#[test]
fn a_forced_flush_takes_every_bucket_once() {
    let mut concentrator = concentrator();
    add_at(&mut concentrator, NOW + BUCKET, ended_at(NOW));
    add_at(&mut concentrator, NOW + BUCKET, ended_at(NOW + BUCKET));
    assert_eq!(flush(&mut concentrator, NOW + BUCKET, true), [(0, 1), (1, 1)]);
    assert_eq!(flush(&mut concentrator, NOW + BUCKET, true), [], "nothing aggregated, no payload");
    add_at(&mut concentrator, NOW + BUCKET, ended_at(NOW));
    assert_eq!(flush(&mut concentrator, NOW + BUCKET, true), [(1, 1)], "what is late is counted in the present bucket");
}

#[test]
fn no_span_opens_a_bucket_far_in_the_future() {
    let mut concentrator = concentrator();
    for buckets in [0, 1, 2, 1_000, 10_000] {
        add_at(&mut concentrator, NOW, ended_at(NOW + buckets * BUCKET));
    }
    add_at(&mut concentrator, NOW, root().head(|head| (head.start_ns, head.duration_ns) = (i64::MAX, i64::MAX)));
    add_at(&mut concentrator, NOW, root().head(|head| (head.start_ns, head.duration_ns) = (i64::MIN, -1)));
    assert_eq!(flush(&mut concentrator, NOW + 3 * BUCKET, false), [(0, 2), (1, 5)]);
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut concentrator = concentrator();
    add_at(&mut concentrator, NOW, ended_at(NOW));
    let earlier = NOW - 1_000 * BUCKET;
    assert_eq!(flush(&mut concentrator, earlier, false), [(0, 1)]);
    add_at(&mut concentrator, earlier, ended_at(earlier));
    assert_eq!(flush(&mut concentrator, earlier + 2 * BUCKET, false), [(-1_000, 1)]);
}

#[test]
fn buckets_may_have_another_length() {
    use std::time::Duration;
    let interval = Duration::from_millis(200);
    let limits = CardinalityLimits::default();
    let mut concentrator = Concentrator::with_interval(interval, StatsFacts::default(), Vec::new(), limits, NOW);
    assert_eq!(concentrator.interval(), interval);
    add_at(&mut concentrator, NOW, ended_at(NOW));
    let payloads = concentrator.flush(NOW, true);
    let durations: Vec<u64> =
        payloads.iter().flat_map(|payload| decode(&payload.body).buckets).map(|bucket| bucket.duration).collect();
    assert_eq!(durations, [200_000_000]);
}
