"""C programs of the tests: compiled against the library that cargo built, and run with the settings of the test alone."""

import os
import subprocess

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.path.abspath(os.environ.get("CARGO_TARGET_DIR", os.path.join(PROJECT, "target")))
LIBRARY = os.path.join(TARGET, "debug", "libddtrace.so")

# Nothing is sent or said but what a test is about.
QUIET_SETTINGS = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
    "DD_TRACE_STATS_COMPUTATION_ENABLED": "false",
}


def build(source, work):
    """Compiles one source and returns the program's path, in the directory `work` of the target directory."""
    if not os.path.exists(LIBRARY):
        raise RuntimeError(f"{LIBRARY} is missing: run `cargo build`")
    work = os.path.join(TARGET, work)
    os.makedirs(work, exist_ok=True)
    soname = os.path.join(work, "libddtrace.so.0")
    if os.path.lexists(soname):
        os.unlink(soname)
    os.symlink(LIBRARY, soname)
    program = os.path.join(work, os.path.splitext(os.path.basename(source))[0])
    command = [os.environ.get("CC", "cc"), "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-pthread"]
    command += ["-I", os.path.join(PROJECT, "include"), "-I", os.path.join(PROJECT, "tests", "c_abi")]
    command += [source, soname, f"-Wl,-rpath,{work}", "-o", program]
    subprocess.run(command, check=True)
    return program


def environment(settings):
    """The environment of this process with these settings and no others."""
    prefixes = ("DD_", "_DD_", "OTEL_", "LIBDDTRACE_")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(prefixes)}, **settings}
