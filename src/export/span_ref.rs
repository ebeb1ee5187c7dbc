//! A span as sampling rules see it: its record, then the tags that the library adds.

use super::snapshot::Snapshot;
use crate::record::{Field, Head, Number, RecordRef, RunsRef, SpanView};

/// A live or finished span together with the settings that complete it.
pub struct SpanRef<'a> {
    /// The span's head.
    pub head: &'a Head,
    /// The span's runs.
    pub runs: RunsRef<'a>,
    /// The settings.
    pub snapshot: &'a Snapshot,
}

impl<'a> SpanRef<'a> {
    /// A finished span.
    pub fn of_record(record: &RecordRef<'a>, snapshot: &'a Snapshot) -> Self {
        SpanRef { head: record.head, runs: record.runs, snapshot }
    }

    fn field(&self, field: Field) -> &'a str {
        std::str::from_utf8(self.runs.field(self.head, field)).unwrap_or_default()
    }
}

impl SpanView for SpanRef<'_> {
    fn name(&self) -> &str {
        self.field(Field::Name)
    }

    fn service(&self) -> &str {
        let own = self.field(Field::Service);
        if own.is_empty() { &self.snapshot.library.service } else { own }
    }

    fn resource(&self) -> &str {
        let own = self.field(Field::Resource);
        if own.is_empty() { self.name() } else { own }
    }

    fn span_id(&self) -> u64 {
        self.head.span_id
    }

    fn text(&self, key: &str) -> Option<&str> {
        let own = self.runs.text(self.head, key.as_bytes()).and_then(|text| std::str::from_utf8(text).ok());
        own.or_else(|| self.snapshot.library.text_of_span(self.head, key.as_bytes()))
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.runs.number(self.head, key.as_bytes()).map(|number| match number {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        })
    }
}
