//! What leaves together, in which order, and when.

use crate::record::{SpanEvent, SpanLink};
use crate::segment::test_tracer::{NONE, TestTracer, names};
use crate::span::{EndTime, Finish, Parent, SpanBody, context_of_span, drop_context, lock_recording};

/// Gives a span one of each of what is on the heap.
fn add_extra(body: &mut SpanBody) {
    let extra = body.extra_mut();
    extra.add_link(SpanLink { trace_id: 5, span_id: 6, tracestate: "dd=s:1".to_owned(), ..SpanLink::default() });
    extra.add_event(SpanEvent { name: "event".to_owned(), ..SpanEvent::default() });
    extra.set_meta_struct("doc".to_owned(), vec![0x80]);
}

#[test]
fn a_chunk_has_its_spans_in_the_order_of_their_start() {
    let mut tracer = TestTracer::new(&[]);
    let root = tracer.start(NONE, "root");
    let a = tracer.start(root, "a");
    let b = tracer.start(root, "b");
    let c = tracer.start(a, "c");
    for span in [c, a] {
        tracer.end(span);
    }
    assert!(tracer.send().is_empty(), "spans are open");
    for span in [b, root] {
        tracer.end(span);
    }
    let chunks = tracer.send();
    assert_eq!(chunks.len(), 1);
    assert_eq!(names(&chunks[0]), ["root", "a", "b", "c"]);
    let spans = &chunks[0].spans;
    assert_eq!(
        [spans[1].parent_id, spans[2].parent_id, spans[3].parent_id],
        [spans[0].span_id, spans[0].span_id, spans[1].span_id]
    );
    let totals = tracer.totals();
    assert_eq!((totals.spans_started, totals.spans_finished, totals.spans_sent), (4, 4, 4));
    assert_eq!((totals.segments_started, totals.segments_closed, totals.chunks_enqueued, totals.chunks_sent), (1, 1, 1, 1));
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_child_that_outlives_its_parent_holds_the_chunk() {
    let mut tracer = TestTracer::new(&[]);
    let root = tracer.start(NONE, "root");
    let child = tracer.start(root, "child");
    tracer.end(root);
    assert!(tracer.send().is_empty());
    let grandchild = tracer.start(child, "grandchild");
    tracer.end(child);
    tracer.end(grandchild);
    assert_eq!(names(&tracer.send()[0]), ["root", "child", "grandchild"]);
}

#[test]
fn a_child_started_later_makes_another_chunk_with_the_same_decision() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_SAMPLE_RATE", "0")]);
    let root = tracer.start(NONE, "root");
    assert_eq!(tracer.finish(root, EndTime::Now, false), Finish::Done);
    let first = tracer.send().remove(0);
    let child = tracer.start(root, "child");
    assert_eq!(tracer.finish(root, EndTime::Now, true), Finish::Already);
    tracer.end(child);
    let second = tracer.send().remove(0);
    assert_eq!((names(&first), names(&second)), (vec!["root"], vec!["child"]));
    assert_eq!((first.priority, second.priority), (Some(-1), Some(-1)));
    assert_eq!(second.spans[0].parent_id, first.spans[0].span_id);
    assert_eq!(tracer.totals().segments_started, 1);
}

