//! A span for the tests of this module.

use crate::record::SpanView;

/// A span that is what its fields say.
#[derive(Clone, Debug, Default)]
pub(super) struct TestSpan {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) resource: String,
    pub(super) span_id: u64,
    pub(super) meta: Vec<(String, String)>,
    pub(super) metrics: Vec<(String, f64)>,
}

impl TestSpan {
    pub(super) fn new(service: &str, name: &str) -> Self {
        TestSpan { service: service.into(), name: name.into(), resource: name.into(), ..TestSpan::default() }
    }

    pub(super) fn id(mut self, span_id: u64) -> Self {
        self.span_id = span_id;
        self
    }

    pub(super) fn resource(mut self, resource: &str) -> Self {
        self.resource = resource.into();
        self
    }

    pub(super) fn tag(mut self, key: &str, value: &str) -> Self {
        self.meta.push((key.into(), value.into()));
        self
    }

    pub(super) fn metric(mut self, key: &str, value: f64) -> Self {
        self.metrics.push((key.into(), value));
        self
    }
}

impl SpanView for TestSpan {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &str {
        &self.service
    }

    fn resource(&self) -> &str {
        &self.resource
    }

    fn span_id(&self) -> u64 {
        self.span_id
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.meta.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.metrics.iter().find(|(k, _)| k == key).map(|(_, value)| *value)
    }
}
