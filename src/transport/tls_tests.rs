//! HTTPS against real TLS servers on loopback, with certificates made for each test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);
pub(super) const TRACES: Request<'static> = Request {
    method: "POST",
    path: "/traces",
    headers: &[],
    body: b"payload",
    timeout: LONG,
    response_limit: MAX_RESPONSE_BODY_BYTES,
};

/// An authority of its own, and its certificate in a file.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    pub(super) fn new() -> Authority {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Each has a name of its own, for issuers are looked up by their names.
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("authority {number}"));
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = std::env::temp_dir().join(format!("ddtrace-test-ca-{}-{number}.pem", std::process::id()));
        std::fs::write(&file, issuer.pem()).unwrap();
        Authority { issuer, file }
    }

    pub(super) fn trusted(&self) -> TransportOptions {
        let authorities = TrustedAuthorities { file: Some(self.file.clone()), directory: None };
        TransportOptions { connect_timeout: LONG, authorities, proxy: None }
    }

    fn server_config(&self, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }

    /// A server that answers every request with its number on the connection.
    pub(super) fn serve(&self, change: impl FnOnce(&mut CertificateParams)) -> Server {
        let config = self.server_config(change);
        Server::start(move |socket, heads| {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(session, socket));
            for number in 0.. {
                let (head, body) = read_request(&mut stream)?;
                heads.lock().unwrap().push(head);
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{number}", number.to_string().len());
                assert!(body.len() < 10_000_000);
                stream.get_mut().write_all(answer.as_bytes()).ok()?;
            }
            None
        })
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A server whose connections are handled by a function.
pub(super) struct Server {
    pub(super) port: u16,
    /// Heads of the requests that came.
    pub(super) heads: Arc<Mutex<Vec<String>>>,
    /// How many connections came.
    pub(super) connections: Arc<AtomicUsize>,
}

type Heads = Arc<Mutex<Vec<String>>>;

impl Server {
    pub(super) fn start(handle: impl Fn(TcpStream, &Heads) -> Option<()> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server { port, heads: Heads::default(), connections: Arc::default() };
        let (heads, connections) = (Arc::clone(&server.heads), Arc::clone(&server.connections));
        let handle = Arc::new(handle);
        thread::spawn(move || {
            for socket in listener.incoming() {
                connections.fetch_add(1, Ordering::Relaxed);
                let (handle, heads) = (Arc::clone(&handle), Arc::clone(&heads));
                thread::spawn(move || handle(socket.unwrap(), &heads));
            }
        });
        server
    }

    pub(super) fn https(&self, host: &str) -> AgentUrl {
        AgentUrl::Https { host: host.to_owned(), port: self.port, base_path: String::new() }
    }
}

/// Reads a request of HTTP/1.1; `None` at the end of the connection.
pub(super) fn read_request(stream: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let mut body = vec![0; length.map_or(0, |text| text.parse().unwrap())];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn refusal(url: &AgentUrl, options: &TransportOptions) -> String {
    let error = AgentTransport::with_options(url, options).unwrap().send(&TRACES).unwrap_err();
    let TransportError::Connect { address, cause } = error else { panic!("{error:?}") };
    assert_eq!(address, url.to_string());
    cause
}

#[test]
fn requests_go_over_tls_on_a_connection_that_is_kept() {
    let authority = Authority::new();
    let server = authority.serve(|_| {});
    for host in ["localhost", "127.0.0.1"] {
        let transport = AgentTransport::with_options(&server.https(host), &authority.trusted()).unwrap();
        for number in ["0", "1", "2"] {
            let response = transport.send(&TRACES).unwrap();
            assert_eq!((response.status, response.body.as_slice()), (200, number.as_bytes()));
        }
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
    assert!(server.heads.lock().unwrap()[0].contains(&format!("localhost:{}", server.port)));
}

#[test]
fn large_payloads_pass() {
    let authority = Authority::new();
    let server = authority.serve(|_| {});
    let transport = AgentTransport::with_options(&server.https("localhost"), &authority.trusted()).unwrap();
    let body: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    assert_eq!(transport.send(&Request { body: &body, ..TRACES }).unwrap().status, 200);
}

#[test]
fn a_certificate_of_a_stranger_is_refused() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = stranger.serve(|_| {});
    let cause = refusal(&server.https("localhost"), &authority.trusted());
    assert!(cause.contains("no trusted authority") && cause.contains("SSL_CERT_FILE"), "{cause}");
    assert!(server.heads.lock().unwrap().is_empty());
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let server = authority.serve(|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let cause = refusal(&server.https("localhost"), &authority.trusted());
    assert!(cause.contains("expired"), "{cause}");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let server = authority.serve(|params| *params = CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap());
    let cause = refusal(&server.https("localhost"), &authority.trusted());
    assert!(cause.contains("localhost") && cause.contains("elsewhere.example"), "{cause}");
}

#[test]
fn a_server_without_tls_is_told_from_others() {
    let authority = Authority::new();
    let server = Server::start(|mut socket, _| {
        let mut bytes = [0; 100];
        let _ = socket.read(&mut bytes);
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").ok()
    });
    let cause = refusal(&server.https("localhost"), &authority.trusted());
    assert!(cause.contains("is it an http:// server"), "{cause}");
}

#[test]
fn a_server_that_hangs_up_is_no_tls_server() {
    let authority = Authority::new();
    let server = Server::start(|mut socket, _| {
        let _ = socket.read(&mut [0; 4096]);
        None
    });
    let cause = refusal(&server.https("localhost"), &authority.trusted());
    assert!(cause.contains("handshake"), "{cause}");
}

/// Takes what comes and says nothing.
fn silent_server() -> Server {
    Server::start(|mut socket, _| {
        let mut bytes = [0; 4096];
        while socket.read(&mut bytes).ok()? > 0 {}
        None
    })
}

#[test]
fn a_silent_server_is_a_timeout() {
    let (authority, server) = (Authority::new(), silent_server());
    let url = server.https("localhost");
    let timed_out = |after| Err(TransportError::Timeout { address: url.to_string(), after });
    let transport = AgentTransport::with_options(&url, &authority.trusted()).unwrap();
    assert_eq!(transport.send(&Request { timeout: SHORT, ..TRACES }).map_err(without_time), timed_out(SHORT));
    let options = TransportOptions { connect_timeout: SHORT, ..authority.trusted() };
    let start = Instant::now();
    assert_eq!(AgentTransport::with_options(&url, &options).unwrap().send(&TRACES), timed_out(SHORT));
    assert!(start.elapsed() < LONG / 2);
}

/// The time for the connection is what is left of that for the request.
fn without_time(error: TransportError) -> TransportError {
    match error {
        TransportError::Timeout { address, after } if after <= SHORT => TransportError::Timeout { address, after: SHORT },
        other => other,
    }
}

#[test]
fn an_answer_that_stalls_is_a_timeout() {
    let authority = Authority::new();
    let config = authority.server_config(|_| {});
    let server = Server::start(move |socket, _| {
        let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket));
        read_request(&mut stream)?;
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nConte").ok()?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    });
    let transport = AgentTransport::with_options(&server.https("localhost"), &authority.trusted()).unwrap();
    let error = transport.send(&Request { timeout: SHORT, ..TRACES }).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { after: SHORT, .. }), "{error:?}");
}

