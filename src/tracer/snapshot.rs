//! From settings to a snapshot: samplers, propagator, and the tags that the library adds.

use crate::config::{Config, ContentSettings, IdentitySettings, Settings};
use crate::export::Snapshot;
use crate::instrument::{FinishRules, PeerService, QueryStrings};
use crate::propagation::Propagator;
use crate::record::{LibraryTags, TagEntry, fill_random};
use crate::sampling::{SpanSampler, TraceSampler};
use crate::service::fork;
use crate::slot::LockWord;
use crate::wire::SpanRule;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Makes a snapshot. Samplers whose settings are those of the `former` one are taken over, with what they have learned and counted.
pub fn make_snapshot(config: &Arc<Config>, version: u32, former: Option<&Snapshot>) -> Snapshot {
    let settings = &config.settings;
    let sampling = &settings.sampling;
    let former_sampling = former.map(|former| &former.config.settings.sampling);
    let sampler = match former {
        Some(former) if former_sampling == Some(sampling) => Arc::clone(&former.sampler),
        _ => Arc::new(TraceSampler::of_settings(sampling, former.map(|former| &*former.sampler))),
    };
    let span_sampler = match former {
        Some(former) if former_sampling.map(|former| &former.span_rules) == Some(&sampling.span_rules) => {
            Arc::clone(&former.span_sampler)
        }
        _ => Arc::new(SpanSampler::new(&sampling.span_rules)),
    };
    let span_rules = span_sampler.outcomes().map(|rule| SpanRule { rate: rule.rule_rate, max_per_second: rule.max_per_second });
    Snapshot {
        version,
        config: Arc::clone(config),
        library: library_tags(config),
        sampler,
        span_rules: span_rules.collect(),
        span_sampler,
        propagator: Arc::new(Propagator::new(&settings.propagation)),
        is_enabled: config.is_tracing(),
        max_live_spans: settings.lifecycle.max_live_spans,
        wide_trace_ids: settings.generate_128_bit_trace_ids,
        partial_flush_min: partial_flush_min(settings),
        max_chunk_bytes: settings.writer.max_payload_size,
        service_mapping: config.service_mapping().to_vec(),
        finish_rules: finish_rules(&settings.content),
        query_strings: QueryStrings::new(&settings.web),
        is_synchronous: settings.writer.is_synchronous,
        native_events: settings.content.native_span_events,
    }
}

fn finish_rules(content: &ContentSettings) -> FinishRules {
    let peer_service = PeerService { has_defaults: content.peer_service_defaults, mapping: content.peer_service_mapping.clone() };
    FinishRules::new(peer_service, content.http_server_errors.clone(), content.http_client_errors.clone())
}

fn partial_flush_min(settings: &Settings) -> u32 {
    if !settings.partial_flush.enabled {
        return u32::MAX;
    }
    u32::try_from(settings.partial_flush.min_spans).unwrap_or(u32::MAX).max(1)
}

