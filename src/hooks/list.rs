//! The hooks of one tracer, in the order in which they were registered.

use super::inside::{Inside, Role};
use super::registered::{Filter, Processor};
use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;

/// How many processors, and how many filters, a tracer has at most.
pub const MOST_HOOKS: usize = 64;

/// Why a hook was not registered or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookError {
    /// It is registered already.
    Known,
    /// It is not registered.
    Unknown,
    /// There are [`MOST_HOOKS`].
    TooMany,
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HookError::Known => write!(f, "it is registered already"),
            HookError::Unknown => write!(f, "it is not registered"),
            HookError::TooMany => write!(f, "{MOST_HOOKS} are registered, which is the limit"),
        }
    }
}

/// Processors and filters.
#[derive(Clone, Default)]
pub struct Hooks {
    processors: Vec<Arc<Processor>>,
    filters: Vec<Arc<Filter>>,
}

impl Hooks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.processors.is_empty() && self.filters.is_empty()
    }

    /// Whether chunks are to be filtered.
    pub fn has_filters(&self) -> bool {
        !self.filters.is_empty()
    }

    /// The filters.
    pub fn filters(&self) -> &[Arc<Filter>] {
        &self.filters
    }

    /// Adds a processor.
    pub fn add_processor(&mut self, processor: Arc<Processor>) -> Result<(), HookError> {
        add(&mut self.processors, processor)
    }

    /// Adds a filter.
    pub fn add_filter(&mut self, filter: Arc<Filter>) -> Result<(), HookError> {
        add(&mut self.filters, filter)
    }

    /// Removes a processor.
    pub fn remove_processor(&mut self, processor: &Arc<Processor>) -> Result<(), HookError> {
        remove(&mut self.processors, processor)
    }

    /// Removes a filter.
    pub fn remove_filter(&mut self, filter: &Arc<Filter>) -> Result<(), HookError> {
        remove(&mut self.filters, filter)
    }

    /// Whether a processor, and whether a filter, tells the event hub.
    pub fn publishers(&self) -> (bool, bool) {
        let is_processor = self.processors.iter().any(|processor| processor.publishes_events());
        (is_processor, self.filters.iter().any(|filter| filter.publishes_events()))
    }

    /// Removes those that tell the event hub.
    pub fn remove_publishers(&mut self) {
        self.processors.retain(|processor| !processor.publishes_events());
        self.filters.retain(|filter| !filter.publishes_events());
    }

    /// Puts the hooks of a configuration in front of these, in place of those of its `former` one.
    pub fn reconfigured(&self, former: &Hooks, next: &Hooks) -> Hooks {
        Hooks {
            processors: replaced(&self.processors, &former.processors, &next.processors),
            filters: replaced(&self.filters, &former.filters, &next.filters),
        }
    }

    /// Counts a tracer that works with these hooks now, and with the `former` ones no longer.
    pub fn take_over(&self, former: &Hooks) {
        self.processors.iter().filter(|own| !has(&former.processors, own)).for_each(|processor| processor.join());
        former.processors.iter().filter(|old| !has(&self.processors, old)).for_each(|processor| processor.leave());
    }

    /// The tracer is shut down: tells it to those processors that no other tracer has.
    pub fn tracer_ended(&self) {
        let _inside = Inside::enter(Role::Processor);
        self.processors.iter().for_each(|processor| processor.tracer_ended());
    }

    /// Tells the processors of a span that was started.
    pub fn on_start(&self, span: *mut c_void) {
        if let Some(_inside) = Inside::enter(Role::Processor) {
            self.processors.iter().for_each(|processor| processor.on_start(span));
        }
    }

    /// Tells the processors of a span that ends.
    pub fn on_finish(&self, span: *mut c_void) {
        if let Some(_inside) = Inside::enter(Role::Processor) {
            self.processors.iter().for_each(|processor| processor.on_finish(span));
        }
    }
}

/// One thread's share of a tracer's hooks. Calling them counts references to the share, which no other thread does.
pub struct ThreadHooks(Arc<Hooks>);

impl ThreadHooks {
    /// A share for the calling thread.
    pub fn share(hooks: Arc<Hooks>) -> Arc<Self> {
        Arc::new(ThreadHooks(hooks))
    }
}

impl std::ops::Deref for ThreadHooks {
    type Target = Hooks;

    fn deref(&self) -> &Hooks {
        &self.0
    }
}

fn has<T>(list: &[Arc<T>], hook: &Arc<T>) -> bool {
    list.iter().any(|known| Arc::ptr_eq(known, hook))
}

fn add<T>(list: &mut Vec<Arc<T>>, hook: Arc<T>) -> Result<(), HookError> {
    if has(list, &hook) {
        return Err(HookError::Known);
    }
    if list.len() >= MOST_HOOKS {
        return Err(HookError::TooMany);
    }
    list.push(hook);
    Ok(())
}

fn remove<T>(list: &mut Vec<Arc<T>>, hook: &Arc<T>) -> Result<(), HookError> {
    let at = list.iter().position(|known| Arc::ptr_eq(known, hook)).ok_or(HookError::Unknown)?;
    list.remove(at);
    Ok(())
}

fn replaced<T>(list: &[Arc<T>], former: &[Arc<T>], next: &[Arc<T>]) -> Vec<Arc<T>> {
    let own = list.iter().filter(|hook| !has(former, hook) && !has(next, hook));
    next.iter().chain(own).cloned().collect()
}
