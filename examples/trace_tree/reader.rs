//! Reads spans back from the lines of JSON that the file exporter writes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use ddtrace::record::{ChunkData, Number, SpanData, SpanEvent, SpanLink};
use serde::Deserialize;

/// The traces in these files, earliest first, each with its spans by start.
pub fn read_all(paths: &[String]) -> io::Result<Vec<ChunkData>> {
    let mut traces: HashMap<u128, ChunkData> = HashMap::new();
    for path in paths {
        let file = File::open(path).map_err(|error| named(path, error))?;
        for (index, line) in BufReader::new(file).lines().enumerate() {
            let place = || format!("{path}:{}", index + 1);
            let line = line.map_err(|error| named(&place(), error))?;
            let line: SpanLine = serde_json::from_str(&line).map_err(|error| named(&place(), error.into()))?;
            let priority = line.priority();
            let span = line.into_span().map_err(|error| named(&place(), error))?;
            let trace = traces.entry(span.trace_id).or_default();
            trace.priority = trace.priority.or(priority);
            trace.spans.push(span);
        }
    }
    let mut traces: Vec<ChunkData> = traces.into_values().collect();
    for trace in &mut traces {
        trace.spans.sort_by_key(|span| span.start_ns);
    }
    traces.sort_by_key(|trace| trace.spans.first().map(|span| span.start_ns));
    Ok(traces)
}

fn named(place: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{place}: {error}"))
}

/// A line of the file exporter, as far as a tree shows it.
#[derive(Deserialize)]
struct SpanLine {
    trace_id: String,
    span_id: String,
    parent_id: Option<String>,
    name: String,
    service: String,
    resource: String,
    r#type: String,
    start: i64,
    duration: i64,
    error: i32,
    meta: HashMap<String, String>,
    metrics: HashMap<String, Option<f64>>,
    events: Vec<EventLine>,
    links: Vec<LinkLine>,
    sampled: Option<bool>,
}

#[derive(Deserialize)]
struct EventLine {
    name: String,
    time_unix_nano: u64,
}

#[derive(Deserialize)]
struct LinkLine {
    trace_id: String,
    span_id: String,
}

impl SpanLine {
    /// The priority is a tag of the first span of each chunk; whether a span is sampled is said on all of them.
    fn priority(&self) -> Option<i32> {
        let tag = self.metrics.get("_sampling_priority_v1").copied().flatten();
        tag.map(|value| value as i32).or(self.sampled.map(i32::from))
    }

    fn into_span(self) -> io::Result<SpanData> {
        let number = |(key, value): (String, Option<f64>)| Some((key, Number::Float(value?)));
        Ok(SpanData {
            trace_id: id(&self.trace_id)?,
            span_id: short_id(&self.span_id)?,
            parent_id: self.parent_id.as_deref().map_or(Ok(0), short_id)?,
            name: self.name,
            service: self.service,
            resource: self.resource,
            span_type: self.r#type,
            start_ns: self.start,
            duration_ns: self.duration,
            error: self.error != 0,
            meta: self.meta.into_iter().collect(),
            metrics: self.metrics.into_iter().filter_map(number).collect(),
            meta_struct: Vec::new(),
            baggage: Vec::new(),
            events: self.events.into_iter().map(EventLine::into_event).collect(),
            links: self.links.into_iter().map(LinkLine::into_link).collect::<io::Result<_>>()?,
        })
    }
}

impl EventLine {
    fn into_event(self) -> SpanEvent {
        SpanEvent { name: self.name, time_unix_nano: self.time_unix_nano, attributes: Vec::new() }
    }
}

impl LinkLine {
    fn into_link(self) -> io::Result<SpanLink> {
        Ok(SpanLink { trace_id: id(&self.trace_id)?, span_id: short_id(&self.span_id)?, ..SpanLink::default() })
    }
}

fn id(text: &str) -> io::Result<u128> {
    u128::from_str_radix(text, 16).map_err(|error| {
        let message = format!("expected an id in hexadecimal, got {text:?}: {error}");
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

fn short_id(text: &str) -> io::Result<u64> {
    u64::try_from(id(text)?).map_err(|_| {
        let message = format!("expected an id of 64 bits, got {text:?}");
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}
