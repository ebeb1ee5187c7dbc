//! A tracer for tests: spans of one thread, and a sender that runs when it is told to. No network, no thread.

use crate::config::ConfigBuilder;
use crate::export::{DataExporter, ExportError, Exporter, Local, Pipeline, Sender, Totals};
use crate::record::{ChunkData, SpanData};
use crate::segment::TracerLink;
use crate::service::{Cause, PeriodicService};
use crate::span::{EndTime, Finish, Parent, Parts, Started, finish_span, release_handle, start_span};
use crate::tracer::make_snapshot;
use std::ffi::c_void;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Spans of one thread, their pipeline and its sender.
pub(crate) struct TestTracer {
    pub(crate) parts: Parts,
    pub(crate) local: Local,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) sender: Sender,
    pub(crate) sent: Arc<Sent>,
}

/// Keeps what it is given.
#[derive(Default)]
pub(crate) struct Sent(Mutex<Vec<ChunkData>>);

impl DataExporter for Sent {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        self.0.lock().unwrap().extend_from_slice(chunks);
        Ok(())
    }

    fn shutdown(&self) {}
}

/// The handle of no span.
pub(crate) const NONE: *const c_void = std::ptr::null();

const LINK: TracerLink = TracerLink { slot: std::ptr::null(), id: 1 };
/// What the tests' budget is unless they are about it.
pub(crate) const BUDGET: usize = 8 * 1024 * 1024;

impl TestTracer {
    /// With these settings, in an empty environment.
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let sent = Arc::new(Sent::default());
        TestTracer::with(settings, BUDGET, Exporter::Data(Arc::clone(&sent) as Arc<dyn DataExporter>), sent)
    }

    pub(crate) fn with_budget(budget: usize, settings: &[(&str, &str)]) -> Self {
        let sent = Arc::new(Sent::default());
        TestTracer::with(settings, budget, Exporter::Data(Arc::clone(&sent) as Arc<dyn DataExporter>), sent)
    }

    pub(crate) fn with_exporter(settings: &[(&str, &str)], exporter: Exporter) -> Self {
        TestTracer::with(settings, BUDGET, exporter, Arc::default())
    }

    fn with(settings: &[(&str, &str)], budget: usize, exporter: Exporter, sent: Arc<Sent>) -> Self {
        let mut config = ConfigBuilder::new();
        config.set_env_lookup(Arc::new(|_| None));
        for (name, value) in [("DD_SERVICE", "web"), ("LIBDDTRACE_LANGUAGE", "cpp")].iter().chain(settings) {
            config.set(name, value).unwrap();
        }
        let snapshot = Arc::new(make_snapshot(&Arc::new(config.resolve()), 1, None));
        let pipeline = Arc::new(Pipeline::new(budget, true));
        let sender = Sender::new(Arc::clone(&pipeline), exporter, Duration::from_secs(600));
        let local = Local::new(Arc::clone(&pipeline), snapshot);
        TestTracer { parts: Parts::default(), local, pipeline, sender, sent }
    }

    /// Starts a child of `parent`, or a trace.
    pub(crate) fn start(&mut self, parent: *const c_void, name: &str) -> *const c_void {
        let parent = if parent.is_null() { Parent::None } else { Parent::Span(parent) };
        self.start_with(parent, name, 0, |_| ())
    }

    /// Starts a span and fills it.
    pub(crate) fn start_with(
        &mut self,
        parent: Parent,
        name: &str,
        start_ns: i64,
        fill: impl FnOnce(&mut Started<'_>),
    ) -> *const c_void {
        let fill = |started: &mut Started<'_>| {
            started.body.set_field(crate::record::Field::Name, name.as_bytes()).unwrap();
            fill(started);
        };
        // SAFETY: the tests pass handles that this gave out.
        unsafe { start_span(&mut self.parts, &mut self.local, LINK, parent, start_ns, false, fill) }.unwrap().0
    }

    /// Finishes a span and gives its handle back.
    pub(crate) fn end(&mut self, span: *const c_void) {
        assert_eq!(self.finish(span, EndTime::Now, true), Finish::Done);
    }

    pub(crate) fn finish(&mut self, span: *const c_void, end: EndTime, release: bool) -> Finish {
        let TestTracer { parts, local, .. } = self;
        // SAFETY: the tests pass handles that `start` gave out.
        unsafe { finish_span(parts, span, end, release, |_| Some(local), |_, _, _| ()) }.unwrap()
    }

    /// Gives a handle back; an unfinished span is abandoned.
    pub(crate) fn free(&mut self, span: *const c_void) {
        let TestTracer { parts, local, .. } = self;
        // SAFETY: as above.
        unsafe { release_handle(parts, span, |_| Some(local)) }.unwrap();
    }

    /// What its segments remember of it.
    pub(crate) fn link() -> TracerLink {
        LINK
    }

    /// One cycle of the sender; what it sent.
    pub(crate) fn send(&mut self) -> Vec<ChunkData> {
        self.sender.periodic(Cause::Interval);
        std::mem::take(&mut *self.sent.0.lock().unwrap())
    }

    pub(crate) fn totals(&self) -> Totals {
        self.pipeline.totals()
    }

    /// Bytes of the budget in use, without what the thread holds in advance.
    pub(crate) fn booked(&mut self) -> usize {
        self.local.reserve.clear(&self.pipeline.pool.budget);
        self.pipeline.pool.budget.booked()
    }
}

/// The names of a chunk's spans.
pub(crate) fn names(chunk: &ChunkData) -> Vec<&str> {
    chunk.spans.iter().map(|span| span.name.as_str()).collect()
}

/// A string tag.
pub(crate) fn text<'a>(span: &'a SpanData, key: &str) -> Option<&'a str> {
    span.meta.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
}

/// A numeric tag.
pub(crate) fn number(span: &SpanData, key: &str) -> Option<f64> {
    let (_, number) = span.metrics.iter().find(|(k, _)| k == key)?;
    Some(match number {
        crate::record::Number::Int(value) => *value as f64,
        crate::record::Number::Float(value) => *value,
    })
}
