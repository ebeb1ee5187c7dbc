//! What a span's tags mean when it ends: its name, the source of its service, who is at the other end, whether a status is an error.

use super::body::{SpanBody, SpanFull};
use super::short_text::ShortText;
use super::status::{SpanKind, SpanStatus};
use super::tags::TagError;
use crate::instrument::FinishRules;
use crate::record::flag;

/// Where a service's name comes from.
pub(super) const SERVICE_SOURCE: &[u8] = b"_dd.svc_src";
/// The filter bit of that key (`key_bit`).
pub(super) const SERVICE_SOURCE_BIT: u64 = 1 << 61;

impl SpanBody {
    /// Does what [`FinishRules::concern`] asks for. A tag for which there is no room is left out.
    #[cold]
    pub(super) fn settle_at_finish(&mut self, rules: &FinishRules) {
        if self.head.has(flag::OTEL) {
            let _ = self.settle_otel_name();
        }
        if self.head.has(flag::SERVICE_OF_INTEGRATION) {
            let _ = self.settle_service_source();
        }
        let _ = self.settle_peer_service(rules);
        self.settle_http_error(rules);
    }

    /// The service of an integration is that of the component, unless an option says otherwise.
    fn settle_service_source(&mut self) -> Result<(), TagError> {
        let source = self.runs().text(&self.head, SERVICE_SOURCE);
        if source.is_some_and(|source| source.starts_with(b"opt.")) {
            return Ok(());
        }
        let Some(component) = self.runs().text(&self.head, b"component").map(ShortText::of) else { return Ok(()) };
        self.set_text(SERVICE_SOURCE, component.as_bytes())
    }

    fn settle_peer_service(&mut self, rules: &FinishRules) -> Result<(), TagError> {
        let calls_out = matches!(self.kind(), SpanKind::Client | SpanKind::Producer);
        let get = |key: &str| std::str::from_utf8(self.runs().text(&self.head, key.as_bytes())?).ok();
        let Some(peer) = rules.peer_service.of_span(calls_out, get) else { return Ok(()) };
        let source = peer.source;
        let name = ShortText::of(peer.name.as_bytes());
        let renamed_from = peer.renamed_from.map(|old| ShortText::of(old.as_bytes()));
        self.set_text(b"peer.service", name.as_bytes())?;
        if self.runs().text(&self.head, b"_dd.peer.service.source").is_none() {
            self.set_text(b"_dd.peer.service.source", source.as_bytes())?;
        }
        match renamed_from {
            Some(old) => self.set_text(b"_dd.peer.service.remapped_from", old.as_bytes()),
            None => Ok(()),
        }
    }

    /// A server span with a status that is an error has failed, unless its user said that all is well.
    fn settle_http_error(&mut self, rules: &FinishRules) {
        let is_open = !self.head.has(flag::ERROR | flag::OTEL) && self.status() != SpanStatus::Ok;
        if !is_open || !self.head.has(flag::HTTP_STATUS) || self.kind() != SpanKind::Server {
            return;
        }
        let status = self.runs().text(&self.head, b"http.status_code").and_then(|text| std::str::from_utf8(text).ok());
        let status = status.and_then(|text| text.trim().parse().ok());
        if status.is_some_and(|status| rules.is_http_error(true, status)) {
            self.head.set_flag(flag::ERROR, true);
        }
    }

    /// Marks the service, which was just given, as the default of an integration.
    #[cold]
    pub fn mark_integration_service(&mut self) {
        self.head.set_flag(flag::SERVICE_OF_INTEGRATION, self.head.has(flag::SERVICE_GIVEN));
    }

    /// Where the parent's service comes from, the child's comes from too.
    #[cold]
    pub(super) fn inherit_service_source(&mut self, parent: &SpanBody) -> Result<(), SpanFull> {
        self.head.flags |= parent.head.flags & flag::SERVICE_OF_INTEGRATION;
        let runs = parent.runs();
        let source = runs.text(&parent.head, SERVICE_SOURCE).or_else(|| {
            let is_default = parent.head.has(flag::SERVICE_OF_INTEGRATION);
            runs.text(&parent.head, b"component").filter(|_| is_default)
        });
        match source {
            Some(source) => self.set_text(SERVICE_SOURCE, source).map_err(|_| SpanFull),
            None => Ok(()),
        }
    }

    /// The user gives another service: where the old one came from is not said any more.
    #[cold]
    pub(super) fn forget_service_source(&mut self) {
        self.head.set_flag(flag::SERVICE_OF_INTEGRATION, false);
        self.runs_mut().remove(SERVICE_SOURCE);
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
