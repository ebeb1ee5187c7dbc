//! Compiles the C examples against the shared library of this build.
//!
//! `DDTRACE_C_MODE=valgrind` runs them under valgrind, which then fails them for any error or leak.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory of its own for one test.
pub fn fresh_dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Compiles a program into `dir`, with all warnings as errors. Paths of sources are those of the repository.
pub fn compile(dir: &Path, name: &str, sources: &[impl AsRef<Path>]) -> PathBuf {
    let program = dir.join(name);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    link_library(dir);
    let mut cc = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(["-O1", "-g", "-pthread"])
        .arg("-I")
        .arg(root.join("include"))
        .arg("-o")
        .arg(&program)
        .args(sources.iter().map(|source| root.join(source.as_ref())))
        .arg("-L")
        .arg(dir)
        .args(["-lddtrace", "-Wl,-rpath,$ORIGIN"]);
    let status = cc.status().expect("a C compiler is needed");
    assert!(status.success(), "{cc:?}: {status}");
    program
}

/// A command that runs the program with no setting of the environment but those the test adds.
pub fn command(program: &Path) -> Command {
    let mut command = match env::var("DDTRACE_C_MODE").as_deref() {
        Ok("valgrind") => {
            let mut valgrind = Command::new("valgrind");
            valgrind
                .args(["-q", "--error-exitcode=99", "--leak-check=full"])
                .arg(program);
            valgrind
        }
        Ok("plain" | "") | Err(_) => Command::new(program),
        Ok(mode) => panic!("DDTRACE_C_MODE: got {mode:?}, expected plain or valgrind"),
    };
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["DD_", "OTEL_", "LIBDDTRACE_"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
}

/// The library by the names under which the linker and the loader look for it.
fn link_library(dir: &Path) {
    let library = library();
    for name in ["libddtrace.so", "libddtrace.so.0"] {
        let link = dir.join(name);
        let _ = fs::remove_file(&link);
        symlink(&library, link).unwrap();
    }
}

/// `cargo test` leaves the library beside the test programs, `cargo build` one directory above.
fn library() -> PathBuf {
    let test = env::current_exe().unwrap();
    let found = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join("libddtrace.so"));
    found
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no libddtrace.so beside {}", test.display()))
}
