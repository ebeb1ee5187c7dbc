//! A request on its way through a transport that the host provides.
//!
//! The host reads the request, sends it as it likes, and completes the exchange once, at once or later, from any thread.

use crate::lock::{Condvar, Mutex};
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Guarded, Kind, SlotClass};
use crate::transport::{Response, TransportError};
use std::sync::Arc;
use std::time::{Duration, Instant};

static CLASS: SlotClass = cold_class(Kind::Exchange);

/// One request and, later, its answer.
pub struct Exchange {
    /// `POST` or `GET`.
    pub method: &'static str,
    /// Path on the agent, or the whole URL of another server.
    pub path: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub body: Vec<u8>,
    answer: Guarded<Answer>,
    /// Rung when the answer is there.
    bell: (Mutex<()>, Condvar),
    awake: Box<dyn Fn() + Send + Sync>,
    /// What is kept of the answer's body at most.
    response_limit: usize,
}

#[derive(Default)]
struct Answer {
    headers: Vec<(String, String)>,
    result: Option<Result<Response, TransportError>>,
    is_complete: bool,
}

impl Cold for Exchange {
    const KIND: Kind = Kind::Exchange;
    const CLASS: &'static SlotClass = &CLASS;
}

/// Starts an exchange: the host gets the handle of it.
pub type BeginExchange = dyn Fn(Arc<Exchange>) + Send + Sync;

/// The most that is kept of an answer.
const MAX_HEADERS: usize = 100;
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Why a part of an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The exchange is complete already, or nobody waits for it any longer.
    Complete,
    /// There are too many headers, or this one is too long.
    Limit,
}

impl Exchange {
    /// A request; `awake` is called when its answer is there.
    pub fn new(
        method: &'static str,
        path: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        response_limit: usize,
        awake: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let (answer, bell) = (Guarded::default(), Default::default());
        Exchange { method, path: path.to_owned(), headers, body, answer, bell, awake, response_limit }
    }

    /// Notes a header of the answer.
    pub fn respond_header(&self, name: &str, value: &str) -> Result<(), Refusal> {
        if name.len() + value.len() > MAX_HEADER_BYTES {
            return Err(Refusal::Limit);
        }
        let header = (name.to_ascii_lowercase(), value.to_owned());
        let added = self.answer.with(|answer| match answer.headers.len() {
            _ if answer.is_complete => Err(Refusal::Complete),
            MAX_HEADERS.. => Err(Refusal::Limit),
            _ => {
                answer.headers.push(header);
                Ok(())
            }
        });
        // Whoever held the lock is gone, and so is the one who waited.
        added.unwrap_or(Err(Refusal::Complete))
    }

    /// Ends the exchange with an answer. `false`: it was complete already.
    pub fn complete(&self, status: u16, body: &[u8]) -> bool {
        let body = body.get(..self.response_limit).unwrap_or(body).to_vec();
        self.end(|headers| Ok(Response { status, headers, body }))
    }

    /// Ends the exchange without an answer. `false`: it was complete already.
    pub fn fail(&self, error: TransportError) -> bool {
        self.end(|_| Err(error))
    }

    /// The result, once there is one.
    pub fn take_result(&self) -> Option<Result<Response, TransportError>> {
        self.answer.with(|answer| answer.result.take()).ok().flatten()
    }

    /// The result, waited for until `deadline`.
    pub fn wait_for_result(&self, deadline: Instant) -> Option<Result<Response, TransportError>> {
        /// A ring between the look and the wait is missed, which costs this much at most.
        const LOOK_AGAIN: Duration = Duration::from_millis(5);
        loop {
            let result = self.take_result();
            let left = deadline.saturating_duration_since(Instant::now());
            if result.is_some() || left.is_zero() {
                return result;
            }
            drop(self.bell.1.wait_timeout(self.bell.0.lock(), left.min(LOOK_AGAIN)));
        }
    }

    fn end(&self, result: impl FnOnce(Vec<(String, String)>) -> Result<Response, TransportError>) -> bool {
        let ended = self.answer.with(|answer| {
            if answer.is_complete {
                return false;
            }
            answer.is_complete = true;
            answer.result = Some(result(std::mem::take(&mut answer.headers)));
            true
        });
        let ended = ended.unwrap_or(false);
        if ended {
            self.bell.1.notify_all();
            (self.awake)();
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const MAX_BODY: usize = 1024;

    fn exchange() -> (Exchange, Arc<AtomicUsize>) {
        let awakened = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&awakened);
        let awake = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        (Exchange::new("POST", "/path", Vec::new(), vec![1], MAX_BODY, awake), awakened)
    }

    #[test]
    fn an_answer_is_taken_once() {
        let (exchange, awakened) = exchange();
        assert!(exchange.take_result().is_none());
        exchange.respond_header("Content-Type", "text/plain").unwrap();
        assert!(exchange.complete(200, b"body"));
        assert!(!exchange.complete(500, b""));
        assert!(!exchange.fail(TransportError::Interrupted));
        assert_eq!(exchange.respond_header("late", ""), Err(Refusal::Complete));
        assert_eq!(awakened.load(Ordering::Relaxed), 1);
        let response = exchange.take_result().unwrap().unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, b"body".as_slice()));
        assert_eq!(response.headers, [("content-type".to_owned(), "text/plain".to_owned())]);
        assert!(exchange.take_result().is_none());
    }

    #[test]
    fn an_answer_is_bounded() {
        let (exchange, _) = exchange();
        assert_eq!(exchange.respond_header("long", &"x".repeat(MAX_HEADER_BYTES)), Err(Refusal::Limit));
        (0..MAX_HEADERS).for_each(|_| exchange.respond_header("name", "value").unwrap());
        assert_eq!(exchange.respond_header("name", "value"), Err(Refusal::Limit));
        assert!(exchange.complete(200, &vec![0; MAX_BODY + 1]));
        assert_eq!(exchange.take_result().unwrap().unwrap().body.len(), MAX_BODY);
    }
}
