//! The span record: what a span is made of, live and finished.

mod link;
mod event;
mod span_data;
mod view;

pub use event::{AttributeValue, SpanEvent};
pub use link::SpanLink;
pub use span_data::{ChunkData, Number, SpanData};
pub use view::SpanView;
