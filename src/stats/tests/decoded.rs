//! What a reader sees in a payload.

use crate::wire::tests::decoded::{map_of, read_whole, string};
use rmpv::Value;
use std::collections::BTreeMap;

/// A sketch: what is in which bin.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DecodedSketch {
    pub(super) bins: BTreeMap<i32, f64>,
    pub(super) zeros: f64,
}

#[derive(Clone, Debug)]
pub(super) struct DecodedGroup {
    keys: BTreeMap<String, Value>,
}

#[derive(Debug)]
pub(super) struct DecodedBucket {
    pub(super) start: u64,
    pub(super) duration: u64,
    pub(super) groups: Vec<DecodedGroup>,
}

#[derive(Debug)]
pub(super) struct DecodedPayload {
    pub(super) keys: BTreeMap<String, Value>,
    pub(super) buckets: Vec<DecodedBucket>,
}

pub(super) fn decode(payload: &[u8]) -> DecodedPayload {
    let mut keys = map_of(&read_whole(payload), string, Value::clone);
    let buckets = keys.remove("Stats").unwrap();
    DecodedPayload { keys, buckets: buckets.as_array().unwrap().iter().map(bucket).collect() }
}

fn bucket(value: &Value) -> DecodedBucket {
    let keys = map_of(value, string, Value::clone);
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["AgentTimeShift", "Duration", "Start", "Stats"]);
    assert_eq!(keys["AgentTimeShift"].as_i64(), Some(0));
    let groups = keys["Stats"].as_array().unwrap();
    DecodedBucket {
        start: keys["Start"].as_u64().unwrap(),
        duration: keys["Duration"].as_u64().unwrap(),
        groups: groups.iter().map(|group| DecodedGroup { keys: map_of(group, string, Value::clone) }).collect(),
    }
}

impl DecodedPayload {
    pub(super) fn into_groups(self) -> Vec<DecodedGroup> {
        self.buckets.into_iter().flat_map(|bucket| bucket.groups).collect()
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.keys[key].as_str().unwrap()
    }
}

impl DecodedGroup {
    pub(super) fn names(&self) -> Vec<&str> {
        self.keys.keys().map(String::as_str).collect()
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.keys[key].as_str().unwrap_or_else(|| panic!("{key}: {:?}", self.keys[key]))
    }

    pub(super) fn number(&self, key: &str) -> u64 {
        self.keys[key].as_u64().unwrap_or_else(|| panic!("{key}: {:?}", self.keys[key]))
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.keys[key].as_bool().unwrap()
    }

    pub(super) fn list(&self, key: &str) -> Vec<&str> {
        self.keys[key].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
    }

    pub(super) fn sketch(&self, key: &str) -> DecodedSketch {
        let Value::Binary(bytes) = &self.keys[key] else { panic!("{key}: {:?}", self.keys[key]) };
        sketch(bytes)
    }

    /// Hits, errors, top-level hits.
    pub(super) fn counts(&self) -> [u64; 3] {
        ["Hits", "Errors", "TopLevelHits"].map(|key| self.number(key))
    }
}

fn sketch(bytes: &[u8]) -> DecodedSketch {
    let mut sketch = DecodedSketch::default();
    let mut has_mapping = false;
    for (field, value) in fields(bytes) {
        match (field, value) {
            (1, Wire::Bytes(mapping)) => {
                let mapping: Vec<_> = fields(mapping).into_iter().map(|(field, value)| (field, value.double())).collect();
                assert_eq!(mapping, [(1, 1.015625), (2, 1338.5)]);
                has_mapping = true;
            }
            (2, Wire::Bytes(store)) => sketch.bins = bins(store),
            (3, Wire::Bytes(negative)) => assert!(negative.is_empty()),
            (4, value) => sketch.zeros = value.double(),
            other => panic!("{other:?}"),
        }
    }
    assert!(has_mapping, "a sketch without its mapping is ignored");
    sketch
}

fn bins(store: &[u8]) -> BTreeMap<i32, f64> {
    let (mut counts, mut first) = (Vec::new(), 0);
    for (field, value) in fields(store) {
        match (field, value) {
            (2, Wire::Bytes(packed)) => {
                counts = packed.chunks(8).map(|count| f64::from_le_bytes(count.try_into().unwrap())).collect()
            }
            (3, Wire::Varint(number)) => first = (number >> 1) as i32 ^ -((number & 1) as i32),
            other => panic!("{other:?}"),
        }
    }
    (first..).zip(counts).filter(|(_, count)| *count != 0.0).collect()
}

#[derive(Debug)]
enum Wire<'a> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
}

impl Wire<'_> {
    fn double(&self) -> f64 {
        let Wire::Fixed(bits) = self else { panic!("{self:?}") };
        f64::from_bits(*bits)
    }
}

/// The fields of a protobuf message.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Wire<'_>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = match tag & 7 {
            0 => Wire::Varint(varint(&mut bytes)),
            1 => {
                let (fixed, rest) = bytes.split_first_chunk::<8>().unwrap();
                bytes = rest;
                Wire::Fixed(u64::from_le_bytes(*fixed))
            }
            2 => {
                let len = varint(&mut bytes) as usize;
                let (inside, rest) = bytes.split_at(len);
                bytes = rest;
                Wire::Bytes(inside)
            }
            other => panic!("wire type {other}"),
        };
        all.push((tag >> 3, value));
    }
    all
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}
