//! An agent for tests: says about itself what it is told to, and remembers what it was sent.

use super::{AgentExporter, AgentFacts, AgentProtocol, Discovery, StatsSender, StatsWish, TraceFormat};
use crate::export::{Client, Exporter, Link};
use crate::record::unix_ns;
use crate::segment::test_tracer::TestTracer;
use crate::service::{Cause, PeriodicService};
use crate::stats::{CardinalityLimits, Concentrator};
use crate::transport::{Request, Response, Transport, TransportError};
use crate::wire::StatsFacts;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// What an agent says that takes statistics.
pub(crate) const ABLE: &str = r#"{"version":"7.65.0","endpoints":["/v0.4/traces","/v0.6/stats"],"client_drop_p0s":true}"#;

/// The agent.
#[derive(Default)]
pub(crate) struct AgentDouble {
    info: Mutex<String>,
    statuses: Mutex<VecDeque<(&'static str, u16)>>,
    seen: Mutex<Vec<Seen>>,
}

/// One request.
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn value(&self) -> rmpv::Value {
        rmpv::decode::read_value(&mut self.body.as_slice()).unwrap()
    }

    /// The names of the spans, chunk by chunk.
    pub(crate) fn names(&self) -> Vec<Vec<String>> {
        let name = |span: &rmpv::Value| span["name"].as_str().unwrap().to_owned();
        let chunk = |chunk: &rmpv::Value| chunk.as_array().unwrap().iter().map(name).collect();
        self.value().as_array().unwrap().iter().map(chunk).collect()
    }
}

impl AgentDouble {
    /// With this answer to `/info`.
    pub(crate) fn new(info: &str) -> Arc<Self> {
        Arc::new(AgentDouble { info: Mutex::new(info.to_owned()), ..AgentDouble::default() })
    }

    pub(crate) fn say(&self, info: &str) {
        *self.info.lock().unwrap() = info.to_owned();
    }

    /// The next requests to these paths get these statuses, all others 200.
    pub(crate) fn answer(&self, statuses: &[(&'static str, u16)]) {
        self.statuses.lock().unwrap().extend(statuses);
    }

    /// A tracer that sends here.
    pub(crate) fn tracer(self: &Arc<Self>, wish: StatsWish, format: TraceFormat, settings: &[(&str, &str)]) -> TestTracer {
        let link = Link::Blocking(Arc::clone(self) as Arc<dyn Transport>);
        let facts = AgentFacts { format, ..AgentFacts::default() };
        let headers = facts.headers_without_traces();
        let concentrator = Concentrator::new(StatsFacts::default(), Vec::new(), CardinalityLimits::default(), unix_ns());
        let stats = StatsSender::new(wish, concentrator, Client::new(link.clone(), MINUTE), headers.clone());
        let exporter = AgentExporter::new(AgentProtocol::new(facts), link.clone(), MINUTE);
        let exporter = exporter.with_discovery(Discovery::new(link, headers, MINUTE)).with_stats(stats);
        TestTracer::with_exporter(settings, Exporter::Agent(Box::new(exporter)))
    }

    /// The usual tracer.
    pub(crate) fn plain_tracer(self: &Arc<Self>, settings: &[(&str, &str)]) -> TestTracer {
        self.tracer(StatsWish::default(), TraceFormat::V04, settings)
    }

    /// The requests to a path since the last call.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let mut seen = self.seen.lock().unwrap();
        let (here, others) = std::mem::take(&mut *seen).into_iter().partition(|request| request.path == path);
        *seen = others;
        here
    }

    /// The chunks that arrived since the last call, as names of spans.
    pub(crate) fn traces(&self) -> Vec<Vec<String>> {
        self.seen("/v0.4/traces").iter().flat_map(Seen::names).collect()
    }
}

/// A flush of everything by the sender.
pub(crate) fn flush(tracer: &mut TestTracer) {
    // Where the host drives, a flush asks for it and runs what is due, which here is nothing.
    tracer.pipeline.flush(Duration::ZERO);
    tracer.sender.periodic(Cause::Awakened);
}

impl Transport for AgentDouble {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let headers = request.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let seen = Seen { path: request.path.to_owned(), headers, body: request.body.to_vec() };
        self.seen.lock().unwrap().push(seen);
        let mut statuses = self.statuses.lock().unwrap();
        let status = match statuses.front() {
            Some((path, _)) if *path == request.path => statuses.pop_front().map_or(200, |(_, status)| status),
            _ => 200,
        };
        let body = if request.path == "/info" { self.info.lock().unwrap().clone() } else { "{}".to_owned() };
        Ok(Response { status, headers: Vec::new(), body: body.into_bytes() })
    }

    fn interrupt(&self) {}
}
