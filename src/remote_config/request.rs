//! What the agent is asked: who asks, for which products, and which files are here already.

use super::capabilities::Capabilities;
use super::files::{Subscribers, TrackedFiles};
use serde::Serialize;

/// Version of the root that this client trusts; updates of it are not looked at.
const ROOT_VERSION: u64 = 1;

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFacts {
    /// The random id of this client.
    pub client_id: String,
    /// The process's id for its traces.
    pub runtime_id: String,
    /// Language, by its name in this protocol.
    pub language: String,
    /// Version of this library.
    pub tracer_version: String,
    /// The service.
    pub service: String,
    /// Further services that spans name.
    pub extra_services: Vec<String>,
    /// The environment; empty: none.
    pub env: String,
    /// The version of the service; empty: none.
    pub app_version: String,
    /// `key:value` each.
    pub tags: Vec<String>,
    /// The same about the process.
    pub process_tags: Vec<String>,
}

#[derive(Serialize)]
struct Request<'a> {
    client: Client<'a>,
    cached_target_files: Vec<CachedFile<'a>>,
}

#[derive(Serialize)]
struct Client<'a> {
    state: State<'a>,
    id: &'a str,
    products: &'a [String],
    is_tracer: bool,
    client_tracer: Tracer<'a>,
    capabilities: String,
}

#[derive(Serialize)]
struct State<'a> {
    root_version: u64,
    targets_version: u64,
    config_states: Vec<ConfigState<'a>>,
    has_error: bool,
    error: &'a str,
    backend_client_state: &'a str,
}

#[derive(Serialize)]
struct ConfigState<'a> {
    id: &'a str,
    version: u64,
    product: &'a str,
    apply_state: i32,
    #[serde(skip_serializing_if = "String::is_empty")]
    apply_error: String,
}

#[derive(Serialize)]
struct Tracer<'a> {
    runtime_id: &'a str,
    language: &'a str,
    tracer_version: &'a str,
    service: &'a str,
    extra_services: &'a [String],
    env: &'a str,
    app_version: &'a str,
    tags: &'a [String],
    process_tags: &'a [String],
    container_tags: &'a [String],
}

#[derive(Serialize)]
struct CachedFile<'a> {
    path: &'a str,
    length: u64,
    hashes: Vec<Hash<'a>>,
}

#[derive(Serialize)]
struct Hash<'a> {
    algorithm: &'static str,
    hash: &'a str,
}

/// The body of the next request.
pub fn body(
    facts: &ClientFacts,
    products: &[String],
    capabilities: Capabilities,
    files: &TrackedFiles,
    subscribers: &impl Subscribers,
) -> Vec<u8> {
    let config_states = files.iter().map(|(_, file)| {
        let state = file.state();
        ConfigState {
            id: &file.config_id,
            version: file.target.version,
            product: &file.product,
            apply_state: state.number(),
            apply_error: state.reason().to_owned(),
        }
    });
    let is_complete = files.iter().all(|(_, file)| !files.lacks_content(file, subscribers));
    let cached = files.iter().filter(|(_, file)| !files.lacks_content(file, subscribers)).map(|(path, file)| {
        let hashes = [("sha256", &file.target.sha256), ("sha512", &file.target.sha512)];
        let known = hashes.into_iter().filter_map(|(algorithm, hash)| Some(Hash { algorithm, hash: hash.as_deref()? }));
        CachedFile { path, length: file.target.length, hashes: known.collect() }
    });
    let request = Request {
        client: Client {
            state: State {
                root_version: ROOT_VERSION,
                // An agent has nothing to say about a version that the client has: content that must come again is asked for with none.
                targets_version: if is_complete { files.targets_version } else { 0 },
                config_states: config_states.collect(),
                has_error: files.error.is_some(),
                error: files.error.as_deref().unwrap_or_default(),
                backend_client_state: &files.backend_state,
            },
            id: &facts.client_id,
            products,
            is_tracer: true,
            client_tracer: Tracer {
                runtime_id: &facts.runtime_id,
                language: &facts.language,
                tracer_version: &facts.tracer_version,
                service: &facts.service,
                extra_services: &facts.extra_services,
                env: &facts.env,
                app_version: &facts.app_version,
                tags: &facts.tags,
                process_tags: &facts.process_tags,
                container_tags: &[],
            },
            capabilities: capabilities.encoded(),
        },
        cached_target_files: cached.collect(),
    };
    // Nothing in it can fail to be written.
    serde_json::to_vec(&request).unwrap_or_default()
}
