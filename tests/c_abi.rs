//! Runs the C and C++ programs of `tests/c_abi/`, each as a test of its own: compiled with all warnings as errors, linked with the
//! library that cargo built, ended with status 0.
//!
//! `DDTRACE_C_MODE` says how they run:
//!
//! * `plain` (the default): with the shared library;
//! * `valgrind`: the same under memcheck; children that are forked leave their memory on purpose and are not reported;
//! * `asan`: with the static library, under the address and undefined-behaviour sanitizers;
//! * `tsan`: with the static library, which must have been built for the thread sanitizer, see scripts/test-races.
//!
//! A program with forking children whose leaks are on purpose says so there too, `leaks: of children`.
//!
//! A program that does not run in all of them says in which it does in its first lines, `modes: plain asan`. Arguments are filters of names,
//! as for other tests.

mod native;

use std::env;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use native::{WARNINGS, compiler, project, read, run, scratch};

/// What the static library needs.
const SYSTEM_LIBRARIES: [&str; 5] = ["-lgcc_s", "-lutil", "-lrt", "-lm", "-ldl"];

/// A program runs under the thread sanitizer with each of these. It does not know fences, with which a reference count that reaches zero is
/// ordered after the others, so it takes the end of what is shared for a race. The first run leaves that out, see the file. The second leaves
/// nothing out and takes every atomic operation for a sequentially consistent one, which needs no fences, but hides orderings that are too weak.
const SANITIZER_RUNS: [&str; 2] = ["suppressions=tests/c_abi/tsan.supp", "force_seq_cst_atomics=1"];

/// A program that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(240);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    Valgrind,
    Asan,
    Tsan,
}

fn main() -> ExitCode {
    let mode = mode();
    let arguments: Vec<_> = env::args().skip(1).collect();
    let filters: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let programs: Vec<_> = programs()
        .into_iter()
        .filter(|source| filters.is_empty() || filters.iter().any(|filter| name(source).contains(filter.as_str())))
        .collect();
    if arguments.iter().any(|argument| argument == "--list") {
        programs.iter().for_each(|source| println!("{}: test", name(source)));
        return ExitCode::SUCCESS;
    }
    run_all(mode, &programs)
}

