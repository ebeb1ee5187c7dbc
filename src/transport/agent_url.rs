//! The address of an agent.

use std::fmt;
use std::path::PathBuf;

/// Where an agent listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentUrl {
    /// Plain HTTP over TCP.
    Http {
        /// A name, an IPv4 address, or an IPv6 address with or without brackets.
        host: String,
        /// The TCP port.
        port: u16,
        /// What precedes the path of every request: empty, or beginning with a slash and not ending in one.
        base_path: String,
    },
    /// HTTP over TLS.
    Https {
        /// As for `Http`.
        host: String,
        /// The TCP port.
        port: u16,
        /// As for `Http`.
        base_path: String,
    },
    /// HTTP over a unix socket.
    Unix {
        /// The absolute path of the socket.
        path: PathBuf,
    },
}

impl fmt::Display for AgentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AgentUrl::Http { host, port, base_path } => write!(f, "http://{}:{port}{base_path}", bracketed(host)),
            AgentUrl::Https { host, port, base_path } => write!(f, "https://{}:{port}{base_path}", bracketed(host)),
            AgentUrl::Unix { path } => write!(f, "unix://{}", path.display()),
        }
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        return format!("[{host}]");
    }
    host.to_owned()
}
