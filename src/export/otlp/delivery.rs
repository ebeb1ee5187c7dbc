//! What becomes of a payload that was sent.

use crate::export::failure_log::FailureLog;
use crate::log::{self, Level};
use crate::transport::{Response, TransportError};
use crate::wire::otlp::messages::{ExportResponse, PartialSuccess};
use std::time::{Duration, Instant};

/// How often a payload is sent again.
const MAX_RETRIES: u32 = 4;
const FIRST_DELAY: Duration = Duration::from_millis(100);
/// A server that asks for more patience has to do without.
const MAX_DELAY: Duration = Duration::from_secs(30);
/// A server may say much about a payload.
const MAX_MESSAGE_CHARS: usize = 200;
/// Time between two messages about parts that were refused.
const REFUSALS_EVERY: Duration = Duration::from_secs(60);

/// What is delivered, in the plural, as messages name it.
#[derive(Clone, Copy)]
pub(super) struct Goods {
    /// The whole.
    pub(super) name: &'static str,
    /// What its receiver counts.
    pub(super) items: &'static str,
}

pub(super) const TRACES: Goods = Goods { name: "traces", items: "spans" };
pub(super) const SPAN_METRICS: Goods = Goods { name: "span metrics", items: "data points" };

/// What to do with the payload now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered {
        /// So many of its items were refused.
        refused: usize,
    },
    RetryAfter(Duration),
    Lost,
}

/// Counts attempts, and says in the log what is worth it.
pub(super) struct Delivery {
    goods: Goods,
    /// The URL, as messages name it.
    url: String,
    failed_attempts: u32,
    failure_log: FailureLog,
    refusal_was_told: Option<Instant>,
    /// Items that were refused since.
    untold_refusals: u64,
}

impl Delivery {
    pub(super) fn new(goods: Goods, url: String) -> Self {
        let failure_log = FailureLog::of(goods.name, "the OTLP endpoint");
        Delivery { goods, url, failed_attempts: 0, failure_log, refusal_was_told: None, untold_refusals: 0 }
    }

    /// The payload is given up for another reason; the next one has all its attempts.
    pub(super) fn give_up(&mut self) {
        self.failed_attempts = 0;
    }

    /// Decides what becomes of the payload of the last request.
    pub(super) fn judge(&mut self, result: &Result<Response, TransportError>, now: Instant) -> Outcome {
        let outcome = match result {
            Ok(response) if (200..300).contains(&response.status) => Outcome::Delivered { refused: self.accepted(response, now) },
            Ok(response) if is_final(response.status) => self.lost(&self.answer(response.status), now),
            Ok(response) => self.failed(&self.answer(response.status), wanted_delay(response), now),
            Err(TransportError::Interrupted) => Outcome::Lost,
            Err(error) => self.failed(&error.to_string(), None, now),
        };
        if !matches!(outcome, Outcome::RetryAfter(_)) {
            self.failed_attempts = 0;
        }
        outcome
    }

    /// Returns how many items were refused.
    fn accepted(&mut self, response: &Response, now: Instant) -> usize {
        if let Some(line) = self.failure_log.accepted() {
            log::emit(Level::Info, format_args!("{line}"));
        }
        let content_type = response.header("content-type").unwrap_or_default();
        let Some(partial) = ExportResponse::read(content_type, &response.body).partial_success else { return 0 };
        if let Some(line) = self.refused_in_part(&partial, now) {
            log::emit(Level::Warn, format_args!("{line}"));
        }
        usize::try_from(partial.rejected).unwrap_or(0)
    }

    /// What to say about items that the server did not want, or about what it had to say else.
    fn refused_in_part(&mut self, partial: &PartialSuccess, now: Instant) -> Option<String> {
        if partial.rejected <= 0 && partial.error_message.is_empty() {
            return None;
        }
        self.untold_refusals = self.untold_refusals.saturating_add(partial.rejected.max(0).unsigned_abs());
        if self.refusal_was_told.is_some_and(|last| now.saturating_duration_since(last) < REFUSALS_EVERY) {
            return None;
        }
        self.refusal_was_told = Some(now);
        let (count, items) = (std::mem::take(&mut self.untold_refusals), self.goods.items);
        let message: String = partial.error_message.chars().take(MAX_MESSAGE_CHARS).flat_map(char::escape_debug).collect();
        Some(format!("{} took a payload in part: {count} {items} were refused: \"{message}\"", self.url))
    }

    fn failed(&mut self, cause: &str, wanted_delay: Option<Duration>, now: Instant) -> Outcome {
        self.failed_attempts += 1;
        if self.failed_attempts > MAX_RETRIES {
            return self.lost(cause, now);
        }
        emit_error(self.failure_log.will_retry(cause, now));
        let delay = FIRST_DELAY * 2_u32.pow(self.failed_attempts - 1);
        Outcome::RetryAfter(wanted_delay.map_or(delay, |wanted| wanted.clamp(delay, MAX_DELAY)))
    }

    fn lost(&mut self, cause: &str, now: Instant) -> Outcome {
        emit_error(self.failure_log.dropped(cause, now));
        Outcome::Lost
    }

