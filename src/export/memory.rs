//! The in-memory exporter: keeps finished spans for tests and for programs that look at their own traces.
//!
//! At most `max_spans` spans are kept (0: no limit); when there are more, the oldest go. After a fork the child starts
//! with an empty store: what its parent recorded is the parent's.

use std::collections::VecDeque;
use std::process;

use serde::ser::{Serialize, Serializer};

use super::data_exporter::{DataExporter, ExportError};
use super::json::span_json_with_priority;
use crate::lock::Mutex;
use crate::lock::Turn;
use crate::record::{ChunkData, SpanData};

const EXPORTER: &str = "memory";
/// Each fork that catches a thread inside costs the child one store, so this many such forks in a row are survived.
const STORES: usize = 4;

/// Keeps spans in memory.
#[derive(Debug)]
pub struct MemoryExporter {
    max_spans: usize,
    turn: Turn,
    /// The first store that can be locked is the one in use. The turn is taken before, so that a store that is locked
    /// all the same was locked by a thread that did not come along when this process was forked.
    stores: [Mutex<Store>; STORES],
}

#[derive(Debug, Default)]
struct Store {
    process: u32,
    spans: VecDeque<StoredSpan>,
    is_shut_down: bool,
}

#[derive(Debug)]
struct StoredSpan {
    span: SpanData,
    priority: Option<i32>,
}

impl MemoryExporter {
    /// An empty exporter that keeps the newest `max_spans` spans, or all of them if that is 0.
    pub fn new(max_spans: usize) -> Self {
        MemoryExporter { max_spans, turn: Turn::new(), stores: Default::default() }
    }

    /// The spans of one trace, or all of them, oldest first.
    pub fn spans(&self, trace_id: Option<u128>) -> Vec<SpanData> {
        let read = |store: &mut Store| store.select(trace_id).map(|s| s.span.clone()).collect();
        self.with_store(read).unwrap_or_default()
    }

    /// How many spans are kept.
    pub fn count(&self) -> usize {
        self.with_store(|store| store.spans.len()).unwrap_or(0)
    }

    /// Forgets all spans.
    pub fn clear(&self) {
        let _ = self.with_store(|store| store.spans.clear());
    }

    /// A JSON array of the spans of one trace, or of all of them, oldest first. The fields are those of
    /// [`super::json`].
    pub fn json(&self, trace_id: Option<u128>) -> String {
        let write = |store: &mut Store| serde_json::to_string(&StoreJson { store, trace_id });
        self.with_store(write).ok().and_then(Result::ok).unwrap_or_else(|| "[]".to_owned())
    }

    fn with_store<R>(&self, work: impl FnOnce(&mut Store) -> R) -> Result<R, ExportError> {
        let busy = ExportError::Busy { exporter: EXPORTER };
        let Some(_turn) = self.turn.take() else {
            return Err(busy);
        };
        let Some(mut store) = self.stores.iter().find_map(Mutex::try_lock) else {
            return Err(busy);
        };
        let process = process::id();
        if store.process != process {
            let is_shut_down = store.is_shut_down;
            *store = Store { process, is_shut_down, ..Store::default() };
        }
        Ok(work(&mut store))
    }
}

impl DataExporter for MemoryExporter {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        self.with_store(|store| {
            if store.is_shut_down {
                return Err(ExportError::ShutDown { exporter: EXPORTER });
            }
            store.add(chunks, self.max_spans);
            Ok(())
        })?
    }

    fn shutdown(&self) {
        let _ = self.with_store(|store| store.is_shut_down = true);
    }
}

impl Store {
    fn add(&mut self, chunks: &[ChunkData], max_spans: usize) {
        for chunk in chunks {
            for span in &chunk.spans {
                if max_spans != 0 && self.spans.len() >= max_spans {
                    self.spans.pop_front();
                }
                self.spans.push_back(StoredSpan { span: span.clone(), priority: chunk.priority });
            }
        }
    }

    fn select(&self, trace_id: Option<u128>) -> impl Iterator<Item = &StoredSpan> {
        self.spans.iter().filter(move |s| trace_id.is_none_or(|wanted| s.span.trace_id == wanted))
    }
}

struct StoreJson<'a> {
    store: &'a Store,
    trace_id: Option<u128>,
}

impl Serialize for StoreJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let spans = self.store.select(self.trace_id);
        serializer.collect_seq(spans.map(|s| span_json_with_priority(&s.span, s.priority)))
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
