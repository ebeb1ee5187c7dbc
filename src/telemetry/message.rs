//! Messages, and the envelope around them.

use super::facts::{API_VERSION, Application, Facts, Host};
use serde::Serialize;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Started,
    Heartbeat,
    ExtendedHeartbeat,
    Configuration,
    Dependencies,
    Integrations,
    Products,
    Endpoints,
    Metrics,
    Distributions,
    Logs,
    Closing,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Started => "app-started",
            Kind::Heartbeat => "app-heartbeat",
            Kind::ExtendedHeartbeat => "app-extended-heartbeat",
            Kind::Configuration => "app-client-configuration-change",
            Kind::Dependencies => "app-dependencies-loaded",
            Kind::Integrations => "app-integrations-change",
            Kind::Products => "app-product-change",
            Kind::Endpoints => "app-endpoints",
            Kind::Metrics => "generate-metrics",
            Kind::Distributions => "distributions",
            Kind::Logs => "logs",
            Kind::Closing => "app-closing",
        }
    }

    /// Whether it is about what happens, not about what the program is.
    pub(super) const fn is_data(self) -> bool {
        matches!(self, Kind::Metrics | Kind::Distributions | Kind::Logs)
    }

    /// Whether it is sent again when it did not arrive. Others are made anew when their time comes.
    pub(super) const fn is_kept(self) -> bool {
        !matches!(self, Kind::Started | Kind::Heartbeat | Kind::ExtendedHeartbeat | Kind::Closing)
    }
}

/// One message; its payload is written already.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) kind: Kind,
    payload: Option<String>,
}

const BATCH: &str = "message-batch";
/// What the envelope and a message's frame take at most beside payloads and the facts.
const FRAME_BYTES: usize = 128;

impl Message {
    /// A message without a payload.
    pub(super) const fn bare(kind: Kind) -> Self {
        Message { kind, payload: None }
    }

    /// A message with a payload.
    pub(super) fn new(kind: Kind, payload: &impl Serialize) -> Self {
        // Nothing in the payloads can fail to be written.
        Message { kind, payload: serde_json::to_string(payload).ok() }
    }

    /// Bytes that it takes in a body.
    pub(super) fn size(&self) -> usize {
        self.payload.as_ref().map_or(0, String::len) + FRAME_BYTES
    }

    fn write(&self, out: &mut String) {
        out.push_str("{\"request_type\":\"");
        out.push_str(self.kind.name());
        out.push('"');
        self.write_payload(out);
        out.push('}');
    }

    fn write_payload(&self, out: &mut String) {
        if let Some(payload) = &self.payload {
            out.push_str(",\"payload\":");
            out.push_str(payload);
        }
    }
}

#[derive(Serialize)]
struct Head<'a> {
    api_version: &'static str,
    request_type: &'static str,
    tracer_time: i64,
    runtime_id: &'a str,
    seq_id: u64,
    debug: bool,
    application: &'a Application,
    host: &'a Host,
}

/// The type of a request with these messages.
pub(super) fn request_type(messages: &[Message]) -> &'static str {
    match messages {
        [only] => only.kind.name(),
        _ => BATCH,
    }
}

/// The body of a request: one message by itself, several as a batch. `now`: Unix time in seconds.
pub(super) fn body(messages: &[Message], facts: &Facts, seq_id: u64, now: i64) -> String {
    let head = Head {
        api_version: API_VERSION,
        request_type: request_type(messages),
        tracer_time: now,
        runtime_id: &facts.session.id,
        seq_id,
        debug: facts.debug,
        application: &facts.application,
        host: &facts.host,
    };
    let mut body = serde_json::to_string(&head).unwrap_or_default();
    // What follows stands in the same object.
    body.pop();
    match messages {
        [only] => only.write_payload(&mut body),
        several => {
            body.push_str(",\"payload\":[");
            for (index, message) in several.iter().enumerate() {
                if index > 0 {
                    body.push(',');
                }
                message.write(&mut body);
            }
            body.push(']');
        }
    }
    body.push('}');
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parsed(messages: &[Message]) -> Value {
        let mut facts = Facts::default();
        facts.application.service_name = "web \"1\"".to_owned();
        facts.session.id = "id".to_owned();
        serde_json::from_str(&body(messages, &facts, 3, 1_700_000_000)).unwrap()
    }

    #[test]
    fn one_message_goes_by_itself() {
        let message = parsed(&[Message::new(Kind::Configuration, &json!({"configuration": []}))]);
        assert_eq!(message["request_type"], "app-client-configuration-change");
        assert_eq!(message["payload"], json!({"configuration": []}));
        assert_eq!((&message["seq_id"], &message["tracer_time"]), (&json!(3), &json!(1_700_000_000)));
        assert_eq!((&message["api_version"], &message["runtime_id"]), (&json!("v2"), &json!("id")));
        assert_eq!(message["application"]["service_name"], "web \"1\"");
        assert!(message["application"].get("env").is_none(), "what is not known is left out");
    }

    #[test]
    fn what_has_no_payload_has_none() {
        assert!(parsed(&[Message::bare(Kind::Heartbeat)]).get("payload").is_none());
    }

    #[test]
    fn several_messages_are_a_batch() {
        let batch = parsed(&[Message::new(Kind::Configuration, &json!({"a": 1})), Message::bare(Kind::Closing)]);
        assert_eq!(batch["request_type"], "message-batch");
        let expected = json!([
            {"request_type": "app-client-configuration-change", "payload": {"a": 1}},
            {"request_type": "app-closing"},
        ]);
        assert_eq!(batch["payload"], expected);
    }
}
