use super::*;
use crate::export::sample_chunk::{shop, span};
use crate::record::SpanData;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::thread;

/// An exporter to a stream, whose other end is read until the exporter is gone.
fn connected(format: ConsoleFormat, colour: Colour) -> (ConsoleExporter, UnixStream) {
    let (reader, writer) = UnixStream::pair().expect("makes a pair");
    let output = Output::Fd(writer.as_raw_fd());
    (ConsoleExporter::new(format, output, colour).expect("is open"), reader)
}

fn exported(format: ConsoleFormat, colour: Colour, chunks: &[ChunkData]) -> String {
    let (exporter, mut reader) = connected(format, colour);
    exporter.export(chunks).expect("writes");
    drop(exporter);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("UTF-8");
    text
}

fn small() -> ChunkData {
    let first = span((1, 0), "a", "shop", (0, 2));
    let second = SpanData { duration_ns: 500_000, ..span((2, 1), "b", "shop", (1, 0)) };
    ChunkData { spans: vec![first, second], priority: Some(2) }
}

#[test]
fn json_is_a_line_for_each_span() {
    let text = exported(ConsoleFormat::Json, Colour::Always, &[small()]);
    let expected = concat!(
        r#"{"trace_id":"68f0c1b2000000001a2b3c4d5e6f7081","span_id":"0000000000000001","#,
        r#""parent_id":null,"name":"a","service":"shop","resource":"a","type":"","kind":"internal","#,
        r#""status":{"code":"UNSET","description":null},"start":1760000000000000000,"#,
        r#""end":1760000000002000000,"duration":2000000,"error":0,"meta":{},"metrics":{},"#,
        r#""events":[],"links":[],"baggage":{},"sampled":true}"#,
        "\n",
        r#"{"trace_id":"68f0c1b2000000001a2b3c4d5e6f7081","span_id":"0000000000000002","#,
        r#""parent_id":"0000000000000001","name":"b","service":"shop","resource":"b","type":"","#,
        r#""kind":"internal","status":{"code":"UNSET","description":null},"#,
        r#""start":1760000000001000000,"end":1760000000001500000,"duration":500000,"error":0,"#,
        r#""meta":{},"metrics":{},"events":[],"links":[],"baggage":{},"sampled":true}"#,
        "\n",
    );
    assert_eq!(text, expected);
}

#[test]
fn pretty_is_indented_by_two() {
    let mut chunk = small();
    chunk.spans.truncate(1);
    chunk.spans[0].meta.push(("env".to_owned(), "test".to_owned()));
    let text = exported(ConsoleFormat::Pretty, Colour::Auto, &[chunk]);
    let expected = r#"{
  "trace_id": "68f0c1b2000000001a2b3c4d5e6f7081",
  "span_id": "0000000000000001",
  "parent_id": null,
  "name": "a",
  "service": "shop",
  "resource": "a",
  "type": "",
  "kind": "internal",
  "status": {
    "code": "UNSET",
    "description": null
  },
  "start": 1760000000000000000,
  "end": 1760000000002000000,
  "duration": 2000000,
  "error": 0,
  "meta": {
    "env": "test"
  },
  "metrics": {},
  "events": [],
  "links": [],
  "baggage": {},
  "sampled": true
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn trees_are_plain_and_100_wide_where_nobody_looks() {
    let text = exported(ConsoleFormat::Tree, Colour::Auto, &[small(), small()]);
    let bar = " ".repeat(60);
    let tree = format!(
        "trace 68f0c1b2000000001a2b3c4d5e6f7081 · kept (priority 2) · 2 spans · 2.00 ms\n\
         shop ▸ a{bar}    2.00 ms ━━━━━━━━━━━━━━━━━━━━\n\
         └─ b{bar}         500 µs ··········━━━━━·····\n\n"
    );
    assert_eq!(text, tree.repeat(2), "\n{text}");
}

#[test]
fn trees_are_coloured_when_asked_for() {
    let escape = '\u{1b}';
    assert!(exported(ConsoleFormat::Tree, Colour::Always, &[small()]).contains(escape));
    assert!(!exported(ConsoleFormat::Tree, Colour::Never, &[small()]).contains(escape));
}

#[test]
fn exporters_of_one_stream_do_not_interleave() {
    let (mut reader, writer) = UnixStream::pair().expect("makes a pair");
    let output = Output::Fd(writer.as_raw_fd());
    let exporters = [(); 2].map(|()| ConsoleExporter::new(ConsoleFormat::Json, output, Colour::Never).expect("is open"));
    drop(writer);
    let reading = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text)
    });
    thread::scope(|scope| {
        for exporter in exporters.iter().chain(&exporters) {
            scope.spawn(move || {
                for _ in 0..20 {
                    exporter.export(&[shop(), shop()]).expect("writes");
                }
            });
        }
    });
    drop(exporters);
    let text = reading.join().expect("does not panic").expect("UTF-8");
    let names: Vec<String> = text.lines().map(name_of).collect();
    let expected: Vec<String> = shop().spans.into_iter().map(|span| span.name).collect();
    assert_eq!(names.len(), 4 * 20 * 2 * expected.len());
    assert!(names.chunks(expected.len()).all(|names| names == expected), "exports stay whole");
}

fn name_of(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
    value["name"].as_str().expect("text").to_owned()
}

#[test]
fn after_shutdown_nothing_is_written() {
    let (exporter, mut reader) = connected(ConsoleFormat::Tree, Colour::Auto);
    exporter.shutdown();
    let error = exporter.export(&[shop()]).expect_err("is shut down");
    assert_eq!(error.to_string(), "console exporter: spans arrived after its shutdown");
    drop(exporter);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("reads");
    assert_eq!(text, "");
}

#[test]
fn a_reader_that_went_away_is_an_error() {
    let (exporter, reader) = connected(ConsoleFormat::Json, Colour::Auto);
    drop(reader);
    exporter.export(&[shop()]).expect_err("nobody reads");
    exporter.export(&[shop()]).expect_err("and again");
}
