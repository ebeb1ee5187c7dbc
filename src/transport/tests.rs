//! The agent transport against real sockets.

use std::borrow::Cow;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::test_server::{Act, TestServer, answer, socket_path, socket_url};
use super::*;
use crate::config::AgentUrl;

/// Generous: no test waits for it unless it fails.
const LONG: Duration = Duration::from_secs(60);
/// For tests that wait for a timeout.
const SHORT: Duration = Duration::from_millis(100);

const TRACES: Request<'static> = Request {
    method: "POST",
    path: "/v0.4/traces",
    headers: &[],
    body: b"payload",
    timeout: LONG,
    response_limit: MAX_RESPONSE_BODY_BYTES,
};

fn connect(url: &AgentUrl) -> AgentTransport {
    AgentTransport::new(url, LONG).unwrap()
}

fn header(name: &'static str, value: &'static str) -> (Cow<'static, str>, Cow<'static, str>) {
    (Cow::Borrowed(name), Cow::Borrowed(value))
}

fn both_kinds(acts: &[Act]) -> [TestServer; 2] {
    [TestServer::tcp(acts.to_vec()), TestServer::unix(acts.to_vec())]
}

#[test]
fn a_request_arrives_as_written_and_its_response_comes_back() {
    let raw = b"HTTP/1.1 200 OK\r\nDatadog-Agent-State: abc\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    for server in both_kinds(&[Act::Answer(raw)]) {
        let headers = [header("Datadog-Meta-Lang", "cpp"), header("X-Datadog-Trace-Count", "1")];
        let response = connect(&server.url).send(&Request { headers: &headers, ..TRACES }).unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, b"{}".as_slice()));
        assert_eq!(response.header("datadog-agent-state"), Some("abc"));
        assert_eq!(response.header("x-twice"), Some("1"));
        assert_eq!(response.header("x-absent"), None);
        let [received] = &server.received()[..] else { panic!("one request was sent") };
        assert!(received.head.starts_with("POST /v0.4/traces HTTP/1.1\r\n"), "{}", received.head);
        for line in ["datadog-meta-lang: cpp", "x-datadog-trace-count: 1", "content-length: 7"] {
            assert!(received.has_line(line), "{line} in {}", received.head);
        }
        assert!(!received.head.to_ascii_lowercase().contains("transfer-encoding"));
        assert!(!received.head.to_ascii_lowercase().contains("accept"));
        assert_eq!(received.body, b"payload");
    }
}

#[test]
fn the_host_header_is_that_of_the_url_and_localhost_over_unix_sockets() {
    let [tcp, unix] = both_kinds(&[answer("200 OK", "")]);
    connect(&tcp.url).send(&TRACES).unwrap();
    connect(&unix.url).send(&TRACES).unwrap();
    let authority = tcp.url.to_string().replace("http://", "");
    assert!(tcp.received()[0].has_line(&format!("host: {authority}")));
    assert!(unix.received()[0].has_line("host: localhost"));
}

#[test]
fn an_ipv6_address_is_reached_with_and_without_brackets() {
    let Some(server) = TestServer::tcp6(vec![answer("200 OK", "")]) else { return };
    let AgentUrl::Http { port, .. } = server.url else { unreachable!() };
    for host in ["::1", "[::1]"] {
        let url = AgentUrl::Http { host: host.to_owned(), port, base_path: String::new() };
        assert_eq!(connect(&url).send(&TRACES).unwrap().status, 200);
    }
    let hosts = server.received().into_iter().filter(|request| request.has_line(&format!("host: [::1]:{port}")));
    assert_eq!(hosts.count(), 2);
}

#[test]
fn the_zone_of_an_ipv6_address_stays_here() {
    let url = AgentUrl::parse("http://[fe80::1%lo]:8126").unwrap();
    assert!(AgentTransport::new(&url, LONG).is_ok());
}

