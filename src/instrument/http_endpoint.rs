//! `http.endpoint`: the path of a web request's URL, with words for kinds of parameters in place of the parameters.

use crate::config::ResourceRenaming;
use crate::record::{Field, LibraryTags, Number, RecordRef, flag};

/// Parts of a path that are kept.
const MOST_SEGMENTS: usize = 8;
/// Longer texts are parameters, whatever they contain.
const LONG: usize = 20;
const NOT_FOUND: i64 = 404;

/// Finds the endpoints of spans; keeps the memory for their text.
#[derive(Debug, Default)]
pub struct HttpEndpoint {
    text: Vec<u8>,
}

impl HttpEndpoint {
    /// The value of `http.endpoint` for a span that does not have it, if it is to get one.
    #[inline]
    pub fn of_span(&mut self, library: &LibraryTags, record: &RecordRef<'_>) -> Option<&[u8]> {
        if library.resource_renaming == ResourceRenaming::Off || !record.head.has(flag::TOP_LEVEL) {
            return None;
        }
        self.of_request(library.resource_renaming, record)
    }

    fn of_request(&mut self, renaming: ResourceRenaming, record: &RecordRef<'_>) -> Option<&[u8]> {
        if !matches!(record.field(Field::Type), b"web" | b"http" | b"serverless") {
            return None;
        }
        let url = record.text(b"http.url").filter(|url| !url.is_empty())?;
        let has_route = || record.text(b"http.route").is_some_and(|route| !route.is_empty());
        if is_not_found(record) || renaming == ResourceRenaming::WithoutRoute && has_route() {
            return None;
        }
        self.text.clear();
        simplify(path_of(url), &mut self.text);
        Some(&self.text)
    }
}

fn is_not_found(record: &RecordRef<'_>) -> bool {
    match record.number(b"http.status_code") {
        Some(Number::Int(status)) => status == NOT_FOUND,
        Some(Number::Float(status)) => status == NOT_FOUND as f64,
        None => record.text(b"http.status_code") == Some(b"404"),
    }
}

/// The path of a URL, with or without scheme and host.
fn path_of(url: &[u8]) -> &[u8] {
    let end = url.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(url.len());
    let url = url.get(..end).unwrap_or_default();
    let authority = url.windows(3).position(|piece| piece == b"://").map_or(0, |at| at + 3);
    let rest = url.get(authority..).unwrap_or_default();
    let path = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    rest.get(path..).unwrap_or_default()
}

/// Appends the path in its simple form.
fn simplify(path: &[u8], to: &mut Vec<u8>) {
    let segments = path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty());
    for segment in segments.take(MOST_SEGMENTS) {
        to.push(b'/');
        to.extend_from_slice(class_of(segment).map_or(segment, str::as_bytes));
    }
    if to.is_empty() {
        to.push(b'/');
    }
}

/// The word for the kind of parameter that a part of a path is; `None`: it is none.
fn class_of(segment: &[u8]) -> Option<&'static str> {
    let is_mark = |byte: &u8| matches!(byte, b'.' | b'_' | b'-');
    let all = |is_in: &dyn Fn(&u8) -> bool| segment.iter().all(is_in);
    let len = segment.len();
    let has_digit = segment.iter().any(u8::is_ascii_digit);
    let is_integer = all(&u8::is_ascii_digit) && segment.first() != Some(&b'0');
    if has_digit && len >= 2 && is_integer {
        Some("{param:int}")
    } else if has_digit && len >= 3 && all(&|byte| byte.is_ascii_digit() || is_mark(byte)) {
        Some("{param:int_id}")
    } else if has_digit && len >= 6 && all(&u8::is_ascii_hexdigit) {
        Some("{param:hex}")
    } else if has_digit && len >= 6 && all(&|byte| byte.is_ascii_hexdigit() || is_mark(byte)) {
        Some("{param:hex_id}")
    } else if segment.iter().any(|byte| b"%&'()*+,:=@".contains(byte)) || characters(segment) >= LONG {
        Some("{param:str}")
    } else {
        None
    }
}

fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| *byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
#[path = "http_endpoint_tests.rs"]
mod tests;
