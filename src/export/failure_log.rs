//! What is said about payloads that do not arrive: at once the first time, then once a minute at most, with a count.

use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_secs(60);

/// Decides when a failure is worth a line in the log.
#[derive(Debug)]
pub(super) struct FailureLog {
    /// What does not arrive, in the plural.
    what: &'static str,
    /// Who does not get it.
    receiver: &'static str,
    last_line: Option<Instant>,
    dropped_since: u64,
    /// A failure was logged, and nothing has arrived since.
    in_outage: bool,
}

impl FailureLog {
    /// Failures of payloads of this to this receiver.
    pub(super) fn of(what: &'static str, receiver: &'static str) -> Self {
        FailureLog { what, receiver, last_line: None, dropped_since: 0, in_outage: false }
    }

    /// A payload failed and will be sent again. The line, if this is the first that is heard of the trouble.
    pub(super) fn will_retry(&mut self, cause: &str, now: Instant) -> Option<String> {
        if self.in_outage || !self.is_due(now) {
            return None;
        }
        self.begin_line(now);
        Some(format!("cannot send {} to {}: {cause}; trying again", self.what, self.receiver))
    }

    /// A payload was dropped. The line, if it is time for one.
    pub(super) fn dropped(&mut self, cause: &str, now: Instant) -> Option<String> {
        self.dropped_since = self.dropped_since.saturating_add(1);
        if !self.is_due(now) {
            return None;
        }
        self.begin_line(now);
        let count = std::mem::take(&mut self.dropped_since);
        let payloads = if count == 1 { "payload" } else { "payloads" };
        Some(format!("{} could not be sent to {}: {cause}; {count} {payloads} dropped", self.what, self.receiver))
    }

    /// A payload arrived. The line, if an outage was logged before.
    pub(super) fn accepted(&mut self) -> Option<String> {
        let was_in_outage = std::mem::take(&mut self.in_outage);
        was_in_outage.then(|| match std::mem::take(&mut self.dropped_since) {
            0 => format!("{} accepts {} again", self.receiver, self.what),
            count => format!("{} accepts {} again; payloads dropped since the last message: {count}", self.receiver, self.what),
        })
    }

    fn is_due(&self, now: Instant) -> bool {
        self.last_line.is_none_or(|last| now.saturating_duration_since(last) >= PERIOD)
    }

    fn begin_line(&mut self, now: Instant) {
        self.last_line = Some(now);
        self.in_outage = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of_traces() -> FailureLog {
        FailureLog::of("traces", "the agent")
    }

    #[test]
    fn the_first_failure_is_logged_at_once_and_drops_once_a_minute() {
        let mut log = log_of_traces();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(log.will_retry("refused", start), Some("cannot send traces to the agent: refused; trying again".to_owned()));
        assert_eq!(log.will_retry("refused", after(1)), None);
        assert_eq!(log.dropped("refused", after(3)), None);
        assert_eq!(log.dropped("refused", after(59)), None);
        let line = log.dropped("refused", after(60)).unwrap();
        assert!(line.ends_with("refused; 3 payloads dropped"), "{line}");
        assert_eq!(log.dropped("refused", after(61)), None);
        let line = log.dropped("refused", after(121)).unwrap();
        assert!(line.ends_with("refused; 2 payloads dropped"), "{line}");
    }

    #[test]
    fn an_outage_ends_with_one_line_and_flapping_does_not_flood_the_log() {
        let mut log = log_of_traces();
        let start = Instant::now();
        assert_eq!(log.accepted(), None);
        assert!(log.will_retry("refused", start).is_some());
        assert_eq!(log.accepted(), Some("the agent accepts traces again".to_owned()));
        assert_eq!(log.accepted(), None);
        for _ in 0..5 {
            assert_eq!(log.will_retry("refused", start), None);
            assert_eq!(log.accepted(), None);
        }
    }

    #[test]
    fn recovery_tells_what_was_lost_unreported() {
        let mut log = log_of_traces();
        let start = Instant::now();
        assert!(log.dropped("refused", start).unwrap().ends_with("1 payload dropped"));
        assert_eq!(log.dropped("refused", start), None);
        assert!(log.accepted().unwrap().ends_with("since the last message: 1"));
    }
}
