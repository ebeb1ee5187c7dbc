//! Setting and reading tags of a live span, with the keys that mean more than a tag.

use super::body::{MAX_TAGS, SpanBody, SpanFull};
use super::status::{SpanKind, SpanStatus};
use crate::context::TraceState;
use crate::export::Snapshot;
use crate::record::msgpack::{encode_f64, encode_i64};
use crate::record::{Field, Number, clean, flag};

/// A tag's value as the caller gave it; lists and maps are flattened before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TagValue<'a> {
    /// Text.
    Text(&'a [u8]),
    /// A number.
    Float(f64),
    /// An integer.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// Removes the tag.
    Null,
}

/// Why a tag was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagError {
    /// The span has as many tags, or bytes, as it may have.
    Full,
    /// The value cannot be a tag: not a finite number.
    NotFinite,
}

/// Keys with an effect of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialKey {
    /// Keep the trace.
    ManualKeep,
    /// Drop the trace.
    ManualDrop,
    /// The service.
    ServiceName,
    /// The resource.
    ResourceName,
    /// The type.
    SpanType,
    /// Always a string.
    HttpStatusCode,
    /// Copied to `version`.
    ServiceVersion,
    /// A number, 1 or 0.
    Measured,
    /// A number if it looks like one.
    DestinationPort,
    /// The name; of the OpenTelemetry API.
    OperationName,
    /// The rate of App Analytics; of the OpenTelemetry API.
    AnalyticsEvent,
    /// Another name of the HTTP status; of the OpenTelemetry API.
    HttpResponseStatusCode,
}

impl SpecialKey {
    /// Whether a key is special for a span of these flags; most are told apart by length and first letter.
    #[inline(always)]
    pub fn of(key: &[u8], flags: u32) -> Option<Self> {
        if flags & flag::OTEL != 0 {
            return Self::of_otel(key, flags);
        }
        Self::of_any(key)
    }

    #[inline(always)]
    fn of_any(key: &[u8]) -> Option<Self> {
        /// One bit per length that a special key has.
        const LENGTHS: u32 = (1 << 9) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 15) | (1 << 16) | (1 << 24);
        let len = key.len() as u32;
        if len > 24 || LENGTHS & (1 << len) == 0 {
            return None;
        }
        match key.first()? {
            b'm' | b's' | b'r' | b'h' | b'_' | b'n' => Self::look_up(key),
            _ => None,
        }
    }

    #[cold]
    fn of_otel(key: &[u8], flags: u32) -> Option<Self> {
        let is_pure = flags & flag::OTEL_SEMANTICS != 0;
        match key {
            b"manual.keep" | b"manual.drop" => Self::of_any(key),
            _ if is_pure => None,
            b"operation.name" => Some(Self::OperationName),
            b"analytics.event" => Some(Self::AnalyticsEvent),
            b"http.response.status_code" => Some(Self::HttpResponseStatusCode),
            _ => Self::of_any(key),
        }
    }

    #[inline(never)]
    fn look_up(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"manual.keep" => Self::ManualKeep,
            b"manual.drop" => Self::ManualDrop,
            b"service.name" => Self::ServiceName,
            b"resource.name" => Self::ResourceName,
            b"span.type" => Self::SpanType,
            b"http.status_code" => Self::HttpStatusCode,
            b"service.version" => Self::ServiceVersion,
            b"_dd.measured" => Self::Measured,
            b"network.destination.port" => Self::DestinationPort,
            _ => return None,
        })
    }
}

/// Beyond this, integers are not exact as float64, so they become text.
const MAX_EXACT: u64 = 1 << 53;

impl From<SpanFull> for TagError {
    fn from(_: SpanFull) -> Self {
        TagError::Full
    }
}

impl SpanBody {
    /// Sets a tag whose key is not special.
    #[inline(always)]
    pub fn set_plain_tag(&mut self, key: &[u8], value: TagValue<'_>) -> Result<(), TagError> {
        if key.is_empty() {
            return Ok(());
        }
        match value {
            TagValue::Text(text) => self.set_text(key, text),
            TagValue::Float(value) if !value.is_finite() => Err(TagError::NotFinite),
            TagValue::Float(value) => self.set_number(key, &encode_f64(value)),
            TagValue::Int(value) if value.unsigned_abs() <= MAX_EXACT => self.set_number(key, &encode_i64(value)),
            TagValue::Int(value) => self.set_text(key, value.to_string().as_bytes()),
            TagValue::Bool(value) => self.set_text(key, if value { b"true" } else { b"false" }),
            TagValue::Null => {
                self.runs_mut().remove(&clean(key));
                Ok(())
            }
        }
    }

