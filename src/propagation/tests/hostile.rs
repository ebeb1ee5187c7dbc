//! Headers that nobody meant well.

use super::*;

const ALL: [PropagationStyle; 5] = [
    PropagationStyle::Datadog,
    PropagationStyle::TraceContext,
    PropagationStyle::B3Multi,
    PropagationStyle::B3,
    PropagationStyle::Baggage,
];

const NAMES: [&str; 13] = [
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-origin",
    "x-datadog-tags",
    "traceparent",
    "tracestate",
    "x-b3-traceid",
    "x-b3-spanid",
    "b3",
    "baggage",
    "ot-baggage-x",
    "HTTP_BAGGAGE",
];

/// Pieces that get further into the parsers than bytes by chance.
const PIECES: [&[u8]; 24] = [
    b"00-12345678901234567890123456789012-1234567890123456-01",
    b"dd=",
    b"s:2;",
    b"t.dm:-4;",
    b"t.x:",
    b"p:XX",
    b"o:~",
    b"_dd.p.dm=-4",
    b"_dd.p.tid=",
    b"1111111111111111",
    b"_dd.p.",
    b"=",
    b",",
    b";",
    b":",
    b"~",
    b"%",
    b"%41",
    b" ",
    b"\t",
    b"18446744073709551616",
    b"-",
    b"\xff\xfe",
    b"\xc3\xa4",
];

/// A small generator of the xorshift family: the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }

    fn value(&mut self) -> Vec<u8> {
        let mut value = Vec::new();
        for _ in 0..self.below(12) {
            match self.below(4) {
                0 => value.push(self.below(256) as u8),
                _ => value.extend_from_slice(PIECES[self.below(PIECES.len())]),
            }
        }
        value
    }
}

fn settings() -> PropagationSettings {
    PropagationSettings { http_baggage: true, baggage_tag_keys: vec!["*".to_owned()], ..styles(&ALL) }
}

#[test]
fn no_bytes_make_a_parser_panic_or_a_header_unprintable() {
    let propagator = Propagator::new(&settings());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut extracted = Extracted::default();
    for _ in 0..50_000 {
        let headers: Vec<(&str, Vec<u8>)> =
            (0..random.below(10)).map(|_| (NAMES[random.below(NAMES.len())], random.value())).collect();
        propagator.extract_pairs(headers.iter().map(|(name, value)| (name.as_bytes(), &value[..])), &mut extracted);
        // The sink checks each value.
        propagator.inject(&child_of(&extracted), &mut Written::default());
    }
}

#[test]
fn names_by_chance_do_no_harm() {
    let propagator = Propagator::new(&settings());
    let mut random = Random(42);
    for _ in 0..20_000 {
        let (name, value) = (random.value(), random.value());
        propagator.extract_pairs([(&name[..], &value[..])].into_iter(), &mut Extracted::default());
    }
}

#[test]
fn a_trace_survives_its_own_headers() {
    let propagator = Propagator::new(&settings());
    let mut random = Random(7);
    for _ in 0..5_000 {
        let mut first = Extracted::default();
        let values: Vec<Vec<u8>> = (0..2).map(|_| random.value()).collect();
        let headers: [(&[u8], &[u8]); 4] = [
            (b"x-datadog-trace-id", b"1"),
            (b"x-datadog-parent-id", b"2"),
            (b"x-datadog-tags", &values[0]),
            (b"baggage", &values[1]),
        ];
        propagator.extract_pairs(headers.into_iter(), &mut first);
        let mut written = Written::default();
        propagator.inject(&child_of(&first), &mut written);
        let second = extract(&settings(), &written.pairs());
        assert_eq!((second.trace_id, second.span_id), (first.trace_id, LOCAL_SPAN));
        assert_eq!(tags(&second.tags), tags(&first.tags));
        assert!(second.tags.links().is_empty());
    }
}

#[test]
fn endless_values_leave_little_behind() {
    let propagator = Propagator::new(&settings());
    for piece in PIECES {
        let value = piece.repeat(1_000_000 / piece.len());
        for name in NAMES {
            let mut extracted = Extracted::default();
            let ids: [(&[u8], &[u8]); 3] = [
                (b"traceparent", b"00-12345678901234567890123456789012-1234567890123456-01"),
                (b"x-datadog-trace-id", b"1"),
                (name.as_bytes(), &value),
            ];
            propagator.extract_pairs(ids.into_iter(), &mut extracted);
            let kept = extracted.tags.tracestate().map_or(0, str::len) + extracted.tags.origin().map_or(0, str::len);
            assert!(kept <= 80_000 && extracted.tags.baggage().len() <= 64, "{name}");
        }
    }
}
