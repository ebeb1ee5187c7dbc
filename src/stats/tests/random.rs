//! Random spans are counted once more by the simplest means.

use super::*;
use std::collections::BTreeMap;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn chance(&mut self) -> bool {
        self.below(3) == 0
    }
}

/// What a group is known by and what is known of it, found in another way than by the library.
type Counted = BTreeMap<String, (u64, u64, u64, u64, BTreeMap<i32, f64>, BTreeMap<i32, f64>)>;

fn bin(duration: i64) -> i32 {
    ((duration as f64).ln() / 1.015625f64.ln() + 1338.5).floor() as i32
}

/// A span, and the key of the group that it belongs to, if it is counted.
fn random_span(random: &mut Random) -> (RecordBuilder, Option<(String, i64, bool, bool)>) {
    let longest = 1 << (10 + random.below(20));
    let duration = 1 + random.below(longest) as i64;
    let (is_error, is_top, is_root) = (random.chance(), random.chance(), random.chance());
    let mut span = RecordBuilder::new().head(|head| {
        (head.start_ns, head.duration_ns) = (NOW - duration, duration);
        head.parent_id = u64::from(!is_root);
        head.flags = if is_error { flag::ERROR } else { 0 } | if is_top { flag::TOP_LEVEL } else { 0 };
    });
    let service = if random.chance() { "db" } else { "" };
    let resource = ["GET /", "GET /a", ""][random.below(3) as usize];
    span = span.field(Field::Service, service).field(Field::Resource, resource);
    let kind = ["client", "server", "internal", ""][random.below(4) as usize];
    if !kind.is_empty() {
        span = span.text("span.kind", kind);
    }
    let measured = random.chance();
    if measured {
        span = span.int("_dd.measured", 1);
    }
    let status = [0, 200, 404][random.below(3) as usize];
    if status > 0 {
        span = if random.chance() {
            span.int("http.status_code", status)
        } else {
            span.text("http.status_code", &status.to_string())
        };
    }
    let host = if random.chance() { "h" } else { "" };
    span = span.text("out.host", host).text("filler", "x");
    let partial = random.below(10) == 0;
    if partial {
        span = span.int("_dd.partial_version", 3);
    }
    let is_counted = (is_top || measured || matches!(kind, "client" | "server")) && !partial;
    let shown_service = if service.is_empty() { "web" } else { service };
    let shown_resource = if resource.is_empty() { "op" } else { resource };
    let peers = match kind {
        "client" if !host.is_empty() => "out.host:h",
        "client" => "",
        _ if service == "db" => "_dd.base_service:web",
        _ => "",
    };
    let key = format!("{shown_service}|{shown_resource}|{kind}|{status}|{peers}|{}", if is_root { 1 } else { 2 });
    (span, is_counted.then_some((key, duration, is_error, is_top)))
}

#[test]
fn random_spans_are_counted_as_by_hand() {
    let mut random = Random(42);
    let mut concentrator = concentrator();
    concentrator.configure(&Features { peer_tags: vec!["out.host".to_owned()], ..Features::default() });
    let mut expected = Counted::new();
    for _ in 0..500 {
        let chunk: Vec<_> = (0..1 + random.below(8)).map(|_| random_span(&mut random)).collect();
        let mut records = Vec::new();
        for (span, counted) in chunk {
            records.push(span);
            let Some((key, duration, is_error, is_top)) = counted else { continue };
            let group = expected.entry(key).or_default();
            group.0 += 1;
            group.1 += u64::from(is_error);
            group.2 += u64::from(is_top);
            group.3 += duration as u64;
            *if is_error { &mut group.5 } else { &mut group.4 }.entry(bin(duration)).or_default() += 1.0;
        }
        add(&mut concentrator, records);
    }
    let groups = flushed(&mut concentrator).into_groups();
    let counted: Counted = groups
        .iter()
        .map(|group| {
            let texts = ["Service", "Resource", "SpanKind"].map(|key| group.text(key)).join("|");
            let peers = group.list("PeerTags").concat();
            let key = format!("{texts}|{}|{peers}|{}", group.number("HTTPStatusCode"), group.number("IsTraceRoot"));
            let [hits, errors, top] = group.counts();
            let sketches = ["OkSummary", "ErrorSummary"].map(|key| group.sketch(key).bins);
            let [ok, failed] = sketches;
            (key, (hits, errors, top, group.number("Duration"), ok, failed))
        })
        .collect();
    assert_eq!(counted.len(), groups.len(), "each key is there once");
    assert_eq!(counted, expected);
    assert!(counted.len() > 30);
}