/// Prints what cargo's own test harness prints, so that results are counted the same way.
fn run_all(mode: Mode, programs: &[PathBuf]) -> ExitCode {
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    println!("\nrunning {} tests", programs.len());
    panic::set_hook(Box::new(|info| eprintln!("{info}")));
    for source in programs {
        let outcome = if runs_in(source, mode) {
            match panic::catch_unwind(|| check(source, mode)) {
                Ok(()) => (&mut passed, "ok"),
                Err(_) => (&mut failed, "FAILED"),
            }
        } else {
            (&mut ignored, "ignored")
        };
        *outcome.0 += 1;
        println!("test {} ... {}", name(source), outcome.1);
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out\n");
    ExitCode::from(u8::from(failed > 0))
}

fn check(source: &Path, mode: Mode) {
    let program = build(source, mode);
    for mut command in commands(source, mode, &program) {
        settle_environment(&mut command, mode);
        ends_well(source, command, &program.with_extension("log"));
    }
}

/// How to run the program, once after the other.
fn commands(source: &Path, mode: Mode, program: &Path) -> Vec<Command> {
    match mode {
        Mode::Plain | Mode::Asan => vec![Command::new(program)],
        Mode::Valgrind => {
            let mut command = Command::new("valgrind");
            command.args(["--quiet", "--error-exitcode=99", "--errors-for-leak-kinds=definite"]);
            // A child that leaks fails like one that reads freed memory: of programs that fork, only the latter is looked at.
            let leaks = if first_lines(source, "leaks: ").is_some() { "--leak-check=no" } else { "--leak-check=full" };
            command.arg(leaks).args(["--child-silent-after-fork=yes", "--fair-sched=yes"]).arg(program);
            vec![command]
        }
        Mode::Tsan => {
            let with = |options: &&str| {
                let mut command = Command::new(program);
                command.env("TSAN_OPTIONS", format!("halt_on_error=1 {options}"));
                command
            };
            SANITIZER_RUNS.iter().map(with).collect()
        }
    }
}

fn ends_well(source: &Path, mut command: Command, log: &Path) {
    let file = fs::File::create(log).expect("the scratch directory is writable");
    let copy = file.try_clone().expect("a file can be shared");
    let mut child =
        command.stdin(Stdio::null()).stdout(file).stderr(copy).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let status = wait(&mut child);
    let output = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    match status {
        Some(status) => assert!(status.success(), "{}: {status}\n{output}", name(source)),
        None => panic!("{} did not end within {LONGEST:?}\n{output}", name(source)),
    }
}

/// Programs see no settings of the machine, no telemetry and no agent but those that they ask for.
fn settle_environment(command: &mut Command, mode: Mode) {
    for (key, _) in env::vars_os() {
        let key = key.to_string_lossy();
        if ["DD_", "OTEL_", "LIBDDTRACE_"].iter().any(|prefix| key.starts_with(prefix)) {
            command.env_remove(key.as_ref());
        }
    }
    command.env("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false");
    command.env("DD_REMOTE_CONFIGURATION_ENABLED", "false");
    command.env("DD_TRACE_STARTUP_LOGS", "false");
    command.env("DD_TRACE_AGENT_URL", "http://127.0.0.1:9");
    command.env("TEST_SCRATCH", scratch("c_abi"));
    command.env("TEST_SLOW", if mode == Mode::Valgrind { "1" } else { "0" });
}

fn wait(child: &mut Child) -> Option<ExitStatus> {
    let begin = Instant::now();
    while begin.elapsed() < LONGEST {
        if let Some(status) = child.try_wait().expect("the program is our child") {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("the program is our child");
    child.wait().expect("the program is our child");
    None
}

fn build(source: &Path, mode: Mode) -> PathBuf {
    let program = scratch("c_abi").join(format!("{}_{}", name(source).replace('.', "_"), mode as u8));
    let standard = if source.extension().is_some_and(|extension| extension == "cpp") { "c++17" } else { "c99" };
    let mut command = Command::new(compiler(source));
    command.arg(format!("-std={standard}")).args(WARNINGS).args(["-g", "-O1", "-pthread"]);
    command.arg("-I").arg(project("include")).arg("-I").arg(project("tests/c_abi"));
    if mode == Mode::Asan {
        command.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]);
    }
    command.arg(source).arg("-o").arg(&program);
    match mode {
        Mode::Asan => command.arg(native::static_library()).args(SYSTEM_LIBRARIES),
        // The runtime is the compiler's own, and the program itself needs no instruments: its races are the library's.
        Mode::Tsan => command.arg(native::static_library()).arg(thread_sanitizer()).args(SYSTEM_LIBRARIES).arg("-lstdc++"),
        Mode::Plain | Mode::Valgrind => {
            let directory = installed_library();
            command.arg("-L").arg(&directory).arg("-lddtrace").arg(format!("-Wl,-rpath,{}", directory.display()))
        }
    };
    run(&mut command);
    program
}

fn thread_sanitizer() -> PathBuf {
    let output = run(Command::new("rustc").args(["--print", "target-libdir"]));
    let directory = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Path::new(&directory).join("librustc-stable_rt.tsan.a")
}

/// The library under the names that the linker and the loader look for.
fn installed_library() -> PathBuf {
    let directory = scratch("c_abi").join("lib");
    fs::create_dir_all(&directory).expect("the scratch directory is writable");
    let library = native::shared_library();
    for name in ["libddtrace.so", "libddtrace.so.0"] {
        let link = directory.join(name);
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&library, &link).expect("the scratch directory takes links");
    }
    directory
}

fn programs() -> Vec<PathBuf> {
    let entries = fs::read_dir(project("tests/c_abi")).expect("the programs are there");
    let mut sources: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c" || extension == "cpp"));
    sources.sort();
    assert!(!sources.is_empty(), "no program in tests/c_abi");
    sources
}

fn runs_in(source: &Path, mode: Mode) -> bool {
    let word = match mode {
        Mode::Plain => "plain",
        Mode::Valgrind => "valgrind",
        Mode::Asan => "asan",
        Mode::Tsan => "tsan",
    };
    first_lines(source, "modes: ").is_none_or(|modes| modes.split_whitespace().any(|listed| listed == word))
}

/// What the program says about itself after this word, in its first lines.
fn first_lines(source: &Path, word: &str) -> Option<String> {
    let text = read(source);
    text.lines().take(12).find_map(|line| Some(line.split_once(word)?.1.to_owned()))
}

fn mode() -> Mode {
    match env::var("DDTRACE_C_MODE").as_deref() {
        Err(_) | Ok("" | "plain") => Mode::Plain,
        Ok("valgrind") => Mode::Valgrind,
        Ok("asan") => Mode::Asan,
        Ok("tsan") => Mode::Tsan,
        Ok(other) => panic!("DDTRACE_C_MODE is {other:?}, expected plain, valgrind, asan or tsan"),
    }
}

fn name(source: &Path) -> String {
    let file = source.file_name().map(|name| name.to_string_lossy().into_owned());
    file.unwrap_or_default()
}