#[test]
fn a_base_path_precedes_the_path() {
    let server = TestServer::tcp(vec![answer("200 OK", "")]);
    let AgentUrl::Http { host, port, .. } = &server.url else { unreachable!() };
    let url = AgentUrl::Http { host: host.clone(), port: *port, base_path: "/agent".to_owned() };
    connect(&url).send(&TRACES).unwrap();
    assert!(server.received()[0].head.starts_with("POST /agent/v0.4/traces HTTP/1.1\r\n"));
}

#[test]
fn requests_share_one_connection() {
    for server in both_kinds(&[answer("200 OK", "{}"), answer("503 Busy", "later"), answer("200 OK", "")]) {
        let transport = connect(&server.url);
        let statuses = [(); 4].map(|()| transport.send(&TRACES).unwrap().status);
        assert_eq!(statuses, [200, 503, 200, 200]);
        assert!(server.received().iter().all(|request| request.connection == 0));
    }
}

#[test]
fn a_connection_that_the_agent_closed_is_replaced() {
    let closing = Act::AnswerAndClose(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec());
    for server in both_kinds(&[closing]) {
        let transport = connect(&server.url);
        assert_eq!(transport.send(&TRACES).unwrap().status, 200);
        assert_eq!(transport.send(&TRACES).unwrap().status, 200);
        let connections: Vec<usize> = server.received().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [0, 1]);
    }
}

#[test]
fn every_status_is_a_response_and_redirects_are_not_followed() {
    let statuses = [301, 400, 404, 408, 413, 415, 429, 500, 503];
    let acts = statuses.map(|status| {
        let head = format!("HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno");
        Act::Answer(head.into_bytes())
    });
    let server = TestServer::tcp(acts.to_vec());
    let transport = connect(&server.url);
    let seen = statuses.map(|_| transport.send(&TRACES).unwrap().status);
    assert_eq!(seen, statuses);
}

#[test]
fn an_empty_post_has_a_length_and_a_get_has_no_body() {
    let server = TestServer::tcp(vec![answer("200 OK", "{}")]);
    let transport = connect(&server.url);
    transport.send(&Request { body: b"", ..TRACES }).unwrap();
    transport.send(&Request { method: "GET", path: "/info", body: b"", ..TRACES }).unwrap();
    let [post, get] = &server.received()[..] else { panic!("two requests were sent") };
    assert!(post.has_line("content-length: 0"));
    assert!(get.head.starts_with("GET /info HTTP/1.1\r\n"));
    assert!(!get.head.to_ascii_lowercase().contains("transfer-encoding"));
}

#[test]
fn a_chunked_response_is_put_together() {
    let raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n".to_vec();
    for server in both_kinds(&[Act::Answer(raw)]) {
        let transport = connect(&server.url);
        for _ in 0..2 {
            assert_eq!(transport.send(&TRACES).unwrap().body, b"{\"a\":1}");
        }
        assert_eq!(server.received()[1].connection, 0);
    }
}

#[test]
fn a_large_payload_arrives_whole() {
    let payload: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    for server in both_kinds(&[answer("200 OK", "")]) {
        connect(&server.url).send(&Request { body: &payload, ..TRACES }).unwrap();
        assert!(server.received()[0].body == payload);
    }
}

#[test]
fn a_huge_response_is_cut_at_the_limit() {
    let body = "x".repeat(4 * 1024 * 1024);
    for server in both_kinds(&[answer("200 OK", &body), answer("200 OK", "")]) {
        let transport = connect(&server.url);
        let response = transport.send(&TRACES).unwrap();
        assert_eq!(response.body.len(), MAX_RESPONSE_BODY_BYTES);
        assert_eq!(transport.send(&TRACES).unwrap().body, b"");
    }
}

#[test]
fn an_answer_to_a_payload_that_was_not_read_to_its_end_is_heard() {
    let refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec();
    let payload = vec![7; 8 * 1024 * 1024];
    for server in both_kinds(&[Act::RefuseUnread(refusal)]) {
        let response = connect(&server.url).send(&Request { body: &payload, ..TRACES }).unwrap();
        assert_eq!(response.status, 413);
    }
}

