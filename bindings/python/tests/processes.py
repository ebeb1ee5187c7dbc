"""Runs small programs as processes of their own."""

import os
import subprocess
import sys
import textwrap

#: Nothing of what the tests are run with.
CLEAN = {
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
    "DD_SERVICE": "child",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
    **{key: os.environ[key] for key in ("LIBDDTRACE_PATH", "LD_LIBRARY_PATH") if key in os.environ},
}


def run(program, *arguments, status=0, timeout=120, **environment):
    """Runs Python's text as a program; its output, if it ends as expected."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env={**CLEAN, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd="/",
    )
    assert done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr
