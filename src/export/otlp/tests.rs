//! The exporter behind a sender, with a transport that answers as it is told.

use super::OtlpExporter;
use crate::config::{Config, ConfigBuilder};
use crate::export::agent::{AgentExporter, AgentFacts, AgentProtocol};
use crate::export::{Exchange, Exporter, Link};
use crate::record::Field;
use crate::segment::test_tracer::{NONE, TestTracer};
use crate::service::{Cause, PeriodicService};
use crate::span::Parent;
use crate::transport::{Request, Response, Transport, TransportError};
use crate::wire::otlp::OtlpFacts;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it was sent.
pub(super) struct Seen {
    pub(super) path: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
    timeout: Duration,
}

/// Answers with the statuses it was given, then with 200; remembers what was sent.
#[derive(Default)]
pub(super) struct Script {
    statuses: Mutex<VecDeque<u16>>,
    pub(super) seen: Mutex<Vec<Seen>>,
}

impl Script {
    pub(super) fn answering(statuses: &[u16]) -> Self {
        Script { statuses: Mutex::new(statuses.iter().copied().collect()), ..Script::default() }
    }
}

impl Transport for Script {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        self.seen.lock().unwrap().push(Seen {
            path: request.path.to_owned(),
            headers: request.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            body: String::from_utf8_lossy(request.body).into_owned(),
            timeout: request.timeout,
        });
        let status = self.statuses.lock().unwrap().pop_front().unwrap_or(200);
        Ok(Response { status, headers: Vec::new(), body: Vec::new() })
    }

    fn interrupt(&self) {}
}

pub(super) fn config(settings: &[(&str, &str)]) -> Config {
    let mut builder = ConfigBuilder::new();
    builder.set_env_lookup(Arc::new(|_| None));
    settings.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
    builder.resolve()
}

const JSON: (&str, &str) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");

fn tracer_with(link: Link, settings: &[(&str, &str)], facts: OtlpFacts) -> TestTracer {
    let exporter = OtlpExporter::new(&config(settings).settings.otlp_traces, &facts, link);
    TestTracer::with_exporter(settings, Exporter::Otlp(Box::new(exporter)))
}

fn tracer(statuses: &[u16], settings: &[(&str, &str)]) -> (TestTracer, Arc<Script>) {
    let script = Arc::new(Script::answering(statuses));
    let link = Link::Blocking(Arc::clone(&script) as Arc<dyn Transport>);
    (tracer_with(link, settings, OtlpFacts::default()), script)
}

pub(super) fn trace(tracer: &mut TestTracer, name: &str, resource: &str) {
    let root = tracer.start_with(Parent::None, name, 0, |started| {
        started.body.set_field(Field::Resource, resource.as_bytes()).unwrap();
    });
    tracer.end(root);
}

#[test]
fn a_request_has_the_path_and_headers_of_the_settings() {
    let settings = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:9999/Some//Path/?k=v"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=a%20b,X-Other=1,content-type=text/plain"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1234"),
    ];
    for (protocol, content_type) in [("http/json", "application/json"), ("http/protobuf", "application/x-protobuf")] {
        let (mut tracer, script) = tracer(&[], &[settings.as_slice(), &[("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)]].concat());
        trace(&mut tracer, "op", "GET /");
        tracer.send();
        let seen = script.seen.lock().unwrap();
        let [request] = seen.as_slice() else { panic!("{} requests", seen.len()) };
        assert_eq!((request.path.as_str(), request.timeout), ("/Some//Path/?k=v", Duration::from_millis(1234)));
        let expected = [("Content-Type", content_type), ("api-key", "a b"), ("X-Other", "1")];
        assert_eq!(request.headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(request.body.contains("GET /"));
    }
}

#[test]
fn who_computes_metrics_says_so() {
    let script = Arc::new(Script::default());
    let facts = OtlpFacts { computes_stats: true, ..OtlpFacts::default() };
    let mut tracer = tracer_with(Link::Blocking(Arc::clone(&script) as Arc<dyn Transport>), &[JSON], facts);
    trace(&mut tracer, "op", "");
    tracer.send();
    let seen = script.seen.lock().unwrap();
    assert!(seen[0].headers.contains(&("Datadog-Client-Computed-Stats".to_owned(), "yes".to_owned())));
    assert!(seen[0].body.contains(r#"{"key":"_dd.stats_computed","value":{"stringValue":"true"}}"#));
}

#[test]
fn only_kept_traces_leave_and_a_payload_of_none_is_not_sent() {
    let rules = r#"[{"resource":"GET /no*","sample_rate":0.0}]"#;
    let (mut tracer, script) = tracer(&[], &[JSON, ("DD_TRACE_SAMPLING_RULES", rules)]);
    trace(&mut tracer, "op", "GET /no");
    tracer.send();
    assert!(script.seen.lock().unwrap().is_empty());
    let totals = tracer.totals();
    assert_eq!((totals.chunks_rejected, totals.spans_rejected, totals.payloads_sent, totals.chunks_sent), (1, 1, 0, 0));
    trace(&mut tracer, "op", "GET /nothing");
    trace(&mut tracer, "op", "GET /yes");
    tracer.send();
    let seen = script.seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].body.contains("GET /yes") && !seen[0].body.contains("GET /no"), "{}", seen[0].body);
    let totals = tracer.totals();
    assert_eq!((totals.chunks_rejected, totals.spans_rejected), (2, 2));
    assert_eq!((totals.payloads_sent, totals.chunks_sent, totals.spans_sent, totals.chunks_dropped), (1, 1, 1, 0));
    assert_eq!(tracer.booked(), 0);
}

#[test]
fn rejected_traces_that_waited_for_another_exporter_are_not_sent_by_otlp() {
    let unreachable: Arc<dyn Transport> = Arc::new(Script::answering(&[503; 3]));
    let protocol = AgentProtocol::new(AgentFacts::default());
    let agent = AgentExporter::new(protocol, Link::Blocking(unreachable), Duration::from_secs(1));
    let rules = ("DD_TRACE_SAMPLING_RULES", r#"[{"resource":"GET /no*","sample_rate":0.0}]"#);
    let mut tracer = TestTracer::with_exporter(&[rules], Exporter::Agent(Box::new(agent)));
    trace(&mut tracer, "op", "GET /no");
    tracer.send();
    assert_eq!((tracer.totals().payloads_failed, tracer.totals().chunks_rejected), (1, 0), "it waits");
    let script = Arc::new(Script::default());
    let link = Link::Blocking(Arc::clone(&script) as Arc<dyn Transport>);
    let otlp = OtlpExporter::new(&config(&[JSON]).settings.otlp_traces, &OtlpFacts::default(), link);
    tracer.pipeline.replace_exporter(Exporter::Otlp(Box::new(otlp)), Duration::from_secs(600), None);
    trace(&mut tracer, "op", "GET /yes");
    tracer.send();
    let seen = script.seen.lock().unwrap();
    assert!(seen.len() == 1 && seen[0].body.contains("GET /yes") && !seen[0].body.contains("GET /no"));
    assert_eq!((tracer.totals().chunks_rejected, tracer.totals().chunks_sent), (1, 1));
}

#[test]
fn what_fails_is_sent_again_four_times_then_dropped() {
    let (mut tracer, script) = tracer(&[503; 5], &[JSON]);
    trace(&mut tracer, "op", "first");
    let begin = Instant::now();
    while tracer.totals().chunks_dropped == 0 {
        let pause = tracer.sender.periodic(Cause::Interval);
        std::thread::sleep(pause.min(Duration::from_millis(50)));
        assert!(begin.elapsed() < Duration::from_secs(30));
    }
    assert!(begin.elapsed() >= Duration::from_millis(1_500), "{:?}", begin.elapsed());
    trace(&mut tracer, "op", "second");
    tracer.send();
    let seen = script.seen.lock().unwrap();
    assert_eq!(seen.len(), 6);
    assert!(seen[..5].iter().all(|request| request.body == seen[0].body) && seen[5].body.contains("second"));
    let totals = tracer.totals();
    assert_eq!((totals.chunks_sent, totals.chunks_dropped, totals.payloads_failed), (1, 1, 5));
}

#[test]
fn at_shutdown_there_is_one_attempt() {
    let (mut tracer, script) = tracer(&[503], &[JSON]);
    trace(&mut tracer, "op", "last");
    let begin = Instant::now();
    tracer.sender.periodic(Cause::Shutdown(begin + Duration::from_secs(30)));
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!((script.seen.lock().unwrap().len(), tracer.totals().chunks_dropped), (1, 1));
}

#[test]
fn a_host_gets_the_whole_url_and_the_sampler_no_rates() {
    let begun: Arc<Mutex<Vec<Arc<Exchange>>>> = Arc::default();
    let exchanges = Arc::clone(&begun);
    let link = Link::Host(Arc::new(move |exchange: Arc<Exchange>| {
        exchange.complete(200, br#"{"rate_by_service":{"service:web,env:":0.0}}"#);
        exchanges.lock().unwrap().push(exchange);
    }));
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:secret@collector:4318/base/");
    let mut tracer = tracer_with(link, &[JSON, endpoint], OtlpFacts::default());
    for _ in 0..2 {
        let span = tracer.start(NONE, "op");
        tracer.end(span);
        tracer.send();
    }
    let begun = begun.lock().unwrap();
    assert_eq!(begun.len(), 2, "the second trace was kept, too");
    for exchange in begun.iter() {
        assert_eq!((exchange.method, exchange.path.as_str()), ("POST", "http://collector:4318/base/v1/traces"));
        assert!(String::from_utf8_lossy(&exchange.body).starts_with(r#"{"resourceSpans":["#));
    }
    assert_eq!(tracer.totals().chunks_sent, 2);
}

#[test]
fn the_sampling_state_and_other_vendors_members_are_the_trace_state() {
    use crate::context::{Decision, TraceTags};
    use crate::export::otlp::with_trace_state::WithTraceState;
    use crate::record::LibraryTags;
    use crate::wire::{ChunkFacts, TraceEncoder};
    #[derive(Default)]
    struct States(Vec<String>);
    impl TraceEncoder for States {
        fn begin(&mut self) {}
        fn trace_state(&mut self, members: &str) {
            self.0.push(members.to_owned());
        }
        fn chunk(&mut self, _: &ChunkFacts<'_>, _: &[crate::record::RecordRef<'_>]) {}
        fn finish(&mut self) -> &[u8] {
            &[]
        }
        fn take(&mut self) -> Vec<u8> {
            Vec::new()
        }
        fn reuse(&mut self, _: Vec<u8>) {}
    }
    let mut tags = TraceTags::new();
    tags.set_tracestate("foo=1");
    tags.push_vendor_member(0..5);
    let library = LibraryTags::new("web", "cpp");
    let head = crate::record::Head { span_id: 7, ..crate::record::Head::EMPTY };
    let mut record = Vec::new();
    crate::record::append_record(&mut record, &head, crate::record::RunsRef { fields: &[], texts: &[], numbers: &[] });
    let record = crate::record::RecordRef::split(&record).unwrap().0;
    let by_rule = Decision { priority: 2, mechanism: Some(3), rate: Some(0.5), limit_rate: None };
    let inherited = Decision { priority: 1, mechanism: None, rate: None, limit_rate: None };
    let mut seen = States::default();
    for (decision, tags) in [(by_rule, None), (inherited, Some(&tags)), (inherited, None)] {
        let facts = ChunkFacts {
            trace_id: 1,
            decision: Some(decision),
            tags,
            partial_spans: 0,
            keep_rate: 1.0,
            library: &library,
            span_rules: &[],
            native_events: true,
        };
        WithTraceState::new(&mut seen).chunk(&facts, &[record]);
    }
    assert_eq!(seen.0, ["ot=rv:f0948a54d43b8e;th:8", "foo=1", ""]);
}