#[test]
fn nobody_listening_is_a_connect_error_that_names_the_address() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let tcp = AgentUrl::Http { host: "localhost".to_owned(), port, base_path: String::new() };
    let unix = socket_url(&socket_path());
    for url in [tcp, unix] {
        let error = connect(&url).send(&TRACES).unwrap_err();
        let TransportError::Connect { address, cause } = &error else { panic!("{error:?}") };
        assert_eq!(*address, url.to_string());
        assert!(!cause.is_empty());
        assert!(error.to_string().contains(&url.to_string()), "{error}");
    }
}

#[test]
fn an_unknown_host_is_a_connect_error() {
    let url = AgentUrl::Http { host: "agent.invalid".to_owned(), port: 8126, base_path: String::new() };
    let error = connect(&url).send(&TRACES).unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
}

#[test]
fn a_socket_path_that_is_too_long_is_a_connect_error() {
    let url = AgentUrl::unix(&format!("/{}", "a".repeat(300)));
    let error = connect(&url).send(&TRACES).unwrap_err();
    assert!(error.to_string().contains("301 bytes"), "{error}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn https_is_refused_with_the_reason() {
    let url = AgentUrl::Https { host: "agent".to_owned(), port: 8126, base_path: String::new() };
    let error = AgentTransport::new(&url, LONG).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("https://agent:8126") && text.contains("no TLS"), "{text}");
}

#[test]
fn a_host_that_cannot_stand_in_a_url_is_refused() {
    for host in ["", "a b", "user@agent", "agent/path", "agent?query", "agent#fragment", "a\nb", "ägent"] {
        let url = AgentUrl::Http { host: host.to_owned(), port: 8126, base_path: String::new() };
        assert!(matches!(AgentTransport::new(&url, LONG), Err(TransportError::Connect { .. })), "{host:?}");
    }
}

#[test]
fn a_path_that_cannot_stand_in_a_url_is_a_protocol_error() {
    let server = TestServer::tcp(vec![answer("200 OK", "")]);
    let transport = connect(&server.url);
    for path in ["", "info", "@elsewhere/", "/a b", "/a\r\nX: 1"] {
        let error = transport.send(&Request { path, ..TRACES }).unwrap_err();
        assert!(matches!(error, TransportError::Protocol { .. }), "{path:?}: {error:?}");
    }
    assert!(server.received().is_empty());
}

#[test]
fn the_longest_and_shortest_timeouts_are_taken_as_what_they_mean() {
    for server in both_kinds(&[answer("200 OK", "")]) {
        let transport = AgentTransport::new(&server.url, Duration::MAX).unwrap();
        assert_eq!(transport.send(&Request { timeout: Duration::MAX, ..TRACES }).unwrap().status, 200);
        let error = transport.send(&Request { timeout: Duration::ZERO, ..TRACES }).unwrap_err();
        assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    }
}

#[test]
fn an_agent_that_stalls_is_a_timeout_before_and_within_the_headers() {
    let halves = ["", "HTTP/1.1 200 OK\r\nContent-Le"];
    for half in halves {
        for server in both_kinds(&[Act::Stall(half.as_bytes().to_vec())]) {
            let error = connect(&server.url).send(&Request { timeout: SHORT, ..TRACES }).unwrap_err();
            assert_eq!(error, TransportError::Timeout { address: server.url.to_string(), after: SHORT });
        }
    }
}

#[test]
fn an_agent_that_does_not_read_is_a_timeout() {
    let payload = vec![7; 32 * 1024 * 1024];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = AgentUrl::Http { host: "127.0.0.1".to_owned(), port, base_path: String::new() };
    let error = connect(&url).send(&Request { body: &payload, timeout: SHORT, ..TRACES }).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
}