#[test]
fn abandoned_spans_are_counted_and_not_sent() {
    let mut tracer = TestTracer::new(&[]);
    let root = tracer.start(NONE, "root");
    let lost = tracer.start(root, "lost");
    let child = tracer.start(root, "child");
    tracer.free(lost);
    tracer.end(child);
    tracer.free(root);
    assert_eq!(names(&tracer.send()[0]), ["child"]);
    let alone = tracer.start(NONE, "alone");
    tracer.free(alone);
    assert!(tracer.send().is_empty());
    let totals = tracer.totals();
    assert_eq!((totals.spans_abandoned, totals.spans_sent, totals.spans_dropped), (3, 1, 0));
    assert_eq!((totals.segments_closed, totals.chunks_enqueued), (2, 1));
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn what_is_on_the_heap_leaves_with_the_record_and_stays_readable() {
    let mut tracer = TestTracer::new(&[]);
    let root = tracer.start_with(Parent::None, "root", 0, |started| add_extra(started.body));
    let child = tracer.start_with(Parent::Span(root), "child", 0, |started| add_extra(started.body));
    tracer.end(child);
    tracer.finish(root, EndTime::Now, false);
    let chunk = tracer.send().remove(0);
    for span in &chunk.spans {
        assert_eq!((span.links.len(), span.events.len(), span.meta_struct.len()), (1, 1, 1));
        assert_eq!((span.links[0].span_id, span.meta_struct[0].1.as_slice()), (6, &[0x80][..]));
    }
    // SAFETY: the handle is alive.
    let locked = unsafe { lock_recording(root) }.unwrap().unwrap();
    assert_eq!(locked.extra().map(|extra| extra.events.len()), Some(1));
    drop(locked);
    tracer.free(root);
}

#[test]
fn large_chunks_arrive_whole() {
    for (count, size) in [(1, 20_000), (3, 20_000), (400, 100), (2, 1_000_000)] {
        let mut tracer = TestTracer::new(&[("DD_TRACE_PARTIAL_FLUSH_ENABLED", "false")]);
        let value = "x".repeat(20_000.min(size));
        let root = tracer.start(NONE, "root");
        for index in 0..count {
            let fill = |started: &mut crate::span::Started<'_>| {
                add_extra(started.body);
                for part in 0..size.div_ceil(value.len()) {
                    started.body.set_text(format!("key{part}").as_bytes(), value.as_bytes()).unwrap();
                }
            };
            let child = tracer.start_with(Parent::Span(root), &format!("child{index}"), 0, fill);
            tracer.end(child);
        }
        tracer.end(root);
        let chunks = tracer.send();
        assert_eq!(chunks.len(), 1, "{count} spans of {size}");
        assert_eq!(chunks[0].spans.len(), count + 1);
        for span in &chunks[0].spans[1..] {
            assert_eq!(span.meta.iter().filter(|(key, _)| key.starts_with("key")).count(), size.div_ceil(value.len()));
            assert_eq!((span.links.len(), span.events.len()), (1, 1));
        }
        assert_eq!(tracer.booked(), 0);
    }
}

#[test]
fn many_traces_fill_block_after_block() {
    let mut tracer = TestTracer::new(&[]);
    for index in 0..3_000 {
        let root = tracer.start(NONE, &format!("root{index}"));
        let child = tracer.start_with(Parent::Span(root), "child", 0, |started| add_extra(started.body));
        tracer.end(child);
        tracer.end(root);
    }
    let chunks = tracer.send();
    assert_eq!(chunks.len(), 3_000);
    assert!(chunks.iter().enumerate().all(|(index, chunk)| names(chunk) == [&format!("root{index}"), "child"]));
    assert!(tracer.totals().payloads_sent > 1);
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_context_keeps_its_segment_open_for_children() {
    let mut tracer = TestTracer::new(&[]);
    let root = tracer.start(NONE, "root");
    // SAFETY: the handle is alive.
    let context = unsafe { context_of_span(&mut tracer.parts, root) }.unwrap().unwrap();
    tracer.end(root);
    assert_eq!(names(&tracer.send()[0]), ["root"]);
    // SAFETY: as above.
    let view = unsafe { crate::span::with_context(context, |view| view) }.unwrap();
    let child = tracer.start_with(Parent::Context(view), "child", 0, |_| ());
    // SAFETY: as above.
    unsafe { drop_context(&mut tracer.parts, context) }.unwrap();
    tracer.end(child);
    assert_eq!(names(&tracer.send()[0]), ["child"]);
    let totals = tracer.totals();
    assert_eq!((totals.segments_started, totals.chunks_sent), (1, 2));
}
