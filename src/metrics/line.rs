//! The lines of the protocol, byte by byte.
//!
//! `name:value|type|@rate|#tags|c:…|e:…|T…|card:…`, `_e{…}:title|text|…` and `_sc|name|status|…`.

use super::message::{Cardinality, CheckStatus, Event, EventAlert, EventPriority, MetricKind, ServiceCheck};
use super::names::{push_escaped, push_field, push_tag};
use std::io::Write;

/// What all messages of a client have in common.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The client's own tags, cleaned, with commas between them.
    pub tags: Vec<u8>,
    /// `|c:…|e:…`, or nothing.
    pub origin: Vec<u8>,
    /// What messages ask for that do not say.
    pub cardinality: Option<Cardinality>,
}

impl Frame {
    /// The same with other tags.
    pub fn with_tags(&self, tags: &[String]) -> Self {
        Frame { tags: joined_tags(tags.iter().map(String::as_str)), ..self.clone() }
    }
}

/// The fields behind the values of a metric. The tags are cleaned.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    pub kind: MetricKind,
    /// 1: no field.
    pub rate: f64,
    pub tags: &'a [u8],
    pub timestamp: Option<i64>,
    pub cardinality: Option<Cardinality>,
}

/// Appends the fields behind the values of a metric.
pub fn push_fields(line: &mut Vec<u8>, fields: &Fields<'_>, frame: &Frame) {
    line.push(b'|');
    line.extend_from_slice(fields.kind.symbol().as_bytes());
    if fields.rate < 1.0 {
        line.extend_from_slice(b"|@");
        push_number(line, fields.rate);
    }
    push_tags(line, frame, fields.tags);
    line.extend_from_slice(&frame.origin);
    if let Some(timestamp) = fields.timestamp {
        push_display(line, format_args!("|T{timestamp}"));
    }
    if let Some(cardinality) = fields.cardinality.or(frame.cardinality) {
        line.extend_from_slice(b"|card:");
        line.extend_from_slice(cardinality.word().as_bytes());
    }
}

/// Appends a number: the shortest text that means it, without an exponent unless it is huge.
pub fn push_number(line: &mut Vec<u8>, value: f64) {
    const HUGE: f64 = 1e21;
    if value.fract() == 0.0 && value.abs() < 1e15 {
        // Nearly always; -0 becomes 0.
        return push_display(line, format_args!("{}", value as i64));
    }
    match value.abs() < HUGE {
        true => push_display(line, format_args!("{value}")),
        false => push_display(line, format_args!("{value:e}")),
    }
}

/// Appends an event. `tags` is cleaned.
pub fn push_event(line: &mut Vec<u8>, event: &Event<'_>, tags: &[u8], frame: &Frame) {
    let (mut title, mut text) = (Vec::new(), Vec::new());
    push_escaped(&mut title, event.title);
    push_escaped(&mut text, event.text);
    push_display(line, format_args!("_e{{{},{}}}:", title.len(), text.len()));
    line.extend_from_slice(&title);
    line.push(b'|');
    line.extend_from_slice(&text);
    if let Some(timestamp) = event.timestamp {
        push_display(line, format_args!("|d:{timestamp}"));
    }
    push_given(line, b"|h:", event.hostname);
    push_given(line, b"|k:", event.aggregation_key);
    if event.priority == EventPriority::Low {
        line.extend_from_slice(b"|p:low");
    }
    push_given(line, b"|s:", event.source_type);
    let alert: &[u8] = match event.alert {
        EventAlert::Info => b"",
        EventAlert::Error => b"|t:error",
        EventAlert::Warning => b"|t:warning",
        EventAlert::Success => b"|t:success",
    };
    line.extend_from_slice(alert);
    push_tags(line, frame, tags);
    line.extend_from_slice(&frame.origin);
}

/// Appends a check. `name` and `tags` are cleaned.
pub fn push_check(line: &mut Vec<u8>, check: &ServiceCheck<'_>, name: &[u8], tags: &[u8], frame: &Frame) {
    line.extend_from_slice(b"_sc|");
    line.extend_from_slice(name);
    let status = match check.status {
        CheckStatus::Ok => b"|0",
        CheckStatus::Warning => b"|1",
        CheckStatus::Critical => b"|2",
        CheckStatus::Unknown => b"|3",
    };
    line.extend_from_slice(status);
    if let Some(timestamp) = check.timestamp {
        push_display(line, format_args!("|d:{timestamp}"));
    }
    push_given(line, b"|h:", check.hostname);
    push_tags(line, frame, tags);
    if !check.message.is_empty() {
        line.extend_from_slice(b"|m:");
        push_escaped(line, &check.message.replace("m:", "m\\:"));
    }
    line.extend_from_slice(&frame.origin);
}

/// The client's tags, then the message's.
fn push_tags(line: &mut Vec<u8>, frame: &Frame, tags: &[u8]) {
    for (index, part) in [&frame.tags[..], tags].into_iter().filter(|part| !part.is_empty()).enumerate() {
        line.extend_from_slice(if index == 0 { b"|#" } else { b"," });
        line.extend_from_slice(part);
    }
}

