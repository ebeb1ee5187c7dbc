//! Finished records for the tests.

use crate::record::msgpack::{encode_f64, encode_i64};
use crate::record::{Extra, Field, Head, RecordRef, Runs, append_record, drop_records};

/// A record that is being made.
pub(crate) struct RecordBuilder {
    head: Head,
    buffer: Vec<u8>,
    extra: Extra,
}

/// A finished record.
pub(crate) struct BuiltRecord(Vec<u8>);

impl RecordBuilder {
    /// A span `op` with id 2, without anything else.
    pub(crate) fn new() -> Self {
        let head = Head { span_id: 2, ..Head::EMPTY };
        RecordBuilder { head, buffer: vec![0; 512 * 1024], extra: Extra::default() }.field(Field::Name, "op")
    }

    pub(crate) fn head(mut self, change: impl FnOnce(&mut Head)) -> Self {
        change(&mut self.head);
        self
    }

    pub(crate) fn flags(self, flags: u32) -> Self {
        self.head(|head| head.flags |= flags)
    }

    pub(crate) fn field(mut self, field: Field, text: &str) -> Self {
        self.runs().set_field(field, text.as_bytes()).unwrap();
        self
    }

    pub(crate) fn text(mut self, key: &str, value: &str) -> Self {
        self.runs().set_text(key.as_bytes(), value.as_bytes()).unwrap();
        self
    }

    pub(crate) fn int(mut self, key: &str, value: i64) -> Self {
        self.runs().set_number(key.as_bytes(), &encode_i64(value)).unwrap();
        self
    }

    pub(crate) fn float(mut self, key: &str, value: f64) -> Self {
        self.runs().set_number(key.as_bytes(), &encode_f64(value)).unwrap();
        self
    }

    pub(crate) fn extra(mut self, change: impl FnOnce(&mut Extra)) -> Self {
        change(&mut self.extra);
        self
    }

    pub(crate) fn build(mut self) -> BuiltRecord {
        self.head.extra = Box::into_raw(Box::new(std::mem::take(&mut self.extra)));
        let mut bytes = Vec::new();
        let head = self.head;
        append_record(&mut bytes, &head, self.runs().as_ref());
        BuiltRecord(bytes)
    }

    fn runs(&mut self) -> Runs<'_> {
        Runs { head: &mut self.head, buffer: &mut self.buffer }
    }
}

impl BuiltRecord {
    pub(crate) fn get(&self) -> RecordRef<'_> {
        RecordRef::split(&self.0).unwrap().0
    }
}

impl Drop for BuiltRecord {
    fn drop(&mut self) {
        drop_records(&mut self.0);
    }
}
