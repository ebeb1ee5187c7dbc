//! The ways to an agent: real sockets, with somebody behind them or nobody.

use super::*;
use crate::config::UnixKind;
use std::io::Read;
use std::net::UdpSocket;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::time::Instant;

/// A path for a socket, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ddtrace-dsd-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Place(path)
    }

    fn address(&self, kind: UnixKind) -> DogstatsdAddress {
        DogstatsdAddress::Unix { path: self.0.clone(), kind }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn client(address: DogstatsdAddress) -> Client {
    Client::new(ClientOptions { address, is_host_driven: false, ..options() })
}

fn count(client: &Client, name: &str) {
    client.send(&metric(MetricKind::Count, name, 1.0)).unwrap();
}

#[test]
fn by_udp_without_a_flush() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    agent.set_read_timeout(Some(SOON)).unwrap();
    let client = client(DogstatsdAddress::udp("localhost", agent.local_addr().unwrap().port()));
    count(&client, "a");
    count(&client, "b");
    let mut buffer = [0; 100];
    let length = agent.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"a:1|c\nb:1|c");
    let totals = client.totals();
    assert!(client.shutdown(SOON));
    assert_eq!((client.totals().packets_sent, client.totals().bytes_sent), (1, 11), "{totals:?}");
}

#[test]
fn sums_leave_when_their_window_ends() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    agent.set_read_timeout(Some(SOON)).unwrap();
    let address = DogstatsdAddress::udp("127.0.0.1", agent.local_addr().unwrap().port());
    let options = ClientOptions { address, is_host_driven: false, aggregation: Aggregation::Basic, ..options() };
    let client = Client::new(options);
    let begin = Instant::now();
    (0..3).for_each(|_| count(&client, "n"));
    let mut buffer = [0; 100];
    let length = agent.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"n:3|c");
    assert!(begin.elapsed() > Duration::from_millis(1_500));
}

#[test]
fn by_datagrams_to_a_unix_socket() {
    for kind in [UnixKind::Datagram, UnixKind::Any] {
        let place = Place::new(&format!("datagram-{kind:?}"));
        let agent = UnixDatagram::bind(&place.0).unwrap();
        agent.set_read_timeout(Some(SOON)).unwrap();
        let client = client(place.address(kind));
        count(&client, "a");
        assert!(client.flush(SOON));
        let mut buffer = [0; 100];
        let length = agent.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"a:1|c");
    }
}

#[test]
fn by_a_stream_with_the_length_of_each_payload() {
    for kind in [UnixKind::Stream, UnixKind::Any] {
        let place = Place::new(&format!("stream-{kind:?}"));
        let agent = UnixListener::bind(&place.0).unwrap();
        let client = client(place.address(kind));
        count(&client, "a");
        assert!(client.flush(SOON));
        count(&client, "bc");
        assert!(client.flush(SOON));
        let (mut stream, _) = agent.accept().unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut buffer = [0; 19];
        stream.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"\x05\0\0\0a:1|c\x06\0\0\0bc:1|c");
        // The agent starts anew: the payload that finds this out may be lost, the next ones are not.
        drop((stream, agent));
        std::fs::remove_file(&place.0).unwrap();
        let agent = UnixListener::bind(&place.0).unwrap();
        agent.set_nonblocking(true).unwrap();
        let found = (0..5).any(|_| {
            count(&client, "d");
            client.flush(SOON);
            agent.accept().is_ok()
        });
        assert!(found, "{kind:?}");
    }
}

