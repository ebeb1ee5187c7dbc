//! Answers of remote configuration, and the settings that are in their files.

use ddtrace::remote_config::apm_tracing::{ApmFile, Subject, merge};
use ddtrace::remote_config::{ApplyState, Capabilities, Change, ClientFacts, Consumer, Processed, RemoteConfig};
use std::sync::Arc;

struct Reader;

impl Consumer for Reader {
    fn deliver(&self, changes: &[Change], results: &mut [ApplyState]) {
        assert_eq!(changes.len(), results.len());
        for (change, result) in changes.iter().zip(results) {
            if let Err(reason) = ApmFile::parse(&change.content) {
                *result = ApplyState::error(&reason);
            }
        }
    }
}

/// The first byte chooses a status; the rest is the body. Where it is an answer with signed targets in plain JSON, as `plain` of an object, it
/// is encoded first, so that what is inside is reached.
pub fn answers(data: &[u8]) {
    ddtrace::log::set_max_level(None);
    let Some((choice, body)) = data.split_first() else { return };
    let status = [200, 200, 200, 404, 500, 0][usize::from(choice % 6)];
    let remote = RemoteConfig::default();
    for product in ["P", "APM_TRACING"] {
        remote.subscribe(product, Capabilities::default(), Arc::new(Reader)).expect("they are known");
    }
    let body = encoded(body).unwrap_or_else(|| body.to_vec());
    let processed = remote.process(status, &body);
    let request = remote.request_body(&ClientFacts::default());
    let request: serde_json::Value = serde_json::from_slice(&request).expect("requests are JSON");
    let state = &request["client"]["state"];
    assert_eq!(state["has_error"] == true, matches!(processed, Processed::Refused(_)));
    let files = state["config_states"].as_array().expect("a list");
    assert_eq!(files.len(), request["cached_target_files"].as_array().expect("a list").len());
    // The same answer says nothing new.
    if processed == Processed::Taken {
        assert_eq!(remote.process(status, &body), Processed::Taken);
    }
    assert!(!RemoteConfig::delivers_here());
}

/// One file of settings.
pub fn settings(data: &[u8]) {
    let Ok(file) = ApmFile::parse(data) else { return };
    let id: Arc<str> = "id".into();
    let merged = merge([(&id, &file)].into_iter(), &Subject { service: "web", env: "prod", extra_services: &[] });
    assert!(merged.sampling_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate.value)));
}

fn encoded(body: &[u8]) -> Option<Vec<u8>> {
    let mut answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let plain = answer.get("plain")?.to_string();
    let encode = |text: &str| text.bytes().fold(String::new(), |text, byte| text + &format!("{byte:08b}"));
    answer["targets"] = base64(&encode(&plain)).into();
    for file in answer.get_mut("target_files").and_then(|files| files.as_array_mut()).into_iter().flatten() {
        if let Some(content) = file.get("plain").map(ToString::to_string) {
            file["raw"] = base64(&encode(&content)).into();
        }
    }
    Some(answer.to_string().into_bytes())
}

/// Base64 of a text of bits.
fn base64(bits: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<usize> = bits.bytes().map(|bit| usize::from(bit == b'1')).collect();
    let digit = |bits: &[usize]| {
        let number = bits.iter().chain([0; 6].iter()).take(6).fold(0, |number, bit| 2 * number + bit);
        char::from(DIGITS[number])
    };
    bits.chunks(6).map(digit).collect()
}
