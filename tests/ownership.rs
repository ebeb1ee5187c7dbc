//! What spans have on the heap (links, events, structured tags, large buffers) is freed once, whichever way the spans end.
//!
//! The allocator counts; nothing else runs in this process.

use ddtrace::config::ConfigBuilder;
use ddtrace::export::{Exporter, Local, Pipeline, Sender};
use ddtrace::record::{SpanEvent, SpanLink};
use ddtrace::segment::TracerLink;
use ddtrace::service::{Cause, PeriodicService};
use ddtrace::span::{EndTime, Parent, Parts, Started, finish_span, release_handle, start_span};
use ddtrace::tracer::make_snapshot;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::{Duration, Instant};

struct Counting;

static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LINK: TracerLink = TracerLink { slot: std::ptr::null(), id: 1 };

/// One thread's spans, and the sender.
struct Tracer {
    parts: Parts,
    local: Local,
    sender: Sender,
}

impl Tracer {
    fn new(budget: usize, settings: &[(&str, &str)]) -> Self {
        let mut config = ConfigBuilder::new();
        config.set_env_lookup(Arc::new(|_| None));
        settings.iter().for_each(|(name, value)| config.set(name, value).unwrap());
        let snapshot = Arc::new(make_snapshot(&Arc::new(config.resolve()), 1, None));
        let pipeline = Arc::new(Pipeline::new(budget, true));
        let sender = Sender::new(Arc::clone(&pipeline), Exporter::Null, Duration::from_secs(600));
        Tracer { parts: Parts::default(), local: Local::new(pipeline, snapshot), sender }
    }

    /// A span with 20 kB of everything.
    fn start(&mut self, parent: *const c_void) -> *const c_void {
        let parent = if parent.is_null() { Parent::None } else { Parent::Span(parent) };
        let fill = |started: &mut Started<'_>| {
            let large = "x".repeat(20_000);
            started.body.set_text(b"key", large.as_bytes()).unwrap();
            let extra = started.body.extra_mut();
            extra.add_event(SpanEvent { name: large.clone(), ..SpanEvent::default() });
            extra.add_link(SpanLink { span_id: 1, tracestate: large.clone(), ..SpanLink::default() });
            extra.set_meta_struct("key".to_owned(), large.into_bytes());
        };
        // SAFETY: handles come from here.
        unsafe { start_span(&mut self.parts, &mut self.local, LINK, parent, 0, false, fill) }.unwrap().0
    }

    fn finish(&mut self, span: *const c_void, release: bool) {
        let Tracer { parts, local, .. } = self;
        // SAFETY: as above.
        unsafe { finish_span(parts, span, EndTime::Now, release, |_| Some(local), |_, _, _| ()) }.unwrap();
    }

    fn free(&mut self, span: *const c_void) {
        let Tracer { parts, local, .. } = self;
        // SAFETY: as above.
        unsafe { release_handle(parts, span, |_| Some(local)) }.unwrap();
    }

    /// The same as if the tracer were gone.
    fn finish_without_tracer(&mut self, span: *const c_void) {
        // SAFETY: as above.
        unsafe { finish_span(&mut self.parts, span, EndTime::Now, true, |_| None, |_, _, _| ()) }.unwrap();
    }
}

fn trace(tracer: &mut Tracer, end: impl Fn(&mut Tracer, *const c_void)) {
    let root = tracer.start(std::ptr::null());
    let children = [(); 3].map(|_| tracer.start(root));
    children.into_iter().for_each(|child| end(tracer, child));
    end(tracer, root);
}

/// Every way in which spans end.
fn scenarios(budget: usize, partial_flush_min: &str) {
    let mut tracer = Tracer::new(budget, &[("DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", partial_flush_min)]);
    trace(&mut tracer, |tracer, span| tracer.finish(span, true));
    trace(&mut tracer, |tracer, span| {
        tracer.finish(span, false);
        tracer.free(span);
    });
    trace(&mut tracer, Tracer::free);
    trace(&mut tracer, Tracer::finish_without_tracer);
    let root = tracer.start(std::ptr::null());
    let [sent, abandoned, orphan] = [(); 3].map(|_| tracer.start(root));
    tracer.finish(sent, true);
    tracer.free(abandoned);
    tracer.finish(root, true);
    tracer.finish_without_tracer(orphan);
    tracer.sender.periodic(Cause::Interval);
    trace(&mut tracer, |tracer, span| tracer.finish(span, true));
    tracer.local.pipeline.refuse();
    trace(&mut tracer, |tracer, span| tracer.finish(span, true));
    tracer.sender.periodic(Cause::Shutdown(Instant::now()));
    let waiting = tracer.local.pipeline.pool.budget.booked();
    assert!(waiting <= budget);
}

#[test]
fn nothing_is_left_and_nothing_is_freed_twice() {
    let round = || {
        for budget in [0, 50_000, 10_000_000] {
            for partial_flush_min in ["1", "2", "300"] {
                scenarios(budget, partial_flush_min);
            }
        }
    };
    // Slots and what the process keeps for ever.
    round();
    let before = LIVE_BYTES.load(Ordering::Relaxed);
    (0..20).for_each(|_| round());
    let grown = LIVE_BYTES.load(Ordering::Relaxed) - before;
    assert!(grown.abs() < 10_000, "{grown} bytes");
}
