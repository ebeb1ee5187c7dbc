//! A real HTTP server on a loopback or unix socket that answers as a test tells it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::config::AgentUrl;

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) connection: usize,
    /// Request line and headers.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn has_line(&self, line: &str) -> bool {
        self.head.lines().any(|candidate| candidate.eq_ignore_ascii_case(line))
    }
}

/// What a connection does when a request has come, or its head only.
#[derive(Clone)]
pub(super) enum Act {
    /// Writes these bytes and waits for the next request.
    Answer(Vec<u8>),
    /// Writes these bytes and closes.
    AnswerAndClose(Vec<u8>),
    /// Writes these bytes as soon as the head has come, and closes without reading the body.
    RefuseUnread(Vec<u8>),
    /// Writes these bytes, then nothing more until the client goes.
    Stall(Vec<u8>),
}

pub(super) fn answer(status: &str, body: &str) -> Act {
    Act::Answer(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

pub(super) struct TestServer {
    pub(super) url: AgentUrl,
    received: Arc<Mutex<Vec<Received>>>,
    socket_file: Option<PathBuf>,
}

impl TestServer {
    /// Answers the n-th request with the n-th act, and all later ones with the last.
    pub(super) fn tcp(acts: Vec<Act>) -> TestServer {
        Self::listen(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), "127.0.0.1", acts)
    }

    /// `None` where there is no IPv6.
    pub(super) fn tcp6(acts: Vec<Act>) -> Option<TestServer> {
        Some(Self::listen(TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok()?, "::1", acts))
    }

    fn listen(listener: TcpListener, host: &str, acts: Vec<Act>) -> TestServer {
        let port = listener.local_addr().unwrap().port();
        let url = AgentUrl::Http { host: host.to_owned(), port, base_path: String::new() };
        let received = serve(move || listener.accept().unwrap().0, |stream| stream.try_clone().unwrap(), acts);
        TestServer { url, received, socket_file: None }
    }

    pub(super) fn unix(acts: Vec<Act>) -> TestServer {
        let path = socket_path();
        let listener = UnixListener::bind(&path).unwrap();
        let received = serve(move || listener.accept().unwrap().0, |stream| stream.try_clone().unwrap(), acts);
        TestServer { url: socket_url(&path), received, socket_file: Some(path) }
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(super) fn wait_for_requests(&self, count: usize) {
        while self.received().len() < count {
            thread::yield_now();
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(path) = &self.socket_file {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A path of its own in the directory for temporary files.
pub(super) fn socket_path() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("ddtrace-test-{}-{number}.socket", std::process::id()))
}

pub(super) fn socket_url(path: &Path) -> AgentUrl {
    AgentUrl::unix(path.to_str().unwrap())
}

fn serve<S: Read + Write + Send + 'static>(
    accept: impl Fn() -> S + Send + 'static,
    clone: impl Fn(&S) -> S + Send + 'static,
    acts: Vec<Act>,
) -> Arc<Mutex<Vec<Received>>> {
    let received = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&received);
    let acts = Arc::new(acts);
    thread::spawn(move || {
        for connection in 0.. {
            let stream = accept();
            let reader = BufReader::new(clone(&stream));
            let (log, acts) = (Arc::clone(&log), Arc::clone(&acts));
            thread::spawn(move || converse(connection, reader, stream, &acts, &log));
        }
    });
    received
}

/// Serves one connection until it ends; nobody minds how.
fn converse<S: Read + Write>(
    connection: usize,
    mut reader: BufReader<S>,
    mut writer: S,
    acts: &[Act],
    log: &Mutex<Vec<Received>>,
) -> Option<()> {
    loop {
        let head = read_head(&mut reader)?;
        let number = log.lock().unwrap().len();
        let act = acts.get(number).or(acts.last())?.clone();
        let mut body = vec![0; content_length(&head)];
        if !matches!(act, Act::RefuseUnread(_)) {
            reader.read_exact(&mut body).ok()?;
        }
        log.lock().unwrap().push(Received { connection, head, body });
        match act {
            Act::Answer(bytes) => writer.write_all(&bytes).ok()?,
            Act::AnswerAndClose(bytes) | Act::RefuseUnread(bytes) => {
                let _ = writer.write_all(&bytes);
                return None;
            }
            Act::Stall(bytes) => {
                writer.write_all(&bytes).ok()?;
                let _ = reader.read_to_end(&mut Vec::new());
                return None;
            }
        }
    }
}

fn read_head(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

fn content_length(head: &str) -> usize {
    let value = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    value.map_or(0, |text| text.parse().unwrap())
}
