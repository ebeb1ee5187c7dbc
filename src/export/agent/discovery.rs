//! When the agent is asked about itself, with `GET /info`: before the first trace leaves, every five minutes, and whenever an answer to
//! another request shows that its configuration is not what it was.

use super::known_agent::{Knowledge, KnownAgent};
use super::reachability::Reachability;
use crate::export::client::{Client, Limit, Link, Outgoing, Progress};
use crate::log::log_debug;
use crate::propagation::set_organization_marker;
use crate::transport::{AgentInfo, Response, TransportError};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(300);
/// The first pause after a failure, while nothing is known; each one is twice as long as the one before, up to the interval.
const FIRST_RETRY: Duration = Duration::from_millis(500);
/// The shortest time between looks that nobody asked for: agents that take turns behind one address must not be asked all the time.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The header in which every answer names the state of the agent's configuration.
const STATE: &str = "datadog-agent-state";

/// Asks one agent about itself.
pub struct Discovery {
    known: Arc<KnownAgent>,
    client: Client,
    headers: Vec<(Cow<'static, str>, String)>,
    /// Who tells of an agent that is not there.
    reachability: Option<Reachability>,
    next_look: Instant,
    last_look: Option<Instant>,
    /// The looks that the one on its way answers.
    serves: u64,
    failures: u32,
    /// The first look has ended, one way or the other.
    has_looked: bool,
    was_connected: bool,
    /// Answers that could not be read.
    not_understood: u64,
    /// The state of the last answer to `/info`, and the one of another answer that led to a look.
    state: Option<String>,
    suspected_state: Option<String>,
}

impl Discovery {
    /// Nothing was asked yet. The headers are of every request; each answer has `timeout`.
    pub fn new(link: Link, headers: Vec<(Cow<'static, str>, String)>, timeout: Duration) -> Self {
        Discovery {
            known: Arc::default(),
            client: Client::new(link, timeout),
            headers,
            reachability: None,
            next_look: Instant::now(),
            last_look: None,
            serves: 0,
            failures: 0,
            has_looked: false,
            was_connected: true,
            not_understood: 0,
            state: None,
            suspected_state: None,
        }
    }

    /// Tells on stderr of an agent that is not there.
    pub fn with_reachability(mut self, reachability: Reachability) -> Self {
        self.reachability = Some(reachability);
        self
    }

    /// What is known, for those who ask the tracer.
    pub fn known(&self) -> &Arc<KnownAgent> {
        &self.known
    }

    /// Whether the first look has ended. Until then traces wait: what the agent wants decides what becomes of them.
    pub fn has_looked(&self) -> bool {
        self.has_looked
    }

    /// Answers since the last call that could not be read.
    pub fn take_not_understood(&mut self) -> u64 {
        std::mem::take(&mut self.not_understood)
    }

    /// Looks if it is time to. Returns when to be called again.
    pub fn tend(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + 'static) -> Duration {
        loop {
            let progress = match self.client.look(limit) {
                Some(progress) => progress,
                None => {
                    let wait = self.due().saturating_duration_since(Instant::now());
                    if !wait.is_zero() {
                        return wait;
                    }
                    // A host that answers at once must not keep the sender here.
                    return self.look(limit, awake);
                }
            };
            if let Some(poll) = self.advance(progress) {
                return poll;
            }
        }
    }

    /// An answer came to another request: does it tell of a change?
    pub fn heed(&mut self, response: &Response) {
        let state = response.header(STATE);
        let is_another = state.is_some() && state != self.state.as_deref() && state != self.suspected_state.as_deref();
        if is_another {
            self.suspected_state = state.map(str::to_owned);
        }
        // An agent that was absent is there now.
        let has_come = self.has_looked && !self.was_connected;
        if is_another || has_come {
            self.was_connected = true;
            self.look_soon();
        }
    }

    /// The agent contradicted what is known of it.
    pub fn look_soon(&mut self) {
        let earliest = self.last_look.map_or_else(Instant::now, |last| last + SHORTEST_PAUSE);
        self.next_look = self.next_look.min(earliest);
    }

    fn due(&self) -> Instant {
        if self.known.wanted_look().is_some() { Instant::now() } else { self.next_look }
    }

    fn look(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + 'static) -> Duration {
        self.serves = self.known.looks_wanted();
        self.last_look = Some(Instant::now());
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), Cow::Borrowed(value.as_str()))).collect();
        let request = Outgoing { method: "GET", path: "/info", headers, body: Cow::Borrowed(&[]) };
        let progress = self.client.send(request, limit, awake);
        self.advance(progress).unwrap_or_else(|| self.due().saturating_duration_since(Instant::now()))
    }

    /// `None`: the look has ended.
    fn advance(&mut self, progress: Progress) -> Option<Duration> {
        let result = match progress {
            Progress::Pending { poll } => return Some(poll),
            Progress::Ended { result, .. } => result,
        };
        // Not after silence: then each look may take all of its time.
        self.was_connected = !matches!(result, Err(TransportError::Connect { .. } | TransportError::Io { .. }));
        let found = self.judge(result);
        self.failures = if found.is_some() { 0 } else { self.failures.saturating_add(1) };
        self.has_looked = true;
        self.next_look = Instant::now() + self.pause();
        if let Some(knowledge) = &found {
            let marker = knowledge.info().and_then(|info| info.org_prop_marker.as_deref());
            if !set_organization_marker(marker) {
                log_debug!("the agent's marker of the organization is not used");
            }
        }
        self.known.note(self.serves, found);
        None
    }

    fn judge(&mut self, result: Result<Response, TransportError>) -> Option<Knowledge> {
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                log_debug!("the agent says nothing about itself: {error}");
                if let Some(reachability) = self.reachability.as_ref().filter(|_| !matches!(error, TransportError::Interrupted)) {
                    reachability.failed(&error);
                }
                return None;
            }
        };
        if let Some(reachability) = &self.reachability {
            reachability.answered();
        }
        match response.status {
            200 => {
                let info = AgentInfo::of_response(&response);
                let Some(info) = info else {
                    log_debug!("the agent's answer to /info is not used: expected a JSON object of 1 MiB at most");
                    self.not_understood += 1;
                    return None;
                };
                self.state.clone_from(&info.state);
                Some(Knowledge::Info(Arc::new(info)))
            }
            404 => {
                self.state = response.header(STATE).map(str::to_owned);
                Some(Knowledge::Old)
            }
            status => {
                log_debug!("the agent says nothing about itself: it answered {status} to /info");
                None
            }
        }
    }

    fn pause(&self) -> Duration {
        let is_known = !matches!(self.known.knowledge().1, Knowledge::Unknown);
        if self.failures == 0 || is_known {
            return INTERVAL;
        }
        FIRST_RETRY.saturating_mul(2_u32.saturating_pow(self.failures - 1)).min(INTERVAL)
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        self.known.end();
    }
}
