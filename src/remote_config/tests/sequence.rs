//! The sequence of answers by which public conformance tests judge clients, step by step.

use super::*;

const BASE: &str = "datadog/2/ASM_FEATURES/ASM_FEATURES-base/config";
const SECOND: &str = "datadog/2/ASM_FEATURES/ASM_FEATURES-second/config";
const THIRD: &str = "datadog/2/ASM_FEATURES/ASM_FEATURES-third/config";
const THIRD_NAMED: &str = "datadog/2/ASM_FEATURES/ASM_FEATURES-third/testname";
const ROGUE: &str = "datadog/2/ROGUE/rogue/config";

const BASE_1: File<'static> = (BASE, 1, "base 1");
const BASE_2: File<'static> = (BASE, 2, "base 2");
const SECOND_1: File<'static> = (SECOND, 1, "second");
const THIRD_1: File<'static> = (THIRD, 1, "third");
const NAMED_1: File<'static> = (THIRD_NAMED, 1, "third");
const ROGUE_1: File<'static> = (ROGUE, 1, "rogue");

struct Step {
    answer: Value,
    version: u64,
    files: &'static [(&'static str, u64)],
    told: &'static [&'static str],
    is_refused: bool,
}

fn step(answer: Value, version: u64, files: &'static [(&'static str, u64)], told: &'static [&'static str]) -> Step {
    Step { answer, version, files, told, is_refused: false }
}

const B1: (&str, u64) = ("ASM_FEATURES-base", 1);
const B2: (&str, u64) = ("ASM_FEATURES-base", 2);
const S1: (&str, u64) = ("ASM_FEATURES-second", 1);
const T1: (&str, u64) = ("ASM_FEATURES-third", 1);

fn steps() -> Vec<Step> {
    let refused = |answer| Step { is_refused: true, ..step(answer, 11, &[B2, S1], &[]) };
    vec![
        step(answer(1, &[], &[], &[]), 1, &[], &["end"]),
        step(answer(2, &[BASE_1], &[BASE_1], &[BASE]), 2, &[B1], &["Add ASM_FEATURES-base v1 base 1", "end"]),
        step(answer(3, &[BASE_2], &[BASE_2], &[BASE]), 3, &[B2], &["Update ASM_FEATURES-base v2 base 2", "end"]),
        step(answer(4, &[], &[], &[]), 4, &[], &["Remove ASM_FEATURES-base v2 ", "end"]),
        step(
            answer(5, &[BASE_1, SECOND_1], &[BASE_1, SECOND_1], &[BASE, SECOND]),
            5,
            &[B1, S1],
            &["Add ASM_FEATURES-base v1 base 1", "Add ASM_FEATURES-second v1 second", "end"],
        ),
        step(
            answer(6, &[BASE_1, THIRD_1], &[THIRD_1], &[BASE, THIRD]),
            6,
            &[B1, T1],
            &["Remove ASM_FEATURES-second v1 ", "Add ASM_FEATURES-third v1 third", "end"],
        ),
        step(
            answer(7, &[BASE_2, SECOND_1, THIRD_1], &[BASE_2, SECOND_1], &[BASE, SECOND, THIRD]),
            7,
            &[B2, S1, T1],
            &["Update ASM_FEATURES-base v2 base 2", "Add ASM_FEATURES-second v1 second", "end"],
        ),
        step(
            answer(8, &[BASE_1, SECOND_1], &[BASE_1], &[BASE, SECOND]),
            8,
            &[B1, S1],
            &["Remove ASM_FEATURES-third v1 ", "Update ASM_FEATURES-base v1 base 1", "end"],
        ),
        step(answer(9, &[BASE_1, SECOND_1], &[], &[BASE, SECOND]), 9, &[B1, S1], &["end"]),
        step(answer(10, &[BASE_1, SECOND_1, ROGUE_1], &[], &[BASE, SECOND]), 10, &[B1, S1], &["end"]),
        step(
            answer(11, &[BASE_2, SECOND_1, ROGUE_1], &[BASE_2], &[BASE, SECOND]),
            11,
            &[B2, S1],
            &["Update ASM_FEATURES-base v2 base 2", "end"],
        ),
        refused(answer(12, &[BASE_2, SECOND_1, THIRD_1], &[], &[BASE, SECOND, THIRD])),
        refused(answer(12, &[BASE_2, SECOND_1], &[THIRD_1], &[BASE, SECOND, THIRD])),
        step(
            answer(12, &[BASE_2, SECOND_1, NAMED_1], &[NAMED_1], &[BASE, SECOND, THIRD_NAMED]),
            12,
            &[B2, S1, T1],
            &["Add ASM_FEATURES-third v1 third", "end"],
        ),
        step(json!({}), 12, &[B2, S1, T1], &[]),
    ]
}

#[test]
fn the_reference_sequence_is_followed() {
    let (remote, recorder, _) = subscribed("ASM_FEATURES");
    let first = state(&remote);
    assert_eq!((first["targets_version"].as_u64(), first["backend_client_state"].as_str()), (Some(0), Some("")));
    assert_eq!(first["config_states"], json!([]));
    let mut last_taken = 0;
    for (number, step) in (1..).zip(steps()) {
        let processed = process(&remote, &step.answer);
        let request = request(&remote);
        let state = &request["client"]["state"];
        assert_eq!(matches!(processed, Processed::Refused(_)), step.is_refused, "step {number}: {processed:?}");
        assert_eq!(recorder.take(), step.told, "step {number}");
        assert_eq!(state["targets_version"], step.version, "step {number}");
        assert_eq!(state["root_version"], 1, "step {number}");
        if !step.is_refused && step.answer.get("targets").is_some() {
            last_taken = step.version;
        }
        assert_eq!(state["backend_client_state"], format!("state {last_taken}"), "step {number}");
        assert_eq!(state["has_error"], step.is_refused, "step {number}");
        assert_eq!(state["error"].as_str().unwrap().is_empty(), !step.is_refused, "step {number}");
        let files: Vec<_> = known(&remote);
        let files: Vec<_> = files.iter().map(|(id, version)| (id.as_str(), *version)).collect();
        assert_eq!(files, step.files, "step {number}");
        for file in state["config_states"].as_array().unwrap() {
            assert_eq!((&file["apply_state"], &file["product"]), (&json!(2), &json!("ASM_FEATURES")), "step {number}");
            assert!(file.get("apply_error").is_none(), "step {number}");
        }
        let cached = request["cached_target_files"].as_array().unwrap();
        assert_eq!(cached.len(), step.files.len(), "step {number}");
        for file in cached {
            let known = [BASE_1, BASE_2, SECOND_1, THIRD_1, NAMED_1].into_iter().find(|(path, _, content)| {
                file["path"] == *path && file["hashes"] == json!([{"algorithm": "sha256", "hash": sha256(content)}])
            });
            assert_eq!(file["length"], known.unwrap().2.len(), "step {number}: {file}");
        }
    }
}
