//! The worker: what is sent when.

use super::delivery::{Awake, Delivery, Failure, Outcome, Receiver};
use super::facts::Facts;
use super::inventory::MOST_ITEMS;
use super::message::{Kind, Message};
use super::payloads::{
    AppStarted, ConfigurationChanged, DependenciesLoaded, EndpointsFound, ExtendedHeartbeat, IntegrationsChanged, LogsPayload,
    NoError, ProductsChanged,
};
use super::shared::{Pending, Telemetry};
use crate::config::integration_lookups;
use crate::export::Limit;
use crate::log::log_debug;
use crate::record::unix_ns;
use crate::service::{Cause, PeriodicService};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The end of a session may take this long.
const LONGEST_END: Duration = Duration::from_secs(3);
/// Metrics come together for this long at most.
const LONGEST_WINDOW: Duration = Duration::from_secs(10);
/// Messages that are kept for another attempt; beyond that the oldest are dropped.
const MOST_KEPT: usize = 32;
/// After its end the worker has nothing to do.
const IDLE: Duration = Duration::from_secs(3600);
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
    /// The same of metrics and logs.
    kept_data: VecDeque<Message>,
    /// Metrics come together for so long.
    window: Duration,
    window_began: Instant,
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
            kept_data: VecDeque::new(),
            window: telemetry.options.heartbeat.min(LONGEST_WINDOW),
            window_began: now,
            next_heartbeat: now + telemetry.options.heartbeat,
            next_extended: now + telemetry.options.extended_heartbeat,
            all_taken: true,
            telemetry,
        }
    }

    fn cycle(&mut self) -> Duration {
        if !self.telemetry.accepts() {
            return IDLE;
        }
        if self.telemetry.wants_stop.load(Ordering::Acquire) {
            self.end(Instant::now() + LONGEST_END);
            return IDLE;
        }
        let flush = self.telemetry.requested_flush();
        let was_busy = self.drive(Limit::default());
        if let Some(again_in) = was_busy {
            // One request at a time: what is due waits for its answer.
            return again_in;
        }
        let now = Instant::now();
        let heartbeat_is_due = now >= self.next_heartbeat;
        self.move_on(now);
        let mut again_in = None;
        if self.started != Started::Accepted && (self.started == Started::Due || heartbeat_is_due || flush.is_some()) {
            self.queue_start();
            again_in = self.drive(Limit::default());
        }
        if self.started == Started::Accepted && again_in.is_none() {
            self.queue_due(now, heartbeat_is_due, flush.is_some());
            again_in = self.drive(Limit::default());
        }
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
            Started::Accepted => self.next_heartbeat.min(self.next_extended).min(self.window_began + self.window),
            Started::Due | Started::Waiting => self.next_heartbeat,
        };
        next.saturating_duration_since(Instant::now())
    }

    fn queue_start(&mut self) {
        self.telemetry.add_records(&integration_lookups());
        let mut pending = self.telemetry.pending.lock();
        let Pending { configuration, inventory, .. } = &mut *pending;
        inventory.take_products_changed();
        let payload = AppStarted {
            configuration: &configuration.take_all(),
            products: &inventory.products,
            install_signature: self.telemetry.options.install_signature.as_ref(),
            error: NoError::default(),
        };
        self.outbound.push_back(vec![Message::new(Kind::Started, &payload)]);
    }

    fn queue_due(&mut self, now: Instant, with_heartbeat: bool, is_flush: bool) {
        let is_extended = now >= self.next_extended;
        let mut bundle = if with_heartbeat || is_flush || is_extended { self.news() } else { self.changes() };
        if is_extended {
            self.next_extended = now + self.telemetry.options.extended_heartbeat;
            self.tell_everything(&mut bundle);
        }
        if with_heartbeat {
            bundle.push(Message::bare(Kind::Heartbeat));
        }
        self.queue(bundle);
        let is_crash = self.telemetry.has_crash.swap(false, Ordering::AcqRel);
        if is_flush || is_crash || now >= self.window_began + self.window {
            let data = self.data(is_flush || is_crash || with_heartbeat);
            self.queue(data);
        }
    }

    /// What was not told yet and cannot wait: other settings, other products.
    fn changes(&mut self) -> Vec<Message> {
        let mut pending = self.telemetry.pending.lock();
        let mut bundle = Vec::new();
        let changes = pending.configuration.take_pending();
        if !changes.is_empty() {
            bundle.push(Message::new(Kind::Configuration, &ConfigurationChanged { configuration: &changes }));
        }
        if pending.inventory.take_products_changed() {
            bundle.push(Message::new(Kind::Products, &ProductsChanged { products: &pending.inventory.products }));
        }
        bundle
    }

    /// What was not told yet.
    fn news(&mut self) -> Vec<Message> {
        let mut bundle: Vec<Message> = self.kept.drain(..).collect();
        self.telemetry.add_records(&integration_lookups());
        {
            let inventory = &mut self.telemetry.pending.lock().inventory;
            for dependencies in inventory.take_dependencies().chunks(MOST_ITEMS) {
                bundle.push(Message::new(Kind::Dependencies, &DependenciesLoaded { dependencies }));
            }
            for integrations in inventory.take_integrations().chunks(MOST_ITEMS) {
                bundle.push(Message::new(Kind::Integrations, &IntegrationsChanged { integrations }));
            }
        }
        bundle.append(&mut self.changes());
        let inventory = &mut self.telemetry.pending.lock().inventory;
        while let Some((is_first, endpoints)) = inventory.take_endpoints(self.telemetry.options.endpoints_per_message) {
            bundle.push(Message::new(Kind::Endpoints, &EndpointsFound { is_first, endpoints }));
        }
        bundle
    }

    fn tell_everything(&self, bundle: &mut Vec<Message>) {
        let pending = self.telemetry.pending.lock();
        let payload = ExtendedHeartbeat {
            configuration: &pending.configuration.all(),
            dependencies: &pending.inventory.dependencies(),
            integrations: pending.inventory.integrations(),
            install_signature: self.telemetry.options.install_signature.as_ref(),
        };
        bundle.push(Message::new(Kind::ExtendedHeartbeat, &payload));
        bundle.push(Message::new(Kind::Products, &ProductsChanged { products: &pending.inventory.products }));
    }

    /// Metrics and logs of the window that ends. Nothing but telemetry about telemetry waits for the next heartbeat, unless `all` is wanted.
    fn data(&mut self, all: bool) -> Vec<Message> {
        let now = unix_ns() / 1_000_000_000;
        let logs = self.telemetry.pending.lock().logs.take(now);
        let mut bundle: Vec<Message> = self.kept_data.drain(..).collect();
        self.telemetry.read_observed();
        if all || !bundle.is_empty() || !logs.is_empty() || self.telemetry.metrics.has_news() {
            let seconds = self.window_began.elapsed().as_secs_f64().max(self.window.as_secs_f64());
            bundle.append(&mut self.telemetry.metrics.end_window(now, seconds));
        }
        if !logs.is_empty() {
            bundle.push(Message::new(Kind::Logs, &LogsPayload { logs }));
        }
        self.window_began = Instant::now();
        bundle
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
            self.delivery.set_application(self.telemetry.application());
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
                if message.kind.is_data() { self.kept_data.push_back(message) } else { self.kept.push_back(message) }
            } else if message.kind.is_kept() {
                self.telemetry.counts.messages_dropped.add_shared(1);
            }
        }
        for kept in [&mut self.kept, &mut self.kept_data] {
            while kept.len() > MOST_KEPT {
                kept.pop_front();
                self.telemetry.counts.messages_dropped.add_shared(1);
            }
        }
        if failure == Failure::Unsupported {
            // Whoever takes telemetry later gets to know from the beginning.
            self.started = Started::Waiting;
        }
    }

    /// The end of the session: what is left, then the last message.
    fn end(&mut self, deadline: Instant) {
        if !self.telemetry.accepts() {
            return;
        }
        let by = deadline.min(Instant::now() + LONGEST_END);
        let limit = Limit { by: Some(by), waits: !self.is_host_driven };
        self.drive_to_end(limit);
        if self.started == Started::Due {
            self.queue_start();
            self.drive_to_end(limit);
        }
        if self.started == Started::Accepted {
            let data = self.data(true);
            self.queue(data);
            self.drive_to_end(limit);
            let mut bundle = self.news();
            bundle.push(Message::bare(Kind::Closing));
            self.queue(bundle);
            self.drive_to_end(limit);
        }
        let lost = self.delivery.give_up().len() + self.outbound.iter().map(Vec::len).sum::<usize>();
        let lost = lost + self.kept.len() + self.kept_data.len();
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
