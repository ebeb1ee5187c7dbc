//! Sends traces to Datadog's intake, without an agent.
//!
//! A payload is one request of 10 MB at most, tried three times. The intake knows no rates, and takes no statistics from here.

use super::exporter::{Attempt, Payload};
use super::failure_log::FailureLog;
use crate::config::ApiKey;
use crate::log::{self, Level};
use crate::transport::{MAX_RESPONSE_BODY_BYTES, Request, Response, Transport, TransportError};
use crate::wire::{AgentlessJson, TraceEncoder};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATH: &str = "/v1/input";
/// The intake refuses larger payloads.
const MAX_PAYLOAD_BYTES: usize = 10_000_000;
const TIMEOUT: Duration = Duration::from_secs(15);
const MAX_RETRIES: u32 = 2;
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// The conversation with the intake.
pub struct AgentlessExporter {
    encoder: AgentlessJson,
    transport: Arc<dyn Transport>,
    api_key: ApiKey,
    failed_attempts: u32,
    failure_log: FailureLog,
}

/// What became of a request.
enum Outcome {
    Accepted,
    /// Another attempt may succeed.
    Failed(String),
    /// No attempt will succeed.
    Refused(String),
}

impl AgentlessExporter {
    /// Longest time for a connection, and for a request.
    pub const TIMEOUT: Duration = TIMEOUT;

    /// An exporter to the intake that the transport leads to.
    pub fn new(encoder: AgentlessJson, transport: Arc<dyn Transport>, api_key: ApiKey) -> Self {
        AgentlessExporter { encoder, transport, api_key, failed_attempts: 0, failure_log: FailureLog::of("traces", "the intake") }
    }

    /// Offers a payload.
    pub fn attempt(&mut self, payload: &dyn Payload, by: Option<Instant>) -> Attempt {
        payload.encode(&mut self.encoder);
        let body = self.encoder.finish();
        let bytes = body.len();
        let outcome = if bytes > MAX_PAYLOAD_BYTES {
            Outcome::Refused(format!("a payload has {bytes} bytes, expected {MAX_PAYLOAD_BYTES} at most"))
        } else {
            let timeout = by.map_or(TIMEOUT, |by| by.saturating_duration_since(Instant::now()).min(TIMEOUT));
            let header = |name, value| (Cow::Borrowed(name), Cow::Borrowed(value));
            let headers = [header("Content-Type", "application/json"), header("dd-api-key", self.api_key.reveal())];
            outcome(self.transport.send(&Request {
                method: "POST",
                path: PATH,
                headers: &headers,
                body,
                timeout,
                response_limit: MAX_RESPONSE_BODY_BYTES,
            }))
        };
        self.judge(outcome, bytes, Instant::now())
    }

    /// The payload that was to be tried again is given up.
    pub fn give_up(&mut self) {
        self.failed_attempts = 0;
    }

    fn judge(&mut self, outcome: Outcome, bytes: usize, now: Instant) -> Attempt {
        match outcome {
            Outcome::Accepted => {
                self.failed_attempts = 0;
                if let Some(line) = self.failure_log.accepted() {
                    log::emit(Level::Info, format_args!("{line}"));
                }
                Attempt::Taken { bytes }
            }
            Outcome::Failed(cause) if self.failed_attempts < MAX_RETRIES => {
                let delay = FIRST_DELAY * 2_u32.pow(self.failed_attempts);
                self.failed_attempts += 1;
                emit_error(self.failure_log.will_retry(&cause, now));
                Attempt::Later(delay)
            }
            Outcome::Failed(cause) | Outcome::Refused(cause) => {
                self.failed_attempts = 0;
                emit_error(self.failure_log.dropped(&cause, now));
                Attempt::Dropped
            }
        }
    }
}

fn outcome(result: Result<Response, TransportError>) -> Outcome {
    let answered = |status| format!("it answered {status} to {PATH}");
    match result.map(|response| response.status) {
        Ok(200..=299) => Outcome::Accepted,
        Ok(status @ (401 | 403)) => {
            Outcome::Refused(format!("{}: DD_API_KEY is not a key of an account at DD_SITE", answered(status)))
        }
        Ok(status @ (408 | 429 | 500..=599)) => Outcome::Failed(answered(status)),
        Ok(status) => Outcome::Refused(answered(status)),
        Err(TransportError::Interrupted) => Outcome::Refused(TransportError::Interrupted.to_string()),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn emit_error(line: Option<String>) {
    if let Some(line) = line {
        log::emit(Level::Error, format_args!("{line}"));
    }
}

#[cfg(test)]
#[path = "agentless_tests.rs"]
mod tests;
