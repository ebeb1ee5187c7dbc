//! The propagator: settings of propagation, made ready for use.

use super::baggage::Limits;
use super::datadog_tags;
use super::organization::Guard;
use super::report::StyleSet;
use crate::config::{ExtractBehavior, PropagationSettings, PropagationStyle};

/// Extracts and injects in the configured styles. It never changes; threads may share it.
#[derive(Clone, Debug)]
pub struct Propagator {
    pub(super) extract: Vec<PropagationStyle>,
    /// Those that are asked for a trace, in order.
    pub(super) extract_trace: Vec<PropagationStyle>,
    pub(super) inject: Vec<PropagationStyle>,
    pub(super) behavior: ExtractBehavior,
    pub(super) tags_max_length: usize,
    pub(super) baggage_limits: Limits,
    pub(super) reads_baggage: bool,
    pub(super) reads_legacy_baggage: bool,
    pub(super) writes_legacy_baggage: bool,
    pub(super) guard: Option<Guard>,
    /// Off: traces only serve other products.
    pub(super) apm_tracing: bool,
    baggage_tag_keys: Vec<String>,
    all_baggage_tags: bool,
}

impl Propagator {
    /// A propagator for `settings`.
    pub fn new(settings: &PropagationSettings) -> Propagator {
        let uses_legacy = |styles: &[PropagationStyle]| settings.http_baggage && styles.contains(&PropagationStyle::Datadog);
        let asked_for_trace = settings.extract.iter().copied().filter(|style| *style != PropagationStyle::Baggage);
        Propagator {
            extract: settings.extract.clone(),
            extract_trace: asked_for_trace.take(if settings.extract_first { 1 } else { usize::MAX }).collect(),
            inject: settings.inject.clone(),
            behavior: settings.behavior,
            tags_max_length: settings.tags_max_length.min(datadog_tags::MAX_LENGTH),
            baggage_limits: Limits { items: settings.baggage_max_items, bytes: settings.baggage_max_bytes },
            reads_baggage: settings.extract.contains(&PropagationStyle::Baggage),
            reads_legacy_baggage: uses_legacy(&settings.extract),
            writes_legacy_baggage: uses_legacy(&settings.inject),
            guard: Guard::new(&settings.org_guard),
            apm_tracing: settings.apm_tracing,
            baggage_tag_keys: settings.baggage_tag_keys.clone(),
            all_baggage_tags: settings.baggage_tag_keys.iter().any(|key| key == "*"),
        }
    }

    /// The styles whose headers must be read.
    pub(super) fn extracted_styles(&self) -> StyleSet {
        self.extract.iter().copied().collect()
    }

    /// Whether an extracted baggage item becomes a tag of the local root.
    pub(super) fn is_baggage_tag(&self, key: &str) -> bool {
        self.all_baggage_tags || self.baggage_tag_keys.iter().any(|wanted| wanted == key)
    }
}