    /// Sets a string tag.
    #[inline(always)]
    pub fn set_text(&mut self, key: &[u8], text: &[u8]) -> Result<(), TagError> {
        if self.head.text_count + self.head.number_count < MAX_TAGS && self.runs_mut().append_text(key, text) {
            return Ok(());
        }
        self.set_text_slowly(key, text)
    }

    #[inline(never)]
    fn set_text_slowly(&mut self, key: &[u8], text: &[u8]) -> Result<(), TagError> {
        self.check_count()?;
        let (key, text) = (clean(key), clean(text));
        Ok(self.change(|runs| runs.set_text(&key, &text))?)
    }

    #[inline(always)]
    fn set_number(&mut self, key: &[u8], number: &[u8; 9]) -> Result<(), TagError> {
        if self.head.text_count + self.head.number_count < MAX_TAGS && self.runs_mut().append_number(key, number) {
            return Ok(());
        }
        self.set_number_slowly(key, number)
    }

    #[inline(never)]
    fn set_number_slowly(&mut self, key: &[u8], number: &[u8; 9]) -> Result<(), TagError> {
        self.check_count()?;
        let key = clean(key);
        Ok(self.change(|runs| runs.set_number(&key, number))?)
    }

    fn check_count(&self) -> Result<(), TagError> {
        if self.head.text_count + self.head.number_count >= MAX_TAGS { Err(TagError::Full) } else { Ok(()) }
    }

