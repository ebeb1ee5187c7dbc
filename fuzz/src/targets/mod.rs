//! Every parser of bytes that come from outside, as a function of bytes that panics where something is wrong.
//!
//! libFuzzer calls them by `fuzz/src/main.rs`; `tests/fuzz_corpus.rs` calls them with the kept corpus and changed forms of it.

mod agent;
mod cgroup;
mod encoders;
mod filters;
mod headers;
mod http;
mod input;
mod obfuscation;
mod otlp;
mod remote_config;
mod rules;
mod settings;
mod stable;
mod tags;
mod tunnel;
mod urls;

pub type Target = (&'static str, fn(&[u8]));

/// Name and function of each target. The name is also that of its directory in `fuzz/corpus`.
pub const TARGETS: &[Target] = &[
    ("agent_answers", agent::answers),
    ("cgroup", cgroup::files),
    ("encoders", encoders::records),
    ("filters", filters::patterns),
    ("header_values", headers::values),
    ("headers", headers::pairs),
    ("http", http::answers),
    ("obfuscation", obfuscation::resources),
    ("otlp_answers", otlp::answers),
    ("packed_tags", tags::packed),
    ("remote_answers", remote_config::answers),
    ("remote_settings", remote_config::settings),
    ("sampling_rules", rules::trace_rules),
    ("settings", settings::values),
    ("stable_config", stable::files),
    ("tunnel", tunnel::answers),
    ("urls", urls::all_kinds),
];
