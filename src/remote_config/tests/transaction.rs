//! Answers that are refused, results of consumers, and consumers that come and go.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

const PATH: &str = "datadog/2/P/one/config";
const OTHER: &str = "datadog/2/P/two/config";
const ONE: File<'static> = (PATH, 1, "one");
const TWO: File<'static> = (OTHER, 1, "two");

fn refusal(remote: &RemoteConfig, answer: &Value) -> String {
    let before = state(remote);
    let Processed::Refused(error) = process(remote, answer) else { panic!("{answer} was taken") };
    let mut after = state(remote);
    assert_eq!((&after["has_error"], &after["error"]), (&json!(true), &json!(error)));
    after["has_error"] = before["has_error"].clone();
    after["error"] = before["error"].clone();
    assert_eq!(before, after, "nothing else has changed");
    error
}

/// An answer with one file, of which a part is changed.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let (path, mut target) = target(&ONE);
    change(&mut target);
    let signed = json!({"version": 3, "custom": {}, "targets": {path: target}});
    answer_of(&json!({"signed": signed}), &[ONE], &[PATH])
}

#[test]
fn hashes_lengths_and_fields_are_checked() {
    let (remote, recorder, _) = subscribed("P");
    let cases: [(&str, Value); 11] = [
        ("the content has 3 bytes, expected 4", changed(|target| target["length"] = json!(4))),
        ("expected aaaa", changed(|target| target["hashes"] = json!({"sha256": "a".repeat(64)}))),
        ("expected a hash", changed(|target| target["hashes"] = json!({}))),
        ("expected a hash", changed(|target| target["hashes"] = json!({"md5": "x"}))),
        ("not hexadecimal", changed(|target| target["hashes"] = json!({"sha256": "zz"}))),
        ("target:", changed(|target| target["custom"] = json!({}))),
        ("target:", changed(|target| target["custom"] = json!({"v": "1"}))),
        ("target:", changed(|target| target["custom"] = json!({"v": -1}))),
        ("target:", changed(|target| target["length"] = json!(null))),
        ("content is missing", answer(1, &[ONE], &[], &[PATH])),
        ("not among the targets", answer(1, &[], &[ONE], &[PATH])),
    ];
    for (expected, answer) in cases {
        let error = refusal(&remote, &answer);
        assert!(error.starts_with(PATH) && error.contains(expected), "{error}: expected {expected}");
    }
    assert_eq!(recorder.take(), Vec::<String>::new());
    assert_eq!(process(&remote, &json!({})), Processed::Unchanged);
    assert_eq!(state(&remote)["has_error"], false, "an answer that says nothing clears the error");
}

