//! Which spans of a tracer are open.

use super::access::lock_slot;
use super::slot::SpanSlot;
use crate::record::Field;
use crate::segment::TracerLink;
use crate::slot::Slot;

/// How many spans of a tracer are open in this process, and the names of some. Looks at every span there is.
pub fn open_spans(tracer: TracerLink, most_names: usize) -> (usize, Vec<String>) {
    let (mut count, mut names) = (0, Vec::new());
    SpanSlot::each(|slot| {
        if !slot.header().has_live_handle() {
            return;
        }
        let Some(span) = lock_slot(slot) else { return };
        let Some(segment) = slot.segment() else { return };
        // Again, as the span may have ended meanwhile; while it is locked, it does not.
        if span.is_finished || !slot.header().has_live_handle() {
            return;
        }
        let is_of_tracer = segment.lock().is_ok_and(|segment| segment.tracer == tracer && !segment.is_inherited());
        if is_of_tracer {
            count += 1;
            if names.len() < most_names {
                names.push(String::from_utf8_lossy(span.field(Field::Name)).into_owned());
            }
        }
    });
    (count, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::test_tracer::{NONE, TestTracer};

    #[test]
    fn finished_and_freed_spans_are_not_open() {
        let mut tracer = TestTracer::new(&[]);
        // Tests share their tracer's number, so that only names tell their spans apart.
        let open = || open_spans(TestTracer::link(), usize::MAX).1.into_iter().filter(|name| name.starts_with("open.")).count();
        let spans = ["open.a", "open.b", "open.c"].map(|name| tracer.start(NONE, name));
        assert_eq!(open(), 3);
        tracer.end(spans[0]);
        tracer.free(spans[1]);
        assert_eq!(open(), 1);
        tracer.end(spans[2]);
        assert_eq!(open(), 0);
    }
}
