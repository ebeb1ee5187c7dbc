//! Tags on their way in: arrays of `ddtrace_tag` and packed buffers, lists and maps flattened to one tag per leaf.

use super::outcome::of_tag;
use super::status::*;
use super::text;
use super::types::*;
use crate::record::AttributeValue;
use crate::span::{TagSink, TagValue};

/// Lists in lists go this deep; what is deeper is left out.
const MAX_DEPTH: usize = 16;

/// So many items are looked at in one list and all lists in it, as many as a span may have tags. Lists that contain the same list again and
/// again, or themselves, would have no end without it.
const MAX_ITEMS: usize = 10_000;

/// The same for a list among the attributes of a link, whose texts are not counted as those of tags are.
const MAX_ATTRIBUTE_ITEMS: usize = 1_000;

/// Sets every tag of an array. The first error is the answer; the tags behind it are set all the same.
///
/// # Safety
/// The tags and what they point to are readable.
pub unsafe fn set_tags(sink: &mut TagSink<'_>, tags: &[ddtrace_tag]) -> Result<(), ddtrace_status> {
    let mut outcome = Ok(());
    for tag in tags {
        // SAFETY: passed on.
        let set = unsafe { set_tag(sink, tag) };
        outcome = outcome.and(set);
    }
    outcome
}

/// # Safety
/// The tag and what it points to are readable.
#[inline]
unsafe fn set_tag(sink: &mut TagSink<'_>, tag: &ddtrace_tag) -> Result<(), ddtrace_status> {
    // SAFETY: passed on; the kind says which member of the union was written.
    unsafe {
        let key = text::raw_str(tag.key)?;
        // Most tags are strings.
        if tag.kind == DDTRACE_TAG_STRING {
            return sink.set(key, TagValue::Text(text::raw_str(tag.value.string)?)).map_err(of_tag);
        }
        match scalar(tag)? {
            Some(value) => sink.set(key, value).map_err(of_tag),
            None => {
                let mut path = String::from_utf8_lossy(key).into_owned();
                set_list(sink, &mut path, tag)
            }
        }
    }
}

/// The value of a tag that is not a list.
///
/// # Safety
/// The tag and what it points to are readable.
#[inline]
pub(super) unsafe fn scalar<'a>(tag: &ddtrace_tag) -> Result<Option<TagValue<'a>>, ddtrace_status> {
    // SAFETY: the kind says which member of the union was written.
    unsafe {
        Ok(Some(match tag.kind {
            DDTRACE_TAG_STRING | DDTRACE_TAG_BYTES => TagValue::Text(text::raw_str(tag.value.string)?),
            DDTRACE_TAG_F64 => TagValue::Float(tag.value.f64),
            DDTRACE_TAG_I64 => TagValue::Int(tag.value.i64),
            DDTRACE_TAG_BOOL => TagValue::Bool(tag.value.i64 != 0),
            DDTRACE_TAG_NULL => TagValue::Null,
            DDTRACE_TAG_ARRAY | DDTRACE_TAG_MAP => return Ok(None),
            _ => return Err(DDTRACE_ERR_INVALID),
        }))
    }
}

/// # Safety
/// The list and what it points to are readable.
unsafe fn set_list(sink: &mut TagSink<'_>, path: &mut String, list: &ddtrace_tag) -> Result<(), ddtrace_status> {
    let mut set = |path: &str, value: TagValue<'_>| sink.set(path.as_bytes(), value).map_err(of_tag);
    // SAFETY: the kind says that the member `list` was written; passed on.
    unsafe { Leaves { left: MAX_ITEMS, use_it: &mut set }.visit(list, path, 1) }
}

/// A walk through a list or map: `use_it` is called with every leaf, `key.0`, `key.sub`; an empty list is an empty text.
struct Leaves<'a> {
    /// Items that may still be looked at.
    left: usize,
    use_it: &'a mut dyn FnMut(&str, TagValue<'_>) -> Result<(), ddtrace_status>,
}

impl Leaves<'_> {
    /// The first error is the answer; a limit that is reached ends the walk.
    ///
    /// # Safety
    /// The list and what it points to are readable.
    unsafe fn visit(&mut self, list: &ddtrace_tag, path: &mut String, depth: usize) -> Result<(), ddtrace_status> {
        // SAFETY: passed on.
        let items = unsafe { text::array(list.value.list.ptr, list.value.list.len) }?;
        if items.is_empty() {
            return (self.use_it)(path, TagValue::Text(b""));
        }
        if depth > MAX_DEPTH {
            return Err(DDTRACE_ERR_LIMIT);
        }
        let len = path.len();
        let mut outcome = Ok(());
        for (index, item) in items.iter().enumerate() {
            self.left = self.left.checked_sub(1).ok_or(DDTRACE_ERR_LIMIT)?;
            path.push('.');
            if list.kind == DDTRACE_TAG_ARRAY {
                path.push_str(&index.to_string());
            } else {
                // SAFETY: passed on.
                path.push_str(&String::from_utf8_lossy(unsafe { text::raw_str(item.key) }?));
            }
            // SAFETY: passed on.
            let visited = match unsafe { scalar(item) } {
                Ok(Some(value)) => (self.use_it)(path, value),
                // SAFETY: passed on.
                Ok(None) => unsafe { self.visit(item, path, depth + 1) },
                Err(status) => Err(status),
            };
            path.truncate(len);
            if visited == Err(DDTRACE_ERR_LIMIT) {
                return visited;
            }
            outcome = outcome.and(visited);
        }
        outcome
    }
}