#[test]
fn nobody_there_is_no_error() {
    for kind in [UnixKind::Any, UnixKind::Datagram, UnixKind::Stream] {
        let place = Place::new(&format!("absent-{kind:?}"));
        let client = client(place.address(kind));
        count(&client, "lost");
        assert!(client.flush(SOON));
        let totals = client.totals();
        assert_eq!((totals.packets_sent, totals.packets_dropped_by_writer, totals.bytes_dropped_by_writer), (0, 1, 8));
        // It comes up later.
        let datagram = UnixDatagram::bind(&place.0).unwrap();
        datagram.set_read_timeout(Some(SOON)).unwrap();
        if kind != UnixKind::Stream {
            count(&client, "found");
            assert!(client.flush(SOON));
            let mut buffer = [0; 100];
            assert_eq!(datagram.recv(&mut buffer).unwrap(), 9);
        }
    }
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = client(DogstatsdAddress::udp("127.0.0.1", free));
    for _ in 0..10 {
        count(&client, "lost");
        assert!(client.flush(SOON));
    }
    let agent = UdpSocket::bind(("127.0.0.1", free)).unwrap();
    agent.set_read_timeout(Some(SOON)).unwrap();
    count(&client, "found");
    assert!(client.flush(SOON));
    let mut buffer = [0; 100];
    assert_eq!(agent.recv(&mut buffer).unwrap(), 9, "the refusal of an earlier datagram costs no later one");
}

#[test]
fn a_host_that_nobody_knows_is_no_error() {
    let client = client(DogstatsdAddress::udp("nobody.invalid", 1));
    count(&client, "lost");
    assert!(client.flush(SOON));
    assert_eq!(client.totals().packets_dropped_by_writer, 1);
}

#[test]
fn a_receiver_that_does_not_read_costs_no_caller_time() {
    // A busy machine makes a call slow now and then; one that waits for the socket is slow in every round.
    let is_quick = (0..5).any(|_| slowest_call_beside_a_receiver_that_does_not_read() < Duration::from_millis(90));
    assert!(is_quick, "no call waits for the socket");
}

fn slowest_call_beside_a_receiver_that_does_not_read() -> Duration {
    let place = Place::new("slow");
    let agent = UnixDatagram::bind(&place.0).unwrap();
    let options = ClientOptions { address: place.address(UnixKind::Any), is_host_driven: false, max_queue: 64, ..options() };
    let client = Client::new(options);
    let text = "x".repeat(4_000);
    let mut slowest = Duration::ZERO;
    for _ in 0..2_000 {
        let begin = Instant::now();
        client.send(&member("s", &text)).unwrap();
        slowest = slowest.max(begin.elapsed());
    }
    assert!(client.flush(SOON));
    let totals = client.totals();
    let dropped = totals.packets_dropped_by_queue + totals.packets_dropped_by_writer;
    assert!(dropped > 0 && totals.packets_sent > 0, "{totals:?}");
    // Two messages share a payload, unless its time was over before.
    assert!((1_000..1_100).contains(&(totals.packets_sent + dropped)), "{totals:?}");
    assert!(client.shutdown(SOON));
    drop(agent);
    slowest
}

#[test]
fn a_stream_that_nobody_reads_loses_whole_payloads() {
    let place = Place::new("slow-stream");
    let agent = UnixListener::bind(&place.0).unwrap();
    let client = client(place.address(UnixKind::Stream));
    let text = "x".repeat(8_000);
    for _ in 0..100 {
        client.send(&member("s", &text)).unwrap();
    }
    assert!(client.flush(SOON));
    let sent = client.totals().packets_sent;
    assert!(sent > 0 && client.totals().packets_dropped_by_writer > 0, "{:?}", client.totals());
    assert!(client.shutdown(SOON));
    // What arrives is complete, apart from the end of a connection that was given up.
    let (mut stream, _) = agent.accept().unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let whole = bytes.chunks(4 + 8_004).filter(|chunk| chunk.len() == 4 + 8_004);
    assert!(whole.clone().all(|chunk| chunk.starts_with(&8_004_u32.to_le_bytes()) && chunk.ends_with(b"x|s")));
    assert!(whole.count() as u64 <= sent);
}

#[test]
fn the_agent_s_word_about_the_port_counts() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    agent.set_read_timeout(Some(SOON)).unwrap();
    let client = client(DogstatsdAddress::udp("127.0.0.1", 9));
    count(&client, "elsewhere");
    client.flush(SOON);
    client.set_port(agent.local_addr().unwrap().port());
    assert_eq!(client.address().to_string(), format!("udp://{}", agent.local_addr().unwrap()));
    count(&client, "n");
    assert!(client.flush(SOON));
    let mut buffer = [0; 100];
    assert_eq!(agent.recv(&mut buffer).unwrap(), 5);
}
