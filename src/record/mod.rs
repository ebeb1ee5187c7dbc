//! The span record: what a span is made of, live and finished.
//!
//! A record is a fixed [`Head`] and three runs of MessagePack: fields (name, service, resource, type), string tags (key, value, key,
//! value, …) and numeric tags. A live span has them in one buffer that grows from both ends; a finished one has them back to back.

mod base_hash;
mod clock;
mod copy;
mod event;
mod extra;
mod frozen;
mod head;
mod ids;
mod library_tags;
mod link;
pub mod msgpack;
mod runs;
mod shared_tags;
mod span_data;
mod text;
mod ticks;
mod view;

pub use base_hash::base_hash;
pub use clock::{Clock, monotonic_ns, unix_ns};
pub use copy::{SHORT, append_text, copy_short, make_room, same_text};
pub use event::{AttributeValue, SpanEvent};
pub use extra::{Extra, MAX_ENTRIES};
pub use frozen::{RecordRef, append_record, drop_records, record_len, start_numbers, update_head};
pub use head::{Field, Head, flag};
pub use ids::{IdSource, draw_ids_directly, fill_random};
pub use library_tags::{LibraryTags, TagEntry};
pub use link::SpanLink;
pub use runs::{Full, RunValue, Runs, RunsRef, key_bit, service_hash, text_hash};
pub use shared_tags::SharedTags;
pub use span_data::{ChunkData, Number, SpanData};
pub use text::{MAX_TEXT, clean, is_plain};
pub use ticks::Calibration;
pub use view::SpanView;
