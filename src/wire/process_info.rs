//! What a process writes for the agent to find it: one map of MessagePack.

use super::buffer::map_header;
use crate::record::msgpack::append_str;

/// The version of the map's layout.
const SCHEMA_VERSION: u8 = 2;

/// The map: its version and the texts that are not empty.
pub fn process_info(texts: &[(&str, &str)]) -> Vec<u8> {
    let given = || texts.iter().filter(|(_, value)| !value.is_empty());
    let mut map = Vec::new();
    map_header(&mut map, given().count() + 1);
    append_str(&mut map, b"schema_version");
    map.push(SCHEMA_VERSION);
    for (key, value) in given() {
        append_str(&mut map, key.as_bytes());
        append_str(&mut map, value.as_bytes());
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_empty_are_left_out() {
        let map = rmpv::decode::read_value(&mut process_info(&[("hostname", "h"), ("service_env", "")]).as_slice()).unwrap();
        let expected = vec![("schema_version".into(), 2.into()), ("hostname".into(), "h".into())];
        assert_eq!(map, rmpv::Value::Map(expected));
    }
}
