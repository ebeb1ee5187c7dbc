//! Requests on their way: one at a time, numbered in their order, and tried twice where that may help.

use super::facts::{Application, Facts};
use super::message::{Message, body, request_type};
use super::shared::Counts;
use crate::config::ApiKey;
use crate::events::{Dispatch, Value, event, hub};
use crate::export::{Client, Limit, Link, Outgoing, Progress};
use crate::record::unix_ns;
use crate::transport::{Response, TransportError};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The path at the agent.
pub const AGENT_PATH: &str = "/telemetry/proxy/api/v2/apmtelemetry";
/// The path at the intake.
pub const INTAKE_PATH: &str = "/api/v2/apmtelemetry";

/// A request has this long.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A body is sent again after this long, once.
const RETRY_AFTER: Duration = Duration::from_millis(150);

/// Who gets it.
pub struct Receiver {
    /// How it is reached.
    pub link: Link,
    /// The path there; for a host that sends elsewhere than to the agent, the whole URL.
    pub path: String,
    /// The key that it wants.
    pub api_key: Option<ApiKey>,
}

/// Sends bodies.
pub(super) struct Delivery {
    client: Client,
    path: String,
    headers: Vec<(Cow<'static, str>, String)>,
    api_key: Option<ApiKey>,
    facts: Facts,
    counts: Arc<Counts>,
    last_seq_id: u64,
    flight: Option<Flight>,
    retry_at: Option<Instant>,
}

/// A body, and what it was made of.
struct Flight {
    messages: Vec<Message>,
    body: Vec<u8>,
    is_retry: bool,
}

/// What became of messages.
pub(super) enum Outcome {
    /// Nothing is on its way.
    Idle,
    /// The answer is still to come, or the second attempt.
    Pending(Duration),
    /// They were taken.
    Delivered(Vec<Message>),
    /// They were not.
    Failed(Failure, Vec<Message>),
}

/// Why messages were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody there knows telemetry.
    Unsupported,
    /// They will not be taken another time either.
    Refused,
    /// Another time they may be taken.
    Unreachable,
}

impl Delivery {
    pub(super) fn new(receiver: Receiver, facts: Facts, counts: Arc<Counts>) -> Self {
        let mut client = Client::new(receiver.link, TIMEOUT);
        client.count_in(&counts.api);
        Delivery {
            client,
            path: receiver.path,
            headers: facts.headers(),
            api_key: receiver.api_key,
            facts,
            counts,
            last_seq_id: 0,
            flight: None,
            retry_at: None,
        }
    }

    /// Names another application from the next body on.
    pub(super) fn set_application(&mut self, application: Application) {
        if self.facts.application != application {
            self.facts.application = application;
            self.headers = self.facts.headers();
        }
    }

    /// Sends messages as one body.
    pub(super) fn send(&mut self, messages: Vec<Message>, limit: Limit, awake: &Awake) -> Outcome {
        let seq_id = self.last_seq_id + 1;
        let now = unix_ns() / 1_000_000_000;
        let body = body(&messages, &self.facts, seq_id, now).into_bytes();
        self.last_seq_id = seq_id;
        self.attempt(Flight { messages, body, is_retry: false }, limit, awake)
    }

    /// Looks for the answer to the body that is on its way, and sends it again when its time has come.
    pub(super) fn look(&mut self, limit: Limit, awake: &Awake) -> Outcome {
        if let Some(progress) = self.client.look(limit) {
            return self.judge(progress, limit);
        }
        let Some(flight) = self.flight.take() else { return Outcome::Idle };
        if let Some(left) = self.retry_at.map(|at| at.saturating_duration_since(Instant::now())) {
            if !left.is_zero() && limit.by.is_none() {
                self.flight = Some(flight);
                return Outcome::Pending(left);
            }
        }
        self.retry_at = None;
        self.attempt(flight, limit, awake)
    }

    fn attempt(&mut self, mut flight: Flight, limit: Limit, awake: &Awake) -> Outcome {
        let headers = self.headers.iter().map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(value.as_str())));
        let mut headers: Vec<_> = headers.collect();
        headers.push((Cow::Borrowed("DD-Telemetry-Request-Type"), Cow::Borrowed(request_type(&flight.messages))));
        if let Some(key) = &self.api_key {
            headers.push((Cow::Borrowed("DD-API-KEY"), Cow::Borrowed(key.reveal())));
        }
        // A host takes the bytes; a second attempt needs them again.
        let body = Cow::Owned(if self.client.hands_over() { flight.body.clone() } else { std::mem::take(&mut flight.body) });
        self.counts.requests.add_shared(1);
        self.flight = Some(flight);
        let request = Outgoing { method: "POST", path: &self.path, headers, body };
        let awake = Arc::clone(awake);
        let progress = self.client.send(request, limit, move || awake());
        self.judge(progress, limit)
    }

    fn judge(&mut self, progress: Progress, limit: Limit) -> Outcome {
        let (result, buffer) = match progress {
            Progress::Pending { poll } => return Outcome::Pending(poll),
            Progress::Ended { result, buffer, .. } => (result, buffer),
        };
        let Some(mut flight) = self.flight.take() else { return Outcome::Idle };
        if flight.body.is_empty() {
            flight.body = buffer.unwrap_or_default();
        }
        let status = result.as_ref().map_or(0, |response| i64::from(response.status));
        let arguments = [Value::from(request_type(&flight.messages)), Value::Int(status)];
        // Listeners' errors are theirs here.
        let _ = hub().dispatch(event::TELEMETRY_SENT, &arguments, Dispatch::Contained);
        let failure = match verdict(&result) {
            Ok(()) => {
                self.counts.delivered.add_shared(1);
                return Outcome::Delivered(flight.messages);
            }
            Err(failure) => failure,
        };
        self.counts.failed.add_shared(1);
        if matches!(result, Err(TransportError::Connect { .. })) && !flight.is_retry {
            // Nobody has seen the number.
            self.last_seq_id -= 1;
        }
        let again = failure == Failure::Unreachable && helps_at_once(&result) && !flight.is_retry && !flight.body.is_empty();
        let has_time = limit.by.is_none_or(|by| Instant::now() + RETRY_AFTER < by);
        if again && has_time {
            flight.is_retry = true;
            self.flight = Some(flight);
            self.retry_at = Some(Instant::now() + RETRY_AFTER);
            return Outcome::Pending(RETRY_AFTER);
        }
        Outcome::Failed(failure, flight.messages)
    }

    /// What is on its way is given up.
    pub(super) fn give_up(&mut self) -> Vec<Message> {
        self.client.forget();
        self.retry_at = None;
        self.flight.take().map(|flight| flight.messages).unwrap_or_default()
    }
}

/// Lets the worker look for an answer.
pub(super) type Awake = Arc<dyn Fn() + Send + Sync>;

fn verdict(result: &Result<Response, TransportError>) -> Result<(), Failure> {
    match result {
        Ok(response) => match response.status {
            200..=299 => Ok(()),
            404 => Err(Failure::Unsupported),
            408 | 429 | 500.. => Err(Failure::Unreachable),
            _ => Err(Failure::Refused),
        },
        Err(_) => Err(Failure::Unreachable),
    }
}

/// Whether a second attempt right away may have another end: the server stumbled, or had closed an idle connection.
fn helps_at_once(result: &Result<Response, TransportError>) -> bool {
    match result {
        Ok(response) => response.status >= 500,
        Err(error) => matches!(error, TransportError::Io { .. } | TransportError::Protocol { .. }),
    }
}
