//! OTLP, the protocol of OpenTelemetry: traces as protobuf and as JSON.
//!
//! Both are written by one walk over the records (`mapping`), which borrows everything from them. The rarer parts – resource, scope, events,
//! links – are [`messages`], whose derived encodings serve both forms. A payload has one resource and one scope.

mod json;
mod json_forms;
mod mapping;
pub mod messages;
pub mod metrics;
mod protobuf;

pub use json::OtlpJson;
pub use protobuf::OtlpProtobuf;

use messages::{KeyValue, Resource, Scope};

/// What the payloads of one process say besides its spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtlpFacts {
    /// The configured service. Spans of another one say so.
    pub service: String,
    /// Attributes of the resource, apart from `service.name`. Those without a value are left out.
    pub attributes: Vec<(&'static str, String)>,
    /// The library's version; may be empty.
    pub version: String,
    /// Whether the metrics of the spans are computed here, so that the server must not.
    pub computes_stats: bool,
    /// Whether attributes that only Datadog knows, and tags that the status and kind of a span repeat, are left out.
    pub pure_attributes: bool,
}

/// The name of the one scope.
const SCOPE: &str = "libddtrace";

impl OtlpFacts {
    fn resource(&self) -> Resource {
        let others = self.attributes.iter().map(|(key, value)| (*key, value));
        let all = std::iter::once(("service.name", &self.service)).chain(others);
        let mut attributes: Vec<_> =
            all.filter(|(_, value)| !value.is_empty()).map(|(key, value)| KeyValue::text(key, value)).collect();
        if self.computes_stats {
            attributes.push(KeyValue::text("_dd.stats_computed", "true"));
        }
        Resource { attributes, ..Resource::default() }
    }

    fn scope(&self) -> Scope {
        Scope { name: SCOPE.to_owned(), version: self.version.clone(), ..Scope::default() }
    }
}
