//! Chunks that leave while spans are still open.

use crate::segment::test_tracer::{NONE, TestTracer, names, number, text};
use crate::span::Parent;

#[test]
fn a_partial_chunk_leaves_when_enough_spans_are_finished() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "3"), ("DD_TRACE_SAMPLE_RATE", "1")]);
    let root = tracer.start(NONE, "root");
    let spans = ["a", "b", "c", "d"].map(|name| tracer.start(root, name));
    tracer.end(spans[1]);
    tracer.end(spans[2]);
    assert!(tracer.send().is_empty());
    tracer.end(spans[0]);
    let partial = tracer.send().remove(0);
    assert_eq!(names(&partial), ["a", "b", "c"]);
    tracer.end(spans[3]);
    assert!(tracer.send().is_empty());
    tracer.end(root);
    let rest = tracer.send().remove(0);
    assert_eq!(names(&rest), ["root", "d"]);
    for (chunk, flushed) in [(&partial, Some(3.0)), (&rest, None)] {
        let first = &chunk.spans[0];
        assert_eq!(chunk.priority, Some(2));
        assert_eq!((text(first, "_dd.p.dm"), text(first, "_dd.p.ksr")), (Some("-3"), Some("1")));
        assert_eq!(number(first, "_dd.cpp.partial_flush"), flushed);
        assert!(text(first, "_dd.p.tid").is_some());
        assert!(chunk.spans[1..].iter().all(|span| text(span, "_dd.p.dm").is_none()));
    }
    assert_eq!((number(&partial.spans[0], "_dd.rule_psr"), number(&rest.spans[0], "_dd.rule_psr")), (None, Some(1.0)));
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn the_decision_is_made_on_the_root_as_it_is_when_the_partial_chunk_leaves() {
    let rules = r#"[{"resource":"keep","sample_rate":1},{"sample_rate":0}]"#;
    let mut tracer = TestTracer::new(&[("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "1"), ("DD_TRACE_SAMPLING_RULES", rules)]);
    let root = tracer.start(NONE, "root");
    let set_resource = |resource: &str| {
        // SAFETY: the handle is alive.
        let mut root = unsafe { crate::span::lock_recording(root) }.unwrap().unwrap();
        root.set_field(crate::record::Field::Resource, resource.as_bytes()).unwrap();
    };
    set_resource("keep");
    let child = tracer.start(root, "child");
    tracer.end(child);
    set_resource("other");
    tracer.end(root);
    let priorities: Vec<_> = tracer.send().iter().map(|chunk| chunk.priority).collect();
    assert_eq!(priorities, [Some(2), Some(2)]);
}

#[test]
fn a_root_that_is_finished_already_is_decided_on_by_its_record() {
    let rules = r#"[{"name":"root","sample_rate":0},{"sample_rate":1}]"#;
    let mut tracer = TestTracer::new(&[("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "2"), ("DD_TRACE_SAMPLING_RULES", rules)]);
    let root = tracer.start(NONE, "root");
    let [a, b] = ["a", "b"].map(|name| tracer.start(root, name));
    tracer.end(root);
    tracer.end(a);
    let partial = tracer.send().remove(0);
    assert_eq!((names(&partial), partial.priority), (vec!["root", "a"], Some(-1)));
    tracer.end(b);
    let rest = tracer.send().remove(0);
    assert_eq!((names(&rest), rest.priority), (vec!["b"], Some(-1)));
    assert_eq!((number(&partial.spans[0], "_dd.rule_psr"), number(&rest.spans[0], "_dd.rule_psr")), (Some(0.0), None));
}

#[test]
fn without_partial_chunks_everything_waits_for_the_last_span() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_PARTIAL_FLUSH_ENABLED", "false")]);
    let root = tracer.start(NONE, "root");
    for _ in 0..1_000 {
        let child = tracer.start_with(Parent::Span(root), "child", 0, |_| ());
        tracer.end(child);
    }
    assert!(tracer.send().is_empty());
    tracer.end(root);
    assert_eq!(tracer.send()[0].spans.len(), 1_001);
}

#[test]
fn chunks_in_a_row_keep_to_the_minimum() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "10")]);
    let root = tracer.start(NONE, "root");
    for _ in 0..25 {
        let child = tracer.start(root, "child");
        tracer.end(child);
    }
    tracer.end(root);
    let sizes: Vec<usize> = tracer.send().iter().map(|chunk| chunk.spans.len()).collect();
    assert_eq!(sizes, [10, 10, 6]);
}
