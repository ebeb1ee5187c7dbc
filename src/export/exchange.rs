//! A request on its way through a transport that the host provides.
//!
//! The host reads the request, sends it as it likes, and completes the exchange once, at once or later, from any thread.

use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Kind, SlotClass};
use crate::transport::{Response, TransportError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

static CLASS: SlotClass = cold_class(Kind::Exchange);

/// One request and, later, its answer.
pub struct Exchange {
    /// `POST` or `GET`.
    pub method: &'static str,
    /// Path on the agent.
    pub path: &'static str,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub body: Vec<u8>,
    answer: Mutex<Answer>,
    is_answered: Condvar,
    awake: Box<dyn Fn() + Send + Sync>,
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
const MAX_BODY: usize = 1024 * 1024;
const MAX_HEADERS: usize = 100;

impl Exchange {
    /// A request; `awake` is called when its answer is there.
    pub fn new(path: &'static str, headers: Vec<(String, String)>, body: Vec<u8>, awake: Box<dyn Fn() + Send + Sync>) -> Self {
        Exchange { method: "POST", path, headers, body, answer: Mutex::default(), is_answered: Condvar::new(), awake }
    }

    /// Notes a header of the answer. `false`: the exchange is complete already.
    pub fn respond_header(&self, name: &str, value: &str) -> bool {
        let mut answer = self.answer();
        if answer.is_complete || answer.headers.len() >= MAX_HEADERS {
            return false;
        }
        answer.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        true
    }

    /// Ends the exchange with an answer. `false`: it was complete already.
    pub fn complete(&self, status: u16, body: &[u8]) -> bool {
        let body = body.get(..MAX_BODY).unwrap_or(body).to_vec();
        self.end(|headers| Ok(Response { status, headers, body }))
    }

    /// Ends the exchange without an answer. `false`: it was complete already.
    pub fn fail(&self, error: TransportError) -> bool {
        self.end(|_| Err(error))
    }

    /// The result, once there is one.
    pub fn take_result(&self) -> Option<Result<Response, TransportError>> {
        self.answer().result.take()
    }

    /// The result, waited for until `deadline`.
    pub fn wait_for_result(&self, deadline: Instant) -> Option<Result<Response, TransportError>> {
        let mut answer = self.answer();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if answer.is_complete || left.is_zero() {
                return answer.result.take();
            }
            answer = self.is_answered.wait_timeout(answer, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn end(&self, result: impl FnOnce(Vec<(String, String)>) -> Result<Response, TransportError>) -> bool {
        let mut answer = self.answer();
        if answer.is_complete {
            return false;
        }
        answer.is_complete = true;
        let headers = std::mem::take(&mut answer.headers);
        answer.result = Some(result(headers));
        drop(answer);
        self.is_answered.notify_all();
        (self.awake)();
        true
    }

    fn answer(&self) -> std::sync::MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    fn exchange() -> (Exchange, Arc<AtomicU32>) {
        let awakened = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&awakened);
        let awake = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        (Exchange::new("/v0.4/traces", Vec::new(), vec![0x90], awake), awakened)
    }

    fn long() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn only_the_first_end_counts() {
        let (exchange, awakened) = exchange();
        assert!(exchange.respond_header("Datadog-Agent-State", "abc"));
        assert!(exchange.complete(200, b"{}"));
        assert!(!exchange.complete(500, b""));
        assert!(!exchange.fail(TransportError::Interrupted));
        assert!(!exchange.respond_header("late", "1"));
        let response = exchange.take_result().unwrap().unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, &b"{}"[..]));
        assert_eq!(response.header("datadog-agent-state"), Some("abc"));
        assert!(exchange.take_result().is_none());
        assert_eq!(awakened.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_large_answer_is_cut() {
        let (exchange, _) = exchange();
        exchange.complete(200, &vec![b'x'; MAX_BODY + 1]);
        assert_eq!(exchange.take_result().unwrap().unwrap().body.len(), MAX_BODY);
    }

    #[test]
    fn an_answer_from_another_thread_is_waited_for() {
        let (exchange, _) = exchange();
        let exchange = Arc::new(exchange);
        let host = Arc::clone(&exchange);
        let thread = std::thread::spawn(move || host.complete(204, b""));
        assert_eq!(exchange.wait_for_result(long()).unwrap().unwrap().status, 204);
        assert!(thread.join().unwrap());
    }

    #[test]
    fn waiting_ends_with_the_deadline() {
        let (exchange, _) = exchange();
        assert!(exchange.wait_for_result(Instant::now()).is_none());
        exchange.complete(200, b"");
        assert!(exchange.wait_for_result(Instant::now()).is_some());
        assert!(exchange.wait_for_result(long()).is_none(), "the result was taken already");
    }
}
