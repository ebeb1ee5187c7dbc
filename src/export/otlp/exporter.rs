//! The exporter as the sender sees it.

use super::delivery::{Delivery, Outcome};
use super::kept_only::KeptOnly;
use crate::config::{OtlpProtocol, OtlpSettings};
use crate::export::client::{Client, Limit, Link, Outgoing, Progress};
use crate::export::exporter::{Attempt, Payload};
use crate::export::pipeline::Pipeline;
use crate::wire::TraceEncoder;
use crate::wire::otlp::{OtlpFacts, OtlpJson, OtlpProtobuf};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

/// Sends traces by OTLP.
pub struct OtlpExporter {
    client: Client,
    encoder: Box<dyn TraceEncoder + Send>,
    /// The path on the server; for a host that sends, the whole URL.
    path: String,
    headers: Vec<(String, String)>,
    delivery: Delivery,
}

impl OtlpExporter {
    /// An exporter for one process.
    pub fn new(settings: &OtlpSettings, facts: &OtlpFacts, link: Link) -> Self {
        let endpoint = &settings.endpoint;
        let client = Client::new(link, settings.timeout);
        OtlpExporter {
            path: if client.hands_over() { format!("{}{}", endpoint.server, endpoint.path) } else { endpoint.path.clone() },
            client,
            encoder: match settings.protocol {
                OtlpProtocol::HttpProtobuf => Box::new(OtlpProtobuf::new(facts)),
                OtlpProtocol::HttpJson => Box::new(OtlpJson::new(facts)),
            },
            headers: headers(settings, facts),
            delivery: Delivery::new(endpoint.to_string()),
        }
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
            None => match self.send(payload, limit, pipeline) {
                Some(progress) => progress,
                None => return Attempt::Taken { bytes: 0 },
            },
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

    /// `None`: there is nothing to send.
    fn send(&mut self, payload: &dyn Payload, limit: Limit, pipeline: &Arc<Pipeline>) -> Option<Progress> {
        let mut encoder = KeptOnly::new(self.encoder.as_mut());
        payload.encode(&mut encoder);
        if encoder.chunks() == 0 {
            return None;
        }
        let body = encoder.finish();
        let body = if self.client.hands_over() { Cow::Owned(encoder.take()) } else { Cow::Borrowed(body) };
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
        let request = Outgoing { method: "POST", path: &self.path, headers, body };
        Some(self.client.send(request, limit, pipeline.awakener()))
    }
}

const CONTENT_TYPE: &str = "Content-Type";

/// The headers of every request; those of the settings as they were written.
fn headers(settings: &OtlpSettings, facts: &OtlpFacts) -> Vec<(String, String)> {
    let content_type = match settings.protocol {
        OtlpProtocol::HttpProtobuf => "application/x-protobuf",
        OtlpProtocol::HttpJson => "application/json",
    };
    let stats = facts.computes_stats.then_some(("Datadog-Client-Computed-Stats", "yes"));
    let own = [(CONTENT_TYPE, content_type)].into_iter().chain(stats);
    let given = settings.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(CONTENT_TYPE));
    own.map(|(name, value)| (name.to_owned(), value.to_owned())).chain(given.cloned()).collect()
}
