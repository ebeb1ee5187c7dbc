//! Span metrics on their way to whoever takes OTLP: counted where chunks pass, sent every interval, tried again as traces are.

use super::delivery::{Delivery, Outcome, SPAN_METRICS};
use super::headers::headers;
use crate::config::{OtlpProtocol, SpanMetricsSettings};
use crate::export::batch::each_chunk;
use crate::export::block::Block;
use crate::export::chunk::StartOrder;
use crate::export::chunk_data::chunk_facts;
use crate::export::client::{Client, Limit, Link, Outgoing, Progress};
use crate::record::unix_ns;
use crate::stats::{Features, SpanMetrics};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Requests that wait while one is tried again; beyond, the oldest one is lost.
const MOST_WAITING: usize = 6;

/// Counts the spans of chunks, and sends what was counted.
pub struct SpanMetricsSender {
    metrics: SpanMetrics,
    client: Client,
    /// The path on the server; for a host that sends, the whole URL.
    path: String,
    protocol: OtlpProtocol,
    headers: Vec<(String, String)>,
    delivery: Delivery,
    waiting: VecDeque<Vec<u8>>,
    retry_at: Option<Instant>,
    interval: Duration,
    next_flush: Instant,
}

impl SpanMetricsSender {
    /// Nothing is counted yet.
    pub fn new(settings: &SpanMetricsSettings, metrics: SpanMetrics, link: Link) -> Self {
        let otlp = &settings.otlp;
        let client = Client::new(link, otlp.timeout);
        SpanMetricsSender {
            metrics,
            path: otlp.endpoint.path_for(client.hands_over()),
            client,
            protocol: otlp.protocol,
            headers: headers(otlp, false),
            delivery: Delivery::new(SPAN_METRICS, otlp.endpoint.to_string()),
            waiting: VecDeque::new(),
            retry_at: None,
            interval: settings.interval,
            next_flush: Instant::now() + settings.interval,
        }
    }

    /// Takes what the agent says from now on.
    pub fn configure(&mut self, features: &Features) {
        self.metrics.configure(features);
    }

    /// Counts the spans of a block.
    pub fn add_block(&mut self, block: &Block, order: &mut StartOrder) {
        let now_ns = unix_ns();
        each_chunk(block, order, &mut Vec::new(), |chunk, tags, records| {
            self.metrics.add(&chunk_facts(chunk, &block.snapshot, tags), records, now_ns);
        });
    }

    /// Sends what is due. Returns when to be called again.
    pub fn tend(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + Clone + 'static) -> Duration {
        let now = Instant::now();
        if now >= self.next_flush {
            self.next_flush = now + self.interval;
            self.collect(false);
        }
        let until_flush = self.next_flush.saturating_duration_since(Instant::now());
        self.send(limit, awake).map_or(until_flush, |again_in| again_in.min(until_flush))
    }

    /// Sends everything, intervals that are not over too. `None`: it is done; else when to call again.
    pub fn finish(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + Clone + 'static) -> Option<Duration> {
        self.collect(true);
        self.send(limit, awake)
    }

    fn collect(&mut self, force: bool) {
        let request = self.metrics.flush(unix_ns(), force);
        self.waiting.extend(request.map(|request| match self.protocol {
            OtlpProtocol::HttpProtobuf => request.to_protobuf(),
            OtlpProtocol::HttpJson => request.to_json(),
        }));
        if self.waiting.len() > MOST_WAITING && !self.client.is_busy() {
            self.waiting.pop_front();
            self.delivery.give_up();
            crate::log::log_warn!("span metrics are lost: nobody takes them in time");
        }
    }

    /// `None`: nothing waits and nothing is on its way.
    fn send(&mut self, limit: Limit, awake: impl Fn() + Send + Sync + Clone + 'static) -> Option<Duration> {
        loop {
            let progress = match self.client.look(limit) {
                Some(progress) => progress,
                None => {
                    let body = self.waiting.front()?;
                    let pause = self.retry_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
                    if !pause.is_zero() && limit.by.is_none() {
                        return Some(pause);
                    }
                    // The body stays here until it was taken.
                    let body = if self.client.hands_over() { Cow::Owned(body.clone()) } else { Cow::Borrowed(body.as_slice()) };
                    let headers =
                        self.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
                    let request = Outgoing { method: "POST", path: &self.path, headers, body };
                    self.client.send(request, limit, awake.clone())
                }
            };
            let result = match progress {
                Progress::Pending { poll } => return Some(poll),
                Progress::Ended { result, .. } => result,
            };
            let now = Instant::now();
            self.retry_at = match self.delivery.judge(&result, now) {
                Outcome::RetryAfter(pause) if limit.by.is_none() => Some(now + pause),
                Outcome::Delivered { .. } | Outcome::Lost | Outcome::RetryAfter(_) => {
                    self.delivery.give_up();
                    self.waiting.pop_front();
                    None
                }
            };
        }
    }
}
