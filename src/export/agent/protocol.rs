//! The state of the conversation with the agent's trace endpoint.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Instant;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::facts::{AgentFacts, COMPUTES_STATS, DROPPED_SPANS, DROPPED_TRACES, RATES_VERSION, TRACE_COUNT};
use super::format::{FormatChoice, TraceFormat};
use super::known_agent::Knowledge;
use super::verdict::{DropReason, Verdict, reconnect_delay, retry_delay};
use crate::export::failure_log::FailureLog;
use crate::log::{self, Level};
use crate::transport::{Response, TransportError};

/// Longer versions of rates are not taken over; the agent's are short hashes.
const MAX_RATES_VERSION_BYTES: usize = 256;

/// Traces that the tracer dropped itself because they were sampled out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct DroppedP0 {
    traces: u64,
    spans: u64,
}

/// What a request looks like, and what a result means. It sends nothing, waits for nothing and starts nothing.
#[derive(Debug)]
pub struct AgentProtocol {
    format: FormatChoice,
    fixed_headers: Vec<(Cow<'static, str>, String)>,
    /// Whether the tracer computes the stats of its traces, so that the agent does not.
    pub computes_stats: bool,
    rates_version: String,
    dropped_p0: DroppedP0,
    /// What of `dropped_p0` the last request told.
    told_p0: DroppedP0,
    failed_attempts: u32,
    failed_connects: u32,
    failure_log: FailureLog,
    unsupported_was_logged: bool,
    /// Answers that were neither of the ones that agents give.
    not_understood: u64,
}

impl AgentProtocol {
    /// A conversation that has not begun.
    pub fn new(facts: AgentFacts) -> AgentProtocol {
        AgentProtocol {
            format: FormatChoice::new(facts.format),
            computes_stats: facts.computes_stats,
            fixed_headers: facts.headers(),
            // An empty version would switch versioned rates off.
            rates_version: "0".to_owned(),
            dropped_p0: DroppedP0::default(),
            told_p0: DroppedP0::default(),
            failed_attempts: 0,
            failed_connects: 0,
            failure_log: FailureLog::of("traces", "the agent"),
            unsupported_was_logged: false,
            not_understood: 0,
        }
    }

    /// The format to encode the next payload in.
    pub fn format(&self) -> TraceFormat {
        self.format.current()
    }

    /// What is known of the agent may have changed.
    pub fn adapt(&mut self, epoch: u64, knowledge: &Knowledge) {
        self.format.adapt(epoch, knowledge);
    }

    /// The path to send it to.
    pub fn path(&self) -> &'static str {
        self.format().path()
    }

