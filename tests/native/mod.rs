//! What the tests that leave Rust need: the project's files, the compilers, and the library as it was built.

// Each test program includes this file and uses a part of it.
#![allow(dead_code)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// The strictest set of warnings that all of our C and C++ has to pass.
pub const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A directory of its own for a test program's files.
pub fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    directory
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn write(path: &Path, content: &str) {
    fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The compiler for a source: `CC` and `CXX` if they are set.
pub fn compiler(source: &Path) -> String {
    let (variable, default) = match source.extension().and_then(|extension| extension.to_str()) {
        Some("cpp") => ("CXX", "c++"),
        _ => ("CC", "cc"),
    };
    env::var(variable).unwrap_or_else(|_| default.to_owned())
}

/// Runs a command and panics with what it printed if it fails.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The shared library that cargo built along with this test.
pub fn shared_library() -> PathBuf {
    built("libddtrace.so")
}

/// The static library that cargo built along with this test.
pub fn static_library() -> PathBuf {
    built("libddtrace.a")
}

/// `cargo test` leaves the library in `deps`, `cargo build` also beside it: the newer one counts.
fn built(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test knows its own path");
    let deps = test.parent().expect("the test is in a directory");
    let profile = deps.parent().expect("deps is in a directory");
    let candidates = [deps.join(name), profile.join(name)];
    candidates
        .iter()
        .filter_map(|path| Some((modified(path)?, path)))
        .max()
        .map(|(_, path)| path.clone())
        .unwrap_or_else(|| panic!("{name} was not built: looked for {candidates:?}"))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}
