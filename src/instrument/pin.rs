//! Pins: what an integration is to say of one object of the program, a client of a database for instance. Bindings keep which object has which.

use crate::record::Number;
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Kind, SlotClass};

static CLASS: SlotClass = cold_class(Kind::Pin);

/// Never changes; whoever wants another one makes a copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pin {
    /// The service of the object's spans; empty: the usual one.
    pub service: String,
    /// Tags of the object's spans.
    pub tags: Vec<(String, PinValue)>,
}

/// The value of a pin's tag.
#[derive(Clone, Debug, PartialEq)]
pub enum PinValue {
    /// Text.
    Text(String),
    /// A number.
    Number(Number),
}

impl Cold for Pin {
    const KIND: Kind = Kind::Pin;
    const CLASS: &'static SlotClass = &CLASS;
}

impl Pin {
    /// A copy with other values where they are given.
    pub fn with(&self, service: Option<String>, tags: Option<Vec<(String, PinValue)>>) -> Self {
        Pin { service: service.unwrap_or_else(|| self.service.clone()), tags: tags.unwrap_or_else(|| self.tags.clone()) }
    }

    /// The value of a tag; of a key that was given twice, the last one.
    pub fn tag(&self, key: &str) -> Option<&PinValue> {
        self.tags.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_nothing_with_its_original() {
        let text = |text: &str| PinValue::Text(text.to_owned());
        let pin = Pin { service: "db".to_owned(), tags: vec![("a".to_owned(), text("1")), ("a".to_owned(), text("2"))] };
        assert_eq!(pin.tag("a"), Some(&text("2")));
        assert_eq!(pin.tag("b"), None);
        let copy = pin.with(Some("cache".to_owned()), None);
        assert_eq!((copy.service.as_str(), &copy.tags), ("cache", &pin.tags));
        let bare = pin.with(None, Some(Vec::new()));
        assert_eq!((bare.service.as_str(), bare.tags.len(), pin.tags.len()), ("db", 0, 2));
    }
}
