//! Requests through a small proxy on loopback.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::test_server::{TestServer, answer};
use super::*;
use crate::config::ProxyUrl;

const LONG: Duration = Duration::from_secs(60);
const TRACES: Request<'static> = Request {
    method: "POST",
    path: "/traces",
    headers: &[],
    body: b"payload",
    timeout: LONG,
    response_limit: MAX_RESPONSE_BODY_BYTES,
};

/// A proxy that notes the heads of requests, wants credentials if told so, and sends everything to one port of this machine.
struct TestProxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    fn start(target_port: u16, wants_credentials: bool) -> TestProxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = TestProxy { port: listener.local_addr().unwrap().port(), heads: Arc::default() };
        let heads = Arc::clone(&proxy.heads);
        thread::spawn(move || {
            for client in listener.incoming() {
                let heads = Arc::clone(&heads);
                thread::spawn(move || converse(client.unwrap(), target_port, wants_credentials, &heads));
            }
        });
        proxy
    }

    fn url(&self, user_info: &str) -> ProxyUrl {
        ProxyUrl::parse(&format!("http://{user_info}127.0.0.1:{}", self.port)).unwrap()
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn converse(mut client: TcpStream, target_port: u16, wants_credentials: bool, heads: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        heads.lock().unwrap().push(head.clone());
        // user:p@ss
        if wants_credentials && !head.to_ascii_lowercase().contains("proxy-authorization: basic dxnlcjpwqhnz\r\n") {
            client.write_all(b"HTTP/1.1 407 Authentication Required\r\nContent-Length: 0\r\n\r\n").ok()?;
            continue;
        }
        let mut target = TcpStream::connect((Ipv4Addr::LOCALHOST, target_port)).ok()?;
        if head.starts_with("CONNECT ") {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
            let (mut from, mut to) = (target.try_clone().ok()?, client.try_clone().ok()?);
            thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::io::copy(&mut reader, &mut target).ok()?;
            return None;
        }
        // The request as it came, with the body, to the target; the answer back.
        target.write_all(head.as_bytes()).ok()?;
        let mut body = [0; 7];
        reader.read_exact(&mut body).ok()?;
        target.write_all(&body).ok()?;
        let mut bytes = [0; 1000];
        let amount = target.read(&mut bytes).ok()?;
        client.write_all(&bytes[..amount]).ok()?;
    }
}

fn through(proxy: ProxyUrl, url: &AgentUrl) -> AgentTransport {
    let options = TransportOptions { connect_timeout: LONG, proxy: Some(proxy), ..TransportOptions::default() };
    AgentTransport::with_options(url, &options).unwrap()
}

fn port_of(url: &AgentUrl) -> u16 {
    let AgentUrl::Http { port, .. } = url else { panic!("{url}") };
    *port
}

#[test]
fn a_proxy_gets_plain_requests_with_the_whole_url() {
    let server = TestServer::tcp(vec![answer("200 OK", "{}")]);
    let proxy = TestProxy::start(port_of(&server.url), true);
    // The proxy alone knows this name.
    let url = AgentUrl::Http { host: "collector.invalid".to_owned(), port: 4318, base_path: "/base".to_owned() };
    let transport = through(proxy.url("user:p%40ss@"), &url);
    let headers = [(Cow::Borrowed("X-Kept"), Cow::Borrowed("POST / HTTP"))];
    for _ in 0..2 {
        let response = transport.send(&Request { headers: &headers, ..TRACES }).unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, b"{}".as_slice()));
    }
    let received = server.received();
    assert_eq!(received.len(), 2);
    for request in &received {
        assert!(request.head.starts_with("POST http://collector.invalid:4318/base/traces HTTP/1.1\r\n"), "{}", request.head);
        assert!(request.has_line("host: collector.invalid:4318") && request.has_line("x-kept: POST / HTTP"), "{}", request.head);
        assert_eq!(request.body, b"payload");
    }
}

#[test]
fn large_payloads_are_not_touched_by_the_absolute_form() {
    let server = TestServer::tcp(vec![answer("200 OK", "")]);
    let body: Vec<u8> = (0..1_000_000_u32).map(|number| if number % 7 == 0 { b' ' } else { (number % 251) as u8 }).collect();
    // The server takes the place of the proxy.
    let proxy = ProxyUrl::parse(&format!("127.0.0.1:{}", port_of(&server.url))).unwrap();
    let transport = through(proxy, &AgentUrl::http("collector.invalid", 80));
    for _ in 0..2 {
        assert_eq!(transport.send(&Request { body: &body, ..TRACES }).unwrap().status, 200);
    }
    let received = server.received();
    assert!(
        received
            .iter()
            .all(|request| request.body == body && request.head.starts_with("POST http://collector.invalid:80/traces "))
    );
    assert_eq!(received.iter().map(|request| request.connection).collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn unix_sockets_are_never_reached_through_a_proxy() {
    let server = TestServer::unix(vec![answer("200 OK", "")]);
    let proxy = TestProxy::start(1, false);
    assert_eq!(through(proxy.url(""), &server.url).send(&TRACES).unwrap().status, 200);
    assert!(proxy.heads().is_empty());
}

#[test]
fn a_proxy_that_is_not_there_is_named_without_its_password() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let proxy = ProxyUrl::parse(&format!("http://user:hunter2@127.0.0.1:{port}")).unwrap();
    let error = through(proxy, &AgentUrl::http("collector.invalid", 80)).send(&TRACES).unwrap_err().to_string();
    assert!(
        error.contains("http://collector.invalid through the proxy http://127.0.0.1:") && !error.contains("hunter2"),
        "{error}"
    );
}

#[cfg(feature = "tls")]
mod tunnels {
    use super::*;
    use crate::transport::tls_tests::Authority;

    #[test]
    fn tls_goes_through_a_tunnel_of_the_proxy() {
        let authority = Authority::new();
        let server = authority.serve(|_| {});
        let proxy = TestProxy::start(server.port, true);
        // The certificate is that of localhost: the name is checked at the end of the tunnel.
        let options = TransportOptions { proxy: Some(proxy.url("user:p%40ss@")), ..authority.trusted() };
        let transport = AgentTransport::with_options(&server.https("localhost"), &options).unwrap();
        for number in [b"0", b"1"] {
            assert_eq!(transport.send(&TRACES).unwrap().body, number);
        }
        let [head] = &proxy.heads()[..] else { panic!("one tunnel") };
        assert!(head.starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\nHost: localhost:", server.port)), "{head}");
        assert!(!server.heads.lock().unwrap()[0].to_ascii_lowercase().contains("proxy-authorization"));
    }

    #[test]
    fn a_proxy_that_wants_credentials_says_so() {
        let authority = Authority::new();
        let proxy = TestProxy::start(1, true);
        let options = TransportOptions { proxy: Some(proxy.url("user:hunter2@")), ..authority.trusted() };
        let url = AgentUrl::Https { host: "intake.invalid".to_owned(), port: 443, base_path: String::new() };
        let error = AgentTransport::with_options(&url, &options).unwrap().send(&TRACES).unwrap_err().to_string();
        assert!(error.contains("407") && error.contains("https://intake.invalid") && !error.contains("hunter2"), "{error}");
    }
}
