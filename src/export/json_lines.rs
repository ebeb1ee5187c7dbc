//! Spans as lines of JSON (see [`super::json`]), written some at a time.

use std::io;

use super::data_exporter::ExportError;
use super::json::{SpanJson, span_json_with_priority};
use super::output::Writer;
use super::terminal_text::drives_terminal;
use crate::record::ChunkData;

/// Text collected before it is written, so that a large export does not hold all of its text.
pub(super) const WRITE_SIZE: usize = 64 * 1024;

/// How a document is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// On one line.
    Line,
    /// Indented by two spaces.
    Indented,
}

/// Writes all spans, each as a document of its own.
pub(super) fn write_json(writer: &Writer, chunks: &[ChunkData], layout: Layout) -> Result<(), ExportError> {
    let mut text = Vec::new();
    for chunk in chunks {
        for span in &chunk.spans {
            let json = span_json_with_priority(span, chunk.priority);
            append_json(&mut text, json, layout).map_err(|cause| writer.failure(cause))?;
            if text.len() >= WRITE_SIZE {
                writer.write_lines(&text)?;
                text.clear();
            }
        }
    }
    writer.write_lines(&text)
}

/// Appends the document and a line feed. Characters that could drive a terminal become JSON escapes.
fn append_json(out: &mut Vec<u8>, span: SpanJson<'_>, layout: Layout) -> io::Result<()> {
    let text = match layout {
        Layout::Line => serde_json::to_string(&span)?,
        Layout::Indented => serde_json::to_string_pretty(&span)?,
    };
    if text.chars().any(must_escape) {
        append_escaped(out, &text);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'\n');
    Ok(())
}

/// Such characters occur inside JSON strings only, where an escape means the same.
fn append_escaped(out: &mut Vec<u8>, text: &str) {
    let mut bytes = [0_u8; 4];
    let mut units = [0_u16; 2];
    for c in text.chars() {
        if !must_escape(c) {
            out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
    }
}

/// Line feeds are of the layout: those of the text are escaped already.
fn must_escape(c: char) -> bool {
    c != '\n' && drives_terminal(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::json::span_json;
    use crate::record::SpanData;

    fn line(name: &str, layout: Layout) -> String {
        let span = SpanData { name: name.to_owned(), ..SpanData::default() };
        let mut out = Vec::new();
        append_json(&mut out, span_json(&span), layout).expect("serializes");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn controls_and_direction_marks_are_escaped_and_mean_the_same() {
        let hostile = "a\u{1b}[2J\u{7f}\u{9b}1m\u{202e}\n\"é\u{e0041}z";
        for layout in [Layout::Line, Layout::Indented] {
            let text = line(hostile, layout);
            assert!(!text.chars().any(must_escape), "{text:?}");
            assert!(text.contains("\\u009b1m\\u202e"), "{text:?}");
            assert!(text.contains("\\udb40\\udc41z"), "a pair of surrogates: {text:?}");
            let value: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
            assert_eq!(value["name"], hostile);
        }
    }

    #[test]
    fn the_line_layout_is_one_line_and_the_other_is_indented_by_two() {
        let text = line("first\nsecond", Layout::Line);
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.ends_with("}\n"));
        assert!(line("x", Layout::Indented).starts_with("{\n  \"trace_id\": \"000"));
    }
}
