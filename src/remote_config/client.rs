//! The client of remote configuration: one of a process. Answers of the agent go in, requests and calls of consumers come out.
//!
//! It knows neither network nor time. Consumers are called without a lock, by one thread at a time; whoever brings an answer meanwhile waits.

use super::apply_state::ApplyState;
use super::capabilities::Capabilities;
use super::files::{Change, Changes, ConsumerId, Operation, TrackedFiles};
use super::request::{self, ClientFacts};
use super::subscriptions::{Consumer, SubscribeError, Subscription, Subscriptions};
use crate::events::{Dispatch, Value, event, hub};
use crate::lock::{Condvar, Mutex};
use crate::log::{log_debug, log_error, log_warn};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Consumers that take longer are told of.
const SLOW: Duration = Duration::from_millis(500);

thread_local! {
    static DELIVERS: Cell<bool> = const { Cell::new(false) };
}

/// The client.
#[derive(Default)]
pub struct RemoteConfig {
    state: Mutex<State>,
    /// Held while an answer is taken and delivered.
    turn: Mutex<()>,
    rounds: Mutex<Rounds>,
    /// A poll has ended.
    ended: Condvar,
    /// Lets the poller run.
    awaken: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Is told of calls that took too long.
    slow_observer: OnceLock<Box<SlowObserver>>,
}

/// A call of a consumer that took longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowCall<'a> {
    /// The consumer's product.
    pub product: &'a str,
    /// What was called: `deliver`, `batch_ended` or `tick`.
    pub call: &'static str,
    /// How long it took.
    pub took: Duration,
}

