//! An exporter that the user holds too: several tracers may feed it, and whoever reads the in-memory one drains them first.

use super::data_exporter::DataExporter;
use super::exporter::Exporter;
use super::memory::MemoryExporter;
use super::pipeline::Pipeline;
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Kind, SlotClass};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

static CLASS: SlotClass = cold_class(Kind::Exporter);
/// How long reading waits for what is finished.
const DRAIN: Duration = Duration::from_secs(2);

/// An exporter and the pipelines that feed it.
pub struct SharedExporter {
    sink: Sink,
    pipelines: Mutex<Vec<Weak<Pipeline>>>,
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
        SharedExporter { sink, pipelines: Mutex::default() }
    }

    /// The exporter for a sender.
    pub fn exporter(&self) -> Exporter {
        match &self.sink {
            Sink::Data(exporter) => Exporter::Data(Arc::clone(exporter)),
            Sink::Memory(exporter) => Exporter::Data(Arc::clone(exporter) as Arc<dyn DataExporter>),
            Sink::Null => Exporter::Null,
        }
    }

    /// Notes a pipeline that feeds this exporter.
    pub fn attach(&self, pipeline: &Arc<Pipeline>) {
        let Ok(mut pipelines) = self.pipelines.try_lock() else { return };
        pipelines.retain(|pipeline| pipeline.strong_count() > 0);
        pipelines.push(Arc::downgrade(pipeline));
    }

    /// The in-memory exporter, with everything in it that is finished. `None`: this is another one.
    pub fn drained_memory(&self) -> Option<&MemoryExporter> {
        let Sink::Memory(memory) = &self.sink else { return None };
        let pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
}
