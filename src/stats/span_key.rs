//! From a span to the key of its group.

use super::Features;
use super::additional_tags::AdditionalTags;
use super::eligibility::Counted;
use super::group_key::{KeyBuffer, KeyNumbers, LimitedPart};
use super::grpc_status::{grpc_status_of_number, grpc_status_of_text};
use super::obfuscation::Obfuscator;
use super::peer_tags::{PeerTags, Scratch};
use super::values::{Key, Values};
use crate::instrument::HttpEndpoint;
use crate::record::{Field, RecordRef};

/// Longest service, name and type, in bytes.
const LONGEST_FIELD: usize = 100;
/// Longest resource, and the same where the agent takes large ones.
const LONGEST_RESOURCE: usize = 5_000;
const LONGEST_BIG_RESOURCE: usize = 15_000;
/// Longest of the texts that no specification limits.
const LONGEST_OTHER: usize = 5_000;

/// Makes keys.
#[derive(Debug)]
pub(super) struct SpanKeys {
    names: Names,
    peer_tags: PeerTags,
    additional_tags: AdditionalTags,
    obfuscator: Option<Obfuscator>,
    longest_resource: usize,
    /// Whether top-level spans have groups of their own.
    by_top_level: bool,
    scratch: Scratch,
    http_endpoint: HttpEndpoint,
    key: KeyBuffer,
}

#[derive(Debug)]
struct Names {
    http_status: Key,
    http_method: Key,
    http_endpoint: Key,
    http_route: Key,
    service_source: Key,
    origin: Key,
    grpc_status: [Key; 4],
    grpc_bits: u64,
}

impl SpanKeys {
    pub fn new(features: &Features, additional_tags: &[String], by_top_level: bool) -> Self {
        SpanKeys {
            names: Names::new(),
            peer_tags: PeerTags::new(&features.peer_tags),
            additional_tags: AdditionalTags::new(additional_tags),
            obfuscator: Obfuscator::new(features),
            longest_resource: if features.big_resource { LONGEST_BIG_RESOURCE } else { LONGEST_RESOURCE },
            by_top_level,
            scratch: Scratch::default(),
            http_endpoint: HttpEndpoint::default(),
            key: KeyBuffer::default(),
        }
    }

    /// Takes what the agent says from now on.
    pub fn configure(&mut self, features: &Features) {
        self.peer_tags = PeerTags::new(&features.peer_tags);
        self.obfuscator = Obfuscator::new(features);
        self.longest_resource = if features.big_resource { LONGEST_BIG_RESOURCE } else { LONGEST_RESOURCE };
    }

    /// The key of a span.
    #[inline]
    pub fn of(&mut self, span: &Values<'_>, counted: &Counted<'_>) -> &mut KeyBuffer {
        let (names, key) = (&self.names, &mut self.key);
        let record = span.record;
        key.begin(KeyNumbers {
            http_status: names.http_status(span),
            is_synthetic: span.origin(&names.origin).is_some_and(|origin| origin.starts_with(b"synthetics")),
            is_trace_root: Some(record.head.parent_id == 0),
            is_top_level: self.by_top_level && counted.is_top_level,
        });
        let own = record.field(Field::Service);
        key.text(if own.is_empty() { span.facts.library.service.as_bytes() } else { own }, LONGEST_FIELD);
        let name = record.field(Field::Name);
        key.text(name, LONGEST_FIELD);
        let span_type = record.field(Field::Type);
        let resource = resource_of(record, name);
        let longest = self.longest_resource;
        key.limited(LimitedPart::Resource, |key| match &mut self.obfuscator {
            Some(obfuscator) => obfuscator.of_resource(span_type, resource, |text| key.text(text, longest)),
            None => key.text(resource, longest),
        });
        key.text(span_type, LONGEST_FIELD);
        key.text(counted.kind, LONGEST_OTHER);
        key.text(span.text(&names.http_method).unwrap_or_default(), LONGEST_OTHER);
        key.limited(LimitedPart::HttpEndpoint, |key| {
            key.text(names.http_endpoint(span, &mut self.http_endpoint), LONGEST_OTHER);
        });
        key.text(names.grpc_status(span, &mut [0; 10]), LONGEST_OTHER);
        key.text(span.service_source(&names.service_source).unwrap_or_default(), LONGEST_OTHER);
        key.tags(LimitedPart::PeerTags, |to| self.peer_tags.append(span, counted.kind, &mut self.scratch, to));
        key.tags(LimitedPart::AdditionalTags, |to| self.additional_tags.append(span, to));
        key
    }
}

/// The resource, which is the name where none was set.
fn resource_of<'a>(record: &RecordRef<'a>, name: &'a [u8]) -> &'a [u8] {
    let own = record.field(Field::Resource);
    if own.is_empty() { name } else { own }
}

impl Names {
    fn new() -> Self {
        let grpc_status = ["rpc.grpc.status_code", "grpc.code", "rpc.grpc.status.code", "grpc.status.code"].map(Key::new);
        Names {
            http_status: Key::new("http.status_code"),
            http_method: Key::new("http.method"),
            http_endpoint: Key::new("http.endpoint"),
            http_route: Key::new("http.route"),
            service_source: Key::new("_dd.svc_src"),
            origin: Key::new("_dd.origin"),
            grpc_bits: grpc_status.iter().fold(0, |bits, key| bits | key.bit),
            grpc_status,
        }
    }

    fn http_status(&self, span: &Values<'_>) -> u32 {
        if let Some(number) = span.number(&self.http_status) {
            return if number >= 0.0 && number <= f64::from(u32::MAX) { number as u32 } else { 0 };
        }
        let text = span.text(&self.http_status).and_then(|text| std::str::from_utf8(text).ok());
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn http_endpoint<'a>(&self, span: &Values<'a>, endpoints: &'a mut HttpEndpoint) -> &'a [u8] {
        if span.has(&self.http_endpoint) {
            return span.text(&self.http_endpoint).unwrap_or_default();
        }
        let made = endpoints.of_span(span.facts.library, span.record);
        made.or_else(|| span.text(&self.http_route)).unwrap_or_default()
    }

    /// The status in decimal digits. The first tag that is there counts, strings before numbers.
    fn grpc_status<'d>(&self, span: &Values<'_>, digits: &'d mut [u8; 10]) -> &'d [u8] {
        if span.bits & self.grpc_bits == 0 {
            return &[];
        }
        let text = self.grpc_status.iter().find_map(|key| span.text(key).filter(|text| !text.is_empty()));
        let status = match text {
            Some(text) => grpc_status_of_text(text),
            None => self.grpc_status.iter().find_map(|key| span.number(key)).and_then(grpc_status_of_number),
        };
        status.map_or(&[], |status| decimal(status, digits))
    }
}

fn decimal(mut number: u32, to: &mut [u8; 10]) -> &[u8] {
    let mut used = 0;
    for digit in to.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    to.get(10 - used..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimal_digits() {
        for number in [0, 7, 10, 123, u32::MAX] {
            assert_eq!(decimal(number, &mut [0; 10]), number.to_string().as_bytes());
        }
    }
}
