//! What a server sends back, over a unix socket.

use ddtrace::config::AgentUrl;
use ddtrace::transport::{AgentTransport, MAX_RESPONSE_BODY_BYTES, Request, Transport};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

const PAYLOAD: &[u8] = b"payload";

struct Server {
    url: AgentUrl,
    answer: Arc<Mutex<Vec<u8>>>,
}

/// The answer of the server, after which it closes the connection.
pub fn answers(data: &[u8]) {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(Server::start);
    *server.answer.lock().expect("the server does not panic") = data.to_vec();
    let transport = AgentTransport::new(&server.url, Duration::from_secs(10)).expect("a unix socket");
    let request = Request {
        method: "POST",
        path: "/v0.4/traces",
        headers: &[],
        body: PAYLOAD,
        timeout: Duration::from_secs(10),
        response_limit: MAX_RESPONSE_BODY_BYTES,
    };
    if let Ok(response) = transport.send(&request) {
        assert!((100..1000).contains(&response.status), "{}", response.status);
        assert!(response.body.len() <= MAX_RESPONSE_BODY_BYTES);
        assert!(response.headers.iter().all(|(name, value)| name.is_ascii() && value.is_ascii()));
    }
}

/// Nothing of it is left unread, for then closing would take the answer back.
fn read_request(stream: &mut impl Read) {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    while !request.ends_with(PAYLOAD) {
        match stream.read(&mut piece) {
            Ok(amount) if amount > 0 => request.extend_from_slice(&piece[..amount]),
            _ => return,
        }
    }
}

impl Server {
    fn start() -> Server {
        let path: PathBuf = std::env::temp_dir().join(format!("ddtrace-fuzz-{}.socket", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket in the directory for temporary files");
        let answer = Arc::new(Mutex::new(Vec::new()));
        let given = Arc::clone(&answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                read_request(&mut stream);
                let bytes = given.lock().expect("nobody panics with the lock").clone();
                let _ = stream.write_all(&bytes);
            }
        });
        Server { url: AgentUrl::Unix { path }, answer }
    }
}
