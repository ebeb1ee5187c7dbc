//! Clients in several processes, with threads and without.

use super::*;
use std::net::UdpSocket;

fn threads_of_this_name(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|found| found.trim() == name).count()
}

#[test]
fn a_child_sends_what_is_its_own() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    agent.set_read_timeout(Some(SOON)).unwrap();
    let address = DogstatsdAddress::udp("127.0.0.1", agent.local_addr().unwrap().port());
    let aggregation = Aggregation::Basic;
    let client = Client::new(ClientOptions { address, aggregation, is_host_driven: false, ..options() });
    client.send(&metric(MetricKind::Count, "parent", 1.0)).unwrap();
    // SAFETY: the child uses the client alone, and leaves without running anything of this process.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: as above; the alarm ends a child that hangs.
        unsafe { libc::alarm(20) };
        let is_fresh = client.totals() == ClientTotals::default();
        let sent = client.send(&metric(MetricKind::Count, "child", 1.0)).is_ok();
        let flushed = client.flush(SOON);
        // SAFETY: as above.
        unsafe { libc::_exit(if is_fresh && sent && flushed && client.shutdown(SOON) { 7 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: the pointer is to a local.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "status {status}");
    assert!(client.flush(SOON));
    let mut buffer = [0; 100];
    let mut payloads: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let length = agent.recv(&mut buffer).unwrap();
            buffer[..length].to_vec()
        })
        .collect();
    payloads.sort();
    assert_eq!(payloads, [b"child:1|c".to_vec(), b"parent:1|c".to_vec()]);
    agent.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(agent.recv(&mut buffer).is_err(), "nothing is sent twice");
}

#[test]
fn a_host_driven_client_has_no_thread() {
    let before = threads_of_this_name("ddtrace-statsd");
    let kept = Kept::new(options());
    kept.client.send(&metric(MetricKind::Count, "n", 1.0)).unwrap();
    let next = kept.client.tick();
    assert!(next <= Duration::from_millis(100), "{next:?}");
    std::thread::sleep(next);
    kept.client.tick();
    assert_eq!(*kept.payloads.lock(), ["n:1|c"]);
    assert!(threads_of_this_name("ddtrace-statsd") <= before.max(8));
    assert!(kept.client.tick() > Duration::from_secs(60), "nothing is due any more");
}

#[test]
fn the_client_reports_about_itself() {
    let kept = Kept::new(ClientOptions {
        report_every: Some(Duration::from_millis(300)),
        tags: vec!["env:dev".to_owned()],
        ..options()
    });
    kept.client.send(&metric(MetricKind::Count, "n", 1.0)).unwrap();
    assert_eq!(kept.lines(), ["n:1|c|#env:dev"], "not before its time");
    std::thread::sleep(Duration::from_millis(350));
    kept.client.tick();
    let lines: Vec<String> =
        kept.payloads.lock().iter().flat_map(|payload| payload.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let reported = |name: &str| lines.iter().find(|line| line.starts_with(&format!("datadog.dogstatsd.client.{name}:")));
    assert!(reported("metrics").unwrap().starts_with("datadog.dogstatsd.client.metrics:1|c|#env:dev,client:cpp,client_version:"));
    assert!(reported("bytes_sent").unwrap().contains(":14|c|"), "{lines:?}");
    assert!(reported("packets_sent").is_some() && reported("packets_dropped").is_none());
    assert!(reported("metrics").unwrap().ends_with("client_transport:udp"));
    kept.payloads.lock().clear();
    kept.client.tick();
    assert!(kept.payloads.lock().is_empty() && kept.client.totals().packets_sent == 1, "reports are not counted");
}
