//! The headers of all styles: one table of names, recognition, and the values that one carrier holds.
//!
//! Names compare without regard to case and are also known in CGI form (`HTTP_X_DATADOG_TRACE_ID`). Values lose blanks and
//! tabs at their ends. Of a repeated header the first value counts, but `tracestate` and `baggage` are joined, and a
//! repeated `traceparent` spoils both. Limit: 64 KiB per joined or looked-up header.

use super::report::StyleSet;
use crate::config::PropagationStyle;

/// The headers, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    TraceId,
    ParentId,
    SamplingPriority,
    Origin,
    Tags,
    TraceParent,
    TraceState,
    B3TraceId,
    B3SpanId,
    B3Sampled,
    B3Flags,
    B3,
    Baggage,
}

/// What is known of each header.
struct Spec {
    header: Header,
    name: &'static str,
    style: PropagationStyle,
    repeated: Repeated,
}

/// What becomes of a header that is there more than once.
#[derive(Clone, Copy)]
enum Repeated {
    First,
    Joined,
    Spoiled,
}

static TABLE: [Spec; HEADERS] = {
    use Header::*;
    use PropagationStyle as Style;
    const fn spec(header: Header, name: &'static str, style: Style, repeated: Repeated) -> Spec {
        Spec { header, name, style, repeated }
    }
    [
        spec(TraceId, "x-datadog-trace-id", Style::Datadog, Repeated::First),
        spec(ParentId, "x-datadog-parent-id", Style::Datadog, Repeated::First),
        spec(SamplingPriority, "x-datadog-sampling-priority", Style::Datadog, Repeated::First),
        spec(Origin, "x-datadog-origin", Style::Datadog, Repeated::First),
        spec(Tags, "x-datadog-tags", Style::Datadog, Repeated::First),
        spec(TraceParent, "traceparent", Style::TraceContext, Repeated::Spoiled),
        spec(TraceState, "tracestate", Style::TraceContext, Repeated::Joined),
        spec(B3TraceId, "x-b3-traceid", Style::B3Multi, Repeated::First),
        spec(B3SpanId, "x-b3-spanid", Style::B3Multi, Repeated::First),
        spec(B3Sampled, "x-b3-sampled", Style::B3Multi, Repeated::First),
        spec(B3Flags, "x-b3-flags", Style::B3Multi, Repeated::First),
        spec(B3, "b3", Style::B3, Repeated::First),
        spec(Baggage, "baggage", Style::Baggage, Repeated::Joined),
    ]
};

/// Prefix of the legacy headers with one baggage item each.
pub(super) const OT_BAGGAGE_PREFIX: &str = "ot-baggage-";

const HEADERS: usize = 13;
/// By length: whether one of our names has it.
static LENGTHS: [bool; 28] = {
    let (mut lengths, mut index) = ([false; 28], 0);
    while index < HEADERS {
        lengths[TABLE[index].name.len()] = true;
        index += 1;
    }
    lengths
};
const CGI_PREFIX: &[u8] = b"HTTP_";
const MAX_JOINED: usize = 64 * 1024;

