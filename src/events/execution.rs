//! A tree of what goes on in a program: a request, a query inside of it. Each has data, which those below find.

use super::hub::{Dispatch, EventHub};
use super::names::event;
use super::value::{HubError, Value};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How deep the tree may be.
const DEEPEST: usize = 1_000;
/// How many items one execution has at most.
const MOST_ITEMS: usize = 1_000;
/// The identifier of executions without a parent that name none.
const ROOT: &str = "__root";

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutionError {
    /// The key is there already.
    KeyExists,
    /// It has a parent already, or is to be its own.
    HasParent,
    /// There are as many items or ancestors as there may be.
    Limit,
    /// A thread that a fork left behind was changing it.
    Forked,
    /// A listener failed.
    Listener(HubError),
}

impl fmt::Display for ExecutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecutionError::KeyExists => write!(f, "the key is there already"),
            ExecutionError::HasParent => write!(f, "the execution has a parent already"),
            ExecutionError::Limit => write!(f, "an execution has {MOST_ITEMS} items and {DEEPEST} ancestors at most"),
            ExecutionError::Forked => write!(f, "a thread that a fork left behind was changing it"),
            ExecutionError::Listener(error) => error.fmt(f),
        }
    }
}

#[derive(Default)]
struct Contents {
    parent: Option<Arc<Execution>>,
    depth: usize,
    items: Vec<(String, Value<'static>)>,
}

/// Something that goes on.
pub struct Execution {
    identifier: String,
    contents: Lock<Contents>,
    /// The event of its end is published by whoever says so, not by its exit.
    defers_end: bool,
    has_ended: AtomicBool,
}

impl Execution {
    /// Begins without a word; see [`Execution::announce`]. An empty identifier is that of a root.
    pub fn new(identifier: &str, parent: Option<Arc<Execution>>, defers_end: bool) -> Result<Self, ExecutionError> {
        let identifier = if identifier.is_empty() { ROOT } else { identifier }.to_owned();
        let execution = Execution { identifier, contents: Lock::default(), defers_end, has_ended: AtomicBool::new(false) };
        if let Some(parent) = parent {
            execution.set_parent(parent)?;
        }
        Ok(execution)
    }

    /// What it is called.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Publishes that it has begun; `handle` is how listeners know it.
    pub fn announce(&self, hub: &EventHub, handle: usize, how: Dispatch) -> Result<(), ExecutionError> {
        let arguments = [Value::Handle(handle)];
        let started = [event::EXECUTION_STARTED, &self.identifier].concat();
        hub.dispatch(&started, &arguments, how).map_err(ExecutionError::Listener)
    }

    /// Leaves it, and publishes its end unless that is deferred.
    pub fn exit(&self, hub: &EventHub, handle: usize, error: Option<&str>) {
        if !self.defers_end {
            self.end(hub, handle, error);
        }
    }

    /// Publishes its end, once.
    pub fn end(&self, hub: &EventHub, handle: usize, error: Option<&str>) {
        if self.has_ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let arguments = [Value::Handle(handle), error.map_or(Value::Null, Value::from)];
        let ended = [event::EXECUTION_ENDED, &self.identifier].concat();
        // What listeners to an end do wrong is nobody's business any more.
        let _ = hub.dispatch(&ended, &arguments, Dispatch::Contained);
    }

    /// Puts it below another one, once.
    pub fn set_parent(&self, parent: Arc<Execution>) -> Result<(), ExecutionError> {
        let depth = parent.contents.with(|contents| contents.depth + 1)?;
        // Above it there is nothing: so nothing above the parent can be this one, unless it is a root that others were put below.
        let is_above = std::ptr::eq(self, &*parent) || parent.ancestors()?.any(|other| std::ptr::eq(self, &*other));
        if is_above {
            return Err(ExecutionError::HasParent);
        }
        if depth >= DEEPEST {
            return Err(ExecutionError::Limit);
        }
        self.contents.with(|contents| match &contents.parent {
            Some(_) => Err(ExecutionError::HasParent),
            None => {
                (contents.parent, contents.depth) = (Some(parent), depth);
                Ok(())
            }
        })?
    }

    /// The one above it.
    pub fn parent(&self) -> Result<Option<Arc<Execution>>, ExecutionError> {
        self.contents.with(|contents| contents.parent.clone())
    }

    /// Sets an item.
    pub fn set(&self, key: &str, value: Value<'static>) -> Result<(), ExecutionError> {
        self.put(key, value, true)
    }

    /// Sets an item that is not there.
    pub fn set_new(&self, key: &str, value: Value<'static>) -> Result<(), ExecutionError> {
        self.put(key, value, false)
    }

    fn put(&self, key: &str, value: Value<'static>, may_replace: bool) -> Result<(), ExecutionError> {
        self.contents.with(|contents| {
            let is_full = contents.items.len() >= MOST_ITEMS;
            match contents.items.iter_mut().find(|(known, _)| known == key) {
                Some(_) if !may_replace => Err(ExecutionError::KeyExists),
                Some((_, former)) => {
                    *former = value;
                    Ok(())
                }
                None if is_full => Err(ExecutionError::Limit),
                None => {
                    contents.items.push((key.to_owned(), value));
                    Ok(())
                }
            }
        })?
    }

    /// An item of its own.
    pub fn get(&self, key: &str) -> Result<Option<Value<'static>>, ExecutionError> {
        self.contents.with(|contents| contents.items.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone()))
    }

    /// An item of its own or of the nearest ancestor that has it.
    pub fn find(&self, key: &str) -> Result<Option<Value<'static>>, ExecutionError> {
        if let Some(value) = self.get(key)? {
            return Ok(Some(value));
        }
        for ancestor in self.ancestors()? {
            if let Some(value) = ancestor.get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Removes an item of its own. Whether it was there.
    pub fn discard_local(&self, key: &str) -> Result<bool, ExecutionError> {
        self.contents.with(|contents| {
            let place = contents.items.iter().position(|(known, _)| known == key);
            place.map(|place| contents.items.remove(place)).is_some()
        })
    }

    /// Removes an item where it is found. Whether it was there.
    pub fn discard(&self, key: &str) -> Result<bool, ExecutionError> {
        if self.discard_local(key)? {
            return Ok(true);
        }
        for ancestor in self.ancestors()? {
            if ancestor.discard_local(key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn ancestors(&self) -> Result<impl Iterator<Item = Arc<Execution>>, ExecutionError> {
        Ok(std::iter::successors(self.parent()?, |execution| execution.parent().ok().flatten()).take(DEEPEST))
    }
}

impl Drop for Execution {
    /// One after the other: a long line of ancestors that end together must not end inside of each other.
    fn drop(&mut self) {
        let take = |execution: &Execution| execution.contents.with(|contents| contents.parent.take()).ok().flatten();
        let mut next = take(self);
        while let Some(parent) = next.and_then(Arc::into_inner) {
            next = take(&parent);
        }
    }
}

/// A lock for short sections. A forked child is told of one that a thread of its parent holds, and does not wait for it.
#[derive(Default)]
struct Lock<T>(crate::lock::Mutex<T>);

impl<T> Lock<T> {
    fn with<R>(&self, use_it: impl FnOnce(&mut T) -> R) -> Result<R, ExecutionError> {
        self.0.lock_soon().map(|mut value| use_it(&mut value)).ok_or(ExecutionError::Forked)
    }
}
