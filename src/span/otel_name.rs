//! The operation name of a span of the OpenTelemetry API: it follows from the kind and the attributes that the span has at its end.

use super::body::{SpanBody, SpanFull};
use super::short_text::ShortText;
use super::status::SpanKind;
use crate::record::{Field, flag};

impl SpanBody {
    /// Sets the name that follows from what the span says now, unless the name was given.
    pub(super) fn settle_otel_name(&mut self) -> Result<(), SpanFull> {
        if self.head.has(flag::NAME_GIVEN) {
            return Ok(());
        }
        let name = operation_name(self);
        if name.as_bytes() == self.field(Field::Name) {
            return Ok(());
        }
        self.set_field(Field::Name, name.as_bytes())
    }

    fn attribute(&self, key: &str) -> Option<&[u8]> {
        self.runs().text(&self.head, key.as_bytes()).filter(|text| !text.is_empty())
    }
}

/// The first rule that fits; names that are put together are in lower case.
fn operation_name(span: &SpanBody) -> Name {
    let kind = span.kind();
    let (is_server, is_client) = (kind == SpanKind::Server, kind == SpanKind::Client);
    let of = |key: &str| span.attribute(key);
    if of("http.request.method").or_else(|| of("http.method")).is_some() && (is_server || is_client) {
        return Name::fixed(if is_server { "http.server.request" } else { "http.client.request" });
    }
    if let Some(system) = of("db.system").filter(|_| is_client) {
        return Name::of(&[system, b".query"]);
    }
    let has_role = !matches!(kind, SpanKind::Internal | SpanKind::Unspecified);
    if let (Some(system), Some(operation), true) = (of("messaging.system"), of("messaging.operation"), has_role) {
        return Name::of(&[system, b".", operation]);
    }
    if let Some(system) = of("rpc.system").filter(|_| is_client || is_server) {
        return match of("rpc.service") {
            _ if is_server => Name::of(&[system, b".server.request"]),
            Some(service) if system == b"aws-api" => Name::of(&[b"aws.", service, b".request"]),
            None if system == b"aws-api" => Name::fixed("aws.client.request"),
            _ => Name::of(&[system, b".client.request"]),
        };
    }
    if let (Some(provider), Some(name), true) = (of("faas.invoked_provider"), of("faas.invoked_name"), is_client) {
        return Name::of(&[provider, b".", name, b".invoke"]);
    }
    if let Some(trigger) = of("faas.trigger").filter(|_| is_server) {
        return Name::of(&[trigger, b".invoke"]);
    }
    if of("graphql.operation.type").is_some() {
        return Name::fixed("graphql.server.request");
    }
    let role: &str = match kind {
        SpanKind::Server => "server.request",
        SpanKind::Client => "client.request",
        SpanKind::Producer => return Name::fixed("producer"),
        SpanKind::Consumer => return Name::fixed("consumer"),
        SpanKind::Internal | SpanKind::Unspecified => return Name::fixed("internal"),
    };
    match of("network.protocol.name") {
        Some(protocol) => Name::of(&[protocol, b".", role.as_bytes()]),
        None => Name::fixed(role),
    }
}

enum Name {
    Fixed(&'static str),
    Composed(ShortText),
}

impl Name {
    fn fixed(name: &'static str) -> Self {
        Name::Fixed(name)
    }

    fn of(pieces: &[&[u8]]) -> Self {
        Name::Composed(ShortText::join(pieces).into_lowercase())
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Name::Fixed(name) => name.as_bytes(),
            Name::Composed(text) => text.as_bytes(),
        }
    }
}
