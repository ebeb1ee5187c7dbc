//! The formats say the same of the same spans.

use super::decoded::{DecodedSpan, decode_v04, decode_v05};
use super::decoded_v10::{DecodedChunk, decode_v10};
use super::records::RecordBuilder;
use super::*;
use crate::context::{Decision, TraceTags};
use crate::record::{AttributeValue, Field, SpanEvent, SpanLink, TagEntry};
use crate::wire::{PayloadFacts, V04, V05, V10};

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

fn random_record(random: &mut Random) -> RecordBuilder {
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
    record.extra(|extra| {
        for _ in 0..random.below(3) {
            let attributes = vec![(random.text(), AttributeValue::Double(random.word() as f64))];
            extra.add_event(SpanEvent { name: random.text(), time_unix_nano: random.word(), attributes });
        }
    })
}

/// An empty type is left out of v0.4.
fn comparable(mut span: DecodedSpan) -> DecodedSpan {
    span.span_type = span.span_type.filter(|text| !text.is_empty());
    span
}

/// A library and tags with something of each sort.
fn libraries() -> LibraryTags {
    let mut library = library();
    library.every_span = vec![TagEntry::text("env", "prod"), TagEntry::text("language", "global")];
    library.version = Some(TagEntry::text("version", "1"));
    library.local_root_texts = vec![TagEntry::text("runtime-id", "id")];
    library.chunk_root_texts = vec![TagEntry::text("language", "cpp")];
    library
}

fn trace_tags() -> TraceTags {
    let mut tags = TraceTags::default();
    assert!(tags.set_origin("rum") && tags.set("_dd.p.dm", "-1") && tags.set("_dd.p.a", "b"));
    tags
}

const RULES: [crate::wire::SpanRule; 1] = [crate::wire::SpanRule { rate: 0.5, max_per_second: Some(1.0) }];

fn random_facts<'a>(random: &mut Random, library: &'a LibraryTags, tags: &'a TraceTags) -> ChunkFacts<'a> {
    ChunkFacts {
        trace_id: u128::from(random.word()) << (64 * random.below(2)) | 1,
        decision: [None, Some(Decision::inherited(-1))][random.below(2) as usize],
        tags: Some(tags).filter(|_| random.below(2) == 0),
        partial_spans: random.below(2) as u32,
        span_rules: &RULES,
        native_events: false,
        ..facts(library)
    }
}

#[test]
fn random_spans_decode_to_the_same_values() {
    let mut random = Random(20_260_101);
    let (library, tags) = (libraries(), trace_tags());
    let (mut v04, mut v05) = (V04::default(), V05::default());
    let mut spans = 0;
    for round in 0..200 {
        let records: Vec<BuiltRecord> = (0..1 + random.below(5)).map(|_| random_record(&mut random).build()).collect();
        let facts = random_facts(&mut random, &library, &tags);
        let maps: Vec<_> = decode_v04(&encode(&mut v04, &facts, &records)).remove(0).into_iter().map(comparable).collect();
        let arrays: Vec<_> = decode_v05(&encode(&mut v05, &facts, &records)).0.remove(0).into_iter().map(comparable).collect();
        assert_eq!(maps, arrays, "round {round}");
        spans += maps.len();
    }
    assert!(spans > 400);
}

/// What v1.0 can carry besides: links, structured tags, and tags that are fields of their own there.
fn random_wide_record(random: &mut Random) -> BuiltRecord {
    let mut record = random_record(random);
    for key in ["env", "version", "component", "span.kind"] {
        let kinds = ["server", "Client", "PRODUCER", "consumer", "internal", "other", ""];
        record = match random.below(6) {
            0 => record.text(key, &random.text()),
            1 => record.text(key, kinds[random.below(kinds.len() as u64) as usize]),
            2 => record.float(key, 2.5),
            _ => record,
        };
    }
    let extra = record.extra(|extra| {
        for index in 0..random.below(3) {
            extra.add_link(SpanLink {
                trace_id: u128::from(random.word()) << (64 * random.below(2)),
                span_id: random.below(2) * (index + 1),
                tracestate: random.text(),
                flags: [None, Some(1)][random.below(2) as usize],
                attributes: (0..random.below(2)).map(|_| (random.text(), random.text())).collect(),
            });
            extra.set_meta_struct(format!("{}{index}", random.text()), vec![0x80]);
        }
    });
    extra.build()
}

