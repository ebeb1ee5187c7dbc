//! Why no response came.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why a request got no response. Every text names the address, for it ends up in a log line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// No connection came about.
    Connect {
        /// Where to.
        address: String,
        /// What stood in the way.
        cause: String,
    },
    /// The response was not complete within the timeout of the request, or the connection not within its own.
    Timeout {
        /// Where to.
        address: String,
        /// The time that ran out.
        after: Duration,
    },
    /// [`Transport::interrupt`](super::Transport::interrupt) was called.
    Interrupted,
    /// The request cannot be written as HTTP, or what came back is not HTTP.
    Protocol {
        /// Where to.
        address: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The connection broke.
    Io {
        /// Where to.
        address: String,
        /// How it broke.
        cause: String,
    },
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransportError::Connect { address, cause } => write!(f, "cannot connect to {address}: {cause}"),
            TransportError::Timeout { address, after } => write!(f, "no complete response from {address} within {after:?}"),
            TransportError::Interrupted => write!(f, "interrupted by shutdown"),
            TransportError::Protocol { address, cause } => write!(f, "no valid HTTP exchange with {address}: {cause}"),
            TransportError::Io { address, cause } => write!(f, "the connection to {address} broke: {cause}"),
        }
    }
}

impl Error for TransportError {}