impl Header {
    /// The name, as it is written.
    pub(super) fn name(self) -> &'static str {
        self.spec().name
    }

    /// Which header `name` is, if it is one. Most headers of a request are none of ours, and their length or first letter tells it at
    /// once.
    #[inline]
    pub(super) fn recognize(name: &[u8]) -> Option<Header> {
        Header::recognize_lowercase(name).or_else(|| Header::recognize_other_form(name))
    }

    /// With the length known, equality takes two or three instructions.
    #[inline(always)]
    fn recognize_lowercase(name: &[u8]) -> Option<Header> {
        use Header::*;
        match name.len() {
            2 if name == b"b3" => Some(B3),
            7 if name == b"baggage" => Some(Baggage),
            10 if name == b"tracestate" => Some(TraceState),
            10 if name == b"x-b3-flags" => Some(B3Flags),
            11 if name == b"traceparent" => Some(TraceParent),
            11 if name == b"x-b3-spanid" => Some(B3SpanId),
            12 if name == b"x-b3-traceid" => Some(B3TraceId),
            12 if name == b"x-b3-sampled" => Some(B3Sampled),
            14 if name == b"x-datadog-tags" => Some(Tags),
            16 if name == b"x-datadog-origin" => Some(Origin),
            18 if name == b"x-datadog-trace-id" => Some(TraceId),
            19 if name == b"x-datadog-parent-id" => Some(ParentId),
            27 if name == b"x-datadog-sampling-priority" => Some(SamplingPriority),
            _ => None,
        }
    }

    /// Names with capitals, and those in CGI form.
    fn recognize_other_form(name: &[u8]) -> Option<Header> {
        if name.get(CGI_PREFIX.len() - 1) == Some(&b'_') {
            return Header::recognize_cgi(name);
        }
        let may_be_ours = matches!(name, [b'X' | b'x' | b'T' | b't' | b'B' | b'b', ..]);
        if !may_be_ours || name.len() >= LENGTHS.len() || !LENGTHS[name.len()] {
            return None;
        }
        TABLE.iter().find(|spec| name.eq_ignore_ascii_case(spec.name.as_bytes())).map(|spec| spec.header)
    }

    /// The headers that a given set of styles reads.
    pub(super) fn of_styles(styles: StyleSet) -> impl Iterator<Item = Header> {
        TABLE.iter().filter(move |spec| styles.contains(spec.style)).map(|spec| spec.header)
    }

    #[cold]
    fn recognize_cgi(name: &[u8]) -> Option<Header> {
        let rest = strip_prefix_ignore_case(name, CGI_PREFIX)?;
        TABLE.iter().find(|spec| is_cgi_form(rest, spec.name)).map(|spec| spec.header)
    }

    fn spec(self) -> &'static Spec {
        &TABLE[self as usize]
    }
}

/// The key of an `ot-baggage-<key>` header, if `name` is one.
pub(super) fn ot_baggage_key(name: &[u8]) -> Option<&[u8]> {
    strip_prefix_ignore_case(name, OT_BAGGAGE_PREFIX.as_bytes()).filter(|key| !key.is_empty())
}

/// The values of one carrier.
#[derive(Default)]
pub(super) struct Headers<'a> {
    values: [Option<&'a [u8]>; HEADERS],
    /// Values that came in several headers, by header; rare.
    joined: Vec<(Header, Vec<u8>)>,
}

impl<'a> Headers<'a> {
    /// Takes one header as it was found.
    #[inline]
    pub(super) fn add(&mut self, header: Header, value: &'a [u8]) {
        let value = trim_blanks(value);
        match &mut self.values[header as usize] {
            place @ None => *place = Some(value),
            Some(_) => self.repeat(header, value),
        }
    }

    /// The value of one header, without outer blanks; joined if that is the rule.
    #[inline]
    pub(super) fn get(&self, header: Header) -> Option<&[u8]> {
        if self.joined.is_empty() { self.values[header as usize] } else { self.get_joined(header) }
    }

    #[cold]
    fn get_joined(&self, header: Header) -> Option<&[u8]> {
        let joined = self.joined.iter().find(|(name, _)| *name == header).map(|(_, value)| value.as_slice());
        joined.or(self.values[header as usize])
    }

    #[cold]
    fn repeat(&mut self, header: Header, value: &[u8]) {
        match header.spec().repeated {
            Repeated::First => {}
            Repeated::Joined => self.join(header, value),
            // No valid traceparent is empty.
            Repeated::Spoiled => self.values[header as usize] = Some(b""),
        }
    }

    fn join(&mut self, header: Header, value: &[u8]) {
        if !self.joined.iter().any(|(name, _)| *name == header) {
            let first = self.values[header as usize].filter(|first| first.len() < MAX_JOINED).unwrap_or_default();
            self.joined.push((header, first.to_vec()));
        }
        let Some((_, joined)) = self.joined.iter_mut().find(|(name, _)| *name == header) else { return };
        if value.is_empty() || joined.len() + value.len() >= MAX_JOINED {
            return;
        }
        if !joined.is_empty() {
            joined.push(b',');
        }
        joined.extend_from_slice(value);
    }
}

/// A carrier that answers for one name at a time: its values are copied, because they last only as long as the answer.
pub(super) struct LookedUp {
    text: Vec<u8>,
    found: Vec<(Header, usize, usize)>,
}