    /// The headers of a request with this number of chunks. To be asked for anew for each attempt.
    pub fn headers(&mut self, chunk_count: usize) -> Vec<(Cow<'static, str>, Cow<'_, str>)> {
        self.told_p0 = self.dropped_p0;
        let fixed = self.fixed_headers.iter().map(|(name, value)| (name.clone(), Cow::Borrowed(value.as_str())));
        let mut headers: Vec<_> = fixed.collect();
        // Any text but a few words for false counts as true, so the header is absent rather than "no".
        if self.computes_stats && !self.fixed_headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(COMPUTES_STATS)) {
            headers.push((Cow::Borrowed(COMPUTES_STATS), Cow::Borrowed("yes")));
        }
        headers.push((Cow::Borrowed(TRACE_COUNT), Cow::Owned(chunk_count.to_string())));
        headers.push((Cow::Borrowed(RATES_VERSION), Cow::Borrowed(&self.rates_version)));
        for (name, count) in [(DROPPED_TRACES, self.told_p0.traces), (DROPPED_SPANS, self.told_p0.spans)] {
            if count > 0 {
                headers.push((Cow::Borrowed(name), Cow::Owned(count.to_string())));
            }
        }
        headers
    }

    /// Counts sampled-out traces that are not sent. The next request that arrives tells the agent of them.
    pub fn count_dropped_p0(&mut self, traces: u64, spans: u64) {
        self.dropped_p0.traces = self.dropped_p0.traces.saturating_add(traces);
        self.dropped_p0.spans = self.dropped_p0.spans.saturating_add(spans);
    }

    /// Decides what becomes of the payload of the last request, and logs what is worth it.
    pub fn judge(&mut self, result: &Result<Response, TransportError>, now: Instant) -> Verdict {
        if let Err(error @ TransportError::Connect { .. }) = result {
            return self.judge_absence(&error.to_string(), now);
        }
        self.failed_connects = 0;
        let verdict = match result {
            Ok(response) => self.judge_response(response, now),
            Err(TransportError::Interrupted) => Verdict::Drop(DropReason::SendFailure),
            Err(error) => self.judge_failure(&error.to_string(), now),
        };
        if !matches!(verdict, Verdict::RetryAfter(_)) {
            self.failed_attempts = 0;
        }
        verdict
    }

    /// The payload that was too large is dropped.
    pub fn drop_too_large(&mut self, now: Instant) {
        let line = self.failure_log.dropped(&self.answer_text(413), now);
        emit_error(line);
    }

    /// The sender gave the payload up itself; the next one has all its attempts.
    pub fn give_up(&mut self) {
        self.failed_attempts = 0;
        self.failed_connects = 0;
    }

    /// Answers since the last call that could not be read. Their payloads have arrived all the same.
    pub fn take_not_understood(&mut self) -> u64 {
        std::mem::take(&mut self.not_understood)
    }

    /// Nobody has seen the payload: there is no limit but the budget.
    fn judge_absence(&mut self, cause: &str, now: Instant) -> Verdict {
        self.failed_connects = self.failed_connects.saturating_add(1);
        emit_error(self.failure_log.will_retry(cause, now));
        Verdict::RetryAfter(reconnect_delay(self.failed_connects))
    }

    fn judge_response(&mut self, response: &Response, now: Instant) -> Verdict {
        match response.status {
            200..=299 => self.accept(response),
            404 | 415 => self.downgrade(response.status),
            408 | 429 | 500..=599 => self.judge_failure(&self.answer_text(response.status), now),
            413 => Verdict::TooLarge,
            status => self.refuse(DropReason::Rejected { status }, status, now),
        }
    }

    fn accept(&mut self, response: &Response) -> Verdict {
        if let Some(line) = self.failure_log.accepted() {
            log::emit(Level::Info, format_args!("{line}"));
        }
        // What was dropped since the headers were made is still to be told.
        self.dropped_p0.traces = self.dropped_p0.traces.saturating_sub(self.told_p0.traces);
        self.dropped_p0.spans = self.dropped_p0.spans.saturating_sub(self.told_p0.spans);
        self.told_p0 = DroppedP0::default();
        if !has_rates(&response.body) {
            self.not_understood += u64::from(!is_known_answer(&response.body));
            return Verdict::Accepted { rates: None };
        }
        // Never without its rates: the agent would then not send them again.
        if let Some(version) = response.header("datadog-rates-payload-version").filter(|version| is_sound_version(version)) {
            self.rates_version.clear();
            self.rates_version.push_str(version);
        }
        Verdict::Accepted { rates: Some(response.body.clone()) }
    }

    fn downgrade(&mut self, status: u16) -> Verdict {
        let refused = self.path();
        if self.format.refuse() {
            log::emit(Level::Warn, format_args!("the agent answered {status} to {refused}; using {} from now on", self.path()));
            return Verdict::Reencode;
        }
        if !std::mem::replace(&mut self.unsupported_was_logged, true) {
            log::emit(
                Level::Error,
                format_args!("the agent answered {status} to {refused}: it takes no traces, which are dropped"),
            );
        }
        Verdict::Drop(DropReason::Unsupported)
    }

    fn refuse(&mut self, reason: DropReason, status: u16, now: Instant) -> Verdict {
        let line = self.failure_log.dropped(&self.answer_text(status), now);
        emit_error(line);
        Verdict::Drop(reason)
    }

    fn judge_failure(&mut self, cause: &str, now: Instant) -> Verdict {
        self.failed_attempts = self.failed_attempts.saturating_add(1);
        match retry_delay(self.failed_attempts) {
            Some(delay) => {
                emit_error(self.failure_log.will_retry(cause, now));
                Verdict::RetryAfter(delay)
            }
            None => {
                emit_error(self.failure_log.dropped(cause, now));
                Verdict::Drop(DropReason::SendFailure)
            }
        }
    }

    fn answer_text(&self, status: u16) -> String {
        format!("it answered {status} to {}", self.path())
    }
}

fn emit_error(line: Option<String>) {
    if let Some(line) = line {
        log::emit(Level::Error, format_args!("{line}"));
    }
}

/// Whether the body is JSON with rates. Others are not errors: old agents answer `OK`, and `{}` means that nothing changed.
fn has_rates(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Rates {
        #[serde(rename = "rate_by_service")]
        _rate_by_service: HashMap<String, IgnoredAny>,
    }
    serde_json::from_slice::<Rates>(body).is_ok()
}

/// Whether an answer without rates is one that agents give: nothing, `OK`, or JSON.
fn is_known_answer(body: &[u8]) -> bool {
    let text = body.trim_ascii();
    text.is_empty() || text == b"OK" || serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The version goes back into a header, so it must be able to stand in one.
fn is_sound_version(version: &str) -> bool {
    !version.is_empty() && version.len() <= MAX_RATES_VERSION_BYTES && version.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
