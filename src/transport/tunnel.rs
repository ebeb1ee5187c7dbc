//! Tunnels through HTTP proxies, which TLS goes through.

use std::io;
use std::time::Instant;

use super::proxy::authorization;
use super::socket::Socket;
use crate::config::ProxyUrl;

/// Longer answers to the request for a tunnel are refused.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// A tunnel through a proxy.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) proxy: ProxyUrl,
    /// Host and port at its end.
    pub(super) authority: String,
}

impl Tunnel {
    /// Asks the proxy for the tunnel, and waits until it is open.
    pub(super) fn open(&self, socket: &Socket, deadline: Option<Instant>) -> io::Result<()> {
        let authority = &self.authority;
        let credentials = authorization(&self.proxy).map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{credentials}\r\n");
        socket.send_all(request.as_bytes(), deadline)?;
        let mut answer = Vec::new();
        let mut piece = [0; 1024];
        loop {
            let amount = socket.receive(&mut piece, deadline)?;
            if amount == 0 {
                return Err(io::Error::other("the proxy ended the connection instead of opening a tunnel"));
            }
            answer.extend_from_slice(piece.get(..amount).unwrap_or_default());
            if let Some(judged) = judge_answer(&answer) {
                return judged;
            }
        }
    }
}

/// What the answer of a proxy means; `None`: its end has not come yet.
pub fn judge_answer(answer: &[u8]) -> Option<io::Result<()>> {
    let refused = |text: String| Some(Err(io::Error::other(text)));
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        if answer.len() <= MAX_ANSWER_BYTES {
            return None;
        }
        return refused(format!("the answer of the proxy has more than {MAX_ANSWER_BYTES} bytes"));
    };
    match status(answer) {
        // The server behind the tunnel says nothing before it is asked.
        Some(200..=299) if answer.len() == end + 4 => Some(Ok(())),
        Some(200..=299) => refused("the proxy sent more than its answer".to_owned()),
        Some(407) => refused(
            "the proxy wants a user and a password (407); put them into its URL: http://USER:PASSWORD@HOST:PORT".to_owned(),
        ),
        Some(status) => refused(format!("the proxy answered {status} instead of opening a tunnel")),
        None => refused("the answer of the proxy is not HTTP".to_owned()),
    }
}

fn status(answer: &[u8]) -> Option<u16> {
    let rest = answer.strip_prefix(b"HTTP/1.")?;
    let (code, after) = (rest.get(2..5)?, rest.get(5)?);
    let is_line = rest.first()?.is_ascii_digit() && rest.get(1) == Some(&b' ') && matches!(after, b' ' | b'\r');
    let digits = std::str::from_utf8(code).ok().filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))?;
    if is_line { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(answer: &str) -> Option<Result<(), String>> {
        judge_answer(answer.as_bytes()).map(|judged| judged.map_err(|error| error.to_string()))
    }

    #[test]
    fn answers_of_proxies() {
        assert_eq!(judged("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"), Some(Ok(())));
        assert_eq!(judged("HTTP/1.0 200\r\n\r\n"), Some(Ok(())));
        for unfinished in ["", "HTTP/1.1 200 OK\r\n", "x"] {
            assert_eq!(judged(unfinished), None);
        }
        for (answer, reason) in [
            ("HTTP/1.1 407 No\r\n\r\n", "407"),
            ("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno", "503"),
            ("HTTP/1.1 200 OK\r\n\r\nhello", "more than"),
            ("HTTP/2.0 200 OK\r\n\r\n", "not HTTP"),
            ("HTTP/1.1 2x0 OK\r\n\r\n", "not HTTP"),
            ("HTTP/1.1 2000 OK\r\n\r\n", "not HTTP"),
            ("\r\n\r\n", "not HTTP"),
            (&"x".repeat(MAX_ANSWER_BYTES + 1), "more than 16384 bytes"),
        ] {
            let error = judged(answer).unwrap().unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
