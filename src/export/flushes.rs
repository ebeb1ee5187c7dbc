//! How often finished chunks set out, why, and how long it took to send them.

use super::counters::Counter;
use crate::lock::Mutex;
use std::time::Duration;

/// More durations are not kept until somebody takes them.
const MOST_DURATIONS: usize = 256;

/// Why chunks set out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushReason {
    /// It was time.
    Scheduled,
    /// Somebody asked for it.
    Invoked,
    /// Many bytes waited.
    Size,
    /// The tracer ends.
    Shutdown,
    /// The agent refused the format, and gets the same chunks in another one.
    ProtocolChange,
}

impl FlushReason {
    const ALL: [FlushReason; 5] =
        [FlushReason::Scheduled, FlushReason::Invoked, FlushReason::Size, FlushReason::Shutdown, FlushReason::ProtocolChange];

    /// As a tag tells it.
    pub fn tag(self) -> &'static str {
        match self {
            FlushReason::Scheduled => "reason:scheduled",
            FlushReason::Invoked => "reason:invoked",
            FlushReason::Size => "reason:size",
            FlushReason::Shutdown => "reason:shutdown",
            FlushReason::ProtocolChange => "reason:protocol_change",
        }
    }
}

/// The flushes of one pipeline.
#[derive(Default)]
pub struct Flushes {
    triggered: [Counter; FlushReason::ALL.len()],
    milliseconds: Mutex<Vec<f64>>,
}

impl Flushes {
    /// Counts one that begins.
    pub fn begin(&self, reason: FlushReason) {
        if let Some(counter) = self.triggered.get(reason as usize) {
            counter.add_shared(1);
        }
    }

    /// Notes how long one took.
    pub fn end(&self, took: Duration) {
        let mut milliseconds = self.milliseconds.lock();
        if milliseconds.len() < MOST_DURATIONS {
            milliseconds.push(took.as_secs_f64() * 1000.0);
        }
    }

    /// How many there were, by reason.
    pub fn triggered(&self) -> impl Iterator<Item = (FlushReason, u64)> {
        FlushReason::ALL.into_iter().zip(&self.triggered).map(|(reason, counter)| (reason, counter.get()))
    }

    /// How long those since the last call took, in milliseconds.
    pub fn take_durations(&self) -> Vec<f64> {
        std::mem::take(&mut *self.milliseconds.lock())
    }
}