    /// Sets a tag with a special key.
    #[cold]
    pub fn set_special_tag(
        &mut self,
        special: SpecialKey,
        key: &[u8],
        value: TagValue<'_>,
        snapshot: Option<&Snapshot>,
        state: &TraceState,
    ) -> Result<(), TagError> {
        let text = text_of(value);
        match special {
            SpecialKey::ManualKeep => state.override_priority(2),
            SpecialKey::ManualDrop => state.override_priority(-1),
            SpecialKey::ServiceName => self.set_service(snapshot, &text)?,
            SpecialKey::ResourceName => self.set_field(Field::Resource, &text)?,
            SpecialKey::SpanType => self.set_field(Field::Type, &text)?,
            SpecialKey::HttpStatusCode => self.set_http_status(value, &text)?,
            SpecialKey::HttpResponseStatusCode => self.set_http_status(value, &text)?,
            SpecialKey::OperationName => self.set_operation_name(value, &text)?,
            SpecialKey::AnalyticsEvent => self.set_analytics_event(value)?,
            SpecialKey::ServiceVersion => {
                self.set_plain_tag(key, value)?;
                self.set_plain_tag(b"version", value)?;
            }
            SpecialKey::Measured => self.set_plain_tag(key, TagValue::Int(i64::from(is_measured(value))))?,
            SpecialKey::DestinationPort => {
                let number = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse::<i64>().ok());
                self.set_plain_tag(key, number.map_or(value, TagValue::Int))?;
            }
        }
        Ok(())
    }

    fn set_http_status(&mut self, value: TagValue<'_>, text: &[u8]) -> Result<(), TagError> {
        let key = b"http.status_code";
        self.head.flags |= flag::HTTP_STATUS;
        if value == TagValue::Null { self.set_plain_tag(key, value) } else { self.set_text(key, text) }
    }

    /// Removes a tag, also one that the library adds. `false`: there was none.
    #[cold]
    pub fn unset_tag(&mut self, key: &[u8], snapshot: &Snapshot) -> Result<bool, TagError> {
        if snapshot.library.of_span(&self.head).any(|entry| entry.key() == key) {
            self.copy_library_tags(snapshot)?;
        }
        Ok(self.runs_mut().remove(key))
    }

    /// From here on the span has the library's tags as its own.
    fn copy_library_tags(&mut self, snapshot: &Snapshot) -> Result<(), TagError> {
        let head = self.head;
        for entry in snapshot.library.of_span(&head) {
            if entry.is_absent(&self.head, &self.runs()) {
                self.set_text(entry.key(), entry.value_text().unwrap_or_default().as_bytes())?;
            }
        }
        self.head.set_flag(flag::LIBRARY_TAGS_COPIED, true);
        Ok(())
    }

    /// A string tag, the span's own or one that the library adds. Numbers are not texts.
    pub fn text<'a>(&'a self, key: &[u8], snapshot: Option<&'a Snapshot>) -> Option<&'a [u8]> {
        let own = self.runs().text(&self.head, key);
        own.or_else(|| snapshot?.library.text_of_span(&self.head, key).map(str::as_bytes))
    }

    /// A numeric tag.
    pub fn number(&self, key: &[u8]) -> Option<Number> {
        self.runs().number(&self.head, key)
    }

    /// The span's kind.
    pub fn kind(&self) -> SpanKind {
        self.text(b"span.kind", None).map_or(SpanKind::Unspecified, SpanKind::from_tag)
    }

    /// Sets the span's kind.
    pub fn set_kind(&mut self, kind: SpanKind) -> Result<(), TagError> {
        match kind.tag() {
            Some(tag) => self.set_text(b"span.kind", tag.as_bytes()),
            None => self.set_plain_tag(b"span.kind", TagValue::Null),
        }
    }

    /// Marks the span as failed or not; not failed has no message and no type.
    pub fn set_error(&mut self, error: bool) {
        self.head.set_flag(flag::ERROR, error);
        if !error {
            self.runs_mut().remove(b"error.message");
            self.runs_mut().remove(b"error.type");
        }
    }

    /// Sets what failed, each part where it is given, and marks the span as failed.
    pub fn set_exception(
        &mut self,
        error_type: Option<&[u8]>,
        message: Option<&[u8]>,
        stack: Option<&[u8]>,
    ) -> Result<(), TagError> {
        self.head.set_flag(flag::ERROR, true);
        for (key, text) in [("error.type", error_type), ("error.message", message), ("error.stack", stack)] {
            let Some(text) = text else { continue };
            self.set_text(key.as_bytes(), text)?;
        }
        Ok(())
    }

    /// The status.
    pub fn status(&self) -> SpanStatus {
        match (self.head.has(flag::STATUS_OK), self.head.has(flag::STATUS_ERROR)) {
            (true, _) => SpanStatus::Ok,
            (_, true) => SpanStatus::Error,
            _ => SpanStatus::Unset,
        }
    }

    /// Sets the status: OK is final, unset changes nothing, a description stays only with an error.
    pub fn set_status(&mut self, status: SpanStatus, description: &[u8]) -> Result<(), TagError> {
        match status {
            _ if self.status() == SpanStatus::Ok => Ok(()),
            SpanStatus::Unset => Ok(()),
            SpanStatus::Ok => {
                // Exceptions that the OpenTelemetry API recorded stay, as they are no errors of the span.
                let is_cleared = !self.head.has(flag::OTEL) || self.head.has(flag::STATUS_ERROR);
                self.head.set_flag(flag::STATUS_OK, true);
                self.head.set_flag(flag::STATUS_ERROR, false);
                match is_cleared {
                    true => self.set_error(false),
                    false => self.head.set_flag(flag::ERROR, false),
                }
                Ok(())
            }
            SpanStatus::Error => {
                self.head.set_flag(flag::STATUS_ERROR, true);
                let message = (!description.is_empty()).then_some(description);
                self.set_exception(None, message, None)
            }
        }
    }
}

fn text_of(value: TagValue<'_>) -> std::borrow::Cow<'_, [u8]> {
    match value {
        TagValue::Text(text) => text.into(),
        TagValue::Float(value) => value.to_string().into_bytes().into(),
        TagValue::Int(value) => value.to_string().into_bytes().into(),
        TagValue::Bool(value) => value.to_string().into_bytes().into(),
        TagValue::Null => (&[][..]).into(),
    }
}

/// No value means yes.
fn is_measured(value: TagValue<'_>) -> bool {
    match value {
        TagValue::Null => true,
        TagValue::Bool(value) => value,
        TagValue::Int(value) => value != 0,
        TagValue::Float(value) => value != 0.0,
        TagValue::Text(text) => !matches!(text, b"0" | b"false" | b"False"),
    }
}
