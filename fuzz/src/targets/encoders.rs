//! Spans of any content through all encoders: what comes out can be read, and has as many spans as went in.

use super::input::Input;
use ddtrace::context::{Decision, TraceTags};
use ddtrace::record::msgpack::{encode_f64, encode_i64};
use ddtrace::record::{
    AttributeValue, Extra, Field, Head, LibraryTags, RecordRef, Runs, SpanEvent, SpanLink, TagEntry, append_record, clean,
    drop_records,
};
use ddtrace::stats::{CardinalityLimits, Concentrator, Features};
use ddtrace::wire::otlp::{OtlpFacts, OtlpJson, OtlpProtobuf};
use ddtrace::wire::{AgentlessJson, ChunkFacts, PayloadFacts, SpanRule, StatsFacts, TraceEncoder, V04, V05, V10};
use rmpv::Value;

/// The library's limit for all tags of a span is far above; this is enough for what a fuzzer makes.
const ROOM: usize = 64 * 1024;

/// The bytes tell chunk and spans, see below.
pub fn records(data: &[u8]) {
    let mut input = Input(data);
    let mut tags = TraceTags::default();
    tags.set_origin(&input.text());
    tags.set(&format!("_dd.p.{}", input.text()), &input.text());
    let mut library = LibraryTags::new("web", "cpp");
    library.every_span.push(TagEntry::text(&printable(input.text()), &input.text()));
    let choice = input.byte();
    let facts = ChunkFacts {
        trace_id: u128::from(input.word()) << 64 | u128::from(input.word()),
        decision: (choice & 1 != 0).then(|| Decision::inherited(i32::from(choice) - 128)),
        tags: Some(&tags).filter(|_| choice & 2 != 0),
        partial_spans: u32::from(choice & 4),
        keep_rate: 1.0,
        library: &library,
        span_rules: &[SpanRule { rate: 0.5, max_per_second: None }],
        native_events: choice & 8 != 0,
    };
    let mut spans = Vec::new();
    while !input.is_empty() && spans.len() < 32 {
        spans.push(Span::read(&mut input));
    }
    if spans.is_empty() {
        return;
    }
    let records: Vec<RecordRef<'_>> = spans.iter().map(Span::get).collect();
    v04(&facts, &records);
    v05(&facts, &records);
    v10(&facts, &records);
    json(&facts, &records);
    otlp(&facts, &records);
    stats(&facts, &records);
}

/// A key as the setting of global tags lets it through.
fn printable(text: String) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A finished record.
pub struct Span(Vec<u8>);

impl Span {
    fn read(input: &mut Input<'_>) -> Span {
        let mut head =
            Head { span_id: input.word(), parent_id: u64::from(input.byte()), flags: u32::from(input.byte()), ..Head::EMPTY };
        (head.start_ns, head.duration_ns) = (input.word() as i64, input.word() as i64);
        head.span_rule = u32::from(input.byte() & 1);
        let mut buffer = vec![0; ROOM];
        let mut runs = Runs { head: &mut head, buffer: &mut buffer };
        for field in [Field::Name, Field::Service, Field::Resource, Field::Type] {
            let _ = runs.set_field(field, &clean(input.bytes()));
        }
        for _ in 0..input.byte() % 16 {
            let (kind, key) = (input.byte(), clean(input.bytes()));
            let _ = match kind % 4 {
                0 => runs.set_number(&key, &encode_i64(input.word() as i64)),
                1 => runs.set_number(&key, &encode_f64(f64::from_bits(input.word()))),
                2 => runs.set_text(&key, &clean(input.bytes())),
                _ => {
                    runs.remove(&key);
                    Ok(())
                }
            };
        }
        let extra = extra(input);
        Span::of(head, &buffer, extra)
    }

    /// A record of these runs.
    pub fn of(mut head: Head, buffer: &[u8], extra: Extra) -> Span {
        head.extra = Box::into_raw(Box::new(extra));
        let mut buffer = buffer.to_vec();
        let mut copy = head;
        let runs = Runs { head: &mut copy, buffer: &mut buffer };
        let mut bytes = Vec::new();
        append_record(&mut bytes, &head, runs.as_ref());
        Span(bytes)
    }

    pub fn get(&self) -> RecordRef<'_> {
        RecordRef::split(&self.0).expect("a record was written").0
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        drop_records(&mut self.0);
    }
}

fn extra(input: &mut Input<'_>) -> Extra {
    let mut extra = Extra::default();
    let choice = input.byte();
    for _ in 0..choice & 3 {
        let attributes = vec![(input.text(), input.text())];
        let (trace_id, span_id) = (u128::from(input.word()), input.word());
        extra.add_link(SpanLink { trace_id, span_id, tracestate: input.text(), flags: Some(u32::from(choice)), attributes });
    }
    for _ in 0..choice >> 2 & 3 {
        let attributes = vec![(input.text(), attribute(input, 0))];
        extra.add_event(SpanEvent { name: input.text(), time_unix_nano: input.word(), attributes });
    }
    if choice & 16 != 0 {
        extra.set_meta_struct(input.text(), input.bytes().to_vec());
    }
    extra
}

fn attribute(input: &mut Input<'_>, depth: u32) -> AttributeValue {
    match input.byte() % 5 {
        0 => AttributeValue::String(input.text()),
        1 => AttributeValue::Bool(input.byte() & 1 != 0),
        2 => AttributeValue::Int(input.word() as i64),
        3 => AttributeValue::Double(f64::from_bits(input.word())),
        _ if depth < 2 => AttributeValue::Array((0..input.byte() % 4).map(|_| attribute(input, depth + 1)).collect()),
        _ => AttributeValue::Array(Vec::new()),
    }
}