fn library_tags(config: &Config) -> LibraryTags {
    let settings = &config.settings;
    let identity = &settings.identity;
    let language = &settings.runtime.language;
    let mut tags = LibraryTags::new(&identity.service, short_language(language));
    // Pure attributes of OpenTelemetry: the environment and the version are the resource's.
    let is_pure = settings.otel_api.semantics;
    if let Some(env) = identity.env.as_ref().filter(|_| !is_pure) {
        tags.every_span.push(TagEntry::text("env", env));
    }
    for (key, value) in config.global_tags() {
        tags.every_span.push(TagEntry::text(key, value));
    }
    if !settings.apm_tracing_enabled {
        tags.every_span_numbers.push(TagEntry::number("_dd.apm.enabled", 0.0));
    }
    tags.resource_renaming = settings.content.resource_renaming;
    tags.version = identity.version.as_ref().filter(|_| !is_pure).map(|version| TagEntry::text("version", version));
    tags.local_root_texts.push(TagEntry::text("runtime-id", &runtime_id()));
    if settings.remote_config.enabled {
        tags.local_root_texts.push(TagEntry::text("_dd.rc.client_id", &remote_client_id()));
    }
    tags.local_root_numbers.push(TagEntry::number("process_id", f64::from(std::process::id())));
    if identity.report_hostname {
        tags.trace_root_texts.extend(hostname(identity).map(|name| TagEntry::text("_dd.hostname", &name)));
    }
    tags.chunk_root_texts.push(TagEntry::text("language", tag_language(language)));
    if let Some(process) = &identity.process_tags {
        tags.chunk_root_texts.push(TagEntry::text("_dd.tags.process", process));
    }
    if identity.git_metadata {
        let git = [("_dd.git.repository_url", &identity.git_repository_url), ("_dd.git.commit.sha", &identity.git_commit_sha)];
        for (key, value) in git {
            tags.chunk_root_texts.extend(value.as_ref().map(|value| TagEntry::text(key, value)));
        }
    }
    tags
}

/// The value of the tag `language`.
fn tag_language(language: &str) -> &str {
    if language == "nodejs" { "javascript" } else { language }
}

/// The name in keys such as `_dd.py.partial_flush`.
fn short_language(language: &str) -> &str {
    match language {
        "python" => "py",
        "ruby" => "rb",
        "nodejs" => "js",
        other => other,
    }
}

/// The configured or the detected name of the host.
pub(super) fn hostname(identity: &IdentitySettings) -> Option<String> {
    identity.hostname.clone().or_else(system_hostname)
}

fn system_hostname() -> Option<String> {
    let mut name = [0u8; 256];
    // SAFETY: pointer and length are of one buffer.
    let failed = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } != 0;
    let name = name.split(|byte| *byte == 0).next()?;
    let name = std::str::from_utf8(name).ok()?;
    (!failed && !name.is_empty()).then(|| name.to_owned())
}

/// A random UUID of the process, another one in every forked child.
struct ProcessId {
    high: AtomicU64,
    low: AtomicU64,
    lock: LockWord,
    /// The fork generation that it was drawn in; 0: there is none.
    generation: AtomicU32,
}

impl ProcessId {
    const fn new() -> Self {
        ProcessId { high: AtomicU64::new(0), low: AtomicU64::new(0), lock: LockWord::new(), generation: AtomicU32::new(0) }
    }

    fn get(&self) -> String {
        let generation = fork::generation();
        // A lock that a fork left behind belongs to a thread that was drawing the parent's id; ours is drawn without it.
        let guard = self.lock.lock(generation);
        if self.generation.load(Ordering::Acquire) != generation {
            let mut random = [0; 16];
            fill_random(&mut random);
            let id = uuid::Builder::from_random_bytes(random).into_uuid().as_u128();
            self.high.store((id >> 64) as u64, Ordering::Relaxed);
            self.low.store(id as u64, Ordering::Relaxed);
            self.generation.store(generation, Ordering::Release);
        }
        let id = (u128::from(self.high.load(Ordering::Relaxed)) << 64) | u128::from(self.low.load(Ordering::Relaxed));
        drop(guard);
        uuid::Uuid::from_u128(id).hyphenated().to_string()
    }
}

static RUNTIME_ID: ProcessId = ProcessId::new();
static REMOTE_CLIENT_ID: ProcessId = ProcessId::new();

/// The next runtime id is another one: what is told of the process from then on is another session, which has a beginning and an end.
pub(super) fn renew_runtime_id() {
    RUNTIME_ID.generation.store(0, Ordering::Release);
}

/// The process's id for its traces: a random UUID, another one in every forked child.
pub fn runtime_id() -> String {
    RUNTIME_ID.get()
}

/// The id by which the backend of remote configuration knows this process.
pub(super) fn remote_client_id() -> String {
    REMOTE_CLIENT_ID.get()
}