/// Sets every tag of a packed buffer: records of kind (1 byte), key length and value length (4 bytes each, little endian), key, value.
/// Numbers have 8 bytes, little endian; a truth value has 1.
pub fn set_packed_tags(sink: &mut TagSink<'_>, packed: &[u8]) -> Result<(), ddtrace_status> {
    let mut rest = packed;
    let mut outcome = Ok(());
    while !rest.is_empty() {
        let (key, value, tail) = split_packed(rest).ok_or(DDTRACE_ERR_INVALID)?;
        outcome = outcome.and(sink.set(key, value).map_err(of_tag));
        rest = tail;
    }
    outcome
}

#[inline]
fn split_packed(packed: &[u8]) -> Option<(&[u8], TagValue<'_>, &[u8])> {
    let (kind, rest) = packed.split_first()?;
    let (key_len, rest) = rest.split_first_chunk::<4>()?;
    let (value_len, rest) = rest.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key_len) as usize)?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*value_len) as usize)?;
    let value = match i32::from(*kind) {
        DDTRACE_TAG_STRING | DDTRACE_TAG_BYTES => TagValue::Text(value),
        DDTRACE_TAG_F64 => TagValue::Float(f64::from_le_bytes(value.try_into().ok()?)),
        DDTRACE_TAG_I64 => TagValue::Int(i64::from_le_bytes(value.try_into().ok()?)),
        DDTRACE_TAG_BOOL => TagValue::Bool(*value.first()? != 0),
        DDTRACE_TAG_NULL => TagValue::Null,
        _ => return None,
    };
    Some((key, value, rest))
}

/// Attributes of a link: all values as text, lists flattened.
///
/// # Safety
/// The tags and what they point to are readable.
pub unsafe fn link_attributes(tags: &[ddtrace_tag]) -> Result<Vec<(String, String)>, ddtrace_status> {
    let mut attributes = Vec::new();
    for tag in tags {
        // SAFETY: passed on.
        unsafe {
            let mut path = clean_text(text::raw_str(tag.key)?);
            if path.is_empty() {
                continue;
            }
            let mut add = |path: &str, value: TagValue<'_>| {
                attributes.extend(value_text(value).map(|value| (path.to_owned(), value)));
                Ok(())
            };
            match scalar(tag)? {
                Some(value) => add(&path, value)?,
                None => Leaves { left: MAX_ATTRIBUTE_ITEMS, use_it: &mut add }.visit(tag, &mut path, 1)?,
            }
        }
    }
    Ok(attributes)
}

/// Attributes of an event: scalars, and lists of scalars of one type; anything else is left out with a warning.
///
/// # Safety
/// The tags and what they point to are readable.
pub unsafe fn event_attributes(tags: &[ddtrace_tag]) -> Result<Vec<(String, AttributeValue)>, ddtrace_status> {
    let mut attributes: Vec<(String, AttributeValue)> = Vec::new();
    for tag in tags {
        // SAFETY: passed on.
        let (key, value) = unsafe { (clean_text(text::raw_str(tag.key)?), event_value(tag)?) };
        match value {
            _ if key.is_empty() => {}
            Some(value) => {
                attributes.retain(|(old, _)| *old != key);
                attributes.push((key, value));
            }
            None => crate::log::log_warn!(
                "the event attribute {key:?} is left out: it is neither a scalar nor a list of scalars of one type"
            ),
        }
    }
    Ok(attributes)
}

/// # Safety
/// The tag and what it points to are readable.
unsafe fn event_value(tag: &ddtrace_tag) -> Result<Option<AttributeValue>, ddtrace_status> {
    // SAFETY: passed on.
    unsafe {
        if let Some(value) = scalar(tag)? {
            return Ok(event_scalar(value));
        }
        if tag.kind != DDTRACE_TAG_ARRAY {
            return Ok(None);
        }
        let mut values = Vec::new();
        for item in text::array(tag.value.list.ptr, tag.value.list.len)? {
            let Some(value) = scalar(item)?.and_then(event_scalar) else { return Ok(None) };
            values.push(value);
        }
        let is_of_one_type = values.windows(2).all(|pair| match pair {
            [a, b] => std::mem::discriminant(a) == std::mem::discriminant(b),
            _ => true,
        });
        Ok(is_of_one_type.then_some(AttributeValue::Array(values)))
    }
}