type SlowObserver = dyn Fn(&SlowCall<'_>) + Send + Sync;

#[derive(Default)]
struct State {
    files: TrackedFiles,
    subscriptions: Subscriptions,
    is_closed: bool,
}

/// Polls, counted.
#[derive(Default)]
struct Rounds {
    /// Those that somebody wants before the next tick.
    wanted: u64,
    /// Of these, those that the poll under way or the last one serves, and those that are served.
    begun: u64,
    done: u64,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Processed {
    /// It was taken, and all consumers know.
    Taken,
    /// It says that nothing has changed.
    Unchanged,
    /// It was refused as a whole, for this reason.
    Refused(String),
    /// It is no answer to what was asked: a status that says nothing.
    Ignored,
    /// A consumer called from inside of a delivery.
    Inside,
}

impl RemoteConfig {
    /// Subscribes a consumer to a product. It gets files that are active already with one of the next answers.
    pub fn subscribe(
        &self,
        product: &str,
        capabilities: Capabilities,
        consumer: Arc<dyn Consumer>,
    ) -> Result<ConsumerId, SubscribeError> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(SubscribeError::Closed);
        }
        let added = state.subscriptions.add(product, capabilities, consumer);
        drop(state);
        if added.is_ok() {
            self.want_poll();
        }
        added
    }

    /// A client that goes on with subscriptions of another one, such as the one that a forked child inherited.
    pub fn with_subscriptions(subscriptions: Subscriptions) -> Self {
        let remote = RemoteConfig::default();
        remote.state.lock().subscriptions = subscriptions;
        remote
    }

    /// Takes the subscriptions away, for a forked child's own client. `None`: they stay with a thread that is not here.
    pub fn try_take_subscriptions(&self) -> Option<Subscriptions> {
        self.state.try_lock().map(|mut state| std::mem::take(&mut state.subscriptions))
    }

    /// Names what lets the poller run.
    pub fn set_awakener(&self, awaken: impl Fn() + Send + Sync + 'static) {
        let _ = self.awaken.set(Box::new(awaken));
    }

    /// Names who is told of consumers that take too long.
    pub fn set_slow_observer(&self, observer: impl Fn(&SlowCall<'_>) + Send + Sync + 'static) {
        let _ = self.slow_observer.set(Box::new(observer));
    }

    /// How often the backend wants to be asked, if it said so.
    pub fn refresh_interval(&self) -> Option<Duration> {
        self.state.lock().files.refresh_interval
    }

    /// Lets the poller run: an answer has come, or somebody has subscribed.
    pub fn awake(&self) {
        if let Some(awaken) = self.awaken.get() {
            awaken();
        }
    }

    /// Unsubscribes a consumer; calls that are under way go on. Files of a product without consumers are let go of silently. `None`: there is
    /// no such subscription. What is returned may be the host's, and is to be dropped without a lock.
    pub fn unsubscribe(&self, id: ConsumerId) -> Option<Subscription> {
        let mut state = self.state.lock();
        let State { files, subscriptions, .. } = &mut *state;
        let removed = subscriptions.remove(id)?;
        files.forget_consumer(id);
        files.retain_subscribed(subscriptions);
        Some(removed)
    }

    /// Tells the backend of capabilities besides those of the subscriptions, or keeps some of those back.
    pub fn set_capabilities(&self, capabilities: Capabilities, enabled: bool) {
        self.state.lock().subscriptions.set_capabilities(capabilities, enabled);
    }

    /// Whether anybody is subscribed.
    pub fn is_wanted(&self) -> bool {
        let state = self.state.lock();
        !state.is_closed && !state.subscriptions.is_empty()
    }

    /// Wants a poll before the next tick. The number is for [`RemoteConfig::wait_for_poll`].
    pub fn want_poll(&self) -> u64 {
        let mut rounds = self.rounds.lock();
        rounds.wanted += 1;
        rounds.wanted
    }

    /// Whether somebody wants a poll before the next tick.
    pub fn is_poll_wanted(&self) -> bool {
        let rounds = self.rounds.lock();
        rounds.wanted > rounds.begun
    }

    /// A poll begins, and serves all who want one by now.
    pub fn begin_poll(&self) {
        let mut rounds = self.rounds.lock();
        rounds.begun = rounds.wanted;
    }

    /// The poll that began last has ended, one way or the other.
    pub fn end_poll(&self) {
        let mut rounds = self.rounds.lock();
        rounds.done = rounds.begun;
        drop(rounds);
        self.ended.notify_all();
    }

    /// Waits until the poll of this number has ended. `false`: the time was over.
    pub fn wait_for_poll(&self, wanted: u64, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut rounds = self.rounds.lock();
        while rounds.done < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            rounds = self.ended.wait_timeout(rounds, left);
        }
        true
    }

    /// Nobody asks any more. What is in force stays. The subscriptions are returned, to be dropped without a lock.
    pub fn close(&self) -> Subscriptions {
        let mut state = self.state.lock();
        state.is_closed = true;
        std::mem::take(&mut state.subscriptions)
    }

    /// The body of the next request.
    pub fn request_body(&self, facts: &ClientFacts) -> Vec<u8> {
        let state = self.state.lock();
        let subscriptions = &state.subscriptions;
        request::body(facts, &subscriptions.products(), subscriptions.capabilities(), &state.files, subscriptions)
    }

    /// A result that a consumer promised. `false`: no such file is active.
    pub fn acknowledge(&self, path: &str, result: ApplyState) -> bool {
        let mut state = self.state.lock();
        let is_active = state.files.acknowledge(path, result);
        let settled = state.files.iter().find(|(known, _)| ***known == *path);
        let settled = settled.map(|(_, file)| (Arc::clone(&file.product), file.state()));
        drop(state);
        if let Some((product, state)) = settled {
            publish_applied(&product, path, &state);
        }
        is_active
    }

    /// Whether the calling thread is inside of a delivery.
    pub fn delivers_here() -> bool {
        DELIVERS.get()
    }

    /// Tells all consumers that a tick has begun.
    pub fn tick(&self) {
        let _delivery = Delivery::begin();
        for subscription in self.consumers() {
            self.watched(&subscription, "tick", || subscription.consumer.tick());
        }
    }

    /// Takes an answer.
    pub fn process(&self, status: u16, body: &[u8]) -> Processed {
        if Self::delivers_here() {
            return Processed::Inside;
        }
        let _turn = self.turn.lock();
        let mut state = self.state.lock();
        let State { files, subscriptions, .. } = &mut *state;
        let changes = match status {
            200 => files.take(body, subscriptions),
            404 => Ok(files.reset()),
            _ => {
                log_debug!("remote configuration: the agent answered {status}");
                return Processed::Ignored;
            }
        };
        drop(state);
        match changes {
            Ok(Changes { has_listing: false, .. }) => Processed::Unchanged,
            Ok(Changes { changes, .. }) => {
                self.deliver(&changes);
                Processed::Taken
            }
            Err(error) => {
                log_error!("remote configuration: a response is not used: {error}");
                Processed::Refused(error)
            }
        }
    }

    fn consumers(&self) -> Vec<Subscription> {
        self.state.lock().subscriptions.iter().cloned().collect()
    }

    fn deliver(&self, changes: &[(Change, Option<Vec<ConsumerId>>)]) {
        let _delivery = Delivery::begin();
        let consumers = self.consumers();
        for product in products(&consumers) {
            for subscription in consumers.iter().filter(|subscription| *subscription.product == *product) {
                let hears = |consumers: &Option<Vec<_>>| consumers.as_ref().is_none_or(|all| all.contains(&subscription.id));
                let is_meant = |(change, consumers): &&(Change, _)| *change.product == *product && hears(consumers);
                let own: Vec<Change> = changes.iter().filter(is_meant).map(|(change, _)| change.clone()).collect();
                if !own.is_empty() {
                    self.deliver_to(subscription, &own);
                }
            }
        }
        for subscription in &consumers {
            self.watched(subscription, "batch_ended", || subscription.consumer.batch_ended());
        }
        self.publish(changes.iter().map(|(change, _)| change));
    }

    /// Tells who listens what has become of files.
    fn publish<'a>(&self, changes: impl Iterator<Item = &'a Change>) {
        for change in changes {
            if change.operation == Operation::Remove {
                let arguments = [Value::from(&*change.product), Value::from(&*change.path)];
                // Listeners' errors are theirs here.
                let _ = hub().dispatch(event::RC_REMOVED, &arguments, Dispatch::Contained);
            } else if hub().has_listeners(event::RC_APPLIED) {
                let state = self.state.lock().files.state_of(&change.path);
                state.iter().for_each(|state| publish_applied(&change.product, &change.path, state));
            }
        }
    }

    /// Runs code of a consumer, and says so where that takes long. `false`: it failed.
    fn watched(&self, subscription: &Subscription, call: &'static str, run: impl FnOnce()) -> bool {
        let begin = Instant::now();
        let worked = contained(run);
        let took = begin.elapsed();
        if took > SLOW {
            let product = &*subscription.product;
            log_warn!("remote configuration: {call} of a consumer of {product} took {took:.1?}, expected {SLOW:?} at most");
            if let Some(observer) = self.slow_observer.get() {
                observer(&SlowCall { product, call, took });
            }
        }
        worked
    }

    fn deliver_to(&self, subscription: &Subscription, changes: &[Change]) {
        let mut results = vec![ApplyState::Acknowledged; changes.len()];
        if !self.watched(subscription, "deliver", || subscription.consumer.deliver(changes, &mut results)) {
            results.fill(ApplyState::error("the consumer failed"));
        }
        let mut state = self.state.lock();
        for (change, result) in changes.iter().zip(results) {
            if let ApplyState::Error(reason) = &result {
                log_debug!("remote configuration: {} is refused: {reason}", change.path);
            }
            state.files.note_result(&change.path, subscription.id, result);
        }
    }
}

/// Each product once, in the order in which they were subscribed.
fn products(consumers: &[Subscription]) -> Vec<Arc<str>> {
    let mut products: Vec<Arc<str>> = Vec::new();
    for subscription in consumers {
        if !products.contains(&subscription.product) {
            products.push(Arc::clone(&subscription.product));
        }
    }
    products
}

fn publish_applied(product: &str, path: &str, state: &ApplyState) {
    let arguments = [Value::from(product), Value::from(path), Value::Int(i64::from(state.number()))];
    let _ = hub().dispatch(event::RC_APPLIED, &arguments, Dispatch::Contained);
}

/// Runs code of a consumer. `false`: it failed.
fn contained(run: impl FnOnce()) -> bool {
    let outcome = catch_unwind(AssertUnwindSafe(run));
    outcome.map_err(std::mem::forget).is_ok()
}

/// While it lives, this thread is inside of a delivery.
struct Delivery {
    was_inside: bool,
}

impl Delivery {
    fn begin() -> Self {
        Delivery { was_inside: DELIVERS.replace(true) }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        DELIVERS.set(self.was_inside);
    }
}