/// A listener that accepts nothing and whose backlog is full, with the connections that fill it.
fn full_unix_listener() -> (AgentUrl, UnixListener, Vec<AgentTransport>) {
    let path = socket_path();
    let listener = UnixListener::bind(&path).unwrap();
    // SAFETY: the descriptor is that of the live listener.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let url = socket_url(&path);
    let fillers: Vec<AgentTransport> = (0..4).map(|_| connect(&url)).collect();
    (url, listener, fillers)
}

#[test]
fn a_full_backlog_is_a_timeout_of_the_connect() {
    let (url, _listener, fillers) = full_unix_listener();
    thread::scope(|scope| {
        for filler in &fillers {
            scope.spawn(|| filler.send(&TRACES));
        }
        let transport = AgentTransport::new(&url, SHORT).unwrap();
        // The first attempts may still find room, and then wait for a response.
        let timed_out = |after| TransportError::Timeout { address: url.to_string(), after };
        while transport.send(&Request { timeout: SHORT * 2, ..TRACES }) != Err(timed_out(SHORT)) {}
        for filler in &fillers {
            filler.interrupt();
        }
    });
    let AgentUrl::Unix { path } = url else { unreachable!() };
    std::fs::remove_file(path).unwrap();
}

#[test]
fn an_agent_that_closes_early_is_an_io_error() {
    let halves = ["", "HTTP/1.1 200 OK\r\nContent-Le"];
    for half in halves {
        for server in both_kinds(&[Act::AnswerAndClose(half.as_bytes().to_vec())]) {
            let error = connect(&server.url).send(&TRACES).unwrap_err();
            assert!(matches!(error, TransportError::Io { .. }), "{half:?}: {error:?}");
        }
    }
}

#[test]
fn garbage_is_a_protocol_error() {
    let endless_header = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(200_000));
    let cases = ["SSH-2.0-OpenSSH_9.9\r\n\r\n", &endless_header];
    for garbage in cases {
        for server in both_kinds(&[Act::AnswerAndClose(garbage.as_bytes().to_vec())]) {
            let error = connect(&server.url).send(&TRACES).unwrap_err();
            assert!(matches!(error, TransportError::Protocol { .. }), "{error:?} for {:.40}", garbage);
        }
    }
}

#[test]
fn a_body_that_does_not_come_whole_takes_nothing_from_the_status() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec();
    let no_chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n".to_vec();
    for act in [Act::Stall(half.clone()), Act::AnswerAndClose(half), Act::AnswerAndClose(no_chunk)] {
        for server in both_kinds(std::slice::from_ref(&act)) {
            let response = connect(&server.url).send(&Request { timeout: SHORT, ..TRACES }).unwrap();
            assert!(response.status == 200 && b"half".starts_with(&response.body), "{response:?}");
        }
    }
}

#[test]
fn headers_that_cannot_be_sent_are_left_out() {
    let server = TestServer::tcp(vec![answer("200 OK", "")]);
    let headers = [
        header("X-Bad-Value", "a\r\nX-Smuggled: 1"),
        header("X Bad Name", "1"),
        header("Content-Length", "3"),
        header("Host", "elsewhere"),
        header("X-Text", "naïve"),
        header("X-Good", "1"),
    ];
    connect(&server.url).send(&Request { headers: &headers, ..TRACES }).unwrap();
    let received = &server.received()[0];
    assert!(received.has_line("x-good: 1") && received.has_line("x-text: naïve") && received.has_line("content-length: 7"));
    for absent in ["smuggled", "bad", "elsewhere"] {
        assert!(!received.head.to_ascii_lowercase().contains(absent), "{}", received.head);
    }
}

#[test]
fn an_interrupt_breaks_a_stalled_call_and_all_later_ones() {
    for server in both_kinds(&[Act::Stall(Vec::new())]) {
        let transport = Arc::new(connect(&server.url));
        let blocked = thread::spawn({
            let transport = Arc::clone(&transport);
            move || transport.send(&TRACES)
        });
        server.wait_for_requests(1);
        let start = Instant::now();
        transport.interrupt();
        assert_eq!(blocked.join().unwrap(), Err(TransportError::Interrupted));
        assert!(start.elapsed() < LONG / 2);
        assert_eq!(transport.send(&TRACES), Err(TransportError::Interrupted));
        transport.interrupt();
    }
}

