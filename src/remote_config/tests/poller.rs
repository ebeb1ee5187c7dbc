use super::*;
use crate::export::{BeginExchange, Exchange};
use crate::lock::Mutex;
use crate::remote_config::{ApplyState, Capabilities, Change, Consumer};
use std::sync::atomic::{AtomicUsize, Ordering};

const INFO: &[u8] = br#"{"version":"7.65.0","endpoints":["v0.7/config"]}"#;
const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Ticks(AtomicUsize);

impl Consumer for Ticks {
    fn deliver(&self, _: &[Change], _: &mut [ApplyState]) {}
    fn tick(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A host that answers by hand; whether the interval is set.
#[derive(Default)]
struct Host(Arc<Mutex<Vec<Arc<Exchange>>>>, bool);

impl Host {
    fn poller(&self, remote: &Arc<RemoteConfig>, interval: Duration) -> Poller {
        let exchanges = Arc::clone(&self.0);
        let begin: Arc<BeginExchange> = Arc::new(move |exchange| exchanges.lock().push(exchange));
        let headers = vec![("X-Test".into(), "1".to_owned())];
        let times = PollTimes { interval, interval_is_set: self.1, timeout: 60 * SECOND };
        Poller::new(Arc::clone(remote), Link::Host(begin), headers, ClientFacts::default, times)
    }

    fn take(&self) -> Arc<Exchange> {
        let taken = self.0.lock().pop();
        taken.expect("a request")
    }

    fn is_idle(&self) -> bool {
        self.0.lock().is_empty()
    }
}

fn subscribed() -> (Arc<RemoteConfig>, Arc<Ticks>) {
    let (remote, ticks) = (Arc::new(RemoteConfig::default()), Arc::new(Ticks::default()));
    let consumer = Arc::clone(&ticks);
    remote.subscribe("P", Capabilities::default(), consumer).unwrap();
    (remote, ticks)
}

#[test]
fn the_agent_is_asked_what_it_can_do_then_polled_at_once() {
    let (remote, ticks) = subscribed();
    let host = Host::default();
    let mut poller = host.poller(&remote, 5 * SECOND);
    assert!(poller.periodic(Cause::Interval) > 50 * SECOND, "until the host answers");
    let info = host.take();
    assert_eq!((info.method, info.path.as_str(), info.body.len()), ("GET", "/info", 0));
    info.complete(200, INFO);
    poller.periodic(Cause::Awakened);
    let poll = host.take();
    assert_eq!((poll.method, poll.path.as_str()), ("POST", "/v0.7/config"));
    let header = |name: &str| poll.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!((header("Content-Type"), header("X-Test")), (Some("application/json"), Some("1")));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&poll.body).unwrap()["client"]["products"][0], "P");
    poll.complete(200, b"{}");
    let next = poller.periodic(Cause::Awakened);
    assert!(next > 4 * SECOND && next <= 5 * SECOND, "{next:?}");
    assert_eq!(ticks.0.load(Ordering::Relaxed), 1);
    poller.periodic(Cause::Awakened);
    assert!(host.is_idle(), "it is not time yet");
    let wanted = remote.want_poll();
    assert!(!remote.wait_for_poll(wanted, Duration::ZERO));
    poller.periodic(Cause::Awakened);
    host.take().complete(200, b"garbage");
    poller.periodic(Cause::Awakened);
    assert!(remote.wait_for_poll(wanted, Duration::ZERO));
}

#[test]
fn agents_without_remote_configuration_are_asked_again_at_each_tick() {
    let (remote, _) = subscribed();
    let host = Host::default();
    let mut poller = host.poller(&remote, Duration::ZERO);
    for (status, body) in [(404, b"".as_slice()), (500, b""), (200, b"garbage"), (200, br#"{"endpoints":["/v0.4/traces"]}"#)] {
        poller.periodic(Cause::Interval);
        let info = host.take();
        assert_eq!(info.path, "/info");
        info.complete(status, body);
        poller.periodic(Cause::Awakened);
        assert!(host.is_idle());
    }
}

#[test]
fn three_failures_lead_back_to_the_question() {
    let (remote, _) = subscribed();
    let host = Host::default();
    let mut poller = host.poller(&remote, Duration::ZERO);
    poller.periodic(Cause::Interval);
    host.take().complete(200, INFO);
    poller.periodic(Cause::Awakened);
    for answer in [Some(500), None, Some(200), Some(500), Some(404), None, Some(503), Some(500)] {
        let poll = host.take();
        assert_eq!(poll.path, "/v0.7/config");
        match answer {
            Some(status) => poll.complete(status, b"{}"),
            None => poll.fail(TransportError::Interrupted),
        };
        poller.periodic(Cause::Awakened);
        poller.periodic(Cause::Interval);
    }
    assert_eq!(host.take().path, "/info");
}

#[test]
fn nobody_is_asked_for_nobody() {
    let remote = Arc::new(RemoteConfig::default());
    let host = Host::default();
    let mut poller = host.poller(&remote, Duration::ZERO);
    assert_eq!(poller.periodic(Cause::Interval), IDLE);
    remote.subscribe("P", Capabilities::default(), Arc::new(Ticks::default())).unwrap();
    poller.periodic(Cause::Awakened);
    assert_eq!(host.take().path, "/info");
    let wanted = remote.want_poll();
    poller.periodic(Cause::Shutdown(Instant::now()));
    assert!(remote.wait_for_poll(wanted, Duration::ZERO), "whoever waits is let go");
}

#[test]
fn the_backend_s_interval_counts_unless_one_is_set() {
    use crate::remote_config::tests::answer_of;
    for (is_set, wish, expected) in [
        (false, serde_json::json!(20), 20 * SECOND),
        (false, serde_json::json!(0.001), SECOND / 10),
        (false, serde_json::json!(1e300), 60 * SECOND),
        (false, serde_json::json!(0), 5 * SECOND),
        (false, serde_json::json!("soon"), 5 * SECOND),
        (true, serde_json::json!(20), 5 * SECOND),
    ] {
        let (remote, _) = subscribed();
        let host = Host(Arc::default(), is_set);
        let mut poller = host.poller(&remote, 5 * SECOND);
        poller.periodic(Cause::Interval);
        host.take().complete(200, INFO);
        poller.periodic(Cause::Awakened);
        let custom = serde_json::json!({"opaque_backend_state": "", "agent_refresh_interval": wish});
        let targets = serde_json::json!({"signed": {"version": 1, "custom": custom, "targets": {}}});
        host.take().complete(200, answer_of(&targets, &[], &[]).to_string().as_bytes());
        poller.periodic(Cause::Awakened);
        assert_eq!(poller.next - poller.last, expected, "{wish} {is_set}");
    }
}
