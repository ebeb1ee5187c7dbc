//! A request on its way through a transport that the host provides.
//!
//! The host reads the request, sends it as it likes, and completes the exchange once, at once or later, from any thread.

use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Kind, SlotClass};
use crate::transport::{Response, TransportError};
use std::sync::{Arc, Mutex, PoisonError};

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
        Exchange { method: "POST", path, headers, body, answer: Mutex::default(), awake }
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

    fn end(&self, result: impl FnOnce(Vec<(String, String)>) -> Result<Response, TransportError>) -> bool {
        let mut answer = self.answer();
        if answer.is_complete {
            return false;
        }
        answer.is_complete = true;
        let headers = std::mem::take(&mut answer.headers);
        answer.result = Some(result(headers));
        drop(answer);
        (self.awake)();
        true
    }

    fn answer(&self) -> std::sync::MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
