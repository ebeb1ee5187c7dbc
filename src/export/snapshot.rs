//! A configuration snapshot: everything that spans and chunks need of the settings, immutable, named by a version.

use crate::config::Config;
use crate::instrument::{FinishRules, QueryStrings};
use crate::propagation::Propagator;
use crate::record::{LibraryTags, SpanView};
use crate::sampling::{SpanSampler, TraceSampler};
use crate::wire::SpanRule;
use std::sync::Arc;

/// Settings in the form in which the hot path uses them.
pub struct Snapshot {
    /// Grows with every change of the settings.
    pub version: u32,
    /// The settings that this was made from.
    pub config: Arc<Config>,
    /// Tags that the library adds.
    pub library: LibraryTags,
    /// Trace sampling.
    pub sampler: Arc<TraceSampler>,
    /// Single-span sampling.
    pub span_sampler: Arc<SpanSampler>,
    /// What spans say of the rules of single-span sampling, by the rules' numbers.
    pub span_rules: Vec<SpanRule>,
    /// Reads and writes headers.
    pub propagator: Arc<Propagator>,
    /// Whether spans record.
    pub is_enabled: bool,
    /// Above this many live spans new ones record nothing.
    pub max_live_spans: usize,
    /// Whether trace ids have 128 bits.
    pub wide_trace_ids: bool,
    /// Finished spans that make an open segment send a partial chunk; `u32::MAX`: never.
    pub partial_flush_min: u32,
    /// Larger chunks are dropped.
    pub max_chunk_bytes: usize,
    /// Whether services are renamed (`DD_SERVICE_MAPPING`).
    pub service_mapping: Vec<(String, String)>,
    /// What is looked at when a span ends.
    pub finish_rules: FinishRules,
    /// What spans show of queries in URLs.
    pub query_strings: QueryStrings,
    /// Whether chunks are sent before the end of a span returns.
    pub is_synchronous: bool,
    /// Whether events travel as lists of their own.
    pub native_events: bool,
}

impl Snapshot {
    /// The environment that agent rates are keyed by: the span's own, or the configured one.
    pub fn env_of<'a>(&'a self, span: &'a dyn SpanView) -> &'a str {
        span.text("env").or(self.config.settings.identity.env.as_deref()).unwrap_or_default()
    }

    /// The service after renaming.
    #[inline]
    pub fn mapped_service<'a>(&'a self, service: &'a [u8]) -> &'a [u8] {
        if self.service_mapping.is_empty() {
            return service;
        }
        let renamed = self.service_mapping.iter().find(|(from, _)| from.as_bytes() == service);
        renamed.map_or(service, |(_, to)| to.as_bytes())
    }
}
