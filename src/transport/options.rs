//! How a server is reached, apart from its URL.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::ProxyUrl;

/// How a server is reached.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// Longest time for a connection, with the lookup of the host, the tunnel through a proxy and the TLS handshake.
    pub connect_timeout: Duration,
    /// The proxy on the way, which is not used for unix sockets.
    pub proxy: Option<ProxyUrl>,
    /// Who vouches for servers.
    pub authorities: TrustedAuthorities,
}

impl Default for TransportOptions {
    fn default() -> Self {
        TransportOptions { connect_timeout: Duration::from_secs(2), proxy: None, authorities: TrustedAuthorities::default() }
    }
}

/// Whose certificates of servers are trusted: those that the system trusts, unless a file or a directory is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedAuthorities {
    /// A file with certificates in PEM form.
    pub file: Option<PathBuf>,
    /// A directory of such files, as `openssl rehash` makes it.
    pub directory: Option<PathBuf>,
}
