//! What a reader sees in a payload. Reading fails on what a strict reader refuses: duplicate keys, wrong types, bytes left over.

use rmpv::Value;
use std::collections::BTreeMap;

/// A decoded span of either format.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DecodedSpan {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) resource: String,
    /// `None` where the format leaves it out.
    pub(super) span_type: Option<String>,
    pub(super) trace_id: u64,
    pub(super) span_id: u64,
    pub(super) parent_id: u64,
    pub(super) start: i64,
    pub(super) duration: i64,
    pub(super) error: i64,
    pub(super) meta: BTreeMap<String, String>,
    pub(super) metrics: BTreeMap<String, f64>,
    /// Keys of v0.4 that not every span has.
    pub(super) others: BTreeMap<String, Value>,
}

impl DecodedSpan {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.meta.get(key).map(String::as_str)
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.metrics.get(key).copied()
    }

    pub(super) fn list(&self, key: &str) -> &[Value] {
        self.others.get(key).and_then(Value::as_array).unwrap()
    }
}

pub(crate) fn read_whole(mut payload: &[u8]) -> Value {
    let value = rmpv::decode::read_value(&mut payload).unwrap();
    assert!(payload.is_empty(), "{} bytes are left over", payload.len());
    value
}

/// Chunks of spans.
pub(super) fn decode_v04(payload: &[u8]) -> Vec<Vec<DecodedSpan>> {
    chunks(&read_whole(payload), v04_span)
}

/// Chunks of spans, and the table of strings.
pub(super) fn decode_v05(payload: &[u8]) -> (Vec<Vec<DecodedSpan>>, Vec<String>) {
    let payload = read_whole(payload);
    let [table, all_chunks] = array(&payload) else { panic!("{} elements", array(&payload).len()) };
    let table: Vec<String> = array(table).iter().map(string).collect();
    assert_eq!(table.first().map(String::as_str), Some(""), "the first string is empty");
    (chunks(all_chunks, |span| v05_span(span, &table)), table)
}

fn chunks(value: &Value, span: impl Fn(&Value) -> DecodedSpan) -> Vec<Vec<DecodedSpan>> {
    array(value).iter().map(|chunk| array(chunk).iter().map(&span).collect()).collect()
}

fn v04_span(value: &Value) -> DecodedSpan {
    let mut map = map_of(value, string, Value::clone);
    let mut take = |key: &str| map.remove(key).unwrap_or_else(|| panic!("{key} is missing"));
    let mut span = DecodedSpan {
        service: string(&take("service")),
        name: string(&take("name")),
        resource: string(&take("resource")),
        trace_id: take("trace_id").as_u64().unwrap(),
        span_id: take("span_id").as_u64().unwrap(),
        parent_id: take("parent_id").as_u64().unwrap(),
        start: take("start").as_i64().unwrap(),
        duration: take("duration").as_i64().unwrap(),
        error: take("error").as_i64().unwrap(),
        meta: map_of(&take("meta"), string, string),
        metrics: map_of(&take("metrics"), string, number),
        ..DecodedSpan::default()
    };
    span.span_type = map.remove("type").map(|text| string(&text));
    span.others = map;
    span
}

fn v05_span(value: &Value, table: &[String]) -> DecodedSpan {
    let text = |index: &Value| table[index.as_u64().unwrap() as usize].clone();
    let elements = array(value);
    assert_eq!(elements.len(), 12);
    DecodedSpan {
        service: text(&elements[0]),
        name: text(&elements[1]),
        resource: text(&elements[2]),
        trace_id: elements[3].as_u64().unwrap(),
        span_id: elements[4].as_u64().unwrap(),
        parent_id: elements[5].as_u64().unwrap(),
        start: elements[6].as_i64().unwrap(),
        duration: elements[7].as_i64().unwrap(),
        error: elements[8].as_i64().unwrap(),
        meta: map_of(&elements[9], text, text),
        metrics: map_of(&elements[10], text, float64),
        span_type: Some(text(&elements[11])),
        others: BTreeMap::new(),
    }
}

pub(crate) fn map_of<K: Ord + std::fmt::Debug, V>(
    value: &Value,
    key_of: impl Fn(&Value) -> K,
    value_of: impl Fn(&Value) -> V,
) -> BTreeMap<K, V> {
    let pairs = value.as_map().unwrap_or_else(|| panic!("no map: {value}"));
    let map: BTreeMap<K, V> = pairs.iter().map(|(key, value)| (key_of(key), value_of(value))).collect();
    assert_eq!(map.len(), pairs.len(), "a key is there twice: {:?}", pairs.iter().map(|(key, _)| key).collect::<Vec<_>>());
    map
}

pub(crate) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Integers are allowed among the metrics of v0.4.
fn number(value: &Value) -> f64 {
    value.as_f64().or(value.as_i64().map(|value| value as f64)).unwrap_or_else(|| panic!("no number: {value}"))
}

fn float64(value: &Value) -> f64 {
    match value {
        Value::F64(value) => *value,
        other => panic!("no float64: {other}"),
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no array: {value}"))
}
