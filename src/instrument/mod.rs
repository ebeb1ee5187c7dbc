//! What integrations of all languages have in common.

mod client_ip;
mod dbm_comment;
mod finish_rules;
mod http_endpoint;
mod peer_service;
mod pin;
mod pointer_hash;
mod query_string;
mod stack;

pub use client_ip::client_ip;
pub use dbm_comment::DbmComment;
pub use finish_rules::FinishRules;
pub use http_endpoint::HttpEndpoint;
pub use peer_service::{Peer, PeerService};
pub use pin::{Pin, PinValue};
pub use pointer_hash::pointer_hash;
pub use query_string::QueryStrings;
pub use stack::limited_stack;
