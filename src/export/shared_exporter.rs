//! An exporter that the user holds too: several tracers may feed it, and whoever reads the in-memory one drains them first.

use super::data_exporter::{DataExporter, ExportError};
use super::exporter::Exporter;
use super::memory::MemoryExporter;
use super::pipeline::Pipeline;
use crate::record::ChunkData;
use crate::service::fork;
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Guarded, Kind, SlotClass};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

static CLASS: SlotClass = cold_class(Kind::Exporter);
/// How long reading waits for what is finished.
const DRAIN: Duration = Duration::from_secs(2);

/// An exporter and the pipelines that feed it.
pub struct SharedExporter {
    sink: Sink,
    feeds: Arc<Feeds>,
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
        SharedExporter { sink, feeds: Arc::default(), pipelines: Guarded::default() }
    }

    /// The exporter for a sender.
    pub fn exporter(&self) -> Exporter {
        match &self.sink {
            Sink::Data(exporter) => Exporter::Data(Arc::new(Feed::new(Arc::clone(exporter), &self.feeds))),
            Sink::Memory(exporter) => {
                Exporter::Data(Arc::new(Feed::new(Arc::clone(exporter) as Arc<dyn DataExporter>, &self.feeds)))
            }
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

/// How many tracers of this process feed an exporter: the fork generation and the number, in one word, because those of a parent process
/// never end in its child.
#[derive(Default)]
struct Feeds(AtomicU64);

impl Feeds {
    /// Adds to the number of this process; what it is then.
    fn change(&self, by: i32) -> u32 {
        let generation = fork::generation();
        let next = |word: u64| {
            let number = if (word >> 32) as u32 == generation { word as u32 } else { 0 };
            (u64::from(generation) << 32) | u64::from(number.saturating_add_signed(by))
        };
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| Some(next(word)));
        next(before.unwrap_or_else(|word| word)) as u32
    }
}

/// One tracer's way into an exporter: its end is not the exporter's, which others may feed.
struct Feed {
    exporter: Arc<dyn DataExporter>,
    feeds: Arc<Feeds>,
    has_ended: AtomicBool,
    generation: u32,
}

impl Feed {
    fn new(exporter: Arc<dyn DataExporter>, feeds: &Arc<Feeds>) -> Self {
        feeds.change(1);
        Feed { exporter, feeds: Arc::clone(feeds), has_ended: AtomicBool::new(false), generation: fork::generation() }
    }
}

impl DataExporter for Feed {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        self.exporter.export(chunks)
    }

    fn shutdown(&self) {
        if self.has_ended.swap(true, Ordering::AcqRel) || self.generation != fork::generation() {
            return;
        }
        if self.feeds.change(-1) == 0 && self.exporter.ends_with_its_tracers() {
            self.exporter.shutdown();
        }
    }
}

impl Drop for Feed {
    /// A tracer that could not be made.
    fn drop(&mut self) {
        self.shutdown();
    }
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
