//! What a client took, sent and dropped, and its metrics about itself.

use super::line::{Fields, Frame, push_fields, push_number};
use super::message::MetricKind;
use super::options::ClientOptions;
use std::sync::atomic::{AtomicU64, Ordering};

const NAMESPACE: &[u8] = b"datadog.dogstatsd.client.";

/// Counts of one client in one process.
#[derive(Debug, Default)]
pub struct Statistics {
    metrics: [AtomicU64; MetricKind::ALL.len()],
    events: AtomicU64,
    checks: AtomicU64,
    dropped_messages: AtomicU64,
    sent: Packets,
    dropped_by_queue: Packets,
    dropped_by_writer: Packets,
    contexts: [AtomicU64; MetricKind::ALL.len()],
}

#[derive(Debug, Default)]
struct Packets {
    packets: AtomicU64,
    bytes: AtomicU64,
}

/// All counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Values taken, by kind of metric.
    pub metrics: [u64; MetricKind::ALL.len()],
    /// Events taken.
    pub events: u64,
    /// Checks taken.
    pub checks: u64,
    /// Messages that were too large.
    pub dropped_messages: u64,
    /// Payloads that the system took.
    pub packets_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Payloads that found the queue full.
    pub packets_dropped_by_queue: u64,
    /// Their bytes.
    pub bytes_dropped_by_queue: u64,
    /// Payloads that the system did not take.
    pub packets_dropped_by_writer: u64,
    /// Their bytes.
    pub bytes_dropped_by_writer: u64,
    /// Sums that were sent, by kind of metric.
    pub contexts: [u64; MetricKind::ALL.len()],
}

impl Statistics {
    pub fn count_metric(&self, kind: MetricKind) {
        count_one(&self.metrics, kind, 1);
    }

