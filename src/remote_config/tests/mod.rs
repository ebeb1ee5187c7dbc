//! Tests of the client, with a backend that builds answers.

mod sequence;
mod transaction;

use super::*;
use crate::lock::Mutex;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A file that the backend knows: path, version, content.
pub(super) type File<'a> = (&'a str, u64, &'a str);

pub(super) fn sha256(content: &str) -> String {
    super::response::hexadecimal(&Sha256::digest(content))
}

pub(super) fn target((path, version, content): &File<'_>) -> (String, Value) {
    (path.to_string(), json!({"custom": {"v": version}, "hashes": {"sha256": sha256(content)}, "length": content.len()}))
}

/// An answer: the version, the files in the targets, those of which the content is sent, and the paths that are to be active.
pub(super) fn answer(version: u64, targets: &[File<'_>], sent: &[File<'_>], active: &[&str]) -> Value {
    let targets: serde_json::Map<String, Value> = targets.iter().map(target).collect();
    let signed = json!({
        "_type": "targets", "version": version, "expires": "2035-01-01T00:00:00Z", "spec_version": "1.0",
        "custom": {"opaque_backend_state": format!("state {version}")}, "targets": targets,
    });
    answer_of(&json!({"signed": signed, "signatures": []}), sent, active)
}

pub(super) fn answer_of(targets: &Value, sent: &[File<'_>], active: &[&str]) -> Value {
    let files: Vec<Value> =
        sent.iter().map(|(path, _, content)| json!({"path": path, "raw": BASE64_STANDARD.encode(content)})).collect();
    json!({"roots": ["x"], "targets": BASE64_STANDARD.encode(targets.to_string()), "target_files": files, "client_configs": active})
}

/// Notes what it is told.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) told: Mutex<Vec<String>>,
    pub(super) results: Mutex<Vec<ApplyState>>,
}

impl Consumer for Recorder {
    fn deliver(&self, changes: &[Change], results: &mut [ApplyState]) {
        for (change, result) in changes.iter().zip(results.iter_mut()) {
            let content = String::from_utf8_lossy(&change.content);
            self.told.lock().push(format!("{:?} {} v{} {content}", change.operation, change.config_id, change.version));
            if let Some(wanted) = self.results.lock().pop() {
                *result = wanted;
            }
        }
    }

    fn batch_ended(&self) {
        self.told.lock().push("end".to_owned());
    }
}

impl Recorder {
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock())
    }
}

pub(super) fn subscribed(product: &str) -> (RemoteConfig, Arc<Recorder>, ConsumerId) {
    let remote = RemoteConfig::default();
    let recorder = Arc::new(Recorder::default());
    let consumer = Arc::clone(&recorder);
    let id = remote.subscribe(product, Capabilities::default(), consumer).unwrap();
    (remote, recorder, id)
}

pub(super) fn process(remote: &RemoteConfig, answer: &Value) -> Processed {
    remote.process(200, answer.to_string().as_bytes())
}

pub(super) fn request(remote: &RemoteConfig) -> Value {
    serde_json::from_slice(&remote.request_body(&ClientFacts::default())).unwrap()
}

pub(super) fn state(remote: &RemoteConfig) -> Value {
    request(remote)["client"]["state"].clone()
}

/// Ids and versions of the files in a state.
pub(super) fn known(remote: &RemoteConfig) -> Vec<(String, u64)> {
    let state = state(remote);
    let files = state["config_states"].as_array().unwrap();
    files.iter().map(|file| (file["id"].as_str().unwrap().to_owned(), file["version"].as_u64().unwrap())).collect()
}