#[test]
fn an_interrupt_breaks_the_handshake() {
    let (authority, server) = (Authority::new(), silent_server());
    let transport = Arc::new(AgentTransport::with_options(&server.https("localhost"), &authority.trusted()).unwrap());
    let blocked = thread::spawn({
        let transport = Arc::clone(&transport);
        move || transport.send(&TRACES)
    });
    while server.connections.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    let start = Instant::now();
    transport.interrupt();
    assert_eq!(blocked.join().unwrap(), Err(TransportError::Interrupted));
    assert!(start.elapsed() < LONG / 2);
}

#[test]
fn an_answer_to_a_payload_that_was_not_read_to_its_end_is_heard_over_tls() {
    let authority = Authority::new();
    let config = authority.server_config(|_| {});
    let server = Server::start(move |socket, _| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket);
        let _ = stream.read(&mut [0; 100]);
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
        // Stops reading without resetting the connection, so that the answer arrives.
        thread::sleep(SHORT);
        None
    });
    let transport = AgentTransport::with_options(&server.https("localhost"), &authority.trusted()).unwrap();
    let body = vec![7; 64 * 1024];
    assert_eq!(transport.send(&Request { body: &body, ..TRACES }).unwrap().status, 413);
}

#[test]
fn a_forked_child_neither_uses_nor_ends_the_session_of_its_parent() {
    let authority = Authority::new();
    let server = authority.serve(|_| {});
    let mut transport = Some(AgentTransport::with_options(&server.https("localhost"), &authority.trusted()).unwrap());
    let send = |transport: &Option<AgentTransport>| transport.as_ref().unwrap().send(&TRACES);
    send(&transport).unwrap();
    let refused = super::tests::fork(|| {
        let refused = matches!(send(&transport), Err(TransportError::Io { .. }));
        transport.as_ref().unwrap().interrupt();
        // The child's copy goes, and tells the server nothing.
        drop(transport.take());
        refused
    });
    assert!(refused, "the child used the transport of its parent");
    assert_eq!(send(&transport).unwrap().body, b"1");
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[test]
fn authorities_that_are_not_there_are_named() {
    let server = silent_server();
    let authorities = TrustedAuthorities { file: Some("/nonexistent/ca.pem".into()), directory: None };
    let cause = refusal(&server.https("localhost"), &TransportOptions { authorities, ..TransportOptions::default() });
    assert!(cause.contains("/nonexistent/ca.pem") && cause.contains("SSL_CERT_FILE"), "{cause}");
}

#[test]
fn a_host_that_no_certificate_can_name_is_refused() {
    let authority = Authority::new();
    let server = silent_server();
    let url = server.https("127.0.0.1");
    assert_eq!(url.to_string(), format!("https://127.0.0.1:{}", server.port));
    for host in ["-", "a..b", "under_score.-"] {
        let url = AgentUrl::Https { host: host.to_owned(), port: server.port, base_path: String::new() };
        let error = AgentTransport::with_options(&url, &authority.trusted()).unwrap().send(&TRACES).unwrap_err();
        assert!(matches!(error, TransportError::Connect { .. }), "{host}: {error:?}");
    }
}
