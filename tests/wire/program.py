"""Compiles the C programs beside this file against the library that cargo built, and runs them."""

import os
import subprocess

import native

HERE = os.path.dirname(os.path.abspath(__file__))
RUN_SECONDS = 180

BASE_SETTINGS = {
    **native.QUIET_SETTINGS,
    "DD_SERVICE": "wire",
    "DD_ENV": "test",
    "DD_VERSION": "1.2.3",
    # A test agent on a busy machine takes its time.
    "DD_TRACE_AGENT_TIMEOUT_SECONDS": "15",
}


def build(name):
    """Compiles `name`.c and returns the program's path."""
    return native.build(os.path.join(HERE, f"{name}.c"), "wire")


def run(program, settings, arguments=()):
    """Runs a program to its end; a status other than 0 is an error. Returns what it printed, on stdout and on stderr."""
    environment = native.environment({**BASE_SETTINGS, **settings})
    ended = subprocess.run(
        [program, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_SECONDS
    )
    if ended.returncode != 0:
        raise AssertionError(
            f"{os.path.basename(program)} ended with {ended.returncode}\nstdout:\n{ended.stdout}\nstderr:\n{ended.stderr}"
        )
    return ended.stdout, ended.stderr
