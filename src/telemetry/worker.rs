//! The worker: what is sent when.

use super::delivery::{Awake, Delivery, Failure, Outcome, Receiver};
use super::facts::Facts;
use super::message::{Kind, Message};
use super::payloads::{AppStarted, ConfigurationChanged, ExtendedHeartbeat, NoError};
use super::shared::Telemetry;
use crate::export::Limit;
use crate::log::log_debug;
use crate::service::{Cause, PeriodicService};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The end of a session may take this long.
const LONGEST_END: Duration = Duration::from_secs(3);
/// Messages that are kept for another attempt; beyond that the oldest are dropped.
const MOST_KEPT: usize = 32;
/// A body that would become larger is split between messages.
const LARGEST_BODY: usize = 2_000_000;

/// Sends what [`Telemetry`] has to tell.
pub struct Worker {
    telemetry: Arc<Telemetry>,
    delivery: Delivery,
    is_host_driven: bool,
    awake: Awake,
    started: Started,
    /// Bodies to send, in this order.
    outbound: VecDeque<Vec<Message>>,
    /// Messages that were not taken, for the next time.
    kept: VecDeque<Message>,
    next_heartbeat: Instant,
    next_extended: Instant,
    /// Whether everything was taken since the last flush began.
    all_taken: bool,
}

/// How far the first message of the session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Started {
    Due,
    /// It was not taken; it is sent again with the next heartbeat.
    Waiting,
    Accepted,
}

impl Worker {
    /// A worker whose first cycle is to come at once.
    pub fn new(telemetry: Arc<Telemetry>, receiver: Receiver, facts: Facts, is_host_driven: bool) -> Self {
        let now = Instant::now();
        let for_answers = Arc::downgrade(&telemetry);
        let delivery = Delivery::new(receiver, facts, Arc::clone(&telemetry.counts));
        Worker {
            delivery,
            is_host_driven,
            awake: Arc::new(move || {
                if let Some(telemetry) = for_answers.upgrade() {
                    telemetry.awake();
                }
            }),
            started: Started::Due,
            outbound: VecDeque::new(),
            kept: VecDeque::new(),
            next_heartbeat: now + telemetry.options.heartbeat,
            next_extended: now + telemetry.options.extended_heartbeat,
            all_taken: true,
            telemetry,
        }
    }

    fn cycle(&mut self) -> Duration {
        let flush = self.telemetry.requested_flush();
        let was_busy = self.drive(Limit::default());
        if let Some(again_in) = was_busy {
            // One request at a time: what is due waits for its answer.
            return again_in;
        }
        let now = Instant::now();
        let heartbeat_is_due = now >= self.next_heartbeat;
        self.move_on(now);
        if self.started != Started::Accepted {
            if self.started == Started::Due || heartbeat_is_due || flush.is_some() {
                self.queue_start();
            }
        } else {
            self.queue_due(now, heartbeat_is_due);
        }
        let again_in = self.drive(Limit::default());
        if again_in.is_none() {
            if let Some(ticket) = flush {
                self.telemetry.complete_flush(ticket, std::mem::replace(&mut self.all_taken, true));
            }
        }
        again_in.unwrap_or_else(|| self.until_next())
    }

    /// Heartbeats keep their rhythm, whatever they or others take.
    fn move_on(&mut self, now: Instant) {
        let interval = self.telemetry.options.heartbeat;
        while self.next_heartbeat <= now {
            self.next_heartbeat += interval;
            if self.next_heartbeat + interval * 10 < now {
                // The machine slept.
                self.next_heartbeat = now + interval;
            }
        }
    }

    fn until_next(&self) -> Duration {
        let next = match self.started {
            Started::Accepted => self.next_heartbeat.min(self.next_extended),
            Started::Due | Started::Waiting => self.next_heartbeat,
        };
        next.saturating_duration_since(Instant::now())
    }

    fn queue_start(&mut self) {
        let mut pending = self.telemetry.pending.lock();
        let configuration = pending.configuration.take_all();
        let payload = AppStarted {
            configuration: &configuration,
            install_signature: self.telemetry.options.install_signature.as_ref(),
            error: NoError::default(),
        };
        self.outbound.push_back(vec![Message::new(Kind::Started, &payload)]);
    }

    fn queue_due(&mut self, now: Instant, with_heartbeat: bool) {
        let mut bundle = self.news();
        if now >= self.next_extended {
            self.next_extended = now + self.telemetry.options.extended_heartbeat;
            bundle.push(self.extended_heartbeat());
        }
        if with_heartbeat {
            bundle.push(Message::bare(Kind::Heartbeat));
        }
        self.queue(bundle);
    }

