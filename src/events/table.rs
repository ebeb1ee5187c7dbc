//! The table of listeners: never changed, only replaced.

use super::hub::ListenerFunction;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// How many listeners a hub has at most.
pub const MOST_LISTENERS: usize = 1024;
/// How many names of events a hub knows at most. An event that nobody listens to and whose number nobody asked for has no place.
pub const MOST_EVENTS: usize = 1024;

/// The number of an event in its hub, which never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId(pub u32);

/// The number of a listener, which no other one ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(pub u64);

/// What tells listeners of one event apart: registering one that is there replaces it, at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A name.
    Name(Arc<str>),
    /// What the callback is: a function, and what it works on.
    Callback(usize, usize),
}

/// The hub has as many listeners or events as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubLimit;

impl fmt::Display for HubLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event hub takes {MOST_LISTENERS} listeners and {MOST_EVENTS} events at most")
    }
}

#[derive(Clone)]
pub(super) struct Listener {
    pub(super) id: ListenerId,
    pub(super) identity: Identity,
    pub(super) function: Arc<ListenerFunction>,
}

#[derive(Clone)]
pub(super) struct Event {
    pub(super) name: Arc<str>,
    pub(super) listeners: Arc<[Listener]>,
}

/// Events and their listeners.
#[derive(Clone, Default)]
pub(super) struct Table {
    places: HashMap<Arc<str>, u32>,
    events: Vec<Event>,
}

impl Table {
    pub(super) fn by_name(&self, name: &str) -> Option<&Event> {
        self.by_id(EventId(*self.places.get(name)?))
    }

    pub(super) fn by_id(&self, id: EventId) -> Option<&Event> {
        self.events.get(id.0 as usize)
    }

    pub(super) fn listeners(&self) -> usize {
        self.events.iter().map(|event| event.listeners.len()).sum()
    }

    /// The number of an event, which gets one if it has none.
    pub(super) fn place(&mut self, name: &str) -> Result<EventId, HubLimit> {
        if let Some(place) = self.places.get(name) {
            return Ok(EventId(*place));
        }
        if self.events.len() >= MOST_EVENTS {
            return Err(HubLimit);
        }
        let (name, place): (Arc<str>, u32) = (name.into(), self.events.len() as u32);
        self.places.insert(Arc::clone(&name), place);
        self.events.push(Event { name, listeners: Arc::default() });
        Ok(EventId(place))
    }

    /// Adds a listener, or puts it in the place of the one with its identity, whose number it takes over.
    pub(super) fn add(&mut self, event: &str, mut listener: Listener) -> Result<ListenerId, HubLimit> {
        let count = self.listeners();
        let place = self.place(event)?;
        let Some(event) = self.events.get_mut(place.0 as usize) else { return Err(HubLimit) };
        let mut listeners = event.listeners.to_vec();
        match listeners.iter_mut().find(|known| known.identity == listener.identity) {
            Some(known) => {
                listener.id = known.id;
                *known = listener.clone();
            }
            None if count >= MOST_LISTENERS => return Err(HubLimit),
            None => listeners.push(listener.clone()),
        }
        event.listeners = listeners.into();
        Ok(listener.id)
    }

    /// Removes the listeners of all events, or of one, that `is_meant`. How many there were.
    pub(super) fn remove(&mut self, event: Option<&str>, is_meant: impl Fn(&Listener) -> bool) -> usize {
        let mut removed = 0;
        for known in &mut self.events {
            let is_event = event.is_none_or(|name| *known.name == *name);
            if is_event && known.listeners.iter().any(&is_meant) {
                let before = known.listeners.len();
                known.listeners = known.listeners.iter().filter(|listener| !is_meant(listener)).cloned().collect();
                removed += before - known.listeners.len();
            }
        }
        removed
    }
}
