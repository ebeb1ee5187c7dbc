//! What a reader sees in a v1.0 payload. Reading also fails on a string that is sent as text although it has an id.

use super::decoded::{DecodedSpan, read_whole};
use rmpv::Value;
use std::collections::{BTreeMap, HashSet};

/// A decoded payload.
#[derive(Debug, Default)]
pub(super) struct DecodedPayload {
    /// What it says of the process, by key.
    pub(super) texts: BTreeMap<u64, String>,
    pub(super) meta: BTreeMap<String, String>,
    pub(super) chunks: Vec<DecodedChunk>,
    /// All strings in the order of their ids.
    pub(super) strings: Vec<String>,
}

/// A decoded chunk. Its spans have no more than what stands in themselves, but the trace id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DecodedChunk {
    pub(super) priority: Option<i64>,
    pub(super) origin: Option<String>,
    pub(super) trace_id: u128,
    pub(super) mechanism: Option<u64>,
    pub(super) spans: Vec<DecodedSpan>,
}

pub(super) fn decode_v10(payload: &[u8]) -> DecodedPayload {
    let mut reader = Reader { strings: vec![String::new()], known: HashSet::from([String::new()]) };
    let mut decoded = DecodedPayload::default();
    for (key, value) in entries(&read_whole(payload)) {
        match key {
            2..=9 => {
                decoded.texts.insert(key, reader.full(value));
            }
            10 => decoded.meta = reader.attributes(value, false).meta,
            11 => decoded.chunks = list(value).iter().map(|chunk| reader.chunk(chunk)).collect(),
            _ => panic!("key {key} of a payload"),
        }
    }
    decoded.strings = reader.strings;
    decoded
}

struct Reader {
    strings: Vec<String>,
    known: HashSet<String>,
}

impl Reader {
    fn string(&mut self, value: &Value) -> String {
        if let Some(id) = value.as_u64() {
            return self.strings[id as usize].clone();
        }
        let text = value.as_str().unwrap_or_else(|| panic!("no string: {value}"));
        assert!(self.known.insert(text.to_owned()), "{text:?} has an id");
        self.strings.push(text.to_owned());
        text.to_owned()
    }

    /// One that would be left out if it were empty.
    fn full(&mut self, value: &Value) -> String {
        let text = self.string(value);
        assert!(!text.is_empty());
        text
    }

    fn chunk(&mut self, value: &Value) -> DecodedChunk {
        let mut chunk = DecodedChunk::default();
        for (key, value) in entries(value) {
            match key {
                1 => chunk.priority = Some(value.as_i64().unwrap()),
                2 => chunk.origin = Some(self.full(value)),
                4 => chunk.spans = list(value).iter().map(|span| self.span(span)).collect(),
                6 => chunk.trace_id = trace_id(value),
                7 => chunk.mechanism = Some(value.as_u64().unwrap()),
                _ => panic!("key {key} of a chunk"),
            }
        }
        for span in &mut chunk.spans {
            span.trace_id = chunk.trace_id as u64;
        }
        chunk
    }

    fn span(&mut self, value: &Value) -> DecodedSpan {
        let mut span = DecodedSpan::default();
        let mut promoted = BTreeMap::new();
        for (key, value) in entries(value) {
            match key {
                1 => span.service = self.full(value),
                2 => span.name = self.full(value),
                3 => span.resource = self.full(value),
                4 => span.span_id = value.as_u64().unwrap(),
                5 => span.parent_id = above_zero(value),
                6 => span.start = value.as_i64().unwrap(),
                7 => span.duration = above_zero(value) as i64,
                8 => span.error = i64::from(value.as_bool().filter(|is_set| *is_set).unwrap()),
                9 => {
                    let attributes = self.attributes(value, true);
                    assert!(
                        ["env", "version", "component"].iter().all(|key| !attributes.meta.contains_key(*key)),
                        "not promoted"
                    );
                    (span.meta, span.metrics) = (attributes.meta, attributes.metrics);
                    if !attributes.documents.is_empty() {
                        span.others.insert("meta_struct".to_owned(), Value::Map(attributes.documents));
                    }
                }
                10 => span.span_type = Some(self.full(value)),
                11 => {
                    let links = list(value).iter().map(|link| self.link(link)).collect();
                    span.others.insert("span_links".to_owned(), Value::Array(links));
                }
                12 => {
                    let events = list(value).iter().map(|event| self.event(event)).collect();
                    span.others.insert("span_events".to_owned(), Value::Array(events));
                }
                13..=15 => {
                    promoted.insert(["env", "version", "component"][key as usize - 13], self.full(value));
                }
                16 => {
                    let kinds = ["internal", "server", "client", "producer", "consumer"];
                    promoted.insert("span.kind", kinds[value.as_u64().unwrap() as usize - 1].to_owned());
                }
                _ => panic!("key {key} of a span"),
            }
        }
        assert!(promoted.contains_key("span.kind"), "every span says its kind");
        for (key, value) in promoted {
            let attribute = span.meta.get(key);
            assert!(attribute.is_none() || value == "internal", "{key} is a field and an attribute");
            span.meta.entry(key.to_owned()).or_insert(value);
        }
        span
    }

