//! The sender of a client: a periodic service that sends what waits, and sleeps for long where nothing does.

use super::options::ClientOptions;
use super::shared::{Shared, Sink};
use super::socket::Outlet;
use super::statistics::{Totals, client_language, each_report};
use crate::log::log_debug;
use crate::service::{Cause, PeriodicService};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a payload waits for more messages.
const PAYLOAD_WAITS: Duration = Duration::from_millis(100);
/// How long values are added up.
const WINDOW: Duration = Duration::from_secs(2);
/// How long to sleep where nothing waits.
pub const IDLE: Duration = Duration::from_secs(3600);

/// Sends what one client has gathered.
pub struct Sender {
    shared: Arc<Shared>,
    outlet: Outlet,
    is_host_driven: bool,
    report: Option<Report>,
    /// When what waits is to be sent; `None`: nothing waits.
    payload_due: Option<Instant>,
    /// When the window ends in which values are added up; `None`: none were.
    window_ends: Option<Instant>,
}

/// The client's metrics about itself.
struct Report {
    every: Duration,
    language: String,
    last: Totals,
    /// `None`: nothing has happened since the last one.
    due: Option<Instant>,
}

impl Sender {
    pub fn new(shared: Arc<Shared>, options: &ClientOptions, interrupted: Arc<AtomicBool>) -> Self {
        let every = options.report_every.filter(|_| !options.is_disabled);
        Sender {
            shared,
            outlet: Outlet::new(options.address.clone(), interrupted),
            is_host_driven: options.is_host_driven,
            report: every.map(|every| Report { every, language: client_language(options), last: Totals::default(), due: None }),
            payload_due: None,
            window_ends: None,
        }
    }

    fn cycle(&mut self, is_last: bool) -> Duration {
        let now = Instant::now();
        let is_flush = self.shared.flush_is_wanted.swap(false, Ordering::SeqCst) || is_last;
        self.begin_waits(now);
        if is_flush || self.window_ends.is_some_and(|end| now >= end) {
            self.shared.flush_sums();
            self.window_ends = None;
        }
        let is_due = is_flush || self.payload_due.is_some_and(|due| now >= due);
        self.send_waiting(is_due);
        if is_due {
            self.payload_due = None;
        }
        if !is_last {
            self.report_if_due(now);
        }
        self.rest(now)
    }

    /// What has arrived since the last cycle begins to wait now.
    fn begin_waits(&mut self, now: Instant) {
        if !self.shared.payloads.lock().is_empty() {
            self.payload_due.get_or_insert(now + PAYLOAD_WAITS);
        }
        if !self.shared.sums.is_empty() {
            self.window_ends.get_or_insert(now + WINDOW);
        }
        if let Some(report) = &mut self.report {
            report.due.get_or_insert(now + report.every);
        }
    }

    /// Sends full payloads, and `all` the one that is begun as well.
    fn send_waiting(&mut self, all: bool) {
        let sink = self.shared.sink.lock().clone();
        self.outlet.lead_to(&self.shared.address.lock());
        let mut receiver_is_slow = false;
        let mut has_finished = !all;
        loop {
            let mut payloads = self.shared.payloads.lock();
            let next = payloads.take().or_else(|| {
                // What threads add from here on is for the next cycle.
                if !std::mem::replace(&mut has_finished, true) {
                    if let Some(bytes) = payloads.finish() {
                        self.shared.statistics.count_dropped_by_queue(bytes);
                    }
                }
                payloads.take()
            });
            drop(payloads);
            let Some(payload) = next else { return };
            match self.send(&payload, sink.as_ref(), !receiver_is_slow) {
                true => self.shared.statistics.count_sent(payload.len()),
                false => {
                    // The other payloads do not wait for it, too.
                    receiver_is_slow = true;
                    self.shared.statistics.count_dropped_by_writer(payload.len());
                }
            }
            self.shared.payloads.lock().reuse(payload);
        }
    }

    fn send(&mut self, payload: &[u8], sink: Option<&Sink>, may_wait: bool) -> bool {
        if let Some(sink) = sink {
            sink(payload);
            return true;
        }
        let sent = self.outlet.send(payload, may_wait && !self.is_host_driven);
        if let Err(error) = &sent {
            log_debug!("metrics of {} bytes are lost: {error}", payload.len());
        }
        sent.is_ok()
    }

    /// Sends the client's metrics about itself, which are not counted in them.
    fn report_if_due(&mut self, now: Instant) {
        let Some(report) = &mut self.report else { return };
        if report.due.is_none_or(|due| now < due) {
            return;
        }
        report.due = None;
        let totals = self.shared.statistics.totals();
        let former = std::mem::replace(&mut report.last, totals);
        let mut payloads: Vec<Vec<u8>> = Vec::new();
        const PAYLOAD: usize = 1400;
        each_report(&totals, &former, &self.shared.frame.load(), self.outlet.way(), &report.language, |line| {
            match payloads.last_mut() {
                Some(payload) if payload.len() + line.len() < PAYLOAD => {
                    payload.push(b'\n');
                    payload.extend_from_slice(line);
                }
                _ => payloads.push(line.to_vec()),
            }
        });
        let sink = self.shared.sink.lock().clone();
        for payload in payloads {
            self.send(&payload, sink.as_ref(), false);
        }
    }

    /// How long to sleep: until the next thing is due, or for long, and callers awake the sender.
    fn rest(&mut self, now: Instant) -> Duration {
        self.shared.is_armed.store(false, Ordering::SeqCst);
        if !self.shared.is_empty() {
            self.shared.is_armed.store(true, Ordering::SeqCst);
            self.begin_waits(now);
        }
        let report = self.report.as_ref().and_then(|report| report.due);
        let next = [self.payload_due, self.window_ends, report].into_iter().flatten().min();
        next.map_or(IDLE, |due| due.saturating_duration_since(Instant::now()))
    }
}

impl PeriodicService for Sender {
    fn name(&self) -> &'static str {
        "metrics sender"
    }

    fn periodic(&mut self, cause: Cause) -> Duration {
        self.cycle(matches!(cause, Cause::Shutdown(_)))
    }
}