fn event_scalar(value: TagValue<'_>) -> Option<AttributeValue> {
    Some(match value {
        TagValue::Text(text) => AttributeValue::String(clean_text(text)),
        TagValue::Float(value) if value.is_finite() => AttributeValue::Double(value),
        TagValue::Int(value) => AttributeValue::Int(value),
        TagValue::Bool(value) => AttributeValue::Bool(value),
        TagValue::Float(_) | TagValue::Null => return None,
    })
}

fn value_text(value: TagValue<'_>) -> Option<String> {
    Some(match value {
        TagValue::Text(text) => clean_text(text),
        TagValue::Float(value) => value.to_string(),
        TagValue::Int(value) => value.to_string(),
        TagValue::Bool(value) => value.to_string(),
        TagValue::Null => return None,
    })
}

/// Text within the limit of tags.
pub fn clean_text(text: &[u8]) -> String {
    String::from_utf8_lossy(&crate::record::clean(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(records: &[(u8, &str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, key, value) in records {
            bytes.push(*kind);
            bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(value);
        }
        bytes
    }

    fn list(kind: i32, items: &[ddtrace_tag]) -> ddtrace_tag {
        let value = ddtrace_tag_value { list: ddtrace_tag_list { ptr: items.as_ptr(), len: items.len() } };
        ddtrace_tag { key: ddtrace_str::new("k"), kind, reserved: 0, value }
    }

    #[test]
    fn a_list_has_an_end_whatever_is_in_it() {
        let unknown = ddtrace_tag { kind: -1, ..list(DDTRACE_TAG_NULL, &[]) };
        let null = ddtrace_tag { kind: DDTRACE_TAG_NULL, ..unknown };
        for leaf in [unknown, null] {
            // Eight levels of ten items each, a hundred million leaves in a kilobyte.
            let mut levels = vec![vec![leaf; 10]];
            for _ in 0..7 {
                let below = list(DDTRACE_TAG_ARRAY, levels.last().unwrap());
                levels.push(vec![below; 10]);
            }
            let mut seen = 0;
            let mut count = |_: &str, _: TagValue<'_>| {
                seen += 1;
                Ok(())
            };
            let bomb = list(DDTRACE_TAG_ARRAY, levels.last().unwrap());
            // SAFETY: the levels are alive.
            let outcome = unsafe { Leaves { left: MAX_ITEMS, use_it: &mut count }.visit(&bomb, &mut String::new(), 1) };
            assert_eq!(outcome, Err(DDTRACE_ERR_LIMIT));
            assert!(seen <= MAX_ITEMS, "{seen}");
        }
    }

    #[test]
    fn a_leaf_that_is_wrong_does_not_end_the_walk() {
        let wrong = ddtrace_tag { kind: -1, ..list(DDTRACE_TAG_NULL, &[]) };
        let right = ddtrace_tag { kind: DDTRACE_TAG_NULL, ..wrong };
        let items = [right, wrong, right];
        let mut paths = Vec::new();
        let mut note = |path: &str, _: TagValue<'_>| {
            paths.push(path.to_owned());
            Ok(())
        };
        let map = list(DDTRACE_TAG_ARRAY, &items);
        // SAFETY: the items are alive.
        let outcome = unsafe { Leaves { left: MAX_ITEMS, use_it: &mut note }.visit(&map, &mut String::from("key"), 1) };
        assert_eq!(outcome, Err(DDTRACE_ERR_INVALID));
        assert_eq!(paths, ["key.0", "key.2"]);
    }

    #[test]
    fn packed_records_are_read_back() {
        let bytes =
            packed(&[(0, "a", b"text"), (1, "f", &1.5f64.to_le_bytes()), (2, "i", &(-7i64).to_le_bytes()), (3, "b", &[1])]);
        let mut rest = bytes.as_slice();
        let mut seen = Vec::new();
        while let Some((key, value, tail)) = split_packed(rest) {
            seen.push((key.to_vec(), format!("{value:?}")));
            rest = tail;
        }
        assert!(rest.is_empty());
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[1].1, "Float(1.5)");
        assert_eq!(seen[2].1, "Int(-7)");
    }

    #[test]
    fn truncated_packed_records_are_refused_at_every_length() {
        let bytes = packed(&[(1, "f", &1.5f64.to_le_bytes())]);
        for len in 1..bytes.len() {
            assert!(split_packed(&bytes[..len]).is_none(), "{len}");
        }
        assert!(split_packed(&packed(&[(1, "f", b"123")])).is_none());
        assert!(split_packed(&packed(&[(9, "f", b"123")])).is_none());
    }
}
