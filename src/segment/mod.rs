//! Trace segments: the part of a trace that this process makes, from its local root down.
//!
//! A segment counts its open spans and keeps the records of finished ones. When no span is open, or enough are finished, a chunk leaves.

mod records;
mod slot;
#[cfg(test)]
pub(crate) mod test_tracer;
#[cfg(test)]
mod tests;

pub use records::Finished;
pub use slot::{Segment, SegmentBody, SegmentGuard, SpanClosed, TracerLink};
