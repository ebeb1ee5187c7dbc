"""W7: what starting costs. W8: how long a process takes to end when the agent refuses, and when it never answers."""

import json
import os
import shutil
import statistics
import subprocess
import time

from .sink import Sink, refusing_url
from .subjects import EVERYTHING, EXPORTING, LIBDDTRACE, base_settings, export_settings

SHUTDOWN_TIMEOUT_MS = 1000
# The peers share one program, so what happens before `main` is counted only for the one that has a constructor: fastrace's
# clock calibrates itself there.
COUNTED_FROM_EXEC = [LIBDDTRACE, "fastrace", "fastrace-owned"]


def start_up(subjects, results, rounds, sink):
    for subject in subjects.names:
        exporting = subject in EXPORTING
        environment = export_settings(subject, sink.url) if exporting else base_settings()
        middle = start(subjects, subject, rounds, environment)
        first_span = middle["first_span_cpu_ns"]
        if subject in COUNTED_FROM_EXEC:
            first_span += middle["before_main_cpu_ns"]
        results.add("W7", subject, "cpu_ns", middle["init_cpu_ns"])
        results.add("W7", subject, "first_span_cpu_ns", first_span)
        results.add("W7", subject, "rss_mb", middle["rss_kb"] / 1024)
        results.add("W7", subject, "threads", middle["threads"])
        if subject == LIBDDTRACE:
            everything = start(subjects, subject, rounds, export_settings(subject, sink.url, **EVERYTHING))
            results.add("W7", subject, "cpu_ns_everything", everything["init_cpu_ns"])
            results.add("W7", subject, "rss_mb_everything", everything["rss_kb"] / 1024)
            results.add("W7", subject, "threads_everything", everything["threads"])


def start(subjects, subject, rounds, environment):
    taken = [subjects.run(subject, "start", environment=environment) for _ in range(rounds)]
    return {key: statistics.median(sample[key] for sample in taken) for key in taken[0]}


def library_size(built, results, say):
    stripped = built.out / "libddtrace.stripped.so"
    strip, readelf = shutil.which("strip"), shutil.which("readelf")
    if strip is None or readelf is None:
        say("library size: strip and readelf (binutils) are not there")
        return
    subprocess.run([strip, "-o", str(stripped), str(built.library)], check=True)
    results.add("W7", LIBDDTRACE, "library_mb", stripped.stat().st_size / 1e6)
    dynamic = subprocess.run([readelf, "-d", str(stripped)], check=True, stdout=subprocess.PIPE, text=True).stdout
    needed = [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line]
    allowed = ("libc.", "libm.", "libgcc_s.", "ld-linux", "libpthread.", "libdl.", "linux-vdso")
    beyond = [name for name in needed if not name.startswith(allowed)]
    results.add("W7", LIBDDTRACE, "libraries_beyond_libc", len(beyond))
    if beyond:
        say(f"the library needs {', '.join(beyond)}")


def exit_time(subjects, results, rounds):
    with Sink(subjects.built, "silent") as silent:
        for subject in subjects.names:
            if subject not in EXPORTING:
                continue
            refused = [leave(subjects, subject, refusing_url()) for _ in range(rounds)]
            hanging = [leave(subjects, subject, silent.url) for _ in range(rounds)]
            results.add("W8", subject, "cpu_ns", statistics.median(cpu for _, cpu in refused))
            results.add("W8", subject, "exit_ms_refused", statistics.median(ms for ms, _ in refused))
            results.add("W8", subject, "exit_ms_silent", statistics.median(ms for ms, _ in hanging))


def leave(subjects, subject, url):
    """Milliseconds from the last statement of `main` to the end of the process, and its CPU nanoseconds in that time."""
    environment = export_settings(subject, url, LIBDDTRACE_SHUTDOWN_TIMEOUT_MS=str(SHUTDOWN_TIMEOUT_MS))
    command = subjects.command(subject, "exit")
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    _, status, usage = os.wait4(process.pid, 0)
    ended = time.monotonic_ns()
    process.returncode = os.waitstatus_to_exitcode(status)
    with process.stdout:
        sample = json.loads(process.stdout.read().strip().splitlines()[-1])
    cpu_ns = (usage.ru_utime + usage.ru_stime) * 1e9 - sample["process_ns"]
    return (ended - sample["exit_began_ns"]) / 1e6, max(0.0, cpu_ns)
