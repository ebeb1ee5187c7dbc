//! What requests say besides their body.

use crate::config::{OtlpProtocol, OtlpSettings};

const CONTENT_TYPE: &str = "Content-Type";

/// The headers of every request; those of the settings as they were written.
pub(super) fn headers(settings: &OtlpSettings, computes_stats: bool) -> Vec<(String, String)> {
    let content_type = match settings.protocol {
        OtlpProtocol::HttpProtobuf => "application/x-protobuf",
        OtlpProtocol::HttpJson => "application/json",
    };
    let stats = computes_stats.then_some(("Datadog-Client-Computed-Stats", "yes"));
    let own = [(CONTENT_TYPE, content_type)].into_iter().chain(stats);
    let given = settings.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(CONTENT_TYPE));
    own.map(|(name, value)| (name.to_owned(), value.to_owned())).chain(given.cloned()).collect()
}
