//! Headers of strangers: whatever comes in, what goes out is valid, and is read back as the same trace.

use ddtrace::config::{ExtractBehavior, PropagationSettings, PropagationStyle};
use ddtrace::context::{Decision, Extracted};
use ddtrace::propagation::{HeaderSink, InjectInput, Propagator};

const STYLES: [PropagationStyle; 5] = [
    PropagationStyle::Datadog,
    PropagationStyle::TraceContext,
    PropagationStyle::B3,
    PropagationStyle::B3Multi,
    PropagationStyle::Baggage,
];

/// The first byte chooses settings; each following line is `name: value`.
pub fn pairs(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else { return };
    let pairs: Vec<(&[u8], &[u8])> = text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let value = &line[colon + 1..];
            Some((&line[..colon], value.strip_prefix(b" ").unwrap_or(value)))
        })
        .collect();
    check(*choice, &pairs);
}

/// The first byte chooses settings, the second a header whose value is the rest, beside headers that are in order.
pub fn values(data: &[u8]) {
    let [choice, which, value @ ..] = data else { return };
    let mut headers: Vec<(&[u8], &[u8])> = vec![
        (b"x-datadog-trace-id", b"1234567890"),
        (b"x-datadog-parent-id", b"987"),
        (b"x-datadog-sampling-priority", b"2"),
        (b"x-datadog-origin", b"rum"),
        (b"x-datadog-tags", b"_dd.p.tid=640cfd8d00000000,_dd.p.dm=-3"),
        (b"traceparent", b"00-640cfd8d0000000000000000499602d2-00000000000003db-01"),
        (b"tracestate", b"dd=s:2;o:rum;p:00000000000003db;t.dm:-3,other=x"),
        (b"baggage", b"user.id=1,k=v"),
        (b"b3", b"640cfd8d0000000000000000499602d2-00000000000003db-1"),
        (b"x-b3-traceid", b"640cfd8d0000000000000000499602d2"),
        (b"x-b3-spanid", b"00000000000003db"),
        (b"x-b3-sampled", b"1"),
        (b"ot-baggage-k", b"v"),
    ];
    let place = usize::from(*which) % headers.len();
    headers[place].1 = value;
    check(*choice, &headers);
}

fn settings(choice: u8) -> PropagationSettings {
    let styles: Vec<PropagationStyle> = match choice & 7 {
        0 => STYLES.to_vec(),
        1 => STYLES.into_iter().rev().collect(),
        2 => vec![PropagationStyle::Datadog],
        3 => vec![PropagationStyle::TraceContext],
        4 => vec![PropagationStyle::B3],
        5 => vec![PropagationStyle::B3Multi, PropagationStyle::Baggage],
        6 => vec![PropagationStyle::TraceContext, PropagationStyle::Datadog],
        _ => return PropagationSettings::default(),
    };
    let behavior = [ExtractBehavior::Continue, ExtractBehavior::Restart, ExtractBehavior::Continue, ExtractBehavior::Ignore];
    PropagationSettings {
        extract: styles.clone(),
        inject: styles,
        extract_first: choice & 8 != 0,
        behavior: behavior[usize::from(choice >> 4 & 3)],
        baggage_tag_keys: vec!["*".to_owned()],
        http_baggage: choice & 64 != 0,
        ..PropagationSettings::default()
    }
}

fn check(choice: u8, pairs: &[(&[u8], &[u8])]) {
    let settings = settings(choice);
    let propagator = Propagator::new(&settings);
    let extracted = extract(&propagator, pairs);
    if extracted.is_empty() {
        return;
    }
    let input = InjectInput {
        trace_id: extracted.trace_id,
        span_id: 0x0123_4567_89ab_cdef,
        decision: extracted.priority.map(Decision::inherited),
        tags: Some(&extracted.tags),
        local_span: true,
    };
    let mut written = Written::default();
    propagator.inject(&input, &mut written);
    // The own headers are read by a service that goes on with the trace.
    let reader = Propagator::new(&PropagationSettings { behavior: ExtractBehavior::Continue, ..settings.clone() });
    let read = extract(&reader, &written.pairs());
    // The upper half may be lost where it travels among tags that are too long together.
    let is_whole = settings.inject != [PropagationStyle::Datadog];
    let expected = if is_whole { extracted.trace_id } else { u128::from(extracted.trace_id as u64) };
    assert_eq!(if is_whole { read.trace_id } else { u128::from(read.trace_id as u64) }, expected, "{:?}", written.0);
    assert_eq!(read.span_id, input.span_id, "{:?}", written.0);
    // Of one style alone, what is passed on stays as it is from then on, once the trace is decided. Of several, the first one that is read
    // may have no place for what another one said; and keys of legacy baggage that differ in case become one header.
    if settings.inject.len() > 1 || extracted.priority.is_none() || settings.http_baggage {
        return;
    }
    let again = InjectInput { decision: read.priority.map(Decision::inherited), tags: Some(&read.tags), ..input };
    let mut rewritten = Written::default();
    propagator.inject(&again, &mut rewritten);
    assert_eq!(rewritten.names(), written.names());
}

fn extract(propagator: &Propagator, pairs: &[(&[u8], &[u8])]) -> Extracted {
    let mut extracted = Extracted::default();
    propagator.extract_pairs(pairs.iter().copied(), &mut extracted);
    extracted
}

/// Headers as they are written.
#[derive(Default)]
struct Written(Vec<(String, Vec<u8>)>);

impl HeaderSink for Written {
    fn header(&mut self, name: &str, value: &[u8]) {
        assert!(value.iter().all(|byte| matches!(byte, 0x20..=0x7e)), "{name} is not printable: {value:?}");
        assert!(self.0.iter().all(|(other, _)| other != name), "{name} is written twice");
        self.0.push((name.to_owned(), value.to_vec()));
    }
}

impl Written {
    fn pairs(&self) -> Vec<(&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_bytes(), value.as_slice())).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}
