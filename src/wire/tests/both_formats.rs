//! The formats say the same of the same spans.

use super::decoded::{DecodedSpan, decode_v04, decode_v05};
use super::records::RecordBuilder;
use super::*;
use crate::context::{Decision, TraceTags};
use crate::record::{AttributeValue, Field, SpanEvent, TagEntry};
use crate::wire::{V04, V05};

/// A generator of its own, so that a failure is the same at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn word(&mut self) -> u64 {
        (self.below(1 << 31) << 33) ^ (self.below(1 << 31) << 12) ^ self.below(1 << 31)
    }

    /// Few different texts, of all lengths of prefix, some of them keys of the library.
    fn text(&mut self) -> String {
        let known = ["", "env", "language", "_dd.p.dm", "op", "runtime-id", "gr\u{fc}n", "_dd.top_level"];
        match self.below(20) {
            0 => "long ".repeat(1 + self.below(20_000) as usize),
            1..=4 => "x".repeat(self.below(300) as usize),
            _ => known[self.below(known.len() as u64) as usize].to_owned(),
        }
    }
}

fn random_record(random: &mut Random) -> BuiltRecord {
    let mut record = RecordBuilder::new().head(|head| {
        (head.span_id, head.parent_id) = (random.word(), random.below(2) * random.word());
        (head.start_ns, head.duration_ns) = (random.word() as i64, random.word() as i64);
        head.flags = random.below(1 << 7) as u32;
        head.span_rule = random.below(3) as u32;
    });
    for field in [Field::Name, Field::Service, Field::Resource, Field::Type] {
        if random.below(2) == 0 {
            record = record.field(field, &random.text());
        }
    }
    for _ in 0..random.below(12) {
        let key = format!("{}{}", random.text(), random.below(3));
        record = match random.below(3) {
            0 => record.int(&key, random.word() as i64 >> 11),
            1 => record.float(&key, random.word() as i64 as f64 / 1e9),
            _ => record.text(&key, &random.text()),
        };
    }
    record
        .extra(|extra| {
            for _ in 0..random.below(3) {
                let attributes = vec![(random.text(), AttributeValue::Double(random.word() as f64))];
                extra.add_event(SpanEvent { name: random.text(), time_unix_nano: random.word(), attributes });
            }
        })
        .build()
}

/// An empty type is left out of v0.4.
fn comparable(mut span: DecodedSpan) -> DecodedSpan {
    span.span_type = span.span_type.filter(|text| !text.is_empty());
    span
}

#[test]
fn random_spans_decode_to_the_same_values() {
    let mut random = Random(20_260_101);
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod"), TagEntry::text("language", "global")];
    library.version = Some(TagEntry::text("version", "1"));
    library.local_root_texts = vec![TagEntry::text("runtime-id", "id")];
    library.chunk_root_texts = vec![TagEntry::text("language", "cpp")];
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("rum") && tags.set("_dd.p.dm", "-1") && tags.set("_dd.p.a", "b"));
    let rules = [crate::wire::SpanRule { rate: 0.5, max_per_second: Some(1.0) }];
    let (mut v04, mut v05) = (V04::default(), V05::default());
    let mut spans = 0;
    for round in 0..200 {
        let records: Vec<BuiltRecord> = (0..1 + random.below(5)).map(|_| random_record(&mut random)).collect();
        let facts = ChunkFacts {
            trace_id: u128::from(random.word()) << (64 * random.below(2)) | 1,
            decision: [None, Some(Decision::inherited(-1))][random.below(2) as usize],
            tags: Some(&tags).filter(|_| round % 2 == 0),
            partial_spans: random.below(2) as u32,
            span_rules: &rules,
            native_events: false,
            ..facts(&library)
        };
        let maps: Vec<_> = decode_v04(&encode(&mut v04, &facts, &records)).remove(0).into_iter().map(comparable).collect();
        let arrays: Vec<_> = decode_v05(&encode(&mut v05, &facts, &records)).0.remove(0).into_iter().map(comparable).collect();
        assert_eq!(maps, arrays, "round {round}");
        spans += maps.len();
    }
    assert!(spans > 400);
}
