//! Sends traces to an agent.

use super::protocol::{AgentProtocol, TraceFormat};
use super::verdict::Verdict;
use crate::export::client::{Client, Limit, Link, Outgoing, Progress};
use crate::export::exporter::{Attempt, Payload};
use crate::export::pipeline::Pipeline;
use crate::transport::{Response, TransportError};
use crate::wire::{TraceEncoder, V04, V05};
use std::borrow::Cow;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// The conversation with the agent's trace endpoint, and what it takes to hold it.
pub struct AgentExporter {
    protocol: AgentProtocol,
    client: Client,
    encoders: Encoders,
    rates: Option<Vec<u8>>,
}

#[derive(Default)]
struct Encoders {
    v04: V04,
    v05: V05,
}

impl Encoders {
    fn of(&mut self, format: TraceFormat) -> &mut dyn TraceEncoder {
        match format {
            TraceFormat::V04 => &mut self.v04,
            TraceFormat::V05 => &mut self.v05,
        }
    }
}

impl AgentExporter {
    /// An exporter that waits `timeout` for each answer.
    pub fn new(protocol: AgentProtocol, link: Link, timeout: Duration) -> Self {
        AgentExporter { protocol, client: Client::new(link, timeout), encoders: Encoders::default(), rates: None }
    }

    /// The sampling rates that the last answer brought.
    pub fn take_rates(&mut self) -> Option<Vec<u8>> {
        self.rates.take()
    }

    /// The payload that was to be tried again is given up.
    pub fn give_up(&mut self) {
        self.protocol.give_up();
        self.client.forget();
    }

    /// Offers a payload, or looks for the answer to the one that was offered.
    pub fn attempt(&mut self, payload: &dyn Payload, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Attempt {
        let limit = Limit { by, waits: !pipeline.is_host_driven };
        let progress = match self.client.look(limit) {
            Some(progress) => progress,
            None => self.send(payload, limit, pipeline),
        };
        match progress {
            Progress::Pending { poll } => Attempt::Pending { poll },
            Progress::Ended { result, bytes, buffer } => {
                let attempt = self.judge(&result, bytes);
                // The next payload is built where the last one was.
                if let Some(buffer) = buffer {
                    self.encoders.of(self.protocol.format()).reuse(buffer);
                }
                attempt
            }
        }
    }

    fn send(&mut self, payload: &dyn Payload, limit: Limit, pipeline: &Arc<Pipeline>) -> Progress {
        let encoder = self.encoders.of(self.protocol.format());
        payload.encode(encoder);
        let body = encoder.finish();
        let (method, path) = ("POST", self.protocol.path());
        let headers = self.protocol.headers(payload.chunk_count());
        let body = if self.client.hands_over() { Cow::Owned(encoder.take()) } else { Cow::Borrowed(body) };
        self.client.send(Outgoing { method, path, headers, body }, limit, awaken(pipeline))
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

/// Lets the sender look for the answer. A request may outlive the tracer, so it holds the pipeline weakly.
fn awaken(pipeline: &Arc<Pipeline>) -> impl Fn() + Send + Sync + 'static {
    let pipeline: Weak<Pipeline> = Arc::downgrade(pipeline);
    move || {
        if let Some(pipeline) = pipeline.upgrade() {
            pipeline.awake();
        }
    }
}
