//! Spans: live ones in their slots, and those that record nothing.
//!
//! Order of locks: a span, then its segment, then the trace state; never two of a kind, and never across a callback.

mod access;
mod ancestors;
mod body;
mod context;
mod decide;
mod finish;
mod identify;
mod light;
mod open;
mod otel_name;
mod otel_tags;
mod parts;
mod published;
mod release;
mod settle;
mod short_text;
mod slot;
mod start;
mod status;
mod tag_sink;
mod tags;
mod thaw;
mod thawed_chunk;

pub use access::{AnySpan, lock_recording, lock_slot, lock_span};
pub use ancestors::{Nearest, Step, local_root, nearest_open, open_ancestor};
pub use body::{MAX_SPAN_BYTES, MAX_TAGS, SpanBody, SpanFull};
pub use context::{
    ContextSlot, ContextView, context_of_span, drop_context, drop_view, extracted_context, new_context, reference_context,
    share_view, view_of_span, with_context,
};
pub use decide::{decide_segment, try_decide_segment};
pub use finish::{EndTime, Finish, finish_span};
pub use identify::{HandleKind, handle_kind, segment_of_span, trace_and_span_id};
pub use light::LightSpan;
pub use open::open_spans;
pub use parts::Parts;
pub use published::{Published, published_span};
pub use release::{add_handle, release_handle};
pub use slot::{SpanGuard, SpanSlot};
pub use start::{Parent, StartError, Started, start_span, start_unrecorded};
pub use status::{SpanKind, SpanStatus};
pub use tag_sink::TagSink;
pub use tags::{SpecialKey, TagError, TagValue};
pub use thawed_chunk::{ChunkError, Filtered, ThawedChunk};
