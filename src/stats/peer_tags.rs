//! Tags that say whom a span talks to, part of the key of outgoing spans.

use super::ip_address::without_addresses;
use super::values::{Key, Values};
use crate::record::msgpack::append_str;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Most keys that the agent may name. It names some sixty.
const MOST_KEYS: usize = 1024;

/// The keys of peer tags.
#[derive(Debug)]
pub(super) struct PeerTags {
    keys: Vec<Key>,
    places: HashMap<Box<[u8]>, u16, RandomState>,
    base_service: Key,
    /// Places of the keys whose tag the library may add because of the span's service or the trace's origin.
    added: Vec<u16>,
}

/// Tags of one span, on their way into a key.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    tag: Vec<u8>,
}

impl PeerTags {
    pub fn new(keys: &[String]) -> Self {
        let keys: Vec<Key> = keys.iter().filter(|key| !key.is_empty()).take(MOST_KEYS).map(|key| Key::new(key)).collect();
        let places = keys.iter().enumerate().map(|(place, key)| (key.name.clone(), place as u16)).collect();
        let may_be_added = |key: &Key| matches!(&*key.name, b"_dd.base_service" | b"_dd.svc_src" | b"_dd.origin");
        let added = keys.iter().enumerate().filter(|(_, key)| may_be_added(key)).map(|(place, _)| place as u16).collect();
        PeerTags { keys, places, base_service: Key::new("_dd.base_service"), added }
    }

    /// Appends the tags of a span as MessagePack. Returns how many.
    pub fn append(&self, span: &Values<'_>, kind: &[u8], scratch: &mut Scratch, to: &mut Vec<u8>) -> u16 {
        if kind.is_empty() || !is_outgoing(kind) {
            let Some(service) = span.base_service(&self.base_service).filter(|service| !service.is_empty()) else { return 0 };
            scratch.append(&self.base_service, service, to);
            return 1;
        }
        if self.keys.is_empty() {
            return 0;
        }
        self.append_outgoing(span, scratch, to)
    }

    fn append_outgoing(&self, span: &Values<'_>, scratch: &mut Scratch, to: &mut Vec<u8>) -> u16 {
        let own = span.record.runs.each_text().map(|(key, _)| key);
        let library = span.facts.library.of_span(span.record.head).map(|entry| entry.key());
        let named = own.chain(library).filter_map(|key| self.places.get(key).copied());
        let mut places: Vec<u16> = named.chain(self.added.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        let mut count = 0;
        for key in places.into_iter().filter_map(|place| self.keys.get(usize::from(place))) {
            if let Some(value) = span.any_text(key).filter(|value| !value.is_empty()) {
                scratch.append(key, value, to);
                count += 1;
            }
        }
        count
    }
}

impl Scratch {
    fn append(&mut self, key: &Key, value: &[u8], to: &mut Vec<u8>) {
        self.tag.clear();
        self.tag.extend_from_slice(&key.name);
        self.tag.push(b':');
        match std::str::from_utf8(value) {
            Ok(value) => self.tag.extend_from_slice(without_addresses(value).as_bytes()),
            Err(_) => self.tag.extend_from_slice(value),
        }
        append_str(to, &self.tag);
    }
}

/// Whether spans of this kind have a peer.
fn is_outgoing(kind: &[u8]) -> bool {
    ["client", "producer", "consumer"].iter().any(|known| known.as_bytes().eq_ignore_ascii_case(kind))
}
