//! How OTLP writes in JSON what protobuf would write otherwise: ids in hexadecimal, integers of 64 bits as texts, bytes as base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde::ser::Serializer;
use std::fmt::{Display, Write};

/// An integer of 64 bits.
pub(super) fn as_text<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// Several of them.
pub(super) fn all_as_text<S: Serializer>(values: &[u64], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(u64::to_string))
}

/// An id.
pub(super) fn as_hex<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    let digits = bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // A `String` takes everything.
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    to.serialize_str(&digits)
}

/// Other bytes.
pub(super) fn as_base64<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&base64(bytes))
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Values that are not written.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An integer of 64 bits: a text, though some write a number.
pub(super) fn int_or_text<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum IntOrText {
        Int(i64),
        Text(String),
    }
    match IntOrText::deserialize(from)? {
        IntOrText::Int(value) => Ok(value),
        IntOrText::Text(text) => text.parse().map_err(D::Error::custom),
    }
}

/// A JSON document; `None` if it is none of this type.
pub(super) fn read_json<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}
