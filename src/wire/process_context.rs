//! The message in which a process tells profilers outside of it who it is (OpenTelemetry process context).

use super::otlp::messages::{AnyValue, ArrayValue, KeyValue, Resource, Value};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct ProcessContext {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    extra_attributes: Vec<KeyValue>,
}

/// The message: attributes of the resource, further ones, and a further one that is a list. Empty texts are left out.
pub fn process_context(resource: &[(&str, &str)], extra: &[(&str, &str)], list: (&str, &[&str])) -> Vec<u8> {
    let texts = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        pairs.map(|(key, value)| attribute(key, text(value))).collect::<Vec<_>>()
    };
    let mut extra_attributes = texts(extra);
    let values = list.1.iter().map(|value| AnyValue { value: Some(text(value)) }).collect();
    extra_attributes.push(attribute(list.0, Value::Array(ArrayValue { values })));
    let resource = Resource { attributes: texts(resource), dropped_attributes_count: 0 };
    ProcessContext { resource: Some(resource), extra_attributes }.encode_to_vec()
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_who_the_process_is() {
        let bytes = process_context(&[("service.name", "shop"), ("host.name", "")], &[("a", "b")], ("keys", &["x"]));
        let read = ProcessContext::decode(bytes.as_slice()).unwrap();
        assert_eq!(read.resource.unwrap().attributes, [attribute("service.name", text("shop"))]);
        let list = Value::Array(ArrayValue { values: vec![AnyValue { value: Some(text("x")) }] });
        assert_eq!(read.extra_attributes, [attribute("a", text("b")), attribute("keys", list)]);
    }
}
