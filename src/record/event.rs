//! Span events: named points in time inside a span.

/// One event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanEvent {
    /// What happened.
    pub name: String,
    /// Unix time in nanoseconds.
    pub time_unix_nano: u64,
    /// Attributes, in the order in which they were given.
    pub attributes: Vec<(String, AttributeValue)>,
}

/// The value of an event's attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// Text.
    String(String),
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite number.
    Double(f64),
    /// Scalars of one type.
    Array(Vec<AttributeValue>),
}
