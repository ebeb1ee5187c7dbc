//! What the callers of a client and its sender share in one process.

use super::aggregation::{Added, Context, Sum, Sums};
use super::line::{Fields, Frame, push_check, push_event, push_fields, push_number};
use super::message::{Event, Metric, MetricKind, MetricValue, Refusal, ServiceCheck};
use super::names::{push_field, push_name, push_set_value, push_tag};
use super::options::{Aggregation, ClientOptions, Limits};
use super::payloads::Payloads;
use super::statistics::Statistics;
use crate::config::DogstatsdAddress;
use crate::lock::Mutex;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Takes payloads instead of a socket.
pub type Sink = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// The largest event, in bytes.
const MOST_EVENT_BYTES: usize = 8 * 1024;

/// One client in one process.
pub struct Shared {
    namespace: String,
    aggregation: Aggregation,
    limits: Limits,
    /// What all messages have in common, which may change.
    pub frame: ArcSwap<Frame>,
    pub is_disabled: bool,
    pub statistics: Statistics,
    pub sums: Sums,
    pub payloads: Mutex<Payloads>,
    pub address: Mutex<DogstatsdAddress>,
    pub sink: Mutex<Option<Sink>>,
    /// Whether nothing is taken any more.
    pub is_closed: AtomicBool,
    /// Whether the sender is to send all that there is.
    pub flush_is_wanted: AtomicBool,
    /// Whether the sender knows that something waits.
    pub is_armed: AtomicBool,
}

/// Places for texts under way; each thread has its own, so that a call allocates nothing.
#[derive(Default)]
pub struct Scratch {
    line: Vec<u8>,
    name: Vec<u8>,
    value: Vec<u8>,
    tags: Vec<u8>,
    key: Vec<u8>,
}

impl Scratch {
    /// Gives back what only a very large message needed.
    pub fn shrink(&mut self) {
        const USUAL: usize = 16 * 1024;
        for place in [&mut self.line, &mut self.name, &mut self.value, &mut self.tags, &mut self.key] {
            if place.capacity() > USUAL {
                *place = Vec::new();
            }
        }
    }
}

/// What there is to do for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Nothing.
    No,
    /// The sender may not know that something waits.
    Arm,
    /// A payload is full.
    Now,
}

impl Shared {
    pub fn new(options: &ClientOptions) -> Self {
        let limits = options.limits();
        Shared {
            namespace: options.clean_namespace(),
            aggregation: options.aggregation,
            limits,
            frame: ArcSwap::from_pointee(options.frame()),
            is_disabled: options.is_disabled,
            statistics: Statistics::default(),
            sums: Sums::default(),
            payloads: Mutex::new(Payloads::new(limits)),
            address: Mutex::new(options.address.clone()),
            sink: Mutex::new(None),
            is_closed: AtomicBool::new(false),
            flush_is_wanted: AtomicBool::new(false),
            is_armed: AtomicBool::new(false),
        }
    }

    /// Has these tags on all that is taken from now on.
    pub fn set_tags(&self, tags: &[String]) {
        // What was added up has the former ones; the sender knows of it.
        self.flush_sums();
        let former = self.frame.load_full();
        self.frame.store(Arc::new(former.with_tags(tags)));
    }

    fn refuse_if_closed(&self) -> Result<(), Refusal> {
        if self.is_closed.load(Ordering::Relaxed) { Err(Refusal::ShutDown) } else { Ok(()) }
    }

