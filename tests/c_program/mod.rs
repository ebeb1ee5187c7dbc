//! Compiles the C examples against the shared library of this build, and runs them.
//!
//! `DDTRACE_C_MODE=valgrind` runs them under valgrind, which fails them for any error or leak.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::native::{WARNINGS, compiler, project, run, scratch, shared_library};

/// An empty directory for one test.
pub fn empty_directory(name: &str) -> PathBuf {
    let directory = scratch(name);
    fs::remove_dir_all(&directory).unwrap();
    scratch(name)
}

/// Compiles sources of the project into a program, with the library beside it.
pub fn compile(directory: &Path, name: &str, sources: &[&str]) -> PathBuf {
    let program = directory.join(name);
    place_library(directory);
    let mut command = Command::new(compiler(Path::new("example.c")));
    command.arg("-std=c99").args(WARNINGS).args(["-O1", "-g", "-pthread"]);
    command.arg("-I").arg(project("include")).args(sources.iter().map(|source| project(source)));
    command.arg("-o").arg(&program).arg("-L").arg(directory).args(["-lddtrace", "-Wl,-rpath,$ORIGIN"]);
    run(&mut command);
    program
}

/// A command that runs the program with no settings but those that the test adds.
pub fn command(program: &Path) -> Command {
    let mut command = match env::var("DDTRACE_C_MODE").as_deref() {
        Err(_) | Ok("" | "plain") => Command::new(program),
        Ok("valgrind") => {
            let mut command = Command::new("valgrind");
            command.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"]);
            command.arg(program);
            command
        }
        Ok(other) => panic!("DDTRACE_C_MODE is {other:?}, expected plain or valgrind"),
    };
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["DD_", "OTEL_", "LIBDDTRACE_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.env("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false").env("DD_TRACE_STARTUP_LOGS", "false");
    command
}

/// Links the library to the names under which the linker and the loader look for it.
fn place_library(directory: &Path) {
    let library = shared_library();
    for name in ["libddtrace.so", "libddtrace.so.0"] {
        let link = directory.join(name);
        let _ = fs::remove_file(&link);
        symlink(&library, link).unwrap();
    }
}
