//! What a thread needs to make spans of any tracer: its free slots, its ids, its clock.

use super::context::ContextSlot;
use super::light::LightSpan;
use super::slot::SpanSlot;
use crate::context::TraceState;
use crate::export::Pipeline;
use crate::record::{Clock, IdSource};
use crate::segment::Segment;
use crate::slot::FreeList;
use std::sync::Arc;

/// One thread's own means.
#[derive(Default)]
pub struct Parts {
    /// Free slots of spans.
    pub spans: FreeList<SpanSlot>,
    /// Free slots of spans that record nothing.
    pub lights: FreeList<LightSpan>,
    /// Free slots of segments.
    pub segments: FreeList<Segment>,
    /// Free slots of trace states.
    pub states: FreeList<TraceState>,
    /// Free slots of contexts.
    pub contexts: FreeList<ContextSlot>,
    /// Draws ids.
    pub ids: IdSource,
    /// Offset of the clocks.
    pub clock: Clock,
    /// Where the chunk of a span went that ended with [`Finish::Send`](super::Finish::Send): to be taken by the caller.
    pub to_send: Option<Arc<Pipeline>>,
}
