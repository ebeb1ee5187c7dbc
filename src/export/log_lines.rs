//! The log exporter: traces on standard output, for functions in the cloud whose log is all that leaves them.
//!
//! Lines are `{"traces":[[span, …], …]}`, each inner array of one trace. No line is longer than [`LONGEST_LINE`], beyond which log services
//! cut; a trace that does not fit goes on in the next line.

use serde::ser::{Serialize, SerializeMap, Serializer};
use std::sync::atomic::{AtomicBool, Ordering};

use super::data_exporter::{DataExporter, ExportError};
use super::json::{EventJson, LinkJson, List, NumberJson, Pairs};
use super::output::{Output, Writer};
use crate::lock::Turn;
use crate::log::log_warn;
use crate::record::{ChunkData, SpanData};

const EXPORTER: &str = "log";
/// The longest line in bytes, its line feed included.
const LONGEST_LINE: usize = 64 * 1024;
const BEGIN: &str = "{\"traces\":[[";
const END: &str = "]]}\n";

/// Writes traces to the log.
#[derive(Debug)]
pub struct LogExporter {
    writer: Writer,
    turn: Turn,
    is_shut_down: AtomicBool,
}

impl LogExporter {
    /// An exporter to an open stream. Fails only for a descriptor that is not open.
    pub fn new(output: Output) -> Result<Self, ExportError> {
        Ok(LogExporter { writer: Writer::console(output)?, turn: Turn::new(), is_shut_down: AtomicBool::new(false) })
    }
}

impl DataExporter for LogExporter {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        let _turn = self.turn.take().ok_or(ExportError::Busy { exporter: EXPORTER })?;
        if self.is_shut_down.load(Ordering::Acquire) {
            return Err(ExportError::ShutDown { exporter: EXPORTER });
        }
        let mut lines = Lines::default();
        for chunk in chunks {
            lines.begin_trace();
            for span in &chunk.spans {
                let json = serde_json::to_string(&LogSpan(span)).map_err(|cause| self.writer.failure(cause.into()))?;
                if let Some(line) = lines.add(&json, &span.name) {
                    self.writer.write_lines(line.as_bytes())?;
                }
            }
        }
        if let Some(line) = lines.end() {
            self.writer.write_lines(line.as_bytes())?;
        }
        if lines.too_large == 0 { Ok(()) } else { Err(ExportError::Refused { chunks: 0, spans: lines.too_large }) }
    }

    fn shutdown(&self) {
        self.is_shut_down.store(true, Ordering::Release);
    }
}

/// A line that grows, until the next span does not fit.
#[derive(Default)]
struct Lines {
    line: String,
    /// Whether the next span is the first of its trace.
    is_new_trace: bool,
    too_large: usize,
}

impl Lines {
    fn begin_trace(&mut self) {
        self.is_new_trace = true;
    }

    /// Adds a span, and returns the line that is full before it.
    fn add(&mut self, json: &str, name: &str) -> Option<String> {
        if BEGIN.len() + json.len() + END.len() > LONGEST_LINE {
            log_warn!("span {name:?} is dropped: it takes {} bytes of the log, where {LONGEST_LINE} fit", json.len());
            self.too_large += 1;
            return None;
        }
        let between = if self.is_new_trace { "],[" } else { "," };
        let fits = self.line.len() + between.len() + json.len() + END.len() <= LONGEST_LINE;
        let full = if fits { None } else { self.end() };
        self.line.push_str(if self.line.is_empty() { BEGIN } else { between });
        self.line.push_str(json);
        self.is_new_trace = false;
        full
    }

    fn end(&mut self) -> Option<String> {
        if self.line.is_empty() {
            return None;
        }
        self.line.push_str(END);
        Some(std::mem::take(&mut self.line))
    }
}

/// A span as the log has it: what is empty is left out.
struct LogSpan<'a>(&'a SpanData);