#[test]
fn paths_are_checked() {
    let (remote, ..) = subscribed("P");
    for path in ["", "datadog/2/P/one", "datadog/9223372036854775808/P/one/config", "datadog/2/P//config", "x/P/one/../.."] {
        assert!(refusal(&remote, &answer(1, &[(path, 1, "x")], &[(path, 1, "x")], &[path])).contains("expected a path"));
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let (remote, ..) = subscribed("P");
    assert_eq!(process(&remote, &answer(7, &[ONE], &[ONE], &[PATH])), Processed::Taken);
    let text = |body: &str| remote.process(200, body.as_bytes());
    for body in ["<html>no</html>", "[1,2,3]", "{\"targets\":", "{\"targets\":7}", "\"text\"", "{\"targets\":\"%%%%\"}"] {
        assert!(matches!(text(body), Processed::Refused(_)), "{body}");
    }
    for signed in [json!({}), json!({"signed": {}}), json!({"signed": {"version": "1"}}), json!([])] {
        refusal(&remote, &answer_of(&signed, &[], &[]));
    }
    assert!(matches!(remote.process(200, b"{\"targets\":\"\xff\xfe\"}"), Processed::Refused(_)));
    assert!(matches!(text(&"[".repeat(100_000)), Processed::Refused(_)));
    let mut path_missing = answer(8, &[ONE], &[], &[]);
    path_missing["target_files"] = json!([{"raw": "x"}]);
    refusal(&remote, &path_missing);
    assert_eq!(known(&remote), [("one".to_owned(), 1)]);
}

#[test]
fn answers_are_bounded() {
    let (remote, ..) = subscribed("P");
    let Processed::Refused(error) = remote.process(200, &vec![b' '; MOST_RESPONSE_BYTES + 1]) else { panic!("taken") };
    assert!(error.contains("expected 67108864 at most"), "{error}");
    let paths: Vec<String> = (0..=MOST_FILES).map(|number| format!("datadog/2/P/{number}/config")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    assert!(refusal(&remote, &answer(1, &[], &[], &paths)).contains("client_configs"));
}

#[test]
fn what_says_nothing_changes_nothing() {
    let (remote, recorder, _) = subscribed("P");
    process(&remote, &answer(7, &[ONE], &[ONE], &[PATH]));
    recorder.take();
    let before = state(&remote);
    for body in
        ["", "{}", "null", " {} ", "{\"roots\":[\"x\"]}", "{\"targets\":\"\"}", "{\"targets\":null,\"client_configs\":[]}"]
    {
        assert_eq!(remote.process(200, body.as_bytes()), Processed::Unchanged, "{body}");
    }
    for status in [201, 204, 301, 403, 500, 503] {
        assert_eq!(remote.process(status, b"garbage"), Processed::Ignored, "{status}");
    }
    assert_eq!(state(&remote), before);
    assert_eq!(recorder.take(), Vec::<String>::new());
}

#[test]
fn versions_need_not_rise_and_only_hashes_tell_of_changes() {
    let (remote, recorder, _) = subscribed("P");
    process(&remote, &answer(9, &[(PATH, 9, "one")], &[ONE], &[PATH]));
    process(&remote, &answer(0, &[(PATH, 0, "other")], &[(PATH, 0, "other")], &[PATH]));
    process(&remote, &answer(0, &[(PATH, 5, "other")], &[(PATH, 5, "other")], &[PATH]));
    assert_eq!(recorder.take(), ["Add one v9 one", "end", "Update one v0 other", "end", "end"]);
    assert_eq!(known(&remote), [("one".to_owned(), 5)], "the version is refreshed all the same");
    assert_eq!(state(&remote)["targets_version"], 0);
}

#[test]
fn sha512_and_hashes_in_capitals_are_taken() {
    use sha2::Sha512;
    let (remote, recorder, _) = subscribed("P");
    let long = super::super::response::hexadecimal(&Sha512::digest("one")).to_uppercase();
    let answer = changed(|target| target["hashes"] = json!({"sha512": long}));
    assert_eq!(process(&remote, &answer), Processed::Taken);
    assert_eq!(recorder.take(), ["Add one v1 one", "end"]);
    assert_eq!(request(&remote)["cached_target_files"][0]["hashes"], json!([{"algorithm": "sha512", "hash": long}]));
}

#[test]
fn files_of_products_without_subscribers_are_passed_over() {
    let (remote, recorder, _) = subscribed("P");
    let rogue = "datadog/2/ROGUE/x/config";
    let answer = answer(1, &[ONE], &[ONE], &[rogue, PATH, PATH]);
    assert_eq!(process(&remote, &answer), Processed::Taken, "neither a target nor content is asked for");
    assert_eq!(recorder.take(), ["Add one v1 one", "end"]);
    assert_eq!(known(&remote), [("one".to_owned(), 1)]);
}

#[test]
fn an_expired_client_and_an_agent_without_remote_configuration_lose_all_files() {
    let (remote, recorder, _) = subscribed("P");
    process(&remote, &answer(7, &[ONE], &[ONE], &[PATH]));
    let mut expired = answer(8, &[ONE], &[ONE], &[PATH]);
    expired["config_status"] = json!(1);
    process(&remote, &expired);
    assert_eq!(known(&remote), []);
    process(&remote, &answer(9, &[ONE], &[ONE], &[PATH]));
    recorder.take();
    assert_eq!(remote.process(404, b"404 page not found"), Processed::Taken);
    assert_eq!(recorder.take(), ["Remove one v1 ", "end"]);
    let state = state(&remote);
    assert_eq!((&state["targets_version"], &state["backend_client_state"]), (&json!(0), &json!("")));
    assert_eq!(state["has_error"], false);
}

#[test]
fn results_of_consumers_are_told_with_the_next_request() {
    let (remote, recorder, _) = subscribed("P");
    *recorder.results.lock() = vec![ApplyState::Unacknowledged, ApplyState::error(&"x".repeat(900))];
    process(&remote, &answer(1, &[ONE, TWO], &[ONE, TWO], &[PATH, OTHER]));
    let states = state(&remote)["config_states"].clone();
    assert_eq!((&states[0]["apply_state"], &states[1]["apply_state"]), (&json!(3), &json!(1)));
    assert_eq!(states[0]["apply_error"].as_str().unwrap().len(), LONGEST_ERROR);
    recorder.take();
    process(&remote, &answer(1, &[ONE, TWO], &[ONE, TWO], &[PATH, OTHER]));
    assert_eq!(recorder.take(), ["end"], "what was refused is not delivered again");
    assert!(remote.acknowledge(OTHER, ApplyState::Acknowledged));
    assert!(!remote.acknowledge("datadog/2/P/none/config", ApplyState::Acknowledged));
    assert_eq!(state(&remote)["config_states"][1]["apply_state"], 2);
}

#[test]
fn a_result_may_come_before_the_consumer_returns() {
    struct Early(std::sync::Weak<RemoteConfig>);
    impl Consumer for Early {
        fn deliver(&self, changes: &[Change], results: &mut [ApplyState]) {
            let remote = self.0.upgrade().unwrap();
            assert!(remote.acknowledge(&changes[0].path, ApplyState::error("too early")));
            assert_eq!(remote.process(200, b"{}"), Processed::Inside);
            assert!(RemoteConfig::delivers_here());
            results[0] = ApplyState::Unacknowledged;
        }
    }
    let remote = Arc::new(RemoteConfig::default());
    let early = Arc::new(Early(Arc::downgrade(&remote)));
    remote.subscribe("P", Capabilities::default(), early).unwrap();
    process(&remote, &answer(1, &[ONE], &[ONE], &[PATH]));
    assert_eq!(state(&remote)["config_states"][0]["apply_error"], "too early");
    assert!(!RemoteConfig::delivers_here());
}

#[test]
fn a_consumer_that_fails_does_not_stop_others() {
    struct Failing(AtomicUsize);
    impl Consumer for Failing {
        fn deliver(&self, _: &[Change], _: &mut [ApplyState]) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("in a consumer");
        }
        fn batch_ended(&self) {
            panic!("in a consumer");
        }
    }
    let remote = RemoteConfig::default();
    let (failing, recorder) = (Arc::new(Failing(AtomicUsize::new(0))), Arc::new(Recorder::default()));
    let (first, second) = (Arc::clone(&failing), Arc::clone(&recorder));
    remote.subscribe("P", Capabilities::default(), first).unwrap();
    remote.subscribe("P", Capabilities::default(), second).unwrap();
    process(&remote, &answer(1, &[ONE], &[ONE], &[PATH]));
    assert_eq!(failing.0.load(Ordering::Relaxed), 1);
    assert_eq!(recorder.take(), ["Add one v1 one", "end"]);
    assert_eq!(state(&remote)["config_states"][0]["apply_error"], "the consumer failed");
}

#[test]
fn late_subscribers_get_what_is_active() {
    let (remote, recorder, _) = subscribed("P");
    process(&remote, &answer(7, &[ONE, TWO], &[ONE, TWO], &[PATH, OTHER]));
    recorder.take();
    let late = Arc::new(Recorder::default());
    let consumer = Arc::clone(&late);
    remote.subscribe("P", Capabilities::default(), consumer).unwrap();
    let asked = request(&remote);
    assert_eq!(asked["cached_target_files"], json!([]), "the content has to come again");
    assert_eq!(asked["client"]["state"]["targets_version"], 0);
    assert_eq!(known(&remote).len(), 2, "what is in force stays so");
    process(&remote, &answer(7, &[ONE, TWO], &[ONE], &[PATH, OTHER]));
    assert_eq!(recorder.take(), ["end"]);
    assert_eq!(late.take(), ["Add one v1 one", "end"]);
    assert_eq!(request(&remote)["cached_target_files"].as_array().unwrap().len(), 1);
    process(&remote, &answer(7, &[ONE, TWO], &[TWO], &[PATH, OTHER]));
    assert_eq!(late.take(), ["Add two v1 two", "end"]);
    assert_eq!(request(&remote)["cached_target_files"].as_array().unwrap().len(), 2);
    assert_eq!(state(&remote)["targets_version"], 7);
}

#[test]
fn the_last_consumer_of_a_product_takes_its_files_along() {
    let (remote, recorder, first) = subscribed("P");
    let second = remote.subscribe("P", Capabilities::default(), Arc::new(Recorder::default())).unwrap();
    process(&remote, &answer(7, &[ONE], &[ONE], &[PATH]));
    recorder.take();
    assert!(remote.unsubscribe(first).is_some());
    assert_eq!(known(&remote).len(), 1);
    assert!(remote.unsubscribe(second).is_some() && remote.unsubscribe(second).is_none());
    assert_eq!((known(&remote).len(), recorder.take().len()), (0, 0));
    assert_eq!(request(&remote)["client"]["products"], json!([]));
    assert!(!remote.is_wanted());
}

#[test]
fn products_are_told_in_the_order_of_their_subscription_and_removals_come_first() {
    let (remote, recorder, _) = subscribed("Z");
    for product in ["P", "A"] {
        let consumer = Arc::clone(&recorder);
        remote.subscribe(product, Capabilities::default(), consumer).unwrap();
    }
    let file = |path: &'static str| (path, 1, "x");
    let (a, p, z, z2) = ("datadog/2/A/a/c", "datadog/2/P/p/c", "datadog/2/Z/z/c", "datadog/2/Z/y/c");
    let all = [file(a), file(p), file(z)];
    process(&remote, &answer(1, &all, &all, &[a, p, z]));
    let ended = |told: Vec<String>| told.into_iter().filter(|line| line != "end").collect::<Vec<_>>();
    assert_eq!(ended(recorder.take()), ["Add z v1 x", "Add p v1 x", "Add a v1 x"]);
    process(&remote, &answer(2, &[file(a), file(z2)], &[file(z2)], &[a, z2]));
    assert_eq!(ended(recorder.take()), ["Remove z v1 ", "Add y v1 x", "Remove p v1 "]);
}

#[test]
fn requests_name_the_client() {
    let (remote, ..) = subscribed("P");
    remote.subscribe("Q", Capabilities::of(&[12, 15, 19, 29]).unwrap(), Arc::new(Recorder::default())).unwrap();
    let facts = ClientFacts {
        client_id: "client".to_owned(),
        runtime_id: "runtime".to_owned(),
        language: "node".to_owned(),
        extra_services: vec!["other".to_owned()],
        ..ClientFacts::default()
    };
    let request: Value = serde_json::from_slice(&remote.request_body(&facts)).unwrap();
    let client = &request["client"];
    assert_eq!((&client["id"], &client["is_tracer"]), (&json!("client"), &json!(true)));
    assert_eq!(client["products"], json!(["P", "Q"]));
    assert_eq!(client["capabilities"], "IAiQAA==");
    assert!(client.get("is_agent").is_none() && client.get("client_agent").is_none());
    let tracer = &client["client_tracer"];
    assert_eq!((&tracer["service"], &tracer["env"]), (&json!(""), &json!("")));
    assert_eq!((&tracer["language"], &tracer["extra_services"]), (&json!("node"), &json!(["other"])));
}
