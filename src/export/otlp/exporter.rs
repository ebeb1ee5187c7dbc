//! The exporter as the sender sees it.

use super::delivery::{Delivery, Outcome, TRACES};
use super::headers::headers;
use super::span_metrics_sender::SpanMetricsSender;
use super::with_trace_state::WithTraceState;
use crate::config::{OtlpProtocol, OtlpSettings};
use crate::export::agent::stats_sender::features;
use crate::export::agent::{Discovery, KnownAgent};
use crate::export::block::Block;
use crate::export::chunk::StartOrder;
use crate::export::client::{Client, Limit, Link, Outgoing, Progress};
use crate::export::counters::ExportCounters;
use crate::export::exporter::{Attempt, Payload, Tended};
use crate::export::pipeline::Pipeline;
use crate::export::rejected::drop_rejected;
use crate::wire::TraceEncoder;
use crate::wire::otlp::{OtlpFacts, OtlpJson, OtlpProtobuf};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sends traces by OTLP.
pub struct OtlpExporter {
    client: Client,
    encoder: Box<dyn TraceEncoder + Send>,
    /// The path on the server; for a host that sends, the whole URL.
    path: String,
    headers: Vec<(String, String)>,
    delivery: Delivery,
    span_metrics: Option<MeasuredSpans>,
}

/// Metrics of spans that go out beside the traces, counted as the agent wants it, if there is one.
struct MeasuredSpans {
    metrics: SpanMetricsSender,
    discovery: Discovery,
    epoch: u64,
    order: StartOrder,
}

impl OtlpExporter {
    /// An exporter for one process.
    pub fn new(settings: &OtlpSettings, facts: &OtlpFacts, link: Link) -> Self {
        let endpoint = &settings.endpoint;
        let client = Client::new(link, settings.timeout);
        OtlpExporter {
            path: endpoint.path_for(client.hands_over()),
            client,
            encoder: match settings.protocol {
                OtlpProtocol::HttpProtobuf => Box::new(OtlpProtobuf::new(facts)),
                OtlpProtocol::HttpJson => Box::new(OtlpJson::new(facts)),
            },
            headers: headers(settings, facts.computes_stats),
            delivery: Delivery::new(TRACES, endpoint.to_string()),
            span_metrics: None,
        }
    }

    /// The same, and metrics of all spans go out, too. The agent is asked what tells spans apart.
    pub fn with_span_metrics(mut self, metrics: SpanMetricsSender, discovery: Discovery) -> Self {
        self.span_metrics = Some(MeasuredSpans { metrics, discovery, epoch: 0, order: StartOrder::default() });
        self
    }

    /// What is known of the agent, if it is asked.
    pub fn known_agent(&self) -> Option<&Arc<KnownAgent>> {
        self.span_metrics.as_ref().map(|spans| spans.discovery.known())
    }

    /// Does what is due beside sending traces. In the last cycle the agent is not asked.
    pub fn tend(&mut self, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Tended {
        let (Some(spans), None) = (&mut self.span_metrics, by) else { return Tended::IDLE };
        let limit = Limit { by, waits: !pipeline.is_host_driven };
        let discovery = spans.discovery.tend(limit, pipeline.awakener());
        let (epoch, knowledge) = spans.discovery.known().knowledge();
        if let Some(info) = knowledge.info().filter(|_| epoch != spans.epoch) {
            spans.metrics.configure(&features(info));
            spans.epoch = epoch;
        }
        let again_in = discovery.min(spans.metrics.tend(Limit::default(), pipeline.awakener()));
        Tended { is_ready: spans.discovery.has_looked(), again_in }
    }

    /// Counts the spans of chunks that have arrived, then takes out the traces that sampling rejected. Blocks may be empty afterwards.
    pub fn prepare(&mut self, blocks: &mut VecDeque<Block>, counters: &ExportCounters) {
        if let Some(spans) = &mut self.span_metrics {
            blocks.iter().for_each(|block| spans.metrics.add_block(block, &mut spans.order));
        }
        Self::drop_rejected(blocks, counters);
    }

    /// Takes out the traces that sampling rejected.
    pub fn drop_rejected(blocks: &mut VecDeque<Block>, counters: &ExportCounters) {
        for block in blocks {
            let removed = drop_rejected(block);
            counters.chunks_rejected.add(removed.chunks);
            counters.spans_rejected.add(removed.spans);
        }
    }

    /// Sends the metrics of intervals that are not over, too. `None`: it is done; else when to call again.
    pub fn finish(&mut self, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Option<Duration> {
        let limit = Limit { by, waits: !pipeline.is_host_driven };
        self.span_metrics.as_mut().and_then(|spans| spans.metrics.finish(limit, pipeline.awakener()))
    }

    /// The payload that was to be tried again is given up.
    pub fn give_up(&mut self) {
        self.delivery.give_up();
        self.client.forget();
    }

    /// Offers a payload, or looks for the answer to the one that was offered.
    pub fn attempt(&mut self, payload: &dyn Payload, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Attempt {
        let limit = Limit { by, waits: !pipeline.is_host_driven };
        let progress = match self.client.look(limit) {
            Some(progress) => progress,
            None => self.send(payload, limit, pipeline),
        };
        match progress {
            Progress::Pending { poll } => Attempt::Pending { poll },
            Progress::Ended { result, bytes, buffer } => {
                // The next payload is built where the last one was.
                if let Some(buffer) = buffer {
                    self.encoder.reuse(buffer);
                }
                match self.delivery.judge(&result, Instant::now()) {
                    Outcome::Delivered { refused: 0 } => Attempt::Taken { bytes },
                    // Which chunks they belong to is not told.
                    Outcome::Delivered { refused } => Attempt::Partly { chunks: 0, spans: refused },
                    Outcome::RetryAfter(pause) => Attempt::Later(pause),
                    Outcome::Lost => Attempt::Dropped,
                }
            }
        }
    }

    fn send(&mut self, payload: &dyn Payload, limit: Limit, pipeline: &Arc<Pipeline>) -> Progress {
        let mut encoder = WithTraceState::new(self.encoder.as_mut());
        payload.encode(&mut encoder);
        let body = encoder.finish();
        let body = if self.client.hands_over() { Cow::Owned(encoder.take()) } else { Cow::Borrowed(body) };
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
        let request = Outgoing { method: "POST", path: &self.path, headers, body };
        self.client.send(request, limit, pipeline.awakener())
    }
}
