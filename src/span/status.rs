//! Kind and status of a span, by the words of OpenTelemetry. The numbers are those of the C API.

/// What role a span plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Not said; reads as internal.
    Unspecified = 0,
    /// Inside of a service.
    Internal = 1,
    /// Serves a request.
    Server = 2,
    /// Makes a request.
    Client = 3,
    /// Sends a message.
    Producer = 4,
    /// Receives a message.
    Consumer = 5,
}

impl SpanKind {
    /// The kind of a number.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::Unspecified, Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| *kind as i32 == number)
    }

    /// The kind of a tag's value; unknown ones read as internal.
    pub fn from_tag(value: &[u8]) -> Self {
        [Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| kind.tag().is_some_and(|tag| value.eq_ignore_ascii_case(tag.as_bytes())))
            .unwrap_or(Self::Internal)
    }

    /// The value of the tag `span.kind`; internal spans have none.
    pub fn tag(self) -> Option<&'static str> {
        match self {
            Self::Unspecified | Self::Internal => None,
            Self::Server => Some("server"),
            Self::Client => Some("client"),
            Self::Producer => Some("producer"),
            Self::Consumer => Some("consumer"),
        }
    }
}

/// How a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanStatus {
    /// Not said.
    Unset = 0,
    /// Well, and that is final.
    Ok = 1,
    /// Badly.
    Error = 2,
}

impl SpanStatus {
    /// The status of a number.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::Unset, Self::Ok, Self::Error].into_iter().find(|status| *status as i32 == number)
    }
}
