//! An exporter that the user holds too: several tracers may feed it, and whoever reads the in-memory one drains them first.

use super::data_exporter::{DataExporter, ExportError};
use super::exporter::Exporter;
use super::memory::MemoryExporter;
use super::pipeline::Pipeline;
use crate::record::ChunkData;
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Guarded, Kind, SlotClass};
use std::sync::{Arc, Weak};
use std::time::Duration;

static CLASS: SlotClass = cold_class(Kind::Exporter);
/// How long reading waits for what is finished.
const DRAIN: Duration = Duration::from_secs(2);

/// An exporter and the pipelines that feed it.
pub struct SharedExporter {
    sink: Sink,
    pipelines: Guarded<Vec<Weak<Pipeline>>>,
}

enum Sink {
    Data(Arc<dyn DataExporter>),
    Memory(Arc<MemoryExporter>),
    Null,
}

impl Cold for SharedExporter {
    const KIND: Kind = Kind::Exporter;
    const CLASS: &'static SlotClass = &CLASS;
}

impl SharedExporter {
    /// Around an exporter of readable spans.
    pub fn of_data(exporter: Arc<dyn DataExporter>) -> Self {
        Self::new(Sink::Data(exporter))
    }

    /// In memory, at most `max_spans` spans (0: any number).
    pub fn memory(max_spans: usize) -> Self {
        Self::new(Sink::Memory(Arc::new(MemoryExporter::new(max_spans))))
    }

    /// Takes everything and keeps nothing.
    pub fn null() -> Self {
        Self::new(Sink::Null)
    }

    fn new(sink: Sink) -> Self {
        SharedExporter { sink, pipelines: Guarded::default() }
    }

    /// The exporter for a sender.
    pub fn exporter(&self) -> Exporter {
        match &self.sink {
            Sink::Data(exporter) => Exporter::Data(Arc::new(Feed(Arc::clone(exporter)))),
            Sink::Memory(exporter) => Exporter::Data(Arc::new(Feed(Arc::clone(exporter) as Arc<dyn DataExporter>))),
            Sink::Null => Exporter::Null,
        }
    }

    /// Notes a pipeline that feeds this exporter. In a forked child it may be that there is no way to; then its spans come by themselves,
    /// but nobody drains it.
    pub fn attach(&self, pipeline: &Arc<Pipeline>) {
        let added = Arc::downgrade(pipeline);
        let _ = self.pipelines.with(|pipelines| {
            pipelines.retain(|pipeline| pipeline.strong_count() > 0);
            pipelines.push(added);
        });
    }

    /// The in-memory exporter, with everything in it that is finished. `None`: this is another one.
    pub fn drained_memory(&self) -> Option<&MemoryExporter> {
        let memory = self.memory_exporter()?;
        let pipelines = self.pipelines.with(|pipelines| pipelines.clone()).unwrap_or_default();
        let generation = crate::service::fork::generation();
        for pipeline in pipelines.iter().filter_map(Weak::upgrade) {
            if pipeline.generation != generation {
                std::mem::forget(pipeline);
            } else if pipeline.accepts() {
                pipeline.flush(DRAIN);
            }
        }
        Some(memory)
    }

    fn memory_exporter(&self) -> Option<&MemoryExporter> {
        match &self.sink {
            Sink::Memory(memory) => Some(memory),
            Sink::Data(_) | Sink::Null => None,
        }
    }
}

/// One tracer's way into an exporter: its end is not the exporter's, which others may feed.
struct Feed(Arc<dyn DataExporter>);

impl DataExporter for Feed {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        self.0.export(chunks)
    }

    fn shutdown(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_one_feeding_tracer_is_not_the_exporters() {
        let shared = SharedExporter::memory(0);
        let (mut first, second) = (shared.exporter(), shared.exporter());
        first.shutdown();
        let Exporter::Data(second) = second else { panic!("memory is an exporter of data") };
        let chunk = ChunkData { spans: vec![Default::default()], ..Default::default() };
        second.export(&[chunk]).unwrap();
        assert_eq!(shared.drained_memory().map(MemoryExporter::count), Some(1));
    }

    #[test]
    fn only_memory_is_read() {
        assert!(SharedExporter::null().drained_memory().is_none());
    }
}
