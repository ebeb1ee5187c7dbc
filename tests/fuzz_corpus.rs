//! The corpus of the fuzzer, and changed forms of it, through the targets of the fuzzer: they stay as they were when they passed.

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Changed forms of each file.
const CHANGES: u64 = 20;

#[test]
fn every_target_takes_its_corpus() {
    for (name, target) in targets::TARGETS {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files: Vec<_> =
            fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())).collect();
        assert!(!files.is_empty(), "{name} has no corpus");
        files.sort_by_key(|file| file.as_ref().unwrap().file_name());
        for file in files {
            let path = file.unwrap().path();
            let seed = fs::read(&path).unwrap();
            for round in 0..=CHANGES {
                let data = changed(&seed, round);
                let outcome = catch_unwind(AssertUnwindSafe(|| target(&data)));
                assert!(outcome.is_ok(), "{name}: {} in round {round}: {}", path.display(), data.escape_ascii());
            }
        }
    }
    // What the target `http` listened on.
    let _ = fs::remove_file(std::env::temp_dir().join(format!("ddtrace-fuzz-{}.socket", std::process::id())));
}

/// The bytes as they are in round 0, and with some of them changed, left out or repeated in others; the same at every run.
fn changed(seed: &[u8], round: u64) -> Vec<u8> {
    let mut data = seed.to_vec();
    let mut state = round;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit.max(1)
    };
    for _ in 0..round.min(4) {
        let at = below(data.len());
        match below(4) {
            0 => data.truncate(at),
            1 => data.extend_from_within(at.min(data.len())..),
            2 => data.insert(at, below(256) as u8),
            _ => {
                if let Some(byte) = data.get_mut(at) {
                    *byte = below(256) as u8;
                }
            }
        }
    }
    data
}
