//! What the hot path must not do, counted on the calling thread through the C ABI: allocate, and make system calls.
//!
//! The units of work are those of the benches: W1 starts and finishes a root span; W2 a root and nine children with six tags each, set
//! tag by tag (W2s) or at the start (W2b); W3 injects a context as six headers. `tests/hot_path/program.c` runs them in rounds. In
//! steady state a round costs no allocation and no system call, except one wake-up of the sender per payload of 512 KiB. Reading the
//! clock goes through the vDSO; where the machine's clock has none, that one call is allowed.

#![cfg(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]

mod c_program;
mod native;

use std::path::PathBuf;
use std::sync::OnceLock;

use native::run;

const ROUNDS: usize = 8;
/// Units that stay well below the payload size, together with what they are called.
const SMALL_ROUNDS: [(&str, usize); 4] = [("W1", 500), ("W2s", 60), ("W2b", 60), ("W3", 2000)];
/// Units that go just beyond it, once.
const LARGE_ROUNDS: [(&str, usize); 3] = [("W1", 3500), ("W2s", 260), ("W2b", 260)];

#[test]
fn the_counters_count() {
    let rounds = rounds_of(&["control"], &[]);
    let [round] = &rounds[..] else { panic!("expected one round: {rounds:?}") };
    assert!(round.allocations >= 1, "{round:?}");
    assert_eq!(round.system_calls, 2, "{round:?}");
    assert_eq!((round.futex, round.clock), (0, 0), "{round:?}");
    assert_eq!(round.other, libc::SYS_getuid, "{round:?}");
}

#[test]
fn spans_and_headers_cost_no_allocation_and_no_system_call() {
    for (workload, units) in SMALL_ROUNDS {
        for round in measured(workload, units, &[]) {
            assert_eq!(round.payloads, 0, "{workload}: the rounds are too large for this test, {round:?}");
            assert_eq!(round.allocations, 0, "{workload}: {round:?}");
            assert_eq!(round.system_calls, round.clock, "{workload}: {round:?}");
        }
    }
}

#[test]
fn a_full_payload_costs_one_wake_up() {
    for (workload, units) in LARGE_ROUNDS {
        let rounds = measured(workload, units, &[]);
        for round in &rounds {
            assert!(round.payloads >= 1 && round.futex >= 1, "{workload}: the rounds do not fill a payload, {round:?}");
        }
        // Threads that meet at a lock make one call more, and a sender that is slower than ever before makes one block more necessary.
        let usual = rounds.iter().filter(|round| round.allocations == 0 && round.system_calls == round.clock + 1).count();
        assert!(usual > ROUNDS / 2, "{workload}: {rounds:?}");
        // How often they rest until the machine lets the other one go on says nothing of the library.
        let worst = rounds.iter().map(|round| round.system_calls - round.clock - round.rests).max();
        assert!(worst < Some(8), "{workload}: {rounds:?}");
    }
}

#[test]
fn spans_that_do_not_fit_the_budget_cost_no_allocation_and_no_system_call() {
    for (workload, units) in SMALL_ROUNDS {
        for round in measured(workload, units, &[("DD_TRACE_WRITER_BUFFER_SIZE_BYTES", "1")]) {
            assert_eq!((round.allocations, round.system_calls), (0, round.clock), "{workload}: {round:?}");
        }
    }
}

#[test]
fn disabled_tracing_costs_no_allocation_and_no_system_call() {
    for (workload, units) in SMALL_ROUNDS {
        for round in measured(workload, units, &[("DD_TRACE_ENABLED", "false")]) {
            assert_eq!((round.allocations, round.system_calls), (0, round.clock), "{workload}: {round:?}");
        }
    }
}

#[derive(Debug)]
struct Round {
    allocations: u64,
    system_calls: u64,
    futex: u64,
    clock: u64,
    rests: u64,
    /// The number of the last call that is none of these, or -1.
    other: i64,
    /// Those sent before the flush at the round's end.
    payloads: u64,
}

fn measured(workload: &str, units: usize, settings: &[(&str, &str)]) -> Vec<Round> {
    let rounds = rounds_of(&[workload, &ROUNDS.to_string(), &units.to_string()], settings);
    assert_eq!(rounds.len(), ROUNDS, "{rounds:?}");
    rounds
}

fn rounds_of(arguments: &[&str], settings: &[(&str, &str)]) -> Vec<Round> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = c_program::command(PROGRAM.get_or_init(build));
    command.args(arguments).envs(settings.iter().copied());
    command.env("LIBDDTRACE_EXPORTER", "null").env("DD_TRACE_STARTUP_LOGS", "false");
    command.env("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false").env("DD_REMOTE_CONFIGURATION_ENABLED", "false");
    // Only a full payload or a flush awakens the sender.
    command.env("DD_TRACE_WRITER_INTERVAL_SECONDS", "3600");
    let output = run(&mut command);
    String::from_utf8(output.stdout).expect("the program prints text").lines().map(round).collect()
}

fn round(line: &str) -> Round {
    let number = |name: &str| {
        let value = line.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse::<i64>().ok()).unwrap_or_else(|| panic!("no {name} in {line:?}"))
    };
    let count = |name| u64::try_from(number(name)).expect("a count");
    Round {
        allocations: count("allocations"),
        system_calls: count("system_calls"),
        futex: count("futex"),
        clock: count("clock"),
        rests: count("rests"),
        other: number("other"),
        payloads: count("payloads"),
    }
}

/// The counter of allocations is linked into the program, whose functions come before those of the C library for all libraries.
fn build() -> PathBuf {
    let sources =
        ["tests/hot_path/program.c", "tests/hot_path/system_calls.c", "benches/c/workload.c", "benches/c/alloc_count.c"];
    c_program::compile(&c_program::empty_directory("hot-path"), "program", &sources)
}
