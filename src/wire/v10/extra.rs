//! What few spans have: links, events, structured tags.

use super::Out;
use super::attributes::kind;
use crate::record::{AttributeValue, Extra, SpanEvent, SpanLink};

/// Keys of the lists in a span, and of their entries.
mod key {
    pub(super) const LINKS: u8 = 11;
    pub(super) const EVENTS: u8 = 12;

    pub(super) const LINK_TRACE_ID: u8 = 1;
    pub(super) const LINK_SPAN_ID: u8 = 2;
    pub(super) const LINK_ATTRIBUTES: u8 = 3;
    pub(super) const LINK_TRACESTATE: u8 = 4;
    pub(super) const LINK_FLAGS: u8 = 5;

    pub(super) const EVENT_TIME: u8 = 1;
    pub(super) const EVENT_NAME: u8 = 2;
    pub(super) const EVENT_ATTRIBUTES: u8 = 3;
}

/// Bit 31 of a link's flags says that the others mean something.
const FLAGS_ARE_SET: u32 = 1 << 31;

impl Out<'_> {
    /// Structured tags as attributes. Returns how many.
    #[cold]
    pub(super) fn documents(&mut self, documents: &[(String, Vec<u8>)]) -> u32 {
        for (key, document) in documents {
            self.plain_string(key);
            self.to.bytes(&[kind::BYTES, 0xc6]);
            self.to.named(&(document.len() as u32).to_be_bytes(), document);
        }
        documents.len() as u32
    }

    /// Links and events. Returns how many entries of the span they are.
    #[cold]
    pub(super) fn lists(&mut self, extra: &Extra) -> u8 {
        let mut entries = 0;
        if !extra.links.is_empty() {
            self.to.bytes(&[key::LINKS]);
            self.array_header(extra.links.len());
            extra.links.iter().for_each(|link| self.link(link));
            entries += 1;
        }
        if !extra.events.is_empty() {
            self.to.bytes(&[key::EVENTS]);
            self.array_header(extra.events.len());
            extra.events.iter().for_each(|event| self.event(event));
            entries += 1;
        }
        entries
    }

    fn link(&mut self, link: &SpanLink) {
        let optional = [link.span_id != 0, !link.attributes.is_empty(), !link.tracestate.is_empty(), link.flags.is_some()];
        let entries = 1 + optional.into_iter().filter(|is_there| *is_there).count();
        self.to.bytes(&[0x80 | entries as u8, key::LINK_TRACE_ID, 0xc4, 16]);
        self.to.bytes(&link.trace_id.to_be_bytes());
        if link.span_id != 0 {
            self.to.named(&[key::LINK_SPAN_ID, 0xcf], &link.span_id.to_be_bytes());
        }
        if !link.attributes.is_empty() {
            self.to.bytes(&[key::LINK_ATTRIBUTES]);
            self.text_attributes(&link.attributes);
        }
        if !link.tracestate.is_empty() {
            self.to.bytes(&[key::LINK_TRACESTATE]);
            self.plain_string(&link.tracestate);
        }
        if let Some(flags) = link.flags {
            self.to.named(&[key::LINK_FLAGS, 0xce], &(flags | FLAGS_ARE_SET).to_be_bytes());
        }
    }

    fn event(&mut self, event: &SpanEvent) {
        self.to.bytes(&[0x82 + u8::from(!event.attributes.is_empty()), key::EVENT_TIME, 0xcf]);
        self.to.bytes(&event.time_unix_nano.to_be_bytes());
        self.to.bytes(&[key::EVENT_NAME]);
        self.plain_string(&event.name);
        if event.attributes.is_empty() {
            return;
        }
        self.to.bytes(&[key::EVENT_ATTRIBUTES]);
        self.array_header(3 * event.attributes.len());
        for (key, value) in &event.attributes {
            self.plain_string(key);
            self.value(value);
        }
    }

    /// A value behind its type.
    fn value(&mut self, value: &AttributeValue) {
        match value {
            AttributeValue::String(value) => {
                self.to.bytes(&[kind::TEXT]);
                self.plain_string(value);
            }
            AttributeValue::Bool(value) => {
                self.to.bytes(&[kind::BOOL, if *value { 0xc3 } else { 0xc2 }]);
            }
            AttributeValue::Int(value) => {
                self.to.named(&[kind::INT, 0xd3], &value.to_be_bytes());
            }
            AttributeValue::Double(value) => {
                self.to.named(&[kind::FLOAT, 0xcb], &value.to_be_bytes());
            }
            AttributeValue::Array(values) => {
                self.to.bytes(&[kind::ARRAY]);
                self.array_header(2 * values.len());
                values.iter().for_each(|value| self.value(value));
            }
        }
    }
}
