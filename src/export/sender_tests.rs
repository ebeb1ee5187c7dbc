//! The sender with a transport that answers as it is told.

use super::*;
use crate::export::agent::{AgentFacts, AgentProtocol, TraceFormat};
use crate::export::{AgentExporter, DataExporter, Exchange, ExportError, Flushed, Link, Local, Totals};
use crate::record::ChunkData;
use crate::segment::test_tracer::{BUDGET, NONE, TestTracer, number};
use crate::span::{EndTime, context_of_span, drop_context, with_context};
use crate::transport::{Request, Response, Transport, TransportError};
use std::sync::Mutex;

const MINUTE: Duration = Duration::from_secs(60);

/// Answers with the statuses it was given, then with 200; remembers what was sent.
#[derive(Default)]
struct Script {
    statuses: Mutex<VecDeque<u16>>,
    seen: Mutex<Vec<(String, String, Vec<u8>)>>,
}

impl Script {
    fn new(statuses: &[u16]) -> Arc<Self> {
        Arc::new(Script { statuses: Mutex::new(statuses.iter().copied().collect()), ..Script::default() })
    }

    fn exporter(self: &Arc<Self>, format: TraceFormat) -> Exporter {
        let facts = AgentFacts { format, ..AgentFacts::default() };
        let link = Link::Blocking(Arc::clone(self) as Arc<dyn Transport>);
        Exporter::Agent(Box::new(AgentExporter::new(AgentProtocol::new(facts), link, MINUTE)))
    }

    fn seen(&self) -> Vec<(String, String, Vec<u8>)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

impl Transport for Script {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let count = request.headers.iter().find(|(name, _)| name == "X-Datadog-Trace-Count").unwrap().1.to_string();
        self.seen.lock().unwrap().push((request.path.to_owned(), count, request.body.to_vec()));
        let status = self.statuses.lock().unwrap().pop_front().unwrap_or(200);
        Ok(Response { status, headers: Vec::new(), body: b"{}".to_vec() })
    }

    fn interrupt(&self) {}
}

fn tracer(script: &Arc<Script>) -> TestTracer {
    TestTracer::with_exporter(&[], script.exporter(TraceFormat::V04))
}

fn trace(tracer: &mut TestTracer, name: &str) {
    let root = tracer.start(NONE, name);
    let child = tracer.start(root, "child");
    tracer.end(child);
    tracer.end(root);
}

fn counts(totals: &Totals) -> [u64; 6] {
    let Totals { chunks_sent, spans_sent, chunks_dropped, spans_dropped, payloads_sent, payloads_failed, .. } = *totals;
    [chunks_sent, spans_sent, chunks_dropped, spans_dropped, payloads_sent, payloads_failed]
}

