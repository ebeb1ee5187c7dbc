//! Filtering a chunk: on the thread that let it leave, with no lock held, before anybody decides whether it is kept.

use super::thread::with_thread;
use crate::export::{Block, Pipeline};
use crate::hooks::{Filter, Inside, Role, ThreadHooks};
use crate::log::log_warn;
use crate::segment::TracerLink;
use crate::service::fork;
use crate::slot::{HandleError, cold};
use crate::span::{Filtered, ThawedChunk};
use std::ffi::c_void;
use std::sync::Arc;

/// A chunk that filters have to see.
pub struct HeldChunk {
    /// The chunk, alone.
    pub(super) block: Block,
    /// The filters in force when it left.
    pub(super) hooks: Arc<ThreadHooks>,
    /// Where it goes.
    pub(super) pipeline: Arc<Pipeline>,
    /// The tracer.
    pub(super) link: TracerLink,
}

impl HeldChunk {
    /// Shows it to all filters, then queues what they left of it.
    pub fn filter(mut self) {
        let counters = Arc::clone(&self.pipeline);
        let counters = &counters.counters;
        let spans_before = self.block.spans;
        // A chunk of what a filter itself traces goes by.
        if let Some(_inside) = Inside::enter(Role::Filter) {
            let hooks = Arc::clone(&self.hooks);
            let is_left = hooks.filters().iter().all(|filter| self.is_left_by(filter));
            if self.pipeline.generation != fork::generation() {
                // A filter forked, and this is the child: the chunk is the parent's, which sends it.
                std::mem::forget(self);
                return;
            }
            if !is_left {
                counters.chunks_filtered.add_shared(1);
                counters.spans_filtered.add_shared(u64::from(spans_before));
                return;
            }
        }
        counters.spans_filtered.add_shared(u64::from(spans_before.saturating_sub(self.block.spans)));
        self.enqueue();
    }

    /// Shows it to one filter. `false`: it is to be dropped.
    fn is_left_by(&mut self, filter: &Filter) -> bool {
        let (link, snapshot) = (self.link, Arc::clone(&self.block.snapshot));
        let bytes = std::mem::take(&mut self.block.bytes);
        let chunk = match with_thread(|thread| ThawedChunk::to_filter(&mut thread.parts, link, bytes, &snapshot)) {
            Ok(chunk) => Arc::new(chunk),
            Err(bytes) => {
                log_warn!("memory is out: a trace is not filtered");
                self.block.bytes = bytes;
                return true;
            }
        };
        let handle: Option<*mut c_void> = cold::create(Arc::clone(&chunk));
        let keep = handle.is_some_and(|handle| {
            let keep = filter.apply(handle);
            // SAFETY: the handle was just made.
            let _: Result<_, HandleError> = unsafe { cold::release::<ThawedChunk, _>(handle) };
            keep
        });
        match with_thread(|thread| chunk.end_filter(&mut thread.parts, keep)) {
            Some(Filtered::Same(bytes)) => self.block.bytes = bytes,
            Some(Filtered::Dropped(bytes)) => {
                self.block.bytes = bytes;
                return false;
            }
            Some(Filtered::Changed(bytes, spans)) => {
                self.block.owns = true;
                if !self.block.replace_chunk(bytes, spans) {
                    log_warn!("a filter made a trace larger than the buffer has room for: it is dropped");
                    return false;
                }
            }
            None => return false,
        }
        true
    }

    fn enqueue(self) {
        let HeldChunk { block, pipeline, link, .. } = self;
        with_thread(|thread| match thread.tracers.local_of_link(link) {
            Some(local) if Arc::ptr_eq(&local.pipeline, &pipeline) => local.enqueue(block),
            _ if pipeline.accepts() => {
                pipeline.push(block);
                pipeline.ensure_started();
            }
            _ => {
                pipeline.counters.chunks_dropped.add_shared(1);
                pipeline.counters.spans_dropped.add_shared(u64::from(block.spans));
            }
        });
    }
}
