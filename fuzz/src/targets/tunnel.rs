//! What a proxy answers to a request for a tunnel.

use ddtrace::transport::judge_tunnel_answer;

/// The answer in two pieces: more bytes never take back what was said.
pub fn answers(data: &[u8]) {
    let Some((at, answer)) = data.split_first() else { return };
    let first = answer.get(..usize::from(*at)).unwrap_or(answer);
    let early = judge_tunnel_answer(first);
    let late = judge_tunnel_answer(answer);
    assert!(early.is_none() || late.is_some());
    if let Some(Ok(())) = late {
        assert!(answer.starts_with(b"HTTP/1.") && answer.ends_with(b"\r\n\r\n"));
    }
}
