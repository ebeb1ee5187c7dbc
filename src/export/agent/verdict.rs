//! What is to become of a payload that was sent.

use std::time::Duration;

/// How often a payload that may have reached the agent is sent again before it is given up.
pub const MAX_RETRIES: u32 = 5;

const FIRST_DELAY: Duration = Duration::from_millis(100);

/// What to do with the payload now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has arrived.
    Accepted {
        /// The body of the response when it carries sampling rates: for the sampler.
        rates: Option<Vec<u8>>,
    },
    /// Send it again after this time, with the headers as they are then.
    RetryAfter(Duration),
    /// The agent does not know the format. [`AgentProtocol::format`](super::AgentProtocol::format) is another one now: encode
    /// the same chunks again and send them at once.
    Reencode,
    /// The agent takes no payload that large. The sender may try smaller ones; if it does not, it tells by
    /// [`AgentProtocol::drop_too_large`](super::AgentProtocol::drop_too_large).
    TooLarge,
    /// It is lost, and its chunks count as dropped.
    Drop(DropReason),
}

/// Why a payload was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The agent has no such endpoint, not even the oldest that we know.
    Unsupported,
    /// The agent refused it; it would refuse it again.
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// It could not be delivered in all its attempts, or sending was interrupted.
    SendFailure,
}

/// The time before the next attempt, or `None` when there is to be none.
pub(super) fn retry_delay(failed_attempts: u32) -> Option<Duration> {
    if failed_attempts == 0 || failed_attempts > MAX_RETRIES {
        return None;
    }
    Some(FIRST_DELAY * 2_u32.pow(failed_attempts - 1))
}

/// The time before the next attempt while no connection comes about.
pub(super) fn reconnect_delay(failed_connects: u32) -> Duration {
    FIRST_DELAY * 2_u32.pow(failed_connects.clamp(1, MAX_RETRIES) - 1)
}
