//! When the budget is used up.

use crate::export::Totals;
use crate::record::SpanEvent;
use crate::segment::test_tracer::{NONE, TestTracer, names, number};
use crate::span::{Parent, context_of_span, drop_context, with_context};

fn counts(totals: &Totals) -> [u64; 4] {
    [totals.chunks_sent, totals.spans_sent, totals.chunks_dropped, totals.spans_dropped]
}

#[test]
fn whole_chunks_are_lost_counted_and_told_by_the_keep_rate() {
    let mut tracer = TestTracer::with_budget(40 * 1024, &[("DD_TRACE_PARTIAL_FLUSH_ENABLED", "false")]);
    let root = tracer.start(NONE, "lost");
    for _ in 0..1_000 {
        let child = tracer.start_with(Parent::Span(root), "child", 0, |started| {
            started.body.extra_mut().add_event(SpanEvent::default());
        });
        tracer.end(child);
        assert!(tracer.pipeline.pool.budget.booked() <= 40 * 1024);
    }
    tracer.end(root);
    assert!(tracer.send().is_empty());
    assert_eq!(counts(&tracer.totals()), [0, 0, 1, 1_001]);
    let totals = tracer.totals();
    assert_eq!((totals.spans_finished, totals.segments_closed, totals.chunks_enqueued), (1_001, 1, 0));
    assert_eq!(tracer.booked(), 0);
    for rate in [0.0, 0.5] {
        let root = tracer.start(NONE, "sent");
        tracer.end(root);
        let chunk = tracer.send().remove(0);
        assert_eq!(number(&chunk.spans[0], "_dd.tracer_kr"), Some(rate), "of what was known before");
    }
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_budget_of_nothing_loses_everything_and_stays_whole() {
    let mut tracer = TestTracer::with_budget(0, &[]);
    for size in [10, 20_000, 100_000] {
        let fill = |started: &mut crate::span::Started<'_>| {
            started.body.set_text(b"key", "x".repeat(size.min(25_000)).as_bytes()).unwrap();
            started.body.set_text(b"key2", "x".repeat(size.min(25_000)).as_bytes()).unwrap();
            started.body.extra_mut().add_event(SpanEvent::default());
        };
        let root = tracer.start_with(Parent::None, "root", 0, fill);
        let child = tracer.start_with(Parent::Span(root), "child", 0, fill);
        tracer.end(child);
        tracer.end(root);
        let alone = tracer.start_with(Parent::None, "alone", 0, fill);
        tracer.end(alone);
        assert_eq!(tracer.booked(), 0);
    }
    assert!(tracer.send().is_empty());
    assert_eq!(counts(&tracer.totals()), [0, 0, 6, 9]);
}

#[test]
fn a_small_budget_takes_small_chunks() {
    let mut tracer = TestTracer::with_budget(2_000, &[]);
    for _ in 0..3 {
        let root = tracer.start(NONE, "root");
        tracer.end(root);
        assert_eq!(tracer.send().len(), 1);
    }
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_segment_that_lost_a_partial_chunk_goes_on_with_the_next() {
    let settings = [("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "100")];
    let mut tracer = TestTracer::with_budget(64 * 1024, &settings);
    // Another chunk, not sent yet, has most of the budget.
    let other = tracer.start_with(Parent::None, "other", 0, |started| {
        for key in ["a", "b"] {
            started.body.set_text(key.as_bytes(), "x".repeat(15_000).as_bytes()).unwrap();
        }
    });
    tracer.end(other);
    let root = tracer.start(NONE, "root");
    let finish_children = |tracer: &mut TestTracer| {
        for _ in 0..100 {
            let fill = |started: &mut crate::span::Started<'_>| started.body.set_text(b"key", &[b'x'; 300]).unwrap();
            let child = tracer.start_with(Parent::Span(root), "child", 0, fill);
            tracer.end(child);
        }
    };
    finish_children(&mut tracer);
    assert_eq!(counts(&tracer.totals()), [0, 0, 1, 100]);
    assert_eq!(tracer.send().iter().map(names).collect::<Vec<_>>(), [["other"]]);
    tracer.end(root);
    let chunks = tracer.send();
    assert_eq!(chunks.iter().map(names).collect::<Vec<_>>(), [["root"]]);
    assert_eq!(counts(&tracer.totals()), [2, 2, 1, 100]);
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_chunk_above_the_limit_for_payloads_is_dropped() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_WRITER_MAX_PAYLOAD_SIZE_BYTES", "10000")]);
    let fill = |started: &mut crate::span::Started<'_>| started.body.set_text(b"key", &[b'x'; 12_000]).unwrap();
    let root = tracer.start_with(Parent::None, "root", 0, fill);
    tracer.end(root);
    let small = tracer.start(NONE, "small");
    tracer.end(small);
    assert_eq!(tracer.send().iter().map(names).collect::<Vec<_>>(), [["small"]]);
    assert_eq!(counts(&tracer.totals()), [1, 1, 1, 1]);
}

#[test]
fn lost_and_sent_chunks_give_the_trace_s_state_back() {
    for budget in [0, crate::segment::test_tracer::BUDGET] {
        for size in [10, 20_000] {
            let mut tracer = TestTracer::with_budget(budget, &[]);
            let fill = |started: &mut crate::span::Started<'_>| started.body.set_text(b"key", &vec![b'x'; size]).unwrap();
            let root = tracer.start_with(Parent::None, "root", 0, fill);
            // SAFETY: the handles are alive.
            let context = unsafe { context_of_span(&mut tracer.parts, root) }.unwrap().unwrap();
            // SAFETY: as above.
            let state = unsafe { with_context(context, |view| view.state) }.unwrap().add_reference();
            let child = tracer.start_with(Parent::Span(root), "child", 0, fill);
            tracer.end(child);
            tracer.end(root);
            // SAFETY: as above.
            unsafe { drop_context(&mut tracer.parts, context) }.unwrap();
            assert_eq!(tracer.send().len(), usize::from(budget > 0));
            assert!(state.is_unshared(), "budget {budget}, size {size}");
            assert_eq!(state.decision().is_some(), budget > 0);
            state.release(&mut tracer.parts.states);
        }
    }
}