    fn answer(&self, status: u16) -> String {
        format!("{} answered {status}", self.url)
    }
}

fn emit_error(line: Option<String>) {
    if let Some(line) = line {
        log::emit(Level::Error, format_args!("{line}"));
    }
}

/// Whether the same payload would be answered the same way: it is bad, too large, or to be sent elsewhere.
fn is_final(status: u16) -> bool {
    matches!(status, 400 | 413) || status < 400
}

/// The time that an overloaded server wants to be left alone, in the form in which it is a number of seconds.
fn wanted_delay(response: &Response) -> Option<Duration> {
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    matches!(response.status, 429 | 503).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery::new(TRACES, "http://c:4318/v1/traces".to_owned())
    }

    fn answered(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Result<Response, TransportError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Response { status, headers, body: body.to_vec() })
    }

    #[test]
    fn failures_are_retried_four_times() {
        let address = || "http://c:4318".to_owned();
        let failures = [
            answered(401, &[], b""),
            answered(404, &[], b""),
            answered(429, &[], b""),
            answered(500, &[], b""),
            answered(503, &[("retry-after", "soon")], b""),
            Err(TransportError::Connect { address: address(), cause: "refused".to_owned() }),
            Err(TransportError::Timeout { address: address(), after: Duration::from_secs(10) }),
            Err(TransportError::Io { address: address(), cause: "reset".to_owned() }),
        ];
        for failure in failures {
            let mut delivery = delivery();
            for _ in 0..2 {
                for millis in [100, 200, 400, 800] {
                    let expected = Outcome::RetryAfter(Duration::from_millis(millis));
                    assert_eq!(delivery.judge(&failure, Instant::now()), expected, "{failure:?}");
                }
                assert_eq!(delivery.judge(&failure, Instant::now()), Outcome::Lost);
            }
        }
    }

    #[test]
    fn what_is_bad_is_not_sent_again_and_each_payload_has_all_its_attempts() {
        let now = Instant::now();
        let first = Outcome::RetryAfter(Duration::from_millis(100));
        let mut delivery = delivery();
        let busy = answered(503, &[], b"");
        for status in [200, 202, 301, 400, 413] {
            assert_eq!(delivery.judge(&busy, now), first);
            let expected = if status < 300 { Outcome::Delivered { refused: 0 } } else { Outcome::Lost };
            assert_eq!(delivery.judge(&answered(status, &[], b""), now), expected, "{status}");
        }
        assert_eq!(delivery.judge(&busy, now), first);
        delivery.give_up();
        assert_eq!(delivery.judge(&busy, now), first);
        assert_eq!(delivery.judge(&Err(TransportError::Interrupted), now), Outcome::Lost);
    }

    #[test]
    fn an_overloaded_server_is_left_alone_as_long_as_it_wants() {
        let delay = |status, seconds| delivery().judge(&answered(status, &[("retry-after", seconds)], b""), Instant::now());
        assert_eq!(delay(429, "3"), Outcome::RetryAfter(Duration::from_secs(3)));
        assert_eq!(delay(503, "0"), Outcome::RetryAfter(Duration::from_millis(100)));
        assert_eq!(delay(503, "86400"), Outcome::RetryAfter(Duration::from_secs(30)));
        assert_eq!(delay(500, "3"), Outcome::RetryAfter(Duration::from_millis(100)));
    }

    #[test]
    fn what_was_refused_in_part_is_told_once_a_minute() {
        let start = Instant::now();
        let mut delivery = delivery();
        let refusal = PartialSuccess { rejected: 3, error_message: "too\nold".to_owned() };
        let line = delivery.refused_in_part(&refusal, start).unwrap();
        assert_eq!(line, "http://c:4318/v1/traces took a payload in part: 3 spans were refused: \"too\\nold\"");
        assert_eq!(delivery.refused_in_part(&refusal, start + Duration::from_secs(59)), None);
        let line = delivery.refused_in_part(&refusal, start + Duration::from_secs(60)).unwrap();
        assert!(line.contains(" 6 spans"), "{line}");
        assert_eq!(delivery.refused_in_part(&PartialSuccess::default(), start + Duration::from_secs(180)), None);
    }

    #[test]
    fn answers_are_read_in_both_encodings() {
        let refused = |content_type: &str, body: &[u8]| {
            ExportResponse::read(content_type, body).partial_success.map(|partial| (partial.rejected, partial.error_message))
        };
        let expected = Some((2, "no".to_owned()));
        assert_eq!(refused("application/x-protobuf", b"\x0a\x06\x08\x02\x12\x02no"), expected);
        assert_eq!(
            refused("application/json", br#"{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"no"}}"#),
            expected
        );
        let json = br#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no","later":[]}}"#;
        assert_eq!(refused("application/json; charset=utf-8", json), expected);
        assert_eq!(refused("application/json", br#"{"partialSuccess":{"rejectedSpans":2,"errorMessage":"no"}}"#), expected);
        for (content_type, body) in
            [("application/json", &b"{}"[..]), ("application/json", b"oops"), ("", b""), ("", b"\xff\xff")]
        {
            assert_eq!(refused(content_type, body), None);
        }
    }
}
