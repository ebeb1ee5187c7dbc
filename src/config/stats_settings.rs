//! Settings of trace statistics.

use super::otlp::OtlpSettings;
use std::time::Duration;

/// How spans are counted.
#[derive(Clone, Debug, Default)]
pub struct StatsSettings {
    /// Length of a bucket, and time between two payloads.
    pub interval: Duration,
    /// Tags by whose values spans are told apart.
    pub additional_tags: Vec<String>,
    /// Limits of what is told apart.
    pub limits: CardinalityLimits,
}

/// Limits for each bucket of statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardinalityLimits {
    /// Groups.
    pub keys: usize,
    /// Resources.
    pub resources: usize,
    /// HTTP endpoints.
    pub http_endpoints: usize,
    /// Sets of peer tags.
    pub peer_tags: usize,
    /// Sets of additional tags.
    pub additional_tags: usize,
}

impl Default for CardinalityLimits {
    fn default() -> Self {
        CardinalityLimits { keys: 7000, resources: 1024, http_endpoints: 512, peer_tags: 512, additional_tags: 100 }
    }
}

/// Metrics of spans that go out by OTLP, in place of statistics for the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanMetricsSettings {
    /// Where to, and how.
    pub otlp: OtlpSettings,
    /// Length of the intervals.
    pub interval: Duration,
}

/// Which web requests get `http.endpoint`, made of their URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResourceRenaming {
    /// None.
    #[default]
    Off,
    /// Those without a route.
    WithoutRoute,
    /// All.
    Always,
}
