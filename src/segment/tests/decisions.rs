//! Decisions that are made in the background, and single-span sampling.

use crate::record::unix_ns;
use crate::segment::test_tracer::{NONE, TestTracer, names, number, text};
use crate::span::{EndTime, Parent, context_of_span, drop_context, with_context};

#[test]
fn a_decision_is_written_back_while_somebody_holds_the_span() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_SAMPLE_RATE", "0")]);
    let root = tracer.start(NONE, "root");
    tracer.finish(root, EndTime::Now, false);
    // SAFETY: the handles are alive.
    let context = unsafe { context_of_span(&mut tracer.parts, root) }.unwrap().unwrap();
    // SAFETY: as above.
    let decision = || unsafe { with_context(context, |view| view.state.decision()) }.unwrap();
    assert_eq!(decision(), None);
    assert_eq!(tracer.send()[0].priority, Some(-1));
    assert_eq!(decision().map(|decision| (decision.priority, decision.mechanism)), Some((-1, Some(3))));
    tracer.free(root);
    // SAFETY: as above.
    unsafe { drop_context(&mut tracer.parts, context) }.unwrap();
}

#[test]
fn an_override_before_the_chunk_is_sent_counts() {
    let mut tracer = TestTracer::new(&[("DD_TRACE_SAMPLE_RATE", "1")]);
    let root = tracer.start(NONE, "root");
    // SAFETY: the handles are alive.
    let context = unsafe { context_of_span(&mut tracer.parts, root) }.unwrap().unwrap();
    tracer.end(root);
    // SAFETY: as above.
    unsafe { with_context(context, |view| view.state.override_priority(-1)) }.unwrap();
    let chunk = tracer.send().remove(0);
    assert_eq!((chunk.priority, text(&chunk.spans[0], "_dd.p.dm")), (Some(-1), Some("-4")));
    assert_eq!(number(&chunk.spans[0], "_dd.rule_psr"), None);
    // SAFETY: as above.
    unsafe { drop_context(&mut tracer.parts, context) }.unwrap();
}

#[test]
fn rules_see_the_root_as_it_ended_with_the_library_s_tags() {
    let rules = r#"[{"tags":{"env":"prod"},"resource":"GET *","service":"web","sample_rate":0},{"sample_rate":1}]"#;
    let mut tracer = TestTracer::new(&[("DD_TRACE_SAMPLING_RULES", rules), ("DD_ENV", "prod")]);
    for (resource, priority) in [("GET /", -1), ("POST /", 2)] {
        let root = tracer.start(NONE, "root");
        let child = tracer.start(root, "child");
        // SAFETY: the handle is alive.
        let mut body = unsafe { crate::span::lock_recording(root) }.unwrap().unwrap();
        body.set_field(crate::record::Field::Resource, resource.as_bytes()).unwrap();
        drop(body);
        tracer.end(root);
        tracer.end(child);
        let chunk = tracer.send().remove(0);
        assert_eq!((chunk.priority, names(&chunk)), (Some(priority), vec!["root", "child"]));
    }
}

#[test]
fn the_limiter_counts_in_the_order_in_which_chunks_ended() {
    let settings = [("DD_TRACE_SAMPLE_RATE", "1"), ("DD_TRACE_RATE_LIMIT", "1")];
    let mut tracer = TestTracer::new(&settings);
    let base = unix_ns() - 10_000_000_000;
    for (name, end) in [("third", base + 2_000), ("first", base), ("second", base + 1_000), ("later", base + 2_000_000_000)] {
        let root = tracer.start_with(Parent::None, name, base - 1, |_| ());
        tracer.finish(root, EndTime::At(end), true);
    }
    let mut seen: Vec<_> = tracer.send().iter().map(|chunk| (names(chunk)[0].to_owned(), chunk.priority)).collect();
    seen.sort();
    let expected = [("first", 2), ("later", 2), ("second", -1), ("third", -1)];
    assert_eq!(seen, expected.map(|(name, priority)| (name.to_owned(), Some(priority))));
}

#[test]
fn a_chunk_that_claims_to_end_in_the_future_does_not_fill_the_limiter() {
    let settings = [("DD_TRACE_SAMPLE_RATE", "1"), ("DD_TRACE_RATE_LIMIT", "1")];
    let mut tracer = TestTracer::new(&settings);
    let hour = 3_600_000_000_000;
    let ends = [unix_ns() + hour, unix_ns() + 2 * hour, unix_ns() + 3 * hour];
    for end in ends {
        let root = tracer.start(NONE, "root");
        tracer.finish(root, EndTime::At(end), true);
    }
    let kept = tracer.send().iter().filter(|chunk| chunk.priority == Some(2)).count();
    assert_eq!(kept, 1);
}

#[test]
fn single_spans_of_dropped_traces_are_marked() {
    let rules = r#"[{"name":"drop*","sample_rate":0},{"service":"web","name":"*c*","max_per_second":2}]"#;
    for (rate, marked) in [("0", vec!["a.c", "b.c"]), ("1", vec![])] {
        let settings = [("DD_TRACE_SAMPLE_RATE", rate), ("DD_SPAN_SAMPLING_RULES", rules)];
        let mut tracer = TestTracer::new(&settings);
        let root = tracer.start(NONE, "root");
        let children = ["a.c", "drop.c", "b.c", "third.c"].map(|name| tracer.start(root, name));
        for child in children.into_iter().rev() {
            tracer.end(child);
        }
        tracer.end(root);
        let chunk = tracer.send().remove(0);
        let seen: Vec<&str> = chunk
            .spans
            .iter()
            .filter(|span| number(span, "_dd.span_sampling.mechanism") == Some(8.0))
            .map(|s| s.name.as_str())
            .collect();
        assert_eq!(seen, marked, "in the order of their start, whichever ended first");
        for span in chunk.spans.iter().filter(|span| marked.contains(&span.name.as_str())) {
            assert_eq!(number(span, "_dd.span_sampling.rule_rate"), Some(1.0));
            assert_eq!(number(span, "_dd.span_sampling.max_per_second"), Some(2.0));
        }
        let first = &chunk.spans[0];
        assert_eq!(number(first, "_dd.span_sampling.rule_rate"), None);
    }
}
