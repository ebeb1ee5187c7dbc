"""Compiles the C programs beside this file against the library that cargo built, and runs them."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
TARGET = os.path.abspath(os.environ.get("CARGO_TARGET_DIR", os.path.join(PROJECT, "target")))
LIBRARY = os.path.join(TARGET, "debug", "libddtrace.so")
WORK = os.path.join(TARGET, "wire")
RUN_SECONDS = 60

# Tests say what they want; nothing of the machine's environment gets in.
BASE_SETTINGS = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
    "DD_TRACE_STATS_COMPUTATION_ENABLED": "false",
    "DD_SERVICE": "wire",
    "DD_ENV": "test",
    "DD_VERSION": "1.2.3",
}


def build(name):
    """Compiles `name`.c and returns the program's path."""
    if not os.path.exists(LIBRARY):
        raise RuntimeError(f"{LIBRARY} is missing: run `cargo build`")
    os.makedirs(WORK, exist_ok=True)
    soname = os.path.join(WORK, "libddtrace.so.0")
    if os.path.lexists(soname):
        os.unlink(soname)
    os.symlink(LIBRARY, soname)
    program = os.path.join(WORK, name)
    command = [os.environ.get("CC", "cc"), "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-pthread"]
    command += ["-I", os.path.join(PROJECT, "include"), "-I", os.path.join(PROJECT, "tests", "c_abi")]
    command += [os.path.join(HERE, f"{name}.c"), soname, f"-Wl,-rpath,{WORK}", "-o", program]
    subprocess.run(command, check=True)
    return program


def run(program, settings, arguments=()):
    """Runs a program to its end; a status other than 0 is an error. Returns what it printed, on stdout and on stderr."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DD_", "_DD_", "OTEL_", "LIBDDTRACE_"))
    }
    environment.update(BASE_SETTINGS)
    environment.update(settings)
    ended = subprocess.run(
        [program, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_SECONDS
    )
    if ended.returncode != 0:
        raise AssertionError(
            f"{os.path.basename(program)} ended with {ended.returncode}\nstdout:\n{ended.stdout}\nstderr:\n{ended.stderr}"
        )
    return ended.stdout, ended.stderr
