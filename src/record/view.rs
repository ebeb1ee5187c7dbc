//! Reading access to a span, live or finished, for whoever matches or counts spans.

/// What sampling rules and their like may ask a span. Keys of the library's own tags (`env`, `version`, global tags) are answered too.
pub trait SpanView {
    /// Operation name.
    fn name(&self) -> &str;
    /// Effective service.
    fn service(&self) -> &str;
    /// Resource; the name if none was set.
    fn resource(&self) -> &str;
    /// The span's id.
    fn span_id(&self) -> u64;
    /// A string tag.
    fn text(&self, key: &str) -> Option<&str>;
    /// A numeric tag.
    fn number(&self, key: &str) -> Option<f64>;
}
