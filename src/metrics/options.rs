//! How a client is made.

use super::line::{Frame, joined_tags};
use super::message::Cardinality;
use super::names::{clean_external_env, clean_namespace};
use crate::config::{DogstatsdAddress, Settings};
use crate::transport::Origin;
use std::time::Duration;

/// The most bytes that a datagram over UDP can carry.
const UDP_MOST: usize = 65_467;
/// What fits into one packet of a usual network.
const UDP_PAYLOAD: usize = 1432;
const UNIX_PAYLOAD: usize = 8192;
/// Below this, hardly any message has room.
const LEAST_PAYLOAD: usize = 256;
const UDP_QUEUE: usize = 2048;
const UNIX_QUEUE: usize = 512;
const MOST_QUEUE: usize = 65_536;
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// What is added up before it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// Nothing.
    Off,
    /// Counts, gauges and sets.
    #[default]
    Basic,
    /// The values of all other kinds are gathered in one message, too.
    Extended,
}

/// Where messages come from, for the agent to add tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginFields {
    /// `ci-<container id>` or `in-<inode>`; empty: not known.
    pub local: String,
    /// `DD_EXTERNAL_ENV`; may be empty.
    pub external: String,
}

/// How a client is made; kept, because a forked child makes its own from the same.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Where messages go.
    pub address: DogstatsdAddress,
    /// Whether nothing is sent.
    pub is_disabled: bool,
    /// In front of all names of metrics; may be empty.
    pub namespace: String,
    /// Tags of all messages.
    pub tags: Vec<String>,
    /// Where messages come from.
    pub origin: OriginFields,
    /// What messages ask for that do not say.
    pub cardinality: Option<Cardinality>,
    /// What is added up.
    pub aggregation: Aggregation,
    /// Bytes of a payload; 0: as the way there has it.
    pub max_payload: usize,
    /// Payloads that may wait; 0: as the way there has it.
    pub max_queue: usize,
    /// How often the client sends metrics about itself; `None`: never.
    pub report_every: Option<Duration>,
    /// The language of the binding, for these.
    pub language: String,
    /// Whether the host drives the client instead of a thread.
    pub is_host_driven: bool,
    /// Whether what is left is sent at normal exit.
    pub flush_at_exit: bool,
    /// Time limit for the end.
    pub shutdown_timeout: Duration,
}

/// How much a payload and the queue may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a payload of several messages.
    pub payload: usize,
    /// Bytes of a message that is alone in its payload.
    pub message: usize,
    /// Payloads that wait.
    pub queue: usize,
}

impl ClientOptions {
    /// What the settings say, with the tags that they stand for.
    pub fn of_settings(settings: &Settings) -> Self {
        let (identity, dogstatsd) = (&settings.identity, &settings.dogstatsd);
        let service = Some(&identity.service).filter(|_| identity.service_is_user_set);
        let entity_id = settings.agent.entity_id.as_ref();
        let tags = [
            ("dd.internal.entity_id", entity_id),
            ("env", identity.env.as_ref()),
            ("service", service),
            ("version", identity.version.as_ref()),
        ];
        let given = tags.iter().filter_map(|(key, value)| value.map(|value| format!("{key}:{value}")));
        ClientOptions {
            address: dogstatsd.address.clone(),
            is_disabled: dogstatsd.is_disabled,
            namespace: String::new(),
            tags: given.collect(),
            origin: origin_fields(settings),
            cardinality: dogstatsd.cardinality.and_then(Cardinality::parse),
            aggregation: Aggregation::default(),
            max_payload: 0,
            max_queue: 0,
            report_every: Some(REPORT_EVERY),
            language: settings.runtime.language.clone(),
            is_host_driven: settings.lifecycle.host_driven,
            flush_at_exit: settings.lifecycle.flush_at_exit,
            shutdown_timeout: settings.lifecycle.shutdown_timeout,
        }
    }

    /// The namespace as it stands in front of names.
    pub(super) fn clean_namespace(&self) -> String {
        clean_namespace(&self.namespace)
    }

    /// What all messages have in common.
    pub(super) fn frame(&self) -> Frame {
        let mut origin = Vec::new();
        for (label, text) in [(b"|c:", &self.origin.local), (b"|e:", &self.origin.external)] {
            if !text.is_empty() {
                origin.extend_from_slice(label);
                origin.extend_from_slice(text.as_bytes());
            }
        }
        Frame { tags: joined_tags(self.tags.iter().map(String::as_str)), origin, cardinality: self.cardinality }
    }

    /// How much payloads and queue hold.
    pub(super) fn limits(&self) -> Limits {
        let (payload, message, queue) = match self.address {
            DogstatsdAddress::Udp { .. } => (UDP_PAYLOAD, UDP_MOST, UDP_QUEUE),
            DogstatsdAddress::Unix { .. } => (UNIX_PAYLOAD, UNIX_PAYLOAD, UNIX_QUEUE),
        };
        let payload = if self.max_payload == 0 { payload } else { self.max_payload.clamp(LEAST_PAYLOAD, UDP_MOST) };
        let queue = if self.max_queue == 0 { queue } else { self.max_queue.min(MOST_QUEUE) };
        Limits { payload, message: message.max(payload), queue }
    }
}

/// The entity's id, which is a tag, stands for the container's.
fn origin_fields(settings: &Settings) -> OriginFields {
    if !settings.dogstatsd.origin_detection {
        return OriginFields::default();
    }
    let local = match settings.agent.entity_id {
        Some(_) => None,
        None => Origin::detect().entity_id,
    };
    let external = settings.agent.external_env.as_deref().map(clean_external_env);
    OriginFields { local: local.unwrap_or_default(), external: external.unwrap_or_default() }
}
