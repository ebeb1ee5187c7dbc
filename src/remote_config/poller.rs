//! Asks the agent at every tick, once it is known to have remote configuration.

use super::client::{Processed, RemoteConfig};
use super::request::ClientFacts;
use super::response::MOST_RESPONSE_BYTES;
use crate::export::{Client, Limit, Link, Outgoing, Progress};
use crate::log::log_debug;
use crate::service::{Cause, PeriodicService};
use crate::transport::{AgentInfo, Response, TransportError};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATH: &str = "/v0.7/config";
/// Failures one after the other until the agent is asked again what it can do.
const MOST_FAILURES: u32 = 3;
/// How long to wait while nobody is subscribed; subscribing awakens.
const IDLE: Duration = Duration::from_secs(3600);

/// Names and values.
pub type Headers = Vec<(Cow<'static, str>, String)>;

/// When the agent is asked.
#[derive(Clone, Copy, Debug)]
pub struct PollTimes {
    /// Between two polls.
    pub interval: Duration,
    /// Whether somebody set that; otherwise the backend may wish for another one.
    pub interval_is_set: bool,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// The service that asks.
pub struct Poller {
    remote: Arc<RemoteConfig>,
    client: Client,
    headers: Headers,
    facts: Box<dyn Fn() -> ClientFacts + Send>,
    times: PollTimes,
    /// When the last tick began.
    last: Instant,
    next: Instant,
    /// The agent is known to have remote configuration; otherwise it is asked about itself.
    is_online: bool,
    failures: u32,
}

impl Poller {
    /// Polls for a client; the headers are of every request.
    pub fn new(
        remote: Arc<RemoteConfig>,
        link: Link,
        headers: Headers,
        facts: impl Fn() -> ClientFacts + Send + 'static,
        times: PollTimes,
    ) -> Self {
        Poller {
            remote,
            // One more than is taken, so that what is too long is seen to be.
            client: Client::new(link, times.timeout).with_response_limit(MOST_RESPONSE_BYTES + 1),
            headers,
            facts: Box::new(facts),
            times,
            last: Instant::now(),
            next: Instant::now(),
            is_online: false,
            failures: 0,
        }
    }

    fn converse(&mut self) -> Duration {
        loop {
            let progress = match self.client.look(Limit::default()) {
                Some(progress) => progress,
                None => self.ask(),
            };
            match progress {
                Progress::Pending { poll } => return poll,
                Progress::Ended { result, .. } if self.is_online => {
                    self.judge(result);
                    // The answer may have brought another interval.
                    self.next = self.last + self.interval();
                    return self.end();
                }
                Progress::Ended { result, .. } => {
                    self.is_online = can_configure(result);
                    if !self.is_online {
                        return self.end();
                    }
                }
            }
        }
    }

    fn ask(&mut self) -> Progress {
        let awake = {
            let remote = Arc::downgrade(&self.remote);
            move || {
                if let Some(remote) = remote.upgrade() {
                    remote.awake();
                }
            }
        };
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), Cow::Borrowed(value.as_str())));
        let request = match self.is_online {
            true => Outgoing {
                method: "POST",
                path: PATH,
                headers: headers.chain([("Content-Type".into(), "application/json".into())]).collect(),
                body: Cow::Owned(self.remote.request_body(&(self.facts)())),
            },
            false => Outgoing { method: "GET", path: "/info", headers: headers.collect(), body: Cow::Borrowed(&[]) },
        };
        self.client.send(request, Limit::default(), awake)
    }

    fn judge(&mut self, result: Result<Response, TransportError>) {
        let processed = match result {
            Ok(response) => self.remote.process(response.status, &response.body),
            Err(error) => {
                log_debug!("remote configuration: {error}");
                Processed::Ignored
            }
        };
        self.failures = if processed == Processed::Ignored { self.failures + 1 } else { 0 };
        if self.failures >= MOST_FAILURES {
            self.failures = 0;
            self.is_online = false;
        }
    }

    fn interval(&self) -> Duration {
        let PollTimes { interval, interval_is_set, .. } = self.times;
        if interval_is_set { interval } else { self.remote.refresh_interval().unwrap_or(interval) }
    }

    fn end(&self) -> Duration {
        self.remote.end_poll();
        // Somebody may have wanted another one meanwhile.
        if self.remote.is_poll_wanted() { Duration::ZERO } else { self.wait() }
    }

    fn wait(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }
}

impl PeriodicService for Poller {
    fn name(&self) -> &'static str {
        "remote configuration"
    }

    fn periodic(&mut self, cause: Cause) -> Duration {
        if matches!(cause, Cause::Shutdown(_)) {
            self.client.forget();
            // Whoever waits need not wait any longer.
            self.remote.begin_poll();
            self.remote.end_poll();
            return IDLE;
        }
        if !self.client.is_busy() {
            if !self.remote.is_wanted() {
                return IDLE;
            }
            let begin = Instant::now();
            if !self.remote.is_poll_wanted() && begin < self.next {
                return self.wait();
            }
            self.remote.begin_poll();
            // From the beginning of this tick, however long its request takes.
            self.last = begin;
            self.next = begin + self.interval();
            self.remote.tick();
        }
        self.converse()
    }
}

/// Whether the answer to `/info` says that there is remote configuration.
fn can_configure(result: Result<Response, TransportError>) -> bool {
    match result {
        Ok(response) if response.status == 200 => {
            let can = AgentInfo::of_response(&response).is_some_and(|info| info.has_endpoint(PATH));
            if !can {
                log_debug!("the agent has no remote configuration");
            }
            can
        }
        Ok(response) => {
            log_debug!("whether the agent has remote configuration is not known: it answered {} to /info", response.status);
            false
        }
        Err(error) => {
            log_debug!("whether the agent has remote configuration is not known: {error}");
            false
        }
    }
}

#[cfg(test)]
#[path = "tests/poller.rs"]
mod tests;
