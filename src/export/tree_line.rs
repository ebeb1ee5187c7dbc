//! What a tree says about a trace and about each of its spans.

use std::borrow::Cow;

use super::terminal_ink::{Ink, LONGEST_TEXT, Line, service_ink};
use super::tree_time::duration_text;
use crate::record::{ChunkData, Number, SpanData};

/// Tags that say most about a span, in the order in which they are shown: each by its names, of which the first found
/// counts. Their values speak for themselves.
const SHOWN_TAGS: [&[&str]; 7] = [
    &["span.kind"],
    &["http.method", "http.request.method"],
    &["http.status_code", "http.response.status_code"],
    &["http.url", "url.full"],
    &["db.system"],
    &["messaging.system"],
    &["rpc.system"],
];

/// The most columns of a field, so that a long one leaves room for the next.
const FIELD_COLUMNS: usize = 48;

/// The line above a tree: which trace, what becomes of it, how many spans, how long.
pub(super) fn header(chunk: &ChunkData, length_ns: i64) -> Line {
    let mut line = Line::default();
    let trace_id = chunk.spans.first().map_or(0, |span| span.trace_id);
    line.push(Ink::Dim, "trace ");
    line.push(Ink::Bold, format!("{trace_id:032x}"));
    line.push(Ink::Dim, " · ");
    match chunk.priority {
        Some(priority) if priority > 0 => line.push(Ink::Good, format!("kept (priority {priority})")),
        Some(priority) => line.push(Ink::Doubtful, format!("dropped (priority {priority})")),
        None => line.push(Ink::Dim, "undecided"),
    }
    line.push(Ink::Dim, format!(" · {}", counted(chunk.spans.len(), "span")));
    let errors = chunk.spans.iter().filter(|span| span.error).count();
    if errors > 0 {
        line.push(Ink::Dim, " · ");
        line.push(Ink::Bad, counted(errors, "error"));
    }
    line.push(Ink::Dim, format!(" · {}", duration_text(length_ns)));
    line
}

/// The line of a span below `parent`, after its guides.
pub(super) fn span_line(span: &SpanData, parent: Option<&SpanData>, lead: &str) -> Line {
    let mut line = Line::default();
    line.push(Ink::Dim, lead);
    if parent.is_none() && span.parent_id != 0 {
        line.push(Ink::Dim, "↰ ");
    }
    if parent.is_none_or(|parent| parent.service != span.service) && !span.service.is_empty() {
        line.push_foreign(service_ink(&span.service), &span.service, FIELD_COLUMNS);
        line.push(Ink::Dim, " ▸ ");
    }
    if span.error {
        line.push(Ink::Bad, "✗ ");
    }
    line.push_foreign(if span.error { Ink::Bad } else { Ink::Bold }, &span.name, FIELD_COLUMNS);
    if !span.resource.is_empty() && span.resource != span.name {
        line.push(Ink::Plain, " ");
        line.push_foreign(Ink::Plain, &span.resource, FIELD_COLUMNS);
    }
    push_tags(&mut line, span);
    for (count, thing) in [(span.events.len(), "event"), (span.links.len(), "link")] {
        if count > 0 {
            line.push(Ink::Dim, format!("  {}", counted(count, thing)));
        }
    }
    line
}

/// The line below a failed span that says why, if it says.
pub(super) fn error_line(span: &SpanData, below: &str) -> Option<Line> {
    let kind = tag(span, "error.type").unwrap_or_default();
    let message = tag(span, "error.message").or_else(|| tag(span, "error.msg")).unwrap_or_default();
    if !span.error || (kind.is_empty() && message.is_empty()) {
        return None;
    }
    let mut line = Line::default();
    line.push(Ink::Dim, below);
    line.push(Ink::Bad, "✗ ");
    line.push_foreign(Ink::Bad, &kind, LONGEST_TEXT);
    if !kind.is_empty() && !message.is_empty() {
        line.push(Ink::Bad, ": ");
    }
    line.push_foreign(Ink::Plain, &message, LONGEST_TEXT);
    Some(line)
}

/// The line that stands for spans that are not shown.
pub(super) fn omission(count: usize) -> Line {
    let mut line = Line::default();
    line.push(Ink::Dim, format!("… and {} not shown", counted(count, "span")));
    line
}

fn push_tags(line: &mut Line, span: &SpanData) {
    let mut gap = "  ";
    for names in SHOWN_TAGS {
        let Some(value) = names.iter().find_map(|name| tag(span, name)) else {
            continue;
        };
        if value.is_empty() || says_nothing_new(names, &value, span) {
            continue;
        }
        line.push(Ink::Dim, gap);
        line.push_foreign(tag_ink(names, &value), &value, FIELD_COLUMNS);
        gap = " · ";
    }
}

/// Internal is what a span is anyway, and resources of web requests begin with the method.
fn says_nothing_new(names: &[&str], value: &str, span: &SpanData) -> bool {
    let first_word = span.resource.split(' ').next().unwrap_or_default();
    (names.contains(&"span.kind") && value.eq_ignore_ascii_case("internal"))
        || (names.contains(&"http.method") && value == first_word)
}

fn tag_ink(names: &[&str], value: &str) -> Ink {
    if !names.contains(&"http.status_code") {
        return Ink::Dim;
    }
    match value.parse::<u16>() {
        Ok(500..=599) => Ink::Bad,
        Ok(400..=499) => Ink::Doubtful,
        _ => Ink::Dim,
    }
}

fn tag<'a>(span: &'a SpanData, key: &str) -> Option<Cow<'a, str>> {
    let text = span.meta.iter().find(|(name, _)| name == key);
    if let Some((_, value)) = text {
        return Some(Cow::Borrowed(value));
    }
    let number = span.metrics.iter().find(|(name, _)| name == key);
    number.map(|(_, value)| match value {
        Number::Int(value) => Cow::Owned(value.to_string()),
        Number::Float(value) => Cow::Owned(value.to_string()),
    })
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