#[test]
fn an_interrupt_breaks_a_call_that_cannot_connect() {
    let (url, _listener, fillers) = full_unix_listener();
    thread::scope(|scope| {
        let calls: Vec<_> = fillers.iter().map(|filler| scope.spawn(|| filler.send(&TRACES))).collect();
        for filler in &fillers {
            filler.interrupt();
        }
        for call in calls {
            assert_eq!(call.join().unwrap(), Err(TransportError::Interrupted));
        }
    });
    let AgentUrl::Unix { path } = url else { unreachable!() };
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_forked_child_neither_uses_nor_ends_the_connections_of_its_parent() {
    for server in both_kinds(&[answer("200 OK", "")]) {
        let transport = connect(&server.url);
        transport.send(&TRACES).unwrap();
        let child = fork(|| {
            let refused = matches!(transport.send(&TRACES), Err(TransportError::Io { .. }));
            transport.interrupt();
            refused
        });
        assert!(child, "the child used the transport of its parent");
        assert_eq!(transport.send(&TRACES).unwrap().status, 200);
        let connections: Vec<usize> = server.received().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [0, 0]);
        std::mem::forget(transport);
    }
}

/// Runs the check in a forked child and returns what it found.
pub(super) fn fork(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child touches only what the check touches, which takes no lock that another thread could hold but that of
    // the allocator, which the C library resets; it leaves with _exit.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0);
        if child == 0 {
            libc::_exit(if check() { 0 } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
    }
}

#[test]
fn descriptors_do_not_leak_into_programs_that_the_host_starts() {
    let server = TestServer::tcp(vec![answer("200 OK", "")]);
    let transport = connect(&server.url);
    transport.send(&TRACES).unwrap();
    let AgentUrl::Http { port, .. } = server.url else { unreachable!() };
    let mut found = 0;
    for entry in std::fs::read_dir("/proc/self/fd").unwrap() {
        let Ok(descriptor) = entry.unwrap().file_name().to_str().unwrap().parse::<i32>() else { continue };
        if peer_port(descriptor) == Some(port) {
            found += 1;
            // SAFETY: the call takes no pointer; a closed descriptor only makes it fail.
            assert_ne!(unsafe { libc::fcntl(descriptor, libc::F_GETFD) } & libc::FD_CLOEXEC, 0);
        }
    }
    assert_eq!(found, 1, "the kept connection was looked at");
}

/// The port at the other end of an IPv4 connection.
fn peer_port(descriptor: i32) -> Option<u16> {
    let mut address = std::mem::MaybeUninit::<libc::sockaddr_in>::zeroed();
    let mut length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    // SAFETY: the pointers are to a zeroed struct and its length; other kinds of addresses are cut to it.
    let address = unsafe {
        if libc::getpeername(descriptor, address.as_mut_ptr().cast(), &mut length) != 0 {
            return None;
        }
        address.assume_init()
    };
    (i32::from(address.sin_family) == libc::AF_INET).then(|| u16::from_be(address.sin_port))
}

#[test]
fn calls_from_several_threads_do_not_mix() {
    let server = TestServer::tcp(vec![answer("200 OK", "")]);
    let transport = connect(&server.url);
    thread::scope(|scope| {
        for byte in 0..8_u8 {
            let transport = &transport;
            scope.spawn(move || {
                for _ in 0..20 {
                    let body = vec![byte; 10_000];
                    assert_eq!(transport.send(&Request { body: &body, ..TRACES }).unwrap().status, 200);
                }
            });
        }
    });
    let received = server.received();
    assert_eq!(received.len(), 160);
    assert!(received.iter().all(|request| request.body.iter().all(|byte| *byte == request.body[0])));
}
