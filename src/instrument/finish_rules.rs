//! What is looked at when a span ends: which tags make work then, told by one mask of filter bits, so that a span without them pays nothing.

use super::peer_service::{PEER_SERVICE, PeerService};
use crate::config::StatusRanges;
use crate::record::{Head, flag, key_bit};

/// Spans with one of these flags are looked at whatever tags they have.
const FLAGS: u32 = flag::OTEL | flag::SERVICE_OF_INTEGRATION | flag::HTTP_STATUS;

/// The rules of one configuration snapshot.
#[derive(Clone, Debug)]
pub struct FinishRules {
    /// Who is at the other end.
    pub peer_service: PeerService,
    /// HTTP statuses that are errors of server spans.
    pub server_errors: StatusRanges,
    /// The same for client spans; nothing is done with it here, integrations ask.
    pub client_errors: StatusRanges,
    keys: u64,
}

impl FinishRules {
    /// Makes the rules.
    pub fn new(peer_service: PeerService, server_errors: StatusRanges, client_errors: StatusRanges) -> Self {
        let kind = if peer_service.has_defaults { key_bit(b"span.kind") } else { 0 };
        let keys = key_bit(PEER_SERVICE.as_bytes()) | kind;
        FinishRules { peer_service, server_errors, client_errors, keys }
    }

    /// Whether a span may have something to be done. `false` is certain.
    #[inline(always)]
    pub fn concern(&self, head: &Head) -> bool {
        head.key_filter & self.keys != 0 || head.has(FLAGS)
    }

    /// Whether a status is an error of a server span, or else of a client span.
    pub fn is_http_error(&self, is_server: bool, status: u16) -> bool {
        if is_server { self.server_errors.contains(status) } else { self.client_errors.contains(status) }
    }
}