impl LookedUp {
    /// Room for what a request usually has.
    pub(super) fn new() -> Self {
        LookedUp { text: Vec::with_capacity(512), found: Vec::with_capacity(16) }
    }

    /// Takes one value of `header`.
    pub(super) fn add(&mut self, header: Header, value: &str) {
        let value = trim_blanks(value.as_bytes());
        if value.len() > MAX_JOINED || self.text.len() + value.len() > 2 * MAX_JOINED || self.found.len() >= 256 {
            return;
        }
        self.found.push((header, self.text.len(), value.len()));
        self.text.extend_from_slice(value);
    }

    /// The values, as if they had come in a list.
    pub(super) fn headers(&self) -> Headers<'_> {
        let mut headers = Headers::default();
        for &(header, start, len) in &self.found {
            headers.add(header, self.text.get(start..start + len).unwrap_or_default());
        }
        headers
    }
}

/// Drops blanks and tabs at both ends.
#[inline]
pub(super) fn trim_blanks(text: &[u8]) -> &[u8] {
    let is_bare = |end: Option<&u8>| end.is_some_and(|byte| *byte > b' ');
    if is_bare(text.first()) && is_bare(text.last()) { text } else { trim_some_blanks(text) }
}

fn trim_some_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn is_cgi_form(rest: &[u8], name: &str) -> bool {
    let same = |(byte, expected): (&u8, u8)| match expected {
        b'-' => *byte == b'_',
        _ => byte.eq_ignore_ascii_case(&expected),
    };
    rest.len() == name.len() && rest.iter().zip(name.bytes()).all(same)
}

fn strip_prefix_ignore_case<'a>(name: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enumeration() {
        for (index, spec) in TABLE.iter().enumerate() {
            assert_eq!(spec.header as usize, index);
            assert_eq!(Header::recognize(spec.name.as_bytes()), Some(spec.header));
        }
    }

    #[test]
    fn names_are_recognized_in_every_case_and_in_cgi_form() {
        for spec in &TABLE {
            let cgi = format!("HTTP_{}", spec.name.to_uppercase().replace('-', "_"));
            for name in [spec.name.to_owned(), spec.name.to_uppercase(), cgi.clone(), cgi.to_lowercase()] {
                assert_eq!(Header::recognize(name.as_bytes()), Some(spec.header), "{name}");
            }
        }
    }

    #[test]
    fn similar_names_are_not_ours() {
        for name in
            ["trace-state", "trace.parent", "trace_parent", "x_datadog_trace_id", "HTTP_X-DATADOG-TAGS", "b4", "", "HTTP_"]
        {
            assert_eq!(Header::recognize(name.as_bytes()), None, "{name}");
        }
        for spec in &TABLE {
            for place in 0..spec.name.len() {
                let mut name = spec.name.as_bytes().to_vec();
                name[place] ^= 0x40;
                assert_eq!(Header::recognize(&name), None, "{name:?}");
            }
        }
        assert_eq!(Header::recognize(&[b'X'; 1000]), None);
    }

    #[test]
    fn repeated_headers_join_or_keep_the_first_or_spoil() {
        let mut headers = Headers::default();
        for value in [&b" foo=1,bar=2\t"[..], b"", b"rojo=1"] {
            headers.add(Header::TraceState, value);
        }
        headers.add(Header::TraceId, b" 1 ");
        headers.add(Header::TraceId, b"2");
        headers.add(Header::TraceParent, b"00-1");
        headers.add(Header::TraceParent, b"00-1");
        assert_eq!(headers.get(Header::TraceState), Some(&b"foo=1,bar=2,rojo=1"[..]));
        assert_eq!(headers.get(Header::TraceId), Some(&b"1"[..]));
        assert_eq!(headers.get(Header::TraceParent), Some(&b""[..]));
        assert_eq!(headers.get(Header::B3), None);
    }

    #[test]
    fn joined_headers_are_bounded() {
        let mut headers = Headers::default();
        let part = [b'x'; 1000];
        (0..1000).for_each(|_| headers.add(Header::Baggage, &part));
        assert!(headers.get(Header::Baggage).is_some_and(|value| value.len() < MAX_JOINED));
    }
}
