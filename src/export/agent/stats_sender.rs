//! Trace statistics on their way to the agent: whether it wants them, when they leave, and that what fails is not sent again.

use super::known_agent::Knowledge;
use crate::export::api_counters::ApiCounters;
use crate::export::client::{Client, Limit, Outgoing, Progress};
use crate::export::counters::StatsCounters;
use crate::log::{log_debug, log_warn};
use crate::record::{RecordRef, unix_ns};
use crate::stats::{Concentrator, Features, SqlMode, StatsPayload};
use crate::transport::{AgentInfo, Response, TransportError};
use crate::wire::ChunkFacts;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATH: &str = "/v0.6/stats";
/// Payloads that wait while one is on its way; beyond, the oldest one is lost.
const MOST_WAITING: usize = 6;
/// The first agent whose stats of clients count.
const FIRST_VERSION: [u32; 3] = [7, 65, 0];
const OBFUSCATION: &str = "Datadog-Obfuscation-Version";

/// What the settings say about stats.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatsWish {
    /// `DD_TRACE_STATS_COMPUTATION_ENABLED`, if it is set.
    pub enabled: Option<bool>,
    /// Whether the agent's version does not matter.
    pub any_version: bool,
}

/// Counts the spans of chunks for one agent, and sends what was counted.
pub struct StatsSender {
    wish: StatsWish,
    concentrator: Concentrator,
    client: Client,
    headers: Vec<(Cow<'static, str>, String)>,
    waiting: VecDeque<StatsPayload>,
    is_active: bool,
    /// The agent has refused stats, and has said nothing new since.
    was_refused: bool,
    epoch: u64,
    next_flush: Instant,
    counters: Arc<StatsCounters>,
    interval: Duration,
}

impl StatsSender {
    /// Nothing is counted until the agent wants it. The headers are of every request.
    pub fn new(wish: StatsWish, concentrator: Concentrator, client: Client, headers: Vec<(Cow<'static, str>, String)>) -> Self {
        let interval = concentrator.interval();
        StatsSender {
            wish,
            concentrator,
            client,
            headers,
            waiting: VecDeque::new(),
            is_active: false,
            was_refused: false,
            epoch: 0,
            next_flush: Instant::now() + interval,
            counters: Arc::default(),
            interval,
        }
    }

    /// Counts requests, spans and payloads there from now on.
    pub fn count_in(&mut self, requests: &Arc<ApiCounters>, counters: &Arc<StatsCounters>) {
        self.client.count_in(requests);
        if !Arc::ptr_eq(&self.counters, counters) {
            self.counters = Arc::clone(counters);
        }
    }

    /// Whether spans are counted, so that the agent need not.
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// What is known of the agent may have changed.
    pub fn adapt(&mut self, epoch: u64, knowledge: &Knowledge) {
        if epoch == self.epoch {
            return;
        }
        self.epoch = epoch;
        self.was_refused = false;
        let wanted = knowledge.info().filter(|info| self.wish.is_met_by(info));
        if let Some(info) = wanted {
            self.concentrator.configure(&features(info));
        }
        self.activate(wanted.is_some());
    }

    fn activate(&mut self, is_active: bool) {
        if self.is_active && !is_active {
            // The agent counts from now on; what it would not take is forgotten.
            self.waiting.clear();
            drop(self.concentrator.flush(unix_ns(), true));
        }
        self.is_active = is_active;
    }

    /// Counts the spans of a chunk.
    pub fn add(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>], now_ns: i64) {
        let counted = self.concentrator.add(facts, records, now_ns);
        self.counters.spans.add(counted.spans);
        self.counters.spans_collapsed.add(counted.collapsed);
    }

    /// Sends what is due. Returns when to be called again.
    pub fn tend(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + Clone + 'static) -> Duration {
        let now = Instant::now();
        if now >= self.next_flush {
            self.next_flush = now + self.interval;
            self.collect(false);
        }
        self.send(limit, awake).unwrap_or_else(|| self.next_flush.saturating_duration_since(Instant::now()))
    }

    /// Sends everything, open buckets too. `None`: it is done; else when to call again.
    pub fn finish(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + Clone + 'static) -> Option<Duration> {
        self.collect(true);
        self.send(limit, awake)
    }