#[test]
fn a_retry_sends_the_same_records_again() {
    let script = Script::new(&[503, 429]);
    let mut tracer = tracer(&script);
    trace(&mut tracer, "first");
    let pause = tracer.sender.periodic(Cause::Interval);
    assert!(pause > Duration::ZERO && pause <= Duration::from_millis(100));
    assert_eq!(counts(&tracer.totals()), [0, 0, 0, 0, 0, 1]);
    assert!(tracer.booked() > 0, "what waits for a retry is booked");
    trace(&mut tracer, "second");
    tracer.sender.periodic(Cause::Awakened);
    assert_eq!(script.seen.lock().unwrap().len(), 1, "awakened too early, it goes on waiting");
    // The interval of the tests is long: what `periodic` answers is the rest of the pause until everything is sent.
    while !tracer.sender.waiting.is_empty() {
        std::thread::sleep(Duration::from_millis(20));
        tracer.sender.periodic(Cause::Interval);
    }
    let seen = script.seen();
    let [first, second, third, fourth] = seen.as_slice() else { panic!("{} requests", seen.len()) };
    assert!(first == second && second == third, "the payload of a retry is the same");
    assert_ne!(third.2, fourth.2);
    assert_eq!(counts(&tracer.totals()), [2, 4, 0, 0, 2, 2]);
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_decision_by_hand_is_heard_while_the_payload_waits_for_its_retry() {
    let script = Script::new(&[503]);
    let mut tracer = tracer(&script);
    let root = tracer.start(NONE, "root");
    tracer.finish(root, EndTime::Now, false);
    tracer.sender.periodic(Cause::Interval);
    // SAFETY: a live span, and the context that is made of it.
    unsafe {
        let context = context_of_span(&mut tracer.parts, root).unwrap().unwrap();
        with_context(context, |view| view.state.override_priority(-1)).unwrap();
        drop_context(&mut tracer.parts, context).unwrap();
    }
    while !tracer.sender.waiting.is_empty() {
        std::thread::sleep(Duration::from_millis(20));
        tracer.sender.periodic(Cause::Interval);
    }
    let makers = [b"\xa8_dd.p.dm\xa2-0", b"\xa8_dd.p.dm\xa2-4"];
    let seen = script.seen();
    let said = seen.iter().map(|(_, _, body)| makers.map(|maker| body.windows(maker.len()).any(|part| part == maker)));
    assert_eq!(said.collect::<Vec<_>>(), [[true, false], [false, true]]);
    tracer.free(root);
}

#[test]
fn traces_that_wait_hold_no_more_than_they_need() {
    let script = Script::new(&[503; 3]);
    let mut tracer = tracer(&script);
    let mut booked = Vec::new();
    for _ in 0..3 {
        trace(&mut tracer, "one of a few");
        tracer.sender.periodic(Cause::Interval);
        booked.push(tracer.booked());
    }
    let bytes: usize = tracer.sender.waiting.iter().map(|block| block.bytes.len()).sum();
    assert_eq!(booked[2], bytes);
    assert_eq!((booked[1], booked[2]), (2 * booked[0], 3 * booked[0]));
    while !tracer.sender.waiting.is_empty() {
        std::thread::sleep(Duration::from_millis(20));
        tracer.sender.periodic(Cause::Interval);
    }
    assert_eq!(counts(&tracer.totals())[..4], [3, 6, 0, 0]);
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn another_format_carries_the_same_spans() {
    let script = Script::new(&[404]);
    let mut tracer = TestTracer::with_exporter(&[], script.exporter(TraceFormat::V05));
    trace(&mut tracer, "root");
    tracer.sender.periodic(Cause::Interval);
    let seen = script.seen();
    let paths: Vec<&str> = seen.iter().map(|(path, _, _)| path.as_str()).collect();
    assert_eq!(paths, ["/v0.5/traces", "/v0.4/traces"]);
    let ids = |payload: &[u8], v05: bool| -> Vec<u64> {
        let value = rmpv::decode::read_value(&mut &payload[..]).unwrap();
        let chunks = if v05 { &value[1] } else { &value };
        let id = |span: &rmpv::Value| if v05 { span[4].as_u64() } else { span["span_id"].as_u64() };
        chunks[0].as_array().unwrap().iter().map(|span| id(span).unwrap()).collect()
    };
    assert_eq!(ids(&seen[0].2, true), ids(&seen[1].2, false));
    assert_eq!(counts(&tracer.totals()), [1, 2, 0, 0, 1, 0]);
}

#[test]
fn a_refused_payload_is_dropped_and_lowers_the_keep_rate() {
    let script = Script::new(&[400]);
    let mut tracer = tracer(&script);
    trace(&mut tracer, "refused");
    tracer.sender.periodic(Cause::Interval);
    assert_eq!(counts(&tracer.totals()), [0, 0, 1, 2, 0, 1]);
    assert_eq!(tracer.booked(), 0);
    trace(&mut tracer, "next");
    tracer.sender.periodic(Cause::Interval);
    let payload = script.seen().remove(1).2;
    let value = rmpv::decode::read_value(&mut payload.as_slice()).unwrap();
    assert_eq!(value[0][0]["metrics"]["_dd.tracer_kr"].as_f64(), Some(0.0));
}

#[test]
fn after_six_attempts_the_payload_is_given_up() {
    let script = Script::new(&[500; 6]);
    let mut tracer = tracer(&script);
    trace(&mut tracer, "lost");
    for attempt in 1..=6 {
        // The pauses double up to 1.6 s; the test does not wait for them.
        tracer.sender.retry_at = None;
        tracer.sender.periodic(Cause::Interval);
        assert_eq!(script.seen.lock().unwrap().len(), attempt);
    }
    assert_eq!(counts(&tracer.totals()), [0, 0, 1, 2, 0, 6]);
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn much_leaves_in_several_payloads_whose_chunks_are_counted() {
    let script = Script::new(&[]);
    let mut tracer = tracer(&script);
    for _ in 0..2_000 {
        trace(&mut tracer, "root");
    }
    tracer.sender.periodic(Cause::Interval);
    let seen = script.seen();
    assert!(seen.len() > 1);
    let mut chunks = 0;
    for (_, count, body) in &seen {
        let value = rmpv::decode::read_value(&mut body.as_slice()).unwrap();
        assert_eq!(value.as_array().map(|chunks| chunks.len().to_string()), Some(count.clone()));
        chunks += value.as_array().map_or(0, Vec::len);
    }
    assert_eq!(chunks, 2_000);
    let totals = tracer.totals();
    assert_eq!(totals.bytes_sent, seen.iter().map(|(_, _, body)| body.len() as u64).sum::<u64>());
    assert_eq!(totals.payloads_sent, seen.len() as u64);
}

#[test]
fn one_large_chunk_is_a_payload_of_its_own() {
    let script = Script::new(&[]);
    let mut tracer = tracer(&script);
    trace(&mut tracer, "small");
    let root = tracer.start(NONE, "large");
    for _ in 0..250 {
        let fill = |started: &mut crate::span::Started<'_>| started.body.set_text(b"key", &[b'x'; 4_000]).unwrap();
        let child = tracer.start_with(crate::span::Parent::Span(root), "child", 0, fill);
        tracer.end(child);
    }
    tracer.end(root);
    tracer.sender.periodic(Cause::Interval);
    let sizes: Vec<usize> = script.seen().iter().map(|(_, _, body)| body.len()).collect();
    assert_eq!(sizes.len(), 2);
    assert!(sizes.iter().any(|size| *size > 1_000_000), "{sizes:?}");
    assert_eq!(tracer.totals().chunks_sent, 2);
}

/// A tracer whose sender runs in the pipeline's own background; the tracer's other one stays idle.
fn background(exporter: Exporter) -> (TestTracer, Arc<Pipeline>) {
    let mut tracer = TestTracer::new(&[]);
    let pipeline = Arc::new(Pipeline::new(BUDGET, false));
    tracer.local = Local::new(Arc::clone(&pipeline), Arc::clone(&tracer.local.snapshot));
    tracer.pipeline = Arc::clone(&pipeline);
    let sender = Sender::new(Arc::clone(&pipeline), exporter, 10 * MINUTE);
    let id = pipeline.runtime.add(Box::new(sender), 10 * MINUTE);
    pipeline.set_sender(id, None, None);
    (tracer, pipeline)
}

#[test]
fn a_flush_tells_what_became_of_what_was_finished() {
    let script = Script::new(&[200, 400]);
    let (mut tracer, pipeline) = background(script.exporter(TraceFormat::V04));
    assert_eq!(pipeline.flush(MINUTE), Flushed::All);
    trace(&mut tracer, "sent");
    assert_eq!(pipeline.flush(MINUTE), Flushed::All);
    assert_eq!(pipeline.totals().chunks_sent, 1);
    trace(&mut tracer, "refused");
    assert_eq!(pipeline.flush(MINUTE), Flushed::Dropped);
    assert_eq!(pipeline.flush(MINUTE), Flushed::All, "what was lost before is not told again");
    assert_eq!(pipeline.shutdown(MINUTE), Flushed::All);
}

#[test]
fn a_flush_waits_for_a_retry() {
    let script = Script::new(&[503]);
    let (mut tracer, pipeline) = background(script.exporter(TraceFormat::V04));
    trace(&mut tracer, "root");
    assert_eq!(pipeline.flush(MINUTE), Flushed::All);
    assert_eq!(counts(&pipeline.totals()), [1, 2, 0, 0, 1, 1]);
    pipeline.shutdown(MINUTE);
}

#[test]
fn a_shutdown_sends_what_is_finished_and_takes_nothing_after() {
    let script = Script::new(&[]);
    let (mut tracer, pipeline) = background(script.exporter(TraceFormat::V04));
    trace(&mut tracer, "sent");
    let open = tracer.start(NONE, "late");
    assert_eq!(pipeline.shutdown(MINUTE), Flushed::All);
    assert_eq!(counts(&pipeline.totals()), [1, 2, 0, 0, 1, 0]);
    tracer.end(open);
    assert_eq!(counts(&pipeline.totals()), [1, 2, 1, 1, 1, 0]);
    assert_eq!((pipeline.flush(MINUTE), pipeline.shutdown(MINUTE)), (Flushed::All, Flushed::All));
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_shutdown_without_an_agent_drops_after_one_attempt() {
    let script = Script::new(&[503, 503, 503]);
    let (mut tracer, pipeline) = background(script.exporter(TraceFormat::V04));
    trace(&mut tracer, "lost");
    assert_eq!(pipeline.shutdown(MINUTE), Flushed::Dropped);
    assert_eq!(counts(&pipeline.totals()), [0, 0, 1, 2, 0, 1]);
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn no_more_is_lost_than_was_sent_whatever_the_receiver_claims() {
    struct Claims;
    impl DataExporter for Claims {
        fn export(&self, _: &[ChunkData]) -> Result<(), ExportError> {
            Err(ExportError::Refused { chunks: 0, spans: 1_000_000 })
        }
        fn shutdown(&self) {}
    }
    let mut tracer = TestTracer::with_exporter(&[], Exporter::Data(Arc::new(Claims)));
    trace(&mut tracer, "root");
    tracer.send();
    let totals = tracer.totals();
    assert_eq!((totals.chunks_sent, totals.chunks_dropped, totals.spans_sent, totals.spans_dropped), (1, 0, 0, 2));
}

#[test]
fn chunks_queued_behind_the_last_cycle_are_counted() {
    let (mut tracer, pipeline) = background(Exporter::Null);
    trace(&mut tracer, "sent");
    pipeline.runtime.stop(Instant::now() + MINUTE, || ());
    // A thread that asked before the end whether chunks are taken, and finished its span after it.
    trace(&mut tracer, "late");
    assert_eq!(pipeline.shutdown(MINUTE), Flushed::Dropped);
    assert_eq!(counts(&pipeline.totals()), [1, 2, 1, 2, 1, 0]);
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn a_pipeline_ends_with_its_tracer_and_threads() {
    let script = Script::new(&[]);
    let (mut tracer, pipeline) = background(script.exporter(TraceFormat::V04));
    trace(&mut tracer, "sent");
    let weak = Arc::downgrade(&pipeline);
    pipeline.shutdown(MINUTE);
    drop((tracer, pipeline));
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_thread_that_ends_leaves_its_chunks_and_counts() {
    let script = Script::new(&[]);
    let mut tracer = tracer(&script);
    let (pipeline, snapshot) = (Arc::clone(&tracer.pipeline), Arc::clone(&tracer.local.snapshot));
    let other = Local::new(pipeline, snapshot);
    let main = std::mem::replace(&mut tracer.local, other);
    trace(&mut tracer, "ended");
    drop(std::mem::replace(&mut tracer.local, main));
    assert_eq!(tracer.totals().spans_finished, 2);
    tracer.sender.periodic(Cause::Interval);
    assert_eq!(counts(&tracer.totals()), [1, 2, 0, 0, 1, 0]);
    assert_eq!(tracer.booked(), 0);
}

/// A host that keeps the exchanges, to answer them later.
fn host() -> (Exporter, Arc<Mutex<Vec<Arc<Exchange>>>>) {
    host_of(TraceFormat::V04)
}

fn host_of(format: TraceFormat) -> (Exporter, Arc<Mutex<Vec<Arc<Exchange>>>>) {
    let begun = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&begun);
    let link = Link::Host(Arc::new(move |exchange| keep.lock().unwrap().push(exchange)));
    let protocol = AgentProtocol::new(AgentFacts { format, ..AgentFacts::default() });
    (Exporter::Agent(Box::new(AgentExporter::new(protocol, link, MINUTE))), begun)
}

#[test]
fn the_answer_of_a_host_is_looked_for_until_it_is_there() {
    let (exporter, begun) = host();
    let mut tracer = TestTracer::with_exporter(&[], exporter);
    trace(&mut tracer, "first");
    tracer.sender.periodic(Cause::Interval);
    trace(&mut tracer, "second");
    tracer.sender.periodic(Cause::Interval);
    assert_eq!(begun.lock().unwrap().len(), 1, "one request at a time");
    assert!(begun.lock().unwrap()[0].complete(200, b"{}"));
    tracer.sender.periodic(Cause::Awakened);
    assert_eq!(counts(&tracer.totals()), [1, 2, 0, 0, 1, 0]);
    let second = begun.lock().unwrap()[1].clone();
    assert!(second.fail(TransportError::Protocol { address: "host".to_owned(), cause: "broken".to_owned() }));
    tracer.sender.periodic(Cause::Awakened);
    assert_eq!(counts(&tracer.totals()), [1, 2, 0, 0, 1, 1]);
    tracer.sender.retry_at = None;
    tracer.sender.periodic(Cause::Interval);
    assert_eq!(begun.lock().unwrap()[2].body, second.body);
}

#[test]
fn the_buffer_of_a_payload_comes_back_for_the_next_unless_the_host_still_holds_it() {
    for format in [TraceFormat::V04, TraceFormat::V05] {
        let (exporter, begun) = host_of(format);
        let mut tracer = TestTracer::with_exporter(&[], exporter);
        let mut buffers = Vec::new();
        let mut held = Vec::new();
        for round in 0..4 {
            trace(&mut tracer, "root");
            tracer.sender.periodic(Cause::Interval);
            let exchange = begun.lock().unwrap().pop().unwrap();
            buffers.push(exchange.body.as_ptr().addr());
            assert!(exchange.complete(200, b"{}"));
            held.extend(Some(exchange).filter(|_| round == 2));
            tracer.sender.periodic(Cause::Awakened);
        }
        assert!(buffers[0] == buffers[1] && buffers[1] == buffers[2]);
        assert_ne!(buffers[2], buffers[3]);
        assert!(!held[0].body.is_empty());
    }
}

#[test]
fn a_shutdown_waits_for_the_answer_of_a_host() {
    let (exporter, begun) = host();
    let (mut tracer, pipeline) = background(exporter);
    trace(&mut tracer, "root");
    let host = std::thread::spawn(move || {
        loop {
            if let Some(exchange) = begun.lock().unwrap().pop() {
                return exchange.complete(200, b"{}");
            }
            std::thread::yield_now();
        }
    });
    assert_eq!(pipeline.shutdown(MINUTE), Flushed::All);
    assert!(host.join().unwrap());
    assert_eq!(counts(&pipeline.totals()), [1, 2, 0, 0, 1, 0]);
}

#[test]
fn a_host_driven_shutdown_does_not_wait_for_its_own_host() {
    let (exporter, begun) = host();
    let mut tracer = TestTracer::with_exporter(&[], exporter);
    trace(&mut tracer, "root");
    tracer.sender.periodic(Cause::Shutdown(Instant::now() + MINUTE));
    assert_eq!(begun.lock().unwrap().len(), 1);
    assert_eq!(counts(&tracer.totals()), [0, 0, 1, 2, 0, 0]);
}

#[test]
fn the_time_over_is_said() {
    let (exporter, _begun) = host();
    let (mut tracer, pipeline) = background(exporter);
    trace(&mut tracer, "root");
    assert_eq!(pipeline.flush(Duration::from_millis(20)), Flushed::TimedOut);
    assert_eq!(pipeline.totals().chunks_dropped, 0, "it stays queued");
    assert_eq!(pipeline.shutdown(Duration::from_millis(20)), Flushed::Dropped);
}

#[test]
fn what_was_dropped_shows_on_chunk_roots_only() {
    let mut tracer = TestTracer::new(&[]);
    trace(&mut tracer, "root");
    let chunk = tracer.send().remove(0);
    assert_eq!([0, 1].map(|span| number(&chunk.spans[span], "_dd.tracer_kr")), [Some(1.0), None]);
}
