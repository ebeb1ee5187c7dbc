//! What few spans have: links, events and structured tags.

use super::{SpanEvent, SpanLink};

/// The rarely used part of a span, on the heap.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// Links, one per linked span; pointers (zero ids) repeat.
    pub links: Vec<SpanLink>,
    /// Events in the order in which they were added.
    pub events: Vec<SpanEvent>,
    /// Structured tags: MessagePack documents.
    pub meta_struct: Vec<(String, Vec<u8>)>,
}

/// Links, events and structured tags of one span stop here.
pub const MAX_ENTRIES: usize = 4096;

impl Extra {
    /// Adds a link. One to a span that is linked already replaces the former. `false`: there are too many.
    pub fn add_link(&mut self, link: SpanLink) -> bool {
        let same = |old: &&mut SpanLink| link.span_id != 0 && old.span_id == link.span_id;
        if let Some(old) = self.links.iter_mut().find(same) {
            *old = link;
            return true;
        }
        if self.links.len() >= MAX_ENTRIES {
            return false;
        }
        self.links.push(link);
        true
    }

    /// Adds an event. `false`: there are too many.
    pub fn add_event(&mut self, event: SpanEvent) -> bool {
        if self.events.len() >= MAX_ENTRIES {
            return false;
        }
        self.events.push(event);
        true
    }

    /// Sets a structured tag. `false`: there are too many.
    pub fn set_meta_struct(&mut self, key: String, document: Vec<u8>) -> bool {
        if let Some(old) = self.meta_struct.iter_mut().find(|(k, _)| *k == key) {
            old.1 = document;
            return true;
        }
        if self.meta_struct.len() >= MAX_ENTRIES {
            return false;
        }
        self.meta_struct.push((key, document));
        true
    }
}