    /// Takes one value of a metric. `sampled` is asked once where only a part of the calls is sent.
    pub fn metric(&self, metric: &Metric<'_>, scratch: &mut Scratch, sampled: impl FnOnce(f64) -> bool) -> Result<Wake, Refusal> {
        self.refuse_if_closed()?;
        let Scratch { line, name, value, tags, key } = scratch;
        line.clear();
        name.clear();
        value.clear();
        tags.clear();
        if !push_name(name, &self.namespace, metric.name) {
            return Err(Refusal::NoName);
        }
        check_value(metric)?;
        if self.is_disabled || metric.rate <= 0.0 {
            return Ok(Wake::No);
        }
        (metric.tags)(&mut |tag| push_tag(tags, tag));
        // Not a number counts as all.
        let rate = if metric.rate < 1.0 && metric.kind.takes_rate() { metric.rate } else { 1.0 };
        let is_summed = metric.timestamp.is_none()
            && match metric.kind {
                MetricKind::Count | MetricKind::Gauge | MetricKind::Set => self.aggregation != Aggregation::Off,
                _ => self.aggregation == Aggregation::Extended,
            };
        let is_whole = is_summed && metric.kind == MetricKind::Count;
        if rate < 1.0 && !is_whole && metric.timestamp.is_none() && !sampled(rate) {
            self.statistics.count_metric(metric.kind);
            return Ok(Wake::No);
        }
        let rate = if is_whole || metric.timestamp.is_some() { 1.0 } else { rate };
        let added = match metric.value {
            MetricValue::Number(number) => Added::Number(number),
            MetricValue::Text(text) => {
                push_set_value(value, text);
                Added::Member(value)
            }
        };
        let context = Context { kind: metric.kind, cardinality: metric.cardinality, rate, name, tags };
        let frame = self.frame.load();
        let fits = name.len() + value.len() + tags.len() + frame.tags.len() + frame.origin.len() < self.limits.message / 2;
        if is_summed && fits && self.sums.add(&context, added, key) {
            self.statistics.count_metric(metric.kind);
            return Ok(self.arm());
        }
        line.extend_from_slice(name);
        line.push(b':');
        match metric.value {
            MetricValue::Number(number) => push_number(line, number),
            MetricValue::Text(_) => line.extend_from_slice(value),
        }
        let fields = Fields { kind: metric.kind, rate, tags, timestamp: metric.timestamp, cardinality: metric.cardinality };
        push_fields(line, &fields, &frame);
        let wake = self.append_checked(line, self.limits.message)?;
        self.statistics.count_metric(metric.kind);
        Ok(wake)
    }

    /// Takes an event.
    pub fn event(&self, event: &Event<'_>, scratch: &mut Scratch) -> Result<Wake, Refusal> {
        self.refuse_if_closed()?;
        if event.title.is_empty() {
            return Err(Refusal::NoName);
        }
        check_time(event.timestamp)?;
        if self.is_disabled {
            return Ok(Wake::No);
        }
        let Scratch { line, tags, .. } = scratch;
        line.clear();
        tags.clear();
        (event.tags)(&mut |tag| push_tag(tags, tag));
        push_event(line, event, tags, &self.frame.load());
        let wake = self.append_checked(line, MOST_EVENT_BYTES.min(self.limits.message))?;
        self.statistics.count_event();
        Ok(wake)
    }

    /// Takes a check.
    pub fn check(&self, check: &ServiceCheck<'_>, scratch: &mut Scratch) -> Result<Wake, Refusal> {
        self.refuse_if_closed()?;
        let Scratch { line, name, tags, .. } = scratch;
        line.clear();
        name.clear();
        tags.clear();
        push_field(name, check.name);
        if name.is_empty() {
            return Err(Refusal::NoName);
        }
        check_time(check.timestamp)?;
        if self.is_disabled {
            return Ok(Wake::No);
        }
        (check.tags)(&mut |tag| push_tag(tags, tag));
        push_check(line, check, name, tags, &self.frame.load());
        let wake = self.append_checked(line, self.limits.message)?;
        self.statistics.count_check();
        Ok(wake)
    }

    fn append_checked(&self, line: &[u8], most: usize) -> Result<Wake, Refusal> {
        if line.len() > most {
            self.statistics.count_dropped_message();
            return Err(Refusal::TooLarge);
        }
        let is_due = self.append(line);
        let arm = self.arm();
        Ok(if is_due { Wake::Now } else { arm })
    }