fn push_given(line: &mut Vec<u8>, label: &[u8], value: &str) {
    if !value.is_empty() {
        line.extend_from_slice(label);
        push_field(line, value);
    }
}

fn push_display(line: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes everything.
    let _ = line.write_fmt(text);
}

/// Tags, cleaned, with commas between them.
pub fn joined_tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut joined = Vec::new();
    tags.into_iter().for_each(|tag| push_tag(&mut joined, tag));
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64) -> String {
        let mut line = Vec::new();
        push_number(&mut line, value);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn numbers_are_the_shortest_that_mean_the_same() {
        for (value, shown) in [
            (1.0, "1"),
            (-1.0, "-1"),
            (0.0, "0"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (0.1, "0.1"),
            (1e6, "1000000"),
            (1e15, "1000000000000000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e21"),
            (-2.5e300, "-2.5e300"),
            (0.000_001, "0.000001"),
            (1.0 / 3.0, "0.3333333333333333"),
            (9_007_199_254_740_993.0, "9007199254740992"),
        ] {
            assert_eq!(number(value), shown);
            assert_eq!(shown.parse::<f64>(), Ok(value));
        }
    }

    fn fields(kind: MetricKind) -> Fields<'static> {
        Fields { kind, rate: 1.0, tags: b"", timestamp: None, cardinality: None }
    }

    fn shown(fields: &Fields<'_>, frame: &Frame) -> String {
        let mut line = Vec::new();
        push_fields(&mut line, fields, frame);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn fields_stand_in_one_order() {
        let frame = Frame { tags: b"env:dev".to_vec(), origin: b"|c:ci-1|e:it".to_vec(), cardinality: Some(Cardinality::Low) };
        let all = Fields { rate: 0.5, tags: b"a:b", timestamp: Some(7), ..fields(MetricKind::Count) };
        assert_eq!(shown(&all, &frame), "|c|@0.5|#env:dev,a:b|c:ci-1|e:it|T7|card:low");
        let own = Fields { cardinality: Some(Cardinality::None), ..fields(MetricKind::Timing) };
        assert_eq!(shown(&own, &frame), "|ms|#env:dev|c:ci-1|e:it|card:none");
        assert_eq!(shown(&fields(MetricKind::Set), &Frame::default()), "|s");
    }

    fn no_tags(_: &mut dyn FnMut(&str)) {}

    fn event<'a>() -> Event<'a> {
        Event {
            title: "An exception occurred",
            text: "Cannot parse CSV file from 10.0.0.17",
            timestamp: None,
            hostname: "",
            aggregation_key: "",
            priority: EventPriority::Normal,
            source_type: "",
            alert: EventAlert::Info,
            tags: &no_tags,
        }
    }

    fn shown_event(event: &Event<'_>, tags: &[u8]) -> String {
        let mut line = Vec::new();
        push_event(&mut line, event, tags, &Frame::default());
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn events() {
        let warning = Event { alert: EventAlert::Warning, ..event() };
        let expected = "_e{21,36}:An exception occurred|Cannot parse CSV file from 10.0.0.17|t:warning|#err_type:bad_file";
        assert_eq!(shown_event(&warning, b"err_type:bad_file"), expected);
        let full = Event {
            title: "é\n",
            text: "a|b",
            timestamp: Some(9),
            hostname: "h|\n",
            aggregation_key: "k",
            priority: EventPriority::Low,
            source_type: "s",
            alert: EventAlert::Success,
            ..event()
        };
        assert_eq!(shown_event(&full, b""), "_e{4,3}:é\\n|a|b|d:9|h:h_|k:k|p:low|s:s|t:success");
    }

    #[test]
    fn checks() {
        let check = ServiceCheck {
            name: "Redis connection",
            status: CheckStatus::Critical,
            timestamp: None,
            hostname: "",
            message: "Redis connection timed out after 10s",
            tags: &no_tags,
        };
        let shown = |check: &ServiceCheck<'_>, tags: &[u8], origin: &[u8]| {
            let mut line = Vec::new();
            let frame = Frame { origin: origin.to_vec(), ..Frame::default() };
            push_check(&mut line, check, check.name.as_bytes(), tags, &frame);
            String::from_utf8(line).unwrap()
        };
        let expected = "_sc|Redis connection|2|#env:dev|m:Redis connection timed out after 10s";
        assert_eq!(shown(&check, b"env:dev", b""), expected);
        let odd = ServiceCheck { timestamp: Some(5), hostname: "h", message: "am: b\nc", status: CheckStatus::Ok, ..check };
        assert_eq!(shown(&odd, b"", b"|c:in-7"), "_sc|Redis connection|0|d:5|h:h|m:am\\: b\\nc|c:in-7");
    }

    #[test]
    fn tags_are_joined_by_commas() {
        assert_eq!(joined_tags(["a:b", "", "c"]), b"a:b,c");
    }
}
