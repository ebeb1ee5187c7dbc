//! What goes along with events.

use std::borrow::Cow;
use std::fmt;

/// An argument of an event, or the answer of a listener.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A handle of this library, as a number; borrowed for the time of the call.
    Handle(usize),
    /// A pointer of the program, as a number.
    Pointer(usize),
}

impl Value<'_> {
    /// The same, owning its text.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Int(value) => Value::Int(value),
            Value::Float(value) => Value::Float(value),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Handle(handle) => Value::Handle(handle),
            Value::Pointer(pointer) => Value::Pointer(pointer),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}

/// Why a listener failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubError(pub String);

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HubError {}