    /// Adds a line to the payloads. Whether a payload is full now.
    fn append(&self, line: &[u8]) -> bool {
        let appended = self.payloads.lock().append(line);
        if let Some(bytes) = appended.dropped {
            self.statistics.count_dropped_by_queue(bytes);
        }
        appended.is_due
    }

    fn arm(&self) -> Wake {
        let knows = self.is_armed.load(Ordering::SeqCst) || self.is_armed.swap(true, Ordering::SeqCst);
        if knows { Wake::No } else { Wake::Arm }
    }

    /// Turns the sums into lines.
    pub fn flush_sums(&self) {
        let (mut line, mut head) = (Vec::new(), Vec::new());
        let mut contexts = [0_u64; MetricKind::ALL.len()];
        let frame = self.frame.load();
        self.sums.take(|context, sum| {
            if let Some(count) = contexts.get_mut(context.kind as usize) {
                *count += 1;
            }
            let (rate, tags, cardinality) = (context.rate, context.tags, context.cardinality);
            let mut fields = Vec::new();
            push_fields(&mut fields, &Fields { kind: context.kind, rate, tags, timestamp: None, cardinality }, &frame);
            head.clear();
            head.extend_from_slice(context.name);
            head.push(b':');
            match sum {
                Sum::Number(value) => {
                    line.clear();
                    line.extend_from_slice(&head);
                    push_number(&mut line, *value);
                    line.extend_from_slice(&fields);
                    self.append_sum(&line);
                }
                Sum::Members(members) => {
                    for member in members {
                        line.clear();
                        line.extend_from_slice(&head);
                        line.extend_from_slice(member);
                        line.extend_from_slice(&fields);
                        self.append_sum(&line);
                    }
                }
                Sum::Values(values) => self.flush_values(values, &head, &fields, &mut line),
            }
        });
        for (kind, count) in MetricKind::ALL.into_iter().zip(contexts) {
            self.statistics.count_contexts(kind, count);
        }
    }

    /// As many values as fit into a payload share a message.
    fn flush_values(&self, values: &[f64], head: &[u8], fields: &[u8], line: &mut Vec<u8>) {
        line.clear();
        line.extend_from_slice(head);
        let mut number = Vec::new();
        for value in values {
            number.clear();
            push_number(&mut number, *value);
            if line.len() > head.len() && line.len() + 1 + number.len() + fields.len() > self.limits.payload {
                line.extend_from_slice(fields);
                self.append_sum(line);
                line.clear();
                line.extend_from_slice(head);
            }
            if line.len() > head.len() {
                line.push(b':');
            }
            line.extend_from_slice(&number);
        }
        line.extend_from_slice(fields);
        self.append_sum(line);
    }

    fn append_sum(&self, line: &[u8]) {
        if line.len() > self.limits.message {
            return self.statistics.count_dropped_message();
        }
        self.append(line);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.payloads.lock().is_empty()
    }
}

fn check_value(metric: &Metric<'_>) -> Result<(), Refusal> {
    match (metric.value, metric.kind) {
        (MetricValue::Number(_), MetricKind::Set) => return Err(Refusal::WrongValue),
        (MetricValue::Number(value), _) if !value.is_finite() => return Err(Refusal::BadValue),
        (MetricValue::Number(_), _) => {}
        (MetricValue::Text(text), MetricKind::Set) if text.bytes().all(|byte| matches!(byte, b'\n' | b'\r')) => {
            return Err(Refusal::BadValue);
        }
        (MetricValue::Text(_), MetricKind::Set) => {}
        (MetricValue::Text(_), _) => return Err(Refusal::WrongValue),
    }
    let takes_time = matches!(metric.kind, MetricKind::Count | MetricKind::Gauge);
    if metric.timestamp.is_some() && !takes_time {
        return Err(Refusal::BadTime);
    }
    check_time(metric.timestamp)
}

fn check_time(timestamp: Option<i64>) -> Result<(), Refusal> {
    if timestamp.is_some_and(|seconds| seconds <= 0) { Err(Refusal::BadTime) } else { Ok(()) }
}