fn encode(format: &mut dyn TraceEncoder, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) -> Vec<u8> {
    format.begin();
    format.chunk(facts, records);
    format.chunk(facts, &records[..1]);
    format.finish().to_vec()
}

fn read_whole(mut payload: &[u8]) -> Value {
    let value = rmpv::decode::read_value(&mut payload).expect("MessagePack");
    assert!(payload.is_empty(), "{} bytes are left over", payload.len());
    value
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

/// The keys of a map, each of which is there once.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_map().expect("a map").iter().map(|(key, _)| key.as_str().expect("a text")).collect();
    keys.sort_unstable();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a key is there twice: {keys:?}");
    keys
}

fn counts(chunks: &Value) -> Vec<usize> {
    array(chunks).iter().map(|chunk| array(chunk).len()).collect()
}

fn v04(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
    let payload = read_whole(&encode(&mut V04::default(), facts, records));
    assert_eq!(counts(&payload), [records.len(), 1]);
    for span in array(&payload).iter().flat_map(array) {
        keys(span);
        for (key, value) in span.as_map().expect("a map") {
            if matches!(key.as_str(), Some("meta" | "metrics")) {
                keys(value);
            }
        }
    }
}

fn v05(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
    let payload = read_whole(&encode(&mut V05::default(), facts, records));
    let [table, chunks] = array(&payload) else { panic!("a table and chunks") };
    assert!(array(table).iter().all(Value::is_str));
    assert_eq!(counts(chunks), [records.len(), 1]);
    let in_table = |index: &Value| index.as_u64().is_some_and(|index| (index as usize) < array(table).len());
    for span in array(chunks).iter().flat_map(array) {
        let fields = array(span);
        assert_eq!(fields.len(), 12);
        assert!([0, 1, 2, 11].iter().all(|place| in_table(&fields[*place])));
        let meta = fields[9].as_map().expect("a map");
        assert!(meta.iter().all(|(key, value)| in_table(key) && in_table(value)));
        let metrics = fields[10].as_map().expect("a map");
        assert!(metrics.iter().all(|(key, value)| in_table(key) && value.is_f64()));
    }
}

/// Maps with numbers as keys: 11 is the chunks of a payload, 4 the spans of a chunk, 9 the attributes of a span, three elements each.
fn v10(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
    let payload = read_whole(&encode(
        &mut V10::new(PayloadFacts { language: "cpp".to_owned(), ..PayloadFacts::default() }),
        facts,
        records,
    ));
    let spans: Vec<&Value> =
        array(numbered(&payload, 11).expect("chunks")).iter().map(|chunk| numbered(chunk, 4).expect("spans")).collect();
    assert_eq!(spans.iter().map(|spans| array(spans).len()).collect::<Vec<_>>(), [records.len(), 1]);
    for span in spans.iter().flat_map(|spans| array(spans)) {
        assert_eq!(numbered(span, 9).map_or(0, |attributes| array(attributes).len()) % 3, 0);
    }
}

/// The value of a key, which is there once at most.
fn numbered(map: &Value, wanted: u64) -> Option<&Value> {
    let pairs = map.as_map().expect("a map");
    let mut found = pairs.iter().filter(|(key, _)| key.as_u64() == Some(wanted));
    let value = found.next();
    assert!(found.next().is_none(), "{wanted} is there twice");
    value.map(|(_, value)| value)
}

fn json(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
    let payload = encode(&mut AgentlessJson::new(&[("hostname", "h")]), facts, records);
    let payload: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
    let traces = payload["traces"].as_array().expect("traces");
    let counts: Vec<usize> = traces.iter().map(|trace| trace["spans"].as_array().expect("spans").len()).collect();
    assert_eq!(counts, [records.len(), 1]);
}

fn otlp(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) {
    let process = OtlpFacts { service: "web".to_owned(), ..OtlpFacts::default() };
    let json = encode(&mut OtlpJson::new(&process), facts, records);
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
    assert_eq!(spans.len(), records.len() + 1);
    let payload = encode(&mut OtlpProtobuf::new(&process), facts, records);
    // ResourceSpans, ScopeSpans, Span: field 1, field 2, field 2.
    let spans = fields(&payload, 1).into_iter().flat_map(|part| fields(part, 2)).flat_map(|scope| fields(scope, 2)).count();
    assert_eq!(spans, records.len() + 1);
}

/// The fields of this number in a protobuf message, all of whose fields are read.
fn fields(mut message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                varint(&mut message);
                0
            }
            1 => 8,
            2 => varint(&mut message) as usize,
            5 => 4,
            kind => panic!("wire type {kind}"),
        };
        let (value, rest) = message.split_at_checked(length).expect("a whole field");
        message = rest;
        if key >> 3 == wanted {
            found.push(value);
        }
    }
    found
}

fn varint(from: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first().expect("a whole number");
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number of more than ten bytes");
}

/// Statistics of the same spans; returns how many groups and hits there are.
pub fn stats(facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) -> Vec<Value> {
    const NOW: i64 = 1_700_000_000_000_000_000;
    let mut concentrator = Concentrator::new(StatsFacts::default(), vec!["extra".to_owned()], CardinalityLimits::default(), NOW);
    concentrator.configure(&Features {
        peer_tags: ["db.hostname", "peer.service", "out.host"].map(str::to_owned).to_vec(),
        obfuscation_version: 1,
        ..Features::default()
    });
    concentrator.add(facts, records, NOW);
    concentrator.flush(NOW, true).iter().map(|payload| read_whole(&payload.body)).collect()
}