    /// What was not told yet.
    fn news(&mut self) -> Vec<Message> {
        let mut bundle: Vec<Message> = self.kept.drain(..).collect();
        let changes = self.telemetry.pending.lock().configuration.take_pending();
        if !changes.is_empty() {
            bundle.push(Message::new(Kind::Configuration, &ConfigurationChanged { configuration: &changes }));
        }
        bundle
    }

    fn extended_heartbeat(&self) -> Message {
        let pending = self.telemetry.pending.lock();
        let payload = ExtendedHeartbeat {
            configuration: &pending.configuration.all(),
            install_signature: self.telemetry.options.install_signature.as_ref(),
        };
        Message::new(Kind::ExtendedHeartbeat, &payload)
    }

    /// Queues messages as one body, or as several if they are large.
    fn queue(&mut self, messages: Vec<Message>) {
        let mut bundle = Vec::new();
        let mut size = 0;
        for message in messages {
            if !bundle.is_empty() && size + message.size() > LARGEST_BODY {
                self.outbound.push_back(std::mem::take(&mut bundle));
                size = 0;
            }
            size += message.size();
            bundle.push(message);
        }
        if !bundle.is_empty() {
            self.outbound.push_back(bundle);
        }
    }

    /// Sends what is queued. `None`: all of it is settled; else when to look again.
    fn drive(&mut self, limit: Limit) -> Option<Duration> {
        let mut outcome = self.delivery.look(limit, &self.awake);
        loop {
            match outcome {
                Outcome::Pending(again_in) => return Some(again_in),
                Outcome::Idle => {}
                Outcome::Delivered(messages) => self.delivered(&messages),
                Outcome::Failed(failure, messages) => self.failed(failure, messages),
            }
            let messages = self.outbound.pop_front()?;
            if limit.by.is_some_and(|by| Instant::now() >= by) {
                outcome = Outcome::Failed(Failure::Unreachable, messages);
                continue;
            }
            outcome = self.delivery.send(messages, limit, &self.awake);
        }
    }

    fn delivered(&mut self, messages: &[Message]) {
        self.telemetry.counts.messages_sent.add_shared(messages.len() as u64);
        if messages.iter().any(|message| message.kind == Kind::Started) {
            self.started = Started::Accepted;
            self.telemetry.counts.is_accepted.store(true, Ordering::Relaxed);
            let news = self.news();
            self.queue(news);
        }
    }

    fn failed(&mut self, failure: Failure, messages: Vec<Message>) {
        log_debug!("telemetry was not taken: {failure:?}");
        self.all_taken = false;
        if self.started == Started::Due {
            self.started = Started::Waiting;
        }
        // What comes behind would have the same end.
        let behind = if failure == Failure::Refused { VecDeque::new() } else { std::mem::take(&mut self.outbound) };
        for message in messages.into_iter().chain(behind.into_iter().flatten()) {
            if failure == Failure::Unreachable && message.kind.is_kept() {
                self.kept.push_back(message);
            } else if message.kind.is_kept() {
                self.telemetry.counts.messages_dropped.add_shared(1);
            }
        }
        while self.kept.len() > MOST_KEPT {
            self.kept.pop_front();
            self.telemetry.counts.messages_dropped.add_shared(1);
        }
        if failure == Failure::Unsupported {
            // Whoever takes telemetry later gets to know from the beginning.
            self.started = Started::Waiting;
        }
    }

    /// The end of the session: what is left, then the last message.
    fn end(&mut self, deadline: Instant) {
        let by = deadline.min(Instant::now() + LONGEST_END);
        let limit = Limit { by: Some(by), waits: !self.is_host_driven };
        self.drive_to_end(limit);
        if self.started == Started::Due {
            self.queue_start();
            self.drive_to_end(limit);
        }
        if self.started == Started::Accepted {
            let mut bundle = self.news();
            bundle.push(Message::bare(Kind::Closing));
            self.queue(bundle);
            self.drive_to_end(limit);
        }
        let lost = self.delivery.give_up().len() + self.outbound.iter().map(Vec::len).sum::<usize>() + self.kept.len();
        self.telemetry.counts.messages_dropped.add_shared(lost as u64);
        self.telemetry.stop();
    }

    fn drive_to_end(&mut self, limit: Limit) {
        while let Some(again_in) = self.drive(limit) {
            let left = limit.by.map_or(Duration::ZERO, |by| by.saturating_duration_since(Instant::now()));
            if self.is_host_driven || left.is_zero() {
                return;
            }
            std::thread::sleep(again_in.min(left));
        }
    }
}

impl PeriodicService for Worker {
    fn name(&self) -> &'static str {
        "telemetry"
    }

    fn periodic(&mut self, cause: Cause) -> Duration {
        if let Cause::Shutdown(deadline) = cause {
            self.end(deadline);
            return LONGEST_END;
        }
        self.cycle()
    }
}