    pub fn count_event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_check(&self) {
        self.checks.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_dropped_message(&self) {
        self.dropped_messages.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_sent(&self, bytes: usize) {
        self.sent.count(bytes);
    }

    pub fn count_dropped_by_queue(&self, bytes: usize) {
        self.dropped_by_queue.count(bytes);
    }

    pub fn count_dropped_by_writer(&self, bytes: usize) {
        self.dropped_by_writer.count(bytes);
    }

    pub fn count_contexts(&self, kind: MetricKind, number: u64) {
        count_one(&self.contexts, kind, number);
    }

    /// All counts.
    pub fn totals(&self) -> Totals {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            metrics: std::array::from_fn(|kind| self.metrics.get(kind).map_or(0, get)),
            events: get(&self.events),
            checks: get(&self.checks),
            dropped_messages: get(&self.dropped_messages),
            packets_sent: get(&self.sent.packets),
            bytes_sent: get(&self.sent.bytes),
            packets_dropped_by_queue: get(&self.dropped_by_queue.packets),
            bytes_dropped_by_queue: get(&self.dropped_by_queue.bytes),
            packets_dropped_by_writer: get(&self.dropped_by_writer.packets),
            bytes_dropped_by_writer: get(&self.dropped_by_writer.bytes),
            contexts: std::array::from_fn(|kind| self.contexts.get(kind).map_or(0, get)),
        }
    }
}

fn count_one(counters: &[AtomicU64], kind: MetricKind, number: u64) {
    if let Some(counter) = counters.get(kind as usize) {
        counter.fetch_add(number, Ordering::Relaxed);
    }
}

impl Packets {
    fn count(&self, bytes: usize) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Totals {
    /// Values taken, of all kinds.
    pub fn all_metrics(&self) -> u64 {
        self.metrics.iter().sum()
    }

    /// What there is to report: names, the kind of metric that a number is about, and how much it grew since `former`.
    fn growth(&self, former: &Totals) -> impl Iterator<Item = (&'static str, Option<MetricKind>, u64)> {
        let dropped = |totals: &Totals| {
            let packets = totals.packets_dropped_by_queue + totals.packets_dropped_by_writer;
            (packets, totals.bytes_dropped_by_queue + totals.bytes_dropped_by_writer)
        };
        let contexts = |totals: &Totals| totals.contexts.iter().sum::<u64>();
        let plain = [
            ("metrics", self.all_metrics(), former.all_metrics()),
            ("events", self.events, former.events),
            ("service_checks", self.checks, former.checks),
            ("metric_dropped_on_receive", self.dropped_messages, former.dropped_messages),
            ("packets_sent", self.packets_sent, former.packets_sent),
            ("bytes_sent", self.bytes_sent, former.bytes_sent),
            ("packets_dropped", dropped(self).0, dropped(former).0),
            ("bytes_dropped", dropped(self).1, dropped(former).1),
            ("packets_dropped_queue", self.packets_dropped_by_queue, former.packets_dropped_by_queue),
            ("bytes_dropped_queue", self.bytes_dropped_by_queue, former.bytes_dropped_by_queue),
            ("packets_dropped_writer", self.packets_dropped_by_writer, former.packets_dropped_by_writer),
            ("bytes_dropped_writer", self.bytes_dropped_by_writer, former.bytes_dropped_by_writer),
            ("aggregated_context", contexts(self), contexts(former)),
        ];
        let by_kind = |name, now: [u64; 6], then: [u64; 6]| {
            MetricKind::ALL.into_iter().zip(now).zip(then).map(move |((kind, now), then)| (name, Some(kind), now - then))
        };
        let plain = plain.into_iter().map(|(name, now, then)| (name, None, now.saturating_sub(then)));
        plain
            .chain(by_kind("metrics_by_type", self.metrics, former.metrics))
            .chain(by_kind("aggregated_context_by_type", self.contexts, former.contexts))
            .filter(|(_, _, grown)| *grown > 0)
    }
}

/// Calls `each` with a line for each number that has grown since `former`.
pub fn each_report(totals: &Totals, former: &Totals, frame: &Frame, way: &str, language: &str, mut each: impl FnMut(&[u8])) {
    let mut line = Vec::new();
    for (name, about, grown) in totals.growth(former) {
        let mut tags =
            format!("client:{language},client_version:{},client_transport:{way}", env!("CARGO_PKG_VERSION")).into_bytes();
        if let Some(kind) = about {
            tags.extend_from_slice(b",metrics_type:");
            tags.extend_from_slice(kind.name().as_bytes());
        }
        line.clear();
        line.extend_from_slice(NAMESPACE);
        line.extend_from_slice(name.as_bytes());
        line.push(b':');
        push_number(&mut line, grown as f64);
        let fields = Fields { kind: MetricKind::Count, rate: 1.0, tags: &tags, timestamp: None, cardinality: None };
        push_fields(&mut line, &fields, frame);
        each(&line);
    }
}

/// The language in the tag `client`, where it cannot break a message.
pub fn client_language(options: &ClientOptions) -> String {
    let word: String = options.language.chars().filter(|c| c.is_ascii_alphanumeric() || "+-_.".contains(*c)).collect();
    if word.is_empty() { "cpp".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_grown_is_reported() {
        let statistics = Statistics::default();
        let lines = |former: &Totals| {
            let mut lines = Vec::new();
            let frame = Frame { tags: b"env:dev".to_vec(), ..Frame::default() };
            each_report(&statistics.totals(), former, &frame, "udp", "cpp", |line| {
                lines.push(String::from_utf8(line.to_vec()).unwrap())
            });
            lines
        };
        assert!(lines(&Totals::default()).is_empty());
        statistics.count_metric(MetricKind::Timing);
        statistics.count_metric(MetricKind::Timing);
        statistics.count_sent(100);
        statistics.count_dropped_by_queue(7);
        statistics.count_dropped_by_writer(8);
        let version = env!("CARGO_PKG_VERSION");
        let tags = format!("#env:dev,client:cpp,client_version:{version},client_transport:udp");
        let expected = [
            format!("metrics:2|c|{tags}"),
            format!("packets_sent:1|c|{tags}"),
            format!("bytes_sent:100|c|{tags}"),
            format!("packets_dropped:2|c|{tags}"),
            format!("bytes_dropped:15|c|{tags}"),
            format!("packets_dropped_queue:1|c|{tags}"),
            format!("bytes_dropped_queue:7|c|{tags}"),
            format!("packets_dropped_writer:1|c|{tags}"),
            format!("bytes_dropped_writer:8|c|{tags}"),
            format!("metrics_by_type:2|c|{tags},metrics_type:timing"),
        ];
        assert_eq!(lines(&Totals::default()), expected.map(|line| format!("datadog.dogstatsd.client.{line}")));
        assert!(lines(&statistics.totals()).is_empty());
    }
}