impl Serialize for LogSpan<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let span = self.0;
        let mut fields = to.serialize_map(None)?;
        match span.trace_id >> 64 {
            0 => fields.serialize_entry("trace_id", &format_args!("{:016x}", span.trace_id))?,
            _ => fields.serialize_entry("trace_id", &format_args!("{:032x}", span.trace_id))?,
        }
        fields.serialize_entry("span_id", &format_args!("{:016x}", span.span_id))?;
        fields.serialize_entry("parent_id", &format_args!("{:016x}", span.parent_id))?;
        fields.serialize_entry("name", &span.name)?;
        fields.serialize_entry("service", &span.service)?;
        fields.serialize_entry("resource", &span.resource)?;
        if !span.span_type.is_empty() {
            fields.serialize_entry("type", &span.span_type)?;
        }
        fields.serialize_entry("start", &span.start_ns)?;
        fields.serialize_entry("duration", &span.duration_ns.max(0))?;
        fields.serialize_entry("error", &i32::from(span.error))?;
        if !span.meta.is_empty() {
            fields.serialize_entry("meta", &Pairs(&span.meta, String::as_str))?;
        }
        if !span.metrics.is_empty() {
            fields.serialize_entry("metrics", &Pairs(&span.metrics, NumberJson))?;
        }
        if !span.links.is_empty() {
            fields.serialize_entry("span_links", &List(&span.links, LinkJson))?;
        }
        if !span.events.is_empty() {
            fields.serialize_entry("span_events", &List(&span.events, EventJson))?;
        }
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample_chunk::{shop, span};
    use serde_json::Value;
    use std::io::Read;
    use std::os::fd::AsRawFd;

    fn written(chunks: &[ChunkData]) -> (Vec<String>, Result<(), ExportError>) {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let exporter = LogExporter::new(Output::Fd(writer.as_raw_fd())).unwrap();
        drop(writer);
        let text = std::thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).map(|_| text)
        });
        let result = exporter.export(chunks);
        drop(exporter);
        let text = text.join().unwrap().unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        (text.lines().map(str::to_owned).collect(), result)
    }

    fn traces(line: &str) -> Vec<Vec<Value>> {
        let line: Value = serde_json::from_str(line).unwrap();
        serde_json::from_value(line["traces"].clone()).unwrap()
    }

    #[test]
    fn traces_are_packed_into_one_line_and_stay_apart() {
        let mut narrow = span((7, 0), "narrow", "front", (0, 1));
        narrow.trace_id = 0xabc;
        let (lines, result) = written(&[shop(), ChunkData { spans: vec![narrow], priority: None }]);
        result.unwrap();
        assert_eq!(lines.len(), 1);
        let traces = traces(&lines[0]);
        assert_eq!(traces.iter().map(Vec::len).collect::<Vec<_>>(), [5, 1]);
        let (root, render, query, narrow) = (&traces[0][0], &traces[0][1], &traces[0][4], &traces[1][0]);
        assert_eq!(root["trace_id"], "68f0c1b2000000001a2b3c4d5e6f7081");
        assert_eq!((&root["span_id"], &root["parent_id"]), (&"0000000000000001".into(), &"0000000000000abc".into()));
        assert_eq!((&root["error"], &render["error"]), (&1.into(), &0.into()));
        assert_eq!(root["meta"]["http.method"], "GET");
        assert_eq!(render["duration"], 3_000_000);
        for left_out in ["type", "meta", "metrics", "span_links", "span_events", "meta_struct"] {
            assert_eq!(render.get(left_out), None, "{left_out}");
        }
        assert_eq!(query["metrics"]["rows"], 9_007_199_254_740_993_i64);
        assert_eq!(query["span_links"][0]["tracestate"], "dd=s:1");
        assert_eq!(query["span_events"][0]["name"], "lock");
        assert_eq!(query.get("meta_struct"), None);
        assert_eq!((&narrow["trace_id"], &narrow["parent_id"]), (&"0000000000000abc".into(), &"0000000000000000".into()));
    }

    #[test]
    fn no_line_is_longer_than_the_limit_and_no_span_is_torn() {
        let spans = (1..400).map(|id| span((id, 0), &"x".repeat(300 + id as usize), "front", (0, 1))).collect();
        let (lines, result) = written(&[shop(), ChunkData { spans, priority: Some(1) }, shop()]);
        result.unwrap();
        assert!(lines.len() > 3);
        assert!(lines.iter().all(|line| line.len() < LONGEST_LINE));
        assert!(lines[0].len() > LONGEST_LINE - 2000, "a line is filled");
        let spans: usize = lines.iter().flat_map(|line| traces(line)).map(|trace| trace.len()).sum();
        assert_eq!(spans, 399 + 10);
        assert_eq!(traces(&lines[0]).len(), 2);
        assert_eq!(traces(&lines[1]).len(), 1, "the trace goes on");
    }

    #[test]
    fn a_span_that_is_too_large_alone_is_dropped() {
        let large = span((8, 0), &"x".repeat(LONGEST_LINE), "front", (0, 1));
        let small = || span((9, 0), "small", "front", (0, 1));
        let (lines, result) = written(&[ChunkData { spans: vec![small(), large, small()], priority: None }]);
        assert!(matches!(result, Err(ExportError::Refused { chunks: 0, spans: 1 })));
        assert_eq!(traces(&lines[0])[0].len(), 2);
    }

    #[test]
    fn the_longest_line_is_the_limit_exactly() {
        let mut span = span((8, 0), "", "front", (0, 1));
        let rest = serde_json::to_string(&LogSpan(&span)).unwrap().len() + BEGIN.len() + END.len();
        span.name = "x".repeat(LONGEST_LINE - rest);
        let fits = ChunkData { spans: vec![span.clone()], priority: None };
        let (lines, result) = written(&[fits]);
        result.unwrap();
        assert_eq!(lines[0].len() + 1, LONGEST_LINE);
        span.name.push('x');
        assert!(written(&[ChunkData { spans: vec![span], priority: None }]).1.is_err());
    }

    #[test]
    fn nothing_is_written_after_the_end() {
        let exporter = LogExporter::new(Output::Stderr).unwrap();
        exporter.shutdown();
        assert!(matches!(exporter.export(&[shop()]), Err(ExportError::ShutDown { .. })));
        assert!(written(&[]).0.is_empty());
    }
}
