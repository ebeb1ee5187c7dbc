//! Span metrics behind a sender, with transports that answer as they are told.

use super::tests::{Script, config, trace};
use super::{OtlpExporter, SpanMetricsSender};
use crate::config::CardinalityLimits;
use crate::export::agent::Discovery;
use crate::export::{Exporter, Link};
use crate::record::unix_ns;
use crate::segment::test_tracer::TestTracer;
use crate::service::{Cause, PeriodicService};
use crate::stats::SpanMetrics;
use crate::transport::Transport;
use crate::wire::otlp::OtlpFacts;
use std::sync::Arc;
use std::time::{Duration, Instant};

const INTERVAL: (&str, &str) = ("_DD_TRACE_METRICS_OTEL_FLUSH_INTERVAL", "50");

/// A tracer, and where its traces, its metrics and its questions go.
fn tracer(metrics_statuses: &[u16], interval: (&str, &str)) -> (TestTracer, [Arc<Script>; 3]) {
    let on = [("OTEL_TRACES_SPAN_METRICS_ENABLED", "true"), interval];
    let settings = config(&on).settings;
    let wanted = settings.span_metrics.as_ref().unwrap();
    let scripts = [&[][..], metrics_statuses, &[404]].map(|statuses| Arc::new(Script::answering(statuses)));
    let link = |script: &Arc<Script>| Link::Blocking(Arc::clone(script) as Arc<dyn Transport>);
    let [traces, metrics, agent] = &scripts;
    let interval_ns = wanted.interval.as_nanos() as u64;
    let counted = SpanMetrics::new(Vec::new(), interval_ns, Vec::new(), CardinalityLimits::default(), unix_ns());
    let exporter = OtlpExporter::new(&settings.otlp_traces, &OtlpFacts::default(), link(traces)).with_span_metrics(
        SpanMetricsSender::new(wanted, counted, link(metrics)),
        Discovery::new(link(agent), Vec::new(), Duration::from_secs(1)),
    );
    (TestTracer::with_exporter(&on, Exporter::Otlp(Box::new(exporter))), scripts)
}

/// Lets the sender work until there were so many requests.
fn work_until(tracer: &mut TestTracer, script: &Script, requests: usize) {
    let begin = Instant::now();
    while script.seen.lock().unwrap().len() < requests {
        let pause = tracer.sender.periodic(Cause::Interval);
        std::thread::sleep(pause.min(Duration::from_millis(20)));
        assert!(begin.elapsed() < Duration::from_secs(30), "{requests} requests do not come");
    }
}

#[test]
fn intervals_that_are_over_are_sent_without_a_flush() {
    let (mut tracer, [_, metrics, agent]) = tracer(&[], INTERVAL);
    trace(&mut tracer, "op", "GET /");
    work_until(&mut tracer, &metrics, 1);
    let seen = metrics.seen.lock().unwrap();
    assert_eq!((seen.len(), seen[0].path.as_str()), (1, "/v1/metrics"));
    assert!(seen[0].body.contains(r#"{"key":"span.name","value":{"stringValue":"GET /"}}"#), "{}", seen[0].body);
    assert_eq!(agent.seen.lock().unwrap()[0].path, "/info", "the agent says what tells spans apart");
}

#[test]
fn a_request_that_fails_is_sent_again_four_times_then_lost() {
    let (mut tracer, [_, metrics, _]) = tracer(&[503; 5], INTERVAL);
    trace(&mut tracer, "op", "first");
    work_until(&mut tracer, &metrics, 5);
    trace(&mut tracer, "op", "second");
    work_until(&mut tracer, &metrics, 6);
    let seen = metrics.seen.lock().unwrap();
    assert!(seen[..5].iter().all(|request| request.body == seen[0].body && request.body.contains("first")));
    assert!(seen[5].body.contains("second") && !seen[5].body.contains("first"));
}

#[test]
fn at_shutdown_open_intervals_are_sent_and_there_is_one_attempt() {
    let (mut tracer, [traces, metrics, _]) = tracer(&[503], ("_DD_TRACE_METRICS_OTEL_FLUSH_INTERVAL", "60000"));
    trace(&mut tracer, "op", "last");
    let begin = Instant::now();
    tracer.sender.periodic(Cause::Shutdown(begin + Duration::from_secs(30)));
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!((traces.seen.lock().unwrap().len(), metrics.seen.lock().unwrap().len()), (1, 1));
}
