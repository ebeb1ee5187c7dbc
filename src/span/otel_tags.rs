//! What the OpenTelemetry API says otherwise than ours: attributes that stand for something, and exceptions.

use super::body::{SpanBody, SpanFull};
use super::tags::{TagError, TagValue};
use crate::record::{AttributeValue, Field, SpanEvent, flag};

/// The numeric tag that `analytics.event` sets.
const ANALYTICS_RATE: &[u8] = b"_dd1.sr.eausr";

/// An attribute of the event `exception`, and the tag that shows the last one.
const EXCEPTION_TAGS: [(&str, &str); 3] =
    [("exception.type", "error.type"), ("exception.message", "error.message"), ("exception.stacktrace", "error.stack")];

impl SpanBody {
    /// Sets the operation name; that of a span of the OpenTelemetry API does not follow from its attributes from here on.
    pub fn set_name(&mut self, name: &[u8]) -> Result<(), SpanFull> {
        self.set_field(Field::Name, name)?;
        if self.head.has(flag::OTEL) {
            self.head.set_flag(flag::NAME_GIVEN, !name.is_empty());
        }
        Ok(())
    }

    pub(super) fn set_operation_name(&mut self, value: TagValue<'_>, text: &[u8]) -> Result<(), TagError> {
        Ok(self.set_name(if value == TagValue::Null { b"" } else { text })?)
    }

    /// The spellings of yes and no that the attribute has elsewhere; any other says nothing.
    pub(super) fn set_analytics_event(&mut self, value: TagValue<'_>) -> Result<(), TagError> {
        let rate = match value {
            TagValue::Bool(value) => i64::from(value),
            TagValue::Int(value @ (0 | 1)) => value,
            TagValue::Text(b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True") => 1,
            TagValue::Text(b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False") => 0,
            TagValue::Null => return self.set_plain_tag(ANALYTICS_RATE, TagValue::Null),
            _ => return Ok(()),
        };
        self.set_plain_tag(ANALYTICS_RATE, TagValue::Int(rate))
    }

    /// Adds what the OpenTelemetry API says of an exception that is recorded: whether it left the span's scope, in the event, and the three
    /// tags of the span, from what the event finally says. The span is not marked as failed. `language` names the error that has no type.
    pub fn note_exception(&mut self, event: &mut SpanEvent, language: &str) -> Result<(), TagError> {
        if !self.head.has(flag::OTEL) {
            return Ok(());
        }
        if !event.attributes.iter().any(|(key, _)| key == "exception.escaped") {
            event.attributes.push(("exception.escaped".to_owned(), AttributeValue::String("False".to_owned())));
        }
        if self.head.has(flag::OTEL_SEMANTICS) {
            return Ok(());
        }
        for (attribute, tag) in EXCEPTION_TAGS {
            let given = event.attributes.iter().find(|(key, _)| key == attribute).map(|(_, value)| text_of(value));
            let value = given.unwrap_or_else(|| if tag == "error.type" { base_exception(language) } else { "" }.into());
            self.set_text(tag.as_bytes(), value.as_bytes())?;
        }
        Ok(())
    }
}

fn text_of(value: &AttributeValue) -> String {
    match value {
        AttributeValue::String(value) => value.clone(),
        AttributeValue::Bool(value) => value.to_string(),
        AttributeValue::Int(value) => value.to_string(),
        AttributeValue::Double(value) => value.to_string(),
        AttributeValue::Array(values) => values.iter().map(text_of).collect::<Vec<_>>().join(","),
    }
}

/// What errors are called that have no name of their own.
fn base_exception(language: &str) -> &'static str {
    match language {
        "python" => "Exception",
        "ruby" => "StandardError",
        "nodejs" | "javascript" => "Error",
        "go" => "error",
        _ => "std::exception",
    }
}

#[cfg(test)]
#[path = "otel_tests.rs"]
mod tests;
