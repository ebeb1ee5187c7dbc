//! What becomes of values beyond a limit.

use super::group_key::LimitedPart;
use crate::config::CardinalityLimits;

/// What stands for values beyond a limit.
pub const BLOCKED: &str = "tracer_blocked_value";

/// How many values of a part a bucket takes.
pub(super) fn limit_of(limits: &CardinalityLimits, part: LimitedPart) -> usize {
    match part {
        LimitedPart::Resource => limits.resources,
        LimitedPart::HttpEndpoint => limits.http_endpoints,
        LimitedPart::PeerTags => limits.peer_tags,
        LimitedPart::AdditionalTags => limits.additional_tags,
    }
}
