//! A processor or filter with its handle, shared by the tracers that it is registered with.

use crate::log::{Level, emit};
use crate::slot::cold::{Cold, cold_class};
use crate::slot::{Kind, SlotClass};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static PROCESSORS: SlotClass = cold_class(Kind::Processor);
static FILTERS: SlotClass = cold_class(Kind::Filter);

/// Is told of spans that start and finish, by their handles, which are the callee's for the time of the call.
pub trait SpanProcessor: Send + Sync {
    /// A span was started; what its starter said of it is there.
    fn on_start(&self, span: *mut c_void);

    /// A span has its end time; it is still to be changed, and sent when this returns.
    fn on_finish(&self, span: *mut c_void);

    /// The last tracer that it was registered with is shut down.
    fn shutdown(&self);

    /// Whether it only tells the event hub.
    fn publishes_events(&self) -> bool {
        false
    }
}

/// Changes or drops chunks before they are sampled and sent.
pub trait ChunkFilter: Send + Sync {
    /// Gets the handle of a chunk. With an error (any number of the filter's own) the chunk stays as it was.
    fn filter(&self, chunk: *mut c_void) -> Result<(), i32>;

    /// Whether it only tells the event hub.
    fn publishes_events(&self) -> bool {
        false
    }
}

/// A processor.
pub struct Processor {
    callee: Box<dyn SpanProcessor>,
    /// Tracers that it is registered with and that are not shut down.
    tracers: AtomicUsize,
    is_shut_down: AtomicBool,
}

/// A filter.
pub struct Filter(Box<dyn ChunkFilter>);

impl Cold for Processor {
    const KIND: Kind = Kind::Processor;
    const CLASS: &'static SlotClass = &PROCESSORS;
}

impl Cold for Filter {
    const KIND: Kind = Kind::Filter;
    const CLASS: &'static SlotClass = &FILTERS;
}

impl Processor {
    /// Around what is to be called.
    pub fn new(callee: Box<dyn SpanProcessor>) -> Self {
        Processor { callee, tracers: AtomicUsize::new(0), is_shut_down: AtomicBool::new(false) }
    }

    /// Whether it only tells the event hub.
    pub(super) fn publishes_events(&self) -> bool {
        self.callee.publishes_events()
    }

    /// One more tracer has it.
    pub(super) fn join(&self) {
        self.tracers.fetch_add(1, Ordering::AcqRel);
    }

    /// A tracer that goes on has it no longer.
    pub(super) fn leave(&self) {
        self.tracers.fetch_sub(1, Ordering::AcqRel);
    }

    /// A tracer that has it is shut down.
    pub(super) fn tracer_ended(&self) {
        if self.tracers.fetch_sub(1, Ordering::AcqRel) == 1 && !self.is_shut_down.swap(true, Ordering::AcqRel) {
            contained(|| self.callee.shutdown());
        }
    }

    pub(super) fn on_start(&self, span: *mut c_void) {
        if !self.is_shut_down.load(Ordering::Acquire) {
            contained(|| self.callee.on_start(span));
        }
    }

    pub(super) fn on_finish(&self, span: *mut c_void) {
        if !self.is_shut_down.load(Ordering::Acquire) {
            contained(|| self.callee.on_finish(span));
        }
    }
}

impl Filter {
    /// Around what is to be called.
    pub fn new(callee: Box<dyn ChunkFilter>) -> Self {
        Filter(callee)
    }

    /// Whether it only tells the event hub.
    pub(super) fn publishes_events(&self) -> bool {
        self.0.publishes_events()
    }

    /// Shows it a chunk. `false`: it failed, and the chunk is to stay as it was.
    pub fn apply(&self, chunk: *mut c_void) -> bool {
        match contained(|| self.0.filter(chunk)) {
            Some(Ok(())) => true,
            Some(Err(status)) => {
                emit(Level::Warn, format_args!("a trace filter answered {status}: the trace stays as it was"));
                false
            }
            None => false,
        }
    }
}

/// Calls a hook. One that panics has done nothing.
fn contained<R>(call: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(call))
        .map_err(|panic| {
            // Its destructor may panic again.
            std::mem::forget(panic);
            emit(Level::Error, format_args!("a span processor or trace filter panicked, which was contained"));
        })
        .ok()
}
