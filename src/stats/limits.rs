//! How many different things a bucket tells apart.

use super::group_key::LimitedPart;

/// What stands for values beyond a limit.
pub const BLOCKED: &str = "tracer_blocked_value";

/// Limits for each bucket. What exceeds one is counted under [`BLOCKED`].
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

impl CardinalityLimits {
    pub(super) fn of(&self, part: LimitedPart) -> usize {
        match part {
            LimitedPart::Resource => self.resources,
            LimitedPart::HttpEndpoint => self.http_endpoints,
            LimitedPart::PeerTags => self.peer_tags,
            LimitedPart::AdditionalTags => self.additional_tags,
        }
    }
}