    /// A link as v0.4 has it.
    fn link(&mut self, value: &Value) -> Value {
        let (mut link, mut ids) = (Vec::new(), (0, 0));
        for (key, value) in entries(value) {
            match key {
                1 => ids.0 = trace_id(value),
                2 => ids.1 = above_zero(value),
                3 => {
                    let attributes = self.attributes(value, true).in_order;
                    link.push(("attributes".into(), Value::Map(attributes)));
                }
                4 => link.push(("tracestate".into(), self.full(value).into())),
                5 => link.push(("flags".into(), value.clone())),
                _ => panic!("key {key} of a link"),
            }
        }
        let (trace_id, span_id) = ids;
        let ids = [("trace_id", trace_id as u64), ("trace_id_high", (trace_id >> 64) as u64), ("span_id", span_id)];
        Value::Map(ids.map(|(key, id)| (key.into(), id.into())).into_iter().chain(link).collect())
    }

    /// An event as v0.4 has it.
    fn event(&mut self, value: &Value) -> Value {
        let event = entries(value).into_iter().map(|(key, value)| match key {
            1 => ("time_unix_nano".into(), value.clone()),
            2 => ("name".into(), self.string(value).into()),
            3 => {
                let attributes = triplets(value).map(|(key, kind, value)| (self.string(key).into(), self.value(kind, value)));
                ("attributes".into(), Value::Map(attributes.collect()))
            }
            _ => panic!("key {key} of an event"),
        });
        Value::Map(event.collect())
    }

    /// A value of an event's attribute as v0.4 has it.
    fn value(&mut self, kind: u64, value: &Value) -> Value {
        let (number, name, value) = match kind {
            1 => (0, "string_value", self.string(value).into()),
            2 => (1, "bool_value", value.as_bool().unwrap().into()),
            3 => (3, "double_value", float(value).into()),
            4 => (2, "int_value", value.as_i64().unwrap().into()),
            6 => {
                let pairs = list(value);
                assert_eq!(pairs.len() % 2, 0);
                let values = pairs.chunks(2).map(|pair| self.value(pair[0].as_u64().unwrap(), &pair[1])).collect();
                (4, "array_value", Value::Map(vec![("values".into(), Value::Array(values))]))
            }
            _ => panic!("type {kind} in an event"),
        };
        Value::Map(vec![("type".into(), number.into()), (name.into(), value)])
    }

    fn attributes(&mut self, value: &Value, may_have_numbers: bool) -> Attributes {
        let mut attributes = Attributes::default();
        for (key, kind, value) in triplets(value) {
            let key = self.string(key);
            match kind {
                1 => {
                    let value = self.string(value);
                    attributes.in_order.push((key.as_str().into(), value.as_str().into()));
                    attributes.meta.insert(key.clone(), value);
                }
                3 => drop(attributes.metrics.insert(key.clone(), float(value))),
                4 => drop(attributes.metrics.insert(key.clone(), value.as_i64().unwrap() as f64)),
                5 => attributes.documents.push((key.as_str().into(), Value::Binary(value.as_slice().unwrap().to_vec()))),
                _ => panic!("type {kind} of {key:?}"),
            }
            assert!(may_have_numbers || kind == 1);
            // A structured tag may be called like another one.
            attributes.keys.push((kind == 5, key));
        }
        attributes.keys.sort();
        assert!(attributes.keys.windows(2).all(|pair| pair[0] != pair[1]), "a key is there twice: {:?}", attributes.keys);
        attributes
    }
}

#[derive(Default)]
struct Attributes {
    keys: Vec<(bool, String)>,
    in_order: Vec<(Value, Value)>,
    meta: BTreeMap<String, String>,
    metrics: BTreeMap<String, f64>,
    documents: Vec<(Value, Value)>,
}

fn triplets(value: &Value) -> impl Iterator<Item = (&Value, u64, &Value)> {
    let list = list(value);
    assert!(!list.is_empty() && list.len() % 3 == 0, "{} elements", list.len());
    list.chunks(3).map(|three| (&three[0], three[1].as_u64().unwrap(), &three[2]))
}

fn entries(value: &Value) -> Vec<(u64, &Value)> {
    let pairs = value.as_map().unwrap_or_else(|| panic!("no map: {value}"));
    let entries: Vec<(u64, &Value)> = pairs.iter().map(|(key, value)| (key.as_u64().unwrap(), value)).collect();
    let mut keys: Vec<u64> = entries.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a key is there twice: {keys:?}");
    entries
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no array: {value}"))
}

fn trace_id(value: &Value) -> u128 {
    u128::from_be_bytes(value.as_slice().unwrap().try_into().unwrap())
}

/// Numbers are left out when they are 0.
fn above_zero(value: &Value) -> u64 {
    value.as_u64().filter(|number| *number > 0).unwrap_or_else(|| panic!("{value}"))
}

fn float(value: &Value) -> f64 {
    match value {
        Value::F64(value) => *value,
        other => panic!("no float64: {other}"),
    }
}
