//! What is added up, and the client's metrics about itself.

use super::*;

fn aggregating(aggregation: Aggregation) -> Kept {
    Kept::new(ClientOptions { aggregation, ..options() })
}

#[test]
fn counts_gauges_and_sets_are_added_up() {
    let kept = aggregating(Aggregation::Basic);
    for value in [1.0, 2.0, 4.0] {
        kept.client.send(&Metric { rate: 0.1, ..metric(MetricKind::Count, "count", value) }).unwrap();
        kept.client.send(&metric(MetricKind::Gauge, "gauge", value)).unwrap();
        kept.client.send(&metric(MetricKind::Histogram, "histogram", value)).unwrap();
        kept.client.send(&Metric { timestamp: Some(9), ..metric(MetricKind::Count, "count", value) }).unwrap();
    }
    for text in ["a", "b", "a"] {
        kept.client.send(&member("set", text)).unwrap();
    }
    let expected = [
        "count:1|c|T9",
        "count:2|c|T9",
        "count:4|c|T9",
        "count:7|c",
        "gauge:4|g",
        "histogram:1|h",
        "histogram:2|h",
        "histogram:4|h",
        "set:a|s",
        "set:b|s",
    ];
    assert_eq!(kept.lines(), expected);
    assert!(kept.lines().is_empty(), "a sum is sent once");
    let contexts = kept.client.totals().contexts;
    assert_eq!(contexts.iter().sum::<u64>(), 3);
}

#[test]
fn other_tags_and_cardinalities_are_other_sums() {
    let kept = aggregating(Aggregation::Basic);
    let one = |each: &mut dyn FnMut(&str)| each("a:1");
    let two = |each: &mut dyn FnMut(&str)| each("a:2");
    let tags: [TagList<'_>; 3] = [&one, &two, &one];
    for tags in tags {
        kept.client.send(&Metric { tags, ..metric(MetricKind::Count, "n", 1.0) }).unwrap();
    }
    kept.client.send(&Metric { cardinality: Some(Cardinality::None), ..metric(MetricKind::Count, "n", 1.0) }).unwrap();
    assert_eq!(kept.lines(), ["n:1|c|#a:2", "n:1|c|card:none", "n:2|c|#a:1"]);
}

#[test]
fn values_of_other_kinds_share_messages_if_wanted() {
    let kept = aggregating(Aggregation::Extended);
    for value in 0..5 {
        kept.client.send(&metric(MetricKind::Timing, "t", f64::from(value))).unwrap();
        kept.client.send(&metric(MetricKind::Distribution, "d", f64::from(value) + 0.5)).unwrap();
    }
    assert_eq!(kept.lines(), ["d:0.5:1.5:2.5:3.5:4.5|d", "t:0:1:2:3:4|ms"]);
    (0..2_000).for_each(|value| kept.client.send(&metric(MetricKind::Histogram, "h", f64::from(value))).unwrap());
    let payloads = kept.payloads();
    assert!(payloads.iter().all(|payload| payload.len() <= 1432));
    let count = |line: &str| line.trim_end_matches("|h").split(':').count() - 1;
    assert_eq!(payloads.iter().flat_map(|payload| payload.lines()).map(count).sum::<usize>(), 2_000);
}

#[test]
fn more_sums_than_there_is_room_for_are_sent_as_they_are() {
    let kept = Kept::new(ClientOptions { aggregation: Aggregation::Basic, max_queue: 65_536, ..options() });
    let names: Vec<String> = (0..20_000).map(|number| format!("metric.number.{number:05}")).collect();
    names.iter().for_each(|name| kept.client.send(&metric(MetricKind::Count, name, 1.0)).unwrap());
    let expected: Vec<String> = names.iter().map(|name| format!("{name}:1|c")).collect();
    assert_eq!(kept.lines(), expected, "nothing is lost");
}

#[test]
fn threads_add_up_together() {
    let kept = aggregating(Aggregation::Basic);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| kept.client.send(&metric(MetricKind::Count, "n", 1.0)).unwrap()));
        }
    });
    assert_eq!(kept.lines(), ["n:4000|c"]);
    assert_eq!(kept.client.totals().all_metrics(), 4_000);
}
