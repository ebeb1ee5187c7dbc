//! A client of one server, with one request on its way at a time: over the library's own transport, or handed to the host.
//!
//! Traces, stats and questions to the agent each have a client of their own, and all go the same way.

use super::api_counters::ApiCounters;
use super::exchange::{BeginExchange, Exchange};
use crate::transport::{MAX_RESPONSE_BODY_BYTES, Request, Response, Transport, TransportError};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a server is reached.
#[derive(Clone)]
pub enum Link {
    /// By a call that waits for the answer.
    Blocking(Arc<dyn Transport>),
    /// By the host.
    Host(Arc<BeginExchange>),
}

/// Sends one request after the other.
pub struct Client {
    link: Link,
    timeout: Duration,
    response_limit: usize,
    in_flight: Option<(Arc<Exchange>, Instant)>,
    counters: Option<Arc<ApiCounters>>,
    /// When the last request began.
    began: Instant,
}

/// What to send.
pub struct Outgoing<'a> {
    /// `POST` or `GET`.
    pub method: &'static str,
    /// Path on the server; for a host that sends elsewhere than to the agent, the whole URL.
    pub path: &'a str,
    /// Headers.
    pub headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The body; one that the host gets is better owned.
    pub body: Cow<'a, [u8]>,
}

/// The time that a request has.
#[derive(Clone, Copy, Default)]
pub struct Limit {
    /// The end of it, where that is before the client's usual time limit.
    pub by: Option<Instant>,
    /// Whether to wait for the host's answer until then, because nobody looks again. A host that drives the library answers on the calling
    /// thread or not at all.
    pub waits: bool,
}

/// How far a request has come.
pub enum Progress {
    /// It is over.
    Ended {
        /// What came of it.
        result: Result<Response, TransportError>,
        /// Size of the body.
        bytes: usize,
        /// The buffer of the body, unless it was borrowed, or the host still holds it.
        buffer: Option<Vec<u8>>,
    },
    /// The host has yet to answer.
    Pending {
        /// When to look again, if nobody awakens the service before.
        poll: Duration,
    },
}

impl Client {
    /// A client that waits `timeout` for each answer.
    pub fn new(link: Link, timeout: Duration) -> Self {
        Client { link, timeout, response_limit: MAX_RESPONSE_BODY_BYTES, in_flight: None, counters: None, began: Instant::now() }
    }

    /// The same client, which reads so many bytes of a response's body at most.
    pub fn with_response_limit(self, bytes: usize) -> Self {
        Client { response_limit: bytes, ..self }
    }

    /// Counts requests from now on.
    pub fn count_in(&mut self, counters: &Arc<ApiCounters>) {
        if self.counters.is_none() {
            self.counters = Some(Arc::clone(counters));
        }
    }

    /// Whether requests are handed to the host, body and all.
    pub fn hands_over(&self) -> bool {
        matches!(self.link, Link::Host(_))
    }

    /// Whether a request is on its way.
    pub fn is_busy(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Sends a request, in place of any that is on its way. `awake` is called when a host answers later.
    pub fn send(&mut self, request: Outgoing<'_>, limit: Limit, awake: impl Fn() + Send + Sync + 'static) -> Progress {
        let left = limit.by.map_or(self.timeout, |by| by.saturating_duration_since(Instant::now()).min(self.timeout));
        let Outgoing { method, path, headers, body } = request;
        self.began = Instant::now();
        if let Some(counters) = &self.counters {
            counters.begin(body.len());
        }
        match &self.link {
            Link::Blocking(transport) => {
                let response_limit = self.response_limit;
                let result =
                    transport.send(&Request { method, path, headers: &headers, body: &body, timeout: left, response_limit });
                self.count(path, &result);
                let bytes = body.len();
                let buffer = if let Cow::Owned(buffer) = body { Some(buffer) } else { None };
                Progress::Ended { result, bytes, buffer }
            }
            Link::Host(begin) => {
                let headers = headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
                let exchange =
                    Arc::new(Exchange::new(method, path, headers, body.into_owned(), self.response_limit, Box::new(awake)));
                begin(Arc::clone(&exchange));
                self.look_at(exchange, Instant::now() + left, limit)
            }
        }
    }

    /// Looks for the answer of the request that is on its way, if there is one.
    pub fn look(&mut self, limit: Limit) -> Option<Progress> {
        let (exchange, deadline) = self.in_flight.take()?;
        Some(self.look_at(exchange, deadline, limit))
    }

    /// Waits no longer for the request that is on its way.
    pub fn forget(&mut self) {
        self.in_flight = None;
    }

    fn count(&self, path: &str, result: &Result<Response, TransportError>) {
        if let Some(counters) = &self.counters {
            counters.end(path, result, self.began.elapsed());
        }
    }

    fn look_at(&mut self, exchange: Arc<Exchange>, deadline: Instant, limit: Limit) -> Progress {
        let wait_until = limit.by.filter(|_| limit.waits);
        let deadline = wait_until.map_or(deadline, |until| deadline.min(until));
        let result = match wait_until {
            Some(_) => exchange.wait_for_result(deadline),
            None => exchange.take_result(),
        };
        if let Some(result) = result {
            self.count(&exchange.path, &result);
            return ended(exchange, result);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let late = || TransportError::Timeout { address: "the host's transport".to_owned(), after: self.timeout };
            exchange.fail(late());
            let result = exchange.take_result().unwrap_or_else(|| Err(late()));
            self.count(&exchange.path, &result);
            return ended(exchange, result);
        }
        self.in_flight = Some((exchange, deadline));
        Progress::Pending { poll: left }
    }
}

/// A host that still holds the exchange keeps the buffer.
fn ended(exchange: Arc<Exchange>, result: Result<Response, TransportError>) -> Progress {
    let bytes = exchange.body.len();
    Progress::Ended { result, bytes, buffer: Arc::into_inner(exchange).map(|exchange| exchange.body) }
}
