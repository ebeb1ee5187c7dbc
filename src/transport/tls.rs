//! TLS over a connected socket, with the deadlines and the interruption of the socket below.
//!
//! The certificates of trusted authorities are read when a transport first connects, because reading all of a system's takes
//! milliseconds. Nobody but rustls checks certificates, and nothing switches that off.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection, RootCertStore};

use super::socket::Socket;
use super::{TrustedAuthorities, proxy};

/// The TLS side of one transport.
pub(super) struct TlsClient {
    authorities: TrustedAuthorities,
    config: OnceLock<Arc<ClientConfig>>,
}

impl TlsClient {
    pub(super) fn new(authorities: TrustedAuthorities) -> TlsClient {
        TlsClient { authorities, config: OnceLock::new() }
    }

    /// Shakes hands with the server of that name before the deadline.
    pub(super) fn connect(&self, host: &str, socket: &Arc<Socket>, deadline: Option<Instant>) -> io::Result<TlsStream> {
        let name = ServerName::try_from(proxy::without_zone(host).to_owned()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{host:?} is no name that a certificate can have"))
        })?;
        let session = ClientConnection::new(self.config()?, name).map_err(refusal)?;
        let mut stream = TlsStream { session, socket: Arc::clone(socket) };
        stream.shake_hands(deadline)?;
        Ok(stream)
    }

    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let roots = read_roots(&self.authorities)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(refusal)?;
        let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").field("authorities", &self.authorities).finish_non_exhaustive()
    }
}

fn read_roots(authorities: &TrustedAuthorities) -> io::Result<RootCertStore> {
    let TrustedAuthorities { file, directory } = authorities;
    let found = match (file, directory) {
        (None, None) => rustls_native_certs::load_native_certs(),
        _ => rustls_native_certs::load_certs_from_paths(file.as_deref(), directory.as_deref()),
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let place = [file, directory].into_iter().flatten().map(|path: &PathBuf| path.display().to_string()).collect::<Vec<_>>();
    let place = if place.is_empty() { "this system".to_owned() } else { place.join(" and ") };
    let cause = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
    Err(io::Error::other(format!(
        "no certificate of a trusted authority was found in {place}{cause}; install the system's CA certificates, or set SSL_CERT_FILE"
    )))
}

/// An encrypted connection.
#[derive(Debug)]
pub(super) struct TlsStream {
    session: ClientConnection,
    socket: Arc<Socket>,
}

impl TlsStream {
    fn shake_hands(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        while self.session.is_handshaking() {
            self.flush(deadline)?;
            if self.session.wants_read() && self.take_in(deadline)? == 0 {
                let text = "the server ended the connection during the TLS handshake";
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, text));
            }
        }
        self.flush(deadline)
    }

    /// Sends all of the bytes before the deadline, or fails with `TimedOut`.
    pub(super) fn send_all(&mut self, bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // It takes as much as its buffer has room for.
            let taken = self.session.writer().write(rest)?;
            rest = rest.get(taken..).unwrap_or_default();
            self.flush(deadline)?;
        }
        Ok(())
    }

    /// Receives what is there, waiting for it until the deadline; 0: the peer closed its side.
    pub(super) fn receive(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.take_in(deadline)?;
                }
                other => return other,
            }
        }
    }

    /// Whether the connection is open and nothing unasked-for has arrived, apart from what TLS says to itself, such as new tickets.
    pub(super) fn is_idle(&mut self) -> bool {
        /// A server that sends more such messages than this between two requests gets a new connection.
        const MOST_MESSAGES: usize = 8;
        for _ in 0..MOST_MESSAGES {
            if self.socket.is_idle() {
                return matches!(self.session.reader().read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
            }
            // Something is there: this does not wait.
            match self.take_in(Some(Instant::now())) {
                Ok(amount) if amount > 0 => {}
                _ => return false,
            }
        }
        false
    }

    /// Takes in what the peer sent, waiting for it; 0: the peer closed its side.
    fn take_in(&mut self, deadline: Option<Instant>) -> io::Result<usize> {
        let amount = self.session.read_tls(&mut UntilDeadline { socket: &self.socket, deadline })?;
        if let Err(error) = self.session.process_new_packets() {
            // The peer is told why. That the connection is of no use any more is known already.
            let _ = self.flush(deadline);
            return Err(refusal(error));
        }
        Ok(amount)
    }

    fn flush(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut UntilDeadline { socket: &self.socket, deadline })?;
        }
        Ok(())
    }
}

/// The socket as rustls reads and writes it.
struct UntilDeadline<'a> {
    socket: &'a Socket,
    deadline: Option<Instant>,
}

impl Read for UntilDeadline<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.receive(buffer, self.deadline)
    }
}

impl Write for UntilDeadline<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.send_all(bytes, self.deadline)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What went wrong in words that name the likely reason.
fn refusal(error: rustls::Error) -> io::Error {
    let text = match &error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "no trusted authority vouches for the server's certificate; set SSL_CERT_FILE if its authority is one of your own"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(cause) => format!("the server's certificate is not valid: {cause}"),
        rustls::Error::InvalidMessage(_) => {
            format!("what the server sent is not TLS ({error}); is it an http:// server, or another port?")
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a certificate of the client, which is not supported".to_owned()
        }
        other => format!("TLS failed: {other}"),
    };
    io::Error::new(io::ErrorKind::InvalidData, text)
}
