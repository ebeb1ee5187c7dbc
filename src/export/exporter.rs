//! Exporters as the sender sees them: an attempt to hand over a payload, and what became of it.

use super::agent::{AgentProtocol, TraceFormat, Verdict};
use super::data_exporter::DataExporter;
use super::exchange::{BeginExchange, Exchange};
use super::pipeline::Pipeline;
use crate::record::ChunkData;
use crate::transport::{Request, Response, Transport, TransportError};
use crate::wire::{TraceEncoder, V04, V05};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// What became of an attempt.
pub enum Attempt {
    /// The exporter has it.
    Taken {
        /// Size of the payload.
        bytes: usize,
    },
    /// Try again at once; the format has changed.
    Again,
    /// The answer is still to come.
    Pending {
        /// When to look again, if nobody awakens the sender before.
        poll: Duration,
    },
    /// Try again after this long.
    Later(Duration),
    /// It cannot be delivered.
    Dropped,
}

/// What an exporter is offered.
pub trait Payload {
    /// How many chunks.
    fn chunk_count(&self) -> usize;
    /// Encodes the chunks.
    fn encode(&self, format: &mut dyn TraceEncoder);
    /// The chunks to read.
    fn data(&self) -> Vec<ChunkData>;
}

/// Where finished chunks go.
pub enum Exporter {
    /// To an agent, over the library's own transport.
    Agent(Box<AgentExporter>),
    /// To people and tests.
    Data(Arc<dyn DataExporter>),
    /// Nowhere.
    Null,
}

/// Sends to an agent.
pub struct AgentExporter {
    protocol: AgentProtocol,
    link: Link,
    timeout: Duration,
    v04: V04,
    v05: V05,
    in_flight: Option<(Arc<Exchange>, Instant)>,
    rates: Option<Vec<u8>>,
}

/// How the agent is reached.
pub enum Link {
    /// By a call that waits for the answer.
    Blocking(Arc<dyn Transport>),
    /// By the host.
    Host(Arc<BeginExchange>),
}

impl Exporter {
    /// Offers a payload.
    pub fn attempt(&mut self, payload: &dyn Payload, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Attempt {
        match self {
            Exporter::Agent(agent) => agent.attempt(payload, by, pipeline),
            Exporter::Data(exporter) => match exporter.export(&payload.data()) {
                Ok(()) => Attempt::Taken { bytes: 0 },
                Err(error) => {
                    crate::log::log_warn!("finished spans are dropped: {error}");
                    Attempt::Dropped
                }
            },
            Exporter::Null => Attempt::Taken { bytes: 0 },
        }
    }

    /// The sampling rates that the last answer brought.
    pub fn take_rates(&mut self) -> Option<Vec<u8>> {
        match self {
            Exporter::Agent(agent) => agent.rates.take(),
            _ => None,
        }
    }

    /// The payload that was to be tried again is given up.
    pub fn give_up(&mut self) {
        if let Exporter::Agent(agent) = self {
            agent.protocol.give_up();
            agent.in_flight = None;
        }
    }

    /// Ends the exporter.
    pub fn shutdown(&mut self) {
        if let Exporter::Data(exporter) = self {
            exporter.shutdown();
        }
    }
}

impl AgentExporter {
    /// An exporter that waits `timeout` for each answer.
    pub fn new(protocol: AgentProtocol, link: Link, timeout: Duration) -> Self {
        AgentExporter { protocol, link, timeout, v04: V04::default(), v05: V05::default(), in_flight: None, rates: None }
    }

    fn attempt(&mut self, payload: &dyn Payload, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Attempt {
        if let Some((exchange, deadline)) = self.in_flight.take() {
            return self.look_for_answer(exchange, deadline, last_wait(by, pipeline));
        }
        let format = encoder(&self.protocol, &mut self.v04, &mut self.v05);
        payload.encode(format);
        let body = format.finish();
        let left = by.map_or(self.timeout, |by| by.saturating_duration_since(Instant::now()).min(self.timeout));
        let path = self.protocol.path();
        let headers = self.protocol.headers(payload.chunk_count());
        match &self.link {
            Link::Blocking(transport) => {
                let result = transport.send(&Request { method: "POST", path, headers: &headers, body, timeout: left });
                drop(headers);
                let bytes = body.len();
                self.judge(&result, bytes)
            }
            Link::Host(begin) => {
                let headers = headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
                let exchange = Arc::new(Exchange::new(path, headers, format.take(), awaken(pipeline)));
                begin(Arc::clone(&exchange));
                self.look_for_answer(exchange, Instant::now() + left, last_wait(by, pipeline))
            }
        }
    }

    /// `wait_until` is given for the last attempt, after which nobody looks again.
    fn look_for_answer(&mut self, exchange: Arc<Exchange>, deadline: Instant, wait_until: Option<Instant>) -> Attempt {
        let bytes = exchange.body.len();
        let deadline = wait_until.map_or(deadline, |until| deadline.min(until));
        let result = match wait_until {
            Some(_) => exchange.wait_for_result(deadline),
            None => exchange.take_result(),
        };
        if let Some(result) = result {
            let attempt = self.judge(&result, bytes);
            self.take_buffer_back(exchange);
            return attempt;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let late = || TransportError::Timeout { address: "the host's transport".to_owned(), after: self.timeout };
            exchange.fail(late());
            let result = exchange.take_result().unwrap_or_else(|| Err(late()));
            return self.judge(&result, bytes);
        }
        self.in_flight = Some((exchange, deadline));
        Attempt::Pending { poll: left }
    }

    /// The next payload is built where the last one was. A host that still holds the exchange keeps the buffer.
    fn take_buffer_back(&mut self, exchange: Arc<Exchange>) {
        if let Some(exchange) = Arc::into_inner(exchange) {
            encoder(&self.protocol, &mut self.v04, &mut self.v05).reuse(exchange.body);
        }
    }

    fn judge(&mut self, result: &Result<Response, TransportError>, bytes: usize) -> Attempt {
        match self.protocol.judge(result, Instant::now()) {
            Verdict::Accepted { rates } => {
                self.rates = rates;
                Attempt::Taken { bytes }
            }
            Verdict::RetryAfter(pause) => Attempt::Later(pause),
            Verdict::Reencode => Attempt::Again,
            Verdict::Drop(_) => Attempt::Dropped,
        }
    }
}

/// The encoder of the format that the agent gets at present.
fn encoder<'a>(protocol: &AgentProtocol, v04: &'a mut V04, v05: &'a mut V05) -> &'a mut dyn TraceEncoder {
    match protocol.format() {
        TraceFormat::V04 => v04,
        TraceFormat::V05 => v05,
    }
}

/// How long the last attempt may wait for the host's answer. Where the host drives, the calling thread may be the one that answers.
fn last_wait(by: Option<Instant>, pipeline: &Pipeline) -> Option<Instant> {
    by.filter(|_| !pipeline.is_host_driven)
}

/// Lets the sender look for the answer. The exchange may outlive the tracer, so it holds the pipeline weakly.
fn awaken(pipeline: &Arc<Pipeline>) -> Box<dyn Fn() + Send + Sync> {
    let pipeline: Weak<Pipeline> = Arc::downgrade(pipeline);
    Box::new(move || {
        if let Some(pipeline) = pipeline.upgrade() {
            pipeline.awake();
        }
    })
}