    fn collect(&mut self, force: bool) {
        if self.is_active {
            self.waiting.extend(self.concentrator.flush(unix_ns(), force));
        }
        while self.waiting.len() > MOST_WAITING {
            self.waiting.pop_front();
            self.counters.payloads_lost.add(1);
            log_warn!("trace statistics are lost: the agent does not take them in time");
        }
    }

    /// `None`: nothing waits and nothing is on its way.
    fn send(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + Clone + 'static) -> Option<Duration> {
        loop {
            let progress = match self.client.look(limit) {
                Some(progress) => progress,
                None => {
                    let payload = self.waiting.pop_front()?;
                    self.counters.payloads.add(1);
                    self.counters.buckets.add(payload.buckets as u64);
                    let headers = headers(&self.headers, payload.is_obfuscated);
                    let request = Outgoing { method: "POST", path: PATH, headers, body: Cow::Owned(payload.body) };
                    self.client.send(request, limit, awake.clone())
                }
            };
            match progress {
                Progress::Pending { poll } => return Some(poll),
                Progress::Ended { result, .. } => self.judge(&result),
            }
        }
    }

    /// What fails is lost: the same numbers must not be counted twice.
    fn judge(&mut self, result: &Result<Response, TransportError>) {
        if !matches!(result, Ok(Response { status: 200..=299, .. })) {
            self.counters.payloads_lost.add(1);
        }
        match result {
            Ok(Response { status: 200..=299, .. }) => {}
            Ok(Response { status: 404, .. }) => {
                log_warn!("the agent does not know {PATH}: no trace statistics are computed until it says otherwise");
                self.was_refused = true;
                self.activate(false);
            }
            Ok(Response { status, .. }) => log_warn!("trace statistics are lost: the agent answered {status}"),
            Err(error) => log_debug!("trace statistics are lost: {error}"),
        }
    }

    /// Whether the agent has refused what it says it takes, since the last call.
    pub fn take_refusal(&mut self) -> bool {
        std::mem::take(&mut self.was_refused)
    }
}

impl StatsWish {
    /// Whether this agent can have stats of ours, and is to have them.
    fn is_met_by(self, info: &AgentInfo) -> bool {
        let takes_them = info.has_endpoint(PATH) && info.client_drop_p0s;
        let is_new_enough = self.enabled == Some(true) || self.any_version || info.is_at_least(FIRST_VERSION);
        self.enabled != Some(false) && takes_them && is_new_enough
    }
}

fn headers<'a>(own: &'a [(Cow<'static, str>, String)], is_obfuscated: bool) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let mut headers = vec![(Cow::Borrowed("Content-Type"), Cow::Borrowed("application/msgpack"))];
    headers.extend(own.iter().map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(value.as_str()))));
    if is_obfuscated {
        headers.push((Cow::Borrowed(OBFUSCATION), Cow::Borrowed("1")));
    }
    headers
}

/// What this agent says of how spans are to be counted.
pub(in crate::export) fn features(info: &AgentInfo) -> Features {
    Features {
        peer_tags: info.peer_tags.clone(),
        span_kinds: Some(info.span_kinds.clone()),
        obfuscation_version: info.obfuscation_version.and_then(|version| u64::try_from(version).ok()).unwrap_or(0),
        sql_mode: SqlMode::of_name(&info.sql_obfuscation_mode),
        big_resource: info.has_feature("big_resource"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stats_are_for_agents_that_take_them() {
        let able = AgentInfo {
            version: "7.65.0".to_owned(),
            endpoints: vec!["/v0.6/stats".to_owned()],
            client_drop_p0s: true,
            ..AgentInfo::default()
        };
        let unset = StatsWish::default();
        let on = StatsWish { enabled: Some(true), any_version: false };
        let off = StatsWish { enabled: Some(false), any_version: true };
        let any_version = StatsWish { enabled: None, any_version: true };
        let wishes = [unset, on, off, any_version];
        let met = |info: &AgentInfo| wishes.map(|wish| wish.is_met_by(info));
        assert_eq!(met(&able), [true, true, false, true]);
        for version in ["7.64.9", "test", ""] {
            let old = AgentInfo { version: version.to_owned(), ..able.clone() };
            assert_eq!(met(&old), [false, true, false, true], "{version}");
        }
        assert_eq!(met(&AgentInfo { endpoints: Vec::new(), ..able.clone() }), [false; 4]);
        assert_eq!(met(&AgentInfo { client_drop_p0s: false, ..able }), [false; 4]);
    }
}
