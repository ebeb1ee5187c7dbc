//! Registering and publishing.

use super::results::{Outcome, Results};
use super::table::{EventId, HubLimit, Identity, Listener, ListenerId, Table};
use super::value::{HubError, Value};
use crate::lock::{Turn, TurnGuard};
use crate::log::log_debug;
use arc_swap::ArcSwapOption;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Gets the event's name and its arguments.
pub type ListenerFunction = dyn Fn(&str, &[Value<'_>]) -> Result<Value<'static>, HubError> + Send + Sync;

/// What becomes of listeners' errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// They are logged at debug level.
    Contained,
    /// The first one ends the dispatch and is handed out.
    Raising,
}

/// How deep events may be published inside of listeners, on one thread.
const DEEPEST: u32 = 32;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Publishes events to listeners.
#[derive(Default)]
pub struct EventHub {
    /// How many listeners there are, of all events.
    listeners: AtomicUsize,
    table: ArcSwapOption<Table>,
    turn: Turn,
    next_id: AtomicU64,
    raises: AtomicBool,
}

/// The hub of the process.
pub fn hub() -> &'static EventHub {
    static HUB: EventHub = EventHub::new();
    &HUB
}

impl EventHub {
    /// A hub without listeners.
    pub const fn new() -> Self {
        EventHub {
            listeners: AtomicUsize::new(0),
            table: ArcSwapOption::const_empty(),
            turn: Turn::new(),
            next_id: AtomicU64::new(1),
            raises: AtomicBool::new(false),
        }
    }

    /// Whether [`Dispatch::Contained`] is as [`Dispatch::Raising`]; for tests.
    pub fn set_raising(&self, raises: bool) {
        self.raises.store(raises, Ordering::Relaxed);
    }

    /// Registers a listener. One with this identity is replaced at its place, and its number kept.
    pub fn on(&self, event: &str, identity: Identity, function: Arc<ListenerFunction>) -> Result<ListenerId, HubLimit> {
        let id = ListenerId(self.next_id.fetch_add(1, Ordering::Relaxed));
        self.change(|table| table.add(event, Listener { id, identity, function }))
    }

    /// Removes a listener; it may still be running on another thread. `false`: there is none of this number.
    pub fn off(&self, id: ListenerId) -> bool {
        self.change(|table| table.remove(None, |listener| listener.id == id)) > 0
    }

    /// Removes the listeners of an event, or one of them; without an event all of all events. One listener without its event: nothing.
    pub fn reset(&self, event: Option<&str>, id: Option<ListenerId>) {
        if event.is_none() && id.is_some() {
            return;
        }
        self.change(|table| table.remove(event, |listener| id.is_none_or(|id| listener.id == id)));
    }

    /// The number of an event, to publish it often.
    pub fn event_id(&self, event: &str) -> Result<EventId, HubLimit> {
        self.change(|table| table.place(event))
    }

    /// Whether somebody listens to an event.
    pub fn has_listeners(&self, event: &str) -> bool {
        self.is_heard() && self.listeners_of(|table| table.by_name(event).map(|event| event.listeners.is_empty())) == Some(false)
    }

    /// The same by number.
    pub fn has_listeners_of(&self, event: EventId) -> bool {
        self.is_heard() && self.listeners_of(|table| table.by_id(event).map(|event| event.listeners.is_empty())) == Some(false)
    }

    /// Publishes an event.
    #[inline]
    pub fn dispatch(&self, event: &str, arguments: &[Value<'_>], how: Dispatch) -> Result<(), HubError> {
        if !self.is_heard() {
            return Ok(());
        }
        self.call_all(event, self.listeners_of(|table| Some(Arc::clone(&table.by_name(event)?.listeners))), arguments, how)
    }

    /// The same by number.
    #[inline]
    pub fn dispatch_id(&self, event: EventId, arguments: &[Value<'_>], how: Dispatch) -> Result<(), HubError> {
        if !self.is_heard() {
            return Ok(());
        }
        let found = self.listeners_of(|table| table.by_id(event).cloned());
        found.map_or(Ok(()), |event| self.call_all(&event.name, Some(event.listeners), arguments, how))
    }

    /// Publishes an event and collects what the listeners answer.
    pub fn dispatch_with_results(&self, event: &str, arguments: &[Value<'_>]) -> Results {
        let listeners =
            if self.is_heard() { self.listeners_of(|table| Some(Arc::clone(&table.by_name(event)?.listeners))) } else { None };
        let mut results = Results::default();
        let Some((_nested, listeners)) = Nested::enter().zip(listeners) else { return results };
        for listener in listeners.iter() {
            let outcome = match call(listener, event, arguments) {
                Ok(value) => Outcome::Ok(value),
                Err(error) => Outcome::Exception(error),
            };
            results.add(listener.id, &listener.identity, outcome);
        }
        results
    }

    /// Whether anybody listens to anything.
    #[inline]
    fn is_heard(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) != 0
    }

    fn listeners_of<R>(&self, find: impl FnOnce(&Table) -> Option<R>) -> Option<R> {
        find(self.table.load().as_deref()?)
    }

    #[cold]
    fn call_all(
        &self,
        event: &str,
        listeners: Option<Arc<[Listener]>>,
        arguments: &[Value<'_>],
        how: Dispatch,
    ) -> Result<(), HubError> {
        let Some(listeners) = listeners.filter(|listeners| !listeners.is_empty()) else { return Ok(()) };
        let Some(_nested) = Nested::enter() else {
            log_debug!("the event {event} is not published: {DEEPEST} others are being published around it");
            return Ok(());
        };
        let raises = how == Dispatch::Raising || self.raises.load(Ordering::Relaxed);
        for listener in listeners.iter() {
            match call(listener, event, arguments) {
                Err(error) if raises => return Err(error),
                Err(error) => log_debug!("a listener to {event} failed: {error}"),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// The turn is held for a few instructions, so that it comes.
    fn take_turn(&self) -> TurnGuard<'_> {
        loop {
            if let Some(turn) = self.turn.take() {
                return turn;
            }
        }
    }

    /// Replaces the table by a changed one. What goes with the former one goes without the turn: it may be the host's.
    fn change<R>(&self, change: impl FnOnce(&mut Table) -> R) -> R {
        let turn = self.take_turn();
        let mut table = self.table.load().as_deref().cloned().unwrap_or_default();
        let result = change(&mut table);
        let count = table.listeners();
        let former = self.table.swap(Some(Arc::new(table)));
        self.listeners.store(count, Ordering::Relaxed);
        drop(turn);
        drop(former);
        result
    }
}

/// The thread is publishing an event, until this is dropped.
struct Nested;

impl Nested {
    /// `None`: too deep.
    fn enter() -> Option<Self> {
        let enter = |depth: &Cell<u32>| {
            let is_free = depth.get() < DEEPEST;
            depth.set(depth.get() + u32::from(is_free));
            is_free
        };
        DEPTH.try_with(enter).unwrap_or(false).then_some(Nested)
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

fn call(listener: &Listener, event: &str, arguments: &[Value<'_>]) -> Result<Value<'static>, HubError> {
    catch_unwind(AssertUnwindSafe(|| (listener.function)(event, arguments))).unwrap_or_else(|panic| {
        // Its destructor may panic again.
        std::mem::forget(panic);
        Err(HubError("it panicked".to_owned()))
    })
}