/// What a reader of v1.0 makes of a chunk.
fn as_v04(chunk: DecodedChunk) -> Vec<DecodedSpan> {
    let mut spans = chunk.spans;
    for span in &mut spans {
        let origin = chunk.origin.as_ref().map(|origin| ("_dd.origin".to_owned(), origin.clone()));
        span.meta.extend(origin);
    }
    let high = (chunk.trace_id >> 64) as u64;
    if high != 0 {
        spans[0].meta.insert("_dd.p.tid".to_owned(), format!("{high:016x}"));
    }
    let priority = chunk.priority.map(|priority| priority as f64);
    assert_eq!(spans[0].number("_sampling_priority_v1"), priority, "the first span repeats it");
    let maker = chunk.mechanism.map(|mechanism| format!("-{mechanism}"));
    assert_eq!(spans[0].text("_dd.p.dm"), maker.as_deref(), "the first span repeats it");
    spans
}

/// A span of v0.4 as v1.0 would have it: every span has a kind, empty fields are not sent, times are not negative.
fn without_what_v10_leaves_out(mut span: DecodedSpan) -> DecodedSpan {
    for key in ["env", "version", "component"] {
        if span.text(key) == Some("") {
            span.meta.remove(key);
        }
    }
    let kind = span.meta.entry("span.kind".to_owned()).or_insert("internal".to_owned());
    if ["server", "client", "producer", "consumer", "internal"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        *kind = kind.to_lowercase();
    }
    if span.number("span.kind").is_some() {
        assert_eq!(span.text("span.kind"), Some("internal"));
    }
    span
}

#[test]
fn random_spans_say_the_same_in_v10() {
    let mut random = Random(20_260_102);
    let (library, tags) = (libraries(), trace_tags());
    let (mut v04, mut v10) = (V04::default(), V10::new(PayloadFacts { language: "cpp".to_owned(), ..PayloadFacts::default() }));
    let (mut spans, mut strings) = (0, 0);
    for round in 0..40 {
        let chunks: Vec<(ChunkFacts<'_>, Vec<BuiltRecord>)> = (0..1 + random.below(20))
            .map(|_| {
                let facts = ChunkFacts { native_events: true, ..random_facts(&mut random, &library, &tags) };
                (facts, (0..1 + random.below(5)).map(|_| random_wide_record(&mut random)).collect())
            })
            .collect();
        let encode_all = |format: &mut dyn TraceEncoder| {
            format.begin();
            for (facts, records) in &chunks {
                format.chunk(facts, &records.iter().map(BuiltRecord::get).collect::<Vec<_>>());
            }
            format.finish().to_vec()
        };
        let decoded = decode_v10(&encode_all(&mut v10));
        let maps = decode_v04(&encode_all(&mut v04));
        assert_eq!(maps.len(), decoded.chunks.len());
        strings = strings.max(decoded.strings.len());
        for (spans_v04, chunk) in maps.into_iter().zip(decoded.chunks) {
            for (span_v04, span_v10) in spans_v04.into_iter().zip(as_v04(chunk)) {
                let mut expected = without_what_v10_leaves_out(comparable(span_v04));
                if expected.start < 0 {
                    assert!(span_v10.start > 1_700_000_000_000_000_000);
                    expected.start = span_v10.start;
                }
                assert_eq!(expected, span_v10, "round {round}");
                spans += 1;
            }
        }
    }
    assert!(spans > 800 && strings > 300, "{spans} spans, {strings} strings");
}
