//! What a program may register to be told of spans: processors of single ones, filters of whole chunks.
//!
//! All of them are called on the thread that starts or finishes a span, with no lock held, so that they may call the library. What a processor
//! does in a call is not told to processors again, and what a filter does is not told to filters: nobody can end up calling himself.

mod inside;
mod list;
mod registered;

pub use inside::{Inside, Role};
pub use list::{HookError, Hooks, MOST_HOOKS, ThreadHooks};
pub use registered::{ChunkFilter, Filter, Processor, SpanProcessor};
