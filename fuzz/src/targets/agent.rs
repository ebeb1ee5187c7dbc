//! What an agent answers: to traces, and about itself.

use ddtrace::config::SamplingSettings;
use ddtrace::export::agent::{AgentFacts, AgentProtocol, TraceFormat};
use ddtrace::record::{SpanData, SpanView};
use ddtrace::sampling::TraceSampler;
use ddtrace::transport::{AgentInfo, Response, TransportError};
use std::time::Instant;

/// The first byte chooses a status; a line is the version of the rates; the rest is the body.
pub fn answers(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let line_end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (version, body) = rest.split_at(line_end);
    let version = String::from_utf8_lossy(version).into_owned();
    let status = [200, 200, 202, 404, 413, 429, 500, 415][usize::from(choice % 8)];
    let response = Response {
        status,
        headers: vec![("datadog-rates-payload-version".to_owned(), version.clone()), ("datadog-agent-state".to_owned(), version)],
        body: body.to_vec(),
    };
    let info = AgentInfo::of_response(&response);
    if let Some(info) = &info {
        assert!(serde_json::from_str::<serde_json::Value>(&info.json).is_ok(), "{}", info.json);
        info.is_at_least([7, 65, 0]);
    }
    converse(response);
    rates(body);
}

fn converse(response: Response) {
    ddtrace::log::set_max_level(None);
    let mut protocol = AgentProtocol::new(AgentFacts { format: TraceFormat::V05, ..AgentFacts::default() });
    let lost = Err(TransportError::Interrupted);
    for result in [Ok(response.clone()), lost, Ok(response.clone()), Ok(response)] {
        let _ = protocol.judge(&result, Instant::now());
        for (name, value) in protocol.headers(1) {
            let is_sound = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            assert!(is_sound(&name) && is_sound(&value), "{name}: {value}");
        }
    }
}

fn rates(body: &[u8]) {
    let sampling = SamplingSettings::default();
    let sampler = TraceSampler::new(&sampling.rules, None, sampling.rate_limit, false);
    sampler.update_agent_rates(body);
    for service in ["", "web", "service:web"] {
        let decision =
            sampler.decide(u64::MAX, &Root(SpanData { service: service.to_owned(), ..SpanData::default() }), "prod", 0);
        assert!(decision.rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)), "{decision:?}");
    }
}

/// A span that has its fields and tags.
pub struct Root(pub SpanData);

impl SpanView for Root {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn service(&self) -> &str {
        &self.0.service
    }

    fn resource(&self) -> &str {
        &self.0.resource
    }

    fn span_id(&self) -> u64 {
        self.0.span_id
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.meta.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    fn number(&self, _: &str) -> Option<f64> {
        Some(200.5)
    }
}
