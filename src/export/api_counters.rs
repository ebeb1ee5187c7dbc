//! Requests to one endpoint, in numbers: telemetry tells of them.

use super::counters::Counter;
use crate::lock::Mutex;
use crate::transport::{Response, TransportError};
use std::collections::BTreeMap;
use std::time::Duration;

/// More values are not kept until somebody takes them.
const MOST_VALUES: usize = 1000;
/// More statuses are not told apart.
const MOST_STATUSES: usize = 32;
/// More ways of failing are not told apart.
const MOST_FAILURES: usize = 64;

/// What came instead of a good answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The path that was asked for.
    pub path: String,
    /// The status of the answer; `None`: none came.
    pub status: Option<u16>,
}

/// What happened to the requests to one endpoint.
#[derive(Default)]
pub struct ApiCounters {
    /// Requests, repeated ones included.
    pub requests: Counter,
    /// No answer came in time.
    pub timeouts: Counter,
    /// No answer came for another reason.
    pub network_errors: Counter,
    /// The answer was an error.
    pub status_errors: Counter,
    details: Mutex<Details>,
}

#[derive(Debug, Default)]
struct Details {
    responses: BTreeMap<u16, u64>,
    failures: BTreeMap<Failure, u64>,
    bytes: Vec<f64>,
    milliseconds: Vec<f64>,
}

impl ApiCounters {
    /// Counts a request of so many bytes.
    pub fn begin(&self, bytes: usize) {
        self.requests.add_shared(1);
        keep(&mut self.details.lock().bytes, bytes as f64);
    }

    /// Counts what became of one to this path.
    pub fn end(&self, path: &str, result: &Result<Response, TransportError>, took: Duration) {
        self.count_failure(path, result);
        match result {
            Ok(response) => {
                if !(200..300).contains(&response.status) {
                    self.status_errors.add_shared(1);
                }
                let mut details = self.details.lock();
                if details.responses.len() < MOST_STATUSES || details.responses.contains_key(&response.status) {
                    *details.responses.entry(response.status).or_default() += 1;
                }
                keep(&mut details.milliseconds, took.as_secs_f64() * 1000.0);
            }
            Err(TransportError::Timeout { .. }) => self.timeouts.add_shared(1),
            Err(TransportError::Interrupted) => {}
            Err(_) => self.network_errors.add_shared(1),
        }
    }

    fn count_failure(&self, path: &str, result: &Result<Response, TransportError>) {
        let status = match result {
            Ok(response) if (200..300).contains(&response.status) => return,
            Err(TransportError::Interrupted) => return,
            Ok(response) => Some(response.status),
            Err(_) => None,
        };
        let failure = Failure { path: path_of(path).to_owned(), status };
        let mut details = self.details.lock();
        if details.failures.len() < MOST_FAILURES || details.failures.contains_key(&failure) {
            *details.failures.entry(failure).or_default() += 1;
        }
    }

    /// What came instead of good answers.
    pub fn failures(&self) -> Vec<(Failure, u64)> {
        self.details.lock().failures.iter().map(|(failure, count)| (failure.clone(), *count)).collect()
    }

    /// Answers by their status.
    pub fn responses(&self) -> Vec<(u16, u64)> {
        self.details.lock().responses.iter().map(|(status, count)| (*status, *count)).collect()
    }

    /// Sizes of the requests since the last call, and the times in milliseconds until they were answered.
    pub fn take_values(&self) -> (Vec<f64>, Vec<f64>) {
        let mut details = self.details.lock();
        (std::mem::take(&mut details.bytes), std::mem::take(&mut details.milliseconds))
    }
}

/// The path of a URL, which may be one already.
fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
    after_scheme.split(['?', '#']).next().unwrap_or_default()
}

fn keep(values: &mut Vec<f64>, value: f64) {
    if values.len() < MOST_VALUES {
        values.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_request_is_counted() {
        let counters = ApiCounters::default();
        let answer = |status| Ok(Response { status, ..Response::default() });
        let late = TransportError::Timeout { address: String::new(), after: Duration::ZERO };
        let broken = TransportError::Io { address: String::new(), cause: String::new() };
        for result in [answer(200), answer(200), answer(503), Err(late), Err(broken), Err(TransportError::Interrupted)] {
            counters.begin(10);
            counters.end("https://user:secret@agent:8126/v0.4/traces?a=b", &result, Duration::from_millis(5));
        }
        let failure = |status| Failure { path: "/v0.4/traces".to_owned(), status };
        assert_eq!(counters.failures(), [(failure(None), 2), (failure(Some(503)), 1)]);
        let ends = [&counters.requests, &counters.timeouts, &counters.network_errors, &counters.status_errors];
        assert_eq!(ends.map(Counter::get), [6, 1, 1, 1]);
        assert_eq!(counters.responses(), [(200, 2), (503, 1)]);
        let (bytes, milliseconds) = counters.take_values();
        assert_eq!((bytes.len(), milliseconds), (6, vec![5.0; 3]));
        assert!(counters.take_values().0.is_empty());
    }
}
